package health_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Add allocates nothing, but now and then room for the samples that it remembers.
func TestAddDoesNotAllocate(t *testing.T) {
	var p health.Policy
	for i := range 10 {
		p.Metrics = append(p.Metrics, health.Metric{Name: fmt.Sprint("metric", i)})
	}
	windows := make([][]health.Sample, 1100)
	for w := range windows {
		for _, m := range p.Metrics {
			windows[w] = append(windows[w], health.Sample{ID: fmt.Sprint(w), Metric: m.Name, Canary: count(uint64(w%2), 100), Control: count(9, 900)})
		}
	}
	m := errorsLike(t, p)
	i := 0
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if err := m.Add(windows[i]...); err != nil {
			t.Error(err)
		}
		i++
	}))
	require.NotZero(t, m.Verdict().LogE)
}
