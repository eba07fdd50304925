package metrics

import (
	"fmt"
	"math"
)

// QuickCheck is the score of DORA's Quick Check (dora.dev/quickcheck, data-service.ts),
// from 0 to 10; 10 is best for all of it.
type QuickCheck struct {
	// Edition is 2024, which asks four metrics, or 2025, which asks all five.
	Edition int
	// Metrics are the scores of the metrics that were answered.
	Metrics map[Metric]float64
	// Overall is the mean of all of them, Throughput that of lead time, frequency and
	// recovery time, Stability that of the fail rate and, in 2025, the rework rate. Each is
	// the mean of those that are there, and NaN if none is.
	Overall, Throughput, Stability float64
}

// quickMetrics are the metrics that an edition asks.
func quickMetrics(edition int) ([]Metric, error) {
	switch edition {
	case 2024:
		return []Metric{LeadTime, Frequency, RecoveryTime, FailRate}, nil
	case 2025:
		return Metrics(), nil
	}
	return nil, fmt.Errorf("metrics: Quick Check has no edition %d, only 2024 and 2025", edition)
}

// QuickCheckScore is the score of one answer, from 0 to 10. The answer is from 1 to 6
// for lead time, frequency and recovery time, as a [Bin] is, fractions between them
// too; for the two rates it is the share from 0 to 1.
func QuickCheckScore(m Metric, answer float64) (float64, error) {
	lo, hi := 1.0, 6.0
	switch {
	case isRate(m):
		lo, hi = 1, 0
	case m != LeadTime && m != Frequency && m != RecoveryTime:
		return math.NaN(), fmt.Errorf("metrics: Quick Check does not ask the metric %s", m)
	}
	if !(answer >= min(lo, hi)) || !(answer <= max(lo, hi)) {
		return math.NaN(), fmt.Errorf("metrics: %v is no answer for the %s", answer, m)
	}
	return (answer - lo) / (hi - lo) * 10, nil
}

// QuickCheckOf is the score of answers, as [QuickCheckScore] takes them. Metrics that
// were not answered are left out, so that they do not count as 0; one that the
// edition does not ask is an error.
func QuickCheckOf(answers map[Metric]float64, edition int) (QuickCheck, error) {
	asked, err := quickMetrics(edition)
	if err != nil {
		return QuickCheck{}, err
	}
	out := QuickCheck{Edition: edition, Metrics: map[Metric]float64{}}
	var overall, throughput, stability quickMean
	for _, m := range asked {
		answer, ok := answers[m]
		if !ok {
			continue
		}
		score, err := QuickCheckScore(m, answer)
		if err != nil {
			return QuickCheck{}, err
		}
		out.Metrics[m] = score
		overall.add(score)
		if isRate(m) {
			stability.add(score)
		} else {
			throughput.add(score)
		}
	}
	if len(out.Metrics) != len(answers) {
		return QuickCheck{}, fmt.Errorf("metrics: the edition %d does not ask all of the %d metrics that were answered", edition, len(answers))
	}
	out.Overall, out.Throughput, out.Stability = overall.mean(), throughput.mean(), stability.mean()
	return out, nil
}

// QuickCheckResults is the score of measured results: each time and frequency by its
// [AnswerBin], each rate by its value. Results without a value, and metrics that the
// edition does not ask, are left out. What people answer in a survey and what is
// measured differ; the benchmarks are of answers.
func QuickCheckResults(results []Result, edition int) (QuickCheck, error) {
	asked, err := quickMetrics(edition)
	if err != nil {
		return QuickCheck{}, err
	}
	answers := map[Metric]float64{}
	for i := range results {
		r := &results[i]
		if _, twice := answers[r.Metric]; twice {
			return QuickCheck{}, fmt.Errorf("metrics: there are two results of the %s", r.Metric)
		}
		if math.IsNaN(r.Value) || len(asked) < int(r.Metric) {
			continue
		}
		if isRate(r.Metric) {
			answers[r.Metric] = r.Value
			continue
		}
		bin, err := AnswerBin(r.Metric, r.Value)
		if err != nil {
			return QuickCheck{}, err
		}
		answers[r.Metric] = float64(bin)
	}
	return QuickCheckOf(answers, edition)
}

// quickMean is a mean of what is there.
type quickMean struct {
	sum float64
	n   int
}

func (m *quickMean) add(v float64) { m.sum, m.n = m.sum+v, m.n+1 }

func (m *quickMean) mean() float64 { return m.sum / float64(m.n) }
