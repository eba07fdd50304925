package metrics

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Review is what can be learned from one deployment once it is over: what was
// foretold, what happened, when it was noticed and by what, and what would have
// caught it.
type Review struct {
	// Deployment is the one that counts, Repeats the deployments that it stands for
	// besides, such as those of other regions.
	Deployment Ref   `json:"deployment"`
	Repeats    []Ref `json:"repeats,omitempty"`
	// Release, Service, Environment and Version are the deployment's.
	Release     release.Digest `json:"release,omitzero"`
	Service     string         `json:"service,omitempty"`
	Environment string         `json:"environment,omitempty"`
	Version     string         `json:"version,omitempty"`
	// Tier and Risk are what was foretold; unknown and 0 where nobody said.
	Tier release.Tier `json:"tier"`
	Risk float64      `json:"risk,omitzero"`
	// Kind is what became of this deployment by the definition. It is unknown where
	// nobody knows whether a failure would have been recorded.
	Kind release.OutcomeKind `json:"kind"`
	// Exposed is when users first had it, Over when service was well again after a
	// failure: zero without one, and while it is not over.
	Exposed time.Time `json:"exposed"`
	Over    time.Time `json:"over,omitzero"`
	// Signs are what showed the failure, by time. The first of them is when it was
	// noticed.
	Signs []Sign `json:"signs,omitempty"`
	// Caught is what the host says would have caught it: see [ReviewOptions.Catch].
	Caught []Catch `json:"caught,omitempty"`
}

// Sign is one thing that showed a failure.
type Sign struct {
	// Kind and Fact say what: an incident, the deployment that took it back, or the
	// deployment itself, which ended as failed.
	Kind FactKind `json:"kind"`
	Fact Ref      `json:"fact"`
	// At is when it was noticed so, and After how long users had had the release by
	// then, in seconds. It is below zero where an incident was declared to have begun
	// before.
	At    time.Time `json:"at"`
	After float64   `json:"after"`
	// By is what noticed it, where an incident says so.
	By string `json:"by,omitempty"`
	// Link says why an incident is laid to the deployment; nil for another sign.
	Link *Link `json:"link,omitempty"`
	// Severity, Mitigated and Resolved are an incident's.
	Severity  string    `json:"severity,omitempty"`
	Mitigated time.Time `json:"mitigated,omitzero"`
	Resolved  time.Time `json:"resolved,omitzero"`
}

// Catch is a rule or a gate that would have caught a failure.
type Catch struct {
	// By names the rule, the gate or the test. Reason is for people.
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// ReviewOptions say which deployments are reviewed, and who knows what would have
// caught a failure.
type ReviewOptions struct {
	// All reviews all deployments and not only those that failed.
	All bool
	// Catch says which rules and gates would have caught a failure; nil says nothing.
	// It is asked once for each deployment that failed, in the order of the reviews, and
	// may for instance assess the release by another policy, or ask which demand was
	// waived. What it returns is copied.
	Catch func(Review) ([]Catch, error)
}

// Reviews are those of the deployments that count and stand in the report, by time.
// An error is one of Catch, with the deployment that it was about.
func (r *Report) Reviews(o ReviewOptions) ([]Review, error) {
	a := r.analysis()
	repeats := map[int][]Ref{}
	for i := range a.deps {
		if as := a.deps[i].as; as != i {
			repeats[as] = append(repeats[as], a.s.deployments[i].Ref())
		}
	}
	var out []Review
	var errs []error
	for _, i := range a.measured() {
		if a.deps[i].why != "" || !o.All && !a.deps[i].failed {
			continue
		}
		v := a.review(i)
		v.Repeats = repeats[i]
		if v.Kind == release.OutcomeFailed && o.Catch != nil {
			caught, err := o.Catch(v)
			if err != nil {
				errs = append(errs, fmt.Errorf("metrics: what would have caught deployment %q: %w", v.Deployment, err))
				continue
			}
			v.Caught = slices.Clone(caught)
		}
		out = append(out, v)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b Review) int { return a.Exposed.Compare(b.Exposed) })
	return out, nil
}

func (a *analysis) review(i int) Review {
	d, x := &a.s.deployments[i], &a.deps[i]
	v := Review{Deployment: d.Ref(), Release: d.Release, Service: d.Service, Environment: d.Environment, Version: d.Version,
		Tier: d.Tier, Risk: d.Risk, Exposed: d.begin()}
	switch {
	case x.failed:
		v.Kind, v.Over = release.OutcomeFailed, a.recoveredAt(i)
		v.Signs = a.signs(i)
	case a.failuresKnown && d.Outcome == DeploymentSucceeded:
		v.Kind = release.OutcomeFine
	}
	return v
}

// signs are what made deployment i count as failed, by time.
func (a *analysis) signs(i int) []Sign {
	d, x := &a.s.deployments[i], &a.deps[i]
	var out []Sign
	add := func(s Sign) {
		s.After = s.At.Sub(d.begin()).Seconds()
		out = append(out, s)
	}
	if a.def.IncidentFails {
		for _, k := range x.incidents {
			n, link := &a.s.incidents[k], a.public(k)
			add(Sign{Kind: KindIncident, Fact: n.Ref(), At: n.At, By: n.NoticedBy, Link: &link, Severity: n.Severity, Mitigated: n.Mitigated, Resolved: n.Resolved})
		}
	}
	if a.def.RollbackFails && x.takenBackBy >= 0 {
		back := &a.s.deployments[x.takenBackBy]
		add(Sign{Kind: KindDeployment, Fact: back.Ref(), At: back.begin()})
	}
	if a.def.OutcomeFails && d.Outcome == DeploymentFailed {
		at := d.Detected
		if at.IsZero() {
			at = d.At
		}
		add(Sign{Kind: KindDeployment, Fact: d.Ref(), At: at})
	}
	slices.SortStableFunc(out, func(a, b Sign) int { return a.At.Compare(b.At) })
	return out
}

// Noticed is the first sign of the failure; none without one.
func (v *Review) Noticed() (Sign, bool) {
	if len(v.Signs) == 0 {
		return Sign{}, false
	}
	return v.Signs[0], true
}

// String is the review in one line.
func (v Review) String() string {
	var b strings.Builder
	what := v.Version
	if what == "" {
		what = v.Deployment.String()
	}
	fmt.Fprintf(&b, "%s %s: foretold %s", v.Service, what, v.Tier)
	if v.Risk > 0 {
		fmt.Fprintf(&b, " (%.2g %%)", 100*v.Risk)
	}
	fmt.Fprintf(&b, ", %s", v.Kind)
	if s, ok := v.Noticed(); ok {
		fmt.Fprintf(&b, "; noticed after %s", time.Duration(s.After*float64(time.Second)).Round(time.Second))
		if s.By != "" {
			fmt.Fprintf(&b, " by %s", s.By)
		}
		switch {
		case v.Over.IsZero():
			b.WriteString(", not over")
		default:
			fmt.Fprintf(&b, ", over after %s", v.Over.Sub(v.Exposed).Round(time.Second))
		}
		names := make([]string, len(v.Caught))
		for k, c := range v.Caught {
			names[k] = c.By
		}
		if len(names) > 0 {
			fmt.Fprintf(&b, "; would have been caught by %s", strings.Join(names, ", "))
		}
	}
	return b.String()
}
