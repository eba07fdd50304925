package metrics

import (
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Prediction is what was said of a release before a deployment of it, and what came
// of that deployment.
type Prediction struct {
	// Deployment and Release say which one it is; each may be zero, as they are only
	// for people.
	Deployment Ref            `json:"deployment,omitzero"`
	Release    release.Digest `json:"release,omitzero"`
	// Tier is how risky it was held to be, unknown where nobody said.
	Tier release.Tier `json:"tier"`
	// Risk is the probability of failure that was foretold, above 0 and below 1; 0 where
	// nobody said.
	Risk float64 `json:"risk,omitempty"`
	// Outcome is what came of it.
	Outcome release.OutcomeKind `json:"outcome"`
	// Why says why the outcome is not known, such as "blocked"; it must be "" where the
	// outcome is known and a text where it is not.
	Why string `json:"why,omitempty"`
}

// Why a deployment has no outcome that a prediction could be held against.
const (
	whyUnsettled = "it was not exposed for long enough"
	whyUnwatched = "nobody vouches that a failure would have been recorded"
	whyDoubtful  = "it failed in a way that does not count by the definition"
)

// Predictions are the deployments of the report's range, by time, with what was
// foretold and whether they failed by the definition. Those that stand for another
// one, that take another one back, or of environments that do not count are not among
// them. A deployment that exposed nobody, or of which nobody said how it ended, has
// no outcome; so has one that was first exposed less than settle before the snapshot,
// failed or not: failures show up late, and to count only those that did so early
// would raise the rate. A settle of 0 waits for none.
//
// Releases that were never deployed are not in the log. A host that knows of such,
// blocked by a gate for instance, appends them with their tier, no outcome and the
// reason.
func (r *Report) Predictions(settle time.Duration) []Prediction {
	a := r.analysis()
	var out []Prediction
	for i := range a.deps {
		x, d := &a.deps[i], &a.s.deployments[i]
		if !a.inRange(i) || x.why != "" && x.why != whyUnknown && x.why != whyNotExposed {
			continue
		}
		p := Prediction{Deployment: d.Ref(), Release: d.Release, Tier: d.Tier, Risk: d.Risk}
		switch {
		case d.Outcome == DeploymentUnknown:
			p.Why = whyUnknown
		case d.Outcome == DeploymentNotExposed:
			p.Why = whyNotExposed
		case a.s.asOf.Sub(d.begin()) < settle:
			p.Why = whyUnsettled
		case x.failed:
			p.Outcome = release.OutcomeFailed
		case d.Outcome == DeploymentFailed:
			p.Why = whyDoubtful
		case !a.failuresKnown:
			p.Why = whyUnwatched
		default:
			p.Outcome = release.OutcomeFine
		}
		out = append(out, p)
	}
	return out
}

// inRange reports whether deployment i is of an environment that counts and of the
// report's range.
func (a *analysis) inRange(i int) bool {
	x := &a.deps[i]
	return x.why != whyAhead && x.why != whyEnvironment && !x.moment.Before(a.q.From) && x.moment.Before(a.q.To)
}
