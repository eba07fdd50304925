package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/metrics"
)

// The world of BenchmarkSignal: companies of 20 services with 50 deployments a week each,
// a year of history, and a year of looking at all of them each week. In every second one,
// 2 services fail twice as often from some week on.
const (
	watchServices, watchDoubled = 20, 2
	watchWeeks, watchWithin     = 104, 8
	watchWarm, watchDeployments = 52, 50
	watchQ, watchP              = 0.1, 0.01
)

// watchTally is what came of it. alone is the alarm P <= 0.01 of one service, without
// looking at the others; family is Q <= 0.1 of all services in the same week, strict P <= 0.001.
type watchTally struct {
	stable      float64 // series-years
	doubled     int
	falseAlarms map[string]int // times that an alarm began
	found       map[string]int // within eight weeks
}

func newWatchTally() watchTally {
	return watchTally{falseAlarms: map[string]int{}, found: map[string]int{}}
}

// company simulates one company: services below watchDoubled double at the week at, if
// at is not 0.
func (w *watchTally) company(t require.TestingT, r *rand.Rand, rate float64, at int) {
	signals := make([][]metrics.Signal, watchServices)
	for i := range signals {
		failed := make([]int, watchWeeks)
		for week := range failed {
			p := rate
			if at > 0 && i < watchDoubled && week >= at {
				p *= 2
			}
			failed[week] = binomial(r, watchDeployments, p)
		}
		s, err := metrics.Watch(rates(watchDeployments, failed), metrics.WatchOptions{})
		require.NoError(t, err)
		require.Len(t, s, watchWeeks-watchWarm)
		signals[i] = s
	}
	before := map[string][]bool{"alone": make([]bool, watchServices), "family": make([]bool, watchServices), "strict": make([]bool, watchServices)}
	found := map[string][]bool{"alone": make([]bool, watchServices), "family": make([]bool, watchServices), "strict": make([]bool, watchServices)}
	for k := range watchWeeks - watchWarm {
		p := make([]float64, watchServices)
		for i := range p {
			p[i] = signals[i][k].P
		}
		q := metrics.FDR(p)
		for i := range p {
			week, doubled := k+watchWarm, at > 0 && i < watchDoubled
			for rule, alarm := range map[string]bool{"alone": p[i] <= watchP, "family": q[i] <= watchQ, "strict": p[i] <= 0.001} {
				switch {
				case !alarm:
				case !doubled && !before[rule][i]:
					w.falseAlarms[rule]++
				case doubled && week >= at && week < at+watchWithin:
					found[rule][i] = true
				}
				before[rule][i] = alarm
			}
		}
	}
	years := float64(watchWeeks-watchWarm) / 52
	w.stable += years * watchServices
	if at > 0 {
		w.stable -= years * watchDoubled
		w.doubled += watchDoubled
		for rule, f := range found {
			for i := range watchDoubled {
				if f[i] {
					w.found[rule]++
				}
			}
		}
	}
}

// BenchmarkSignal measures what the issue promises of [metrics.Watch] with [metrics.FDR]: at
// most one false alarm in 100 stable series-years, and a doubled fail rate found
// within eight weeks. It fails where a 99 % interval lies beyond the bar. At a fail rate of
// 5 % the power is about 60 %, and no rule reaches 80 % at that number of false alarms: the
// most powerful test of eight weeks against a known rate has 77 %.
func BenchmarkSignal(b *testing.B) {
	for _, c := range []struct{ rate, power float64 }{{0.05, 0.55}, {0.10, 0.80}, {0.15, 0.80}} {
		b.Run(fmt.Sprintf("rate=%.0f%%", 100*c.rate), func(b *testing.B) {
			companies := 1500
			if testing.Short() {
				companies = 400
			}
			var w watchTally
			for b.Loop() {
				w = newWatchTally()
				r := rand.New(rand.NewPCG(20261124, 50))
				for i := range companies {
					at := 0
					if i%2 == 1 {
						at = watchWarm + r.IntN(watchWeeks-watchWarm-watchWithin)
					}
					w.company(b, r, c.rate, at)
				}
			}
			for _, rule := range []string{"alone", "family"} {
				wrong := stats.Garwood(w.falseAlarms[rule], 0.99)
				power := stats.ClopperPearson(w.found[rule], w.doubled, 0.99)
				b.ReportMetric(100*float64(w.falseAlarms[rule])/w.stable, rule+"-false/100y")
				b.ReportMetric(100*float64(w.found[rule])/float64(w.doubled), rule+"-power-%")
				require.LessOrEqual(b, wrong.Lo/w.stable, 0.01, "%s: %d false alarms in %v series-years", rule, w.falseAlarms[rule], w.stable)
				require.GreaterOrEqual(b, power.Hi, c.power, "%s: %d of %d found", rule, w.found[rule], w.doubled)
			}
			b.ReportMetric(100*float64(w.falseAlarms["strict"])/w.stable, "p001-false/100y")
		})
	}
}
