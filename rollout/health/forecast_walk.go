package health

import (
	"math"
	"slices"
)

// A lattice is the distribution of a sum that has not come to its bound yet, on
// multiples of a step: mass[i] is the probability of (lo+i) step.
type lattice struct {
	step float64
	lo   int
	mass []float64
}

// latticeOf puts points, multiplied by unit, on a lattice. A value between two
// multiples is shared between them so that its mean stays.
func latticeOf(values []point, unit, step float64) lattice {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		z := v.at * unit / step
		lo, hi = min(lo, z), max(hi, z)
	}
	out := lattice{step: step, lo: int(math.Floor(lo))}
	out.mass = make([]float64, int(math.Floor(hi))-out.lo+2)
	for _, v := range values {
		out.put(v.at*unit, v.p)
	}
	return out.trim()
}

// put adds mass at a value that is inside.
func (l *lattice) put(at, p float64) {
	z := at / l.step
	whole := math.Floor(z)
	i := min(max(0, int(whole)-l.lo), len(l.mass)-2)
	l.mass[i] += p * (1 - (z - whole))
	l.mass[i+1] += p * (z - whole)
}

// trim leaves out the ends where next to nothing is.
func (l lattice) trim() lattice {
	from, to := 0, len(l.mass)
	for from < to && l.mass[from] < negligible {
		from++
	}
	for to > from && l.mass[to-1] < negligible {
		to--
	}
	l.mass, l.lo = l.mass[from:to], l.lo+from
	return l
}

// plus is the distribution of the sum of two independent sums.
func (l lattice) plus(other lattice) lattice {
	if len(l.mass) == 0 || len(other.mass) == 0 {
		return lattice{step: l.step}
	}
	out := lattice{step: l.step, lo: l.lo + other.lo, mass: make([]float64, len(l.mass)+len(other.mass)-1)}
	for j, q := range other.mass {
		if q == 0 {
			continue
		}
		row := out.mass[j : j+len(l.mass)]
		for i, p := range l.mass {
			row[i] += p * q
		}
	}
	return out.trim()
}

// coarser is the distribution on a lattice of twice the step.
func (l lattice) coarser() lattice {
	lo := int(math.Floor(float64(l.lo) / 2))
	out := lattice{step: 2 * l.step, lo: lo, mass: make([]float64, len(l.mass)/2+3)}
	for i, p := range l.mass {
		at := l.lo + i - 2*lo
		out.mass[at/2] += p / 2
		out.mass[(at+1)/2] += p / 2
	}
	return out.trim()
}

// mapped is the distribution of a function of the sum, which grows with it.
func (l lattice) mapped(step float64, f func(float64) float64) lattice {
	lo, hi := f(float64(l.lo)*l.step), f(float64(l.lo+len(l.mass)-1)*l.step)
	out := lattice{step: step, lo: int(math.Floor(lo / step))}
	out.mass = make([]float64, int(math.Floor(hi/step))-out.lo+2)
	for i, p := range l.mass {
		out.put(f(float64(l.lo+i)*l.step), p)
	}
	return out.trim()
}

// A part is a part of a distribution: its probability, and the mean and the variance of
// what it is about.
type part struct{ p, mean, variance float64 }

// total is everything that is there.
func (l lattice) total() part { return l.part(func(int) float64 { return 1 }) }

// part is what is there of the values, share of each.
func (l lattice) part(share func(i int) float64) (out part) {
	for i, p := range l.mass {
		p *= share(i)
		at := float64(l.lo+i) * l.step
		out.p += p
		if out.p > 0 {
			off := at - out.mean
			out.mean += off * p / out.p
			out.variance += p * off * (at - out.mean)
		}
	}
	if out.p > 0 {
		out.variance /= out.p
	}
	return out
}

// cut takes away what is at the bound or beyond it. A cell that the bound divides is
// divided.
func (l *lattice) cut(bound float64) part {
	share := func(i int) float64 { return max(0, min(1, float64(l.lo+i)+0.5-bound/l.step)) }
	out := l.part(share)
	for i := range l.mass {
		l.mass[i] *= 1 - share(i)
	}
	*l = l.trim()
	return out
}

// A passage is a sum of bad events, those of one side counting up units each and those of the
// other down, that is followed window by window to a bound.
type passage struct {
	canary, control         counts  // of one window
	canaryUnit, controlUnit float64 // what one bad event adds
	state                   lattice
	at                      float64 // windows so far
	block                   float64 // windows that are taken in one step
	steps                   int     // of this block
	kernel                  lattice
	shift                   float64
}

// stepsPerBlock is how many steps are taken before twice as many windows are one
// step: relative to how long it took so far, a step stays short. cells is the number of
// lattice steps in the standard deviation of a walk's step.
const (
	stepsPerBlock = 48
	cells         = 5
	maxCells      = 500 // in the tail of a count
	maxParts      = 40  // of one event of the canary
)

// newPassage begins at 0. Expected is about how many windows it will take.
func newPassage(canary, control counts, canaryUnit, controlUnit, expected float64) *passage {
	w := &passage{canary: canary, control: control, canaryUnit: canaryUnit, controlUnit: controlUnit}
	w.block = max(1, math.Floor(min(expected, horizon)/stepsPerBlock))
	w.state = lattice{step: w.step(), mass: []float64{1}}
	return w
}

// variance is that of one window's part of the sum.
func (w *passage) variance() float64 {
	return w.canaryUnit*w.canaryUnit*w.canary.variance + w.controlUnit*w.controlUnit*w.control.variance
}

// drift is what one window adds to the sum on average.
func (w *passage) drift() float64 {
	return w.canaryUnit*w.canary.mean + w.controlUnit*w.control.mean
}

// step is the lattice's step for the block: a part of the canary's unit, so that few
// events of the canary stay whole, unless they are many. It is not so small that the long
// tails of very noisy counts fill the memory.
func (w *passage) step() float64 {
	tails := max(math.Abs(w.canaryUnit)*w.canary.tail(), math.Abs(w.controlUnit)*w.control.tail())
	step := max(math.Sqrt(w.variance()*w.block)/cells, tails/maxCells)
	unit := math.Abs(w.canaryUnit)
	if step < unit {
		return unit / min(maxParts, math.Ceil(unit/step*(1-1e-12)))
	}
	return step
}

// prepare computes the step of a block.
func (w *passage) prepare(block float64) {
	w.kernel = latticeOf(w.canary.times(block).values(), w.canaryUnit, w.state.step).
		plus(latticeOf(w.control.times(block).values(), w.controlUnit, w.state.step))
	// A walk that is looked at less often goes beyond the bound by more: the bound moves
	// by 0.5826 standard deviations of a step (Siegmund, Advances in Applied Probability
	// 11, 1979; Broadie, Glasserman and Kou, Mathematical Finance 7, 1997). Windows that
	// are taken together are looked at one by one in truth, and between events there is
	// nothing to see.
	events := w.canary.mean + w.control.mean
	looked := math.Sqrt(w.variance() * max(1, 1/events))
	w.shift = 0.5826 * max(0, math.Sqrt(w.variance()*block)-looked)
}

// A passing is the part of the sums that comes to the bound in a step: the windows until its
// end, and those of the step.
type passing struct {
	part
	windows, block float64
}

// run goes on until some windows are over, or until next to nothing is left. The bound
// is that of the sum after a number of windows.
func (w *passage) run(until float64, bound func(windows float64) float64, passed func(passing)) {
	prepared := 0.0
	for w.at < until && len(w.state.mass) > 0 {
		block := min(w.block, until-w.at)
		if block != prepared {
			w.prepare(block)
			prepared = block
		}
		w.state = w.state.plus(w.kernel)
		w.at += block
		passed(passing{part: w.state.cut(bound(w.at) - w.shift), windows: w.at, block: block})
		if w.state.total().p < 1e-4 {
			w.state.mass = nil
			w.at = until
			return
		}
		if w.steps++; w.steps == stepsPerBlock {
			w.steps = 0
			w.block *= 2
			for w.step() > 1.9*w.state.step {
				w.state = w.state.coarser()
			}
			prepared = 0
		}
	}
}

// times are the windows by which a share of runs has passed.
type times struct{ windows, share []float64 }

func (t *times) add(p passing) {
	sum := p.p
	if n := len(t.share); n > 0 {
		sum += t.share[n-1]
	}
	t.windows, t.share = append(t.windows, p.windows), append(t.share, sum)
}

// by is the share that has passed after some windows.
func (t *times) by(windows float64) float64 {
	i, found := slices.BinarySearch(t.windows, windows)
	switch {
	case found:
		return t.share[i]
	case i == len(t.windows):
		if i == 0 {
			return 0
		}
		return t.share[i-1]
	}
	from, before := 0.0, 0.0
	if i > 0 {
		from, before = t.windows[i-1], t.share[i-1]
	}
	return before + (t.share[i]-before)*(windows-from)/(t.windows[i]-from)
}
