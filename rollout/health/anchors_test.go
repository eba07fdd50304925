package health_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// The rules of other tools, as their documentation gives them, on simulated
// traffic. Time runs in ticks of 15 seconds; what happened in a tick is known
// anchorLag later, and an abort takes anchorAbort, during which the canary still has
// its share. Where a document leaves a choice, the one is taken that lets the tool
// abort earlier or see more.

const (
	anchorMinute = 4 // ticks
	anchorLag    = 1 * anchorMinute
	anchorAbort  = 1 * anchorMinute
)

// anchorStep is what a rule does at a tick.
type anchorStep struct {
	weight         int // percent of the requests that go to the canary from now on
	abort, promote bool
}

// anchorSeen is what a rule can know.
type anchorSeen struct{ canary, control []health.Count }

// between sums what is known of the ticks [from, to).
func (s anchorSeen) between(from, to int) (canary, control health.Count) {
	for i := max(from, 0); i < min(to, len(s.canary)); i++ {
		canary = count(canary.Bad+s.canary[i].Bad, canary.Total+s.canary[i].Total)
		control = count(control.Bad+s.control[i].Bad, control.Total+s.control[i].Total)
	}
	return canary, control
}

// anchorRule is called at the beginning of each tick, the first is 0. It keeps its
// own state: one for each rollout.
type anchorRule func(tick int, seen anchorSeen) anchorStep

// anchorCodeDeploy shifts traffic by a schedule, of percent from a minute on, and
// stops when the CloudWatch alarm of the deployment group goes off: the share of
// failures of the service is above 1 % in a period of one minute, one of one. The
// schedules are CodeDeployDefault.LambdaCanary10Percent5Minutes (10 %, after 5
// minutes the rest) and LambdaLinear10PercentEvery1Minute. After the last shift the
// deployment ends, and with it the alarm; here it is looked at until one period with
// all of the traffic is known. With ofVersion, the alarm is one on the new version's
// own failures.
func anchorCodeDeploy(schedule func(minute int) int, ends int, ofVersion bool) anchorRule {
	return func(tick int, seen anchorSeen) anchorStep {
		minute := tick / anchorMinute
		step := anchorStep{weight: schedule(minute)}
		if tick%anchorMinute == 0 && tick > 0 {
			canary, control := seen.between(tick-anchorLag-anchorMinute, tick-anchorLag)
			if !ofVersion {
				canary = count(canary.Bad+control.Bad, canary.Total+control.Total)
			}
			step.abort = canary.Bad*100 > canary.Total
			step.promote = minute >= ends
		}
		return step
	}
}

func anchorCanary10(minute int) int {
	if minute < 5 {
		return 10
	}
	return 100
}

func anchorLinear10(minute int) int { return min(10*(minute+1), 100) }

// anchorArgo is the example for background analysis of Argo Rollouts: 20, 40, 60 and
// 80 % for 10 minutes each; every 5 minutes the canary's success rate of the last 5
// must be at least 95 %. failureLimit 3 is exceeded by the fourth failure (the text
// beside the example says three; the controller compares with >). The example starts
// its analysis at 40 %; here it runs from the beginning.
func anchorArgo() anchorRule {
	failures := 0
	return func(tick int, seen anchorSeen) anchorStep {
		minute := tick / anchorMinute
		step := anchorStep{weight: min(20*(minute/10+1), 100), promote: minute >= 40}
		if tick > 0 && tick%(5*anchorMinute) == 0 {
			canary, _ := seen.between(tick-anchorLag-5*anchorMinute, tick-anchorLag)
			if canary.Total > 0 && (canary.Total-canary.Bad)*100 < 95*canary.Total {
				failures++
			}
			step.abort = failures > 3
		}
		return step
	}
}

// anchorFlagger is the example of Flagger's documentation: interval 1m, threshold 5,
// stepWeight 10, maxWeight 50, request-success-rate of at least 99 % over 1m. A
// check that fails halts the advance and counts, also when there are no values yet;
// once 5 have failed, the next interval rolls back. A check that passes at 50 %
// promotes.
func anchorFlagger() anchorRule {
	failed, weight := 0, 10
	return func(tick int, seen anchorSeen) anchorStep {
		if tick == 0 || tick%anchorMinute != 0 {
			return anchorStep{weight: weight}
		}
		if failed >= 5 {
			return anchorStep{weight: weight, abort: true}
		}
		canary, _ := seen.between(tick-anchorLag-anchorMinute, tick-anchorLag)
		switch {
		case canary.Total == 0 || (canary.Total-canary.Bad)*100 < 99*canary.Total:
			failed++
		case weight >= 50:
			return anchorStep{weight: weight, promote: true}
		default:
			weight += 10
		}
		return anchorStep{weight: weight}
	}
}

// anchorService is a service during a rollout.
type anchorService struct {
	requests int // per tick
	p1, p0   float64
	seed     uint64
}

// tick draws what happens in one. It depends on nothing but the arguments: rules
// that give the canary the same share see the same failures.
func (s anchorService) tick(run, tick, weight int) (canary, control health.Count) {
	r := trafficSeed(anchorMix(s.seed, uint64(run)), anchorMix(uint64(tick), uint64(weight)))
	n := s.requests * weight / 100
	return r.count(n, s.p1), r.count(s.requests-n, s.p0)
}

// anchorMix is the finaliser of SplitMix64: neighbours get unrelated seeds.
func anchorMix(a, b uint64) uint64 {
	z := a*0x9e3779b97f4a7c15 + b + 0x632be59bd9b4e019
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// anchorResult is what came of one rollout.
type anchorResult struct {
	excess            float64 // failures of the canary's requests above what the old version's rate explains
	ticks             int     // until the canary had no requests any more, or all of them
	aborted, promoted bool    // neither: still undecided at the end
}

// run plays one rollout of at most so many ticks. What is promoted counts until the
// decision only, though all users have it from then on.
func (s anchorService) run(run, ticks int, rule anchorRule) anchorResult {
	var out anchorResult
	var all anchorSeen
	weight, end := 0, -1
	for tick := range ticks {
		if end < 0 {
			known := max(tick-anchorLag, 0)
			step := rule(tick, anchorSeen{all.canary[:known], all.control[:known]})
			if step.abort { // before a shift that is due at the same time
				end, out.aborted = tick+anchorAbort, true
				if tick == 0 {
					weight = step.weight
				}
			} else if step.promote {
				end, out.promoted = tick, true
			} else {
				weight = step.weight
			}
		}
		if tick == end {
			out.ticks = tick
			return out
		}
		canary, control := s.tick(run, tick, weight)
		all.canary, all.control = append(all.canary, canary), append(all.control, control)
		out.excess += float64(canary.Bad) - float64(canary.Total)*s.p0
	}
	out.ticks = ticks
	return out
}

// anchorRules are the tools that are compared with. The first four are documented
// defaults; the last is a stricter alarm than they have.
var anchorRules = []struct {
	name string
	rule func() anchorRule
	bar  bool // counts for the bar
}{
	{"CodeDeploy Canary10Percent5Minutes", func() anchorRule { return anchorCodeDeploy(anchorCanary10, 7, false) }, true},
	{"CodeDeploy Linear10PercentEvery1Minute", func() anchorRule { return anchorCodeDeploy(anchorLinear10, 12, false) }, true},
	{"Argo Rollouts, background analysis", anchorArgo, true},
	{"Flagger, 10 to 50 %", anchorFlagger, true},
	{"CodeDeploy Canary10Percent5Minutes, alarm on the version", func() anchorRule { return anchorCodeDeploy(anchorCanary10, 7, true) }, false},
}

// The rules do what their documentation says, minute by minute, when half of the
// canary's requests fail, and when none does.
func TestAnchors(t *testing.T) {
	t.Parallel()
	outage, fine := anchorService{requests: 2500, p1: .5, p0: .001}, anchorService{requests: 2500, p1: 0, p0: 0}
	for _, c := range []struct {
		rule           int
		abort          int     // minute at which the abort has been carried out
		exposed        float64 // minutes times share of the canary until then
		promote        int     // minute at which a healthy release is promoted
		exposedHealthy float64
	}{
		{0, 3, .3, 7, 2.5},
		// Where a shift is due as the failures get known, the alarm comes first.
		{1, 3, .1 + .2 + .2, 12, 7.5},
		{2, 21, 2 + 4 + .4, 40, 20},
		{3, 7, .7, 6, 1.6},
		{4, 3, .3, 7, 2.5},
	} {
		a := anchorRules[c.rule]
		got := outage.run(0, 10_000, a.rule())
		require.True(t, got.aborted, a.name)
		require.Equal(t, c.abort*anchorMinute, got.ticks, a.name)
		require.InDelta(t, c.exposed*10_000*.499, got.excess, 400, a.name)
		got = fine.run(0, 10_000, a.rule())
		require.True(t, got.promoted, a.name)
		require.Equal(t, c.promote*anchorMinute, got.ticks, a.name)
		require.Zero(t, got.excess)
	}
}

// A threshold is one thing and above it another.
func TestAnchorEdges(t *testing.T) {
	t.Parallel()
	constant := func(bad, total uint64, ticks int) anchorSeen {
		var s anchorSeen
		for range ticks {
			s.canary, s.control = append(s.canary, count(bad, total)), append(s.control, count(0, 0))
		}
		return s
	}
	alarm := func(bad uint64) bool {
		return anchorCodeDeploy(anchorCanary10, 7, false)(8, constant(bad, 1000, 4)).abort
	}
	require.False(t, alarm(10), "1 % is not above 1 %")
	require.True(t, alarm(11))

	argo := func(bad uint64, looks int) bool {
		rule, abort := anchorArgo(), false
		for i := 1; i <= looks; i++ {
			tick := 5 * anchorMinute * i
			abort = rule(tick, constant(bad, 1000, tick-anchorLag)).abort
		}
		return abort
	}
	require.False(t, argo(50, 7), "95 % is enough")
	require.False(t, argo(51, 3), "three failures are within the limit")
	require.True(t, argo(51, 4))

	flagger := func(bad uint64, minutes int) anchorStep {
		rule, step := anchorFlagger(), anchorStep{}
		for i := 0; i <= minutes; i++ {
			step = rule(i*anchorMinute, constant(bad, 1000, i*anchorMinute-anchorLag))
		}
		return step
	}
	require.Equal(t, anchorStep{weight: 50}, flagger(10, 5), "99 % is enough")
	require.Equal(t, anchorStep{weight: 50, promote: true}, flagger(10, 6))
	require.Equal(t, anchorStep{weight: 10}, flagger(11, 5), "the fifth failure")
	require.Equal(t, anchorStep{weight: 10, abort: true}, flagger(11, 6), "is acted upon in the next interval")

	// Equal shares see equal failures, other shares, ticks, runs and seeds see others.
	s := anchorService{requests: 2500, p1: .5, p0: .5, seed: 1}
	a, b := s.tick(1, 2, 10)
	c, d := s.tick(1, 2, 10)
	require.Equal(t, []health.Count{a, b}, []health.Count{c, d})
	seen := map[health.Count]int{}
	for i := range 4 {
		_, a := anchorService{requests: 250_000, p1: .5, p0: .5, seed: uint64(i)}.tick(1, 2, 0)
		_, b := anchorService{requests: 250_000, p1: .5, p0: .5}.tick(2+i, 2, 0)
		_, c := anchorService{requests: 250_000, p1: .5, p0: .5}.tick(1, 3+i, 0)
		seen[a]++
		seen[b]++
		seen[c]++
	}
	require.Len(t, seen, 12)
}
