package metrics_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

// tiered is a log of deployments of one service an hour apart: failed[i] of[i]
// deployments of tier i.
func tiered(t require.TestingT, failed, of []int, edit func(*metrics.Deployment)) *metrics.Snapshot {
	var log metrics.Log
	n := 0
	for tier := range of {
		for k := range of[tier] {
			n++
			d := metrics.Deployment{Meta: metrics.Meta{Source: "ci", ID: strconv.Itoa(n), At: hours(n), Seen: hours(n), Service: "shop", Environment: "production"},
				Version: strconv.Itoa(n), Outcome: metrics.DeploymentSucceeded, Tier: release.Tier(tier)}
			if k < failed[tier] {
				d.Outcome = metrics.DeploymentFailed
			}
			if edit != nil {
				edit(&d)
			}
			_, err := log.Add(d)
			require.NoError(t, err)
		}
	}
	return log.Snapshot(hours(n + 1))
}

func stratified(t require.TestingT, s *metrics.Snapshot, o metrics.StratifyOptions) metrics.TierReport {
	r, err := metrics.Compute(s, metrics.DORA(), metrics.Query{From: hours(0), To: s.AsOf().Add(time.Hour), Window: metrics.WindowWhole, FailuresObserved: true})
	require.NoError(t, err)
	out, err := r.Stratify(o)
	require.NoError(t, err)
	return out
}

func ExampleReport_Stratify() {
	var log metrics.Log
	at := time.Date(2026, time.June, 1, 9, 0, 0, 0, time.UTC)
	for k := range 400 {
		d := metrics.Deployment{Meta: metrics.Meta{Source: "ci", ID: strconv.Itoa(k), At: at.Add(time.Duration(k) * time.Hour), Seen: at.Add(time.Duration(k) * time.Hour),
			Service: "shop", Environment: "production"}, Version: strconv.Itoa(k), Outcome: metrics.DeploymentSucceeded, Tier: release.TierLow}
		if k%4 == 0 {
			d.Tier = release.TierHigh
		}
		if k%40 < 3 { // the high ones among them fail, and some of the others
			d.Outcome = metrics.DeploymentFailed
		}
		if _, err := log.Add(d); err != nil {
			fmt.Println(err)
			return
		}
	}
	end := at.Add(400 * time.Hour)
	report, err := metrics.Compute(log.Snapshot(end), metrics.DORA(), metrics.Query{From: at, To: end, Window: metrics.WindowWhole, FailuresObserved: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	tiers, err := report.Stratify(metrics.StratifyOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range tiers.Tiers {
		if r.Deployments > 0 {
			fmt.Printf("%-4s %d of %d failed: %.1f %% (%.1f to %.1f)\n", r.Tier, r.Failed, r.Deployments, 100*r.Rate, 100*r.Lo, 100*r.Hi)
		}
	}
	fmt.Printf("%s: %s\n", tiers.Verdict, tiers.Reason)
	// Output:
	// low  20 of 300 failed: 6.7 % (4.4 to 10.1)
	// high 10 of 100 failed: 10.0 % (5.5 to 17.4)
	// useless: deployments of higher tiers are not seen to fail more (p = 0.19), and the area under the curve is 0.55, below 0.70 (p = 0.0003)
}

func TestStratify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		failed, of []int
		want       metrics.TierVerdict
	}{
		{"it works", []int{0, 3, 8, 10, 9}, []int{0, 250, 150, 70, 30}, metrics.TiersWork},
		{"inverted", []int{0, 30, 8, 1, 0}, []int{0, 150, 150, 100, 100}, metrics.TiersInverted},
		{"shuffled", []int{0, 25, 15, 7, 3}, []int{0, 250, 150, 70, 30}, metrics.TiersUseless},
		{"weak", []int{0, 60, 60, 60, 60}, []int{0, 700, 500, 400, 300}, metrics.TiersWeak},
		{"few failures", []int{0, 2, 1, 1, 1}, []int{0, 50, 30, 15, 5}, metrics.TiersTooFew},
		{"no failure", []int{0, 0, 0, 0, 0}, []int{0, 250, 150, 70, 30}, metrics.TiersTooFew},
		{"all failed", []int{0, 9, 9, 9, 9}, []int{0, 9, 9, 9, 9}, metrics.TiersTooFew},
		{"one tier", []int{0, 0, 50, 0, 0}, []int{0, 0, 500, 0, 0}, metrics.TiersTooFew},
		{"no tier", []int{50}, []int{500}, metrics.TiersTooFew},
		{"one that failed high above all", []int{0, 0, 0, 0, 1}, []int{0, 200, 0, 0, 1}, metrics.TiersWork},
		{"nine failures do not show uselessness", []int{0, 3, 3, 3, 0}, []int{0, 400, 400, 400, 0}, metrics.TiersTooFew},
	} {
		s := tiered(t, c.failed, c.of, nil)
		got := stratified(t, s, metrics.StratifyOptions{})
		require.Equal(t, c.want, got.Verdict, "%s: %s", c.name, got.Reason)
		require.NotEmpty(t, got.Reason)
		require.NotEmpty(t, got.Bias)
		require.Len(t, got.Tiers, 4)
		for i, r := range got.Tiers {
			tier := i + 1
			require.Equal(t, release.Tier(tier), r.Tier)
			if tier < len(c.of) {
				require.Equal(t, c.of[tier], r.Deployments, c.name)
				require.Equal(t, c.failed[tier], r.Failed, c.name)
			}
			if r.Deployments == 0 {
				require.True(t, math.IsNaN(r.Rate) && math.IsNaN(r.Lo) && math.IsNaN(r.Hi), "no data is not 0")
				continue
			}
			in := stats.Wilson(r.Failed, r.Deployments, 0.95)
			require.Equal(t, []float64{in.Lo, in.Hi}, []float64{r.Lo, r.Hi})
		}
		require.Equal(t, c.of[0], got.Unknown.Deployments, "none is merged into a tier")
		if c.want != metrics.TiersTooFew {
			tails, exact := stats.Trend(c.failed[1:], c.of[1:])
			require.Equal(t, []any{tails.Upper, tails.Lower, exact}, []any{got.Rising, got.Falling, got.Exact}, c.name)
		}
	}
}

// TestStratifyCumulates: what the tiers from one upwards catch.
func TestStratifyCumulates(t *testing.T) {
	t.Parallel()
	got := stratified(t, tiered(t, []int{5, 2, 0, 3, 5}, []int{10, 50, 30, 10, 10}, nil), metrics.StratifyOptions{Blocked: map[release.Tier]int{release.TierCritical: 7}})
	var share, caught []float64
	for _, r := range got.Tiers {
		share, caught = append(share, r.Share), append(caught, r.Caught)
	}
	require.Equal(t, []float64{1, 0.5, 0.2, 0.1}, share)
	require.Equal(t, []float64{1, 0.8, 0.8, 0.5}, caught)
	require.Equal(t, 7, got.Tiers[3].Blocked)
	require.Contains(t, fmt.Sprint(got.Bias), "7 releases were not let out")
	require.Contains(t, fmt.Sprint(got.Bias), "10 deployments have no tier and are in no test; 5 of them failed")
}

// TestStratifyCountsOnce: windows that overlap hold a deployment several times.
func TestStratifyCountsOnce(t *testing.T) {
	t.Parallel()
	s := tiered(t, []int{0, 10, 10, 10, 10}, []int{0, 100, 100, 100, 100}, nil)
	r, err := metrics.Compute(s, metrics.DORA(), metrics.Query{From: hours(0), To: hours(24 * 21), Window: metrics.WindowRolling, Length: 7, Step: 1})
	require.NoError(t, err)
	got, err := r.Stratify(metrics.StratifyOptions{})
	require.NoError(t, err)
	for _, tier := range got.Tiers {
		require.Equal(t, 100, tier.Deployments)
	}
}

// TestStratifyKnowsWhatIsNotKnown: attempts that exposed nobody have no outcome, and
// where nobody would have recorded a failure none is missing.
func TestStratifyKnowsWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	s := tiered(t, []int{0, 30, 0, 0, 30}, []int{0, 60, 0, 0, 60}, func(d *metrics.Deployment) {
		if d.Outcome == metrics.DeploymentFailed && d.Tier == release.TierCritical {
			d.Outcome = metrics.DeploymentNotExposed
		}
	})
	got := stratified(t, s, metrics.StratifyOptions{})
	require.Equal(t, 30, got.Tiers[3].NotExposed)
	require.Equal(t, 30, got.Tiers[3].Deployments)
	require.Contains(t, fmt.Sprint(got.Bias), "30 attempts ended before anybody was exposed")

	r, err := metrics.Compute(tiered(t, make([]int, 5), []int{0, 50, 50, 50, 50}, nil), metrics.DORA(), metrics.Query{From: hours(0), To: hours(500), Window: metrics.WindowWhole})
	require.NoError(t, err)
	got, err = r.Stratify(metrics.StratifyOptions{})
	require.NoError(t, err)
	require.Equal(t, metrics.TiersTooFew, got.Verdict)
	require.Contains(t, got.Reason, "nobody knows")
}

func TestStratifyAsksTheHostForTheTier(t *testing.T) {
	t.Parallel()
	s := tiered(t, []int{40}, []int{400}, nil)
	got := stratified(t, s, metrics.StratifyOptions{Tier: func(d *metrics.Deployment) release.Tier {
		switch {
		case d.Outcome == metrics.DeploymentFailed:
			return release.TierHigh
		case d.ID == "400":
			return release.TierCritical + 1 // no tier
		}
		return release.TierLow
	}})
	require.Equal(t, metrics.TiersWork, got.Verdict)
	require.Equal(t, 1.0, got.AUC)
	require.Equal(t, 1, got.Unknown.Deployments)
}

func TestStratifyRefuses(t *testing.T) {
	t.Parallel()
	r, err := metrics.Compute(tiered(t, []int{1}, []int{5}, nil), metrics.DORA(), metrics.Query{From: hours(0), To: hours(24), Window: metrics.WindowWhole})
	require.NoError(t, err)
	for _, o := range []metrics.StratifyOptions{{MinAUC: 0.5}, {MinAUC: 1}, {MinAUC: math.NaN()}, {Alpha: -0.1}, {Alpha: 0.2}, {Alpha: math.NaN()}, {Bins: -1}, {Bins: 101},
		{Blocked: map[release.Tier]int{release.TierLow: -1}}, {Blocked: map[release.Tier]int{9: 1}}} {
		_, err := r.Stratify(o)
		require.ErrorContains(t, err, "metrics: ", "%+v", o)
	}
}

// TestCalibration compares with a computation by hand.
func TestCalibration(t *testing.T) {
	t.Parallel()
	risks := map[string]float64{}
	s := tiered(t, []int{0, 1, 0, 2, 0}, []int{0, 2, 0, 3, 0}, func(d *metrics.Deployment) {
		d.Risk = map[release.Tier]float64{release.TierLow: 0.1, release.TierHigh: 0.6}[d.Tier]
		if d.ID == "5" {
			d.Risk = 0
		}
		risks[d.ID] = d.Risk
	})
	got := stratified(t, s, metrics.StratifyOptions{Bins: 2}).Foretold
	require.NotNil(t, got)
	require.Equal(t, []int{4, 3}, []int{got.N, got.Failed}, "one has no probability")
	require.InDelta(t, 1.4, got.Expected, 1e-15)
	require.InDelta(t, (0.81+0.01+0.16+0.16)/4, got.Brier, 1e-15)
	require.InDelta(t, 1-got.Brier/(0.75*0.25), got.Skill, 1e-14)
	require.InDelta(t, (2+0.5)/3, got.AUC, 1e-15)
	require.InDelta(t, stats.Spiegelhalter([]float64{0.1, 0.1, 0.6, 0.6}, []bool{true, false, true, true}), got.Z, 1e-14)
	require.Len(t, got.Bins, 2)
	require.Equal(t, []int{2, 1, 2, 2}, []int{got.Bins[0].N, got.Bins[0].Failed, got.Bins[1].N, got.Bins[1].Failed})
	require.InDelta(t, 0.1, got.Bins[0].Foretold, 1e-15)
	// Equal probabilities fill one bin, and no deployment is lost.
	one := stratified(t, tiered(t, []int{0, 3}, []int{0, 30}, func(d *metrics.Deployment) { d.Risk = 0.2 }), metrics.StratifyOptions{Bins: 7}).Foretold
	require.Len(t, one.Bins, 1)
	require.Equal(t, 30, one.Bins[0].N)
	require.Nil(t, stratified(t, tiered(t, []int{1}, []int{5}, nil), metrics.StratifyOptions{}).Foretold)
}

// BenchmarkClassifierDetected says how often 500 deployments show that their tiers
// work, say nothing, or point the wrong way. Simulated: failures are drawn by tier
// at rates that are in all as given; the shuffled tiers are dealt at random, the
// inverted ones are those that work, upside down.
func BenchmarkClassifierDetected(b *testing.B) {
	of := []int{250, 150, 70, 30}
	odds := []float64{0.3, 1, 3, 6} // of a classifier that works, by tier
	for _, rate := range []float64{0.08, 0.15} {
		total := 0.0
		for i, n := range of {
			total += float64(n) * odds[i]
		}
		for _, kind := range []struct {
			name string
			want metrics.TierVerdict
			rate func(tier int) float64
			as   func(tier int) int
		}{
			{"works", metrics.TiersWork, func(tier int) float64 { return odds[tier] * rate * 500 / total }, func(tier int) int { return tier + 1 }},
			{"shuffled", metrics.TiersUseless, func(int) float64 { return rate }, func(tier int) int { return tier + 1 }},
			// The one that works, upside down.
			{"inverted", metrics.TiersInverted, func(tier int) float64 { return odds[tier] * rate * 500 / total }, func(tier int) int { return 4 - tier }},
		} {
			b.Run(fmt.Sprintf("%s/%v", kind.name, rate), func(b *testing.B) {
				runs := 2000
				if testing.Short() {
					runs = 100
				}
				for b.Loop() {
					r := rand.New(rand.NewPCG(11, uint64(1000*rate)))
					right := 0
					for range runs {
						failed, sizes := make([]int, 5), make([]int, 5)
						for tier, n := range of {
							sizes[kind.as(tier)] = n
							for range n {
								if r.Float64() < kind.rate(tier) {
									failed[kind.as(tier)]++
								}
							}
						}
						if stratified(b, tiered(b, failed, sizes, nil), metrics.StratifyOptions{}).Verdict == kind.want {
							right++
						}
					}
					in := stats.Wilson(right, runs, 0.99)
					b.ReportMetric(100*float64(right)/float64(runs), "%detected")
					b.ReportMetric(100*in.Lo, "%lo99")
					b.ReportMetric(100*in.Hi, "%hi99")
					if in.Hi < 0.95 {
						b.Errorf("%d of %d are called %s", right, runs, kind.want)
					}
				}
			})
		}
	}
}
