package health_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// temperedBet is the e-process of the package comment with tempered evidence, not
// in logarithms: for each ratio, the evidence from the beginning and that of all
// later beginnings together.
type temperedBet struct {
	dispersion health.Dispersion
	tolerance  float64
	own        bool // tempered by the window's own s, not by the mean so far
	sum        float64
	windows    int
	now, late  [7]float64
}

func (b *temperedBet) add(x, y, share float64) (e float64) {
	s := x + y
	b.sum += s
	b.windows++
	k := float64(b.windows)
	at := b.sum / k
	if b.own {
		at = s
	}
	phi := b.dispersion.Phi(at, share)
	ratios := [7]float64{math.Sqrt(2 * b.tolerance), 2, 3, 5, 10, 30, 100}
	weights := [7]float64{.15, .45, .15, .10, .07, .05, .03}
	for j, r := range ratios {
		step := math.Exp((x*math.Log(r/b.tolerance) - s*math.Log((1+share*(r-1))/(1+share*(b.tolerance-1)))) / phi)
		if b.windows == 1 {
			b.now[j] = 1
		}
		b.now[j], b.late[j] = b.now[j]*step, (b.late[j]+1/(k*(k+1)))*step
		e += weights[j] * (.8*b.now[j] + .2*b.late[j])
	}
	return e + .2/(k+1)
}

// Evidence that is tempered by two hours of the service's own history keeps alpha
// with a look every minute for an hour, whatever the noise is, whether that history
// is of a part as large as the canary or of the whole service; and without
// tempering it does not. Simulated.
func TestTempering(t *testing.T) {
	t.Parallel()
	const rate, minutes = .01, 60
	for _, noise := range []struct {
		dispersionNoise
		needed bool
	}{
		{dispersionGamma(.2), false}, {dispersionGamma(.5), true}, {dispersionLognormal(.2), false}, {dispersionLognormal(.5), true},
		{dispersionBursts(3), true}, {dispersionBursts(10), true},
	} {
		for _, size := range []struct {
			name                    string
			canary, control, former int
		}{
			{"100 v 900, history of the canary's size", 100, 900, 100}, {"100 v 900, history of the service", 100, 900, 1000},
			{"1,000 v 9,000, history of the canary's size", 1000, 9000, 1000}, {"1,000 v 9,000, history of the service", 1000, 9000, 10_000},
		} {
			t.Run(noise.name+", "+size.name, func(t *testing.T) {
				t.Parallel()
				n := runs(100)
				var own, mean, strict, plain int
				for run := range n {
					rng := rand.New(rand.NewPCG(41, uint64(run)))
					d, err := health.DispersionOf(dispersionHistory(rng, noise.dispersionNoise, 120, size.former, rate))
					if err != nil {
						require.ErrorContains(t, err, "are fewer than 30", "bursts may leave a history with nothing to see")
						continue
					}
					share := float64(size.canary) / float64(size.canary+size.control)
					bets := []struct {
						bet   temperedBet
						fired *int
						done  bool
					}{
						{temperedBet{dispersion: d, tolerance: 1.2, own: true}, &own, false},
						{temperedBet{dispersion: d, tolerance: 1.2}, &mean, false},
						{temperedBet{dispersion: d, tolerance: 1}, &strict, false},
						{temperedBet{tolerance: 1}, &plain, false},
					}
					for range minutes {
						x, y := float64(noise.draw(rng, size.canary, rate)), float64(noise.draw(rng, size.control, rate))
						for i := range bets {
							if b := &bets[i]; !b.done && b.bet.add(x, y, share) >= 1/health.DefaultAlpha {
								b.done = true
								*b.fired++
							}
						}
					}
				}
				percent := func(k int) float64 { return 100 * float64(k) / float64(n) }
				t.Logf("%d healthy releases: false %.2f %% (tempered by the window's own s %.2f %%, without tolerance %.2f %%, without tempering or tolerance %.2f %%)",
					n, percent(mean), percent(own), percent(strict), percent(plain))
				// Not refuted at 99.9 %: a run of this size cannot show more.
				least := func(k int) float64 { return stats.ClopperPearson(k, n, .998).Lo }
				require.LessOrEqual(t, least(mean), health.DefaultAlpha)
				require.LessOrEqual(t, least(own), health.DefaultAlpha)
				require.LessOrEqual(t, least(strict), health.DefaultAlpha)
				if noise.needed && size.canary == 1000 && n >= 100 {
					require.Greater(t, least(plain), health.DefaultAlpha, "the noise is one that tempering is needed for")
				}
			})
		}
	}
}
