package advisory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
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

	unreadable int // components that are no package URL
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
	r, ok := db.match(components, asOf, false)
	if !ok {
		r, _ = db.match(canonicalPURLs(components), asOf, true)
	}
	return r
}

// match is false where a purl is not canonical, unless the caller says that all are which
// can be.
func (db *DB) match(components []release.Component, asOf time.Time, canonical bool) (Result, bool) {
	m := matcher{db: db, n: len(components), now: db.number(asOf), canonical: canonical, out: Result{Snapshot: db.digest, AsOf: asOf}}
	switch {
	case len(db.advisories)+db.blind == 0:
		m.gap(release.GapIncomplete, "there is no snapshot of advisories")
		return m.out, true
	case asOf.IsZero():
		m.gap(release.GapIncomplete, "no moment was given as of which advisories count")
		return m.out, true
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
		if !m.component(components[i].PURL) {
			return Result{}, false
		}
		if len(m.hits) > start {
			m.merge(i, n-i, start)
		}
		i = n
	}
	m.write(components)
	return m.finish(), true
}

// canonicalPURLs are the components with purls as they are compared.
func canonicalPURLs(in []release.Component) []release.Component {
	out := slices.Clone(in)
	for i := range out {
		if p, err := release.ParsePURL(string(out[i].PURL)); err == nil {
			out[i].PURL = p
		}
	}
	return out
}

func (m *matcher) gap(kind release.GapKind, detail string) {
	m.out.Gaps = append(m.out.Gaps, release.Gap{Kind: kind, Subject: m.db.path.String(), Detail: detail})
}

// areas are those of a count, sorted.
func areas(count map[string]int) []string {
	if len(count) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(count))
}

// finish says what is unknown of all.
func (m *matcher) finish() Result {
	for _, a := range areas(m.uncovered) {
		m.out.Gaps = append(m.out.Gaps, release.Gap{Kind: release.GapIncomplete, Subject: "pkg:" + a,
			Detail: fmt.Sprintf("the snapshot has no advisory of this ecosystem: of %d components nothing is known", m.uncovered[a])})
	}
	for _, a := range areas(m.sourceless) {
		if n := m.sourceless[a]; n > 0 {
			m.out.Gaps = append(m.out.Gaps, release.Gap{Kind: release.GapIncomplete, Subject: "pkg:" + a,
				Detail: fmt.Sprintf("advisories stand under the names of sources, and none of %d components tells its source (qualifier upstream)", n)})
		}
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
