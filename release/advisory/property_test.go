package advisory_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/advisory"
)

var long = flag.Bool("long", false, "evaluate 100,000 random documents instead of 10,000")

// random makes documents and components of a small world, in which most things meet.
type random struct{ *rand.Rand }

func pick[T any](r random, from ...T) T { return from[r.IntN(len(from))] }

func (r random) chance(percent int) bool { return r.IntN(100) < percent }

func (r random) version() string {
	return pick(r, "0.9.0", "1.0.0", "1.0.0", "1.0.1", "1.1.0", "1.1.0-rc.1", "1.2.0", "2.0.0", "2.0.0", "2.1.0", "10.0.0",
		"1.0", "v1.1.0", "1.0.0+x", "2.0.0-0", "not a version", "1.0~rc1-1", "1!1.0", "0")
}

func (r random) time() string {
	return pick(r, "", "0001-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "2024-06-01T00:00:00Z", "2025-01-01T00:00:00+01:00", "soon")
}

func (r random) asOf() time.Time {
	return time.Date(2024, time.Month(r.IntN(16)), 1, 0, 0, 0, 0, time.UTC)
}

func (r random) rng() rng {
	out := rng{Type: pick(r, "SEMVER", "SEMVER", "ECOSYSTEM", "ECOSYSTEM", "ECOSYSTEM", "GIT", "ODD")}
	if !r.chance(5) {
		out.Events = append(out.Events, map[string]string{"introduced": pick(r, "0", "0", r.version())})
	}
	for range r.IntN(5) {
		e := map[string]string{pick(r, "introduced", "introduced", "fixed", "fixed", "last_affected"): r.version()}
		if r.chance(6) {
			e = map[string]string{"limit": pick(r, "*", r.version(), r.version())}
		}
		if r.chance(3) {
			e["fixed"] = r.version()
			e["introduced"] = r.version()
		}
		out.Events = append(out.Events, e)
	}
	if r.chance(50) {
		r.Shuffle(len(out.Events), func(i, j int) { out.Events[i], out.Events[j] = out.Events[j], out.Events[i] })
	}
	if out.Events == nil {
		out.Events = []map[string]string{}
	}
	return out
}

func (r random) entry() entry {
	e := entry{Package: pick(r, name{Ecosystem: "Go", Name: "example.com/Team/x"}, name{Ecosystem: "Go", Name: "example.com/team/x/v2"}, name{Ecosystem: "npm", Name: "@scope/x"},
		name{Ecosystem: "npm", Name: "x"}, name{Ecosystem: "PyPI", Name: "A_b.c"}, name{Ecosystem: "PyPI", Name: "a-b-c"}, name{Ecosystem: "Maven", Name: "org.x:y"},
		name{Ecosystem: "Debian:12", Name: "x"}, name{Ecosystem: "Debian:11", Name: "x"}, name{Ecosystem: "Debian", Name: "x"},
		name{Ecosystem: "GitHub Actions", Name: "o/x"}, name{Ecosystem: "Klingon", Name: "x"})}
	for range pick(r, 0, 1, 1, 1, 1, 2, 3) {
		e.Ranges = append(e.Ranges, r.rng())
	}
	if r.chance(30) {
		for range r.IntN(4) {
			e.Versions = append(e.Versions, r.version())
		}
	}
	if r.chance(10) {
		e.Specific = map[string]any{"custom_ranges": []any{map[string]any{"type": "ECOSYSTEM"}}}
		if r.chance(70) {
			e.Ranges, e.Versions = []rng{{Type: "SEMVER", Events: []map[string]string{{"introduced": "0"}}}}, nil
		}
	}
	return e
}

func (r random) docs(n int) []doc {
	var out []doc
	for i := range n {
		d := doc{ID: fmt.Sprintf("%s-%d", pick(r, "GO", "GHSA", "CVE", "PYSEC"), i), Published: r.time(), Modified: r.time()}
		if r.chance(15) {
			d.Withdrawn = r.time()
		}
		for range pick(r, 0, 0, 0, 1, 2) {
			d.Aliases = append(d.Aliases, fmt.Sprintf("%s-%d", pick(r, "GO", "GHSA", "CVE"), r.IntN(2*n)))
		}
		for range 1 + r.IntN(3) {
			d.Affected = append(d.Affected, r.entry())
		}
		out = append(out, d)
	}
	return out
}

func (r random) things(n int) []thing {
	var out []thing
	for range n {
		c := pick(r, thing{kind: "golang", name: "example.com/team/x"}, thing{kind: "golang", name: "example.com/team/x/v2"}, thing{kind: "golang", name: "example.com/team"},
			thing{kind: "npm", name: "@scope/x"}, thing{kind: "npm", name: "x"}, thing{kind: "npm", name: "X"}, thing{kind: "pypi", name: "a.b_c"}, thing{kind: "maven", name: "org.x/y"},
			thing{kind: "deb", name: "debian/x"}, thing{kind: "github", name: "o/x"}, thing{kind: "generic", name: "x"})
		if !r.chance(5) {
			c.version = r.version()
		}
		if c.kind == "deb" {
			c.distro = pick(r, "", "debian-12", "debian-12.5", "11", "bookworm", "debian-sid")
		}
		out = append(out, c)
	}
	return out
}

func components(things []thing) []release.Component {
	var out []release.Component
	for _, c := range things {
		out = append(out, release.Component{PURL: c.purl()})
	}
	return out
}

// load puts each document into a file of its own.
func load(t testing.TB, docs []doc) *advisory.DB {
	t.Helper()
	files := fstest.MapFS{}
	for _, d := range docs {
		b, err := json.Marshal(d)
		require.NoError(t, err)
		files[d.ID+".json"] = &fstest.MapFile{Data: b}
	}
	db, err := advisory.Load(files, nil)
	require.NoError(t, err)
	require.Empty(t, db.Gaps())
	return db
}

// The snapshot answers as the schema's pseudo-code does, on random documents.
func TestMatchAgreesWithTheSchema(t *testing.T) {
	t.Parallel()
	total := 10_000
	if *long {
		total = 100_000
	}
	seen := map[string]int{}
	for seed := uint64(0); total > 0; seed++ {
		world := random{rand.New(rand.NewPCG(seed, 8))}
		docs := world.docs(1 + world.IntN(20))
		total -= len(docs)
		things, asOf := world.things(12), world.asOf()
		db := load(t, docs)
		r := db.Match(components(things), asOf)
		for _, l := range [][]advisory.Finding{r.Affected, r.Unknown, r.Withdrawn} {
			require.True(t, slices.IsSortedFunc(l, func(a, b advisory.Finding) int {
				return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.ID, b.ID))
			}))
		}
		got, want := answers(r), match(docs, things, asOf)
		if !equal(got, want) {
			require.Equal(t, want, got, "seed %d, as of %s, %s", seed, asOf, dump(docs))
		}
		for _, a := range want {
			seen[a]++
		}
	}
	t.Logf("%v", seen)
	for _, a := range []string{"yes", "unknown", "withdrawn"} {
		require.Greater(t, seen[a], 500, "%v", seen)
	}
}

func equal(a, b naive) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func dump(docs []doc) string {
	var lines []string
	for _, d := range docs {
		b, _ := json.Marshal(d)
		lines = append(lines, string(b))
	}
	return strings.Join(lines, "\n")
}

// A delta is the difference of two matches.
func TestDeltaIsTheDifferenceOfTwoMatches(t *testing.T) {
	t.Parallel()
	seen := map[release.Effect]int{}
	for seed := range uint64(1000) {
		r := random{rand.New(rand.NewPCG(seed, 9))}
		docs := r.docs(1 + r.IntN(8))
		db := load(t, docs)
		asOf := r.asOf()
		side := func() (*release.Inventory, map[[2]string]string) {
			if r.chance(10) {
				return nil, map[[2]string]string{}
			}
			things := r.things(6)
			in := &release.Inventory{Components: components(things), Coverage: pick(r, release.CoverageComplete, release.CoverageComplete, release.CoverageComplete,
				release.CoveragePartial, release.CoverageMissing)}
			if in.Coverage == release.CoverageMissing {
				things = nil
			}
			out := map[[2]string]string{}
			for k, a := range match(docs, things, asOf) {
				k[0] = string(release.PURL(k[0]).Package())
				if a != "withdrawn" && out[k] != "yes" {
					out[k] = a
				}
			}
			return in, out
		}
		before, b := side()
		after, a := side()
		want := map[[2]string]release.Effect{}
		sees := func(in *release.Inventory) bool { return in == nil || in.Coverage == release.CoverageComplete }
		for k := range b {
			want[k] = release.EffectUnknown
		}
		for k := range a {
			want[k] = release.EffectUnknown
		}
		for k := range want {
			switch {
			case a[k] == "yes" && b[k] == "yes":
				want[k] = release.EffectCarried
			case a[k] == "yes" && b[k] == "" && sees(before):
				want[k] = release.EffectIntroduced
			case a[k] == "" && b[k] == "yes" && sees(after):
				want[k] = release.EffectFixed
			}
		}
		cs := db.Delta(before, after, asOf)
		got := map[[2]string]release.Effect{}
		for _, c := range cs.Advisories {
			k := [2]string{string(c.Package), c.ID}
			require.NotContains(t, got, k)
			got[k] = c.Effect
			seen[c.Effect]++
			require.Equal(t, c.Effect == release.EffectUnknown && c.Detail == "", false, "an unknown effect has a reason")
		}
		require.Equal(t, want, got, "seed %d", seed)
		lowest := release.CoverageComplete
		for _, in := range []*release.Inventory{before, after} {
			if in != nil {
				lowest = min(lowest, in.Coverage)
			}
		}
		require.LessOrEqual(t, cs.Coverage[release.KindAdvisory], lowest)
		require.Equal(t, []release.Source{{Path: "advisories", Format: advisory.Format, Digest: db.Digest(), At: asOf}}, cs.Sources)
		require.True(t, slices.IsSortedFunc(cs.Advisories, func(a, b release.AdvisoryChange) int {
			return strings.Compare(string(a.Package)+"\x00"+a.ID, string(b.Package)+"\x00"+b.ID)
		}))
	}
	for _, e := range []release.Effect{release.EffectUnknown, release.EffectIntroduced, release.EffectFixed, release.EffectCarried} {
		require.Greater(t, seen[e], 50, "%v", seen)
	}
}
