package metrics

import (
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// EventSource is the source of the deployments that [FromEvent] makes.
const EventSource = "rollout"

// FromEvent makes a deployment of the event that ends a rollout; of any other
// event the answer is false. Deployed becomes a success. Rolled back becomes one
// deployment that failed and has recovered, and no second deployment for the way
// back, whatever it was taken back for: to make room for another release, too. Halted
// and replaced become failures that have not recovered: users still have what could not
// be taken back, until the next deployment. Stopped becomes an attempt that exposed nobody.
//
// The deployment counts as started when the rollout was, since one event tells no
// better; [FromEvents] knows when users were first exposed. It counts as seen at
// the time of the event; a host that hears of it later sets Seen.
func FromEvent(e release.Event) (Deployment, bool) {
	d := Deployment{
		Meta: Meta{Source: EventSource, ID: e.ID, Rev: 1, At: e.At, Seen: e.At,
			Service: e.Release.Service, Environment: e.Environment},
		Started: e.Started,
		Version: e.Release.Version,
		Release: e.Release.Digest,
		Follows: e.Previous.Version,
	}
	switch e.Kind {
	case release.EventDeployed:
		d.Outcome = DeploymentSucceeded
	case release.EventRolledBack:
		d.Outcome = DeploymentFailed
		d.Recovered = e.At
	case release.EventHalted, release.EventReplaced:
		d.Outcome = DeploymentFailed // what comes after it says when that is over
	case release.EventStopped:
		d.Outcome = DeploymentNotExposed
	default:
		return Deployment{}, false
	}
	return d, true
}

// FromEvents makes a deployment of each rollout that the events end, in the order
// of their endings. It starts when the first stage was exposed, and a failure is
// detected when health was first found to have regressed. The events of one
// rollout share [release.Event.Rollout]; repeated events change nothing.
func FromEvents(events []release.Event) []Deployment {
	type known struct{ exposed, regressed time.Time }
	rollouts := map[string]known{}
	earlier := func(a, b time.Time) time.Time {
		if a.IsZero() || b.Before(a) {
			return b
		}
		return a
	}
	for _, e := range events {
		k := rollouts[e.Rollout]
		switch e.Kind {
		case release.EventExposed:
			k.exposed = earlier(k.exposed, e.At)
		case release.EventRegressed:
			k.regressed = earlier(k.regressed, e.At)
		}
		rollouts[e.Rollout] = k
	}
	var out []Deployment
	told := map[string]bool{}
	for _, e := range events {
		d, ok := FromEvent(e)
		if !ok || told[e.ID] {
			continue
		}
		told[e.ID] = true
		k := rollouts[e.Rollout]
		if !k.exposed.IsZero() && d.Outcome != DeploymentNotExposed {
			d.Started = k.exposed
		}
		if d.Outcome == DeploymentFailed {
			d.Detected = k.regressed
		}
		out = append(out, d)
	}
	return out
}
