package collect_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence/collect"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/review"
)

var (
	head = strings.Repeat("a", 40)
	old  = strings.Repeat("b", 40)
)

// github is a pull request by ada, approved by grace, by bob for an older commit, and
// by a bot; linus asks for changes.
func github() review.Reviews {
	f := func(name, text string) review.File {
		return review.File{Path: release.Path(name), Bytes: []byte(strings.NewReplacer("HEAD", head, "OLD", old).Replace(text))}
	}
	said := func(id int, login, typ, state, commit string) string {
		return fmt.Sprintf(`{"id":%d,"user":{"login":%q,"type":%q},"state":%q,"author_association":"MEMBER","commit_id":%q,"submitted_at":"2026-03-01T10:0%d:00Z"}`, id, login, typ, state, commit, id)
	}
	return review.GitHub(review.GitHubFiles{
		Pull: f("pull.json", `{"number":7,"commits":1,"user":{"login":"ada","type":"User"},"head":{"sha":"HEAD"},"base":{"repo":{"full_name":"shop/cart"}}}`),
		Commits: f("commits.json", `[{"sha":"HEAD","author":{"login":"ada","type":"User"},"committer":{"login":"ada","type":"User"},
			"commit":{"author":{"name":"Ada","email":"ada@example.com"},"committer":{"email":"ada@example.com"},"message":"x"}}]`),
		Reviews: f("reviews.json", "["+said(1, "bob", "User", "APPROVED", "OLD")+","+said(2, "grace", "User", "APPROVED", "HEAD")+","+said(3, "helper[bot]", "Bot", "APPROVED", "HEAD")+
			","+said(4, "linus", "User", "CHANGES_REQUESTED", "HEAD")+"]"),
	}, review.Options{})
}

const change = "https://github.com/shop/cart/pull/7"

func reviewRun() collect.Run { return collect.Run{Version: "2022-11-28", At: noon} }

func TestReview(t *testing.T) {
	t.Parallel()
	got, err := collect.Review(reviewRun(), change, github())
	require.NoError(t, err)
	require.Equal(t, "github", got.Forge)
	require.EqualValues(t, head, got.Head)
	require.True(t, got.Complete)
	require.Equal(t, []release.Actor{{Kind: release.ActorHuman, ID: "github:ada"}}, got.Contributors)
	var said []string
	for _, a := range got.Approvals {
		said = append(said, fmt.Sprint(a.By.ID, " ", a.Counts, " ", a.Why))
	}
	require.Equal(t, []string{"github:bob false [stale]", "github:grace true []", "github:helper[bot] false [bot]"}, said)
	require.Len(t, got.Objections, 1)
	require.Equal(t, "github:linus", got.Objections[0].By.ID)
	sources, err := collect.Sources(got)
	require.NoError(t, err)
	require.Len(t, sources, 3)
	for _, s := range sources {
		require.EqualValues(t, "github", s.Tool)
		require.EqualValues(t, "2022-11-28", s.Version)
		require.Equal(t, noon, s.At)
		require.False(t, s.Digest.IsZero())
	}

	b, err := json.Marshal(got)
	require.NoError(t, err)
	require.NotContains(t, string(b), `"Ada"`, "names for display stay away")
	back, err := predicate.Parse(predicate.TypeReview, b)
	require.NoError(t, err)
	require.Equal(t, got, back)
}

func TestReviewThatIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		run    func(*collect.Run)
		change string
		read   func(*review.Reviews)
		err    string
	}{
		{"another change", nil, "https://github.com/shop/cart/pull/8", nil, "not that of"},
		{"another repository", nil, "https://github.com/shop/car/pull/7", nil, "not that of"},
		{"a longer repository", nil, "https://github.com/evilshop/cart/pull/7", nil, "not that of"},
		{"no change", nil, "", nil, "not that of"},
		{"a query", nil, change + "?x=/shop/cart/pull/7", nil, "not that of"},
		{"a fragment", nil, change + "#x", nil, "not that of"},
		{"a password", nil, "https://me:secret@github.com/shop/cart/pull/7", nil, "no URL"},
		{"a file", nil, "file:///shop/cart/pull/7", nil, "no URL"},
		{"GitLab's form", nil, "https://github.com/shop/cart/-/merge_requests/7", nil, "not that of"},
		{"no version", func(r *collect.Run) { r.Version = "" }, change, nil, "which version"},
		{"no time", func(r *collect.Run) { r.At = time.Time{} }, change, nil, "when the tool ran"},
		{"no head", nil, change, func(r *review.Reviews) { r.Head = "" }, "head-missing"},
		{"nothing read", nil, change, func(r *review.Reviews) { *r = review.Reviews{} }, "head-missing"},
		{"no sources", nil, change, func(r *review.Reviews) { r.Sources = nil }, "no file"},
		{"the change is not known", nil, change, func(r *review.Reviews) { r.Change = "" }, "not that of"},
		{"an approval that cannot count", nil, change, func(r *review.Reviews) { r.Approvals[0].Counts = true; r.Approvals[0].Why = nil }, "another commit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			run, r := reviewRun(), github()
			if c.run != nil {
				c.run(&run)
			}
			if c.read != nil {
				c.read(&r)
			}
			got, err := collect.Review(run, c.change, r)
			require.ErrorContains(t, err, c.err)
			require.NotContains(t, err.Error(), "secret")
			require.Zero(t, got)
		})
	}
}

// Enterprise installations have names and paths of their own, and forges do not mind
// the case of a project's name.
func TestReviewElsewhere(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"https://git.example.com/shop/cart/pull/7", "http://localhost:3000/forge/shop/cart/pull/7", "https://github.com/Shop/Cart/pull/7"} {
		_, err := collect.Review(reviewRun(), url, github())
		require.NoError(t, err, url)
	}
}

func TestReviewOfGitLab(t *testing.T) {
	t.Parallel()
	f := func(name, text string) review.File {
		return review.File{Path: release.Path(name), Bytes: []byte(strings.ReplaceAll(text, "HEAD", head))}
	}
	r := review.GitLab(review.GitLabFiles{
		MergeRequest: f("mr.json", `{"iid":7,"project_id":1,"sha":"HEAD","state":"opened","references":{"full":"group/shop!7"},"author":{"id":1,"username":"ada"},"diff_refs":{"head_sha":"HEAD"}}`),
		Approvals:    f("approvals.json", `{"iid":7,"approved_by":[{"user":{"id":2,"username":"grace"},"approved_at":"2026-03-01T10:00:00Z"}]}`),
		Commits:      f("commits.json", `[{"id":"HEAD","author_name":"Ada","author_email":"ada@example.com","committer_email":"ada@example.com","message":"x"}]`),
		Versions:     f("versions.json", `[{"id":1,"head_commit_sha":"HEAD","created_at":"2026-03-01T09:00:00Z"}]`),
	}, review.Options{Identities: map[string]release.Actor{"email:ada@example.com": {ID: "gitlab:ada", Kind: release.ActorHuman}, "gitlab:ada": {ID: "gitlab:ada", Kind: release.ActorHuman}, "gitlab:grace": {ID: "gitlab:grace", Kind: release.ActorHuman}}})
	run := reviewRun()
	run.Version = "v4"
	got, err := collect.Review(run, "https://gitlab.example.com/group/shop/-/merge_requests/7", r)
	require.NoError(t, err, "%v", r.Gaps)
	require.Equal(t, "gitlab", got.Forge)
	require.Len(t, got.Approvals, 1)
	require.True(t, got.Approvals[0].Counts, "%v %v", got.Approvals[0].Why, r.Gaps)
	require.Len(t, got.Sources, 4)
}
