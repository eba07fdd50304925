package health_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// watchMinute is the i-th minute of a day.
func watchMinute(i int) health.Window {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Minute)
	return health.Window{Start: start, End: start.Add(time.Minute)}
}

func watchSample(metric string, minute int, bad, total uint64) health.WatchSample {
	return health.WatchSample{Metric: metric, Window: watchMinute(minute), Count: count(bad, total)}
}

func watchNew(t testing.TB, p health.WatchPolicy) *health.Watch {
	w, err := health.NewWatch(p)
	require.NoError(t, err)
	return w
}

func watchErrors() health.WatchPolicy {
	return health.WatchPolicy{Metrics: []health.Baseline{{Name: "errors", Rate: .01}}}
}

func TestWatchVerdicts(t *testing.T) {
	t.Parallel()
	steady := func(bad, total uint64) func(int) health.WatchSample {
		return func(i int) health.WatchSample { return watchSample("errors", i, bad, total) }
	}
	objective := health.WatchPolicy{Objectives: []health.Objective{{Metric: "errors", SLO: .999}}}
	certify := watchErrors()
	certify.Beta = .05
	for _, c := range []struct {
		name    string
		policy  health.WatchPolicy
		window  func(int) health.WatchSample
		windows int
		want    health.Kind
		noData  bool
		why     string
	}{
		{"nothing at all", watchErrors(), nil, 0, health.KindUndecided, true, "no data"},
		{"windows without requests", watchErrors(), steady(0, 0), 5, health.KindUndecided, true, "no window with requests"},
		{"as known", watchErrors(), steady(10, 1000), 5000, health.KindUndecided, false, "nothing found"},
		{"far better", watchErrors(), steady(0, 1000), 5000, health.KindUndecided, false, "nothing found"},
		{"tolerable", watchErrors(), steady(12, 1000), 5000, health.KindUndecided, false, "1.20 times the known rate"},
		{"double", watchErrors(), steady(20, 1000), 20, health.KindRegressed, false, "2.00 times the known rate"},
		{"outage in the warm-up", watchErrors(), steady(1000, 1000), 3, health.KindUndecided, false, "nothing found"},
		{"outage after it", watchErrors(), steady(1000, 1000), 4, health.KindRegressed, false, "evidence"},
		{"impossible", watchErrors(), steady(2, 1), 1, health.KindInvalid, true, "2 bad of 1"},
		{"more than can be counted", watchErrors(), steady(0, 1<<60), 1, health.KindInvalid, true, "more than"},
		{"an objective is met", objective, steady(1, 1000), 5000, health.KindUndecided, false, "no burn rate"},
		{"an objective is not met", objective, steady(2, 1000), 5000, health.KindRegressed, false, "in 72h0m0s"},
		{"an objective is not met at all", objective, steady(20, 1000), 5, health.KindRegressed, false, "in 1h0m0s"},
		{"not looked at before the short span", objective, steady(20, 1000), 4, health.KindUndecided, false, "no burn rate"},
		{"as known, and a certificate is asked for", certify, steady(10, 1000), 10, health.KindHealthy, false, "certificate"},
		{"too early", certify, steady(10, 1000), 3, health.KindUndecided, false, "certificate of errors 0.00 of 3.00"},
		{"double, and a certificate is asked for", certify, steady(19, 1000), 4, health.KindUndecided, false, "certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := watchNew(t, c.policy)
			for i := range c.windows {
				require.NoError(t, w.Add(c.window(i)))
			}
			v := w.Verdict()
			require.Equal(t, c.want.String(), v.Kind.String(), v.Why)
			require.Equal(t, c.noData, v.NoData)
			require.Contains(t, v.Why, c.why)
			require.Equal(t, "errors", v.Metric)
			require.Equal(t, v, w.Verdict())
			_, err := json.Marshal(v)
			require.NoError(t, err, "a verdict can be recorded")
		})
	}
}

func TestWatchAlarmStays(t *testing.T) {
	t.Parallel()
	p := watchErrors()
	p.Beta = .05
	w := watchNew(t, p)
	for i := range 10 {
		require.NoError(t, w.Add(watchSample("errors", i, 50, 1000)))
	}
	bad := w.Verdict()
	require.Equal(t, health.KindRegressed, bad.Kind)
	for i := 10; i < 10_000; i++ {
		require.NoError(t, w.Add(watchSample("errors", i, 0, 1000)))
	}
	require.NoError(t, w.Add(watchSample("errors", 10_000, 2, 1)))
	v := w.Verdict()
	require.Equal(t, health.KindRegressed, v.Kind)
	require.Equal(t, bad.LogE, v.LogE, "the evidence that was reached")
	alarms := w.Alarms()
	require.Len(t, alarms, 1)
	require.Equal(t, health.SeverityPage, alarms[0].Severity)
	require.Nil(t, alarms[0].Rule)
	require.Equal(t, watchMinute(3).End, alarms[0].At, "after the warm-up, at once")
	require.Equal(t, count(200, 4000), alarms[0].Count)
}

// The verdict is regressed from the window on that brings the evidence, however little
// each window brings.
func TestWatchAlarmsAtOnce(t *testing.T) {
	t.Parallel()
	for _, arl := range []float64{2, 10, 43_200} {
		w := watchNew(t, health.WatchPolicy{ARL: arl, Metrics: []health.Baseline{{Name: "errors", Rate: .01}}})
		for i := 0; w.Verdict().Kind == health.KindUndecided; i++ {
			require.Less(t, w.Verdict().LogE, math.Log(arl))
			require.NoError(t, w.Add(watchSample("errors", i, uint64(one(i%3 == 0)), 10)))
		}
		require.GreaterOrEqual(t, w.Verdict().LogE, math.Log(arl)-1e-9)
	}
}

func TestWatchStale(t *testing.T) {
	t.Parallel()
	p := health.WatchPolicy{Metrics: []health.Baseline{{Name: "errors", Rate: .01}, {Name: "slow", Rate: .05}}, Silence: 5000}
	w := watchNew(t, p)
	both := func(i int) []health.WatchSample {
		return []health.WatchSample{watchSample("errors", i, 10, 1000), watchSample("slow", i, 50, 1000)}
	}
	require.NoError(t, w.Add(both(0)...))
	at := func(d time.Duration) health.Verdict {
		require.NoError(t, w.Advance(watchMinute(0).End.Add(d)))
		return w.Verdict()
	}
	require.False(t, at(10*time.Minute).NoData, "exactly as long as stated")
	v := at(10*time.Minute + 1)
	require.True(t, v.NoData)
	require.Equal(t, health.KindUndecided, v.Kind)
	require.Contains(t, v.Why, "no requests since 2026-03-01T00:01:00Z")
	require.True(t, at(0).NoData, "time does not go back")
	require.NoError(t, w.Add(both(10)...))
	require.False(t, w.Verdict().NoData, "data are back")
	// Only one metric goes on.
	for i := 11; i < 21; i++ {
		require.NoError(t, w.Add(watchSample("errors", i, 4, 400), watchSample("slow", i, 0, 0)))
	}
	require.False(t, w.Verdict().NoData)
	require.NoError(t, w.Add(watchSample("errors", 21, 4, 400)))
	v = w.Verdict()
	require.Equal(t, health.KindUndecided, v.Kind, "few requests elsewhere prove nothing")
	require.True(t, v.NoData)
	require.Equal(t, "slow", v.Metric)
	require.NoError(t, w.Add(watchSample("errors", 22, 6, 600)))
	v = w.Verdict()
	require.Equal(t, health.KindInvalid, v.Kind, v.Why)
	require.Equal(t, "slow", v.Metric)
	require.Contains(t, v.Why, "counted 5000")
	require.NoError(t, w.Add(watchSample("slow", 23, 50, 1000)))
	require.Equal(t, health.KindUndecided, w.Verdict().Kind, "it counts again")
	require.False(t, w.Verdict().NoData)
}

func TestWatchNeverFed(t *testing.T) {
	t.Parallel()
	w := watchNew(t, watchErrors())
	require.NoError(t, w.Advance(watchMinute(0).Start))
	require.NoError(t, w.Advance(watchMinute(500).Start))
	v := w.Verdict()
	require.True(t, v.NoData)
	require.Equal(t, health.KindUndecided, v.Kind)
	require.NoError(t, w.Add(watchSample("errors", 499, 1, 100)))
	require.False(t, w.Verdict().NoData)
}

func TestWatchRefusesSamples(t *testing.T) {
	t.Parallel()
	span := func(from, to int) health.WatchSample {
		return health.WatchSample{Metric: "errors", Window: health.Window{Start: watchMinute(from).Start, End: watchMinute(to).Start}, Count: count(1, 100)}
	}
	there := []health.WatchSample{span(10_000, 10_001), span(10_001, 10_002), span(10_005, 10_010)}
	other := span(10_001, 10_002)
	other.Count.Bad = 2
	zero := span(10_001, 10_002)
	zero.Count = health.Count{}
	tiny := span(10_020, 10_021)
	tiny.Window.End = tiny.Window.Start.Add(time.Millisecond)
	backward := span(10_021, 10_020)
	short := span(10_020, 10_021)
	short.Window.End = short.Window.Start.Add(72*time.Hour/(1<<18) - 1)
	for _, c := range []struct {
		name    string
		samples []health.WatchSample
		why     string
	}{
		{"unknown metric", []health.WatchSample{watchSample("error", 10_020, 1, 100)}, `metric "error" is not in the policy`},
		{"no window", []health.WatchSample{{Metric: "errors", Count: count(1, 100)}}, "both be given"},
		{"backward", []health.WatchSample{backward}, "not before"},
		{"too short to keep", []health.WatchSample{tiny}, "shorter than"},
		{"another count", []health.WatchSample{other}, "another count"},
		{"no count any more", []health.WatchSample{zero}, "another count"},
		{"an overlap at the beginning", []health.WatchSample{span(10_004, 10_006)}, "shares time"},
		{"an overlap at the end", []health.WatchSample{span(10_009, 10_011)}, "shares time"},
		{"within one", []health.WatchSample{span(10_006, 10_007)}, "shares time"},
		{"around one", []health.WatchSample{span(9_990, 10_100)}, "shares time"},
		{"forgotten", []health.WatchSample{span(10_010-3*24*60-1, 10_010-3*24*60)}, "before the newest"},
		{"just forgotten", []health.WatchSample{span(10_011-3*24*60-1, 10_011-3*24*60)}, "before the newest"},
		{"too short by a nanosecond", []health.WatchSample{short}, "shorter than"},
		{"twice in a call with another count", []health.WatchSample{span(10_020, 10_021), {Metric: "errors", Window: watchMinute(10_020), Count: count(1, 101)}}, "another count"},
		{"an overlap in a call", []health.WatchSample{span(10_020, 10_025), span(10_022, 10_023)}, "shares time"},
		{"an overlap in a call, late", []health.WatchSample{span(9_000, 9_005), span(9_004, 9_007)}, "shares time"},
		{"an overlap in a call, after a late one", []health.WatchSample{span(9_000, 9_001), span(10_020, 10_025), span(10_022, 10_023)}, "shares time"},
		{"forgotten after the call's first", []health.WatchSample{span(20_000, 20_001), span(9_000, 9_001)}, "before the newest"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := watchNew(t, watchErrors())
			require.NoError(t, w.Add(there...))
			before, err := w.MarshalBinary()
			require.NoError(t, err)
			// Not alone: what comes with it is not added either.
			err = w.Add(append([]health.WatchSample{span(10_010, 10_011)}, c.samples...)...)
			require.ErrorContains(t, err, c.why)
			require.ErrorContains(t, err, "sample ")
			after, err := w.MarshalBinary()
			require.NoError(t, err)
			require.Equal(t, string(before), string(after))
			require.NoError(t, w.Add(append(there, there...)...), "what came before counts once")
			require.Equal(t, count(3, 300), w.Verdict().Canary)
		})
	}
	short.Window.End = short.Window.End.Add(1)
	require.NoError(t, watchNew(t, watchErrors()).Add(short), "just long enough")
	w := watchNew(t, watchErrors())
	first := span(10_000, 10_001)
	require.NoError(t, w.Add(first, span(10_000+3*24*60, 10_001+3*24*60)))
	require.ErrorContains(t, w.Add(first), "before the newest", "it ended three days before the newest: forgotten")
	w = watchNew(t, watchErrors())
	require.NoError(t, w.Add(first, span(9_999+3*24*60, 10_000+3*24*60)))
	require.NoError(t, w.Add(first), "a minute less: known")
	require.Equal(t, count(2, 200), w.Verdict().Canary)
	zurich, err := time.LoadLocation("Europe/Zurich")
	require.NoError(t, err)
	w = watchNew(t, watchErrors())
	require.NoError(t, w.Add(there...))
	same := there[0]
	same.Window.Start, same.Window.End = same.Window.Start.In(zurich), same.Window.End.In(zurich)
	require.NoError(t, w.Add(same))
	require.Equal(t, count(3, 300), w.Verdict().Canary, "a time zone does not make another window")

	var none health.Watch
	require.ErrorContains(t, none.Add(there...), "no policy")
	require.ErrorContains(t, none.Advance(there[0].Window.End), "no policy")
	require.True(t, none.Verdict().NoData)
	require.Empty(t, none.Alarms())
	_, err = none.MarshalBinary()
	require.ErrorContains(t, err, "no policy")
	require.ErrorContains(t, w.Advance(time.Time{}), "1678")
}

func TestWatchPolicyMistakes(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	base := func(f func(*health.Baseline)) health.WatchPolicy {
		b := health.Baseline{Name: "errors", Rate: .01}
		f(&b)
		return health.WatchPolicy{Metrics: []health.Baseline{b}}
	}
	objective := func(o health.Objective) health.WatchPolicy {
		return health.WatchPolicy{Objectives: []health.Objective{o}}
	}
	rule := func(f func(*health.BurnRule)) health.WatchPolicy {
		r := health.DefaultBurnRules()[0]
		f(&r)
		return objective(health.Objective{Metric: "errors", SLO: .999, Rules: []health.BurnRule{r}})
	}
	with := func(f func(*health.WatchPolicy)) health.WatchPolicy {
		p := watchErrors()
		f(&p)
		return p
	}
	for _, c := range []struct {
		name   string
		policy health.WatchPolicy
		why    string
	}{
		{"nothing", health.WatchPolicy{}, "nothing would be watched"},
		{"arl 1", with(func(p *health.WatchPolicy) { p.ARL = 1 }), "arl 1"},
		{"an arl that no evidence reaches too", with(func(p *health.WatchPolicy) { p.ARL = 1 + 1e-10 }), "between 2 and"},
		{"arl NaN", with(func(p *health.WatchPolicy) { p.ARL = nan }), "arl NaN"},
		{"arl infinite", with(func(p *health.WatchPolicy) { p.ARL = math.Inf(1) }), "arl +Inf"},
		{"warm-up", with(func(p *health.WatchPolicy) { p.WarmUp = 20_000 }), "warm-up of 20000"},
		{"stale", with(func(p *health.WatchPolicy) { p.Stale = -1 }), "stale"},
		{"beta", with(func(p *health.WatchPolicy) { p.Beta = .5 }), "beta 0.5"},
		{"beta NaN", with(func(p *health.WatchPolicy) { p.Beta = nan }), "beta NaN"},
		{"beta without metrics", health.WatchPolicy{Beta: .05, Objectives: []health.Objective{{Metric: "errors", SLO: .999}}}, "no metric to certify"},
		{"beta of what cannot be", health.WatchPolicy{Beta: .05, Metrics: []health.Baseline{{Name: "errors", Rate: .5}}}, "no count would certify"},
		{"a metric twice", with(func(p *health.WatchPolicy) { p.Metrics = append(p.Metrics, p.Metrics[0]) }), "stands twice"},
		{"no name", base(func(b *health.Baseline) { b.Name = "" }), "name is empty"},
		{"not UTF-8", base(func(b *health.Baseline) { b.Name = "\xff" }), "not UTF-8"},
		{"no rate", base(func(b *health.Baseline) { b.Rate = 0 }), "rate 0"},
		{"rate NaN", base(func(b *health.Baseline) { b.Rate = nan }), "rate NaN"},
		{"rate above the tolerance", base(func(b *health.Baseline) { b.Rate = .9 }), "below 1"},
		{"rate too small", base(func(b *health.Baseline) { b.Rate = 1e-13 }), "no traffic shows it"},
		{"tolerance", base(func(b *health.Baseline) { b.Tolerance = .9 }), "tolerance 0.9"},
		{"mde", base(func(b *health.Baseline) { b.MDE = 1.2 }), "mde 1.2"},
		{"mde NaN", base(func(b *health.Baseline) { b.MDE = nan }), "mde NaN"},
		{"weight", base(func(b *health.Baseline) { b.Weight = -1 }), "weight -1"},
		{"dispersion", base(func(b *health.Baseline) { b.Dispersion.Factor = .5 }), "factor 0.5"},
		{"dispersion events", base(func(b *health.Baseline) { b.Dispersion.Events = nan }), "NaN bad events"},
		{"slo 1", objective(health.Objective{Metric: "errors", SLO: 1}), "slo 1"},
		{"slo in percent", objective(health.Objective{Metric: "errors", SLO: 99.9}), "slo 99.9"},
		{"slo NaN", objective(health.Objective{Metric: "errors", SLO: nan}), "slo NaN"},
		{"slo with ten decimals", objective(health.Objective{Metric: "errors", SLO: .9999999999}), "nine decimals"},
		{"no metric", objective(health.Objective{SLO: .999}), "name is empty"},
		{"two objectives", health.WatchPolicy{Objectives: []health.Objective{{Metric: "errors", SLO: .999}, {Metric: "errors", SLO: .99}}}, "two objectives"},
		{"never fires", objective(health.Objective{Metric: "errors", SLO: .9}), "could never fire"},
		{"just never fires", rule(func(r *health.BurnRule) { r.Burn = 1000 }), "could never fire"},
		{"burn 0", rule(func(r *health.BurnRule) { r.Burn = 0 }), "burn 0"},
		{"burn NaN", rule(func(r *health.BurnRule) { r.Burn = nan }), "burn NaN"},
		{"burn with four decimals", rule(func(r *health.BurnRule) { r.Burn = 14.4001 }), "three decimals"},
		{"spans the wrong way", rule(func(r *health.BurnRule) { r.Long, r.Short = r.Short, r.Long }), "short < long"},
		{"spans alike", rule(func(r *health.BurnRule) { r.Short = r.Long }), "short < long"},
		{"no short span", rule(func(r *health.BurnRule) { r.Short = 0 }), "short < long"},
		{"too long", rule(func(r *health.BurnRule) { r.Long = 91 * 24 * time.Hour }), "short < long"},
		{"no severity", rule(func(r *health.BurnRule) { r.Severity = health.SeverityUnknown }), "neither page nor ticket"},
		{"no such severity", rule(func(r *health.BurnRule) { r.Severity = 9 }), "neither page nor ticket"},
		{"too many rules", objective(health.Objective{Metric: "errors", SLO: .999, Rules: make([]health.BurnRule, 17)}), "17 rules"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := health.NewWatch(c.policy)
			require.ErrorContains(t, err, c.why)
			require.ErrorContains(t, err, "health: watch policy: ")
		})
	}
	_, err := health.NewWatch(health.WatchPolicy{ARL: .5, Metrics: []health.Baseline{{}, {Name: "a", Rate: 2}}, Objectives: []health.Objective{{}}})
	require.Len(t, strings.Split(err.Error(), "\n"), 6, "every mistake at once: %v", err)
}

func TestWatchPolicyIsNotShared(t *testing.T) {
	t.Parallel()
	rules := health.DefaultBurnRules()
	p := health.WatchPolicy{Metrics: []health.Baseline{{Name: "a", Rate: .01}}, Objectives: []health.Objective{{Metric: "a", SLO: .999, Rules: rules}}}
	w := watchNew(t, p)
	p.Metrics[0].Rate, rules[0].Burn, p.Objectives[0].SLO = .5, 1, .5
	got := w.Policy()
	require.Equal(t, .01, got.Metrics[0].Rate)
	require.Equal(t, 14.4, got.Objectives[0].Rules[0].Burn)
	got.Objectives[0].Rules[0].Burn = 2
	require.Equal(t, 14.4, w.Policy().Objectives[0].Rules[0].Burn)
	require.Equal(t, health.DefaultBurnRules(), w.Policy().Objectives[0].Rules)
	require.Equal(t, 43_200., w.Policy().ARL)
}

func TestBaselineOf(t *testing.T) {
	t.Parallel()
	windows := func(n int, c ...health.Count) (out []health.Count) {
		for i := range n {
			out = append(out, c[i%len(c)])
		}
		return out
	}
	for _, c := range []struct {
		name    string
		history []health.Count
		worth   float64 // of its events are independent, about; 0: refused
		why     string
	}{
		{"a day", windows(1440, count(10, 1000)), 1, ""},
		{"just enough", windows(31, count(1, 100)), 1, ""},
		{"with empty windows", append(windows(50, count(1, 100)), windows(500, count(0, 0))...), 1, ""},
		{"a day that varies", windows(1440, count(0, 1000), count(20, 1000)), .047, ""}, // the variance of a pair's difference is 20 times as large
		{"large windows beside small ones", windows(1440, count(0, 2000), count(40, 2000), count(1, 100), count(1, 100)), .086, ""},
		{"too short", windows(29, count(100, 1000)), 0, "29 windows with requests"},
		{"no requests", windows(1000, count(0, 0)), 0, "0 windows with requests"},
		{"no history", nil, 0, "0 windows with requests"},
		{"no events", windows(1000, count(0, 1000)), 0, "no bad event of 1000000 in 1000 windows"},
		{"too few events", append(windows(50, count(0, 1000)), windows(9, count(1, 1000))...), 0, "9 bad"},
		{"too few independent events", windows(60, count(0, 100), count(3, 100), count(0, 100), count(0, 100)), 0, "independent"},
		{"gaps everywhere", windows(1000, count(1, 100), count(0, 0)), 0, "dispersion"},
		{"impossible", append(windows(30, count(1, 100)), count(2, 1)), 0, "window 30 of the history has 2 bad of 1"},
		{"everything fails", windows(100, count(9, 9)), 0, "every event"},
		{"nearly everything fails", windows(100, count(9, 10)), 0, "below 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := health.BaselineOf("errors", c.history)
			if c.worth == 0 {
				require.ErrorContains(t, err, c.why)
				require.ErrorContains(t, err, `baseline "errors": `)
				require.Equal(t, health.Baseline{}, b)
				return
			}
			require.NoError(t, err)
			require.InEpsilon(t, c.worth, 1/b.Dispersion.Factor, .1)
			var bad, total, phi float64
			for _, w := range c.history {
				bad, total, phi = bad+float64(w.Bad), total+float64(w.Total), phi+float64(one(w.Total > 0))
			}
			// Windows with more events than those that showed the factor jitter by more.
			phi = 1 + (b.Dispersion.Factor-1)*max(1, bad/phi/b.Dispersion.Events)
			bad, total = bad/phi, total/phi
			require.InDelta(t, .99, stats.BetaI(b.Rate, bad+1, total-bad), 1e-9)
			if c.worth == 1 {
				// By its definition: with that rate, so few bad events have a chance of 0.01.
				chance := 0.0
				for x := 0.0; x <= bad; x++ {
					chance += math.Exp(watchChoose(total, x) + x*math.Log(b.Rate) + (total-x)*math.Log1p(-b.Rate))
				}
				require.InDelta(t, .01, chance, 1e-6)
			}
			_, err = health.NewWatch(health.WatchPolicy{Metrics: []health.Baseline{b}})
			require.NoError(t, err)
		})
	}
	_, err := health.BaselineOf("", windows(100, count(9, 900)))
	require.ErrorContains(t, err, "name is empty")
}

// Three days of minutes, and as many again, take a bounded memory; a state too.
func TestWatchIsBounded(t *testing.T) {
	w := watchNew(t, health.WatchPolicy{Metrics: []health.Baseline{{Name: "errors", Rate: .01}}, Objectives: []health.Objective{{Metric: "errors", SLO: .98}}})
	var size int
	const days3 = 3 * 24 * 60
	for i := range 4 * days3 {
		require.NoError(t, w.Add(watchSample("errors", i, 10, 1000)))
		if i == days3 {
			state, err := w.MarshalBinary()
			require.NoError(t, err)
			size = len(state)
		}
	}
	state, err := w.MarshalBinary()
	require.NoError(t, err)
	require.InDelta(t, size, len(state), 20)
	require.Less(t, len(state), days3*16)
	i := 4 * days3
	require.Zero(t, testing.AllocsPerRun(2000, func() {
		if err := w.Add(watchSample("errors", i, 10, 1000)); err != nil {
			panic(err)
		}
		i++
	}))
	require.Empty(t, w.Alarms())
}

// Windows of any length, from a second to a month, are watched.
func TestWatchWindowLengths(t *testing.T) {
	t.Parallel()
	for _, length := range []time.Duration{time.Second, 7 * time.Second, time.Hour, 24 * time.Hour, 30 * 24 * time.Hour} {
		w := watchNew(t, health.WatchPolicy{Metrics: []health.Baseline{{Name: "errors", Rate: .01}}, Stale: 90 * 24 * time.Hour,
			Objectives: []health.Objective{{Metric: "errors", SLO: .98, Rules: []health.BurnRule{{Burn: 5, Long: time.Hour, Short: 5 * time.Minute, Severity: health.SeverityPage}}}}})
		window := health.WindowAt(watchMinute(0).Start, length)
		for i := range 2000 {
			bad := uint64(10)
			if i >= 1500 {
				bad = 200
			}
			require.NoError(t, w.Add(health.WatchSample{Metric: "errors", Window: window, Count: count(bad, 1000)}))
			window = window.Next()
		}
		var detector, rule bool
		for _, a := range w.Alarms() {
			detector, rule = detector || a.Rule == nil, rule || a.Rule != nil
		}
		require.True(t, detector, "%v", length)
		require.Equal(t, length >= 7*time.Second, rule, "%v: 500 seconds of a tenth above the limit are not enough for an hour", length)
		state, err := w.MarshalBinary()
		require.NoError(t, err)
		require.NoError(t, new(health.Watch).UnmarshalBinary(state))
	}
}

// A rate that is at the mde is certified with a chance of at most beta, at any look,
// also where it jitters; a good one is certified.
func TestWatchCertificates(t *testing.T) {
	t.Parallel()
	exact := health.Baseline{Name: "errors", Rate: .01}
	noisy := exact
	noisy.Dispersion = health.Dispersion{Factor: 1 + 10*.2*.2, Events: 10}
	for _, c := range []struct {
		name     string
		baseline health.Baseline
		draw     watchDraw
		min, max float64
	}{
		{"as known", exact, watchBinomial(1000, .01), .99, 1},
		{"at the mde", exact, watchBinomial(1000, .02), 0, .05},
		{"as known, jittering", noisy, watchNoisy(1000, .01, .2), .99, 1},
		{"at the mde, jittering", noisy, watchNoisy(1000, .02, .2), 0, .05},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, certified := runs(400), 0
			for run := range n {
				w := watchNew(t, health.WatchPolicy{Metrics: []health.Baseline{c.baseline}, ARL: 1e15, Beta: .05, WarmUp: -1})
				rng := rand.New(rand.NewPCG(41, uint64(run)))
				for i := range 60 {
					require.NoError(t, w.Add(health.WatchSample{Metric: "errors", Window: watchMinute(i), Count: c.draw.count(rng)}))
					if w.Verdict().Kind == health.KindHealthy {
						certified++
						break
					}
				}
			}
			share := float64(certified) / float64(n)
			t.Logf("%d releases: certified %.2f %%", n, 100*share)
			require.GreaterOrEqual(t, share, c.min)
			require.LessOrEqual(t, share, c.max)
		})
	}
}

// A certificate does not stand through what comes after it, and needs every metric.
func TestWatchCertificateIsNotForever(t *testing.T) {
	t.Parallel()
	w := watchNew(t, health.WatchPolicy{Beta: .05, ARL: 1e15, Metrics: []health.Baseline{{Name: "errors", Rate: .01}, {Name: "slow", Rate: .01}}})
	minute := 0
	add := func(windows int, bad uint64) health.Verdict {
		for range windows {
			require.NoError(t, w.Add(watchSample("errors", minute, 5, 1000), watchSample("slow", minute, bad, 1000)))
			minute++
		}
		return w.Verdict()
	}
	v := add(5, 14)
	require.Equal(t, health.KindUndecided, v.Kind)
	require.Contains(t, v.Why, "certificate of slow")
	v = add(100, 5)
	require.Equal(t, health.KindHealthy, v.Kind)
	require.NoError(t, w.Advance(watchMinute(minute+10).End))
	require.Equal(t, health.KindUndecided, w.Verdict().Kind, "no data is never health")
	minute += 10
	require.Equal(t, health.KindHealthy, add(1, 5).Kind)
	require.Equal(t, health.KindUndecided, add(1, 19).Kind)
	require.Equal(t, "slow", w.Verdict().Metric)
	require.Less(t, w.Verdict().LogCertificate, 3.)
}
