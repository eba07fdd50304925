package review_test

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/review"
)

func Example() {
	r := review.GitHub(review.GitHubFiles{
		Pull: review.File{Path: "pull.json", Bytes: []byte(`{"number": 7, "commits": 1, "user": {"login": "ada", "type": "User"},
			"head": {"sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, "base": {"repo": {"full_name": "shop/cart"}}}`)},
		Commits: review.File{Path: "commits.json", Bytes: []byte(`[{"sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"author": {"login": "ada", "type": "User"}, "committer": {"login": "ada", "type": "User"},
			"commit": {"author": {"email": "ada@example.com"}, "committer": {"email": "ada@example.com"},
				"message": "Round prices up\n\nCo-authored-by: Linus <linus@example.com>"}}]`)},
		Reviews: review.File{Path: "reviews.json", Bytes: []byte(`[
			{"id": 1, "user": {"login": "grace", "type": "User"}, "state": "APPROVED", "author_association": "MEMBER",
				"commit_id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "submitted_at": "2026-01-02T10:00:00Z"},
			{"id": 2, "user": {"login": "linus", "type": "User"}, "state": "APPROVED", "author_association": "MEMBER",
				"commit_id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "submitted_at": "2026-01-02T10:05:00Z"},
			{"id": 3, "user": {"login": "barbara", "type": "User"}, "state": "APPROVED", "author_association": "MEMBER",
				"commit_id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "submitted_at": "2026-01-01T09:00:00Z"},
			{"id": 4, "user": {"login": "review-helper[bot]", "type": "Bot"}, "state": "APPROVED", "author_association": "MEMBER",
				"commit_id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "submitted_at": "2026-01-02T10:06:00Z"}]`)},
	}, review.Options{
		Identities: map[string]release.Actor{"email:linus@example.com": {ID: "github:linus", Kind: release.ActorHuman}},
	})
	fmt.Println(r.Change, "by", r.Author.ID)
	for _, a := range r.Approvals {
		fmt.Println(a.By.ID, a.Counts, a.Why)
	}
	fmt.Println("contributors:", len(r.Contributors), "commits without a verified signature:", len(r.Unverified))
	// Output:
	// shop/cart#7 by github:ada
	// github:barbara false [stale]
	// github:grace true []
	// github:linus false [contributor]
	// github:review-helper[bot] false [bot]
	// contributors: 2 commits without a verified signature: 1
}

// What a typical project has: two people who approved, a pull request of one page, and
// no option.
func ExampleGitHub() {
	const head = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	r := review.GitHub(review.GitHubFiles{
		// gh api repos/shop/cart/pulls/7
		Pull: review.File{Path: "pull.json", Bytes: []byte(`{"number": 7, "commits": 1, "user": {"login": "ada", "id": 1, "type": "User"},
			"head": {"sha": "` + head + `"}, "base": {"repo": {"full_name": "shop/cart"}}}`)},
		// gh api --paginate repos/shop/cart/pulls/7/commits
		Commits: review.File{Path: "commits.json", Bytes: []byte(`[{"sha": "` + head + `", "author": {"login": "ada", "id": 1, "type": "User"},
			"committer": {"login": "web-flow", "id": 19864447, "type": "User"}, "commit": {"author": {"name": "Ada", "email": "ada@example.com"},
			"committer": {"name": "GitHub", "email": "noreply@github.com"}, "verification": {"verified": true},
			"message": "Round prices up\n\nCo-authored-by: Claude <noreply@anthropic.com>"}}]`)},
		// gh api --paginate repos/shop/cart/pulls/7/reviews
		Reviews: review.File{Path: "reviews.json", Bytes: []byte(`[
			{"id": 1, "user": {"login": "grace", "id": 2, "type": "User"}, "state": "CHANGES_REQUESTED", "author_association": "MEMBER",
				"commit_id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "submitted_at": "2026-01-02T09:00:00Z"},
			{"id": 2, "user": {"login": "barbara", "id": 3, "type": "User"}, "state": "APPROVED", "author_association": "COLLABORATOR",
				"commit_id": "` + head + `", "submitted_at": "2026-01-02T10:00:00Z"},
			{"id": 3, "user": {"login": "grace", "id": 2, "type": "User"}, "state": "APPROVED", "author_association": "MEMBER",
				"commit_id": "` + head + `", "submitted_at": "2026-01-02T10:05:00Z"}]`)},
	}, review.Options{})
	fmt.Println("approved by", r.Counted(), "objections:", len(r.Objections))
	fmt.Println("contributors:", r.Contributors, "all known:", r.Complete)
	// Output:
	// approved by [barbara <github:barbara> grace <github:grace>] objections: 0
	// contributors: [ada <github:ada> web-flow <github:web-flow> Claude <email:noreply@anthropic.com>] all known: yes
}
