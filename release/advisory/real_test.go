package advisory_test

import (
	"fmt"
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
