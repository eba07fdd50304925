package risk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// Limits of a policy's text. They keep what [Policy.Lint] compares with each other small.
const (
	maxNamed        = 1000 // rules, labelers, and firm rules
	maxAxes         = 8
	maxValues       = 100 // of one axis, and outcomes
	maxTextCells    = 4096
	maxDemands      = 16 // of one lane
	maxRequirements = 64 // of one tier
	maxRoles        = 32 // of one requirement
)

var policyLimits = strictjson.Limits{Package: "risk", Bytes: MaxPolicyBytes, Depth: 16, Names: 1000, Elements: maxTextCells}

// policyReader reads the text of a policy.
type policyReader struct {
	textReader
	rules    map[string][]Rule
	labelers map[string][]label.Labeler
	bases    map[string]*Policy
	base     *Policy // the one that is extended

	upgrade bool // older versions of this module's rules are no mistakes
	rises   []Rise
}

// parse reads the whole text.
func (r *policyReader) parse() (*Policy, error) {
	p := &Policy{}
	r.read(policyLimits, func() error { return r.policy(p) })
	r.lint(p)
	if len(r.mistakes) > 0 {
		return nil, r.error()
	}
	return p, nil
}

// part is a member that a policy may have from the one that it extends.
type part struct {
	member
	inherit func(base *Policy)
}

// policy fills p as far as it can be read.
func (r *policyReader) policy(p *Policy) error {
	rule := func(at string) error { return r.rule(at, p) }
	labeler := func(at string) error { return r.labeler(at, p) }
	parts := []part{
		{member{name: "rules", read: r.array(maxNamed, rule)}, func(b *Policy) { p.Rules = b.Rules }},
		{member{name: "labelers", optional: true, read: r.array(maxNamed, labeler)}, func(b *Policy) { p.Labelers = b.Labelers }},
		{member{name: "cuts", read: r.cuts(&p.Cuts)}, func(b *Policy) { p.Cuts = b.Cuts }},
		{member{name: "unknownImpact", read: r.word(&p.UnknownImpact)}, func(b *Policy) { p.UnknownImpact = b.UnknownImpact }},
		{member{name: "table", read: r.table(&p.Table)}, func(b *Policy) { p.Table = b.Table }},
		{member{name: "demands", read: r.demands(&p.Demands)}, func(b *Policy) { p.Demands = b.Demands }},
		{member{name: "window", read: r.duration(&p.Window, 1, positive)}, func(b *Policy) { p.Window = b.Window }},
		{member{name: "advisories", read: r.advisories(&p.Advisories)}, func(b *Policy) { p.Advisories = b.Advisories }},
		{member{name: "firm", read: r.texts(&p.Firm, maxNamed)}, func(b *Policy) { p.Firm = b.Firm }},
		{member{name: "maxWaiver", read: r.duration(&p.MaxWaiver, 1, positive)}, func(b *Policy) { p.MaxWaiver = b.MaxWaiver }},
		{member{name: "expedite", optional: true, read: r.expedite(&p.Expedite)}, func(b *Policy) { p.Expedite = b.Expedite }},
		{member{name: "breakGlass", read: r.breakGlass(&p.BreakGlass)}, func(b *Policy) { p.BreakGlass = b.BreakGlass }},
	}
	members := []member{{name: "id", read: r.text(&p.ID)}, {name: "extends", optional: true, read: r.extends}}
	for _, m := range parts {
		m.optional = true // before it is known whether there is a base
		members = append(members, m.member)
	}
	err := r.shape(PolicySchema, members...)
	if err == nil {
		r.complete(parts)
	}
	return err
}

// positive is said of a duration that must be there and is zero.
const positive = "it must be more than zero"

// rule finds the rule that is named. Where there is none, another stands in for it,
// so that the rest can be looked at.
func (r *policyReader) rule(at string, p *Policy) error {
	n, err := r.name(at)
	rule := Rule{ID: fmt.Sprintf("unread-%d", len(p.Rules)), Doc: "-", Version: 1, Run: func(*Facts) []Finding { return nil }}
	if all := r.rules[n.ID]; r.upgrade && isOurs(n.ID) && n.Version >= 1 && n.Version < all[0].Version {
		rule = all[0]
		r.rise(at+"/version", n, rule)
	} else if len(all) > 0 {
		rule = version(r, at, "rule", n, all, func(q Rule) int { return q.Version })
	} else if n.ID != "" {
		err = cmp.Or(err, r.unread(at+"/id", "there is no rule %s in this build", strictjson.Quoted(n.ID)))
	}
	p.Rules = append(p.Rules, rule)
	return err
}

// labeler is rule for a labeler.
func (r *policyReader) labeler(at string, p *Policy) error {
	n, err := r.name(at)
	l := label.Labeler{ID: fmt.Sprintf("\x00unread-%d", len(p.Labelers)), Doc: "-", Version: 1}
	if all := r.labelers[n.ID]; len(all) > 0 {
		l = version(r, at, "labeler", n, all, func(q label.Labeler) int { return q.Version })
	} else if n.ID != "" {
		text := "there is no labeler %s of the host's"
		if slices.ContainsFunc(label.Default(), func(l label.Labeler) bool { return l.ID == n.ID }) {
			text = "%s is a default labeler: those always apply and are not named"
		}
		err = cmp.Or(err, r.unread(at+"/id", text, strictjson.Quoted(n.ID)))
	}
	p.Labelers = append(p.Labelers, l)
	return err
}

// version is the code of the version that is named, or another where there is none.
func version[T any](r *policyReader, at, kind string, n codeName, all []T, of func(T) int) T {
	i := slices.IndexFunc(all, func(c T) bool { return of(c) == n.Version })
	if at += "/version"; i < 0 && !r.doubts[at] {
		have := make([]string, len(all))
		for i, c := range all {
			have[i] = fmt.Sprint(of(c))
		}
		_ = r.unread(at, "%s %s is not in this build, which has version %s", kind, n, strings.Join(have, " "))
	}
	return all[max(i, 0)]
}

func (r *policyReader) name(at string) (codeName, error) {
	var n codeName
	return n, r.object(at, member{name: "id", read: r.text(&n.ID)}, member{name: "version", read: r.whole(&n.Version, 0)})
}

func (r *policyReader) cuts(cuts *[3]float64) reader {
	return func(at string) error {
		n := 0
		err := r.array(len(cuts), func(at string) error {
			n++
			return r.number(&cuts[n-1])(at)
		})(at)
		if err == nil && n < len(cuts) && !r.doubts[at] {
			return r.unread(at, "%d cuts stand here, and %d must", n, len(cuts))
		}
		return err
	}
}

func (r *policyReader) table(t *Table) reader {
	return func(at string) error {
		return r.object(at,
			member{name: "axes", read: r.array(maxAxes, func(at string) error {
				var a Axis
				err := r.object(at, member{name: "name", read: r.text(&a.Name)}, member{name: "values", read: r.texts(&a.Values, maxValues)})
				t.Axes = append(t.Axes, a)
				return err
			})},
			member{name: "outcomes", read: r.texts(&t.Outcomes, maxValues)},
			member{name: "cells", read: r.texts(&t.Cells, maxTextCells)})
	}
}

func (r *policyReader) advisories(a *AdvisoryPolicy) reader {
	return func(at string) error {
		return r.object(at,
			member{name: "table", read: r.table(&a.Table)},
			member{name: "floors", read: r.array(maxValues, func(at string) error {
				var t release.Tier
				err := r.word(&t)(at)
				a.Floors = append(a.Floors, t)
				return err
			})})
	}
}

func (r *policyReader) expedite(e *ExpeditePolicy) reader {
	return func(at string) error {
		return r.object(at, member{name: "from", read: r.text(&e.From)}, member{name: "demands", read: r.demands(&e.Demands)})
	}
}

func (r *policyReader) breakGlass(b *BreakGlassPolicy) reader {
	return func(at string) error {
		return r.object(at,
			member{name: "requirements", read: r.requirements(&b.Requirements)},
			member{name: "rollout", read: r.rollout(&b.Rollout)},
			member{name: "due", read: r.duration(&b.Due, 1, positive)},
			member{name: "maxAge", read: r.duration(&b.MaxAge, 1, positive)})
	}
}

func (r *policyReader) demands(out *[]Demand) reader {
	return r.array(maxDemands, func(at string) error {
		var d Demand
		err := r.object(at,
			member{name: "tier", read: r.word(&d.Tier)},
			member{name: "requirements", read: r.requirements(&d.Requirements)},
			member{name: "rollout", read: r.rollout(&d.Rollout)},
			member{name: "owners", optional: true, read: r.boolean(&d.Owners)})
		*out = append(*out, d)
		return err
	})
}

func (r *policyReader) requirements(out *[]release.Requirement) reader {
	return r.array(maxRequirements, func(at string) error {
		var q release.Requirement
		err := r.requirement(at, &q)
		*out = append(*out, q)
		return err
	})
}

func (r *policyReader) requirement(at string, q *release.Requirement) error {
	var evidence string
	err := r.object(at,
		member{name: "id", read: r.text(&q.ID)},
		member{name: "evidence", read: r.text(&evidence)},
		member{name: "count", read: r.whole(&q.Count, 1)},
		member{name: "maxAge", optional: true, read: r.duration(&q.MaxAge, 1, "leave it out, and any age will do")},
		member{name: "independent", optional: true, read: r.boolean(&q.Independent)},
		member{name: "roles", optional: true, read: func(at string) error {
			if err := r.texts(&q.Roles, maxRoles)(at); err != nil || len(q.Roles) > 0 || r.doubts[at] {
				return err
			}
			return r.unread(at, "an empty list of roles; leave it out, and any role will do")
		}},
		member{name: "why", read: r.text(&q.Why)})
	q.Evidence = release.EvidenceKind(evidence)
	return err
}

func (r *policyReader) rollout(q *release.RolloutRequirement) reader {
	return func(at string) error {
		return r.object(at,
			member{name: "minStages", read: r.whole(&q.MinStages, 1)},
			member{name: "minBake", read: r.duration(&q.MinBake, 0, "")},
			member{name: "maxFirstPercent", optional: true, read: r.share(&q.MaxFirstPercent)},
			member{name: "maxStepPercent", optional: true, read: r.share(&q.MaxStepPercent)},
			member{name: "maxPercentHours", optional: true, read: r.exposure(&q.MaxPercentHours)},
			member{name: "why", optional: true, read: r.text(&q.Why)})
	}
}

// exposure reads a number of percent-hours that is not zero.
func (r *policyReader) exposure(out *float64) reader {
	return func(at string) error {
		err := r.number(out)(at)
		if h := *out; err == nil && !(h > 0 && h <= maxPercentHours) && !r.doubts[at] {
			return r.unread(at, "%v is not above 0 and at most %v; leave it out, and any exposure will do", h, float64(maxPercentHours))
		}
		return err
	}
}

// share reads a percentage that is not zero.
func (r *policyReader) share(out *float64) reader {
	return func(at string) error {
		err := r.number(out)(at)
		if p := *out; err == nil && !(p > 0 && p <= 100) && !r.doubts[at] {
			return r.unread(at, "%v is not above 0 and at most 100; leave it out, and any share will do", p)
		}
		return err
	}
}
