package metrics

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Link says which deployment an incident is laid to, and why.
type Link struct {
	// Deployment is zero where none was found; Reason says why.
	Deployment Ref `json:"deployment,omitzero"`
	// Rule is the one that found it, Confidence how sure that is; both are unknown
	// where none was found.
	Rule       LinkRule   `json:"rule"`
	Confidence Confidence `json:"confidence"`
	// Reason is for people.
	Reason string `json:"reason"`
}

// link is a Link by index.
type link struct {
	dep        int // -1: none
	rule       LinkRule
	confidence Confidence
	reason     string
}

// suspects are the deployments that an incident can be laid to without being
// named: those that count, by the time at which they were first exposed.
type suspects struct {
	byStream   map[stream][]int // a stream without its region
	takenBack  map[stream]*spans
	reverted   map[stream]*spans
	byArtifact map[string][]int
	byVersion  map[versionOf][]int
	byProject  map[string][]int // those that succeeded, by At
}

type versionOf struct{ service, version string }

func (a *analysis) suspects() suspects {
	order := make([]int, 0, len(a.deps))
	for i := range a.deps {
		counts := a.deps[i].why == "" || a.deps[i].why == whyRegion && a.deps[a.deps[i].as].why == ""
		if counts && a.s.deployments[i].Outcome != DeploymentNotExposed {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Or(a.s.deployments[x].begin().Compare(a.s.deployments[y].begin()), cmp.Compare(x, y))
	})
	s := suspects{map[stream][]int{}, map[stream]*spans{}, map[stream]*spans{}, map[string][]int{}, map[versionOf][]int{}, a.byProject()}
	reverts := a.reverts()
	for _, i := range order {
		d := &a.s.deployments[i]
		key := a.place(i)
		s.byStream[key] = append(s.byStream[key], i)
		if at := a.backAt(a.deps[i].as); !at.IsZero() {
			spansOf(s.takenBack, key).add(i, -1, d.begin(), at)
		}
		a.addReverted(s.reverted, reverts, i)
		if d.Artifact != "" {
			s.byArtifact[d.Artifact] = append(s.byArtifact[d.Artifact], i)
		}
		if d.Version != "" {
			v := versionOf{d.Service, d.Version}
			s.byVersion[v] = append(s.byVersion[v], i)
		}
	}
	for _, sets := range []map[stream]*spans{s.takenBack, s.reverted} {
		for _, set := range sets {
			set.build()
		}
	}
	return s
}

func spansOf(sets map[stream]*spans, key stream) *spans {
	if sets[key] == nil {
		sets[key] = &spans{}
	}
	return sets[key]
}

// place is the stream of deployment i without its region: an incident names none.
func (a *analysis) place(i int) stream {
	d := &a.s.deployments[i]
	return stream{service: d.Service, environment: d.Environment}
}

func (a *analysis) linkIncidents() {
	s := a.suspects()
	for i := range a.s.incidents {
		a.links[i] = a.linkOne(s, &a.s.incidents[i])
	}
}

// linkOne tries the definition's rules in their order. A cause that is stated
// and matches nothing ends the search: laying the incident to another
// deployment would contradict what was said.
func (a *analysis) linkOne(s suspects, n *Incident) link {
	if n.At.After(a.s.asOf) {
		return link{dep: -1, reason: whyAhead}
	}
	for _, rule := range a.def.Links {
		l, done := a.try(rule, s, n)
		if done {
			if l.dep >= 0 {
				l.rule = rule
				if as := a.deps[l.dep].as; as != l.dep {
					switch a.deps[l.dep].why {
					case whyRegion:
						l.reason += ", which brings this one to another region"
					case whyRetry:
						l.reason += ", which tries this one again"
					default:
						l.reason += ", which repeats this one"
					}
					l.dep = as
				}
			}
			return l
		}
	}
	switch {
	case n.Service == "":
		return link{dep: -1, reason: "the incident names no service"}
	case n.Environment == "":
		return link{dep: -1, reason: "the incident names no environment"}
	}
	return link{dep: -1, reason: "no rule of the definition found a deployment"}
}

// try is one rule; the answer is false where it has nothing to say.
func (a *analysis) try(rule LinkRule, s suspects, n *Incident) (link, bool) {
	key := stream{service: n.Service, environment: n.Environment}
	switch rule {
	case LinkExplicit:
		if n.CausedBy.IsZero() {
			return link{}, false
		}
		if i := a.find(n.CausedBy); i >= 0 {
			return link{dep: i, confidence: ConfidenceStated, reason: "the incident names the deployment"}, true
		}
		return link{dep: -1, reason: fmt.Sprintf("the incident names deployment %q, which is not known", n.CausedBy)}, true
	case LinkArtifact:
		if n.Artifact == "" {
			return link{}, false
		}
		if i := a.latest(s.byArtifact[n.Artifact], n); i >= 0 {
			return link{dep: i, confidence: ConfidenceLikely, reason: "the latest deployment of the artifact that the incident names"}, true
		}
		return link{dep: -1, reason: fmt.Sprintf("the incident names artifact %q, of which no earlier deployment is known", n.Artifact)}, true
	case LinkVersion:
		if n.Version == "" || n.Service == "" {
			return link{}, false
		}
		if i := a.latest(s.byVersion[versionOf{n.Service, n.Version}], n); i >= 0 {
			return link{dep: i, confidence: ConfidenceLikely, reason: "the latest deployment of the version that the incident names"}, true
		}
		return link{dep: -1, reason: fmt.Sprintf("the incident names version %q, of which no earlier deployment is known", n.Version)}, true
	case LinkRevert:
		return a.tryRevert(s.reverted[key], n)
	case LinkRollback:
		var until time.Time
		if !n.open(a.s.asOf) {
			until = n.Resolved
		}
		set := s.takenBack[key]
		if k := set.latest(n.At, until); k >= 0 {
			return link{dep: set.deps[k], confidence: ConfidenceLikely, reason: "it was taken back while the incident was open"}, true
		}
	case LinkLast:
		if i := a.lastSuccess(s.byProject[n.Dims[DimProject]], n.At); i >= 0 {
			return link{dep: i, confidence: ConfidenceGuess, reason: "the last deployment of the project that succeeded before"}, true
		}
	case LinkWindow:
		ids := s.byStream[key]
		if k := a.until(ids, n.At); k > 0 {
			i := ids[k-1]
			if after := n.At.Sub(a.s.deployments[i].begin()); after <= a.def.LinkWithin {
				return link{dep: i, confidence: ConfidenceGuess,
					reason: fmt.Sprintf("the latest deployment of the service, %s before", after)}, true
			}
		}
	}
	return link{}, false
}

// until is how many of ids were exposed at t or before.
func (a *analysis) until(ids []int, t time.Time) int {
	k, _ := slices.BinarySearchFunc(ids, t, func(i int, t time.Time) int {
		if a.s.deployments[i].begin().After(t) {
			return 1
		}
		return -1
	})
	return k
}

// latest is the last of ids exposed before the incident, where the incident says.
func (a *analysis) latest(ids []int, n *Incident) int {
	for k := a.until(ids, n.At) - 1; k >= 0; k-- {
		d := &a.s.deployments[ids[k]]
		if (n.Service == "" || n.Service == d.Service) && (n.Environment == "" || n.Environment == d.Environment) {
			return ids[k]
		}
	}
	return -1
}

// backAt is when the environment was taken back from deployment i, zero where
// that is not known.
func (a *analysis) backAt(i int) time.Time {
	x, d := &a.deps[i], &a.s.deployments[i]
	switch {
	case x.restored.IsZero():
		return d.Recovered
	case d.Recovered.IsZero() || x.restored.Before(d.Recovered):
		return x.restored
	}
	return d.Recovered
}

// public is the link with its deployment by name.
func (a *analysis) public(i int) Link {
	l := a.links[i]
	out := Link{Rule: l.rule, Confidence: l.confidence, Reason: l.reason}
	if l.dep >= 0 {
		out.Deployment = a.s.deployments[l.dep].Ref()
	}
	return out
}
