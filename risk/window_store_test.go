package risk_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// ship assesses a release and adds it to the window, as a host does.
func ship(t require.TestingT, w *risk.Window, i int, cs release.ChangeSet, at time.Time) release.Tier {
	a, err := risk.Assess(risk.Input{Changes: cs, History: w.History("shop", at)}, at)
	require.NoError(t, err)
	require.NoError(t, w.Add("shop", release.DigestOf(fmt.Appendf(nil, "%d", i)), risk.Past{At: at, Features: a.Features}))
	return a.Tier
}

// slices of one change: the tiers of ten releases of 200 lines, so long after each other.
func salami(t require.TestingT, apart time.Duration, each func(w *risk.Window) *risk.Window, change func(i int) release.ChangeSet) []release.Tier {
	w := new(risk.Window)
	var out []release.Tier
	for i := range 10 {
		out = append(out, ship(t, w, i, change(i), now.Add(time.Duration(i)*apart)))
		w = each(w)
	}
	return out
}

func keep(w *risk.Window) *risk.Window { return w }

// One risky release in ten small ones is as risky as the one; ten releases of ten weeks are ten releases.
func TestSlicedReleaseIsOne(t *testing.T) {
	t.Parallel()
	one := func(i int) release.ChangeSet { return changes(file(fmt.Sprintf("server/handler%d.go", i), 200, 0)) }
	whole := ship(t, new(risk.Window), 0, changes(file("server/handler.go", 2000, 0)), now)
	require.Equal(t, release.TierHigh, whole)
	alone := ship(t, new(risk.Window), 0, one(0), now)
	require.Equal(t, release.TierModerate, alone)

	restart := func(w *risk.Window) *risk.Window {
		b, err := json.Marshal(w)
		require.NoError(t, err)
		next := new(risk.Window)
		require.NoError(t, json.Unmarshal(b, next))
		require.Equal(t, w, next)
		return next
	}
	// The author says that the commits are a year old, and none of them of the same day.
	backdated := func(i int) release.ChangeSet {
		return with(one(i), func(cs *release.ChangeSet) {
			at := now.AddDate(-1, -i, 0)
			cs.Commits = []release.Commit{{ID: head, Authored: at, Committed: at}}
		})
	}
	for name, tiers := range map[string][]release.Tier{
		"within a day":            salami(t, 2*time.Hour, keep, one),
		"with a restart each":     salami(t, 2*time.Hour, restart, one),
		"with backdated commits":  salami(t, 2*time.Hour, keep, backdated),
		"all at once":             salami(t, 0, keep, one),
		"the clock goes backward": salami(t, -2*time.Hour, keep, one),
		"within the week":         salami(t, 16*time.Hour, keep, one),
	} {
		require.Equal(t, alone, tiers[0], name)
		require.Equal(t, whole, tiers[9], name)
		require.True(t, slices.IsSorted(tiers), "%s: %v", name, tiers)
	}
	for _, tier := range salami(t, 8*day, keep, one) {
		require.Equal(t, alone, tier, "over ten weeks")
	}
}

// Telling again, in any order, with a restart at any time: the same history, and that of a slow version that keeps all.
func TestWindowAgainstASlowVersion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type added struct {
			component string
			id        int
			p         risk.Past
		}
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) added {
			return added{rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "component"), rapid.IntRange(0, 5).Draw(t, "id"),
				risk.Past{At: now.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "at")) * time.Hour), Features: risk.Features{LinesAdded: int64(rapid.IntRange(1, 2).Draw(t, "lines"))}}}
		}), 0, 25).Draw(t, "added")
		w, other := new(risk.Window), new(risk.Window)
		slow := map[string]map[[2]int64]time.Time{"a": {}, "b": {}, "c": {}}
		add := func(w *risk.Window, x added) {
			require.NoError(t, w.Add(x.component, release.DigestOf(fmt.Append(nil, x.id)), x.p))
		}
		for i, x := range all {
			add(w, x)
			add(w, all[i/2])
			k := [2]int64{int64(x.id), x.p.Features.LinesAdded}
			if x.p.At.After(slow[x.component][k]) {
				slow[x.component][k] = x.p.At
			}
		}
		for _, i := range rapid.Permutation(indexes(len(all))).Draw(t, "order") {
			add(other, all[i])
		}
		require.Equal(t, other, w)
		for name, releases := range slow {
			var want []risk.Past
			for k, at := range releases {
				want = append(want, risk.Past{At: at, Features: risk.Features{LinesAdded: k[1]}})
			}
			h := w.History(name, now)
			require.Equal(t, now, h.At)
			require.ElementsMatch(t, want, h.Recent)
			require.Equal(t, len(want) == 0, h.Recent == nil)
		}
		b, err := json.Marshal(w)
		require.NoError(t, err)
		var back risk.Window
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, w, &back)
		copied, err := json.Marshal(*w)
		require.NoError(t, err)
		require.Equal(t, string(b), string(copied), "a window that is no pointer is written too")
	})
}

// What was added up still counts: no window of time has fewer lines in it than a slow version that keeps all.
func TestWindowForgetsNothingThatCounts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1) {
		r := rand.New(rand.NewPCG(seed, 8))
		w := new(risk.Window)
		type past struct {
			at    time.Time
			lines int64
		}
		var all []past
		for i := range 4_096 + 900 {
			p := past{now.Add(time.Duration(i)*20*time.Minute - time.Duration(r.Int64N(int64(40*day)))), 1 + r.Int64N(50)}
			all = append(all, p)
			require.NoError(t, w.Add("busy", release.DigestOf(fmt.Append(nil, i)), risk.Past{At: p.at, Features: risk.Features{LinesAdded: p.lines, EarlierAdded: 7}}))
		}
		end := now.Add(80 * day)
		h := w.History("busy", end)
		var releases int64
		for _, p := range h.Recent {
			releases += max(1, p.Releases)
		}
		require.EqualValues(t, len(all), releases)
		require.LessOrEqual(t, len(h.Recent), 4_096+8)
		for back := time.Duration(0); back < 130*day; back += 13 * time.Hour {
			since := end.Add(-back)
			var want, got int64
			for _, p := range all {
				if !p.at.Before(since) {
					want += p.lines
				}
			}
			for _, p := range h.Recent {
				if !p.At.Before(since) {
					got += p.Features.LinesAdded
				}
			}
			require.GreaterOrEqual(t, got, want, "since %s", since)
		}
		b, err := json.Marshal(w)
		require.NoError(t, err)
		var again risk.Window
		require.NoError(t, json.Unmarshal(b, &again))
		require.Equal(t, *w, again)
	}
}

// What a window added up are slices for the rules too, and not one release that reached the limit by itself.
func TestSumsAreSlices(t *testing.T) {
	t.Parallel()
	for releases, want := range map[int64]release.Tier{0: release.TierModerate, 1: release.TierModerate, 5_000: release.TierHigh} {
		in := risk.Input{Changes: changes(file("server/a.go", 2_000, 0)), Impact: risk.ImpactNegligible,
			History: risk.History{Recent: []risk.Past{{At: now, Features: risk.Features{LinesDeleted: 15_000}, Releases: releases}}}}
		a, err := risk.Assess(in, now)
		require.NoError(t, err)
		require.Equal(t, want, a.Tier, "a sum of %d releases: %v", releases, a.Reasons)
	}
}

// Whoever makes a host forget a component by adding a thousand others gains nothing.
func TestForgottenComponentsCount(t *testing.T) {
	t.Parallel()
	w := new(risk.Window)
	big := risk.Past{At: now, Features: risk.Features{LinesAdded: 5_000}}
	require.NoError(t, w.Add("victim", release.DigestOf([]byte("v")), big))
	for i := range 1_023 {
		require.NoError(t, w.Add(fmt.Sprintf("c%04d", i), release.DigestOf(fmt.Append(nil, i)), risk.Past{At: now.Add(time.Minute), Features: risk.Features{LinesAdded: 1}}))
	}
	require.Equal(t, []risk.Past{big}, w.History("victim", now).Recent)
	require.Nil(t, w.History("new", now).Recent)

	require.NoError(t, w.Add("one more", release.DigestOf([]byte("x")), risk.Past{At: now.Add(time.Minute), Features: risk.Features{LinesAdded: 1}}))
	sum := big
	sum.Releases = 1
	require.Equal(t, []risk.Past{sum}, w.History("victim", now).Recent, "it is forgotten, and counts")
	require.Equal(t, []risk.Past{sum}, w.History("new", now).Recent, "it may be the one")
	require.Len(t, w.History("c0000", now).Recent, 1, "this one was always known")
	a, err := risk.Assess(risk.Input{Changes: changes(file("a.go", 1, 0)), History: w.History("victim", now)}, now)
	require.NoError(t, err)
	require.Equal(t, release.TierHigh, a.Tier)

	require.NoError(t, w.Add("victim", release.DigestOf([]byte("v2")), risk.Past{At: now.Add(time.Hour), Features: risk.Features{LinesAdded: 3}}))
	known := w.History("victim", now).Recent // for which another one was forgotten
	require.Len(t, known, 2)
	require.EqualValues(t, 5_001, known[0].Features.LinesAdded, "it is known again, and what was forgotten still counts")
	require.EqualValues(t, 3, known[1].Features.LinesAdded)
	for i := range 3_000 { // it is forgotten and known again, and nothing is counted twice
		require.NoError(t, w.Add(fmt.Sprintf("d%04d", i), release.DigestOf(fmt.Append(nil, i)), risk.Past{At: now.Add(2 * time.Hour), Features: risk.Features{LinesAdded: 1}}))
	}
	var lines, releases int64
	for _, p := range w.History("victim", now).Recent {
		lines, releases = lines+p.Features.LinesAdded, releases+p.Releases
	}
	require.EqualValues(t, 5_000+3+1_023+1+3_000-1_024, lines)
	require.EqualValues(t, 2+1_023+1+3_000-1_024, releases)
	b, err := json.Marshal(w)
	require.NoError(t, err)
	var back risk.Window
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, *w, back)
}

// The fullest window there is can be written and read again.
func TestFullWindow(t *testing.T) {
	if testing.Short() {
		t.Skip("45 MB of text")
	}
	t.Parallel()
	w, most := new(risk.Window), int64(1<<53-1)
	f := risk.Features{Extractor: strings.Repeat("<", 100), LinesAdded: most, LinesDeleted: most, EarlierAdded: most, Files: most, Directories: most, Commits: most,
		Dependencies: most, Resources: most, Settings: most, Subsystems: most, Spread: most, Fixes: most, Pause: risk.Known(most), RelativeChurn: risk.Known(most),
		Recency: risk.Known(most), Dormancy: risk.Known(most), PriorChanges: risk.Known(most), PriorDevelopers: risk.Known(most), ChangesPerDeveloper: risk.Known(most), Experience: risk.Known(most)}
	for i := range 18_000 {
		name := fmt.Sprintf("%04d%s", i%1_024, strings.Repeat("<", 252))
		require.NoError(t, w.Add(name, release.DigestOf(fmt.Append(nil, i)), risk.Past{At: now.Add(time.Duration(i) * 8 * time.Minute), Features: f}))
	}
	b, err := json.Marshal(w)
	require.NoError(t, err)
	t.Logf("%d bytes", len(b))
	var back risk.Window
	require.NoError(t, back.UnmarshalJSON(b))
	require.Equal(t, *w, back)
	releases := int64(0)
	for i := range 1_024 {
		for _, p := range w.History(fmt.Sprintf("%04d%s", i, strings.Repeat("<", 252)), now).Recent {
			releases += max(1, p.Releases)
		}
	}
	require.EqualValues(t, 18_000, releases)
	require.Equal(t, 16_384, strings.Count(string(b), `{"release":`))
}

func TestWindowRefuses(t *testing.T) {
	t.Parallel()
	id, good := release.DigestOf([]byte("x")), risk.Past{At: now, Features: risk.Features{LinesAdded: 1}}
	for name, c := range map[string]struct {
		component string
		id        release.Digest
		change    func(p *risk.Past)
	}{
		"no component":          {"", id, func(*risk.Past) {}},
		"a component too long":  {strings.Repeat("x", 257), id, func(*risk.Past) {}},
		"a component of noise":  {"\xff", id, func(*risk.Past) {}},
		"no digest":             {"a", release.Digest{}, func(*risk.Past) {}},
		"no time":               {"a", id, func(p *risk.Past) { p.At = time.Time{} }},
		"a time beyond text":    {"a", id, func(p *risk.Past) { p.At = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) }},
		"a time before text":    {"a", id, func(p *risk.Past) { p.At = time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC) }},
		"lines below zero":      {"a", id, func(p *risk.Past) { p.Features.LinesAdded = -1 }},
		"lines beyond JSON":     {"a", id, func(p *risk.Past) { p.Features.Files = math.MaxInt64 }},
		"a sum":                 {"a", id, func(p *risk.Past) { p.Releases = 2 }},
		"fewer than no release": {"a", id, func(p *risk.Past) { p.Releases = -1 }},
	} {
		var w risk.Window
		p := good
		c.change(&p)
		require.Error(t, w.Add(c.component, c.id, p), name)
		require.Equal(t, risk.Window{}, w, name)
	}
}

func TestWindowStateRefuses(t *testing.T) { // not parallel: it measures memory
	w := new(risk.Window)
	for i, name := range []string{"a", "a", "b"} {
		require.NoError(t, w.Add(name, release.DigestOf(fmt.Append(nil, i)), risk.Past{At: now.Add(time.Duration(i) * time.Hour)}))
	}
	b, err := json.Marshal(w)
	require.NoError(t, err)
	good := string(b)
	one := good[strings.Index(good, `{"release":`) : strings.Index(good, `},{"release":`)+1]
	for name, state := range map[string]string{
		"empty":             ``,
		"nothing":           `{}`,
		"null":              `null`,
		"another schema":    strings.Replace(good, "window/v1", "window/v2", 1),
		"no components":     `{"schema":"sallyport/risk/window/v1"}`,
		"null components":   `{"schema":"sallyport/risk/window/v1","components":null}`,
		"unknown member":    strings.Replace(good, `"schema"`, `"extra":1,"schema"`, 1),
		"unknown inside":    strings.Replace(good, `"component"`, `"extra":1,"component"`, 1),
		"another case":      strings.Replace(good, `"releases"`, `"Releases"`, 1),
		"a name twice":      strings.Replace(good, `"component":"a"`, `"component":"0","component":"a"`, 1),
		"a component twice": strings.Replace(good, `"component":"b"`, `"component":"a"`, 1),
		"out of order":      strings.Replace(good, `"component":"a"`, `"component":"z"`, 1),
		"a release twice":   strings.Replace(good, one, one+","+one, 1),
		"no digest":         strings.Replace(good, release.DigestOf([]byte("0")).String(), release.Digest{}.String(), 1),
		"lines below zero":  strings.Replace(good, `"linesAdded":0`, `"linesAdded":-1`, 1),
		"no releases":       strings.Replace(good, one, ``, 1),
		"a sum of none":     strings.Replace(good, `"sums":[]`, `"sums":[{"releases":0,"at":"2026-11-23T09:00:00Z","features":{}}]`, 1),
		"a sum of no time":  strings.Replace(good, `"sums":[]`, `"sums":[{"releases":1,"at":"0001-01-01T00:00:00Z","features":{}}]`, 1),
		"nine sums":         strings.Replace(good, `"sums":[]`, `"sums":[`+strings.Repeat(`{"releases":1,"at":"2026-11-23T09:00:00Z","features":{}},`, 8)+`{"releases":1,"at":"2026-11-24T09:00:00Z","features":{}}]`, 1),
		"forgotten is null": strings.Replace(good, `"components"`, `"forgotten":null,"components"`, 1),
		"no time":           strings.Replace(good, `"at":"2026-11-23T09:00:00Z"`, `"at":""`, 1),
		"components twice":  strings.Replace(good, `"components"`, `"components":[],"components"`, 1),
		"truncated":         good[:len(good)-1],
		"something follows": good + "{}",
	} {
		require.NotEqual(t, good, state, name)
		kept := new(risk.Window)
		require.NoError(t, kept.Add("k", release.DigestOf([]byte("k")), risk.Past{At: now}))
		before, err := json.Marshal(kept)
		require.NoError(t, err)
		require.Error(t, kept.UnmarshalJSON([]byte(state)), name)
		after, err := json.Marshal(kept)
		require.NoError(t, err)
		require.Equal(t, string(before), string(after), name)
	}
	many := `{"schema":"sallyport/risk/window/v1","components":[` + strings.Repeat(`{},`, 3_000_000) + `{}]}`
	require.Error(t, new(risk.Window).UnmarshalJSON([]byte(many)))
	full := `{"component":"%05d","sums":[],"releases":[` + strings.Repeat(`{},`, 4_095) + `{}]},`
	var hostile strings.Builder
	hostile.WriteString(`{"schema":"sallyport/risk/window/v1","components":[`)
	for i := range 3_000 {
		fmt.Fprintf(&hostile, full, i)
	}
	hostile.WriteString(`{}]}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.Error(t, new(risk.Window).UnmarshalJSON([]byte(hostile.String())))
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(128<<20), "a text of %d bytes", hostile.Len())
	require.Error(t, new(risk.Window).UnmarshalJSON([]byte(good+strings.Repeat(" ", 48<<20))))
}

// The release that is assessed again does not count against itself, and a history that was handed out is the caller's.
func TestWindowButThisOne(t *testing.T) {
	t.Parallel()
	w := new(risk.Window)
	for i := range 3 {
		require.NoError(t, w.Add("a", release.DigestOf(fmt.Append(nil, i)), risk.Past{At: now, Features: risk.Features{LinesAdded: int64(i)}}))
	}
	h := w.History("a", now, release.DigestOf([]byte("1")))
	require.Len(t, h.Recent, 2)
	for _, p := range h.Recent {
		require.NotEqualValues(t, 1, p.Features.LinesAdded)
	}
	h.Recent[0].Features.LinesAdded = -5
	require.Len(t, w.History("a", now).Recent, 3)
	for _, p := range w.History("a", now).Recent {
		require.NoError(t, p.Features.Validate())
	}
}

// FuzzWindowState: what is read writes back to the same state, and is within the limits.
func FuzzWindowState(f *testing.F) {
	w := new(risk.Window)
	for i, name := range []string{"a", "a", "b"} {
		require.NoError(f, w.Add(name, release.DigestOf(fmt.Append(nil, i)), risk.Past{At: now.Add(time.Duration(i) * time.Hour)}))
	}
	good, err := json.Marshal(w)
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte(`{"schema":"sallyport/risk/window/v1","components":[]}`))
	f.Add([]byte(`{"schema":"sallyport/risk/window/v1","components":[{"component":"a","before":{"releases":9,"at":"2026-11-23T09:00:00Z","features":{"linesAdded":9}},"releases":[],"sums":[{"releases":9,"at":"2026-11-23T09:00:00Z","features":{"files":3}}]}],"forgotten":{"releases":1,"at":"2026-11-23T09:00:00Z","features":{}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var w, again risk.Window
		if err := json.Unmarshal(b, &w); err != nil {
			require.Equal(t, risk.Window{}, w)
			return
		}
		out, err := json.Marshal(&w)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(out, &again))
		twice, err := json.Marshal(&again)
		require.NoError(t, err)
		require.Equal(t, string(out), string(twice))
		require.NoError(t, w.Add("a", release.DigestOf(b), risk.Past{At: now}))
		for _, p := range w.History("a", now).Recent {
			require.NoError(t, p.Features.Validate())
			require.GreaterOrEqual(t, p.Releases, int64(0))
		}
	})
}

// BenchmarkWindow measures a release more of a component that is full, and its history.
func BenchmarkWindow(b *testing.B) {
	w := new(risk.Window)
	for i := range 4_096 {
		if err := w.Add("a", release.DigestOf(fmt.Append(nil, i)), risk.Past{At: now.Add(time.Duration(i) * time.Minute)}); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("add", func(b *testing.B) {
		for i := 5_000; b.Loop(); i++ {
			if err := w.Add("a", release.DigestOf(fmt.Append(nil, i)), risk.Past{At: now.Add(time.Duration(i) * time.Minute)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("history", func(b *testing.B) {
		for b.Loop() {
			if len(w.History("a", now).Recent) < 4_096 {
				b.Fatal()
			}
		}
	})
}
