package risk_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/skill"

	"github.com/sallyport-dev/sallyport/risk"
)

// foretold is what a regime said of a project's newest 20 %, and what came of them.
type foretold struct {
	p      []float64
	newest []risk.Sample
}

// regimes say how much a model may have seen before it foretells the newest 20 %.
var regimes = []struct {
	name string
	run  func(b *testing.B, project string, all []risk.Sample, cut int) []float64
}{
	// The prior, which knows nothing of the project: see priorWithout.
	{"zero-label", func(b *testing.B, project string, all []risk.Sample, cut int) []float64 {
		return probabilities(priorWithout(b, project), all[cut:])
	}},
	// The prior and the newest 100 outcomes before.
	{"100-outcomes", func(b *testing.B, _ string, all []risk.Sample, cut int) []float64 {
		return probabilities(fitted(b, all[max(0, cut-100):cut]), all[cut:])
	}},
	// The oldest 80 %.
	{"within", func(b *testing.B, _ string, all []risk.Sample, cut int) []float64 {
		return probabilities(fitted(b, all[:cut]), all[cut:])
	}},
	{"online", online},
}

// fitted is the prior where there is nothing to learn from.
func fitted(b *testing.B, samples []risk.Sample) *risk.Model {
	if len(samples) == 0 {
		return risk.Prior()
	}
	m, err := risk.Fit(nil, samples, risk.FitOptions{})
	require.NoError(b, err)
	return m
}

// online walks through the newest 20 %. What became of a commit is known 200 commits
// later. The model is fitted every 100 commits on the 4,000 newest outcomes that are known,
// and recalibrated every 25 on the 500 newest.
func online(b *testing.B, _ string, all []risk.Sample, cut int) []float64 {
	const delay, refit, kept, every, window = 200, 100, 4000, 25, 500
	var base, m *risk.Model
	p := make([]float64, 0, len(all)-cut)
	for i := cut; i < len(all); i++ {
		known := all[:max(0, i-delay)]
		if (i-cut)%refit == 0 {
			base = fitted(b, known[max(0, len(known)-kept):])
			m = base
		}
		if (i-cut)%every == 0 {
			if next, ok := base.Recalibrate(known[max(0, len(known)-window):]); ok {
				m = next
			}
		}
		p = append(p, m.Estimate(all[i].Features).P)
	}
	return p
}

// BenchmarkDefects reports how well each regime foretells the newest 20 % of every
// project that there are data of, and the mean over these.
//
// Labels are those that the data sets have today, by which a defect may have been found after the moment
// at which a regime learns from it. Of 100-outcomes and within that flatters the newest labels; online waits for
// 200 commits. When each label became known is not in the data.
//
// Beside each capture stands that of a constant score, and beside what is found with 20 % of the
// effort (by score divided by size) that of a constant score divided by size (trap T1). ECE-chance is the ECE that
// true probabilities of the same size would have from chance alone.
func BenchmarkDefects(b *testing.B) {
	names := projectNames(b)
	for _, r := range regimes {
		results := map[string]func() foretold{}
		for _, name := range names {
			results[name] = sync.OnceValue(func() foretold {
				all, cut := commits(b, name)
				return foretold{r.run(b, name, all, cut), all[cut:]}
			})
			b.Run(r.name+"/"+name, func(b *testing.B) {
				report(b, []foretold{results[name]()})
			})
		}
		b.Run(r.name+"/mean", func(b *testing.B) {
			var all []foretold
			for _, name := range names {
				all = append(all, results[name]())
			}
			report(b, all)
		})
	}
}

// report reports means over the projects that have a number. What is timed is measuring, not fitting.
func report(b *testing.B, fs []foretold) {
	var found map[string][]float64
	for b.Loop() {
		found = map[string][]float64{}
		for _, f := range fs {
			for unit, v := range measure(b, f) {
				found[unit] = append(found[unit], v)
			}
		}
	}
	for unit, vs := range found {
		sum := 0.0
		for _, v := range vs {
			sum += v
		}
		b.ReportMetric(sum/float64(len(vs)), unit)
	}
	if vs := found["ECE"]; len(vs) > 1 {
		b.ReportMetric(slices.Max(vs), "ECE-worst")
	}
	if vs := found["Brier-skill"]; len(vs) > 1 {
		b.ReportMetric(slices.Min(vs), "Brier-skill-worst")
	}
}

// measure gives the numbers that the data can give: a project with few commits has no ECE.
func measure(b *testing.B, f foretold) map[string]float64 {
	out := map[string]float64{}
	set := func(unit string, scale, v float64, ok bool) {
		if ok {
			out[unit] = scale * v
		}
	}
	s := skillOf(b, f.p, f.newest)
	constant, added := make([]float64, len(f.p)), make([]float64, len(f.p))
	failed, lines := make([]bool, len(f.p)), make([]int64, len(f.p))
	for i, x := range f.newest {
		failed[i], added[i] = x.Failed, float64(x.Features.LinesAdded)
		lines[i] = x.Features.LinesAdded + x.Features.LinesDeleted
	}
	none := skillOf(b, constant, f.newest)
	v, ok := s.AUC()
	set("AUC", 1, v, ok)
	v, ok = skillOf(b, added, f.newest).AUC()
	set("AUC-lines-added", 1, v, ok)
	v, ok = skill.OwnBrierSkill(s)
	set("Brier-skill", 1, v, ok)
	e, chance := s.ECEEstimate(skill.Resampling{Seed: 1, Draws: 200, Level: .9}, 20)
	set("ECE", 1, e.Value, e.Known)
	set("ECE-chance", 1, chance, e.Known)
	for share, name := range map[float64]string{.05: "cap5", .10: "cap10", .50: "cap50"} {
		v, ok = s.Capture(share)
		set(name+"-%", 100, v, ok)
		v, ok = none.Capture(share)
		set(name+"-constant-%", 100, v, ok)
	}
	effort, ok := skill.EffortAware(f.p, failed, lines)
	set("recall20effort-%", 100, effort.ByDensity.Recall20, ok)
	set("recall20effort-constant-%", 100, effort.Constant.Recall20, ok)
	return out
}

// BenchmarkFit fits 1,000 outcomes, as many as a host has after a while.
func BenchmarkFit(b *testing.B) {
	samples := invented(1, 1000)
	for b.Loop() {
		if _, err := risk.Fit(nil, samples, risk.FitOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecalibrate recalibrates on 500 outcomes.
func BenchmarkRecalibrate(b *testing.B) {
	samples := invented(1, 500)
	m := risk.Prior()
	for b.Loop() {
		if _, ok := m.Recalibrate(samples); !ok {
			b.Fatal("not calibrated")
		}
	}
}

// BenchmarkEstimate asks the prior and a model with curves.
func BenchmarkEstimate(b *testing.B) {
	m, err := risk.Fit(nil, invented(1, 1000), risk.FitOptions{})
	require.NoError(b, err)
	f := invented(2, 1)[0].Features
	for name, m := range map[string]*risk.Model{"prior": risk.Prior(), "curves": m} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if m.Estimate(f).P == 1 {
					b.Fatal("the model says nothing")
				}
			}
		})
	}
}
