package health_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// oracleSamples draws the samples of a window of a service whose canary fails worse
// times as often.
func oracleSamples(t *rapid.T, p health.Policy, id string, rate, worse float64) []health.Sample {
	var out []health.Sample
	for _, m := range p.Metrics {
		for _, stratum := range rapid.SampledFrom([][]string{{""}, {"", "eu"}, {"eu"}, {"us", ""}, {""}, {}}).Draw(t, "strata") {
			if m.Mean {
				stratum = ""
			}
			s := health.Sample{ID: id, Metric: m.Name, Stratum: stratum}
			total := func(name string, of []int) uint64 { return uint64(rapid.SampledFrom(of).Draw(t, name)) }
			s.Canary.Total, s.Control.Total = total("n", []int{0, 1, 20, 100, 1000, 1000}), total("m", []int{0, 100, 900, 9000, 9000})
			draw := func(name string, n uint64, p float64) uint64 {
				// Around the mean, and no further than drawn numbers make sense.
				mean := float64(n) * p
				u := rapid.Float64Range(-2, 2).Draw(t, name)
				return uint64(min(float64(n), max(0, math.Round(mean+u*math.Sqrt(mean)))))
			}
			switch {
			case m.Mean:
				s.CanaryMean, s.ControlMean = rapid.Float64Range(90, 110).Draw(t, "x")*worse, rapid.Float64Range(90, 110).Draw(t, "y")
			case len(m.Edges) > 0:
				left, right := s.Canary.Total, s.Control.Total
				for range m.Edges {
					left, right = draw("x", left, min(1, rate*worse)), draw("y", right, rate)
					s.CanarySlow, s.ControlSlow = append(s.CanarySlow, left), append(s.ControlSlow, right)
				}
			default:
				s.Canary.Bad, s.Control.Bad = draw("x", s.Canary.Total, min(1, rate*worse)), draw("y", s.Control.Total, rate)
				s.Twin.Total = total("twin", []int{0, 0, 100})
				s.Twin.Bad = draw("z", s.Twin.Total, rate)
				if rapid.IntRange(0, 2000).Draw(t, "impossible") == 0 {
					s.Control.Bad = s.Control.Total + 1
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "shared") == 0 {
				s.Share = rapid.SampledFrom([]float64{.1, .1, .5}).Draw(t, "share")
			}
			out = append(out, s)
			if m.Mean {
				break
			}
		}
	}
	return out
}

// A Monitor says what its definition says, recomputed by brute force: with strata,
// edges, means, twins, shares, tempering, late beginnings, new stages, windows without
// requests, samples that come twice or are impossible, and a crash at any place.
func TestMonitorIsItsDefinition(t *testing.T) {
	t.Parallel()
	policies := []health.Policy{
		{Alpha: .05, Metrics: []health.Metric{{Name: "a"}}},
		{Alpha: .01, WarmUp: -1, Stale: 3, Silence: 2000, Metrics: []health.Metric{{Name: "a", Tolerance: 1}, {Name: "b", Tolerance: 1, MDE: 1.5, Weight: 3}}},
		{Alpha: .02, WarmUp: 2, Metrics: []health.Metric{{Name: "a", RegressionOnly: true}, {Name: "b", Edges: []float64{1, 2, 3}, CertifyAt: 2}}},
		{Alpha: .3, Beta: .3, WarmUp: -1, Metrics: []health.Metric{{Name: "a", Dispersion: health.Dispersion{Factor: 3, Events: 2}}, {Name: "m", Mean: true, Tolerance: 1.1, MDE: 1.5, Weight: 5}}},
		{Metrics: []health.Metric{{Name: "a", RegressionOnly: true, Edges: []float64{.1, 1}}}},
	}
	kinds := map[string]int{}
	property := func(t *rapid.T) {
		p := rapid.SampledFrom(policies).Draw(t, "policy")
		real, err := health.New(p)
		require.NoError(t, err)
		o := newOracle(p)
		rate, worse := rapid.SampledFrom([]float64{.0005, .01, .2}).Draw(t, "rate"), rapid.SampledFrom([]float64{1, 1, 1.2, 2, 5}).Draw(t, "worse")
		var last []health.Sample
		for i := range rapid.IntRange(0, 45).Draw(t, "windows") {
			op := oracleOp{samples: oracleSamples(t, p, fmt.Sprint(i), rate, worse)}
			switch rapid.IntRange(0, 30).Draw(t, "event") {
			case 0:
				op = oracleOp{recertify: true}
			case 1:
				op.samples = append(op.samples, last...) // read again after a crash
			case 2:
				op.samples = append(op.samples, health.Sample{ID: "x", Metric: "unknown"})
			case 3:
				data, err := json.Marshal(real)
				require.NoError(t, err)
				real = new(health.Monitor)
				require.NoError(t, json.Unmarshal(data, real))
			}
			if op.recertify {
				real.Recertify()
				require.NoError(t, o.do(op))
			} else {
				require.Equal(t, o.do(op) != nil, real.Add(op.samples...) != nil)
				last = op.samples
			}
			got, want := real.Verdict(), o.verdict()
			require.Equal(t, want.Kind.String(), got.Kind.String(), got.Why)
			require.Equal(t, got.Kind, real.Kind())
			kinds[got.Kind.String()]++
			for _, pair := range [][2]float64{{want.LogE, got.LogE}, {want.LogCertificate, got.LogCertificate}} {
				if pair[0] > -600 || pair[1] > -600 { // below, the oracle's numbers are no longer exact
					require.InDelta(t, pair[0], pair[1], 1.1e-9+1e-11*math.Abs(pair[0]))
				}
			}
			require.Equal(t, want.NoData, got.NoData)
			require.Equal(t, want.Guilty, got.Guilty)
			if want.Kind == health.KindRegressed {
				require.Equal(t, want.Asymptotic, got.Asymptotic)
			}
			if want.Metric != "" {
				require.Equal(t, want.Metric, got.Metric)
			}
			require.NotRegexp(t, `NaN|Inf|%!`, got.Why)
			_, err := json.Marshal(got)
			require.NoError(t, err)
		}
	}
	rapid.Check(t, property)

	// Chance alone may miss a kind of verdict: these draws are the same in each run.
	clear(kinds)
	again := rapid.MakeFuzz(property)
	for seed := byte(70); seed < 100; seed++ {
		data := make([]byte, 1<<18)
		_, _ = rand.NewChaCha8([32]byte{seed}).Read(data)
		t.Run(fmt.Sprint(seed), func(t *testing.T) { again(t, data) })
	}
	t.Log(kinds)
	for _, k := range []string{"undecided", "healthy", "regressed", "invalid"} {
		require.Positive(t, kinds[k], "a kind that was never drawn: %v", kinds)
	}
}
