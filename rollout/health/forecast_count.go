package health

import "math"

// counts is the distribution of the bad events of one side in one window: how many
// are expected, and how much they vary.
type counts struct{ mean, variance float64 }

// countsOf is the distribution for requests that fail with a chance, and vary more
// than independent ones do as a [Dispersion] says.
func countsOf(requests, rate float64, d Dispersion) counts {
	c := counts{mean: requests * rate}
	over := 0.0
	if d.Factor > 1 {
		over = float64((d.Factor - 1) * max(1, c.mean/d.Events))
	}
	c.variance = c.mean * (1 - rate + over)
	return c
}

// times is the distribution over several windows.
func (c counts) times(windows float64) counts {
	return counts{mean: c.mean * windows, variance: c.variance * windows}
}

// A point is a value with its probability.
type point struct{ at, p float64 }

// Beyond manyEvents a count is as good as normal. What has less than negligible of
// the likeliest value's probability is left out.
const (
	manyEvents = 1000
	negligible = 1e-12
	// Bad events that vary more than this times their number are counted by the bundle.
	maxBundle = 100
)

// values are those of the count: binomial where it varies less than its mean,
// Poisson where it varies as much and negative binomial where it varies more, which are
// the distributions with p(k)/p(k-1) = a + b/k (Panjer, ASTIN Bulletin 12, 1981).
func (c counts) values() []point {
	switch {
	case c.mean <= 0:
		return []point{{0, 1}}
	case c.variance <= 1e-9*c.mean:
		return []point{{c.mean, 1}}
	case c.mean > manyEvents && c.variance < c.mean*c.mean/36:
		return c.normal()
	}
	bundle := max(1, c.variance/c.mean/maxBundle)
	c.mean, c.variance = c.mean/bundle, c.variance/bundle/bundle
	a := 1 - c.mean/c.variance
	b := c.mean*c.mean/c.variance - a
	mode := math.Floor(c.mean)
	var down, up []point
	for k, p := mode, 1.0; k >= 0 && p > negligible; k-- {
		down = append(down, point{k, p})
		p /= a + b/k
	}
	for k, p := mode+1, a+b/(mode+1); p > negligible; k++ {
		up = append(up, point{k, p})
		p *= a + b/(k+1)
	}
	out := make([]point, 0, len(down)+len(up))
	sum := 0.0
	for i := range down {
		out = append(out, down[len(down)-1-i])
	}
	out = append(out, up...)
	for _, v := range out {
		sum += v.p
	}
	for i := range out {
		out[i].at *= bundle
		out[i].p /= sum
	}
	return out
}

// tail is how far a count reaches above its mean when it varies much more than that: as
// far as is not negligible of an exponential distribution.
func (c counts) tail() float64 {
	if c.variance <= c.mean {
		return 0
	}
	return -math.Log(negligible) * (c.variance/c.mean - 1)
}

// normal are points of the normal distribution.
func (c counts) normal() []point {
	const reach, perSD = 6, 10
	sd := math.Sqrt(c.variance)
	out := make([]point, 0, 2*reach*perSD+1)
	sum := 0.0
	for i := -reach * perSD; i <= reach*perSD; i++ {
		u := float64(i) / perSD
		p := math.Exp(-u * u / 2)
		out = append(out, point{c.mean + u*sd, p})
		sum += p
	}
	for i := range out {
		out[i].p /= sum
	}
	return out
}
