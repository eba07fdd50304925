package review

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// GitHubFiles are the answers of GitHub's REST API (version 2022-11-28) about one pull
// request. Lists may be one page after the other, in any order.
type GitHubFiles struct {
	// Pull is GET /repos/{owner}/{repo}/pulls/{number}: the head, the author.
	Pull File
	// Reviews is GET /repos/{owner}/{repo}/pulls/{number}/reviews.
	Reviews File
	// Commits is GET /repos/{owner}/{repo}/pulls/{number}/commits. GitHub lists no more
	// than 250 of them.
	Commits File
	// Collaborators is GET /repos/{owner}/{repo}/collaborators: who may write. It is not
	// needed. Without it the association of a review says who may, which is less exact:
	// a MEMBER of an organization may have access to read only, and a member whose
	// membership is hidden from the token is told as a CONTRIBUTOR.
	Collaborators File
}

type githubPull struct {
	URL    string   `json:"url"`
	Number int64    `json:"number"`
	User   *account `json:"user"`
	Head   struct {
		SHA string `json:"sha"`
	} `json:"head"`
	Base struct {
		Repo struct {
			FullName string `json:"full_name"`
		} `json:"repo"`
	} `json:"base"`
	Merged    bool      `json:"merged"`
	MergedBy  *account  `json:"merged_by"`
	MergeSHA  string    `json:"merge_commit_sha"`
	Commits   *int      `json:"commits"`
	Reviewers []account `json:"requested_reviewers"`
}

type githubReview struct {
	ID          int64    `json:"id"`
	User        *account `json:"user"`
	State       string   `json:"state"`
	Commit      string   `json:"commit_id"`
	At          string   `json:"submitted_at"`
	Association string   `json:"author_association"`
	Pull        string   `json:"pull_request_url"`
}

type githubCommit struct {
	SHA    string `json:"sha"`
	Commit struct {
		Author       *githubPerson `json:"author"`
		Committer    *githubPerson `json:"committer"`
		Message      string        `json:"message"`
		Verification struct {
			Verified bool `json:"verified"`
		} `json:"verification"`
	} `json:"commit"`
	Author    *account `json:"author"`
	Committer *account `json:"committer"`
}

type githubCollaborator struct {
	ID          int64  `json:"id"`
	Login       string `json:"login"`
	Type        string `json:"type"`
	Permissions struct {
		Push bool `json:"push"`
	} `json:"permissions"`
}

type githubPerson struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// GitHub reads who wrote and who approved a pull request. It never fails: what cannot
// be read, or is not there, is a gap, and then approvals do not count.
func GitHub(in GitHubFiles, options Options) Reviews {
	r := newReader("github", options)
	var pull githubPull
	if !r.source(in.Pull, "github/pull") {
		r.gap(in.Pull, release.GapHeadMissing, "there is no pull request: nobody knows the head and the author")
	} else if r.object(in.Pull, &pull) {
		r.githubPull(in.Pull, &pull)
	}
	// The reviews first: addresses in commits are told by the accounts' numbers.
	if !r.source(in.Reviews, "github/reviews") {
		r.gap(in.Reviews, release.GapIncomplete, "there are no reviews")
	} else {
		r.githubReviews(in.Reviews, &pull)
	}
	if r.source(in.Collaborators, "github/collaborators") {
		r.githubCollaborators(in.Collaborators)
	}
	if !r.source(in.Commits, "github/commits") {
		r.gap(in.Commits, release.GapIncomplete, "there are no commits: nobody knows who wrote them")
	} else {
		r.githubCommits(in.Commits, &pull)
	}
	return r.settle()
}

func (r *reader) githubPull(f File, p *githubPull) {
	if p.Number > 0 {
		r.out.Change = text(fmt.Sprintf("%s#%d", p.Base.Repo.FullName, p.Number))
	}
	if r.out.Head = revision(p.Head.SHA); r.out.Head == "" {
		r.gap(f, release.GapHeadMissing, "head.sha %s is no full commit id", strictjson.Quoted(p.Head.SHA))
	}
	if r.out.Author = r.account(p.User); r.out.Author.ID == "" {
		r.gap(f, release.GapUnreadable, "the author's account is not known")
	}
	r.contributor(r.out.Author, r.out.Author.ID != "")
	if p.Merged {
		r.out.Merged, r.out.MergedBy = revision(p.MergeSHA), r.account(p.MergedBy)
	}
	for i := range p.Reviewers {
		if a := r.account(&p.Reviewers[i]); a.ID != "" {
			r.requested = append(r.requested, a)
		}
	}
}

func (r *reader) githubCommits(f File, p *githubPull) {
	seen := map[release.Revision]bool{}
	r.commits = r.list(f, func(raw []byte) error {
		var c githubCommit
		if err := strictjson.Unmarshal(raw, &c, limits()); err != nil {
			return err
		}
		id := revision(c.SHA)
		if id == "" {
			return fmt.Errorf("sha %s is no full commit id", strictjson.Quoted(c.SHA))
		}
		if seen[id] {
			return nil
		}
		seen[id] = true
		verified := c.Commit.Verification.Verified
		if !verified {
			r.out.Unverified = append(r.out.Unverified, id)
		}
		r.githubPerson(c.Author, c.Commit.Author, verified)
		r.githubPerson(c.Committer, c.Commit.Committer, verified)
		return r.coAuthors(id, c.Commit.Message)
	})
	switch {
	case !r.commits:
	case p.Commits == nil:
		r.gap(f, release.GapIncomplete, "the pull request does not say how many commits there are")
		r.commits = false
	case len(seen) != *p.Commits:
		r.gap(f, release.GapIncomplete, "%d commits of %d", len(seen), *p.Commits)
		r.commits = false
	case !seen[r.out.Head]:
		r.gap(f, release.GapAmbiguous, "the head %s is not among the commits: the answers are of different times", r.out.Head)
		r.commits = false
	}
}

// githubPerson adds an author or committer: the account that GitHub found for the
// address, and the one that the host names for it.
func (r *reader) githubPerson(a *account, p *githubPerson, verified bool) {
	who := r.account(a)
	var claim release.Actor
	mapped := false
	if p != nil {
		claim, mapped = r.email(p.Name, p.Email)
	}
	switch {
	case who.ID != "":
		r.contributor(who, verified || !automatic(who))
		if mapped && !claim.Same(who) {
			r.contributor(claim, verified || !automatic(claim))
		}
	case automatic(claim):
		r.contributor(claim, verified)
	default:
		r.contributor(claim, mapped)
	}
}

func (r *reader) githubReviews(f File, p *githubPull) {
	seen := map[int64]githubKey{}
	mixed := false
	whole := r.list(f, func(raw []byte) error {
		var v githubReview
		if err := strictjson.Unmarshal(raw, &v, limits()); err != nil {
			return err
		}
		if v.ID <= 0 {
			return fmt.Errorf("a review has no id")
		}
		key := githubKey{v.State, v.Commit, v.At}
		if was, ok := seen[v.ID]; ok && was == key {
			return nil // a page that was fetched twice
		} else if ok {
			mixed = true
			r.gap(f, release.GapAmbiguous, "review %d is there twice and differs", v.ID)
		}
		seen[v.ID] = key
		w := vote{by: r.account(v.User), id: v.ID, name: strconv.FormatInt(v.ID, 10), commit: revision(v.Commit), at: moment(v.At), association: v.Association}
		switch strings.ToUpper(v.State) {
		case "APPROVED":
			w.state = stateApproved
		case "CHANGES_REQUESTED":
			w.state = stateObjected
		case "DISMISSED":
			w.state = stateDismissed
		case "PENDING":
			w.state = statePending
		case "COMMENTED":
			w.state = stateComment
		default:
			r.gap(f, release.GapUnsupported, "review %d is in the state %s", v.ID, strictjson.Quoted(v.State))
		}
		if v.Pull != "" && p.URL != "" && !strings.EqualFold(v.Pull, p.URL) {
			w.foreign, mixed = true, true
			r.gap(f, release.GapAmbiguous, "review %d is of another pull request", v.ID)
		}
		r.votes = append(r.votes, w)
		return nil
	})
	r.reviews = whole && !mixed
	r.read = whole || len(r.votes) > 0
}

// githubCollaborators reads who may write. Somebody who is not in the list may not.
func (r *reader) githubCollaborators(f File) {
	r.writers = map[string]bool{}
	r.list(f, func(raw []byte) error {
		var c githubCollaborator
		if err := strictjson.Unmarshal(raw, &c, limits()); err != nil {
			return err
		}
		if who := r.account(&account{ID: c.ID, Login: c.Login, Type: c.Type}); who.ID != "" && c.Permissions.Push {
			r.writers[who.ID] = true
		}
		return nil
	})
}

// mayWrite says whether the approver may write to the repository. GitLab lets nobody
// else approve.
func (r *reader) mayWrite(v vote) bool {
	switch {
	case r.scheme != "github" || r.options.OutsidersUnsafe:
		return true
	case r.writers != nil:
		return r.writers[v.by.ID]
	}
	return slices.Contains([]string{"OWNER", "MEMBER", "COLLABORATOR"}, v.association)
}

// githubKey is what must not differ between two records of one review.
type githubKey struct{ state, commit, at string }
