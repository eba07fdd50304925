package risk_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// sized simulates a host whose releases fail the more the more lines they add, and whose failures are half known.
func sized(t require.TestingT, r *rand.Rand, n int) (l *risk.Learner, naive *risk.Learner) {
	l, naive = &risk.Learner{Horizon: 90 * day}, &risk.Learner{Horizon: time.Second}
	for i := range n {
		f := risk.Features{LinesAdded: int64(math.Exp(8 * r.Float64()))}
		age, d := time.Duration(r.Float64()*float64(90*day)), worlds[1].delay(r)
		if r.Float64() < truth(f) && d <= age {
			tell(t, l, i, release.OutcomeFailed, age, d, f)
			tell(t, naive, i, release.OutcomeFailed, age, d, f)
			continue
		}
		tell(t, l, i, release.OutcomeFine, age, age, f)
		tell(t, naive, i, release.OutcomeFine, age, age, f)
	}
	return l, naive
}

func truth(f risk.Features) float64 {
	return 1 / (1 + math.Exp(3.5-.5*math.Log1p(float64(f.LinesAdded))))
}

// Also what the model says of small and of large releases is right on half-mature data, where one that takes silence for
// success says too little.
func TestModelOfHalfMatureData(t *testing.T) {
	t.Parallel()
	const runs = 8
	lines := []int64{3, 50, 1500}
	var got, silent [3]float64
	for run := range runs {
		l, naive := sized(t, rand.New(rand.NewPCG(uint64(run), 4)), 700)
		m, n := l.Model(), naive.Model()
		for i := range lines {
			e := m.Estimate(risk.Features{LinesAdded: lines[i]})
			require.True(t, e.Shown, e.Why)
			got[i] += e.P / runs
			silent[i] += n.Estimate(risk.Features{LinesAdded: lines[i]}).P / runs
		}
	}
	for i := range lines {
		p := truth(risk.Features{LinesAdded: lines[i]})
		t.Logf("%d lines: truth %.3f, model %.3f, silence as success %.3f", lines[i], p, got[i], silent[i])
		require.InDelta(t, p, got[i], .2*p+.015)
		require.Less(t, silent[i], got[i])
	}
	require.Less(t, silent[2], .85*truth(risk.Features{LinesAdded: 1500}))
}

// More passes than three change nothing that could be seen.
func TestPasses(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		l, _ := sized(t, rand.New(rand.NewPCG(seed, 5)), 400)
		few, ok := l.Passes(3)
		require.True(t, ok)
		many, ok := l.Passes(30)
		require.True(t, ok)
		for _, n := range []int64{0, 10, 1000, 1e6} {
			f := risk.Features{LinesAdded: n}
			require.InDelta(t, many.Estimate(f).P, few.Estimate(f).P, .01)
		}
	}
}

// The interval allows for how little is known of the delays: the same outcomes are surer where a horizon makes them final.
func TestIntervalAllowsForTheDelays(t *testing.T) {
	t.Parallel()
	width := func(horizon time.Duration) float64 {
		l := risk.Learner{Horizon: horizon}
		for i := range 600 {
			kind, known := release.OutcomeFine, 60*day
			if i%6 == 0 {
				kind, known = release.OutcomeFailed, time.Duration(i%60)*day
			}
			tell(t, &l, i, kind, 60*day, known, risk.Features{})
		}
		e := l.Model().Estimate(risk.Features{})
		require.True(t, e.Shown)
		return math.Log(e.Hi/(1-e.Hi)) - math.Log(e.Lo/(1-e.Lo))
	}
	require.Greater(t, width(0), 1.1*width(60*day))
}

// How a release was treated is kept whoever tells it, the more careful of two, and does not go when its outcome is told without it.
func TestTreatmentIsKept(t *testing.T) {
	t.Parallel()
	o := outcome(1, release.OutcomeFine, month)
	failed := outcome(1, release.OutcomeFailed, 2*month)
	l := risk.Learner{Horizon: month}
	for _, told := range []risk.Observed{
		{Outcome: o, Tier: release.TierLow}, {Outcome: o, Tier: release.TierHigh, Lane: release.LaneExpedite}, {Outcome: o, Tier: release.TierHigh}, {Outcome: failed},
	} {
		require.NoError(t, l.Observe(told))
	}
	h := l.Health()
	require.Equal(t, risk.Counts{Mature: 1, Failed: 1}, h.Counts)
	require.Len(t, h.Treatments, 1)
	require.Equal(t, release.TierHigh, h.Treatments[0].Tier)
	require.Equal(t, release.LaneExpedite, h.Treatments[0].Lane)
	require.Equal(t, 1, h.Treatments[0].Failed)
	require.Equal(t, 1, h.Delays.Late)
	for _, o := range []risk.Observed{{Outcome: o, Tier: 5}, {Outcome: o, Lane: 3}} {
		require.Error(t, l.Observe(o))
	}
	a, err := risk.Assess(risk.Input{Changes: changes(file("auth/login.go", 3, 0))}, now)
	require.NoError(t, err)
	require.Equal(t, risk.Observed{Outcome: failed, Features: a.Features, Tier: release.TierHigh}, a.Observed(failed))
}

// A state of the first version is read: its outcomes are the same, and nobody knows how they were treated.
func TestFirstVersionIsRead(t *testing.T) {
	t.Parallel()
	const v1 = `{"schema":"sallyport/risk/learner/v1","horizon":2592000000000000,"observations":[{"outcome":{"release":"sha256:5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9","kind":"failed","deployed":"2026-11-23T09:00:00Z","at":"2026-12-23T09:00:00Z","cause":"incident 7"},"features":{"linesAdded":12,"linesDeleted":0,"earlierAdded":0,"files":1,"directories":0,"commits":0,"dependencies":0,"resources":0,"settings":0}}]}`
	var l, again risk.Learner
	require.NoError(t, json.Unmarshal([]byte(v1), &l))
	require.Equal(t, month, l.Horizon)
	require.Equal(t, risk.Counts{Mature: 1, Failed: 1}, l.Counts())
	b, err := json.Marshal(&l)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(b), `{"schema":"sallyport/risk/learner/v2","horizon":2592000000000000,`), string(b))
	require.Contains(t, string(b), `"tier":"unknown","lane":"normal"`)
	require.NoError(t, json.Unmarshal(b, &again))
	require.Equal(t, l, again)
	copied, err := json.Marshal(l)
	require.NoError(t, err)
	require.Equal(t, string(b), string(copied), "a learner that is no pointer is written too")
}

// Newer outcomes that are still open do not push mature ones out before these weigh 1,000.
func TestYoungOutcomesLeaveRoom(t *testing.T) {
	t.Parallel()
	var l risk.Learner
	for i := range 3_000 { // of no age: they weigh nothing
		tell(t, &l, i, release.OutcomeFine, time.Duration(i)*time.Second, 0, risk.Features{})
	}
	for i := range 40 {
		tell(t, &l, 5_000+i, release.OutcomeFailed, 100*day, day, risk.Features{})
	}
	require.Equal(t, risk.Counts{Mature: 40, Failed: 40, Censored: 3_000}, l.Counts())
}

// Releases that another extractor measured than the newest are not learned from, and Health says how many there are.
func TestOtherExtractors(t *testing.T) {
	t.Parallel()
	l := risk.Learner{Horizon: day}
	for i := range 60 {
		kind := release.OutcomeFine
		if i%3 == 0 {
			kind = release.OutcomeFailed
		}
		tell(t, &l, i, kind, 100*day-time.Duration(i)*time.Hour, day, risk.Features{LinesAdded: 9, Extractor: "theirs/1"})
	}
	require.Equal(t, 60, l.Counts().Mature)
	require.NotNil(t, l.Model().Calibration)
	for i := range 30 {
		tell(t, &l, 100+i, release.OutcomeFine, 50*day-time.Duration(i)*time.Hour, day, risk.Features{LinesAdded: 9})
	}
	require.Equal(t, risk.Counts{Mature: 30}, l.Counts())
	require.Equal(t, 60, l.Health().Foreign)
	require.Nil(t, l.Model().Calibration, "nothing is known of what this extractor measures")
}
