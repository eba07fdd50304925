package rollout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// goldenPlay is an engine with everything around it scripted, so that the same script
// writes the same bytes. It shares nothing with the other tests' worlds: what is
// golden must not change because another test does.
type goldenPlay struct {
	t       *testing.T
	plan    rollout.Plan
	clock   time.Time
	journal journal.Memory
	real    deploytest.Simulated

	applyErrs []error                                                    // of the next attempts; nil works
	lost      bool                                                       // a failing attempt has its effect all the same
	late      time.Duration                                              // the deployer cannot fence, and is so late at most
	see       func(rollout.Observed) (rollout.Observed, error)           // what is observed of what is so
	gate      func(q rollout.GateQuery) (rollout.GateResult, error)      // nil allows
	health    func(q rollout.HealthQuery) (v health.Verdict, asks error) // nil is healthy
}

var goldenTime = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func goldenRef(v string) release.Ref {
	return refOf("shop", v)
}

func goldenBy(reason string) rollout.By {
	return rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: "email:grace@example.com", Name: "Grace"}, Reason: reason}
}

// goldenPlan has four rings. It does not use Rings, whose defaults may change.
func goldenPlan() rollout.Plan {
	inside, some := rollout.Slice{Cohort: "internal", Percent: 100}, rollout.Slice{Percent: 5}
	return rollout.Plan{
		Target: rollout.Target{Service: "shop", Environment: "production"}, Release: goldenRef("2.0.0"), Previous: goldenRef("1.9.3"),
		Stages: []rollout.Stage{
			{Name: "internal", Slices: []rollout.Slice{inside}, Percent: 0.5, Internal: true, Gates: []string{"evidence"}, MinBake: 30 * time.Minute, Health: rollout.HealthWatched},
			{Name: "canary", Slices: []rollout.Slice{inside, some}, Percent: 5.5, MinBake: time.Hour, MaxBake: 6 * time.Hour, Health: rollout.HealthRequired, OnUndecided: rollout.UndecidedRollback},
			{Name: "region", Slices: []rollout.Slice{inside, some, {Region: "eu-west", Percent: 100}}, Percent: 30, MinBake: 2 * time.Hour, MaxBake: 6 * time.Hour, OnUndecided: rollout.UndecidedHold},
			{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Gates: []string{"approval"}, MinBake: time.Hour, Health: rollout.HealthWatched},
		},
		Poll: 10 * time.Minute,
	}
}

// goldenPair is a plan of two stages, for stories that are about something else.
func goldenPair() rollout.Plan {
	p := goldenPlan()
	p.Stages = []rollout.Stage{
		{Name: "canary", Slices: []rollout.Slice{{Percent: 10}}, Gates: []string{"evidence"}, MinBake: time.Hour},
		{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, MinBake: time.Hour, Health: rollout.HealthWatched},
	}
	return p
}

func newGoldenPlay(t *testing.T) *goldenPlay {
	p := &goldenPlay{t: t, clock: goldenTime, plan: goldenPlan()}
	p.serve()
	return p
}

func (p *goldenPlay) serve() { p.real.Serve(p.plan.Target, p.plan.Previous) }

// Apply implements [rollout.Deployer].
func (p *goldenPlay) Apply(ctx context.Context, a rollout.Action) error {
	var failure error
	if len(p.applyErrs) > 0 {
		failure, p.applyErrs = p.applyErrs[0], p.applyErrs[1:]
	}
	if failure == nil || p.lost {
		return errors.Join(p.real.Apply(ctx, a), failure)
	}
	return failure
}

// Observe implements [rollout.Deployer].
func (p *goldenPlay) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	o, err := p.real.Observe(ctx, t)
	if p.see != nil && err == nil {
		return p.see(o)
	}
	return o, err
}

// latePlay is a deployer that cannot fence.
type latePlay struct{ *goldenPlay }

// MaxLatency implements [rollout.Unfenced].
func (p latePlay) MaxLatency() time.Duration { return p.late }

func (p *goldenPlay) engine() *rollout.Engine {
	gates := map[string]rollout.Gate{}
	for _, name := range []string{"evidence", "approval", "vulnerabilities"} {
		gates[name] = rollout.GateFunc(func(_ context.Context, q rollout.GateQuery) (rollout.GateResult, error) {
			if p.gate != nil {
				return p.gate(q)
			}
			return goldenAllow("the evidence is complete"), nil
		})
	}
	var deployer rollout.Deployer = p
	if p.late > 0 {
		deployer = latePlay{p}
	}
	e, err := rollout.New(rollout.Options{Journal: &p.journal, Deployer: deployer, Gates: gates, Actor: "service:sallyport",
		Now: func() time.Time { return p.clock },
		Health: rollout.HealthFunc(func(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
			if p.health != nil {
				return p.health(q)
			}
			return goldenHealthy, nil
		})})
	require.NoError(p.t, err)
	return e
}

var (
	goldenHealthy = health.Verdict{Kind: health.KindHealthy, Metric: "errors", LogE: -2.125, LogCertificate: 4.5,
		Canary: health.Count{Bad: 3, Total: 10_000}, Control: health.Count{Bad: 29, Total: 90_000}, Why: "no metric is worse than tolerated"}
	goldenWorse = health.Verdict{Kind: health.KindRegressed, Metric: "errors", LogE: 7.25,
		Canary: health.Count{Bad: 310, Total: 10_000}, Control: health.Count{Bad: 30, Total: 90_000}, Why: "errors: 3.1 % beside 0.03 %"}
	goldenUnsure = health.Verdict{Kind: health.KindUndecided, Metric: "latency", LogE: 0.5, LogCertificate: 1.75,
		Canary: health.Count{Bad: 1, Total: 90}, Control: health.Count{Bad: 9, Total: 900}, Why: "too few requests so far"}
	goldenBlind = health.Verdict{Kind: health.KindUndecided, NoData: true, Why: "no request of the canary"}
)

func goldenAllow(text string) rollout.GateResult {
	return rollout.GateResult{Verdict: release.VerdictAllow, Reason: release.Reason{Code: "evidence/complete", Subject: "shop", Text: text,
		Refs: []release.Digest{release.DigestOf([]byte("provenance"))}}}
}

func goldenHold(text string, retry time.Time) rollout.GateResult {
	return rollout.GateResult{Verdict: release.VerdictHold, Reason: release.Reason{Code: "evidence/missing", Text: text}, Retry: retry}
}

func goldenDeny(text string) rollout.GateResult {
	return rollout.GateResult{Verdict: release.VerdictDeny, Reason: release.Reason{Code: "evidence/refused", Text: text,
		Refs: []release.Digest{release.DigestOf([]byte("attestation"))}}}
}

// goldenStage answers with v from the time that the stage with this name is exposed.
func goldenStage(name string, v health.Verdict) func(rollout.HealthQuery) (health.Verdict, error) {
	return func(q rollout.HealthQuery) (health.Verdict, error) {
		if q.Stage.Name == name {
			return v, nil
		}
		return goldenHealthy, nil
	}
}

func (p *goldenPlay) ok(s rollout.State, err error) rollout.State {
	p.t.Helper()
	require.NoError(p.t, err)
	return s
}

func (p *goldenPlay) start() { p.ok(p.engine().Start(p.t.Context(), p.plan, goldenBy("release day"))) }

// step is one Step now, and when the next is due.
func (p *goldenPlay) step() (rollout.State, time.Time) {
	s, wake, err := p.engine().Step(p.t.Context(), p.plan.Target)
	require.NoError(p.t, err)
	return s, wake
}

// order gives one of the engine's commands.
func (p *goldenPlay) order(command func(context.Context, rollout.Target, rollout.By) (rollout.State, error), why string) {
	p.t.Helper()
	p.ok(command(p.t.Context(), p.plan.Target, goldenBy(why)))
}

// later is one Step after d.
func (p *goldenPlay) later(d time.Duration) rollout.State {
	p.clock = p.clock.Add(d)
	s, _ := p.step()
	return s
}

// until steps whenever it is due until enough, or the end if enough is nil.
func (p *goldenPlay) until(enough func(rollout.State) bool) rollout.State {
	p.t.Helper()
	for range 200 {
		s, wake := p.step()
		if wake.IsZero() || enough != nil && enough(s) {
			require.True(p.t, enough == nil || enough(s), "it ended before: %v", s)
			return s
		}
		p.clock = wake
	}
	p.t.Fatal("it does not end")
	return rollout.State{}
}

// ends steps to the end, which must be this one.
func (p *goldenPlay) ends(want rollout.Phase) {
	p.t.Helper()
	require.Equal(p.t, want, p.until(nil).Rollout.Phase)
}

func (p *goldenPlay) bakes(stage int) {
	p.t.Helper()
	p.until(func(s rollout.State) bool { return s.Rollout.Phase == rollout.PhaseBaking && s.Rollout.Stage == stage })
}

func (p *goldenPlay) records() []journal.Record {
	var recs []journal.Record
	for r, err := range p.journal.Load(p.t.Context(), p.plan.Target.Stream(), 0) {
		require.NoError(p.t, err)
		recs = append(recs, r)
	}
	return recs
}
