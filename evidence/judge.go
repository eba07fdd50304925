package evidence

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// judge is one question with its evidence, read once.
type judge struct {
	q        *Question
	now      time.Time
	digest   release.Digest // of the release
	evidence release.Digest // of the supporting evidence
	items    []*item        // what concerns the release, sorted by digest
	people   people
	authors  map[person]bool
	asker    person // the requester, nobody if unknown
	byDigest map[release.Digest][]*item
	asked    map[string]bool                        // predicate types that rules name
	saying   map[predicate.ApprovalDecision][]*item // approvals by what they decide
}

// item is one statement that concerns the release.
type item struct {
	digest   release.Digest
	by       Identity
	who      person               // the signer
	typ      string               // the predicate type
	kind     release.EvidenceKind // what it shows, "" for nothing
	barred   string               // code of the rule that does not let it count
	ends     time.Time            // until when the rules let it count; zero is forever
	notWhole error                // why it is not about all of the release, nil if it is
	positive bool                 // it says success
	negative string               // what it says against the release
	note     string               // code of why it is neither
	broken   error                // it cannot be understood
	approval *predicate.Approval
	lifted   bool      // of a rejection: its principal has approved since
	until    time.Time // until when
}

// rejects reports whether the item is a rejection that stands.
func (it *item) rejects() bool {
	return it.approval != nil && it.approval.Decision == predicate.Reject && !it.lifted
}

func (it *item) reason(code, format string, args ...any) release.Reason {
	return release.Reason{Code: code, Text: fmt.Sprintf(format, args...), Refs: []release.Digest{it.digest}}
}

func newJudge(q *Question, ordered []Verified, now time.Time) (*judge, error) {
	digest, err := q.Release.Digest()
	if err != nil {
		return nil, fmt.Errorf("evidence: decide: %w", err)
	}
	j := &judge{q: q, now: now, digest: digest, authors: map[person]bool{}, asker: nobody, byDigest: make(map[release.Digest][]*item, len(ordered)),
		saying: map[predicate.ApprovalDecision][]*item{}}
	j.people.number = make(map[Principal]int, 2*len(ordered))
	demands := q.demands()
	j.asked = make(map[string]bool, len(demands))
	for i := range demands {
		j.asked[demands[i].typ] = true
	}
	t := newTarget(q.Release)
	var supporting []release.Digest
	for _, v := range ordered {
		j.people.join(v.v.by.Principal, KeyPrincipal(v.v.by.Key))
		touches := t.any(&v.v.statement)
		if touches && supports(v) {
			supporting = append(supporting, v.v.digest)
		}
		if it := j.read(v, t, touches); it != nil {
			j.items = append(j.items, it)
			j.byDigest[it.digest] = append(j.byDigest[it.digest], it)
			if it.approval != nil {
				j.saying[it.approval.Decision] = append(j.saying[it.approval.Decision], it)
			}
		}
	}
	j.evidence = predicate.SetDigest(slices.Compact(supporting))
	for _, group := range q.Same {
		for _, p := range group {
			j.people.join(group[0], p)
		}
	}
	for _, a := range q.Authors {
		if p, ok := q.Identities[a.ID]; ok {
			j.authors[j.people.person(p)] = true
		}
	}
	if p, ok := q.Identities[q.Requester.ID]; ok {
		j.asker = j.people.person(p)
	}
	for _, it := range j.items {
		it.who = j.people.person(it.by.Principal)
	}
	for _, it := range j.saying[predicate.Reject] {
		it.lifted, it.until = j.lift(it)
	}
	j.admit()
	return j, nil
}

// read makes an item of a statement, nil if it does not concern the release.
func (j *judge) read(v Verified, t *target, touches bool) *item {
	st := &v.v.statement
	it := &item{digest: v.v.digest, by: v.v.by, typ: st.predicateType, kind: KindOf(st.predicateType), note: CodeInconclusive}
	if !touches && it.kind != release.EvidenceApproval {
		return nil
	}
	it.notWhole = t.all(st)
	var pred predicate.Predicate
	if it.kind != "" || j.asked[it.typ] { // what nobody asks for is not read
		if pred, it.broken = v.v.predicate(); it.broken != nil {
			pred = nil
		}
	}
	switch p := pred.(type) {
	case predicate.Approval:
		it.approval, it.positive = &p, p.Decision == predicate.Approve
		touches = touches || p.Release == j.digest
	case predicate.TestResult:
		it.positive = p.Result == predicate.TestPassed
		if p.Result == predicate.TestFailed {
			it.negative = "tests failed"
		}
	case predicate.Vulns:
		it.positive = len(p.Scanner.Result) == 0
		if n := len(p.Scanner.Result); n > 0 {
			it.negative = fmt.Sprintf("a scan found %d vulnerabilities, the first being %s", n, strictjson.Quoted(p.Scanner.Result[0].ID))
		}
	case predicate.Provenance:
		it.positive = true
		if cs := p.Commits(); len(cs) > 0 && !slices.Contains(cs, string(j.q.Release.Commit)) {
			it.positive, it.note = false, CodeOtherCommit
		}
	default:
		it.positive = true // it is there, and asked for by its type
	}
	if !touches {
		return nil
	}
	return it
}

// admit asks the rules which statements count.
func (j *judge) admit() {
	for _, r := range j.q.Rules {
		a, ok := r.(admitting)
		if !ok {
			continue
		}
		for _, it := range j.items {
			if it.barred != "" || it.broken != nil {
				continue
			}
			code, until := a.admits(j, it)
			it.barred, it.ends = code, sooner(it.ends, until)
		}
	}
}

// worlds are the choices of statements that the rules leave: all of them, here.
func (j *judge) worlds() []*world {
	return []*world{{judge: j, items: j.items, views: map[release.Digest]*view{}}}
}

// bound says why an approval is not for this release and place, "" if it is.
func (j *judge) bound(it *item) string {
	switch a := it.approval; {
	case a.Release != j.digest, !a.Changes.IsZero() && a.Changes != j.q.Release.Changes:
		return CodeOtherRelease
	case a.Environment != "" && a.Environment != j.q.Environment:
		return CodeOtherPlace
	}
	return ""
}

// current says why a statement does not count now whatever is required, "" if it
// does.
func (j *judge) current(it *item) string {
	switch {
	case it.by.first().After(j.now):
		return CodeFuture
	case it.approval != nil && !it.approval.Expires.IsZero() && !j.now.Before(it.approval.Expires):
		return CodeExpired
	}
	return ""
}

// withdrawn reports whether the person abstained after the approval, as far as
// trusted times tell.
func (j *judge) withdrawn(approve *item) bool {
	first := approve.by.first()
	return slices.ContainsFunc(j.saying[predicate.Abstain], func(it *item) bool {
		last := it.by.last()
		return !first.IsZero() && !last.IsZero() && !first.After(last) && it.who == approve.who
	})
}

// lift reports whether the principal of a rejection has approved since, and when
// the last of those approvals ends. It asks for the same principal and not for
// the same person: a link between principals must not help anyone past a
// rejection.
func (j *judge) lift(reject *item) (ok bool, until time.Time) {
	after := reject.by.last()
	if after.IsZero() {
		return false, time.Time{}
	}
	for _, it := range j.saying[predicate.Approve] {
		if it.by.Principal == reject.by.Principal && it.by.first().After(after) &&
			it.notWhole == nil && j.bound(it) == "" && j.current(it) == "" && !j.withdrawn(it) {
			if !ok {
				until = it.approval.Expires
			}
			ok, until = true, later(until, it.approval.Expires)
		}
	}
	return ok, until
}
