package risk

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/skill"
	"github.com/sallyport-dev/sallyport/internal/stats"
)

// forecast is what was foretold of a release before it was deployed, and what is known of it since.
type forecast struct {
	of                int     // the release's place in seen
	p, mature, weight float64 // mature is the probability that its failure would be known by now
	failed            bool
}

// The model is found anew for each block of releases: 25, or a twentieth of all.
const (
	replayBlock  = 25
	replayBlocks = 20
)

// replay foretells each release that is learned from by the model of what was known before it, oldest first (A. Dawid,
// JRSS A 147 (1984), 278-292). Within a block it is what was known before the block's first release.
// Releases for which no percentage would have been shown are left out.
func (l *Learner) replay(k *knowledge) []forecast {
	var out []forecast
	var before *Model
	size := max(replayBlock, (len(k.seen)+replayBlocks-1)/replayBlocks)
	for block := range slices.Chunk(indexesOf(k.seen), size) {
		t := k.seen[block[0]].Outcome.Deployed
		var known []*Observed
		for _, o := range l.byAge {
			if o, ok := o.asOf(t); ok {
				known = append(known, o)
			}
		}
		m := newKnowledge(known, l.horizon()).model(l.base(), before)
		if m.Calibration == nil {
			continue
		}
		before = m
		for _, i := range block {
			p := m.chance(k.seen[i].Features)
			f := forecast{i, p, k.mature[i], k.weight(i, p), k.failed(i)}
			if f.failed { // how old it is, whenever it failed
				f.mature = k.curve.known(k.at.Sub(k.seen[i].Outcome.Deployed))
			}
			out = append(out, f)
		}
	}
	return out
}

func indexesOf[T any](s []T) []int {
	out := make([]int, len(s))
	for i := range out {
		out[i] = i
	}
	return out
}

// eceBins are the bins of the expected calibration error, and each must be worth skill.MinPerBin outcomes.
const eceBins = 10

// draws is how many samples the intervals come from, seed chooses them: the same everywhere.
const (
	draws = 500
	seed  = 4
)

// judge fills in how good the forecasts were.
func (h *Health) judge(fs []forecast) {
	fs = slices.SortedFunc(slices.Values(fs), func(a, b forecast) int { return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.of, b.of)) })
	h.Forecasts = len(fs)
	times := make([]float64, len(fs))
	worth := 0.0
	for i := range times {
		times[i] = 1
		worth += fs[i].weight
	}
	if worth < eceBins*skill.MinPerBin {
		return
	}
	resample := func(statistic func(times []float64) (float64, bool)) (stats.Interval, bool) {
		return skill.Bootstrap(len(fs), skill.Resampling{Seed: seed, Draws: draws}, func(index []int) (float64, bool) {
			clear(times)
			for _, i := range index {
				times[i]++
			}
			return statistic(times)
		})
	}
	value, known := brierSkill(fs, times)
	if known {
		in, ok := resample(func(times []float64) (float64, bool) { return brierSkill(fs, times) })
		h.BrierSkill = measured(value, in, ok)
	}
	for i := range times {
		times[i] = 1
	}
	ece, _ := weightedECE(fs, times)
	in, ok := resample(func(times []float64) (float64, bool) { return weightedECE(fs, times) })
	// As skill.Sample.ECEEstimate: what drawing adds upwards is taken off downwards, and what chance alone gives is no error.
	null := eceByChance(fs)
	in = stats.Interval{Lo: max(0, float64(2*ece)-in.Hi), Hi: max(in.Hi, ece)}
	if ece <= stats.Quantile(null, 0.975) {
		in.Lo = 0
	}
	h.ECE = measured(ece, in, ok)
	for _, v := range null {
		h.ECEByChance += v / float64(len(null))
	}
}

// brierSkill is 1 - Brier score / that of the base rate, with weights. It is false where nothing or all failed.
func brierSkill(fs []forecast, times []float64) (float64, bool) {
	var worth, failed, brier float64
	for i := range fs {
		w := float64(fs[i].weight * times[i])
		y := 0.0
		if fs[i].failed {
			y = 1
		}
		worth, failed = worth+w, failed+float64(w*y)
		brier += float64(w * float64((fs[i].p-y)*(fs[i].p-y)))
	}
	rate := failed / worth
	base := float64(worth * float64(rate*(1-rate)))
	return 1 - brier/base, base > 0
}

// weightedECE is the mean distance of probability and share of failures over bins of equal weight. Releases of equal
// probability are spread evenly over the bins that they lie in.
func weightedECE(fs []forecast, times []float64) (float64, bool) {
	worth := 0.0
	for i := range fs {
		worth += float64(fs[i].weight * times[i])
	}
	size := worth / eceBins
	ece, room, gap := 0.0, size, 0.0 // gap is the bin's sum of weight * (probability - outcome)
	for i := 0; i < len(fs); {
		p, w, y := fs[i].p, 0.0, 0.0
		for ; i < len(fs) && fs[i].p == p; i++ {
			x := float64(fs[i].weight * times[i])
			w += x
			if fs[i].failed {
				y += x
			}
		}
		if w == 0 {
			continue
		}
		miss := p - y/w
		for w > 0 {
			part := min(w, room)
			gap += float64(part * miss)
			w, room = w-part, room-part
			if room <= float64(1e-9*size) {
				ece, room, gap = ece+max(gap, -gap), size, 0
			}
		}
	}
	ece += max(gap, -gap)
	return ece / worth, worth > 0
}

// eceByChance are the errors, sorted, if each release failed with exactly the probability that was foretold.
func eceByChance(fs []forecast) []float64 {
	random := rand.New(rand.NewPCG(seed, 1))
	drawn, times := slices.Clone(fs), make([]float64, len(fs))
	for i := range times {
		times[i] = 1
	}
	out := make([]float64, 0, draws)
	for range draws {
		for i := range drawn {
			f := &drawn[i]
			if f.failed = random.Float64() < float64(f.p*f.mature); f.failed {
				f.weight = 1
			} else {
				f.weight = openWeight(f.mature, f.p)
			}
		}
		if v, ok := weightedECE(drawn, times); ok {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out
}
