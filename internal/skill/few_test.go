package skill_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/skill"
	"github.com/sallyport-dev/sallyport/internal/stats"
)

// With few failures the percentile interval of an AUC is too narrow, and AUCInterval is not: 100 outcomes
// of which about 7 fail.
func TestAUCIntervalHoldsWithFewFailures(t *testing.T) {
	t.Parallel()
	const rounds = 300
	r := rand.New(rand.NewPCG(1, 2))
	few := func(n int) *skill.Sample { // the score is normal, one higher where it failed: AUC .760
		p, failed := make([]float64, n), make([]bool, n)
		for i := range p {
			failed[i] = r.IntN(100) < 7
			p[i] = r.NormFloat64()
			if failed[i] {
				p[i]++
			}
		}
		s, _ := skill.Of(p, failed)
		return s
	}
	const truth = 0.7602 // Phi(1/sqrt(2))
	held, percentile, all := 0, 0, 0
	for i := range rounds {
		s := few(100)
		e := s.Estimates(skill.Resampling{Seed: uint64(i), Draws: 200}, (*skill.Sample).AUC)[0]
		in, ok := s.AUCInterval(0.95)
		require.Equal(t, e.Known, ok)
		if !e.Bounded {
			continue
		}
		all++
		require.LessOrEqual(t, in.Lo, e.Value)
		require.GreaterOrEqual(t, in.Hi, e.Value)
		if in.Lo <= truth && truth <= in.Hi {
			held++
		}
		if e.Interval.Lo <= truth && truth <= e.Interval.Hi {
			percentile++
		}
	}
	t.Logf("of %d: %d hold, of the percentile intervals %d", all, held, percentile)
	require.GreaterOrEqual(t, stats.Wilson(held, all, 0.999).Hi, 0.95)
	require.Less(t, stats.Wilson(percentile, all, 0.999).Hi, 0.95, "otherwise nobody would need the other one")

	one, _ := skill.Of([]float64{1, 2}, []bool{true, true})
	_, ok := one.AUCInterval(0.95)
	require.False(t, ok)
	best, _ := skill.Of([]float64{1, 2, 3, 4}, []bool{false, false, true, true})
	in, ok := best.AUCInterval(0.95)
	require.True(t, ok)
	require.Equal(t, 1.0, in.Hi)
	require.Less(t, in.Lo, 0.6, "two above two prove little")
	for _, level := range []float64{0, 1, -1, 2} {
		_, ok = best.AUCInterval(level)
		require.False(t, ok)
	}
	// R. Newcombe's method solves (AUC-x)^2 = z^2 v(x): checked at the ends.
	require.InDelta(t, 0.5, func() float64 {
		s, _ := skill.Of([]float64{1, 1, 1, 1}, []bool{true, false, true, false})
		i, _ := s.AUCInterval(0.95)
		return (i.Lo + i.Hi) / 2
	}(), 1e-9)
}

// Pairs are counted in 64 bits on machines of 32 too: GOARCH=386 go test -run TestAUCOfMany.
func TestAUCOfMany(t *testing.T) {
	t.Parallel()
	p, failed := make([]float64, 100_000), make([]bool, 100_000)
	for i := range p {
		p[i], failed[i] = float64(i%2), i%2 == 1
	}
	auc, ok := skill.AUC(p, failed)
	require.True(t, ok)
	require.Equal(t, 1.0, auc)
}
