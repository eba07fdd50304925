package risk

import (
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// MixDrift is whether other releases go out than before.
type MixDrift struct {
	// PSI is the population stability index of the base model's log-odds between the older and the newer half of the
	// releases that are learned from: the sum of (a-b)ln(a/b) over the shares a and b in ten bins of equal size in
	// the older half.
	PSI float64 `json:"psi"`
	// Limit is what PSI must be above to count as a drift: 0.25, what practice takes for one (N. Siddiqi, Credit Risk
	// Scorecards, 2006), and not less than chance exceeds one time in a hundred in so few releases (B. Yurdakul,
	// Statistical Properties of Population Stability Index, 2018: chi-square times 1/n+1/m).
	Limit float64 `json:"limit"`
	// Drifted is whether it is.
	Drifted bool `json:"drifted"`
	// Known is whether there are 50 releases or more in each half; else the others mean nothing.
	Known bool `json:"known"`
}

// RateDrift is whether releases fail more or less than before. A failure that showed after the horizon is none here:
// older releases had more time for those.
type RateDrift struct {
	// Older and Newer are the base rates of the two halves of the releases that are learned from, within the horizon.
	Older Measure `json:"older"`
	Newer Measure `json:"newer"`
	// P is the exact probability, under one rate, of a split of the failures between the halves
	// that is as uneven (J. Przyborowski and H. Wilenski, Biometrika 31 (1940), 313-323).
	P float64 `json:"p"`
	// Drifted is whether P is below 0.01.
	Drifted bool `json:"drifted"`
	// Known is whether there is enough for percentages (see [MinMature]), of which 5 failures or more count here, and outcomes
	// in both halves; else P and Drifted mean nothing.
	Known bool `json:"known"`
}

const (
	driftBins      = 10
	driftLeast     = 50 // releases in each half
	driftPSI       = 0.25
	driftLevel     = 0.01
	driftLeastRate = 5 // failures
)

// mixDrift compares the log-odds that the base gives to the two halves.
func (k *knowledge) mixDrift(base *Model) MixDrift {
	half := len(k.seen) / 2
	if half < driftLeast {
		return MixDrift{}
	}
	scores := make([]float64, len(k.seen))
	for i := range k.seen {
		e := base.Estimate(k.seen[i].Features)
		if e.Contributions == nil {
			return MixDrift{}
		}
		scores[i] = e.LogOdds
	}
	older, newer := slices.Sorted(slices.Values(scores[:half])), slices.Sorted(slices.Values(scores[half:]))
	var edges []float64 // equal ones are one: there are fewer bins then
	for b := 1; b < driftBins; b++ {
		edges = append(edges, older[b*half/driftBins])
	}
	edges = slices.Compact(edges)
	bins, last := len(edges)+1, [2]int{}
	d := MixDrift{Known: true}
	for b := range bins {
		upTo := [2]int{len(older), len(newer)}
		if b < len(edges) {
			upTo[0], _ = slices.BinarySearch(older, edges[b])
			upTo[1], _ = slices.BinarySearch(newer, edges[b])
		}
		// Half a release more in each bin, so that an empty one is no infinity.
		x := (float64(upTo[0]-last[0]) + 0.5) / (float64(len(older)) + float64(0.5*float64(bins)))
		y := (float64(upTo[1]-last[1]) + 0.5) / (float64(len(newer)) + float64(0.5*float64(bins)))
		d.PSI += float64((x - y) * ln(x/y))
		last = upTo
	}
	chance := float64(stats.ChiSquareQuantile(1-driftLevel, float64(max(1, bins-1))) * (1/float64(len(older)) + 1/float64(len(newer))))
	d.Limit = max(driftPSI, chance)
	d.Drifted = d.PSI > d.Limit
	return d
}

// rateDrift compares the failures of the two halves.
func (k *knowledge) rateDrift() RateDrift {
	half := len(k.seen) / 2
	var worth, failed [2]float64
	rate := k.rate()
	var halves [2]ripening
	for i := range k.seen {
		h := 0
		if i >= half {
			h = 1
		}
		worth[h] += k.weight(i, rate)
		if k.failed(i) && !k.late(i) {
			failed[h]++
			halves[h].failed++
		} else {
			halves[h].fine = append(halves[h].fine, k.mature[i])
		}
	}
	d := RateDrift{Older: k.rateOfGroup(halves[0]), Newer: k.rateOfGroup(halves[1])}
	n := failed[0] + failed[1]
	if n < driftLeastRate || !k.counts().Enough() || !(worth[0] > 0) || !(worth[1] > 0) {
		return d
	}
	share := worth[1] / (worth[0] + worth[1])
	tail := func(k, p float64) float64 { // that k or more of n fall to a share of p
		if k <= 0 {
			return 1
		}
		return stats.BetaI(p, k, n-k+1)
	}
	d.P = min(1, 2*min(tail(failed[1], share), tail(failed[0], 1-share)))
	d.Known, d.Drifted = true, d.P < driftLevel
	return d
}
