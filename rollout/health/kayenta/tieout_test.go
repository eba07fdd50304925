package kayenta_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/rollout/health/kayenta"
)

// published are the samples of testdata/wilcoxon.json, by name.
func published(t *testing.T) map[string][]float64 {
	t.Helper()
	b, err := os.ReadFile("testdata/wilcoxon.json")
	require.NoError(t, err)
	var file struct {
		Samples map[string][][2]float64 `json:"samples"`
	}
	require.NoError(t, json.Unmarshal(b, &file))
	out := map[string][]float64{}
	for name, values := range file.Samples {
		for _, v := range values {
			for range int(v[1]) {
				out[name] = append(out[name], v[0])
			}
		}
	}
	return out
}

// The intervals agree with R's, in all cases that Kayenta ties out: figures of its
// MannWhitneySuite, each to the digits that it asks for.
func TestShiftAgreesWithR(t *testing.T) {
	t.Parallel()
	samples := published(t)
	const exact, loose = 1e-6, 1e-4
	for _, test := range []struct {
		name       string
		confidence float64
		low, high  float64
		estimate   float64
		slack      float64 // of the estimate
	}{
		{"apart", 0.95, 6, 39, 22.5, exact},
		{"narrow", 0.98, -1.4808028936386108e-5, 1.808255910873413e-5, 1.808255910873413e-5, exact},
		{"ties", 0.95, -0.500002521696696, -3.486287505871302e-5, -0.4999393907180323, loose},
		{"many ties", 0.98, -0.4999173250549087, -6.912685789769486e-6, -3.45044082729315e-5, loose},
		{"zeros", 0.95, 3.521755377702165e-5, 2.02456461662334e-5, 2.6279243045155653e-5, exact},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			x, y := samples[test.name+" canary"], samples[test.name+" control"]
			require.NotEmpty(t, x)
			require.NotEmpty(t, y)
			s, err := kayenta.ShiftOf(x, y, test.confidence)
			require.NoError(t, err)
			require.InDelta(t, test.low, s.Low, exact)
			require.InDelta(t, test.high, s.High, exact)
			require.InDelta(t, test.estimate, s.Estimate, test.slack)
		})
	}
}

// The deviates agree with R's too: what the ends of the intervals are found from.
func TestDeviateAgreesWithR(t *testing.T) {
	t.Parallel()
	samples := published(t)
	quantile := stats.NormalQuantile(0.975)
	for _, test := range []struct {
		name  string
		shift float64
		less  float64 // what the figure has taken off
		want  float64
	}{
		{"narrow", 0, 0, -1.229416},
		{"narrow", 5, 0, -35.80606},
		{"zeros", -3.124999999999986, quantile, 17.090968923762254},
		{"zeros", 5.555555555555557, quantile, -20.997687930433106},
		{"zeros", -3.124999999999986, -quantile, 21.01089689284236},
		{"zeros", 5.555555555555557, -quantile, -17.077759961353},
	} {
		d := kayenta.Deviate(samples[test.name+" canary"], samples[test.name+" control"], test.shift)
		require.InDelta(t, test.want, d-test.less, 1e-5, test.name)
	}
	require.InDelta(t, 1.9599639845400536, quantile, 1e-12)
	require.InDelta(t, -2.326348, stats.NormalQuantile(0.01), 1e-6)
}
