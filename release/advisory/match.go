package advisory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/version"
)

// Result says which advisories concern some components.
type Result struct {
	// Snapshot is the digest of the advisories, AsOf the moment that was asked for.
	Snapshot release.Digest `json:"snapshot"`
	AsOf     time.Time      `json:"asOf"`
	// Affected are the components that an advisory affects, Unknown those that one may:
	// nobody can tell, and Detail says why. Withdrawn are those of either kind whose
	// advisory had been withdrawn; they count for nothing. All are sorted by purl, then ID.
	Affected  []Finding `json:"affected,omitempty"`
	Unknown   []Finding `json:"unknown,omitempty"`
	Withdrawn []Finding `json:"withdrawn,omitempty"`
	// Coverage is complete where every component got an answer, partial where Unknown or
	// Gaps say otherwise, missing where there was nothing to answer from.
	Coverage release.Coverage `json:"coverage"`
	// Gaps are what is unknown beyond single advisories.
	Gaps []release.Gap `json:"gaps,omitempty"`
}

// Finding is one flaw in one component. Its slices are the snapshot's: they are for reading, and
// whoever changes them clones them first.
type Finding struct {
	// Component is the package in its version; Relation and Scope are its, the farthest
	// reaching where it is listed several times.
	Component release.PURL     `json:"component"`
	Relation  release.Relation `json:"relation,omitzero"`
	Scope     release.Scope    `json:"scope,omitzero"`
	// ID and Aliases are the names of the flaw, Upstream those of flaws in other packages
	// that it comes from. Both lists are sorted.
	ID       string   `json:"id"`
	Aliases  []string `json:"aliases,omitempty"`
	Upstream []string `json:"upstream,omitempty"`
	// Published is when the first of its advisories for this package was; zero where one of
	// them does not say. Withdrawn is when it was withdrawn, only of those that are.
	Published time.Time `json:"published,omitzero"`
	Withdrawn time.Time `json:"withdrawn,omitzero"`
	// Summary is one line of the advisory's.
	Summary release.Text `json:"summary,omitempty"`
	// FixedIn are the versions that mend it, as the advisories have them.
	FixedIn []string `json:"fixedIn,omitempty"`
	// Severity is the highest CVSS base score that is given.
	Severity release.Score `json:"severity,omitzero"`
	// Detail says why it is unknown.
	Detail string `json:"detail,omitempty"`

	flaw int32
}

// Match says which of the components have a known flaw at a moment. It changes neither.
// Without a moment there is no answer: the coverage is missing.
func (db *DB) Match(components []release.Component, asOf time.Time) Result {
	m := matcher{db: db, asOf: asOf, n: len(components), out: Result{Snapshot: db.digest, AsOf: asOf}}
	switch {
	case len(db.advisories)+db.blind == 0:
		m.gap(release.GapIncomplete, "there is no snapshot of advisories")
		return m.out
	case asOf.IsZero():
		m.gap(release.GapIncomplete, "no moment was given as of which advisories count")
		return m.out
	}
	byPURL := func(a, b release.Component) int { return cmp.Compare(a.PURL, b.PURL) }
	if !slices.IsSortedFunc(components, byPURL) {
		components = slices.Clone(components)
		slices.SortStableFunc(components, byPURL)
	}
	for i := 0; i < len(components); {
		n := i + 1
		for n < len(components) && components[n].PURL == components[i].PURL {
			n++
		}
		start := len(m.hits)
		if m.component(components[i].PURL); len(m.hits) > start {
			m.merge(i, n-i, start)
		}
		i = n
	}
	m.write(components)
	return m.finish()
}

// matcher is one Match.
type matcher struct {
	db   *DB
	asOf time.Time
	n    int // of components
	out  Result
	key  [keyRoom]byte
	// what was said, and found in it
	hits     []hit
	outcomes []outcome
	// of the present component: its version in each order
	version string
	parsed  []version.Version
	failed  []version.Order
	// what no advisory is of, by area, and the last area that was looked up
	uncovered map[string]int
	area      [keyRoom]byte
	areaLen   int
}

// hit is what one advisory says about a component.
type hit struct {
	r      *affects
	answer release.Answer // yes or unknown
	why    why
}

// why is the reason of an answer that is unknown.
type why uint8

const (
	whyNot   why = iota // it is known
	whyEntry            // the entry's own reason
	whyUnversioned
	whyVersion
	whyEvents
	whySuffix
)

// reason is why in words.
func (m *matcher) reason(h *hit, f *Finding) string {
	switch h.why {
	case whyEntry:
		return m.db.reasons[h.r.reason]
	case whyUnversioned:
		return "the component has no version"
	case whyVersion:
		return quoted(f.Component.Version()) + " is no version that can be ordered"
	case whyEvents:
		return "the events of its range contradict each other"
	case whySuffix:
		return "it is for " + quoted(h.r.ecosystem+":"+h.r.suffix) + ", and the purl does not tell whether it is of that"
	}
	return ""
}

func (m *matcher) gap(kind release.GapKind, detail string) {
	m.out.Gaps = append(m.out.Gaps, release.Gap{Kind: kind, Subject: m.db.path.String(), Detail: detail})
}

// component looks one purl up.
func (m *matcher) component(purl release.PURL) {
	area, key, ok := splitKey(string(purl), m.key[:0], false)
	if !ok {
		p, err := release.ParsePURL(string(purl))
		if err == nil {
			area, key, ok = splitKey(string(p), m.key[:0], true)
		}
		if !ok {
			m.out.Gaps = append(m.out.Gaps, release.Gap{Kind: release.GapUnreadable, Subject: release.Text(purl).String(),
				Detail: "it is no package URL: whether an advisory concerns it is not known"})
			return
		}
		purl = p
	}
	m.parsed, m.failed = m.parsed[:0], m.failed[:0]
	m.version = ""
	qualified := strings.IndexByte(string(purl), '?') >= 0
	covered := m.covered(area)
	if p := m.db.packages[string(key)]; p != nil {
		m.version = purlVersion(string(purl))
		if qualified && strings.HasPrefix(string(area), "rpm/") {
			m.version = version.Text(purl)
		}
		m.look(p, purl)
	}
	if !covered || m.db.wild || qualified && distribution(kindOf(area)) {
		m.others(purl, string(area), string(key), covered)
	}
	if !covered {
		if m.uncovered == nil {
			m.uncovered = map[string]int{}
		}
		m.uncovered[string(area)]++
	}
}

func kindOf(area []byte) string {
	for i, c := range area {
		if c == '/' {
			return string(area[:i])
		}
	}
	return string(area)
}

// covered reports whether the snapshot has anything of an area. Neighbours are mostly of the
// same.
func (m *matcher) covered(area []byte) bool {
	if string(area) == string(m.area[:m.areaLen]) && m.areaLen > 0 {
		return true
	}
	if !m.db.areas[string(area)] {
		return false
	}
	m.areaLen = copy(m.area[:], area)
	return true
}

// others looks a component up under other names: that of its source, and by name alone where
// nobody knows the type.
func (m *matcher) others(purl release.PURL, area, key string, covered bool) {
	look := func(key, v string) {
		if p := m.db.packages[key]; p != nil {
			if m.version != v {
				m.version, m.parsed, m.failed = v, m.parsed[:0], m.failed[:0]
			}
			m.look(p, purl)
		}
	}
	name := string(fullName([]byte(key)))
	own := version.Text(purl)
	if distribution(kindOf([]byte(area))) {
		if source, v := source(purl, own); source != "" && area+"/"+source != key {
			look(area+"/"+source, v)
		}
	}
	names := []string{name}
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		names = append(names, name[i+1:])
	}
	for _, n := range names {
		if !covered {
			look(untyped+n, own)
		}
		if m.db.wild {
			look(anyType+n, own)
		}
	}
}

// source is the package that a distribution built a component from, and its version, which
// is the component's own where the purl names no other (purl-spec, types deb, rpm and
// apk: upstream).
func source(p release.PURL, own string) (name, v string) {
	up := p.Qualifier("upstream")
	if rpm, ok := strings.CutSuffix(up, ".src.rpm"); ok {
		for range 2 {
			if i := strings.LastIndexByte(rpm, '-'); i >= 0 {
				rpm = rpm[:i]
			}
		}
		return strings.ToLower(rpm), own
	}
	name, v, _ = strings.Cut(up, "@")
	return strings.ToLower(name), cmp.Or(v, own)
}

// parse is the version of the present component in an order.
func (m *matcher) parse(o version.Order) (version.Version, bool) {
	for _, v := range m.parsed {
		if v.Order() == o {
			return v, true
		}
	}
	if slices.Contains(m.failed, o) {
		return version.Version{}, false
	}
	v, err := o.Parse(m.version)
	if err != nil {
		m.failed = append(m.failed, o)
		return v, false
	}
	m.parsed = append(m.parsed, v)
	return v, true
}

// look collects what is said about a package.
func (m *matcher) look(p *pkg, purl release.PURL) {
	for i := range p.parts {
		part := &p.parts[i]
		v, ok := version.Version{}, false
		position := int32(0)
		if m.version != "" {
			if v, ok = m.parse(part.order); ok {
				position = part.position(v)
			}
		}
		for j := range part.ranges {
			r := &part.ranges[j]
			if m.db.advisories[r.advisory].published.After(m.asOf) {
				continue
			}
			h := hit{r: r, answer: release.AnswerUnknown}
			switch {
			case m.version == "":
				h.why = whyUnversioned
			case ok && yes(r.least, position), len(r.texts) > 0 && slices.Contains(r.texts, m.version):
				h.answer = release.AnswerYes
			case r.reason >= 0:
				h.why = whyEntry
			case !ok:
				h.why = whyVersion
			case r.most != nil && yes(r.most, position):
				h.why = whyEvents
			default:
				continue
			}
			if r.suffix != "" {
				switch applies(r.ecosystem, r.suffix, purl) {
				case release.AnswerNo:
					continue
				case release.AnswerUnknown:
					if h.answer == release.AnswerYes {
						h.answer, h.why = release.AnswerUnknown, whySuffix
					}
				}
			}
			m.hits = append(room(m.hits, m.n), h)
		}
	}
}

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
		o := outcome{first: int32(first), n: int32(n), from: int32(i), to: int32(to)}
		m.decide(&o)
		m.outcomes = append(room(m.outcomes, m.n), o)
		i = to
	}
	byID := func(a, b outcome) int {
		return strings.Compare(m.db.advisories[a.named].id, m.db.advisories[b.named].id)
	}
	if !slices.IsSortedFunc(m.outcomes[begin:], byID) {
		slices.SortFunc(m.outcomes[begin:], byID)
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
		if o.named = member; !m.db.advisories[member].published.After(m.asOf) {
			break
		}
	}
}

// room makes room for as many again: append grows long slices in small steps.
func room[T any](s []T, atFirst int) []T {
	if len(s) == cap(s) {
		return slices.Grow(s, max(16, atFirst, len(s)))
	}
	return s
}

func (m *matcher) stands(h *hit) bool {
	w := m.db.advisories[h.r.advisory].withdrawn
	return w.IsZero() || w.After(m.asOf)
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

// finish says what is unknown of all.
func (m *matcher) finish() Result {
	areas := make([]string, 0, len(m.uncovered))
	for a := range m.uncovered {
		areas = append(areas, a)
	}
	slices.Sort(areas)
	for _, a := range areas {
		m.out.Gaps = append(m.out.Gaps, release.Gap{Kind: release.GapIncomplete, Subject: "pkg:" + a,
			Detail: fmt.Sprintf("the snapshot has no advisory of this ecosystem: of %d components nothing is known", m.uncovered[a])})
	}
	if m.db.blind > 0 {
		m.gap(release.GapUnreadable, "advisories in it could not be read: they may concern any component")
	}
	m.out.Coverage = release.CoverageComplete
	if len(m.out.Unknown)+len(m.out.Gaps) > 0 {
		m.out.Coverage = release.CoveragePartial
	}
	return m.out
}
