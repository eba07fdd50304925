package evidence

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scan"
)

// NoVulnerabilities demands a scan of the whole release in which nothing was found
// that counts, and denies for every finding that does, in whatever scan about the
// release. Without the rule, and with its zero value, each finding counts.
//
// A finding does not count if it is less severe than From, or if VEX settles it: an
// OpenVEX document (https://openvex.dev/ns), signed as an in-toto statement about the
// artifact, that is taken only if all of this holds:
//
//   - It is signed by one of VEXBy or VEXRoles, is not revoked, and is not from after
//     the decision. [Fresh] with the document's predicate type bounds its age.
//   - Its statement says not_affected, with one of OpenVEX's justifications, or
//     fixed, and has a time that is not after the decision.
//   - The finding's ID is the vulnerability's name or one of its aliases, or an alias
//     of the finding is, where package collect has noted aliases.
//   - Each artifact of the release that the scan is about is a subject, and the
//     statement's product, by SHA-256 or by a package URL that is the artifact's own or
//     the subject's; several documents may share that. A product limited to
//     components is enough only where package collect has noted in which package the
//     finding is, and one of them is that package in that version.
//   - Nobody whom the trust knows says otherwise (affected, under investigation, or
//     what OpenVEX does not have) in a document about the release, about what may be
//     the artifact, under any name that the finding or the statement gives the
//     vulnerability. Its signer may take that back later, by trusted times; or in
//     the same document, by its own. Who named several flaws takes back each.
//
// A document about the release that cannot be read as a whole holds. Later versions of a
// document do not replace it: whoever takes back that something is not affected says
// otherwise, or revokes the envelope. To [Require], [Threshold] and Fresh a document is
// there, whatever it says.
//
// An approval rests on the documents that its signer looked at: those that came later
// settle nothing for it. Other rules of this type may be stricter; a finding that
// counts for one of them counts.
type NoVulnerabilities struct {
	// From is the least severity that counts; unknown, the zero value, is any. A finding
	// counts as well if it has no severity, or one that is not understood: words are
	// (negligible, low, medium or moderate, high or important, critical) under any method,
	// and numbers that are CVSS base scores by their method (nvd, cvss, cvss_score,
	// CVSS_V3, …). Of several the highest counts.
	From scan.Severity
	// VEXBy are the principals whose VEX documents are believed.
	VEXBy []Principal
	// VEXRoles are the roles of which the signer must hold one. Without VEXBy any
	// principal that holds one is believed; where both are given, both must fit. Without
	// either nobody is.
	VEXRoles []string
	// AnyComponentLoose also takes VEX statements that are limited to components of the
	// product for a finding of which nobody says in which package it is, or in another.
	AnyComponentLoose bool
}

// ID is "no vulnerabilities", and the least severity that counts.
func (r NoVulnerabilities) ID() string {
	if r.From == scan.SeverityUnknown {
		return "no vulnerabilities"
	}
	return "no vulnerabilities from " + r.From.String()
}

func (r NoVulnerabilities) validate() error {
	var errs []error
	if r.From > scan.SeverityCritical {
		errs = append(errs, fmt.Errorf("severity %s is none", r.From))
	}
	return errors.Join(append(errs, believed(r.VEXBy, r.VEXRoles))...)
}

func (r NoVulnerabilities) policy() any { return r }

func (r NoVulnerabilities) demand() demand { return demand{kind: release.EvidenceScan, need: 1} }

// settle asks the rules about vulnerabilities which findings of scans count, and VEX
// documents which of those are settled.
func (j *judge) settle() {
	var rules []NoVulnerabilities
	for _, r := range j.q.Rules {
		if r, ok := r.(NoVulnerabilities); ok {
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 {
		return
	}
	claims := j.claims()
	artifacts := j.q.Release.Artifacts
	opinions := make([]opinion, 0, len(rules)*len(artifacts))
	for k := range rules {
		for i := range artifacts {
			opinions = append(opinions, opinion{j: j, rule: &rules[k], claims: claims, artifact: &artifacts[i],
				doubts: map[string]*doubt{}, taken: map[*claim]*doubt{}, against: map[*claim]*doubt{}, good: map[string][]*claim{}, back: map[string]*retractions{}, cells: map[string]*cell{}})
		}
	}
	for _, it := range j.items {
		if it.broken == nil && len(it.vulns) > 0 {
			it.settle(slices.DeleteFunc(slices.Clone(opinions), func(o opinion) bool { return !it.names(o.artifact) }))
			if it.settled != nil {
				j.excused = append(j.excused, it)
			}
		}
	}
}

// names reports whether a subject has the SHA-256 of an artifact, in letters of
// either case.
func (it *item) names(a *release.Artifact) bool {
	t := target{byDigest: map[string]bool{a.Digest.Hex(): true}}
	return t.any(it.statement)
}

// settle is for one scan, with the opinions on the artifacts that it is about.
func (it *item) settle(opinions []opinion) {
	s := &settlement{}
	open, example := 0, "" // what counts and nothing settles
	seen := map[*cell]bool{}
	for i := range it.vulns {
		f, about, spoken := findingOf(&it.vulns[i]), asked{}, false
		for k := range opinions {
			o := &opinions[k]
			if f.severity != scan.SeverityUnknown && f.severity < o.rule.From {
				continue
			}
			if !spoken {
				about, spoken = f.spoken(o.claims), true
			}
			c := o.cell(&about)
			if len(c.by) == 0 {
				if open++; open == 1 {
					example = it.vulns[i].ID
				}
				break
			}
			if !seen[c] {
				seen[c] = true
				s.cells = append(s.cells, c)
			}
		}
	}
	if open > 0 {
		it.negative = fmt.Sprintf("a scan found %d vulnerabilities that count, the first being %s", open, strictjson.Quoted(example))
		return
	}
	it.negative, it.positive, it.settled = "", true, s
	for _, c := range s.cells {
		var last time.Time
		for i, e := range c.by {
			if i == 0 {
				last = e.until
			}
			last = later(last, e.until)
		}
		s.until = sooner(s.until, last)
	}
}
