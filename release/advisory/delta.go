package advisory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Format is what sources say of a snapshot.
const Format = "osv/1"

// Delta says what a release does about the advisories known at a moment: of two
// inventories of one file, before and after, the flaws of each package that are
// introduced, fixed and carried on. It is the difference of two calls of [DB.Match].
//
// A nil inventory is a file that is not there in that revision, and affects nothing. One
// that was not read completely, or has a component that is no package URL, lists what it
// lists: that a flaw was or is in it can be seen, that it was or is not cannot. Where that
// decides, and where either side is unknown, so is the effect, and Detail says why. A flaw
// that was unknown before and is gone after is unknown, too.
//
// Before and After have, of a known effect too, all versions that may be affected: Detail
// names those of After that are not known to be. A component without a version has the
// version "". Whoever answers for each of After has answered for all.
//
// The coverage of advisories is the lowest of those of the two inventories and of both
// matches. Gaps of the inventories are theirs to tell.
func (db *DB) Delta(before, after *release.Inventory, asOf time.Time) release.ChangeSet {
	d := differ{flaws: map[flawKey]*change{}, coverage: release.CoverageComplete}
	out := release.ChangeSet{Sources: []release.Source{{Path: db.path, Format: Format, Digest: db.digest, At: asOf}}}
	switch {
	case after != nil:
		d.file = after.Source.Path
	case before != nil:
		d.file = before.Source.Path
	default:
		d.coverage = release.CoverageMissing
		d.gaps = append(d.gaps, release.Gap{Kind: release.GapIncomplete, Subject: db.path.String(), Detail: "neither side has a file to look advisories up for"})
	}
	d.before = d.side(db, before, asOf, func(c *change) *side { return &c.before })
	d.after = d.side(db, after, asOf, func(c *change) *side { return &c.after })
	for _, k := range slices.SortedFunc(maps.Keys(d.flaws), flawKey.compare) {
		out.Advisories = append(out.Advisories, d.change(k))
	}
	slices.SortStableFunc(out.Advisories, func(a, b release.AdvisoryChange) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.ID, b.ID))
	})
	out.Gaps = d.gaps
	out.Coverage = map[release.Kind]release.Coverage{release.KindAdvisory: d.coverage}
	return out
}

// flawKey is one flaw of one package.
type flawKey struct {
	pkg  release.PURL
	flaw int32
}

func (a flawKey) compare(b flawKey) int {
	return cmp.Or(cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.flaw, b.flaw))
}

// side is what one inventory has of a flaw.
type side struct {
	answer   release.Answer
	versions []string // that are affected, or may be
	detail   string   // why the answer is unknown
	maybe    []string // versions that may be affected, where others are,
	why      string   // and why it is not known
	findings []Finding
}

type change struct{ before, after side }

// differ is one Delta. before and after say whether the absence of a flaw can be seen.
type differ struct {
	file          release.Path
	flaws         map[flawKey]*change
	before, after bool
	coverage      release.Coverage
	gaps          []release.Gap
}

// side matches one inventory; the result is whether what it does not list is not there.
func (d *differ) side(db *DB, in *release.Inventory, asOf time.Time, of func(*change) *side) bool {
	if in == nil {
		return true
	}
	// What a file lists may be believed even where the rest is missing; of one that could
	// not be read nothing is.
	components := in.Components
	if in.Coverage == release.CoverageMissing {
		components = nil
	}
	r := db.Match(components, asOf)
	d.coverage = min(d.coverage, r.Coverage, in.Coverage)
	for _, g := range r.Gaps {
		if !slices.ContainsFunc(d.gaps, func(h release.Gap) bool { return h.Kind == g.Kind && h.Subject == g.Subject }) {
			d.gaps = append(d.gaps, g)
		}
	}
	var raw, canonical release.PURL // of the last finding: a caller's may be written in other ways
	for _, l := range []struct {
		findings []Finding
		answer   release.Answer
	}{{r.Affected, release.AnswerYes}, {r.Unknown, release.AnswerUnknown}} {
		for _, f := range l.findings {
			if f.Component != raw {
				raw, canonical = f.Component, f.Component
				if p, err := release.ParsePURL(string(raw)); err == nil {
					canonical = p
				}
			}
			k := flawKey{canonical.Package(), f.flaw}
			c := d.flaws[k]
			if c == nil {
				c = &change{before: side{answer: release.AnswerNo}, after: side{answer: release.AnswerNo}}
				d.flaws[k] = c
			}
			s := of(c)
			if s.answer == release.AnswerNo {
				s.answer = l.answer
			}
			v := f.Component.Version()
			s.versions = append(s.versions, v)
			if s.answer != l.answer {
				s.maybe, s.why = append(s.maybe, v), cmp.Or(s.why, f.Detail)
				continue
			}
			s.findings, s.detail = append(s.findings, f), cmp.Or(s.detail, f.Detail)
		}
	}
	return in.Coverage == release.CoverageComplete && r.unreadable == 0
}

// change is what the release does about one flaw.
func (d *differ) change(k flawKey) release.AdvisoryChange {
	c := d.flaws[k]
	b, a := &c.before, &c.after
	out := release.AdvisoryChange{Package: k.pkg, File: d.file, Before: sorted(b.versions), After: sorted(a.versions)}
	out.Effect, out.Detail = d.effect(b, a)
	findings := a.findings
	if len(findings) == 0 {
		findings = b.findings
	}
	first := findings[0]
	out.ID, out.Aliases, out.Summary, out.Published = first.ID, slices.Clone(first.Aliases), first.Summary, first.Published
	out.Relation, out.Scope, out.Severity = first.Relation, first.Scope, first.Severity
	var fixed, upstream []string
	for _, f := range findings {
		out.Relation, out.Scope = widest(out.Relation, f.Relation), min(out.Scope, f.Scope)
		fixed, upstream = both(fixed, f.FixedIn), both(upstream, f.Upstream)
		if f.Severity.Known && (!out.Severity.Known || higher(f.Severity, out.Severity)) {
			out.Severity = f.Severity
		}
		if f.Published.Before(out.Published) {
			out.Published = f.Published
		}
	}
	out.FixedIn, out.Upstream = slices.Clone(fixed), sorted(slices.Clone(upstream))
	return out
}

// sorted are texts in order, each once; it overwrites them.
func sorted(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}

// effect compares the two sides of one flaw.
func (d *differ) effect(b, a *side) (release.Effect, string) {
	const no, yes = release.AnswerNo, release.AnswerYes
	switch {
	case a.answer == release.AnswerUnknown:
		return release.EffectUnknown, a.detail
	case b.answer == release.AnswerUnknown:
		return release.EffectUnknown, "before: " + b.detail
	case a.answer == yes && b.answer == yes:
		return release.EffectCarried, further(a)
	case a.answer == yes && b.answer == no && d.before:
		return release.EffectIntroduced, further(a)
	case a.answer == yes:
		return release.EffectUnknown, fmt.Sprintf("%s was not read completely before the release: it may have been there", d.file)
	case b.answer == yes && a.answer == no && d.after:
		return release.EffectFixed, ""
	}
	return release.EffectUnknown, fmt.Sprintf("%s was not read completely after the release: it may still be there", d.file)
}

// further says of which other versions it is not known.
func further(s *side) string {
	if len(s.maybe) == 0 {
		return ""
	}
	var names []string
	for i, v := range sorted(s.maybe) {
		if i == 5 {
			names = append(names, "…")
			break
		}
		names = append(names, quoted(v))
	}
	return "of " + strings.Join(names, ", ") + " it is not known: " + s.why
}
