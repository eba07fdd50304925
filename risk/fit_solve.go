package risk

import (
	"math"
	"slices"
)

// solve finds the parameters by Newton's method with a line search. The loss is strictly
// convex on the box of the signs, so there is one answer. Each step is the least of
// a quadratic on that box, by coordinate descent.
func (d *design) solve() {
	at := d.loss(d.theta)
	for range 50 {
		g, h := d.derive()
		step := d.descend(g, h)
		size, next := 1.0, at
		var theta []float64
		for range 40 {
			theta = slices.Clone(d.theta)
			for p := range theta {
				theta[p] = d.inside(p, theta[p]+float64(size*step[p]))
			}
			if next = d.loss(theta); next < at {
				break
			}
			size /= 2
		}
		if !(next < at) {
			return
		}
		gain := at - next
		d.theta, at = theta, next
		if gain < 1e-6*(1+math.Abs(at)) {
			return
		}
	}
}

// inside is x, or the end of the parameter's side of zero.
func (d *design) inside(p int, x float64) float64 {
	switch {
	case p == d.n-1:
		return x
	case d.falling[p]:
		return min(x, 0)
	}
	return max(x, 0)
}

// values are the curves at all knots, each from 0 on.
func (d *design) values(theta []float64) []float64 {
	out := make([]float64, d.hats)
	for i := range d.blocks {
		b := &d.blocks[i]
		for k, l := range b.length {
			out[b.hat+k+1] = out[b.hat+k] + float64(theta[b.first+k]*l)
		}
	}
	return out
}

// eta is the log-odds of sample i.
func (d *design) eta(i int, values []float64, bias float64) float64 {
	s := bias + d.offset[i]
	row := d.seen[i*len(d.blocks) : (i+1)*len(d.blocks)]
	for j := range row {
		a := d.blocks[j].hat + int(row[j].at)
		s += values[a] + float64(row[j].part*(values[a+1]-values[a]))
	}
	return s
}

// loss is the negative log posterior, up to a constant.
func (d *design) loss(theta []float64) float64 {
	values, sum := d.values(theta), 0.0
	for i := range d.failed {
		e := d.eta(i, values, theta[d.n-1])
		if d.failed[i] {
			e = -e
		}
		sum += float64(d.weight[i] * softplus(e))
	}
	for p := range theta {
		for q, w := range d.penalty[p*d.n : (p+1)*d.n] {
			if w != 0 {
				sum += float64(0.5 * w * float64((theta[p]-d.base[p])*(theta[q]-d.base[q])))
			}
		}
	}
	return sum
}

// derive is the gradient of the loss and its Hessian, n x n.
func (d *design) derive() (g, h []float64) {
	m := d.hats + 1 // the last is the bias
	hg, hh := make([]float64, m), make([]float64, m*m)
	values := d.values(d.theta)
	var at [2*len(terms) + 1]int
	var part [2*len(terms) + 1]float64
	for i := range d.failed {
		p := sigmoid(d.eta(i, values, d.theta[d.n-1]))
		r := p
		if d.failed[i] {
			r--
		}
		r = float64(d.weight[i] * r)
		v := float64(d.weight[i] * max(float64(p*(1-p)), 1e-9))
		n := 0
		for j, s := range d.seen[i*len(d.blocks) : (i+1)*len(d.blocks)] {
			k := d.blocks[j].hat + int(s.at)
			at[n], part[n] = k, 1-s.part
			at[n+1], part[n+1] = k+1, s.part
			n += 2
		}
		at[n], part[n] = d.hats, 1
		for a := range n + 1 {
			if part[a] == 0 {
				continue
			}
			hg[at[a]] += float64(r * part[a])
			va, row := float64(v*part[a]), hh[at[a]*m:]
			for b := range a + 1 {
				row[at[b]] += float64(va * part[b])
			}
		}
	}
	return d.slopes(hg, hh)
}

// slopes turns sums over knots into sums over slopes, and adds the prior's part: the value
// at a knot rises with each slope before it by that one's length.
func (d *design) slopes(hg, hh []float64) (g, h []float64) {
	m := d.hats + 1
	for a := range m {
		for b := range a {
			hh[b*m+a] = hh[a*m+b]
		}
	}
	g = make([]float64, d.n)
	half := make([]float64, d.n*m)
	for i := range d.blocks {
		b := &d.blocks[i]
		sum, row := 0.0, make([]float64, m)
		for k := len(b.length) - 1; k >= 0; k-- {
			sum += hg[b.hat+k+1]
			g[b.first+k] = float64(sum * b.length[k])
			for c, x := range hh[(b.hat+k+1)*m : (b.hat+k+2)*m] {
				row[c] += x
				half[(b.first+k)*m+c] = float64(row[c] * b.length[k])
			}
		}
	}
	last := d.n - 1
	g[last] = hg[d.hats]
	copy(half[last*m:], hh[d.hats*m:])
	h = slices.Clone(d.penalty)
	for p := range d.n {
		for i := range d.blocks {
			b := &d.blocks[i]
			sum := 0.0
			for k := len(b.length) - 1; k >= 0; k-- {
				sum += half[p*m+b.hat+k+1]
				h[p*d.n+b.first+k] += float64(sum * b.length[k])
			}
		}
		h[p*d.n+last] += half[p*m+d.hats]
		for q, w := range d.penalty[p*d.n : (p+1)*d.n] {
			if w != 0 {
				g[p] += float64(w * (d.theta[q] - d.base[q]))
			}
		}
	}
	return g, h
}

// descend is the step that makes g'step + step'h step/2 least while theta+step keeps its
// signs.
func (d *design) descend(g, h []float64) []float64 {
	step, slope := make([]float64, d.n), slices.Clone(g)
	for range 200 {
		moved := 0.0
		for p := d.n - 1; p >= 0; p-- {
			row := h[p*d.n : (p+1)*d.n]
			next := d.inside(p, d.theta[p]+step[p]-slope[p]/row[p]) - d.theta[p]
			change := next - step[p]
			if change == 0 {
				continue
			}
			step[p] = next
			for q, x := range row {
				slope[q] += float64(change * x)
			}
			moved = max(moved, float64(math.Abs(change)*math.Sqrt(row[p])))
		}
		if moved < 1e-5 {
			break
		}
	}
	return step
}
