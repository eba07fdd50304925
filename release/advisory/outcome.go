package advisory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// outcome is one finding before it is written: hits[from:to] say it of
// components[first:first+n].
type outcome struct {
	first, n  int32
	from, to  int32
	named     int32 // the advisory that gives the ID
	answer    release.Answer
	withdrawn bool
}

// merge notes what was found of n components that are the same, one outcome for each
// flaw. The new hits are those from start on.
func (m *matcher) merge(first, n, start int) {
	byFlaw := func(a, b hit) int { return cmp.Compare(a.r.flaw, b.r.flaw) }
	if !slices.IsSortedFunc(m.hits[start:], byFlaw) {
		slices.SortStableFunc(m.hits[start:], byFlaw)
	}
	begin := len(m.outcomes)
	for i := start; i < len(m.hits); {
		to := i + 1
		for to < len(m.hits) && m.hits[to].r.flaw == m.hits[i].r.flaw {
			to++
		}
		h := &m.hits[i]
		o := outcome{first: int32(first), n: int32(n), from: int32(i), to: int32(to), named: h.r.advisory, answer: h.answer}
		if to > i+1 || !h.r.alone || !m.stands(h) {
			m.decide(&o)
		}
		m.outcomes = append(room(m.outcomes, m.n), o)
		i = to
	}
	if m.renamed { // flaws stand in the order of their IDs
		slices.SortFunc(m.outcomes[begin:], func(a, b outcome) int {
			return strings.Compare(m.db.advisories[a.named].id, m.db.advisories[b.named].id)
		})
		m.renamed = false
	}
}

// decide keeps those hits of an outcome that decide it: affected if any advisory that
// stands says so, else unknown. It is withdrawn if none stands.
func (m *matcher) decide(o *outcome) {
	hits := m.hits[o.from:o.to]
	best := -1
	for i := range hits {
		if m.stands(&hits[i]) && (best < 0 || hits[i].answer == release.AnswerYes && hits[best].answer != release.AnswerYes) {
			best = i
		}
	}
	o.withdrawn = best < 0
	if best >= 0 {
		o.answer = hits[best].answer
		kept := slices.DeleteFunc(hits, func(h hit) bool { return !m.stands(&h) || h.answer != o.answer })
		o.to = o.from + int32(len(kept))
	}
	for _, member := range m.db.flaws[hits[0].r.flaw].members { // the first that was known
		if o.named = member; m.db.advisories[member].when.published <= m.now {
			break
		}
	}
	m.renamed = m.renamed || o.named != m.db.flaws[hits[0].r.flaw].members[0]
}

// room makes room for as many again: append grows long slices in small steps.
func room[T any](s []T, atFirst int) []T {
	if len(s) == cap(s) {
		return slices.Grow(s, max(16, atFirst, len(s)))
	}
	return s
}

func (m *matcher) stands(h *hit) bool {
	return h.r.when.withdrawn > m.now
}

// write makes the findings of all outcomes.
func (m *matcher) write(components []release.Component) {
	var n [3]int
	list := func(o *outcome) int {
		switch {
		case o.withdrawn:
			return 2
		case o.answer != release.AnswerYes:
			return 1
		}
		return 0
	}
	for i := range m.outcomes {
		n[list(&m.outcomes[i])]++
	}
	var lists [3][]Finding
	for i := range lists {
		if n[i] > 0 {
			lists[i] = make([]Finding, n[i])
		}
	}
	clear(n[:])
	for i := range m.outcomes {
		o := &m.outcomes[i]
		l := list(o)
		f := &lists[l][n[l]]
		n[l]++
		c := &components[o.first]
		f.Component, f.Relation, f.Scope, f.flaw = c.PURL, c.Relation, c.Scope, m.hits[o.from].r.flaw
		for _, c := range components[o.first+1 : o.first+o.n] {
			f.Relation, f.Scope = widest(f.Relation, c.Relation), min(f.Scope, c.Scope)
		}
		m.describe(f, o)
	}
	m.out.Affected, m.out.Unknown, m.out.Withdrawn = lists[0], lists[1], lists[2]
}

// widest is the relation that reaches farther: unknown counts as direct.
func widest(a, b release.Relation) release.Relation {
	if a.Transitive() {
		return b
	}
	return a
}

// describe fills in what the advisories say.
func (m *matcher) describe(f *Finding, o *outcome) {
	db, withdrawn := m.db, o.withdrawn
	flaw := &db.flaws[f.flaw]
	f.ID, f.Aliases = db.advisories[o.named].id, flaw.aliases
	if o.named != flaw.members[0] {
		f.Aliases = without(flaw.names, f.ID)
	}
	undated := false
	for i := range m.hits[o.from:o.to] {
		h := &m.hits[int(o.from)+i]
		a := &db.advisories[h.r.advisory]
		undated = undated || a.published.IsZero()
		if i == 0 || a.published.Before(f.Published) {
			f.Published = a.published
		}
		if withdrawn && (i == 0 || a.withdrawn.After(f.Withdrawn)) {
			f.Withdrawn = a.withdrawn
		}
		if f.Summary == "" {
			f.Summary = release.Text(a.summary)
		}
		if f.Detail == "" {
			f.Detail = m.reason(h, f)
		}
		f.FixedIn, f.Upstream = both(f.FixedIn, h.r.fixed), both(f.Upstream, a.upstream)
		if s := h.r.score; s >= 0 && (!f.Severity.Known || higher(db.scores[s], f.Severity)) {
			f.Severity = db.scores[s]
		}
	}
	if undated {
		f.Published = time.Time{}
	}
}

// both is a and what b has besides.
func both(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	if len(b) > 64 {
		return distinct(slices.Concat(a, b))
	}
	out := a[:len(a):len(a)]
	for _, s := range b {
		if !slices.Contains(a, s) {
			out = append(out, s)
		}
	}
	return out
}
