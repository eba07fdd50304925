package risk_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

const day = 24 * time.Hour

func commit(subject string, reverts ...release.Revision) release.Commit {
	return release.Commit{ID: head, Subject: release.Text(subject), Reverts: reverts}
}

func TestFeaturesOfAChange(t *testing.T) {
	t.Parallel()
	cs := changes(file("a/x.go", 10, 2), file("a/b/y.go", 4, 0), file("c/z.go", 16, 0), file("top.go", 1, 1), file("README.md", 500, 9))
	cs.Files[4].Labels = []release.Label{release.LabelDocs}
	cs.Commits = []release.Commit{commit("Fix: the bug of yesterday"), commit("prefix everything"), commit("Take it back", base), commit("HOTFIX"), commit("add suffixes")}
	f := risk.FeaturesOf(&cs, risk.History{})
	require.NoError(t, f.Validate())
	require.Equal(t, risk.Features{Extractor: risk.Extractor, LinesAdded: 31, LinesDeleted: 3, Files: 4, Directories: 4, Subsystems: 3, Commits: 5, Fixes: 3, Spread: f.Spread}, f)
	cs.Commits = cs.Commits[1:2]
	g := risk.FeaturesOf(&cs, risk.History{})
	require.Equal(t, risk.Known(0), g.FixRecency, "nothing is mended")
	require.Equal(t, risk.Known(0), g.FixChangesPerDeveloper)
	// 34 lines: 12, 4, 16 and 2 of them in a file.
	want := lgamma(34) - lgamma(12) - lgamma(4) - lgamma(16) - lgamma(2)
	require.InDelta(t, want, float64(f.Spread), 0.25*want)
	one := changes(file("a.go", 1000, 1000))
	require.Zero(t, risk.FeaturesOf(&one, risk.History{}).Spread, "what is in one file is not spread")
}

// lgamma is log2 of n factorial.
func lgamma(n float64) float64 {
	v, _ := math.Lgamma(n + 1)
	return v / math.Ln2
}

// The spread is near the lines times their entropy.
func TestSpreadIsNearLinesTimesEntropy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var fs []release.FileChange
		total, bits := 0.0, 0.0
		for i := range rapid.IntRange(2, 30).Draw(t, "files") {
			n := rapid.Int64Range(20, 3000).Draw(t, "n")
			fs = append(fs, file(fmt.Sprintf("f%d.go", i), n, 0))
			total += float64(n)
		}
		for _, f := range fs {
			bits += float64(f.Added) * math.Log2(total/float64(f.Added))
		}
		cs := changes(fs...)
		require.InDelta(t, bits, float64(risk.FeaturesOf(&cs, risk.History{}).Spread), total/2)
	})
}

func TestPause(t *testing.T) {
	t.Parallel()
	past := func(ago time.Duration, added, deleted int64) risk.Past {
		return risk.Past{At: now.Add(-ago), Features: risk.Features{LinesAdded: added, LinesDeleted: deleted}}
	}
	hundred := changes(file("a.go", 60, 40))
	for name, c := range map[string]struct {
		h    risk.History
		want risk.Reading
	}{
		"nobody says anything":          {risk.History{At: now}, risk.Reading{}},
		"nobody says when":              {risk.History{Recent: []risk.Past{past(time.Hour, 60, 40)}}, risk.Reading{}},
		"there was none":                {risk.History{At: now, Recent: []risk.Past{}}, risk.Known(7 * 86400)},
		"an hour ago":                   {risk.History{At: now, Recent: []risk.Past{past(day, 60, 40), past(time.Hour, 60, 40), past(2*day, 1, 1)}}, risk.Known(3600)},
		"at the same time":              {risk.History{At: now, Recent: []risk.Past{past(0, 60, 40)}}, risk.Known(0)},
		"a tenth will do":               {risk.History{At: now, Recent: []risk.Past{past(time.Hour, 5, 5)}}, risk.Known(3600)},
		"a small one sent ahead":        {risk.History{At: now, Recent: []risk.Past{past(time.Minute, 5, 4), past(day, 60, 40)}}, risk.Known(86400)},
		"longer than a week":            {risk.History{At: now, Recent: []risk.Past{past(30*day, 60, 40)}}, risk.Known(7 * 86400)},
		"one of the future":             {risk.History{At: now, Recent: []risk.Past{past(-time.Minute, 60, 40)}}, risk.Known(7 * 86400)},
		"one without a time":            {risk.History{At: now, Recent: []risk.Past{{Features: risk.Features{LinesAdded: 99}}}}, risk.Known(7 * 86400)},
		"one that cannot be":            {risk.History{At: now, Recent: []risk.Past{past(time.Minute, -1, 0), past(time.Minute, 0, math.MinInt64)}}, risk.Known(7 * 86400)},
		"the beginning of the calendar": {risk.History{At: now, Recent: []risk.Past{{At: time.Time{}.Add(1), Features: risk.Features{LinesAdded: 99}}}}, risk.Known(7 * 86400)},
	} {
		require.Equal(t, c.want, risk.FeaturesOf(&hundred, c.h).Pause, name)
	}
}

func TestFeaturesOfFiles(t *testing.T) {
	t.Parallel()
	known := []risk.PastFile{
		{Path: "a.go", Lines: 99, Changes: 30, Developers: 4, Changed: now.Add(-9*day - time.Hour)},
		{Path: "b.go", Lines: 0, Changes: 8, Developers: 1, Changed: now.Add(time.Hour)},
		{Path: "unrelated.go", Lines: -1},
	}
	with := func(more ...risk.PastFile) risk.History {
		return risk.History{At: now, Files: append(slices.Clone(known), more...)}
	}
	added := file("new.go", 3, 0)
	added.Op = release.OpAdded
	docs := file("README.md", 3, 0)
	docs.Labels = []release.Label{release.LabelDocs}
	uncounted := file("a.go", 0, 0)
	uncounted.Uncounted = true
	read := func(h risk.History, fs ...release.FileChange) []risk.Reading {
		cs := changes(fs...)
		f := risk.FeaturesOf(&cs, h)
		require.NoError(t, f.Validate())
		return []risk.Reading{f.RelativeChurn, f.Recency, f.Dormancy, f.PriorChanges, f.PriorDevelopers, f.ChangesPerDeveloper}
	}
	readings := func(ns ...int64) (out []risk.Reading) {
		for _, n := range ns {
			out = append(out, risk.Known(n))
		}
		return out
	}
	a, b := file("a.go", 50, 7), file("b.go", 2, 0)
	require.Equal(t, readings(50, 100, 9, 30, 4, 750), read(with(), a))
	require.Equal(t, readings(250, 1000, 9, 38, 4, 800), read(with(), a, b))
	require.Equal(t, readings(350, 1000, 9, 30, 4, 750), read(with(), a, added), "an added file needs no history")
	require.Equal(t, readings(50, 100, 9, 30, 4, 750), read(with(), a, docs), "documentation does not count")
	require.Equal(t, readings(0, 0, 0, 0, 0, 0), read(with()), "nothing changed")
	require.Equal(t, readings(1<<53-1, 1000, 0, 8, 1, 800), read(with(), file("b.go", math.MaxInt64, 0)))
	require.Equal(t, readings(1<<53-1, 1000, 0, 8, 1, 800), read(with(), file("b.go", -1, 0)), "a broken number counts as very many")

	// Only what fixing commits touch is mended; what is not known of those is everything.
	mended := func(h risk.History, commits ...release.Commit) []risk.Reading {
		cs := changes(a, b)
		cs.Commits = commits
		f := risk.FeaturesOf(&cs, h)
		return []risk.Reading{f.FixRecency, f.FixChangesPerDeveloper}
	}
	touches := func(c release.Commit, fs ...release.FileChange) release.Commit { c.Files = fs; return c }
	lost := commit("fix it")
	lost.FilesUnknown = true
	require.Equal(t, readings(0, 0), mended(with(), touches(commit("add"), a, b)))
	require.Equal(t, readings(100, 750), mended(with(), touches(commit("fix a"), a), touches(commit("add b"), b)))
	require.Equal(t, readings(1000, 800), mended(with(), touches(commit("fix a"), a), touches(commit("once more", base), b)))
	require.Equal(t, readings(1000, 800), mended(with(), lost))
	require.Equal(t, readings(1000, 800), mended(with(), lost, touches(commit("fix a"), a)), "what one commit touches says nothing of another")
	require.Equal(t, readings(0, 0), mended(with(), touches(commit("fix what is not in the end"), file("gone.go", 1, 0))))
	require.Equal(t, make([]risk.Reading, 2), mended(risk.History{}, touches(commit("fix a"), a)))
	require.Equal(t, readings(100, 750), mended(risk.History{At: now, Files: known[:1]}, touches(commit("fix a"), a)), "nothing is known of b, which nobody mends")

	unknown := make([]risk.Reading, 6)
	require.Equal(t, unknown, read(risk.History{}, a), "nobody says anything")
	require.Equal(t, unknown, read(risk.History{Files: known}, a), "nobody says when")
	require.Equal(t, unknown, read(risk.History{At: now, Files: []risk.PastFile{}}, a), "nothing is known of a file that was there")
	require.Equal(t, unknown, read(with(), a, file("c.go", 1, 0)), "nor of one of two")
	require.Equal(t, unknown, read(with(), uncounted))
	require.Equal(t, unknown, read(with(known[0]), a), "a file is told twice")
	for name, p := range map[string]risk.PastFile{
		"negative lines":   {Path: "c.go", Lines: -1, Changed: now},
		"negative changes": {Path: "c.go", Changes: math.MinInt64, Changed: now},
		"too many":         {Path: "c.go", Developers: math.MaxInt64, Changed: now},
		"never changed":    {Path: "c.go", Lines: 3},
	} {
		require.Equal(t, unknown, read(with(p), file("c.go", 1, 0)), name)
	}
}

// Experience is measured only where the host gives it, and a number that is none is not believed.
func TestExperienceIsOptIn(t *testing.T) {
	t.Parallel()
	cs := changes(file("a.go", 1, 0))
	require.False(t, risk.FeaturesOf(&cs, risk.History{}).Experience.Known)
	require.Equal(t, risk.Known(7), risk.FeaturesOf(&cs, risk.History{Experience: risk.Known(7)}).Experience)
	require.False(t, risk.FeaturesOf(&cs, risk.History{Experience: risk.Known(-7)}).Experience.Known)
	require.False(t, risk.FeaturesOf(&cs, risk.History{Experience: risk.Reading{Value: 7}}).Experience.Known)
	for _, w := range risk.Prior().Weights {
		require.NotEqual(t, "experience", w.Term)
	}
}

func TestFeaturesThatAreRefused(t *testing.T) {
	t.Parallel()
	require.NoError(t, risk.Features{}.Validate())
	for name, f := range map[string]risk.Features{
		"negative":                {Files: -1},
		"too many":                {Spread: 1 << 53},
		"a negative reading":      {Pause: risk.Known(-1)},
		"too large a reading":     {Recency: risk.Known(1 << 53)},
		"a value that is unknown": {PriorChanges: risk.Reading{Value: 3}},
		"a long name":             {Extractor: string(make([]byte, 101))},
		"a name that is no text":  {Extractor: "\xff"},
	} {
		require.Error(t, f.Validate(), name)
	}
}

// Anything that is added to a change set leaves every feature as large as it was, or not known, and so never
// lowers the log-odds of any model.
func TestAddingAChangeNeverLowersTheLogOdds(t *testing.T) {
	t.Parallel()
	histories := rapid.Custom(func(t *rapid.T) risk.History {
		h := risk.History{At: now, Experience: readings.Draw(t, "experience")}
		for range rapid.IntRange(0, 4).Draw(t, "recent") {
			h.Recent = append(h.Recent, risk.Past{At: now.Add(-time.Duration(rapid.IntRange(-10, 8*86400).Draw(t, "ago")) * time.Second),
				Features: risk.Features{LinesAdded: lines.Draw(t, "added"), LinesDeleted: lines.Draw(t, "deleted")}})
		}
		for _, p := range paths {
			if rapid.IntRange(0, 3).Draw(t, "unknown") > 0 {
				h.Files = append(h.Files, risk.PastFile{Path: release.Path(p), Lines: counts.Draw(t, "lines"), Changes: counts.Draw(t, "changes"),
					Developers: counts.Draw(t, "developers"), Changed: now.Add(-time.Duration(rapid.IntRange(-10, 1000).Draw(t, "days")) * day)})
			}
		}
		return h
	})
	commits := rapid.Custom(func(t *rapid.T) release.Commit {
		c := commit(rapid.SampledFrom([]string{"add", "fix it", ""}).Draw(t, "subject"))
		c.FilesUnknown = rapid.IntRange(0, 4).Draw(t, "unknown") == 0
		c.Files = rapid.SliceOfN(files, 0, 3).Draw(t, "files")
		return c
	})
	rapid.Check(t, func(t *rapid.T) {
		cs, h, m := changeSets.Draw(t, "changes"), histories.Draw(t, "history"), learned.Draw(t, "model")
		for range rapid.IntRange(0, 3).Draw(t, "commits") {
			cs.Commits = append(cs.Commits, commits.Draw(t, "commit"))
		}
		f := risk.FeaturesOf(&cs, h)
		require.NoError(t, f.Validate())
		for range rapid.IntRange(1, 4).Draw(t, "more") {
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0, 1:
				cs.Files = append(slices.Clone(cs.Files), files.Draw(t, "file"))
			case 2:
				cs.Commits = append(slices.Clone(cs.Commits), commits.Draw(t, "commit"))
			case 3:
				cs.Dependencies = append(slices.Clone(cs.Dependencies), dependencies.Draw(t, "dependency"))
			case 4:
				cs.Resources = append(slices.Clone(cs.Resources), resources.Draw(t, "resource"))
			case 5:
				cs.Settings = append(slices.Clone(cs.Settings), settings.Draw(t, "setting"))
			case 6: // a few lines in a file that changed already
				if n := len(cs.Files); n > 0 {
					cs.Files = slices.Clone(cs.Files)
					x := &cs.Files[rapid.IntRange(0, n-1).Draw(t, "file")]
					if x.Added >= 0 && x.Added < 1<<40 && x.Deleted >= 0 && x.Deleted < 1<<40 {
						x.Added += rapid.Int64Range(0, 30).Draw(t, "added")
						x.Deleted += rapid.Int64Range(0, 30).Draw(t, "deleted")
					}
				}
			}
		}
		g := risk.FeaturesOf(&cs, h)
		require.NoError(t, g.Validate())
		for i, n := range [][2]int64{{f.LinesAdded, g.LinesAdded}, {f.LinesDeleted, g.LinesDeleted}, {f.EarlierAdded, g.EarlierAdded}, {f.Files, g.Files}, {f.Directories, g.Directories},
			{f.Commits, g.Commits}, {f.Dependencies, g.Dependencies}, {f.Resources, g.Resources}, {f.Settings, g.Settings}, {f.Subsystems, g.Subsystems}, {f.Spread, g.Spread}, {f.Fixes, g.Fixes}} {
			require.GreaterOrEqual(t, n[1], n[0], "count %d", i)
		}
		for i, r := range [][2]risk.Reading{{f.Pause, g.Pause}, {f.RelativeChurn, g.RelativeChurn}, {f.Recency, g.Recency}, {f.Dormancy, g.Dormancy}, {f.PriorChanges, g.PriorChanges},
			{f.PriorDevelopers, g.PriorDevelopers}, {f.ChangesPerDeveloper, g.ChangesPerDeveloper}, {f.FixRecency, g.FixRecency}, {f.FixChangesPerDeveloper, g.FixChangesPerDeveloper}} {
			require.True(t, !r[1].Known || r[0].Known && r[1].Value >= r[0].Value, "reading %d: %v", i, r)
		}
		require.GreaterOrEqual(t, m.Estimate(g).LogOdds, m.Estimate(f).LogOdds)
	})
}
