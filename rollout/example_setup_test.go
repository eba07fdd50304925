package rollout_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// simulation is what the examples have instead of a host: nothing is deployed, and time
// goes by when it is told to.
type simulation struct {
	engine   *rollout.Engine
	journal  *journal.Memory
	deployer *deploytest.Simulated
	clock    time.Time
	worse    map[string]string // by service or region: why health says that the release is worse
	gates    map[string]rollout.Gate
	shown    map[rollout.Target]string
}

// simulate lets a release serve each of its services, on a Monday at nine.
func simulate(serving ...release.Ref) *simulation {
	s := &simulation{journal: new(journal.Memory), deployer: new(deploytest.Simulated), clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC),
		worse: map[string]string{}, gates: map[string]rollout.Gate{}, shown: map[rollout.Target]string{}}
	for _, r := range serving {
		s.deployer.Serve(target(r.Service), r)
	}
	s.gate("", nil)
	return s
}

// gate makes the engine anew, with one more gate: an engine keeps nothing between calls.
func (s *simulation) gate(name string, g rollout.Gate) {
	if g != nil {
		s.gates[name] = g
	}
	engine, err := rollout.New(rollout.Options{Journal: s.journal, Deployer: s.deployer, Gates: s.gates, Health: s, Now: func() time.Time { return s.clock }})
	if err != nil {
		panic(err)
	}
	s.engine = engine
}

// Health is what the simulation was told to say.
func (s *simulation) Health(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
	why := s.worse[q.Target.Service]
	if why == "" && q.Slice != nil {
		why = s.worse[q.Slice.Region]
	}
	if why != "" {
		return health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: why}, nil
	}
	return health.Verdict{Kind: health.KindHealthy, Why: "no metric is worse"}, nil
}

// step lets d go by and steps the targets. It prints what is new of each.
func (s *simulation) step(d time.Duration, targets ...rollout.Target) {
	s.clock = s.clock.Add(d)
	for _, t := range targets {
		state, _, err := s.engine.Step(context.Background(), t)
		ok(state, err)
		if line := state.String(); line != s.shown[t] {
			fmt.Println(s.clock.Format("15:04"), line)
			s.shown[t] = line
		}
	}
}

// ok is the state, where nothing can go wrong.
func ok(s rollout.State, err error) rollout.State {
	if err != nil {
		panic(err)
	}
	return s
}

func target(service string) rollout.Target {
	return rollout.Target{Service: service, Environment: "production"}
}

func refOf(service, version string) release.Ref {
	return release.Ref{Service: service, Version: version, Digest: release.DigestOf([]byte(service + " " + version))}
}

func by(name, reason string) rollout.By {
	return rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: "github:" + name}, Reason: reason}
}

func share(name string, percent float64) rollout.Stage {
	return rollout.Stage{Name: name, Slices: []rollout.Slice{{Percent: percent}}, MinBake: time.Hour}
}
