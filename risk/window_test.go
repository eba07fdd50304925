package risk_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

func past(ago time.Duration, n int, f risk.Features) (out []risk.Past) {
	for range n {
		out = append(out, risk.Past{At: now.Add(-ago), Features: f})
	}
	return out
}

// hits are what one rule said in an assessment.
func hits(t require.TestingT, rule string, in risk.Input) []string {
	a, err := risk.Assess(in, now)
	require.NoError(t, err)
	var out []string
	for _, h := range a.Findings {
		if h.Rule == rule {
			out = append(out, fmt.Sprintf("%s: %s", h.Floor, h.Text))
		}
	}
	return out
}

// Ten small releases reach the same floor as one large one, by whatever is sliced.
func TestSlicesReachTheFloor(t *testing.T) {
	t.Parallel()
	const days = 24 * time.Hour
	slice := changes(file("server/a.go", 60, 40))
	wide := changes(file("a/a.go", 1, 0), file("b/a.go", 1, 0))
	page := changes(file("docs/a.md", 100, 0))
	for _, c := range []struct {
		name string
		rule string
		cs   release.ChangeSet
		past []risk.Past
		want []string
	}{
		{"alone", "size", slice, nil, nil},
		{"the tenth", "size", slice, past(days, 9, risk.Features{LinesAdded: 60, LinesDeleted: 40}),
			[]string{"moderate: 1000 lines changed with the 9 releases of the last 7 days, 1000 or more; 100 in this one"}},
		{"the ninth", "size", slice, past(days, 8, risk.Features{LinesAdded: 60, LinesDeleted: 40}), nil},
		{"too long ago", "size", slice, past(7*days+1, 9, risk.Features{LinesAdded: 100}), nil},
		{"just not too long ago", "size", slice, past(7*days, 9, risk.Features{LinesAdded: 100}), []string{"moderate: 1000 lines changed with the 9 releases of the last 7 days, 1000 or more; 100 in this one"}},
		{"at no time", "size", slice, []risk.Past{{Features: risk.Features{LinesAdded: 900}}}, []string{"moderate: 1000 lines changed with the 1 release of the last 7 days, 1000 or more; 100 in this one"}},
		{"in the future", "size", slice, past(-days, 9, risk.Features{LinesAdded: 100}), []string{"moderate: 1000 lines changed with the 9 releases of the last 7 days, 1000 or more; 100 in this one"}},
		{"ten times moderate", "size", changes(file("server/a.go", 1000, 0)), past(days, 9, risk.Features{LinesAdded: 1000}),
			[]string{"high: 10000 lines changed with the 9 releases of the last 7 days, 10000 or more; 1000 in this one"}},
		{"one that reached the limit by itself is no slice", "size", slice, past(days, 1, risk.Features{LinesAdded: 9_899}), nil},
		{"nor one that reached the higher one", "size", slice, past(days, 3, risk.Features{LinesAdded: 50_000}), nil},
		{"what is below the higher one counts towards it", "size", slice, past(days, 1, risk.Features{LinesAdded: 9_900}),
			[]string{"high: 10000 lines changed with the 1 release of the last 7 days, 10000 or more; 100 in this one"}},
		{"a page is no slice", "size", page, past(days, 9, risk.Features{LinesAdded: 999}), nil},
		{"a page with a line of code is", "size", changes(file("docs/a.md", 100, 0), file("a.go", 1, 0)), past(days, 1, risk.Features{LinesAdded: 999}),
			[]string{"moderate: 1000 lines changed with the 1 release of the last 7 days, 1000 or more; 1 in this one"}},
		{"a history that cannot be", "size", slice, past(days, 1, risk.Features{LinesAdded: -1}),
			[]string{"high: 9007199254740991 lines changed with the 1 release of the last 7 days, 10000 or more; 100 in this one"}},
		{"directories", "spread", wide, past(days, 9, risk.Features{Directories: 2}), []string{"moderate: 20 directories with changed files with the 9 releases of the last 7 days, 20 or more; 2 in this one"}},
		{"not so many directories", "spread", wide, past(days, 8, risk.Features{Directories: 2}), nil},
		{"directories of a large one", "spread", wide, past(days, 9, risk.Features{Directories: 20}), nil},
		{"directories, too long ago", "spread", wide, past(8*days, 9, risk.Features{Directories: 2}), nil},
		{"directories that cannot be", "spread", wide, past(days, 1, risk.Features{Directories: -1}),
			[]string{"moderate: 9007199254740991 directories with changed files with the 1 release of the last 7 days, 20 or more; 2 in this one"}},
		{"directories before a page", "spread", page, past(days, 9, risk.Features{Directories: 19}), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, hits(t, c.rule, risk.Input{Changes: c.cs, History: risk.History{Recent: c.past}}))
		})
	}
	hours := policy(func(p *risk.Policy) { p.Window = 36 * time.Hour })
	a, err := assessBy(hours, nil, risk.Input{Changes: slice, History: risk.History{Recent: past(days, 9, risk.Features{LinesAdded: 100})}})
	require.NoError(t, err)
	require.Contains(t, a.Reasons[len(a.Reasons)-1].Text+a.Reasons[0].Text+a.Reasons[1].Text, "of the last 36h0m0s")
}

// However a change is sliced, in whatever order and however evenly: the slice with which the sum reaches a limit has the floor
// that the whole would have, or an earlier one has it.
func TestSlicingNeverHidesSize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		slices := rapid.SliceOfN(rapid.Int64Range(1, 6_000), 1, 12).Draw(t, "slices")
		var h risk.History
		whole, most := int64(0), release.TierLow
		for _, n := range slices {
			in := risk.Input{Changes: changes(file("a.go", n, 0)), Digest: release.DigestOf([]byte("x")), History: h}
			a, err := risk.Assess(in, now)
			require.NoError(t, err)
			for _, f := range a.Findings {
				most = max(most, f.Floor)
			}
			h.Recent = append(h.Recent, risk.Past{At: now, Features: a.Features})
			whole += n
		}
		want := release.TierLow
		for _, f := range hitsOf(t, changes(file("a.go", whole, 0))) {
			want = max(want, f.Floor)
		}
		require.GreaterOrEqual(t, most, want, "%v", slices)
	})
}

func hitsOf(t require.TestingT, cs release.ChangeSet) []risk.Hit {
	a, err := risk.Assess(risk.Input{Changes: cs, Digest: release.DigestOf([]byte("x"))}, now)
	require.NoError(t, err)
	return a.Findings
}

// How many releases count together is said as far as numbers go, whatever a host's history says.
func TestReleasesAreCountedWithinBounds(t *testing.T) {
	t.Parallel()
	f := risk.Features{LinesAdded: 600}
	var recent []risk.Past
	for _, n := range []int64{math.MaxInt64, math.MaxInt64, -7} {
		recent = append(recent, risk.Past{At: now.Add(-time.Hour), Features: f, Releases: n})
	}
	in := risk.Input{Changes: changes(file("a.go", 1, 0)), History: risk.History{Recent: recent}}
	require.Equal(t, []string{"moderate: 1801 lines changed with the 9007199254740991 releases of the last 7 days, 1000 or more; 1 in this one"}, hits(t, "size", in))
	in.History.Recent = recent[2:]
	in.History.Recent[0].Features.LinesAdded = 999
	require.Equal(t, []string{"moderate: 1000 lines changed with the 1 release of the last 7 days, 1000 or more; 1 in this one"}, hits(t, "size", in))
}
