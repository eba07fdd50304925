package metrics

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// MethodBelief is how the probabilities of [Levels] are computed.
const MethodBelief = "Jeffreys' posterior of rates and frequencies; for medians normal on each side, by the interval, of the logarithm where that is above 0"

// Fit is how well a cluster's description of one metric fits a result.
type Fit struct {
	// Metric is the metric, Description what the report said of the cluster's median
	// respondent; "" where no source was found.
	Metric      Metric `json:"metric"`
	Description string `json:"description"`
	// P is the probability that the true value is as described: in that answer bin, or,
	// where the report gives a percentage, nearer to it than to any other cluster's.
	// NaN where there is no result or no description; in JSON null.
	P float64 `json:"p"`
}

// MarshalJSON writes numbers that are not finite as null.
func (f Fit) MarshalJSON() ([]byte, error) {
	type plain Fit
	return json.Marshal(struct {
		plain
		P *float64 `json:"p"`
	}{plain(f), finiteOrNil(f.P)})
}

// ClusterFit is how well one cluster's description fits the results.
type ClusterFit struct {
	// Name is the report's, such as "elite". It names a cluster of survey answers of that
	// year and no grade. Share is which part of the respondents it was, 0 where that is
	// not recorded.
	Name  string  `json:"name"`
	Share float64 `json:"share,omitempty"`
	// Metrics are the four metrics that clusters are described by.
	Metrics []Fit `json:"metrics"`
	// Of is how many of them have a probability. All of these fit at once with a
	// probability from AtLeast to AtMost: nobody knows how the metrics hang together, so
	// these are Fréchet's bounds. They are 0 and 0 where Of is 0.
	Of      int     `json:"of"`
	AtLeast float64 `json:"atLeast"`
	AtMost  float64 `json:"atMost"`
}

// BinFit is the answer that a result would be in DORA's survey.
type BinFit struct {
	// Metric is the metric, Value its value.
	Metric Metric  `json:"metric"`
	Value  float64 `json:"value"`
	// Bin is the answer for the value, P the probability of each answer from 1 to 6 for
	// the true value behind it.
	Bin Bin        `json:"bin"`
	P   [6]float64 `json:"p"`
}

// LevelReport is what one year's report would say of results, with probabilities. There
// is no verdict in it, on purpose: DORA's levels are clusters of survey answers, they
// changed from year to year, values between and beyond them fit none, and in 2024
// the "high" cluster failed more than the "medium" one.
type LevelReport struct {
	// Year is the year of the report.
	Year int `json:"year"`
	// Bins are the answers, one for each result with bins, in the order of [Metrics].
	Bins []BinFit `json:"bins"`
	// Clusters are those of the year, in the report's order.
	Clusters []ClusterFit `json:"clusters"`
	// Missing says, for each of the four metrics without a probability, why.
	Missing []string `json:"missing,omitempty"`
	// Method is [MethodBelief].
	Method string `json:"method"`
}

// levelMetrics are the metrics that clusters are described by.
func levelMetrics() []Metric { return []Metric{LeadTime, Frequency, RecoveryTime, FailRate} }

// Levels describes results by the clusters of one year's DORA report. results are of one
// group in one window, each metric at most once; a rework rate is passed over, no
// year has a level for it. The years are 2016, 2018, 2019, 2021, 2023 and 2024; any
// other is an error that says why.
//
// A description is no threshold: a lead time of minutes does not fit a cluster whose
// median respondent answered "less than one day".
func Levels(results []Result, year int) (*LevelReport, error) {
	table, ok := clusters[year]
	if !ok {
		return nil, fmt.Errorf("metrics: no levels of %d: %s", year, noClusters(year))
	}
	byMetric := map[Metric]*Result{}
	for i := range results {
		r := &results[i]
		if r.Metric == MetricUnknown || r.Metric > ReworkRate {
			return nil, fmt.Errorf("metrics: result %d is of the metric %s", i+1, r.Metric)
		}
		if !slices.Equal(r.Key, results[0].Key) || !r.Window.From.Equal(results[0].Window.From) || !r.Window.To.Equal(results[0].Window.To) {
			return nil, fmt.Errorf("metrics: result %d is of %q in %s, the first of %q in %s", i+1, r.Key, r.Window, results[0].Key, results[0].Window)
		}
		if byMetric[r.Metric] != nil {
			return nil, fmt.Errorf("metrics: there are two results of the %s", r.Metric)
		}
		byMetric[r.Metric] = r
	}
	out := &LevelReport{Year: year, Method: MethodBelief}
	chances := map[Metric][bins]float64{}
	for _, m := range levelMetrics() {
		r := byMetric[m]
		if r == nil {
			out.Missing = append(out.Missing, fmt.Sprintf("%s: there is no result", m))
			continue
		}
		p, ok := binChances(r)
		bin, err := AnswerBin(m, r.Value)
		if !ok || err != nil {
			out.Missing = append(out.Missing, fmt.Sprintf("%s: %s", m, missingReason(r)))
			continue
		}
		chances[m] = p
		out.Bins = append(out.Bins, BinFit{Metric: m, Value: r.Value, Bin: bin, P: p})
	}
	for i := range table {
		out.Clusters = append(out.Clusters, table[i].fit(table, byMetric, chances))
	}
	return out, nil
}

func missingReason(r *Result) string {
	if r.Method == MethodIncidents {
		return "incidents by deployments are no share"
	}
	if r.Reason != "" {
		return r.Status.String() + ", " + r.Reason
	}
	if r.Status == StatusOK || r.Status == StatusTooFew {
		return "its interval is not bounded"
	}
	return r.Status.String()
}

// bin is how the cluster's median respondent answered, 0 where that is not known
// or not a bin.
func (c *cluster) bin(m Metric) Bin {
	switch m {
	case LeadTime:
		return c.lead
	case Frequency:
		return c.frequency
	case RecoveryTime:
		return c.recovery
	}
	return c.failBin
}

func (c *cluster) fit(table []cluster, results map[Metric]*Result, chances map[Metric][bins]float64) ClusterFit {
	out := ClusterFit{Name: c.name, Share: max(0, c.share), AtLeast: 1, AtMost: 1}
	for _, m := range levelMetrics() {
		f := Fit{Metric: m, P: math.NaN()}
		p, known := chances[m]
		b := c.bin(m)
		switch {
		case b > 0:
			f.Description = b.Words(m)
			if known {
				f.P = p[b-1]
			}
		case m == FailRate && c.fail >= 0:
			f.Description = m.Format(c.fail)
			if known {
				f.P = c.nearest(table, results[m])
			}
		}
		if !math.IsNaN(f.P) {
			out.Of++
			out.AtLeast = max(0, out.AtLeast-(1-f.P))
			out.AtMost = min(out.AtMost, f.P)
		}
		out.Metrics = append(out.Metrics, f)
	}
	if out.Of == 0 {
		out.AtLeast, out.AtMost = 0, 0
	}
	return out
}

// nearest is the probability that a fail rate is nearer to the cluster's than to any
// other's.
func (c *cluster) nearest(table []cluster, r *Result) float64 {
	lo, hi := 0.0, 1.0
	for i := range table {
		switch o := table[i].fail; {
		case o < c.fail:
			lo = max(lo, (o+c.fail)/2)
		case o > c.fail:
			hi = min(hi, (o+c.fail)/2)
		}
	}
	k := float64(numerator(r))
	at := func(x float64) float64 { return stats.BetaI(x, k+0.5, float64(r.N)-k+0.5) }
	return max(0, at(hi)-at(lo))
}
