package backtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

// The metrics are of one back-test: how long it took in all, and what of it the
// intervals took is told by the run with the fewest draws.
func BenchmarkRun(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
		o    backtest.Options
	}{
		{"10000", 10000, backtest.Options{}},
		{"10000/fixed", 10000, backtest.Options{Model: risk.Prior()}},
		{"10000/fixed/40-draws", 10000, backtest.Options{Model: risk.Prior(), Draws: 40}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := backtest.Run(simulated(c.n, 1), c.o)
				require.NoError(b, err)
				require.Equal(b, c.n, r.Releases)
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/back-test")
		})
	}
}
