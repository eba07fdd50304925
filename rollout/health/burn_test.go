package health_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// burnRule is a rule over the last 20 and the last 5 minutes.
func burnRule(burn float64) health.BurnRule {
	return health.BurnRule{Burn: burn, Long: 20 * time.Minute, Short: 5 * time.Minute, Severity: health.SeverityPage}
}

func burnWatch(t testing.TB, slo float64, rules ...health.BurnRule) *health.Watch {
	return watchNew(t, health.WatchPolicy{Objectives: []health.Objective{{Metric: "errors", SLO: slo, Rules: rules}}})
}

// At the limit a rule does not fire; one event above, it does, however large the
// counts are and whatever the decimals.
func TestBurnLimitIsExact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		slo, burn  float64
		bad, total uint64 // exactly at the limit, of each of twenty windows
	}{
		{"14.4 x .1 %", .999, 14.4, 144, 10_000},
		{"6 x .1 %", .999, 6, 6, 1000},
		{"1 x .1 %", .999, 1, 1, 1000},
		{"1 x 1 %", .99, 1, 1, 100},
		{"3 x 10 %", .9, 3, 3, 10},
		{"1 x 70 %", .3, 1, 7, 10},
		{"14.4 x .001 %", .99999, 14.4, 144, 1_000_000},
		{".001 x .0000001 %", .999999999, .001, 1, 1_000_000_000_000},
		{"1 x 1 %, large counts", .99, 1, 200_000_000_000, 20_000_000_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := burnWatch(t, c.slo, burnRule(c.burn))
			for i := range 40 {
				require.NoError(t, w.Add(watchSample("errors", i, c.bad, c.total)))
			}
			require.Equal(t, health.KindUndecided, w.Verdict().Kind, "%s", w.Verdict().Why)
			require.NoError(t, w.Add(watchSample("errors", 40, c.bad+1, c.total)))
			require.Equal(t, health.KindRegressed, w.Verdict().Kind, "%s", w.Verdict().Why)
			at := w.Alarms()[0]
			require.Equal(t, watchMinute(40).End, at.At)
			require.Equal(t, count(20*c.bad+1, 20*c.total), at.Count)
			require.Equal(t, c.burn, at.Rule.Burn)
		})
	}
}

func TestBurnTakesBothSpans(t *testing.T) {
	t.Parallel()
	// Limit 10 %: of 20 minutes of 100 requests each, more than 200 bad.
	w := burnWatch(t, .99, burnRule(10))
	minute := 0
	add := func(windows int, bad uint64) {
		for range windows {
			require.NoError(t, w.Add(watchSample("errors", minute, bad, 100)))
			minute++
		}
	}
	add(20, 0)
	add(3, 60) // short: 180 of 500; long: 180 of 2000
	require.Empty(t, w.Alarms(), "the long span is fine")
	add(1, 0)
	add(20, 0)
	add(2, 80)
	add(5, 0)
	require.Empty(t, w.Alarms())
	add(1, 90) // short: 90 of 500; long: 250 of 2000
	require.Len(t, w.Alarms(), 1)

	// The other way round: what is over does not fire.
	w = burnWatch(t, .99, burnRule(10))
	for i := range 20 {
		require.NoError(t, w.Add(watchSample("errors", i, 0, 100)))
	}
	late := []health.WatchSample{}
	for i := 20; i < 24; i++ {
		late = append(late, watchSample("errors", i, 100, 100))
	}
	for i := 24; i < 29; i++ {
		require.NoError(t, w.Add(watchSample("errors", i, 0, 100)))
	}
	require.NoError(t, w.Add(late...))
	require.Equal(t, uint64(400), w.Verdict().Canary.Bad)
	require.Empty(t, w.Alarms(), "it came too late, and the last five minutes are fine")
	require.NoError(t, w.Add(watchSample("errors", 29, 51, 100)))
	require.Len(t, w.Alarms(), 1, "451 of 2000, and 51 of 500")
}

func TestBurnAtTheStart(t *testing.T) {
	t.Parallel()
	w := burnWatch(t, .99, burnRule(10))
	for i := range 4 {
		require.NoError(t, w.Add(watchSample("errors", i, 100, 100)))
		require.Empty(t, w.Alarms(), "the short span is not over")
	}
	require.NoError(t, w.Add(watchSample("errors", 4, 100, 100)))
	require.Len(t, w.Alarms(), 1, "the long span is what there is")
	require.Equal(t, count(500, 500), w.Alarms()[0].Count)

	// One window as long as the short span is enough, in pieces or whole.
	w = burnWatch(t, .99, burnRule(10))
	long := watchSample("errors", 0, 11, 100)
	long.Window.End = long.Window.Start.Add(5 * time.Minute)
	require.NoError(t, w.Add(long))
	require.Len(t, w.Alarms(), 1)
}

// Time without data is neither good nor bad.
func TestBurnGaps(t *testing.T) {
	t.Parallel()
	w := burnWatch(t, .99, burnRule(10))
	for i := range 40 {
		bad := uint64(0)
		if i%4 == 0 {
			bad = 100 // three of four windows are missing: the ones with data are bad
		}
		if bad > 0 {
			require.NoError(t, w.Add(watchSample("errors", i, bad, 1000)))
		} else if i%4 == 1 {
			require.NoError(t, w.Add(watchSample("errors", i, 0, 0)))
		}
	}
	require.Empty(t, w.Alarms(), "exactly at the limit")
	require.NoError(t, w.Add(watchSample("errors", 40, 101, 1000)))
	require.Len(t, w.Alarms(), 1)

	// After a night without data, the next window is all that there is.
	w = burnWatch(t, .99, burnRule(10))
	for i := range 20 {
		require.NoError(t, w.Add(watchSample("errors", i, 0, 1_000_000)))
	}
	require.NoError(t, w.Add(watchSample("errors", 1000, 11, 100)))
	require.Len(t, w.Alarms(), 1)
	require.Equal(t, count(11, 100), w.Alarms()[0].Count)
}

func TestBurnFewEvents(t *testing.T) {
	t.Parallel()
	few := burnRule(10)
	few.Events = 2
	for _, c := range []struct {
		rule health.BurnRule
		want int
	}{{burnRule(10), 1}, {few, 0}} {
		w := burnWatch(t, .99, c.rule)
		for i := range 10 {
			require.NoError(t, w.Add(watchSample("errors", i, uint64(i/9), 1)))
		}
		require.Len(t, w.Alarms(), 0, "one of ten is the limit")
		require.NoError(t, w.Add(watchSample("errors", 25, 1, 1)))
		require.Len(t, w.Alarms(), 1)
		w = burnWatch(t, .99, c.rule)
		for i := range 9 {
			require.NoError(t, w.Add(watchSample("errors", i, uint64(i/8), 1)))
		}
		require.Len(t, w.Alarms(), c.want, "one of nine")
	}
}

// The time until a rule fires is Burn x (1-SLO) x Long / eps, and the next whole
// minute after it: at the limit itself it does not fire.
func TestBurnTimeToFire(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		eps  float64
		want [3]int // 14.4 x, 6 x, 1 x; 0 is never
	}{
		{.01, [3]int{0, 216 + 1, 432 + 1}},
		{.05, [3]int{18, 44, 87}}, // 17.28, 43.2, 86.4
		{.5, [3]int{2, 5, 9}},     // 1.728, 4.32, 8.64
	} {
		require.Equal(t, c.want, watchFire(t, c.eps, 3*24*60))
	}
	// In a service that has only begun, as soon as the short span is over.
	require.Equal(t, [3]int{0, 30, 360}, watchFire(t, .01, 0))
	require.Equal(t, [3]int{5, 30, 360}, watchFire(t, .5, 0))
}

// An alarm of a ticket is one too, and each rule's is noted once, with what to do.
func TestBurnAlarms(t *testing.T) {
	t.Parallel()
	w := burnWatch(t, .999)
	for i := range 1000 {
		require.NoError(t, w.Add(watchSample("errors", i, 20, 1000)))
	}
	alarms := w.Alarms()
	require.Len(t, alarms, 3)
	for i, r := range health.DefaultBurnRules() {
		require.Equal(t, r, *alarms[i].Rule)
		require.Equal(t, r.Severity, alarms[i].Severity)
		require.Contains(t, alarms[i].Why, "errors burns its error budget too fast")
		require.Contains(t, alarms[i].Why, r.Severity.String())
		require.Zero(t, alarms[i].LogE)
	}
	v := w.Verdict()
	require.Equal(t, alarms[0].Why+"; and 2 more", v.Why)
	alarms[0].Rule.Burn = 99
	require.Equal(t, 14.4, w.Alarms()[0].Rule.Burn, "the caller owns them")
	text, err := json.Marshal(w.Alarms())
	require.NoError(t, err)
	var back []health.Alarm
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, w.Alarms(), back)
}

func TestSeverity(t *testing.T) {
	t.Parallel()
	for _, s := range []health.Severity{health.SeverityUnknown, health.SeverityPage, health.SeverityTicket} {
		back, err := health.ParseSeverity(s.String())
		require.NoError(t, err)
		require.Equal(t, s, back)
	}
	_, err := health.ParseSeverity("Page")
	require.Error(t, err)
	var s health.Severity
	require.Error(t, json.Unmarshal([]byte(`"email"`), &s))
	_, err = json.Marshal(health.Severity(9))
	require.Error(t, err)
}
