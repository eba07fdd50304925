package risk_test

import (
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/internal/skill"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// defectColumns names what measured the public data: the columns of just-in-time
// defect data sets (Kamei et al., IEEE TSE 39 (2013), table 1), as [columnFeatures] reads them.
const defectColumns = "defect-columns/1"

// columnFeatures maps a row to features. A row is one commit. The columns are sums or means over
// its files, where this package measures each file, so some features are only near what
// FeaturesOf would give; for commits of one file, about half of them, they are the same.
//
//	la, ld        lines added, lines deleted
//	nf, nd, ns    files, directories, subsystems
//	entrophy      spread: times the changed lines
//	fix           fixes: 0 or 1
//	lt, la, nf    relative churn, as if each file had the mean of lines before (lt/nf) and added
//	age           recency and dormancy, as if each file had the mean age in days
//	nuc           prior changes
//	ndev          prior developers: of all files together, not the largest
//	nuc/ndev      changes per developer: of all files together, not the largest
//	fix           fix recency and fix changes per developer: those of all files, or 0
//	date          pause, from the rows of the week before
//
// The columns of authors (exp, rexp, sexp) are not read. Earlier lines are not counted:
// each commit is taken by itself.
func columnFeatures(get func(string) float64) risk.Features {
	whole := func(x float64) int64 { // negative counts and NaN are in real rows (trap T16)
		if !(x > 0) {
			return 0
		}
		return int64(min(x, 1<<53-1))
	}
	la, ld, nf, lt := max(get("la"), 0), max(get("ld"), 0), max(get("nf"), 0), max(get("lt"), 0)
	f := risk.Features{Extractor: defectColumns,
		LinesAdded: whole(la), LinesDeleted: whole(ld), Files: whole(nf), Directories: whole(get("nd")), Subsystems: whole(get("ns")), Commits: 1,
		Spread: whole((la + ld) * get("entrophy")), Fixes: whole(get("fix")),
		RelativeChurn: risk.Known(whole(100 * nf * la / (lt + max(nf, 1)))), Recency: risk.Known(whole(1000 / (1 + max(get("age"), 0)))), Dormancy: risk.Known(whole(get("age"))),
		PriorChanges: risk.Known(whole(get("nuc"))), PriorDevelopers: risk.Known(whole(get("ndev"))),
		ChangesPerDeveloper: risk.Known(whole(100 * get("nuc") / max(get("ndev"), 1))), FixRecency: risk.Known(0), FixChangesPerDeveloper: risk.Known(0)}
	if f.Fixes > 0 {
		f.FixRecency, f.FixChangesPerDeveloper = f.Recency, f.ChangesPerDeveloper
	}
	return f
}

// projectNames are those of all projects that there are data of.
func projectNames(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(realdata.Path(t, "defects"), "*.csv.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for i := range files {
		files[i] = strings.TrimSuffix(filepath.Base(files[i]), ".csv.gz")
	}
	return files
}

// projects are those whose published AUC of lines added alone on the newest 20 % is known.
var projects = []struct {
	name       string
	linesAdded float64
	additive   float64 // of a monotone additive model of 14 features: shared/facts/risk.md, section 2b
}{{"gerrit", .750, .739}, {"jdt", .676, .708}, {"platform", .746, .781}}

// projectsRead are the projects that were read already, by name: []risk.Sample.
var projectsRead sync.Map

// commits are a project's, oldest first, and where its newest 20 % begin. They are not to be changed.
func commits(t testing.TB, project string) (all []risk.Sample, cut int) {
	t.Helper()
	if read, ok := projectsRead.Load(project); ok {
		all = read.([]risk.Sample)
	} else {
		all = readCommits(t, project)
		projectsRead.Store(project, all)
	}
	return all, int(float64(len(all)) * 0.8)
}

func readCommits(t testing.TB, project string) (all []risk.Sample) {
	t.Helper()
	rows := realdata.CSV(t, "defects/"+project+".csv.gz")
	for _, row := range rows[1:] {
		get := func(name string) float64 {
			i := slices.Index(rows[0], name)
			if i < 0 {
				t.Fatalf("%s has no column %s", project, name)
			}
			if yes, err := strconv.ParseBool(row[i]); err == nil { // also 0 and 1
				return map[bool]float64{true: 1}[yes]
			}
			x, err := strconv.ParseFloat(row[i], 64)
			require.NoError(t, err)
			return x
		}
		all = append(all, risk.Sample{Features: columnFeatures(get), Failed: get("bug") == 1, Weight: 1, At: time.Unix(int64(get("date")), 0)})
	}
	slices.SortStableFunc(all, func(a, b risk.Sample) int { return a.At.Compare(b.At) })
	first := 0
	past := make([]risk.Past, 0, len(all))
	for i := range all {
		for all[i].At.Sub(all[first].At) > 7*24*time.Hour {
			first++
		}
		f := &all[i].Features
		size := release.ChangeSet{Files: []release.FileChange{file("a.go", f.LinesAdded, f.LinesDeleted)}}
		f.Pause = risk.FeaturesOf(&size, risk.History{At: all[i].At, Recent: past[first:i]}).Pause
		past = append(past, risk.Past{At: all[i].At, Features: *f})
	}
	return all
}

// probabilities are the model's for the samples.
func probabilities(m *risk.Model, samples []risk.Sample) []float64 {
	out := make([]float64, len(samples))
	for i := range samples {
		out[i] = m.Estimate(samples[i].Features).P
	}
	return out
}

// skillOf is how well probabilities foretold what came of the samples.
func skillOf(t testing.TB, p []float64, samples []risk.Sample) *skill.Sample {
	t.Helper()
	failed := make([]bool, len(samples))
	for i := range samples {
		failed[i] = samples[i].Failed
	}
	s, ok := skill.Of(p, failed)
	require.True(t, ok)
	return s
}

// must is a number that there has to be.
func must(t testing.TB, v float64, ok bool) float64 {
	t.Helper()
	require.True(t, ok)
	return v
}

func auc(t testing.TB, s *skill.Sample) float64 {
	t.Helper()
	v, ok := s.AUC()
	return must(t, v, ok)
}

func ece(t testing.TB, s *skill.Sample) float64 {
	t.Helper()
	v, ok := s.ECE(20)
	return must(t, v, ok)
}

func brierSkill(t testing.TB, s *skill.Sample) float64 {
	t.Helper()
	v, ok := skill.OwnBrierSkill(s)
	return must(t, v, ok)
}

// The prior ranks as well as lines added alone, which beat the published deep models, and learning keeps
// the ranking and mends the probabilities.
func TestPriorOnPublicData(t *testing.T) {
	t.Parallel()
	for _, p := range projects {
		all, cut := commits(t, p.name)
		newest := all[cut:]
		prior := skillOf(t, probabilities(risk.Prior(), newest), newest)
		require.GreaterOrEqual(t, auc(t, prior), p.linesAdded-.0006, p.name)
		m, ok := risk.Prior().Recalibrate(all[cut-500 : cut])
		require.True(t, ok, p.name)
		after := skillOf(t, probabilities(m, newest), newest)
		require.InDelta(t, auc(t, prior), auc(t, after), 1e-9, p.name)
		require.Less(t, ece(t, after), ece(t, prior), p.name)
		require.Positive(t, brierSkill(t, after), p.name)
	}
}

// Fitted on the oldest 80 %, the model ranks the newest 20 % better than lines added alone and than a monotone additive model, and knows more
// than their base rate; after 100 outcomes it does so on average. BenchmarkDefects gives the numbers.
func TestFittedOnPublicData(t *testing.T) {
	t.Parallel()
	mean, few := 0.0, 0.0
	for _, p := range projects {
		all, cut := commits(t, p.name)
		newest := all[cut:]
		within := skillOf(t, probabilities(fit(t, nil, all[:cut], risk.FitOptions{}), newest), newest)
		require.Greater(t, auc(t, within), max(p.linesAdded, p.additive)+.002, p.name)
		require.Positive(t, brierSkill(t, within), p.name)
		mean += auc(t, within) / 3
		hundred := skillOf(t, probabilities(fit(t, nil, all[cut-100:cut], risk.FitOptions{}), newest), newest)
		require.Positive(t, brierSkill(t, hundred), p.name)
		few += auc(t, hundred) / 3
	}
	require.Greater(t, mean, .75)
	require.Greater(t, few, .735)
}

// The numbers of the prior are what a logistic regression over the oldest 80 % of
// the three projects gives: one slope, an intercept for each.
func TestPriorIsWhatTheDataSay(t *testing.T) {
	t.Parallel()
	groups := make([][]risk.Sample, len(projects))
	for i, p := range projects {
		all, cut := commits(t, p.name)
		groups[i] = all[:cut]
	}
	intercepts, slope := regress(groups)
	prior := risk.Prior()
	require.InDelta(t, slope, prior.Weights[0].Weight, 0.0005)
	require.InDelta(t, intercepts[0], prior.Bias, 0.005, "gerrit")
}

// priorWithout is the prior as the other projects alone would have made it: for a project that the prior's numbers come
// from, they are fitted to the two others, with the rarer defects of these as its bias. For any other project it is the prior.
func priorWithout(t testing.TB, project string) *risk.Model {
	t.Helper()
	m := risk.Prior()
	var others [][]risk.Sample
	for _, p := range projects {
		if p.name != project {
			all, cut := commits(t, p.name)
			others = append(others, all[:cut])
		}
	}
	if len(others) == len(projects) {
		return m
	}
	intercepts, slope := regress(others)
	m.Bias, m.Weights[0].Weight = slices.Min(intercepts), slope
	return m
}

// What a prior was fitted to makes no difference to its ranking, which is that of lines added: the shipped prior ranks a project that
// it comes from as the one that never saw it.
func TestPriorRanksTheSameWithoutTheProject(t *testing.T) {
	t.Parallel()
	for _, p := range projects {
		all, cut := commits(t, p.name)
		without := priorWithout(t, p.name)
		require.NotEqual(t, risk.Prior(), without)
		require.NoError(t, without.Validate())
		require.InDelta(t, auc(t, skillOf(t, probabilities(risk.Prior(), all[cut:]), all[cut:])),
			auc(t, skillOf(t, probabilities(without, all[cut:]), all[cut:])), 1e-12, p.name)
	}
	require.Equal(t, risk.Prior(), priorWithout(t, "another"))
}

// regress fits by Newton's method; the curvature's cross terms between intercepts
// are zero, so each is eliminated in turn.
func regress(groups [][]risk.Sample) (intercepts []float64, slope float64) {
	intercepts = make([]float64, len(groups))
	for range 50 {
		var g, h float64
		gi, hi, hs := make([]float64, len(groups)), make([]float64, len(groups)), make([]float64, len(groups))
		for k, cs := range groups {
			for _, c := range cs {
				x := math.Log1p(float64(c.Features.LinesAdded))
				p := 1 / (1 + math.Exp(-(intercepts[k] + slope*x)))
				r := -p
				if c.Failed {
					r = 1 - p
				}
				v := p * (1 - p)
				gi[k], hi[k], hs[k] = gi[k]+r, hi[k]+v, hs[k]+v*x
				g, h = g+r*x, h+v*x*x
			}
		}
		for k := range groups {
			g, h = g-hs[k]*gi[k]/hi[k], h-hs[k]*hs[k]/hi[k]
		}
		d := g / h
		slope += d
		for k := range groups {
			intercepts[k] += (gi[k] - hs[k]*d) / hi[k]
		}
		if math.Abs(d) < 1e-12 {
			break
		}
	}
	return intercepts, slope
}
