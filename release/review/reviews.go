package review

import (
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Reviews is who wrote one change, who approved it and who objects.
type Reviews struct {
	// Sources are the files that this was read from.
	Sources []release.Source `json:"sources"`
	// Change names the pull or merge request: "owner/repository#12", "group/project!12".
	Change release.Text `json:"change,omitempty"`
	// Head is the newest commit of the change; Merged the commit that it became in the
	// target branch, if it was merged.
	Head   release.Revision `json:"head,omitempty"`
	Merged release.Revision `json:"merged,omitempty"`
	// Author opened the change, MergedBy merged it. Somebody without an ID is not known.
	Author   release.Actor `json:"author"`
	MergedBy release.Actor `json:"mergedBy,omitzero"`
	// Contributors are all who wrote something of it, each once, in the order of the
	// commits: the author, then authors, committers and co-authors, bots and agents too.
	Contributors []release.Actor `json:"contributors"`
	// Unmapped are those of Contributors of whom nobody knows which account is theirs.
	Unmapped []release.Actor `json:"unmapped,omitempty"`
	// Unverified are the commits whose signature the host did not verify.
	Unverified []release.Revision `json:"unverified,omitempty"`
	// Complete says whether Contributors are surely all: every commit was read and
	// nobody is unmapped.
	Complete release.Answer `json:"complete"`
	// Approvals are all approvals from the oldest to the newest, also those that do not
	// count.
	Approvals []Approval `json:"approvals"`
	// Objections are requests for changes that nobody took back, from the oldest to the
	// newest.
	Objections []Objection `json:"objections,omitempty"`
	// Coverage is complete where all files were read and are whole; missing where the
	// reviews could not be read; else partial.
	Coverage release.Coverage `json:"coverage"`
	// Gaps are what could not be read.
	Gaps []release.Gap `json:"gaps,omitempty"`
}

// Approval is one approval.
type Approval struct {
	// By is who approved. Without an ID nobody knows.
	By release.Actor `json:"by"`
	// ID is the review's at the host; "" where it has none.
	ID string `json:"id,omitempty"`
	// Commit is the one that was looked at; empty where that is not known.
	Commit release.Revision `json:"commit,omitempty"`
	// At is when, by the host's clock; zero where it does not say.
	At time.Time `json:"at,omitzero"`
	// Association is what the host says of the approver's standing: "MEMBER", "NONE".
	Association release.Text `json:"association,omitempty"`
	// Counts is set if there is nothing against it, and Why is everything that there is,
	// sorted.
	Counts bool  `json:"counts"`
	Why    []Why `json:"why,omitempty"`
}

// Objection is one request for changes that stands.
type Objection struct {
	// By is who objects. Without an ID nobody knows.
	By release.Actor `json:"by"`
	// ID is the review's at the host; "" where it has none.
	ID string `json:"id,omitempty"`
	// Commit is the one that was looked at; empty where that is not known. An objection
	// to an older commit stands.
	Commit release.Revision `json:"commit,omitempty"`
	// At is when, by the host's clock; zero where it does not say.
	At time.Time `json:"at,omitzero"`
}

// Why is a reason for which an approval does not count. It is stable and made for
// programs.
type Why string

// The reasons.
const (
	WhyStale         Why = "stale"                // it was given to another commit than the head
	WhyCommitUnknown Why = "commit-unknown"       // nobody says which commit it was given to
	WhyHeadUnknown   Why = "head-unknown"         // nobody says which commit is the head
	WhySuperseded    Why = "superseded"           // the same person asked for changes later
	WhyDismissed     Why = "dismissed"            // it, or what the same person said later, was dismissed
	WhyRepeated      Why = "repeated"             // the same person approved again later
	WhyRequested     Why = "requested-again"      // a new review of the same person was asked for
	WhyPending       Why = "pending"              // it was not submitted
	WhyAuthor        Why = "author"               // the change is the approver's
	WhyContributor   Why = "contributor"          // the approver wrote, committed or co-wrote a commit
	WhyBot           Why = "bot"                  // a bot or service approved
	WhyAgent         Why = "agent"                // an AI agent approved
	WhyWho           Why = "who-unknown"          // the account is not known: it was deleted
	WhyKind          Why = "kind-unknown"         // nobody says whether the account is a person's
	WhyAccess        Why = "no-write-access"      // the approver may not write, or nobody says so
	WhyContributors  Why = "contributors-unknown" // the approver may be one of those who wrote it
	WhyIncomplete    Why = "reviews-incomplete"   // a review that takes it back may be missing
	WhyChange        Why = "another-change"       // it is of another pull request
	WhyTime          Why = "time-unknown"         // nobody knows what came first
)

// Options are how a host reads reviews. The zero Options are the strictest but for
// signatures.
type Options struct {
	// Identities says who is who: from the ID of an actor ("email:ada@example.com" in
	// lower case, "github:ada-work") to the actor that it is. Several IDs may lead to one
	// actor. Its Kind is the host's word too, but nothing makes a person of an account
	// that the forge calls a bot.
	Identities map[string]release.Actor
	// AllPages says that all pages of each list were fetched. Without it, a list whose
	// length is just that of full pages may go on, which is a gap.
	AllPages bool
	// Signed demands that the host has verified the signature of each commit; without
	// that, nobody knows who all contributors are.
	Signed bool
	// OutsidersUnsafe lets approvals count of people who may not write to the repository:
	// anybody with an account.
	OutsidersUnsafe bool
}

// File is a file as the host has it.
type File struct {
	// Path is its name for people, in gaps and sources.
	Path release.Path
	// Bytes is its content; nil says that there is no such file.
	Bytes []byte
}

// Counted are the people whose approvals count, each once, in the order of the
// approvals.
func (r Reviews) Counted() []release.Actor {
	var out []release.Actor
	seen := map[string]bool{}
	for _, a := range r.Approvals {
		if a.Counts && !seen[a.By.ID] {
			seen[a.By.ID] = true
			out = append(out, a.By)
		}
	}
	return out
}
