package health

import "math"

// Remedies are changes of which each alone would be enough to find a regression of MDE
// and to certify a good release within the bake, in 95 of 100 runs each. Zero means
// that there is none, or that none is needed.
type Remedies struct {
	// Share is the canary's share of the requests, of as many requests together; at most
	// a half.
	Share float64 `json:"share,omitempty"`
	// Windows is the length of the bake.
	Windows int `json:"windows,omitempty"`
	// MDE is the smallest ratio that matters; at most 100, and no more than makes every
	// request bad.
	MDE float64 `json:"mde,omitempty"`
	// Metrics is the number of metrics of equal weight that share Alpha. At least 1.
	Metrics int `json:"metrics,omitempty"`
	// Alpha is the chance of a false rollback; at most 0.1.
	Alpha float64 `json:"alpha,omitempty"`
	// Tolerance is the ratio up to which nothing is wrong. At least 1.
	Tolerance float64 `json:"tolerance,omitempty"`
	// Traffic is how many times the requests: strata, or slices that are rolled out
	// together, that are given to one Monitor; or traffic that is mirrored. At most 1000.
	Traffic float64 `json:"traffic,omitempty"`
}

// remedies are what would be enough, of a metric whose traffic is not.
func (c *course) remedies(p Policy, bake Bake, m MetricForecast) (out Remedies) {
	certified := !c.certifies || m.Certify.Chance >= sure
	if m.Regressions[0].Found.Chance >= sure && certified {
		return out
	}
	windows := float64(bake.Windows)
	enough := func(d course) bool {
		f := d.detectUntil(d.mde, windows)
		if !d.certifies || f.by(windows) < sure {
			return f.by(windows) >= sure
		}
		done := d.certifyUntil(windows)
		return done.by(windows) >= sure
	}
	// least is the value nearest to from that is enough, if to is; steps of a fiftieth.
	least := func(from, to float64, change func(*course, float64)) float64 {
		try := func(v float64) bool {
			d := *c
			change(&d, v)
			return enough(d)
		}
		if from == to || !try(to) {
			return 0
		}
		no, yes := from, to
		for math.Abs(math.Log(yes/no)) > 0.02 {
			if mid := math.Sqrt(no * yes); try(mid) {
				yes = mid
			} else {
				no = mid
			}
		}
		return yes
	}
	if share := c.share(); share < 0.5 {
		out.Share = least(share, 0.5, func(d *course, v float64) {
			d.canary, d.control = (c.canary+c.control)*v, (c.canary+c.control)*(1-v)
		})
	}
	if most := m.Regressions[0].Found.Most; most > 0 && (!c.certifies || m.Certify.Most > 0) {
		out.Windows = max(most, m.Certify.Most)
	}
	if most := min(100, 1/c.rate); most > c.mde {
		out.MDE = least(c.mde, most, func(d *course, v float64) {
			d.mde, d.bets = v, betsOf(c.bets.tolerance, v)
		})
	}
	if n := float64(len(p.Metrics)); n > 1 {
		edges := c.edges
		k := least(c.parts/edges, 1, func(d *course, v float64) { d.goal = math.Log(v*edges) - math.Log(c.alpha) })
		out.Metrics = int(k)
	}
	if c.alpha < 0.1 {
		out.Alpha = least(c.alpha, 0.1, func(d *course, v float64) { d.goal = math.Log(c.parts) - math.Log(v) })
	}
	if c.bets.tolerance > 1 {
		out.Tolerance = least(c.bets.tolerance, 1, func(d *course, v float64) { d.bets = betsOf(v, c.mde) })
	}
	out.Traffic = least(1, 1000, func(d *course, v float64) { d.canary, d.control = c.canary*v, c.control*v })
	return out.shown()
}

// shown rounds to what people read, to the side that is enough.
func (r Remedies) shown() Remedies {
	up := func(v float64) float64 {
		if v == 0 {
			return 0
		}
		unit := math.Pow(10, math.Floor(math.Log10(v))-1)
		return round(math.Ceil(v/unit-1e-9) * unit)
	}
	r.Share, r.MDE, r.Alpha, r.Traffic = min(0.5, up(r.Share)), up(r.MDE), up(r.Alpha), up(r.Traffic)
	if r.Tolerance > 0 {
		r.Tolerance = max(1, math.Floor(r.Tolerance*100)/100)
	}
	return r
}
