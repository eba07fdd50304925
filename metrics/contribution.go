package metrics

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// Use says what part a fact has in a value.
type Use uint8

// The uses.
const (
	UseUnknown   Use = iota
	UseCounted       // in the count of a frequency, or in the denominator of a rate
	UseNumerator     // in the denominator of a rate and in its numerator
	UseValue         // its Value is one of the values that a median is taken of
	UseCensored      // its Value is a time that was not over yet
	UseEvidence      // it says something about a deployment that is listed, and is not counted itself
	UseExcluded      // it has no part in the value
	UseAlone         // in the numerator of a rate and not in its denominator
)

var uses = enum.Table[Use]{Type: "metrics.Use", Names: []string{"unknown", "counted", "numerator", "value", "censored", "evidence", "excluded", "alone"}}

// String is the value's name.
func (u Use) String() string { return uses.Text(u) }

// ParseUse reads a value's name.
func ParseUse(s string) (Use, error) { return uses.Parse(s) }

// MarshalText is the value's name.
func (u Use) MarshalText() ([]byte, error) { return uses.Marshal(u) }

// UnmarshalText reads a value's name.
func (u *Use) UnmarshalText(b []byte) error { return uses.Unmarshal(u, b) }

// Contribution is the part that one fact has in a result.
type Contribution struct {
	// Kind, Ref and Rev say which fact it is, in which of its revisions.
	Kind FactKind `json:"kind"`
	Ref  Ref      `json:"ref"`
	Rev  uint64   `json:"rev"`
	// At is the fact's time by the definition, Use the part that it has.
	At  time.Time `json:"at"`
	Use Use       `json:"use"`
	// Value is in seconds, for [UseValue] and [UseCensored].
	Value float64 `json:"value,omitempty"`
	// Deployment is the deployment that the fact has its part through, where it is
	// another fact.
	Deployment Ref `json:"deployment,omitzero"`
	// Link is why an incident stands here.
	Link *Link `json:"link,omitempty"`
	// Reason says why the fact has this part.
	Reason string `json:"reason,omitempty"`
}

// Explanation is everything behind one result. The result's value follows from
// it alone: from the uses and values of the contributions and, for a frequency,
// from Weeks.
type Explanation struct {
	// Result is the one that is explained.
	Result Result `json:"result"`
	// Weeks is how long was observed, in weeks of seven civil days.
	Weeks float64 `json:"weeks"`
	// Contributions are the facts behind it, those that were left out among them.
	Contributions []Contribution `json:"contributions"`
}

// Explain lists the facts behind a result of this report: those that make its
// value, those that were left out, and the links between them, each with a
// reason.
func (r *Report) Explain(res Result) (Explanation, error) {
	a := r.analysis()
	g, group := slices.BinarySearchFunc(a.groups, res.Key, func(g group, key []string) int { return slices.Compare(g.key, key) })
	w, window := slices.BinarySearchFunc(a.windows, res.Window, func(w, o Window) int { return w.From.Compare(o.From) })
	if group && window && a.groups[g].reported && res.Definition == a.digest && res.Metric != MetricUnknown && res.Metric <= ReworkRate {
		cell := &a.cells[g*len(a.windows)+w]
		out := Explanation{Weeks: a.exposure(cell).weeks(a.q.Location)}
		out.Result = a.measure(res.Metric, cell, func(c Contribution) { out.Contributions = append(out.Contributions, c) })
		return out, nil
	}
	return Explanation{}, fmt.Errorf("metrics: this report has no result %s of %q in %s", res.Metric, res.Key, res.Window)
}

// Unused are the facts that stand in no explanation of any result, with the
// reason: deployments outside of the range, changes that no deployment there
// brought, incidents without a deployment.
func (r *Report) Unused() []Contribution {
	a := r.analysis()
	var out []Contribution
	deps, changes, incidents := make([]bool, len(a.deps)), make([]bool, len(a.s.changes)), make([]bool, len(a.links))
	evidence := make([]bool, len(a.deps)) // deployments of which the evidence stands in an explanation
	for c := range a.cells {
		if !a.groups[a.cells[c].group].reported {
			continue
		}
		for _, i := range a.cells[c].deps {
			deps[i], evidence[i] = true, true
		}
		for _, r := range a.cells[c].recoveries {
			if r.dep >= 0 {
				deps[r.dep] = true
			}
			if r.incident >= 0 {
				incidents[r.incident] = true
			} else {
				evidence[r.dep] = true
			}
		}
		for _, n := range a.cells[c].incidents {
			incidents[n] = true
		}
		for _, l := range a.cells[c].leads {
			if l.change >= 0 {
				changes[l.change] = true
			}
		}
	}
	for i, used := range deps {
		switch {
		case used:
		case a.deps[i].why != "":
			out = append(out, a.deployment(i, UseExcluded, a.deps[i].why))
		default:
			out = append(out, a.deployment(i, UseExcluded, "it lies outside of the range"))
		}
	}
	for i, used := range changes {
		if !used {
			f := &a.s.changes[i]
			out = append(out, Contribution{Kind: KindChange, Ref: f.Ref(), Rev: f.Rev, At: f.At, Use: UseExcluded,
				Reason: "no deployment in the range brought it"})
		}
	}
	for i := range a.links {
		if dep := a.links[i].dep; !incidents[i] && (dep < 0 || !evidence[dep]) {
			out = append(out, a.incident(i, UseExcluded))
			if a.def.FailCounts == FailIncidents && !a.incidentCounts(i) {
				out[len(out)-1].Reason = whyEnvironment
			}
		}
	}
	return out
}

// deployment is a deployment's contribution.
func (a *analysis) deployment(i int, use Use, reason string) Contribution {
	d := &a.s.deployments[i]
	if reason == "" {
		reason = a.deps[i].again.reason()
	}
	c := Contribution{Kind: KindDeployment, Ref: d.Ref(), Rev: d.Rev, At: a.deps[i].moment, Use: use, Reason: reason}
	if as := a.deps[i].as; as != i {
		c.Deployment = a.s.deployments[as].Ref()
	} else if t := a.deps[i].target; t >= 0 {
		c.Deployment = a.s.deployments[t].Ref()
	}
	return c
}

// incident is an incident's contribution, with its link.
func (a *analysis) incident(i int, use Use) Contribution {
	n := &a.s.incidents[i]
	l := a.public(i)
	return Contribution{Kind: KindIncident, Ref: n.Ref(), Rev: n.Rev, At: n.At, Use: use, Deployment: l.Deployment, Link: &l, Reason: a.episodeReason(i, l.Reason)}
}

// evidence visits what shows that deployment i failed.
func (a *analysis) evidence(i int, visit func(Contribution)) {
	for _, n := range a.deps[i].incidents {
		visit(a.incident(n, UseEvidence))
	}
	if by := a.deps[i].takenBackBy; by >= 0 {
		c := a.deployment(by, UseEvidence, "it takes the deployment back")
		visit(c)
	}
}
