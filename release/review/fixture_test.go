package review_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/review"
)

// Commit ids of the fixtures.
const (
	head = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	old  = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

type object = map[string]any

// user is an account: "eve", or "dependabot[bot]/Bot" with its type.
func user(login string) any {
	if login == "" {
		return nil
	}
	login, kind, ok := strings.Cut(login, "/")
	if !ok {
		kind = "User"
	}
	return object{"login": login, "id": number(login), "type": kind}
}

// number is an account's: it does not depend on the login's case.
func number(login string) int {
	n := 1000
	for _, c := range strings.ToLower(login) {
		n = n*31%1_000_003 + int(c)
	}
	return n
}

// world is a pull request. Its zero value, made by pull, is one by ada with one signed
// commit of hers and an approval by grace that counts.
type world struct {
	pull    object
	reviews []object
	commits []object
	options review.Options
	// collaborators is nil where there is no such file.
	collaborators []object
}

func collaborator(login string, push bool) object {
	return object{"login": login, "id": number(login), "type": "User", "permissions": object{"pull": true, "push": push, "admin": false}, "role_name": "whatever"}
}

func pull() *world {
	w := &world{pull: object{
		"url": "https://api.github.com/repos/o/r/pulls/7", "number": 7, "user": user("ada"), "commits": 1,
		"head": object{"sha": head}, "base": object{"repo": object{"full_name": "o/r"}}, "merged": false, "requested_reviewers": []any{},
	}}
	return w.commit(head, "ada", "ada", "a change")
}

// commit adds a signed commit. A login without an account is written "email:…".
func (w *world) commit(sha, author, committer, message string) *world {
	person := func(who string) (account any, claim object) {
		if email, ok := strings.CutPrefix(who, "email:"); ok {
			return nil, object{"name": "Somebody", "email": email, "date": "2026-01-01T00:00:00Z"}
		}
		login, _, _ := strings.Cut(who, "/")
		return user(who), object{"name": login, "email": login + "@example.com", "date": "2026-01-01T00:00:00Z"}
	}
	a, aClaim := person(author)
	c, cClaim := person(committer)
	w.commits = append(w.commits, object{"sha": sha, "author": a, "committer": c, "commit": object{
		"author": aClaim, "committer": cClaim, "message": message, "verification": object{"verified": true, "reason": "valid"}}})
	w.pull["commits"] = len(w.commits)
	return w
}

// last is the newest commit, or the newest review.
func last(list []object) object { return list[len(list)-1] }

// review adds a review of the head at the given minute by somebody who may write.
func (w *world) review(who, state string, minute int) *world {
	w.reviews = append(w.reviews, object{"id": 100 + len(w.reviews), "user": user(who), "state": state, "commit_id": head, "body": "x",
		"submitted_at": fmt.Sprintf("2026-01-02T00:%02d:00Z", minute), "author_association": "MEMBER",
		"pull_request_url": "https://api.github.com/repos/o/r/pulls/7"})
	return w
}

func (w *world) files(t testing.TB) review.GitHubFiles {
	in := review.GitHubFiles{
		Pull: file(t, "pull.json", w.pull), Commits: file(t, "commits.json", list(w.commits)), Reviews: file(t, "reviews.json", list(w.reviews)),
	}
	if w.collaborators != nil {
		in.Collaborators = file(t, "collaborators.json", w.collaborators)
	}
	return in
}

func (w *world) read(t testing.TB) review.Reviews { return review.GitHub(w.files(t), w.options) }

func list(os []object) any {
	if os == nil {
		return []any{}
	}
	return os
}

func file(t testing.TB, name string, v any) review.File {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return review.File{Path: release.Path(name), Bytes: b}
}

// told is what became of each approval: "grace counts", "eve stale, bot".
func told(r review.Reviews) []string {
	var out []string
	for _, a := range r.Approvals {
		who := strings.TrimPrefix(strings.TrimPrefix(a.By.ID, "github:"), "gitlab:")
		if a.Counts {
			out = append(out, who+" counts")
			continue
		}
		var why []string
		for _, w := range a.Why {
			why = append(why, string(w))
		}
		out = append(out, who+" "+strings.Join(why, ", "))
	}
	return out
}

// objectors are who objects; "?" is somebody unknown.
func objectors(r review.Reviews) []string {
	var out []string
	for _, o := range r.Objections {
		id := o.By.ID
		if id == "" {
			id = "?"
		}
		out = append(out, strings.TrimPrefix(id, "github:"))
	}
	return out
}

func gapKinds(r review.Reviews) []release.GapKind {
	var out []release.GapKind
	for _, g := range r.Gaps {
		out = append(out, g.Kind)
	}
	return out
}
