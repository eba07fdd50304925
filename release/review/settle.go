package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/credit"
	"github.com/sallyport-dev/sallyport/release"
)

// state is what a review says.
type state uint8

const (
	stateOther state = iota // in a word that is not known: it may take an approval back
	stateApproved
	stateObjected
	stateDismissed
	statePending
	stateComment
)

// vote is one review.
type vote struct {
	by          release.Actor
	state       state
	id          int64
	name        string // the id as text
	commit      release.Revision
	at          time.Time
	association string
	foreign     bool // it is of another change
}

// order is the order in time, ties by id. What takes an approval back and has no time
// comes last.
func order(a, b vote) int {
	rank := func(v vote) int {
		if v.at.IsZero() && v.state != stateApproved {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), a.at.Compare(b.at), cmp.Compare(a.id, b.id), cmp.Compare(a.state.weight(), b.state.weight()), strings.Compare(a.by.ID, b.by.ID),
		strings.Compare(string(a.commit), string(b.commit)))
}

// weight orders what two records of one review say: what takes an approval back is
// believed.
func (s state) weight() int {
	switch s {
	case stateApproved:
		return 0
	case stateComment, statePending:
		return 1
	case stateDismissed:
		return 2
	}
	return 3
}

// contributor adds somebody who wrote part of the change, and who is mapped if it is
// known which account that is. Nobody without an ID is the same as another.
func (r *reader) contributor(a release.Actor, mapped bool) {
	switch {
	case len(r.out.Contributors) >= MaxEntries || len(r.out.Unmapped) >= MaxEntries:
		r.crowd = true
		return
	case a.ID == "" || !r.known[a.ID]:
		r.out.Contributors = append(r.out.Contributors, a)
		r.known[a.ID] = true
	}
	if !mapped && (a.ID == "" || !r.unmapped[a.ID]) {
		r.out.Unmapped = append(r.out.Unmapped, a)
		r.unmapped[a.ID] = true
	}
}

// maxMessage is how long a commit's message may be, and maxPeople how many co-authors it
// may name.
const (
	maxMessage = 256 << 10
	maxPeople  = 1000
)

// coAuthors adds those whom a commit's message names. Automation that somebody credits
// stands beside that somebody, so that it needs no account.
func (r *reader) coAuthors(commit release.Revision, message string) error {
	if len(message) > maxMessage {
		return fmt.Errorf("the message of commit %s has more than %d bytes", commit, maxMessage)
	}
	people, _ := credit.People([]byte(message))
	for _, p := range people[:min(len(people), maxPeople)] {
		a, mapped := r.email(p.Name, p.Email)
		r.contributor(a, mapped || automatic(a))
	}
	if len(people) > maxPeople {
		return fmt.Errorf("commit %s names more than %d co-authors", commit, maxPeople)
	}
	return nil
}

// settle says of each approval whether it counts.
func (r *reader) settle() Reviews {
	out := r.out
	out.Complete = release.AnswerUnknown
	if r.commits && !r.crowd && len(out.Unmapped) == 0 && out.Author.ID != "" && !(r.options.Signed && len(out.Unverified) > 0) {
		out.Complete = release.AnswerYes
	}
	slices.SortStableFunc(r.votes, order)
	later := map[string]stances{} // what each person said after the vote that is looked at
	for _, v := range slices.Backward(r.votes) {
		said := later[v.by.ID]
		if v.by.ID == "" {
			said = stances{} // nobody knows whether two of them are one
		}
		switch v.state {
		case stateApproved, statePending, stateDismissed:
			out.Approvals = append(out.Approvals, r.approval(v, said))
		case stateObjected, stateOther:
			if said == (stances{}) {
				out.Objections = append(out.Objections, Objection{By: v.by, ID: v.name, Commit: v.commit, At: v.at})
			}
		}
		switch {
		case v.state == stateObjected || v.state == stateOther:
			said.objected = true
		case v.foreign: // what is said elsewhere clears no objection here
		case v.state == stateApproved:
			said.approved = true
		case v.state == stateDismissed:
			said.dismissed = true
		}
		later[v.by.ID] = said
	}
	slices.Reverse(out.Approvals)
	slices.Reverse(out.Objections)
	if r.crowd {
		r.gap(File{}, release.GapTooLarge, "more than %d contributors", MaxEntries)
	}
	out.Coverage = release.CoverageMissing
	if r.read {
		out.Coverage = release.CoveragePartial
		if len(out.Gaps) == 0 {
			out.Coverage = release.CoverageComplete
		}
	}
	return *out
}

// stances are what somebody decided.
type stances struct{ approved, objected, dismissed bool }

func (r *reader) approval(v vote, later stances) Approval {
	out := r.out
	a := Approval{By: v.by, ID: v.name, Commit: v.commit, At: v.at, Association: text(v.association)}
	against := func(why Why, is bool) {
		if is {
			a.Why = append(a.Why, why)
		}
	}
	against(WhyPending, v.state == statePending)
	against(WhyDismissed, v.state == stateDismissed)
	against(WhyHeadUnknown, out.Head == "")
	against(WhyCommitUnknown, v.commit == "")
	against(WhyStale, v.commit != "" && out.Head != "" && v.commit != out.Head)
	against(WhyTime, v.at.IsZero())
	against(WhyChange, v.foreign)
	against(WhyWho, v.by.ID == "")
	against(WhyAuthor, v.by.Same(out.Author))
	against(WhyContributor, !v.by.Same(out.Author) && v.by.ID != "" && r.known[v.by.ID])
	against(WhyContributors, out.Complete != release.AnswerYes)
	against(WhyIncomplete, !r.reviews)
	against(WhyRequested, slices.ContainsFunc(r.requested, v.by.Same))
	switch v.by.Kind {
	case release.ActorHuman:
	case release.ActorBot, release.ActorService:
		against(WhyBot, true)
	case release.ActorAgent:
		against(WhyAgent, true)
	default:
		against(WhyKind, v.by.ID != "")
	}
	against(WhyAccess, !r.mayWrite(v))
	against(WhyRepeated, later.approved)
	against(WhySuperseded, later.objected)
	against(WhyDismissed, later.dismissed)
	slices.Sort(a.Why)
	a.Why = slices.Compact(a.Why)
	a.Counts = len(a.Why) == 0
	return a
}
