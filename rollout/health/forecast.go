package health

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Bake says how long a release may be looked at, and how quickly one acts on what is
// seen. A window is whatever the traffic is counted in, such as a minute.
type Bake struct {
	// Windows is the number of closed windows that there are until the rollout must be
	// decided (MaxBake). Above 0, at most 100,000.
	Windows int `json:"windows"`
	// Lag is how many windows pass until a closed one can be read, Abort how many from a
	// verdict until the canary has no traffic any more. At least 0; parts of a window are
	// allowed.
	Lag   float64 `json:"lag,omitempty"`
	Abort float64 `json:"abort,omitempty"`
	// Length is how long a window is. If zero, texts speak of windows.
	Length time.Duration `json:"length,omitempty"`
}

// Traffic is what is expected of one metric in each window, or of one edge of it.
type Traffic struct {
	// Metric is the name of one of the policy's metrics, Edge one of its edges; 0 for a
	// metric without edges.
	Metric string  `json:"metric"`
	Edge   float64 `json:"edge,omitempty"`
	// Canary and Control are the requests of a window, of all strata. Above 0.
	Canary  float64 `json:"canary"`
	Control float64 `json:"control"`
	// Rate is the share of bad events among the control's requests, such as the share
	// above the edge. Above 0, and so small that it can grow by MDE.
	Rate float64 `json:"rate"`
	// Ratios are regressions to tell of besides MDE: the canary's rate as a multiple of
	// the control's, above the tolerance.
	Ratios []float64 `json:"ratios,omitempty"`
}

// Forecast is what a policy can show of some traffic before any of it is risked. It
// is of a rollout's first stage, of a regression that is there from its first window, of
// one metric and edge alone, and of traffic and rates that stay as they are expected.
type Forecast struct {
	// Metrics are the forecasts of each traffic, in their order.
	Metrics []MetricForecast `json:"metrics"`
	// Detect is when a regression of MDE is found in the metric where it takes longest.
	Detect Wait `json:"detect"`
	// Certify is when a release that is as good as the control is called healthy: when
	// all certificates are there, as if metrics were independent of each other. Metrics
	// that go together are sooner. It is zero where no metric certifies.
	Certify Wait `json:"certify"`
	// Enough is set when both are over within the bake with a chance of 95 %.
	Enough bool `json:"enough"`
	// Why are sentences for people: what this traffic can show, what it cannot, and what
	// would help. They may change from version to version.
	Why []string `json:"why"`
}

// MetricForecast is the forecast of one metric, or of one edge of it.
type MetricForecast struct {
	// Metric and Edge are those of the traffic.
	Metric string  `json:"metric"`
	Edge   float64 `json:"edge,omitempty"`
	// Regressions are what becomes of regressions, the one of MDE first.
	Regressions []RegressionForecast `json:"regressions"`
	// Certify is when the metric has its certificate; zero where it needs none, or where
	// that of another edge is needed.
	Certify Wait `json:"certify,omitzero"`
	// Remedies are what would be enough. They are zero when the traffic is.
	Remedies Remedies `json:"remedies,omitzero"`
}

// RegressionForecast is what becomes of a canary whose rate of bad events is Ratio
// times the control's.
type RegressionForecast struct {
	// Ratio is that of the two rates.
	Ratio float64 `json:"ratio"`
	// Found is when it is found.
	Found Wait `json:"found"`
	// Excess is the mean number of the canary's bad events beyond those that the control's
	// rate explains, until the canary has no traffic any more: until it is found, or the
	// bake ends, and Lag and Abort longer. MostExcess is not exceeded in 95 of 100 runs.
	Excess     float64 `json:"excess"`
	MostExcess float64 `json:"mostExcess"`
	// Limit is what no method can do without.
	Limit Limit `json:"limit"`
}

// Wait is when something happens.
type Wait struct {
	// Median and Most are the numbers of windows by which it has happened in half and in
	// 95 of 100 runs. 0 means not within 100,000.
	Median int `json:"median"`
	Most   int `json:"most"`
	// Chance is that of its having happened within the bake. Where the bake ends long before
	// the median it is rough: 14 % instead of 9 % in one case that was simulated.
	Chance float64 `json:"chance"`
}

// Limit is how long every test with the policy's Alpha and the metric's tolerance takes on
// average, at least, to find a regression: log(1/Alpha) over the information of a
// window.
type Limit struct {
	// Windows and Requests, of the canary, are how many it takes. The last window is not
	// rounded up. At most 10^15 windows.
	Windows  float64 `json:"windows"`
	Requests float64 `json:"requests"`
}

// ForecastOf computes what a policy can show of some traffic. It needs the traffic of
// every metric of the policy, except means, of which nothing is forecast; of a metric
// with edges that of one edge at least, among them CertifyAt. The error lists everything
// that is missing or impossible: no traffic is never a number.
//
// There is no chance in it: the distribution of the evidence is followed from window to
// window. Counts are binomial, or as much more variable as the metric's [Dispersion]
// says. Measured against simulated Monitors, numbers of windows are right to a window or
// a tenth, whichever is more.
func ForecastOf(p Policy, bake Bake, traffic ...Traffic) (Forecast, error) {
	if err := checkForecast(p, bake, traffic); err != nil {
		return Forecast{}, err
	}
	p = p.Defaults()
	var out Forecast
	var certificates []times
	slowest := Wait{Chance: 2}
	out.Enough = true
	for _, t := range traffic {
		c := courseOf(p, t)
		m := MetricForecast{Metric: t.Metric, Edge: t.Edge}
		for i, ratio := range append([]float64{c.mde}, t.Ratios...) {
			r, found := c.regression(ratio, bake)
			m.Regressions = append(m.Regressions, r)
			if i == 0 && slowest.sooner(found) {
				slowest, out.Detect = found, found
			}
			if i == 0 && found.Chance < sure {
				out.Enough = false
			}
		}
		if c.certifies {
			done := c.certify()
			m.Certify = waitOf(bake, done)
			certificates = append(certificates, done)
		}
		m.Remedies = c.remedies(p, bake, m)
		out.Metrics = append(out.Metrics, m)
	}
	out.Certify = waitOf(bake, certificates...)
	out.Enough = out.Enough && out.Certify.Chance >= sure
	out.Why = out.text(p, bake, traffic)
	return out, nil
}

// sure is the chance that is enough.
const sure = 0.95

// sooner reports whether a wait is over before another, by Most, then Median, then Chance.
func (w Wait) sooner(than Wait) bool {
	late := func(n int) int {
		if n == 0 {
			return horizon + 1
		}
		return n
	}
	if w.Chance > 1 {
		return true // none so far
	}
	if a, b := late(w.Most), late(than.Most); a != b {
		return a < b
	}
	if a, b := late(w.Median), late(than.Median); a != b {
		return a < b
	}
	return w.Chance > than.Chance
}

// waitOf is when all of them have happened, as if they were independent; zero of none.
func waitOf(bake Bake, all ...times) Wait {
	if len(all) == 0 {
		return Wait{}
	}
	by := func(windows int) float64 {
		p := 1.0
		for i := range all {
			p *= all[i].by(float64(windows))
		}
		return p
	}
	quantile := func(q float64) int {
		if by(horizon) < q {
			return 0
		}
		lo, hi := 0, horizon
		for hi-lo > 1 {
			if mid := (lo + hi) / 2; by(mid) >= q {
				hi = mid
			} else {
				lo = mid
			}
		}
		return hi
	}
	return Wait{Median: quantile(0.5), Most: quantile(sure), Chance: round(min(1, by(bake.Windows)))}
}

// courseOf is the course of a traffic that was checked.
func courseOf(p Policy, t Traffic) course {
	total := 0.0
	var metric Metric
	for _, m := range p.Metrics {
		total += m.Weight
		if m.Name == t.Metric {
			metric = m
		}
	}
	edges := float64(max(1, len(metric.Edges)))
	parts := edges * total / metric.Weight
	return course{
		bets: betsOf(metric.Tolerance, metric.MDE), mde: metric.MDE, dispersion: metric.Dispersion,
		canary: t.Canary, control: t.Control, rate: t.Rate,
		alpha: p.Alpha, parts: parts, edges: edges, goal: math.Log(parts) - math.Log(p.Alpha), need: -math.Log(p.Beta),
		warmUp:    float64(max(0, p.WarmUp)),
		certifies: !metric.RegressionOnly && (len(metric.Edges) == 0 || t.Edge == metric.CertifyAt),
	}
}

// regression is the forecast of one ratio.
func (c *course) regression(ratio float64, bake Bake) (RegressionForecast, Wait) {
	f := c.detect(ratio, float64(bake.Windows), bake.Lag+bake.Abort)
	w := waitOf(bake, f.times)
	windows := min(longest, -math.Log(c.alpha)/c.information(c.rate*ratio, c.bets.tolerance))
	mean, most := f.harm()
	return RegressionForecast{Ratio: ratio, Found: w, Excess: round(mean), MostExcess: round(most),
		Limit: Limit{Windows: round(windows), Requests: round(windows * c.canary)}}, w
}

// checkForecast reports everything that a forecast cannot be made of.
func checkForecast(p Policy, bake Bake, traffic []Traffic) error {
	if err := p.Validate(); err != nil {
		return err
	}
	p = p.Defaults()
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("health: forecast: "+format, args...))
	}
	if bake.Windows <= 0 || bake.Windows > horizon {
		bad("a bake of %d windows is not between 1 and %d", bake.Windows, horizon)
	}
	for _, v := range [...]float64{bake.Lag, bake.Abort} {
		if !(v >= 0 && v <= horizon) {
			bad("lag or abort of %v windows is not between 0 and %d", v, horizon)
		}
	}
	if bake.Length < 0 {
		bad("windows of %v", bake.Length)
	}
	type part struct {
		metric string
		edge   float64
	}
	seen := map[part]bool{}
	for _, t := range traffic {
		at := part{t.Metric, t.Edge}
		if seen[at] {
			bad("metric %q, edge %v has its traffic twice", t.Metric, t.Edge)
		}
		seen[at] = true
		i := slices.IndexFunc(p.Metrics, func(m Metric) bool { return m.Name == t.Metric })
		if i < 0 {
			bad("metric %q is not in the policy", t.Metric)
			continue
		}
		t.check(&p.Metrics[i], func(format string, args ...any) { bad("metric %q: "+format, append([]any{t.Metric}, args...)...) })
	}
	for _, m := range p.Metrics {
		has := slices.ContainsFunc(traffic, func(t Traffic) bool { return t.Metric == m.Name })
		switch {
		case m.Mean:
		case !has:
			bad("metric %q has no traffic: nothing can be said of it", m.Name)
		case len(m.Edges) > 0 && !m.RegressionOnly && !seen[part{m.Name, m.CertifyAt}]:
			bad("metric %q has no traffic of edge %v, whose certificate is needed", m.Name, m.CertifyAt)
		}
	}
	if len(traffic) == 0 && len(errs) == 0 {
		bad("no traffic: nothing can be said")
	}
	return errors.Join(errs...)
}

// check reports what is impossible about the traffic of a metric.
func (t *Traffic) check(m *Metric, bad func(format string, args ...any)) {
	switch {
	case m.Mean:
		bad("it is of means, of which nothing is forecast")
	case len(m.Edges) == 0 && t.Edge != 0, len(m.Edges) > 0 && !slices.Contains(m.Edges, t.Edge):
		bad("%v is none of its edges", t.Edge)
	}
	switch {
	case !(t.Canary >= 0 && t.Canary <= maxCount) || !(t.Control >= 0 && t.Control <= maxCount):
		bad("%v and %v requests are not between 0 and 2^53", t.Canary, t.Control)
	case t.Canary == 0 && t.Control == 0:
		bad("no requests: no traffic is never a number")
	case t.Canary == 0:
		bad("the canary has no requests: nothing is ever seen of it")
	case t.Control == 0:
		bad("the canary has no control: there is nothing to compare it with")
	case t.Canary < leastRequests || t.Control < leastRequests:
		bad("%v and %v requests in a window are fewer than %v: count in longer windows", t.Canary, t.Control, leastRequests)
	}
	switch {
	case !(t.Rate >= 0 && t.Rate <= 1):
		bad("a rate of %v is not between 0 and 1", t.Rate)
	case t.Rate == 0:
		bad("a rate of 0 can never be certified: without a bad event nothing is known of the ratio; choose an event that happens, such as an answer above an edge that a few requests in a hundred exceed")
	case t.Rate < leastRate:
		bad("a rate of %v is less than %v", t.Rate, leastRate)
	case t.Rate*m.MDE > 1:
		bad("a rate of %v cannot become mde %v times as large", t.Rate, m.MDE)
	}
	if len(t.Ratios) > maxRatios {
		bad("%d ratios are more than %d", len(t.Ratios), maxRatios)
	}
	for _, r := range t.Ratios {
		if !(r > m.Tolerance && r*t.Rate <= 1) {
			bad("a ratio of %v is not above the tolerance %v, or makes more than all of the requests bad", r, m.Tolerance)
		}
	}
}

// What a forecast is made of, at least and at most.
const (
	leastRequests = 1e-3
	leastRate     = 1e-9
	maxRatios     = 100
)
