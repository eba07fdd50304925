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
	excused  []*item        // scans among them whose findings VEX settles
	people   people
	authors  map[person]bool
	asker    person // the requester, nobody if unknown
	byDigest map[release.Digest][]*item
	asks     []ask
	demands  []demand
	entries  [][]entry                              // by demand: what counts for it, if the world lets it
	same     []SameField                            // the rules of the question
	looks    map[release.Digest]*looked             // by evidence set
	asked    map[string]bool                        // predicate types that rules name
	saying   map[predicate.ApprovalDecision][]*item // approvals by what they decide

	set     []Verified   // all that was handed in, sorted by digest
	revoked *revocations // among it
}

// item is one statement that concerns the release.
type item struct {
	digest   release.Digest
	by       Identity
	who      person               // the signer
	typ      string               // the predicate type
	kind     release.EvidenceKind // what it shows, "" for nothing
	barred   string               // code of the rule that does not let it count
	fault    string               // what it finds fault with, where there is more to say
	ends     time.Time            // until when the rules let it count; zero is forever
	notWhole error                // why it is not about all of the release, nil if it is
	positive bool                 // it says success
	negative string               // what it says against the release
	note     string               // code of why it is neither
	broken   error                // it cannot be understood
	approval *predicate.Approval
	lifted   bool      // of a rejection: its principal has approved since
	until    time.Time // until when

	verified   *verified
	statement  *Statement
	pred       predicate.Predicate   // nil if nobody asks for it
	values     []string              // by rule of SameField: what it has there, or anyValue; nil where none is about it
	revoked    *revocation           // because of it the item counts for nothing
	vulns      []predicate.VulnFound // of a scan
	settled    *settlement           // of a scan with findings of which none counts
	checkpoint *predicate.Checkpoint

	review    *predicate.Review
	reviewers []person  // of a review: those whose approvals count
	alone     [1]person // who, as a list
}

// scanReport is implemented by what scanners say, in each version.
type scanReport interface{ Found() []predicate.VulnFound }

// buildReport is implemented by what builders say, in each version.
type buildReport interface {
	BuilderID() string
	Commits() []string
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
		saying: map[predicate.ApprovalDecision][]*item{}, looks: map[release.Digest]*looked{}}
	j.people = newPeople(len(ordered))
	j.asks, j.demands = q.asks()
	j.asked = make(map[string]bool, len(j.demands))
	for i := range j.demands {
		j.asked[j.demands[i].typ] = true
		for _, t := range j.demands[i].types {
			j.asked[t] = true
		}
	}
	t := newTarget(q.Release)
	j.set, j.revoked = ordered, newRevocations(ordered)
	var supporting []release.Digest
	for _, v := range ordered {
		signer := j.people.of(v.v.by.Principal)
		j.people.join(signer, j.people.key(v.v.by.Key))
		touches := t.any(&v.v.statement)
		revoked := j.revoked.of(v.v)
		if touches && supports(v) && revoked == nil {
			supporting = append(supporting, v.Digest())
		}
		if it := j.read(v, t, touches); it != nil {
			it.revoked, it.who = revoked, person(signer)
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
			j.people.join(j.people.of(group[0]), j.people.of(p))
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
		it.who = person(j.people.root(int(it.who))) // after all joins
	}
	j.reviewing()
	for _, it := range j.saying[predicate.Reject] {
		it.lifted, it.until = j.lift(it)
	}
	j.admit()
	j.settle()
	j.enter()
	return j, nil
}

// read makes an item of a statement, nil if it does not concern the release.
func (j *judge) read(v Verified, t *target, touches bool) *item {
	st := &v.v.statement
	it := &item{digest: v.Digest(), verified: v.v, statement: st, by: v.v.by, typ: st.predicateType, kind: KindOf(st.predicateType), note: CodeInconclusive}
	switch {
	case it.typ == predicate.TypeRevocation: // in favour of nothing, and read already
		if _, it.broken = v.v.predicate(); it.broken == nil {
			return nil
		}
		return it
	case !touches && it.kind != release.EvidenceApproval && it.typ != predicate.TypeCheckpoint:
		return nil
	}
	it.notWhole = t.all(st)
	var pred predicate.Predicate
	if it.kind != "" || j.asked[it.typ] { // what nobody asks for is not read
		if pred, it.broken = v.v.predicate(); it.broken != nil {
			pred = nil
		}
	}
	switch it.pred = pred; p := pred.(type) {
	case predicate.Approval:
		it.approval, it.positive = &p, p.Decision == predicate.Approve
		touches = touches || p.Release == j.digest
	case predicate.Checkpoint:
		it.checkpoint, it.positive, it.note = &p, p.Release == j.digest, CodeOtherRelease
		touches = touches || it.positive
	case predicate.TestResult:
		it.positive = p.Result == predicate.TestPassed
		if p.Result == predicate.TestFailed || len(p.FailedTests) > 0 {
			it.negative = "tests failed"
		}
	case predicate.Review:
		it.review = &p
		it.positive, it.note = j.reviewed(&p), CodeOtherCommit
	case scanReport:
		it.vulns = p.Found()
		it.positive = len(it.vulns) == 0
		if n := len(it.vulns); n > 0 {
			it.negative = fmt.Sprintf("a scan found %d vulnerabilities, the first being %s", n, strictjson.Quoted(it.vulns[0].ID))
		}
	case buildReport:
		it.positive = true
		if cs := p.Commits(); len(cs) > 0 && !slices.Contains(cs, string(j.q.Release.Commit)) {
			it.positive, it.note = false, CodeOtherCommit
		}
	case predicate.VSA:
		it.positive, it.note = p.VerificationResult == predicate.ResultPassed, CodeNotPassed
	case predicate.Decision:
		it.note = j.decided(&p)
		it.positive, it.ends = it.note == "", p.Until
	case predicate.Deployment:
		it.positive, it.note = p.Event.Kind == release.EventDeployed, CodeNotPassed
		if p.Event.Release.Digest != j.digest {
			it.positive, it.note = false, CodeOtherRelease
		}
	default:
		it.positive = true // it is there, and asked for by its type
	}
	if !touches {
		return nil
	}
	return it
}

// decided says why a decision is no allow for this release and place that lasts, "" if
// it is one.
func (j *judge) decided(d *predicate.Decision) string {
	code := j.elsewhere(d.Release, d.Changes, d.Environment)
	switch {
	case code != "":
		return code
	case !d.Verdict.Allowed():
		return CodeNotPassed
	case !d.Until.IsZero() && !j.now.Before(d.Until):
		return CodeExpired
	}
	return ""
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
	j.value()
}

// enter finds for each demand the statements that count for it.
func (j *judge) enter() {
	j.entries = make([][]entry, len(j.demands))
	for i := range j.demands {
		d := &j.demands[i]
		for _, it := range j.items {
			if d.mayCount(it) {
				if code, end := j.counts(it, d); code == "" {
					if j.entries[i] == nil {
						j.entries[i] = make([]entry, 0, len(j.items))
					}
					for _, who := range j.counted(it, d) {
						j.entries[i] = append(j.entries[i], entry{it, who, end})
					}
				}
			}
		}
	}
}

// bound says why an approval is not for this release and place, "" if it is.
func (j *judge) bound(it *item) string {
	return j.elsewhere(it.approval.Release, it.approval.Changes, it.approval.Environment)
}

// elsewhere says why what names a release, a change set or none, and an environment or
// none is not about this release and place, "" if it is.
func (j *judge) elsewhere(of, changes release.Digest, environment string) string {
	switch {
	case of != j.digest, !changes.IsZero() && changes != j.q.Release.Changes:
		return CodeOtherRelease
	case environment != "" && environment != j.q.Environment:
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
			it.revoked == nil && it.notWhole == nil && j.bound(it) == "" && j.current(it) == "" && !j.withdrawn(it) {
			if !ok {
				until = it.approval.Expires
			}
			ok, until = true, later(until, it.approval.Expires)
		}
	}
	return ok, until
}
