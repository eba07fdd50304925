package risk_test

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// commit is one row of the public defect data (see data/README.md): what it added, and
// whether it introduced a defect.
type commit struct {
	date   int64
	added  int64
	defect bool
}

var projects = []struct {
	name string
	// linesAdded is the published AUC of lines added alone on the newest 20 %.
	linesAdded float64
}{{"gerrit", .750}, {"jdt", .676}, {"platform", .746}}

// defects reads a project, split by time into the oldest 80 % and the newest 20 %.
func defects(t testing.TB, project string) (oldest, newest []commit) {
	t.Helper()
	rows := realdata.CSV(t, "defects/"+project+".csv.gz")
	column := func(name string) int {
		i := slices.Index(rows[0], name)
		require.GreaterOrEqual(t, i, 0, name)
		return i
	}
	date, bug, la := column("date"), column("bug"), column("la")
	var all []commit
	for _, row := range rows[1:] {
		at, err := strconv.ParseInt(row[date], 10, 64)
		require.NoError(t, err)
		added, err := strconv.ParseFloat(row[la], 64)
		require.NoError(t, err)
		all = append(all, commit{at, int64(added), row[bug] == "1"})
	}
	slices.SortStableFunc(all, func(a, b commit) int { return cmp.Compare(a.date, b.date) })
	cut := int(float64(len(all)) * 0.8)
	return all[:cut], all[cut:]
}

// probabilities are the model's for the commits.
func probabilities(m *risk.Model, cs []commit) []float64 {
	out := make([]float64, len(cs))
	for i, c := range cs {
		out[i] = m.Estimate(risk.Features{LinesAdded: c.added}).P
	}
	return out
}

// auc counts for each defect how many of the others score lower, ties by half.
func auc(scores []float64, cs []commit) float64 {
	order := indexes(len(cs))
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
	var sum, below, good, bad float64
	for i := 0; i < len(order); {
		j, g, b := i, 0.0, 0.0
		for ; j < len(order) && scores[order[j]] == scores[order[i]]; j++ {
			if cs[order[j]].defect {
				b++
			} else {
				g++
			}
		}
		sum += b * (below + g/2)
		below, good, bad, i = below+g, good+g, bad+b, j
	}
	return sum / (good * bad)
}

// ece is the expected calibration error over 20 bins of equal mass, and brier the
// skill over always saying the base rate of the newest.
func ece(p []float64, cs []commit) (ece, skill float64) {
	order := indexes(len(cs))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	rate, score, base := 0.0, 0.0, 0.0
	y := func(i int) float64 {
		if cs[i].defect {
			return 1
		}
		return 0
	}
	for i := range cs {
		rate += y(i) / float64(len(cs))
	}
	for b := range 20 {
		diff := 0.0
		for _, i := range order[b*len(cs)/20 : (b+1)*len(cs)/20] {
			diff += p[i] - y(i)
			score += (p[i] - y(i)) * (p[i] - y(i))
			base += (rate - y(i)) * (rate - y(i))
		}
		ece += math.Abs(diff) / float64(len(cs))
	}
	return ece, 1 - score/base
}

// learned is the prior recalibrated on the newest n of the old commits.
func learned(t testing.TB, oldest []commit, n int) *risk.Model {
	var l risk.Learner
	for i, c := range oldest[len(oldest)-n:] {
		o := outcome(i, release.OutcomeFine, risk.DefaultHorizon)
		o.Deployed = time.Unix(c.date, 0)
		o.At = o.Deployed.Add(risk.DefaultHorizon)
		if c.defect {
			o.Kind = release.OutcomeFailed
		}
		require.NoError(t, l.Observe(o, risk.Features{LinesAdded: c.added}))
	}
	return l.Model()
}

// The prior ranks as well as lines added alone, which beat the published deep models, and learning keeps
// the ranking and mends the probabilities.
func TestPriorOnPublicData(t *testing.T) {
	t.Parallel()
	for _, p := range projects {
		oldest, newest := defects(t, p.name)
		prior := probabilities(risk.Prior(), newest)
		require.GreaterOrEqual(t, auc(prior, newest), p.linesAdded-.0006, p.name)
		before, _ := ece(prior, newest)
		m := learned(t, oldest, 500)
		require.NotNil(t, m.Calibration, p.name)
		after := probabilities(m, newest)
		require.InDelta(t, auc(prior, newest), auc(after, newest), 1e-9, p.name)
		calibrated, skill := ece(after, newest)
		require.Less(t, calibrated, before, p.name)
		require.Positive(t, skill, p.name)
	}
}

// The numbers of the prior are what a logistic regression over the oldest 80 % of
// the three projects gives: one slope, an intercept for each.
func TestPriorIsWhatTheDataSay(t *testing.T) {
	t.Parallel()
	groups := make([][]commit, len(projects))
	for i, p := range projects {
		groups[i], _ = defects(t, p.name)
	}
	intercepts, slope := regress(groups)
	prior := risk.Prior()
	require.InDelta(t, slope, prior.Weights[0].Weight, 0.0005)
	require.InDelta(t, intercepts[0], prior.Bias, 0.005, "gerrit")
}

// regress fits by Newton's method; the curvature's cross terms between intercepts
// are zero, so each is eliminated in turn.
func regress(groups [][]commit) (intercepts []float64, slope float64) {
	intercepts = make([]float64, len(groups))
	for range 50 {
		var g, h float64
		gi, hi, hs := make([]float64, len(groups)), make([]float64, len(groups)), make([]float64, len(groups))
		for k, cs := range groups {
			for _, c := range cs {
				x := math.Log1p(float64(c.added))
				p := 1 / (1 + math.Exp(-(intercepts[k] + slope*x)))
				r := -p
				if c.defect {
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

// BenchmarkDefects reports how well the model ranks and how honest its
// probabilities are, on the newest 20 % of each project: the prior, and recalibrated on the newest outcomes before.
func BenchmarkDefects(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
	}{{"zero-label", 0}, {"25-outcomes", 25}, {"100-outcomes", 100}, {"500-outcomes", 500}} {
		for _, p := range projects {
			b.Run(c.name+"/"+p.name, func(b *testing.B) {
				oldest, newest := defects(b, p.name)
				m := risk.Prior()
				if c.n > 0 {
					m = learned(b, oldest, c.n)
				}
				var ps []float64
				for b.Loop() {
					ps = probabilities(m, newest)
				}
				e, skill := ece(ps, newest)
				b.ReportMetric(auc(ps, newest), "AUC")
				b.ReportMetric(e, "ECE")
				b.ReportMetric(skill, "Brier-skill")
			})
		}
	}
}
