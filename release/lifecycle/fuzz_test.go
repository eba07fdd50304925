package lifecycle_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/semver"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/lifecycle"
)

// A plain count over random histories agrees, at any moment.
func TestAgreesWithPlainCount(t *testing.T) {
	t.Parallel()
	type entry struct {
		text      string
		day       int
		retracted int // the day, or -1
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	date := func(day int) string { return start.AddDate(0, 0, day).Format(time.DateOnly) }
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) entry {
			return entry{
				text:      fmt.Sprintf("%d.%d.0%s", rapid.IntRange(0, 2).Draw(t, "major"), rapid.IntRange(0, 11).Draw(t, "minor"), rapid.SampledFrom([]string{"", "", "-rc.1"}).Draw(t, "pre")),
				day:       rapid.IntRange(0, 100).Draw(t, "day"),
				retracted: rapid.SampledFrom([]int{-1, -1, 50}).Draw(t, "retracted"),
			}
		})
		history := rapid.SliceOfNDistinct(one, 1, 12, func(e entry) string { return e.text }).Draw(t, "history")
		var lines []string
		for _, e := range history {
			line := e.text + " " + date(e.day)
			if e.retracted >= 0 {
				line += " r " + date(e.retracted)
			}
			lines = append(lines, line)
		}
		now := rapid.IntRange(0, 110).Draw(t, "now")
		used := history[0]
		// The plain count.
		count, latest := 0, used
		for _, e := range history {
			if e.day > now || e.retracted >= 0 && e.retracted <= now || semver.Compare("v"+e.text, "v"+used.text) <= 0 ||
				semver.Prerelease("v"+e.text) != "" && semver.Prerelease("v"+used.text) == "" {
				continue
			}
			count++
			if semver.Compare("v"+e.text, "v"+latest.text) > 0 {
				latest = e
			}
		}
		part := lifecycle.Read("d", file("pkg:npm/x", versions(lines...))).Outdated(inventory(release.PURL("pkg:npm/x@"+used.text)), start.AddDate(0, 0, now), lifecycle.Options{})
		if used.day > now {
			require.Equal(t, release.CoveragePartial, part.Coverage[release.KindOutdated])
			return
		}
		require.Empty(t, part.Gaps)
		if count == 0 && (used.retracted < 0 || used.retracted > now) {
			require.Empty(t, part.Outdated)
			return
		}
		require.Len(t, part.Outdated, 1)
		o := part.Outdated[0]
		require.True(t, o.ReleasesKnown && o.DaysKnown)
		require.Equal(t, count, o.Releases)
		require.Equal(t, latest.text, o.Latest)
		require.Equal(t, float64(max(0, latest.day-used.day)), o.Days)
	})
}

// check holds of each part, whatever was read.
func check(t require.TestingT, dates *lifecycle.Table, inv *release.Inventory) {
	part := dates.Outdated(inv, asOf, lifecycle.Options{})
	c := part.Coverage[release.KindOutdated]
	require.Equal(t, c == release.CoverageComplete, len(part.Gaps) == 0, "complete, or a gap")
	require.Equal(t, dates.Coverage() == release.CoverageComplete, len(dates.Gaps()) == 0)
	require.True(t, slices.IsSortedFunc(part.Outdated, func(a, b release.Outdated) int { return strings.Compare(string(a.Component), string(b.Component)) }))
	for _, o := range part.Outdated {
		require.True(t, o.Releases >= 0 && o.Days >= 0)
		if o.ReleasesKnown && o.Releases == 0 {
			require.True(t, o.DaysKnown)
			require.Zero(t, o.Days)
			require.Contains(t, []release.Answer{o.Deprecated, o.Retracted, o.EndOfLife}, release.AnswerYes, "why is it in the result?")
		}
		require.True(t, o.ReleasesKnown || o.Releases == 0)
		require.True(t, o.DaysKnown || o.Days == 0)
		if !o.ReleasesKnown || !o.DaysKnown {
			require.Equal(t, release.CoveragePartial, c)
		}
	}
	b, err := json.Marshal(part)
	require.NoError(t, err)
	again, err := json.Marshal(dates.Outdated(inv, asOf, lifecycle.Options{}))
	require.NoError(t, err)
	require.True(t, bytes.Equal(b, again))
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(read(f, "dates.json")))
	f.Add(file("pkg:npm/left-pad", versions("1.1.0 2026-01-01", "1.1.1 -", "1.1.1-rc -", "x -")))
	f.Add(file("pkg:npm/left-pad", `"complete": true, "endOfLife": [{"line": "v1"}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		check(t, lifecycle.Read("d", b), inventory("pkg:npm/left-pad@1.1.0", "pkg:npm/left-pad@1.4.0", "pkg:npm/right-pad@1.0.0", "pkg:npm/z@1"))
	})
}

func FuzzReadGoList(f *testing.F) {
	f.Add([]byte(read(f, "golist.json")), true)
	f.Add([]byte(`{"Path":"example.com/behind","Version":"v1.2.0"}{"Path":"EXAMPLE.com/behind","Version":"v1.2.0"}`), false)
	f.Fuzz(func(t *testing.T, b []byte, upgrades bool) {
		check(t, lifecycle.ReadGoList("d", b, lifecycle.GoList{Collected: collected, Upgrades: upgrades}),
			inventory("pkg:golang/example.com/behind@v1.2.0", "pkg:golang/example.com/newest@v0.5.0", "pkg:golang/example.com/retracted@v1.0.0"))
	})
}

func TestHostile(t *testing.T) {
	var list []string
	for i := range 49_000 {
		list = append(list, fmt.Sprintf("1.%d.0 2026-01-01", i))
	}
	many := file("pkg:npm/x", versions(list...))
	pkg := `{"package": "pkg:npm/y", ` + versions(list...) + "}"
	inv := inventory()
	for i := range 5 {
		inv.Components = append(inv.Components, release.Component{PURL: release.PURL(fmt.Sprintf("pkg:npm/x@1.%d.0", i))})
	}
	empty := strings.Repeat("{},", 49_000) + "{}"
	inputs := append(hostile.Texts(),
		hostile.Input{Name: "many versions", Text: many, Fine: true},
		hostile.Input{Name: "too many versions", Text: file("pkg:npm/x", `"versions": [`+strings.Repeat("{},", 150_000)+"{}]")},
		hostile.Input{Name: "many packages with many versions", Text: []byte(strings.Replace(string(many), `"packages": [`, `"packages": [`+strings.Repeat(pkg+",", 2), 1)), Fine: true},
		hostile.Input{Name: "many empty packages", Text: []byte(`{"schema": "` + lifecycle.Schema + `", "collected": "2026-11-20", "packages": [` + empty + "]}")},
		hostile.Input{Name: "many lines", Text: file("pkg:npm/x", `"endOfLife": [`+strings.Repeat(`{"line": "1"},`, 49_000)+"{}]")},
		hostile.Input{Name: "a long version", Text: file("pkg:npm/x", versions(strings.Repeat("1.", 1<<20)+" 2026-01-01")), Fine: true},
		hostile.Input{Name: "many modules", Text: bytes.Repeat([]byte(`{"Path":"a.b/c","Version":"v1.0.0"}`), 90_000)},
		hostile.Input{Name: "empty modules", Text: bytes.Repeat([]byte(`{}`), 300_000)},
	)
	for i := range inputs {
		if inputs[i].Name == "a million empty lines" {
			inputs[i].Fine = false
		}
	}
	refused := func(dates *lifecycle.Table) bool {
		part := dates.Outdated(inv, asOf, lifecycle.Options{})
		return len(part.Gaps) > 0 && part.Coverage[release.KindOutdated] != release.CoverageComplete
	}
	hostile.Check(t, inputs, func(b []byte) bool { return refused(lifecycle.Read("h", b)) })
	hostile.Check(t, inputs[len(inputs)-2:], func(b []byte) bool {
		return refused(lifecycle.ReadGoList("h", b, lifecycle.GoList{Collected: collected}))
	})
	hostile.Check(t, hostile.Texts(), func(b []byte) bool {
		return refused(lifecycle.ReadGoList("h", b, lifecycle.GoList{Collected: collected, Upgrades: true}))
	})
}
