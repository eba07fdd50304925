package risk

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// ExpeditePolicy is the lane for releases that do nothing but mend published flaws, because waiting is
// a risk too.
//
// # What opens it
//
// A flaw that is mended and urgent: what the table of advisories says of it is From or more. What is
// not known counts as the least dangerous here, so a host opens the lane by what it knows: that the
// flaw is listed as exploited, or that the service is exposed. One that somebody says does not matter
// here (VEX) opens nothing, nor does one that stays elsewhere in the release, nor one whose advisory is
// younger than a day, unless it is listed as exploited: whoever can publish a version can publish an
// advisory for it.
//
// # What keeps it closed
//
// Everything else than that mending. All kinds of change were read completely and without gaps, between
// two known revisions; no flaw comes in, or may; none that is listed as exploited is carried on. Each
// dependency that changes goes up to a version that an advisory names as mending a flaw of the one
// before, and to nothing beyond, under the same licence, from the same place, in the same major
// version; nothing is added. The changed files are lock files and go.mod, as far as a reader of this
// module read them and those upgrades explain them, pages of documentation, and Go's tests, which no
// compiler puts into what is shipped. A manifest with room for more than versions (package.json,
// pyproject.toml, …), a vendored file, and Go's own version keep it closed. So does each finding above
// low but for those on size, and whatever a waiver lowered.
//
// That is strict on purpose: what does not fit goes out by the normal lane, which is no punishment.
type ExpeditePolicy struct {
	// From is the least urgent outcome of the advisories' table that opens the lane. It is not the
	// least urgent of all.
	From string `json:"from"`
	// Demands are what is demanded there, in rising order of tiers, high at most; for a tier that has
	// none the lane is closed, and without any there is no lane. Each asks for tests, a scan and an
	// independent approval. One that asks for no less than the normal lane in anything is not used:
	// nobody would gain by it.
	Demands []Demand `json:"demands"`
}

// defaultExpedite has no demands for tier low, which asks for no more in the normal lane. It sets no
// budget of exposure: who does not have the release yet has the flaw that it mends.
func defaultExpedite() ExpeditePolicy {
	return ExpeditePolicy{From: "14 days", Demands: []Demand{
		{Tier: release.TierModerate, Requirements: []release.Requirement{
			testsPass(),
			independent(1, 0, "Somebody who neither wrote nor built it looked at it."),
			scanned(day, "A scanner saw within the day that the flaw is gone and none came in."),
		}, Rollout: release.RolloutRequirement{MinStages: 2, MinBake: 5 * time.Minute, MaxFirstPercent: 50,
			Why: "A part of the traffic sees it first, for a short while: waiting is a risk too."}},
	}}
}

// demand is what the lane demands of a tier.
func (p *ExpeditePolicy) demand(t release.Tier) (Demand, bool) {
	i := slices.IndexFunc(p.Demands, func(d Demand) bool { return d.Tier == t })
	if i < 0 {
		return Demand{}, false
	}
	return p.Demands[i], true
}

// gains reports whether a lane asks for less than the normal one in something.
func gains(lane, normal Demand) bool { return len(lintWeaker("", normal, lane)) > 0 }

// expedite is the reason for which the release may take the lane, and whether it may. Without a reason
// there is nothing to be said: it mends nothing, or the policy has no lane.
func (a *Assessment) expedite(p *Policy, facts *Facts) (reason release.Reason, open bool) {
	mends := slices.ContainsFunc(facts.Changes.Advisories, func(v release.AdvisoryChange) bool { return v.Effect == release.EffectFixed })
	if !mends || len(p.Expedite.Demands) == 0 {
		return release.Reason{}, false
	}
	m := newMending(p, facts)
	m.findings = a.Findings
	looked := *a
	looked.judge(p)
	m.overridden = looked.Table > a.Table
	if o, closed := m.obstacle(); closed {
		return release.Reason{Code: "risk/lane", Subject: o.subject, Text: "the expedite lane is closed: " + o.text}, false
	}
	switch d, ok := p.Expedite.demand(a.Tier); {
	case !ok:
		return release.Reason{Code: "risk/lane", Text: fmt.Sprintf("the expedite lane is closed: the policy has none for tier %s", a.Tier)}, false
	case !gains(d, p.demand(a.Tier)):
		return release.Reason{Code: "risk/lane", Text: fmt.Sprintf("the expedite lane is closed: for tier %s it asks for no less than the normal one", a.Tier)}, false
	}
	flaw, at := m.urgent()
	b := facts.briefing()
	return release.Reason{Code: "risk/lane", Subject: release.Text(flaw.ID).String(),
		Text: fmt.Sprintf("the expedite lane is open: the release does nothing but mend published flaws, and this one is urgent (%s: %s)", b.name, b.policy.word(at))}, true
}

// mending is a release that mends flaws, and the question whether it does nothing else.
type mending struct {
	policy   *Policy
	facts    *Facts
	cs       *release.ChangeSet
	findings []Hit
	// overridden says that somebody lowered what the decision table gave.
	overridden bool
	// fixed are the mended flaws by package, upgraded the dependencies that go up, stay the names of
	// the flaws that are not mended, touched the changed files, and asked those that a changed
	// dependency stands in.
	fixed    map[release.PURL][]*release.AdvisoryChange
	upgraded map[release.PURL][]*release.DependencyChange
	stay     map[string]bool
	touched  map[release.Path]bool
	asked    map[release.Path]bool
}

func newMending(p *Policy, facts *Facts) *mending {
	cs := facts.Changes
	m := &mending{policy: p, facts: facts, cs: cs, fixed: map[release.PURL][]*release.AdvisoryChange{}, upgraded: map[release.PURL][]*release.DependencyChange{},
		stay: map[string]bool{}, touched: make(map[release.Path]bool, len(cs.Files)), asked: map[release.Path]bool{}}
	for i := range cs.Advisories {
		if a := &cs.Advisories[i]; a.Effect == release.EffectFixed {
			m.fixed[canonical(a.Package)] = append(m.fixed[canonical(a.Package)], a)
		} else {
			for _, name := range slices.Concat([]string{a.ID}, a.Aliases, a.Upstream) {
				m.stay[name] = true
			}
		}
	}
	for i := range cs.Dependencies {
		d := &cs.Dependencies[i]
		m.asked[d.File] = true
		if d.Op == release.OpUpgraded {
			m.upgraded[canonical(d.Package)] = append(m.upgraded[canonical(d.Package)], d)
		}
	}
	for i := range cs.Files {
		m.touched[cs.Files[i].Path] = true
	}
	return m
}

// obstacle is one thing that keeps the lane closed.
type obstacle struct{ subject, text string }

// obstacle is what keeps the lane closed: of several what is checked first, and then what is first in the alphabet.
func (m *mending) obstacle() (obstacle, bool) {
	for _, check := range []func(*mending) []obstacle{
		(*mending).unread, (*mending).flaws, (*mending).others, (*mending).upgrades, (*mending).abandoned, (*mending).files, (*mending).found, (*mending).calm,
	} {
		if os := check(m); len(os) > 0 {
			return slices.MinFunc(os, func(a, b obstacle) int { return cmp.Or(cmp.Compare(a.subject, b.subject), cmp.Compare(a.text, b.text)) }), true
		}
	}
	return obstacle{}, false
}

// unread is what nobody read.
func (m *mending) unread() []obstacle {
	var out []obstacle
	if m.cs.Base == "" || m.cs.Head == "" || m.cs.Base == m.cs.Head || m.cs.FromNothing {
		out = append(out, obstacle{"", "what is compared with what is not known"})
	}
	for _, kind := range []release.Kind{release.KindCode, release.KindDependency, release.KindAdvisory} {
		if m.cs.Coverage[kind] != release.CoverageComplete {
			out = append(out, obstacle{string(kind), "this kind of change was not read completely"})
		}
	}
	for kind, c := range m.cs.Coverage {
		if c != release.CoverageComplete {
			out = append(out, obstacle{release.Text(kind).String(), "this kind of change was not read completely"})
		}
	}
	for i := range m.cs.Gaps {
		out = append(out, obstacle{release.Text(m.cs.Gaps[i].Subject).String(), "something could not be read"})
	}
	return out
}

// flaws are those that come in, may come in, or go on being exploited.
func (m *mending) flaws() []obstacle {
	var out []obstacle
	for i := range m.cs.Advisories {
		a := &m.cs.Advisories[i]
		subject := release.Text(a.ID).String()
		switch {
		case a.Effect == release.EffectFixed:
		case a.Effect == release.EffectCarried && a.Exploited != release.AnswerYes:
		case a.Effect == release.EffectCarried:
			out = append(out, obstacle{subject, "it goes on with a flaw that is listed as exploited"})
		case a.Effect == release.EffectIntroduced:
			out = append(out, obstacle{subject, "it brings in a flaw"})
		default:
			out = append(out, obstacle{subject, "it may bring in a flaw"})
		}
	}
	return out
}

// others are changes of kinds that mend no dependency.
func (m *mending) others() []obstacle {
	var out []obstacle
	for i := range m.cs.Resources {
		out = append(out, obstacle{resourceName(&m.cs.Resources[i]), "it changes infrastructure"})
	}
	for i := range m.cs.Drift {
		out = append(out, obstacle{resourceName(&m.cs.Drift[i]), "infrastructure drifted"})
	}
	for i := range m.cs.Settings {
		out = append(out, obstacle{settingName(m.cs.Settings[i]), "it changes configuration"})
	}
	for i := range m.cs.Deviations {
		out = append(out, obstacle{release.Text(m.cs.Deviations[i].Subject).String(), "it is not what was declared"})
	}
	for i := range m.cs.Artifacts {
		if a := &m.cs.Artifacts[i]; a.Op != release.OpModified && a.Op != release.OpUpgraded {
			out = append(out, obstacle{release.Text(a.Name).String(), fmt.Sprintf("an artifact is %s", a.Op)})
		}
	}
	return out
}

// found is what rules found, a host's own among them, and what waivers lowered: that a finding is
// accepted in the normal lane says nothing of this one.
func (m *mending) found() []obstacle {
	var out []obstacle
	if m.overridden {
		out = append(out, obstacle{"", "somebody lowered what the decision table gave"})
	}
	for i := range m.findings {
		switch h := &m.findings[i]; {
		case h.Waived != "":
			out = append(out, obstacle{h.Subject, fmt.Sprintf("what the rule %s found was waived", h.Rule)})
		case h.Floor > release.TierLow && h.Rule != "size" && h.Rule != "spread":
			out = append(out, obstacle{h.Subject, fmt.Sprintf("the rule %s found something", h.Rule)})
		}
	}
	return out
}
