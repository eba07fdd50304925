package skill

import (
	"cmp"
	"math"
	"slices"
)

// Effort is what a ranking gives to a reader who cannot read everything. The numbers
// of the constant score are always beside those of the scores, because without them
// the others mislead: a score that says the same of every change, divided by the
// change's size, already finds most failures per line read.
type Effort struct {
	// ByScore reads from the highest score down.
	ByScore Reading
	// ByDensity reads from the highest score per line down.
	ByDensity Reading
	// Constant reads from the smallest change up: the density of a constant score.
	// What does not beat it is worth nothing.
	Constant Reading
}

// Reading is what is found when reading in one order.
type Reading struct {
	// Recall20 is the share of the failures found with the first 20 % of the effort.
	Recall20 float64
	// Popt is 1 for the best order there is and 0 for the worst: the area under the
	// curve of failures found against effort spent, between these two (T. Mende and
	// R. Koschke, CSMR 2010; normalised as Y. Kamei et al., IEEE TSE 39 (2013), 757-773).
	Popt float64
}

// maxLines keeps sums of lines exact.
const maxLines = 1 << 52

// EffortAware is the effort-aware measures of scores, what came of them, and the lines
// to read of each. Fewer lines than 1 count as 1. A failure is found evenly over the
// lines of its change, and changes of equal rank are read side by side. The answer is
// false for what [Of] refuses, for negative or infinite scores, negative lines, where
// nothing failed, and where every order is as good.
func EffortAware(p []float64, failed []bool, lines []int64) (Effort, bool) {
	s, ok := Of(p, failed)
	if !ok || len(lines) != len(p) || s.failed == 0 {
		return Effort{}, false
	}
	if !(s.groups[0].score >= 0) || math.IsInf(s.groups[len(s.groups)-1].score, 1) {
		return Effort{}, false
	}
	c := course{changes: make([]change, len(p)), failed: float64(s.failed)}
	for i, n := range lines {
		if n = max(n, 1); lines[i] < 0 || n > maxLines {
			return Effort{}, false
		}
		c.changes[i] = change{score: p[i], lines: float64(n)}
		if failed[i] {
			c.changes[i].failed = 1
		}
		if c.lines += float64(n); c.lines > maxLines {
			return Effort{}, false
		}
	}
	best := c.read(func(x change) float64 { return x.failed / x.lines })
	worst := c.read(func(x change) float64 { return -x.failed / x.lines })
	if !(best.Popt > worst.Popt) {
		return Effort{}, false
	}
	reading := func(key func(change) float64) Reading {
		r := c.read(key)
		r.Popt = (r.Popt - worst.Popt) / (best.Popt - worst.Popt)
		return r
	}
	return Effort{
		ByScore:   reading(func(x change) float64 { return x.score }),
		ByDensity: reading(func(x change) float64 { return x.score / x.lines }),
		Constant:  reading(func(x change) float64 { return 1 / x.lines }),
	}, true
}

// course is all changes, to be read in some order.
type course struct {
	changes       []change
	lines, failed float64 // sums: whole numbers, exact
}

type change struct{ key, score, lines, failed float64 }

// read goes through the changes from the highest key down. Popt is the plain area
// under the curve.
func (c course) read(key func(change) float64) Reading {
	for i, x := range c.changes {
		c.changes[i].key = key(x)
	}
	slices.SortFunc(c.changes, func(a, b change) int { return cmp.Compare(b.key, a.key) })
	var out Reading
	spent, found := 0.0, 0.0
	budget := c.lines / 5
	for i := 0; i < len(c.changes); {
		lines, failed, k := 0.0, 0.0, c.changes[i].key
		for ; i < len(c.changes) && c.changes[i].key == k; i++ {
			lines, failed = lines+c.changes[i].lines, failed+c.changes[i].failed
		}
		out.Popt += float64((lines / c.lines) * ((found + failed/2) / c.failed))
		if spent < budget {
			out.Recall20 += float64(failed*min((budget-spent)/lines, 1)) / c.failed
		}
		spent, found = spent+lines, found+failed
	}
	return out
}
