package review

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// GitLabFiles are the answers of GitLab's REST API (v4) about one merge request.
type GitLabFiles struct {
	// MergeRequest is GET /projects/{id}/merge_requests/{iid}: the head, the author.
	MergeRequest File
	// Approvals is GET /projects/{id}/merge_requests/{iid}/approvals.
	Approvals File
	// State is GET /projects/{id}/merge_requests/{iid}/approval_state: the rules, and who
	// approved by each. It is not needed; who is in it and not in Approvals is a gap.
	State File
	// Commits is GET /projects/{id}/merge_requests/{iid}/commits, one page after the
	// other.
	Commits File
	// Versions is GET /projects/{id}/merge_requests/{iid}/versions, one page after the
	// other: which commit was the head from when on. What was the head when somebody
	// approved is what was approved.
	Versions File
	// Settings is GET /projects/{id}/approvals: whether a push removes approvals. It is
	// looked at only without Versions. Without both nobody knows which commit was
	// approved.
	Settings File
}

type gitlabRequest struct {
	IID        int64    `json:"iid"`
	SHA        string   `json:"sha"`
	Author     *account `json:"author"`
	MergeUser  *account `json:"merge_user"`
	MergedBy   *account `json:"merged_by"` // before GitLab 14.7
	MergeSHA   string   `json:"merge_commit_sha"`
	SquashSHA  string   `json:"squash_commit_sha"`
	State      string   `json:"state"`
	Status     string   `json:"detailed_merge_status"`
	References struct {
		Full string `json:"full"`
	} `json:"references"`
}

type gitlabApprovals struct {
	IID        *int64 `json:"iid"`
	ApprovedBy *[]struct {
		User *account `json:"user"`
		At   string   `json:"approved_at"`
	} `json:"approved_by"`
}

type gitlabState struct {
	Rules []struct {
		Name       string    `json:"name"`
		ApprovedBy []account `json:"approved_by"`
	} `json:"rules"`
}

type gitlabCommit struct {
	ID             string `json:"id"`
	AuthorName     string `json:"author_name"`
	AuthorEmail    string `json:"author_email"`
	CommitterName  string `json:"committer_name"`
	CommitterEmail string `json:"committer_email"`
	Committed      string `json:"committed_date"`
	Created        string `json:"created_at"`
	Message        string `json:"message"`
}

type gitlabVersion struct {
	Head    string `json:"head_commit_sha"`
	Created string `json:"created_at"`
}

type gitlabSettings struct {
	Reset     *bool `json:"reset_approvals_on_push"`
	Selective *bool `json:"selective_code_owner_removals"`
}

// GitLab reads who wrote and who approved a merge request. It never fails: what cannot
// be read, or is not there, is a gap, and then approvals do not count.
func GitLab(in GitLabFiles, options Options) Reviews {
	r := newReader("gitlab", options)
	var request gitlabRequest
	if !r.source(in.MergeRequest, "gitlab/merge-request") {
		r.gap(in.MergeRequest, release.GapHeadMissing, "there is no merge request: nobody knows the head and the author")
	} else if r.object(in.MergeRequest, &request) {
		r.gitlabRequest(in.MergeRequest, &request)
	}
	var approvals gitlabApprovals
	whole := r.source(in.Approvals, "gitlab/approvals")
	if !whole {
		r.gap(in.Approvals, release.GapIncomplete, "there are no approvals")
	} else if whole = r.object(in.Approvals, &approvals); whole && approvals.ApprovedBy != nil {
		for _, by := range *approvals.ApprovedBy { // addresses in commits are told by the accounts' numbers
			r.account(by.User)
		}
	}
	var pushed time.Time
	if !r.source(in.Commits, "gitlab/commits") {
		r.gap(in.Commits, release.GapIncomplete, "there are no commits: nobody knows who wrote them")
	} else {
		pushed = r.gitlabCommits(in.Commits)
	}
	if whole {
		r.gitlabApprovals(in, &approvals, &request, pushed)
	}
	if request.Status == "requested_changes" {
		r.votes = append(r.votes, vote{state: stateObjected}) // GitLab does not say here by whom
	}
	return r.settle()
}

func (r *reader) gitlabRequest(f File, m *gitlabRequest) {
	r.out.Change = text(m.References.Full)
	if m.References.Full == "" && m.IID > 0 {
		r.out.Change = text(fmt.Sprintf("!%d", m.IID))
	}
	if r.out.Head = revision(m.SHA); r.out.Head == "" {
		r.gap(f, release.GapHeadMissing, "sha %s is no full commit id", strictjson.Quoted(m.SHA))
	}
	if r.out.Author = r.account(m.Author); r.out.Author.ID == "" {
		r.gap(f, release.GapUnreadable, "the author's account is not known")
	}
	r.contributor(r.out.Author, r.out.Author.ID != "")
	if m.State == "merged" {
		if r.out.Merged = revision(m.MergeSHA); r.out.Merged == "" {
			r.out.Merged = revision(m.SquashSHA)
		}
		by := m.MergeUser
		if by == nil {
			by = m.MergedBy
		}
		r.out.MergedBy = r.account(by)
	}
}

// gitlabCommits reads the commits and returns when the newest of them was made, by the
// clock of whoever made it.
func (r *reader) gitlabCommits(f File) (newest time.Time) {
	seen := map[release.Revision]bool{}
	r.commits = r.list(f, func(raw []byte) error {
		var c gitlabCommit
		if err := strictjson.Unmarshal(raw, &c, limits()); err != nil {
			return err
		}
		id := revision(c.ID)
		if id == "" {
			return fmt.Errorf("id %s is no full commit id", strictjson.Quoted(c.ID))
		}
		if seen[id] {
			return nil
		}
		seen[id] = true
		r.out.Unverified = append(r.out.Unverified, id) // GitLab tells of signatures elsewhere
		for _, t := range []string{c.Committed, c.Created} {
			if at := moment(t); at.After(newest) {
				newest = at
			}
		}
		r.contributor(r.email(c.AuthorName, c.AuthorEmail))
		r.contributor(r.email(c.CommitterName, c.CommitterEmail))
		return r.coAuthors(id, c.Message)
	})
	if r.commits && !seen[r.out.Head] {
		r.gap(f, release.GapAmbiguous, "the head %s is not among the commits: the answers are of different times", r.out.Head)
		r.commits = false
	}
	return newest
}

func (r *reader) gitlabApprovals(in GitLabFiles, a *gitlabApprovals, m *gitlabRequest, pushed time.Time) {
	if a.ApprovedBy == nil {
		r.gap(in.Approvals, release.GapUnreadable, "there is no approved_by: it is not an answer about approvals")
		return
	}
	r.read, r.reviews = true, true
	foreign := a.IID != nil && m.IID > 0 && *a.IID != m.IID
	if foreign {
		r.gap(in.Approvals, release.GapAmbiguous, "the approvals are of merge request %d, not %d", *a.IID, m.IID)
	}
	var saw func(at time.Time) release.Revision
	if r.source(in.Versions, "gitlab/versions") {
		saw = r.gitlabVersions(in.Versions)
	} else {
		commit := r.gitlabCommit(in.Settings)
		saw = func(at time.Time) release.Revision {
			if pushed.After(at) { // it came after the approval: the settings may have been others then
				return ""
			}
			return commit
		}
	}
	for i, by := range *a.ApprovedBy {
		at := moment(by.At)
		r.votes = append(r.votes, vote{by: r.account(by.User), state: stateApproved, id: int64(i + 1), at: at, commit: saw(at), foreign: foreign})
	}
	switch m.Status {
	case "approvals_syncing", "preparing": // a push is on its way and has not removed approvals yet
		r.gap(in.MergeRequest, release.GapIncomplete, "the merge request is in the state %s: approvals may yet be removed", m.Status)
		r.reviews = false
	}
	if !r.source(in.State, "gitlab/approval-state") {
		return
	}
	var s gitlabState
	if !r.object(in.State, &s) {
		r.reviews = false
		return
	}
	for _, rule := range s.Rules {
		for i := range rule.ApprovedBy {
			who := r.account(&rule.ApprovedBy[i])
			if !slices.ContainsFunc(r.votes, func(v vote) bool { return v.by.Same(who) }) {
				r.gap(in.State, release.GapAmbiguous, "%s approved by the rule %s only: the answers are of different times", who, text(rule.Name))
				r.reviews = false
			}
		}
	}
}

// gitlabVersions reads which commit was the head when, by GitLab's clock.
func (r *reader) gitlabVersions(f File) func(at time.Time) release.Revision {
	type version struct {
		head release.Revision
		from time.Time
	}
	var all []version
	whole := r.list(f, func(raw []byte) error {
		var v gitlabVersion
		if err := strictjson.Unmarshal(raw, &v, limits()); err != nil {
			return err
		}
		all = append(all, version{revision(v.Head), moment(v.Created)})
		if last := all[len(all)-1]; last.head == "" || last.from.IsZero() {
			return fmt.Errorf("a version without a full commit id or without a time")
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b version) int { return b.from.Compare(a.from) })
	if whole && (len(all) == 0 || all[0].head != r.out.Head) {
		r.gap(f, release.GapAmbiguous, "the newest version is not of the head %s: the answers are of different times", r.out.Head)
		whole = false
	}
	return func(at time.Time) release.Revision {
		i := slices.IndexFunc(all, func(v version) bool { return !v.from.After(at) })
		if !whole || i < 0 || all[i].from.Equal(at) {
			return ""
		}
		return all[i].head
	}
}

// gitlabCommit is the commit that approvals are of: the head, where each push removes
// them all, or none.
func (r *reader) gitlabCommit(f File) release.Revision {
	if !r.source(f, "gitlab/approval-settings") {
		r.gap(f, release.GapUnpinned, "GitLab does not say which commit was approved, and there are no settings that say that a push removes approvals")
		return ""
	}
	var s gitlabSettings
	switch {
	case !r.object(f, &s):
	case s.Reset == nil || !*s.Reset:
		r.gap(f, release.GapUnpinned, "GitLab does not say which commit was approved, and a push does not remove approvals")
	case s.Selective != nil && *s.Selective:
		r.gap(f, release.GapUnpinned, "GitLab does not say which commit was approved, and a push removes code owners' approvals only")
	default:
		return r.out.Head
	}
	return ""
}
