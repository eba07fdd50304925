package risk_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/risk"
)

// close says that x is within n ulp of want, or as near to 0 as makes no difference.
func near(t require.TestingT, want, x, ulps float64) {
	unit := math.Nextafter(math.Abs(want), math.Inf(1)) - math.Abs(want)
	require.LessOrEqual(t, math.Abs(want-x), max(ulps*unit, 1e-320), "%v, want %v", x, want)
}

// The own functions are those of the standard library, to within a few ulp.
func TestElementaryFunctions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := math.Ldexp(rapid.Float64Range(1, 2).Draw(t, "m"), rapid.IntRange(-60, 60).Draw(t, "e"))
		near(t, math.Log(x), risk.Ln(x), 3)
		y := -rapid.Float64Range(0, 700).Draw(t, "y")
		near(t, math.Exp(y), risk.Exp(y), 3)
		z := rapid.Float64Range(-700, 700).Draw(t, "z")
		near(t, math.Max(z, 0)+math.Log1p(math.Exp(-math.Abs(z))), risk.Softplus(z), 4)
		require.InDelta(t, 1, risk.Sigmoid(z)+risk.Sigmoid(-z), 1e-15)
		u := rapid.Float64Range(-0.9999999, 1).Draw(t, "u")
		near(t, math.Log1p(u), risk.Log1p(u), 4)
		small := math.Ldexp(u, -rapid.IntRange(0, 60).Draw(t, "down"))
		near(t, math.Log1p(small), risk.Log1p(small), 4)
		n := rapid.Int64Range(0, 1<<53-1).Draw(t, "n")
		require.InDelta(t, math.Log1p(float64(n)), risk.LogOf(n), 1e-11)
		if n < 1<<39 {
			require.InDelta(t, math.Log1p(float64(n)), risk.LogOf(n), 1e-14)
		}
	})
	require.Equal(t, 0.0, risk.Ln(1))
	require.Equal(t, 1.0, risk.Exp(0))
	require.Equal(t, math.Inf(-1), risk.Log1p(-1))
	require.Equal(t, 0.0, risk.Exp(-1e300))
	require.Equal(t, 1.0, risk.Sigmoid(1e300))
	require.Equal(t, 0.0, risk.Sigmoid(-1e300))
	require.Equal(t, 0.0, risk.LogOf(0))
	require.Equal(t, 0.0, risk.LogOf(math.MinInt64))
}

// No count has a smaller logarithm than the one before, although the error of a logarithm is larger than the
// step between those of large neighbours.
func TestLogarithmsOfCountsNeverFall(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<uint(rapid.IntRange(1, 53).Draw(t, "bits"))-2).Draw(t, "n")
		for i := n; i < min(n+200, 1<<53-2); i++ {
			require.LessOrEqual(t, risk.LogOf(i), risk.LogOf(i+1), "%d", i)
		}
	})
}
