package advisory_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
)

// The Go database is read without a gap, and answers as the brute force does.
func TestGoVulndb(t *testing.T) {
	t.Parallel()
	raw := goVulndb(t)
	db, err := loadText(raw)
	require.NoError(t, err)
	require.Equal(t, 4291, db.Len())
	require.Empty(t, db.Gaps())
	docs := documents(t, raw)
	things := some(docs, 200)
	for _, asOf := range []time.Time{today, time.Date(2021, 12, 1, 0, 0, 0, 0, time.UTC)} {
		want := match(docs, things, asOf)
		require.Greater(t, len(want), 100)
		require.Equal(t, want, answers(db.Match(components(things), asOf)))
	}
}

// T18: most records of this database say no time of publication. The year in an ID is no
// bound, as those that say one show, so all such records count at any moment, and say so.
func TestT18UndatedRecords(t *testing.T) {
	t.Parallel()
	raw := goVulndb(t)
	docs := documents(t, raw)
	undated, earlier := 0, []string{}
	for _, d := range docs {
		require.True(t, moment(d.Modified).IsZero(), "nor does any tell when it was modified")
		if at := moment(d.Published); at.IsZero() {
			undated++
		} else if year, _ := strconv.Atoi(strings.Split(d.ID, "-")[1]); at.Year() < year {
			earlier = append(earlier, d.ID)
		}
	}
	require.Equal(t, 4039, undated)
	require.Equal(t, []string{"GO-2022-0621", "GO-2022-0706", "GO-2022-0755", "GO-2022-0762"}, earlier)
	db, err := loadText(raw)
	require.NoError(t, err)
	r := db.Match([]release.Component{{PURL: "pkg:golang/golang.org/x/net@v0.20.0"}}, time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC))
	require.Equal(t, "GO-2024-2687", r.Affected[0].ID)
	for _, f := range r.Affected {
		require.True(t, f.Published.IsZero(), f.ID)
	}
}

// A component that no advisory names costs no memory.
func TestMatchAllocatesNothingForWhatIsNotFound(t *testing.T) {
	db := file(t, osv(pkg("npm", "x", below2)), `{"id":"X-2","affected":[`+pkg("PyPI", "y", below2)+`]}`)
	var in []release.Component
	for i := range 500 {
		in = append(in, release.Component{PURL: release.PURL(fmt.Sprintf("pkg:npm/%%40scope/p%d@1.0.%d", i+1000, i))})
	}
	for i := range 500 {
		in = append(in, release.Component{PURL: release.PURL(fmt.Sprintf("pkg:pypi/p-%d@1.0.%d", i+1000, i))})
	}
	require.LessOrEqual(t, testing.AllocsPerRun(10, func() { db.Match(in, today) }), 2.0)
}
