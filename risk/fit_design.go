package risk

import (
	"math"
	"slices"
)

// design is a fit: what is known, and the parameters that are looked for.
//
// Each learned term is a block. Its curve is given by its slope on each of its pieces,
// in units of the scaled term, and every slope stays on its side of zero. The value at a
// knot is the sum of slope times length before it. A sample sees two neighbouring
// knots at most, so sums over samples are made for knots ("hats") and then
// turned into sums for slopes, which makes a fit hundreds of times faster.
type design struct {
	blocks []block
	hats   int // knots of all blocks
	n      int // parameters: the slopes of all blocks, and last the bias

	failed []bool
	weight []float64
	offset []float64 // what the terms that are not learned add
	seen   []hat     // sample by sample, a hat for each block

	base    []float64 // the mean of the prior
	penalty []float64 // its precision, n x n
	falling []bool    // slopes that are at most 0; the others are at least 0, the bias is free
	theta   []float64
}

// block is one learned term.
type block struct {
	term   *term
	base   Weight    // the base's, or none
	knots  []float64 // where pieces end
	length []float64 // of each piece, in units of the scaled term
	unit   float64   // length of one unit of the term
	start  float64   // value at the first knot
	hat    int       // its first knot among all
	first  int       // its first slope among all
}

// hat is a place in a curve: between knot at and the one after, this far.
type hat struct {
	at   int32
	part float64
}

func newDesign(base *Model, samples []Sample, o FitOptions) *design {
	d := &design{failed: make([]bool, len(samples)), weight: make([]float64, len(samples)), offset: make([]float64, len(samples))}
	for i := range samples {
		d.failed[i], d.weight[i] = samples[i].Failed, samples[i].Weight
		if o.HalfLife > 0 {
			d.weight[i] = float64(d.weight[i] * exp(-float64(math.Ln2*float64(len(samples)-1-i))/o.HalfLife))
		}
	}
	var columns []column
	for t := range terms {
		c := columnOf(&terms[t], samples, d.weight)
		w := base.weightOf(terms[t].name)
		if c.sd > 0 && 2*len(c.values) >= len(samples) && o.learns(&terms[t]) {
			d.add(&terms[t], w, c, o.Pieces)
			columns = append(columns, c)
			continue
		}
		for i := range samples {
			if c.known[i] {
				d.offset[i] += w.at(c.all[i])
			} else {
				d.offset[i] += w.most()
			}
		}
	}
	d.prior(base.Bias, o)
	d.place(columns)
	return d
}

// weightOf is a copy of the weight of a term; one that adds nothing where there is none.
func (m *Model) weightOf(name string) Weight {
	for _, w := range m.Weights {
		if w.Term == name {
			return w
		}
	}
	return Weight{Term: name}
}

// column is one term of all samples.
type column struct {
	all    []float64
	known  []bool
	values []float64 // the known
	sd     float64   // of the known, weighted; 0 where they are all the same
}

func columnOf(t *term, samples []Sample, weight []float64) column {
	c := column{all: make([]float64, len(samples)), known: make([]bool, len(samples))}
	sum, mean, square := 0.0, 0.0, 0.0
	for i := range samples {
		if c.all[i], c.known[i] = t.value(&samples[i].Features); c.known[i] {
			c.values = append(c.values, c.all[i])
			sum += weight[i]
			mean += float64(weight[i] * c.all[i])
		}
	}
	if sum == 0 {
		return c
	}
	mean /= sum
	for i := range samples {
		if c.known[i] {
			square += float64(weight[i] * float64((c.all[i]-mean)*(c.all[i]-mean)))
		}
	}
	if sd := math.Sqrt(square / sum); sd > 1e-6 {
		c.sd = sd
	}
	return c
}

// scaledDeviation is the standard deviation that terms are scaled to.
const scaledDeviation = 2

func (d *design) add(t *term, base Weight, c column, pieces int) {
	b := block{term: t, base: base, knots: quantileKnots(c.values, pieces), unit: scaledDeviation / c.sd, start: base.at(0), hat: d.hats, first: d.n}
	for k := 1; k < len(b.knots); k++ {
		b.length = append(b.length, float64((b.knots[k]-b.knots[k-1])*b.unit))
	}
	d.hats += len(b.knots)
	d.n += len(b.length)
	d.blocks = append(d.blocks, b)
}

// tauBias is the precision of the bias: the base rate is the samples' affair.
const tauBias = 0.1

// prior sets the mean and the precision of the parameters.
func (d *design) prior(bias float64, o FitOptions) {
	d.n++
	d.base, d.falling = make([]float64, d.n), make([]bool, d.n)
	d.penalty = make([]float64, d.n*d.n)
	for i := range d.blocks {
		b := &d.blocks[i]
		whole := 0.0
		for _, l := range b.length {
			whole += l
		}
		for k, l := range b.length {
			p := b.first + k
			d.falling[p] = b.term.falling
			d.base[p] = (b.base.at(b.knots[k+1]) - b.base.at(b.knots[k])) / l
			d.penalty[p*d.n+p] += float64(o.Tau * l / whole)
			if k > 0 {
				d.penalty[p*d.n+p] += o.Smooth
				d.penalty[(p-1)*d.n+p-1] += o.Smooth
				d.penalty[p*d.n+p-1] -= o.Smooth
				d.penalty[(p-1)*d.n+p] -= o.Smooth
			}
		}
	}
	last := d.n - 1
	d.base[last], d.penalty[last*d.n+last] = bias, tauBias
	for i := range d.blocks {
		d.base[last] += d.blocks[i].start
	}
	d.theta = slices.Clone(d.base)
}

// place finds the hats of all samples. What is not known is where the curve is highest.
func (d *design) place(columns []column) {
	d.seen = make([]hat, len(d.failed)*len(d.blocks))
	for j := range d.blocks {
		b := &d.blocks[j]
		top := hat{int32(len(b.knots) - 2), 1}
		if b.term.falling {
			top = hat{0, 0}
		}
		for i := range d.failed {
			h := top
			if columns[j].known[i] {
				k, _ := slices.BinarySearch(b.knots, columns[j].all[i])
				k = min(max(k, 1), len(b.knots)-1)
				h = hat{int32(k - 1), min((columns[j].all[i]-b.knots[k-1])/(b.knots[k]-b.knots[k-1]), 1)}
			}
			d.seen[i*len(d.blocks)+j] = h
		}
	}
}

// write puts the curves and the bias into m.
func (d *design) write(m *Model) {
	values := d.values(d.theta)
	m.Bias = d.theta[d.n-1]
	for i := range d.blocks {
		b := &d.blocks[i]
		m.Bias -= b.start
		w := Weight{Term: b.term.name}
		flat := true
		for k, at := range b.knots {
			v := round6(b.start + values[b.hat+k])
			w.Curve = append(w.Curve, Point{at, v})
			flat = flat && v == 0
		}
		if !b.term.unsure { // beyond what was seen, no steeper than the base
			last := b.first + len(b.length) - 1
			w.Weight = round6(max(0, min(b.base.Weight, float64(d.theta[last]*b.unit))))
		}
		m.Weights = slices.DeleteFunc(m.Weights, func(w Weight) bool { return w.Term == b.term.name })
		if !flat || w.Weight != 0 {
			m.Weights = append(m.Weights, w)
		}
	}
	m.Bias = round6(m.Bias)
	arrange(m.Weights, func(a, b Weight) int {
		return slices.Index(termNames, a.Term) - slices.Index(termNames, b.Term)
	})
}
