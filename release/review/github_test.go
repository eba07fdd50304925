package review_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/review"
)

var human = func(id string) release.Actor { return release.Actor{Kind: release.ActorHuman, ID: id} }

// Each row is one trap: what is done to a pull request, and what becomes of the
// approvals.
func TestApprovals(t *testing.T) {
	t.Parallel()
	set := func(list []object, key string, value any) { last(list)[key] = value }
	for _, tc := range []struct {
		name    string
		change  func(w *world)
		want    []string
		objects []string
	}{
		// What counts.
		{"one approval", func(w *world) { w.review("grace", "APPROVED", 1) }, []string{"grace counts"}, nil},
		{"two people", func(w *world) { w.review("grace", "APPROVED", 1).review("barbara", "APPROVED", 2) }, []string{"grace counts", "barbara counts"}, nil},
		{"a comment later", func(w *world) { w.review("grace", "APPROVED", 1).review("grace", "COMMENTED", 2) }, []string{"grace counts"}, nil},
		{"approved after asking for changes", func(w *world) { w.review("grace", "CHANGES_REQUESTED", 1).review("grace", "APPROVED", 2) }, []string{"grace counts"}, nil},
		{"lower case state", func(w *world) { w.review("grace", "approved", 1) }, []string{"grace counts"}, nil},
		{"committed in the browser", func(w *world) {
			w.commit(old, "ada", "web-flow", "x").review("grace", "APPROVED", 1)
		}, []string{"grace counts"}, nil},
		{"an AI agent wrote it, a person approves", func(w *world) {
			w.commit(old, "helper[bot]/Bot", "web-flow", "x").review("grace", "APPROVED", 1)
		}, []string{"grace counts"}, nil},
		{"a collaborator", func(w *world) {
			w.review("grace", "APPROVED", 1)
			set(w.reviews, "author_association", "COLLABORATOR")
		}, []string{"grace counts"}, nil},

		// Field.md P0-8: a review of another commit than the head is stale.
		{"stale", func(w *world) {
			w.review("grace", "APPROVED", 1)
			set(w.reviews, "commit_id", old)
		}, []string{"grace stale"}, nil},
		{"an id in short", func(w *world) {
			w.review("grace", "APPROVED", 1)
			set(w.reviews, "commit_id", head[:12])
		}, []string{"grace commit-unknown"}, nil},
		{"no commit", func(w *world) {
			w.review("grace", "APPROVED", 1)
			set(w.reviews, "commit_id", nil)
		}, []string{"grace commit-unknown"}, nil},

		// The state of a person is the latest that is no comment.
		{"changes requested later", func(w *world) { w.review("grace", "APPROVED", 1).review("grace", "CHANGES_REQUESTED", 2) }, []string{"grace superseded"}, []string{"grace"}},
		{"changes requested later, on an older page", func(w *world) { w.review("grace", "CHANGES_REQUESTED", 2).review("grace", "APPROVED", 1) }, []string{"grace superseded"}, []string{"grace"}},
		{"at the same moment, the higher id is later", func(w *world) { w.review("grace", "APPROVED", 1).review("grace", "CHANGES_REQUESTED", 1) }, []string{"grace superseded"}, []string{"grace"}},
		{"changes requested at an unknown time", func(w *world) {
			w.review("grace", "CHANGES_REQUESTED", 1)
			set(w.reviews, "submitted_at", nil)
			w.review("grace", "APPROVED", 9)
		}, []string{"grace superseded"}, []string{"grace"}},
		{"approved at an unknown time", func(w *world) {
			w.review("grace", "APPROVED", 1)
			set(w.reviews, "submitted_at", nil)
		}, []string{"grace time-unknown"}, nil},
		{"dismissed", func(w *world) { w.review("grace", "DISMISSED", 1) }, []string{"grace dismissed"}, nil},
		{"dismissed later", func(w *world) { w.review("grace", "APPROVED", 1).review("grace", "DISMISSED", 2) }, []string{"grace dismissed", "grace dismissed"}, nil},
		{"the veto was dismissed, the approval before stays superseded", func(w *world) {
			w.review("grace", "APPROVED", 1).review("grace", "CHANGES_REQUESTED", 2).review("grace", "DISMISSED", 3)
		}, []string{"grace dismissed, superseded", "grace dismissed"}, nil},
		{"a state in a word that nobody knows", func(w *world) { w.review("grace", "APPROVED", 1).review("grace", "REVOKED", 2) }, []string{"grace superseded"}, []string{"grace"}},
		{"pending", func(w *world) {
			w.review("grace", "PENDING", 1)
			set(w.reviews, "submitted_at", nil)
		}, []string{"grace pending, time-unknown"}, nil},
		{"approved twice", func(w *world) { w.review("grace", "APPROVED", 1).review("grace", "APPROVED", 2) }, []string{"grace repeated", "grace counts"}, nil},
		{"asked again", func(w *world) {
			w.review("grace", "APPROVED", 1)
			w.pull["requested_reviewers"] = []any{user("grace")}
		}, []string{"grace requested-again"}, nil},
		{"somebody else objects", func(w *world) { w.review("grace", "APPROVED", 1).review("eve", "CHANGES_REQUESTED", 2) }, []string{"grace counts"}, []string{"eve"}},
		{"a deleted account objects", func(w *world) { w.review("grace", "APPROVED", 1).review("", "CHANGES_REQUESTED", 0) }, []string{"grace counts"}, []string{"?"}},
		{"two deleted accounts are two", func(w *world) { w.review("", "CHANGES_REQUESTED", 1).review("", "APPROVED", 2) }, []string{" who-unknown"}, []string{"?"}},

		// Who must not approve.
		{"the author", func(w *world) { w.review("ada", "APPROVED", 1) }, []string{"ada author"}, nil},
		{"the author in other letters", func(w *world) { w.review("ADA", "APPROVED", 1) }, []string{"ada author"}, nil},
		{"the author of a commit", func(w *world) { w.commit(old, "grace", "ada", "x").review("grace", "APPROVED", 1) }, []string{"grace contributor"}, nil},
		{"the committer of a commit", func(w *world) { w.commit(old, "ada", "grace", "x").review("grace", "APPROVED", 1) }, []string{"grace contributor"}, nil},
		{"a co-author by the address that GitHub gives", func(w *world) {
			w.commit(old, "ada", "ada", "x\n\nCo-authored-by: G <123+Grace@users.noreply.github.com>").review("grace", "APPROVED", 1)
		}, []string{"grace contributor"}, nil},
		{"a co-author by the host's map", func(w *world) {
			w.options.Identities = map[string]release.Actor{"email:g@example.com": human("github:grace")}
			w.commit(old, "ada", "ada", "x\n\nco-developed-by: G <G@example.com>\n\nmore").review("grace", "APPROVED", 1)
		}, []string{"grace contributor"}, nil},
		{"two logins of one person, by the host's map", func(w *world) {
			w.options.Identities = map[string]release.Actor{"github:ada-work": human("github:ada")}
			w.review("ada-work", "APPROVED", 1)
		}, []string{"ada author"}, nil},
		{"one person approves by two logins", func(w *world) {
			w.options.Identities = map[string]release.Actor{"github:grace-work": human("github:grace")}
			w.review("grace", "APPROVED", 1).review("grace-work", "APPROVED", 2)
		}, []string{"grace repeated", "grace counts"}, nil},
		{"a login that changed between two answers", func(w *world) {
			w.review("grace", "APPROVED", 1)
			last(w.reviews)["user"] = object{"login": "ada-new", "id": number("ada"), "type": "User"}
		}, []string{"ada author"}, nil},
		{"the host's map in other letters", func(w *world) {
			w.options.Identities = map[string]release.Actor{"github:Ada-Work": human("github:ADA")}
			w.review("ada-work", "APPROVED", 1)
		}, []string{"ada author"}, nil},
		{"names that lead to each other", func(w *world) {
			w.options.Identities = map[string]release.Actor{"github:ada": human("github:ada-work"), "github:ada-work": human("github:ada")}
			w.review("ada-work", "APPROVED", 1)
		}, []string{"ada author"}, nil},
		{"a co-author's former login, by the account's number", func(w *world) {
			w.commit(old, "ada", "ada", fmt.Sprintf("x\n\nCo-authored-by: G <%d+former@users.noreply.github.com>", number("grace"))).review("grace", "APPROVED", 1)
		}, []string{"grace contributor"}, nil},
		{"a co-author's login without a number", func(w *world) {
			w.commit(old, "ada", "ada", "x\n\nCo-authored-by: G <grace@users.noreply.github.com>").review("grace", "APPROVED", 1)
		}, []string{"grace contributor"}, nil},
		{"a co-author's former login without a number", func(w *world) {
			w.commit(old, "ada", "ada", "x\n\nCo-authored-by: G <former@users.noreply.github.com>").review("grace", "APPROVED", 1)
		}, []string{"grace contributors-unknown"}, nil},
		{"a bot by its type", func(w *world) { w.review("helper/Bot", "APPROVED", 1) }, []string{"helper bot"}, nil},
		{"a bot by its mark", func(w *world) { w.review("helper[bot]/User", "APPROVED", 1) }, []string{"helper[bot] bot"}, nil},
		{"a bot that the host calls a person", func(w *world) {
			w.options.Identities = map[string]release.Actor{"github:helper": human("github:grace")}
			w.review("helper/Bot", "APPROVED", 1)
		}, []string{"grace bot"}, nil},
		{"an agent by the host's word", func(w *world) {
			w.options.Identities = map[string]release.Actor{"github:clever": {Kind: release.ActorAgent, ID: "github:clever"}}
			w.review("clever", "APPROVED", 1)
		}, []string{"clever agent"}, nil},
		{"an account of another type", func(w *world) { w.review("team/Organization", "APPROVED", 1) }, []string{"team kind-unknown"}, nil},
		{"a deleted account", func(w *world) { w.review("", "APPROVED", 1) }, []string{" who-unknown"}, nil},
		{"the account that stands in for deleted ones", func(w *world) { w.review("ghost", "APPROVED", 1) }, []string{" who-unknown"}, nil},
		{"an outsider", func(w *world) {
			w.review("grace", "APPROVED", 1)
			set(w.reviews, "author_association", "CONTRIBUTOR")
		}, []string{"grace no-write-access"}, nil},
		{"nobody says what standing", func(w *world) {
			w.review("grace", "APPROVED", 1)
			delete(last(w.reviews), "author_association")
		}, []string{"grace no-write-access"}, nil},

		// Standing is not permission: where the collaborators are told, theirs counts.
		{"a member who may only read", func(w *world) {
			w.collaborators = []object{collaborator("ada", true), collaborator("grace", false)}
			w.review("grace", "APPROVED", 1)
		}, []string{"grace no-write-access"}, nil},
		{"a member who is no collaborator", func(w *world) {
			w.collaborators = []object{collaborator("ada", true)}
			w.review("grace", "APPROVED", 1)
		}, []string{"grace no-write-access"}, nil},
		{"a collaborator whose permissions are not told", func(w *world) {
			w.collaborators = []object{{"login": "grace", "id": number("grace"), "type": "User"}}
			w.review("grace", "APPROVED", 1)
		}, []string{"grace no-write-access"}, nil},
		{"a hidden member who may write", func(w *world) {
			w.collaborators = []object{collaborator("GRACE", true)}
			w.review("grace", "APPROVED", 1)
			set(w.reviews, "author_association", "CONTRIBUTOR")
		}, []string{"grace counts"}, nil},
		{"a collaborator by the host's map", func(w *world) {
			w.options.Identities = map[string]release.Actor{"github:grace-work": human("github:grace")}
			w.collaborators = []object{collaborator("grace-work", true)}
			w.review("grace", "APPROVED", 1)
		}, []string{"grace counts"}, nil},

		// Who wrote it must be known.
		{"an author whose account nobody knows", func(w *world) { w.commit(old, "email:x@example.com", "ada", "x").review("grace", "APPROVED", 1) }, []string{"grace contributors-unknown"}, nil},
		{"an author without an address", func(w *world) { w.commit(old, "email:", "ada", "x").review("grace", "APPROVED", 1) }, []string{"grace contributors-unknown"}, nil},
		{"a co-author whose account nobody knows", func(w *world) {
			w.commit(old, "ada", "ada", "x\n\nCo-authored-by: Grace <grace@home.example>").review("grace", "APPROVED", 1)
		}, []string{"grace contributors-unknown"}, nil},
		{"a co-author without an address", func(w *world) {
			w.commit(old, "ada", "ada", "x\n\nCo-authored-by: Grace").review("grace", "APPROVED", 1)
		}, []string{"grace contributors-unknown"}, nil},
		{"a mapped author counts as known", func(w *world) {
			w.options.Identities = map[string]release.Actor{"email:x@example.com": human("github:linus")}
			w.commit(old, "email:X@Example.com", "ada", "x").review("grace", "APPROVED", 1)
		}, []string{"grace counts"}, nil},
		{"a commit that claims to be by a bot, unsigned", func(w *world) {
			w.commit(old, "helper[bot]/Bot", "ada", "x").review("grace", "APPROVED", 1)
			last(w.commits)["commit"].(object)["verification"] = object{"verified": false}
		}, []string{"grace contributors-unknown"}, nil},
		{"a commit that claims to be by the forge, unsigned", func(w *world) {
			w.commit(old, "ada", "email:noreply@github.com", "x").review("grace", "APPROVED", 1)
			last(w.commits)["commit"].(object)["verification"] = object{"verified": false}
		}, []string{"grace contributors-unknown"}, nil},
		{"signatures demanded", func(w *world) {
			w.options.Signed = true
			w.review("grace", "APPROVED", 1)
			last(w.commits)["commit"].(object)["verification"] = object{"verified": false}
		}, []string{"grace contributors-unknown"}, nil},
		{"an author that GitHub does not name", func(w *world) {
			w.pull["user"] = nil
			w.review("grace", "APPROVED", 1)
		}, []string{"grace contributors-unknown"}, nil},
		{"a commit is missing", func(w *world) {
			w.pull["commits"] = 2
			w.review("grace", "APPROVED", 1)
		}, []string{"grace contributors-unknown"}, nil},
		{"nobody says how many commits", func(w *world) {
			delete(w.pull, "commits")
			w.review("grace", "APPROVED", 1)
		}, []string{"grace contributors-unknown"}, nil},
		{"commits from before the last push", func(w *world) {
			w.commits[0]["sha"] = old
			w.review("grace", "APPROVED", 1)
		}, []string{"grace contributors-unknown"}, nil},

		// The answers must be whole and belong together.
		{"no head", func(w *world) {
			w.pull["head"] = object{"ref": "main"}
			w.review("grace", "APPROVED", 1)
		}, []string{"grace contributors-unknown, head-unknown"}, nil},
		{"a review of another pull request", func(w *world) {
			w.review("grace", "APPROVED", 1)
			set(w.reviews, "pull_request_url", "https://api.github.com/repos/o/r/pulls/8")
		}, []string{"grace another-change, reviews-incomplete"}, nil},
		{"an approval of another pull request clears no objection", func(w *world) {
			w.review("grace", "CHANGES_REQUESTED", 1).review("grace", "APPROVED", 2)
			set(w.reviews, "pull_request_url", "https://api.github.com/repos/o/r/pulls/8")
		}, []string{"grace another-change, reviews-incomplete"}, []string{"grace"}},
		{"one review in two states", func(w *world) {
			w.review("grace", "APPROVED", 1).review("grace", "CHANGES_REQUESTED", 1)
			set(w.reviews, "id", w.reviews[0]["id"])
		}, []string{"grace reviews-incomplete, superseded"}, []string{"grace"}},
		{"a review that cannot be read", func(w *world) {
			w.review("grace", "APPROVED", 1).review("eve", "CHANGES_REQUESTED", 2)
			set(w.reviews, "id", "no number")
		}, []string{"grace reviews-incomplete"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := pull()
			tc.change(w)
			r := w.read(t)
			require.Equal(t, tc.want, told(r), "%v", r.Gaps)
			require.Equal(t, tc.objects, objectors(r))
			for _, why := range []review.Why{review.WhyIncomplete, review.WhyContributors, review.WhyHeadUnknown} {
				for _, a := range r.Approvals {
					if len(a.Why) == 1 && a.Why[0] == why && len(r.Unmapped) == 0 && !w.options.Signed {
						require.NotEmpty(t, r.Gaps, "a reason must have a gap")
					}
				}
			}
			laws(t, r)
		})
	}
}

// OutsidersUnsafe is what it says.
func TestOutsiders(t *testing.T) {
	t.Parallel()
	w := pull().review("grace", "APPROVED", 1)
	last(w.reviews)["author_association"] = "NONE"
	w.options.OutsidersUnsafe = true
	r := w.read(t)
	require.Equal(t, []string{"grace counts"}, told(r))
	require.EqualValues(t, "NONE", r.Approvals[0].Association)
}

// Facts are told whether or not anything counts.
func TestFacts(t *testing.T) {
	t.Parallel()
	w := pull().commit(old, "grace", "web-flow", "x\n\nCo-authored-by: Helper <1+helper[bot]@users.noreply.github.com>\nCo-authored-by: B <b@example.com>")
	last(w.commits)["commit"].(object)["verification"] = object{"verified": false}
	w.pull["merged"], w.pull["merge_commit_sha"], w.pull["merged_by"] = true, old, user("barbara")
	r := w.read(t)
	require.EqualValues(t, "o/r#7", r.Change)
	require.EqualValues(t, head, r.Head)
	require.EqualValues(t, old, r.Merged)
	require.Equal(t, "github:barbara", r.MergedBy.ID)
	require.Equal(t, "github:ada", r.Author.ID)
	require.Equal(t, []release.Revision{old}, r.Unverified)
	var ids []string
	for _, a := range r.Contributors {
		ids = append(ids, a.ID+" "+a.Kind.String())
	}
	require.Equal(t, []string{"github:ada human", "github:grace human", "github:web-flow service", "github:helper[bot] bot", "email:b@example.com unknown"}, ids)
	require.Len(t, r.Unmapped, 2, "an unsigned commit by the forge, and an address")
	require.Len(t, r.Sources, 3)
	for _, s := range r.Sources {
		require.False(t, s.Digest.IsZero())
		require.NotEmpty(t, s.Format)
	}
	// The merge commit of a pull request that is not merged is only a trial.
	w.pull["merged"] = false
	require.Empty(t, w.read(t).Merged)
}

// Pages come one after the other, in one array, or in an array of arrays, in any
// order, and more than once.
func TestPages(t *testing.T) {
	t.Parallel()
	w := pull().review("grace", "APPROVED", 1).review("grace", "CHANGES_REQUESTED", 2).review("barbara", "APPROVED", 3)
	all := w.files(t)
	page := func(i ...int) []byte {
		var out []object
		for _, j := range i {
			out = append(out, w.reviews[j])
		}
		return file(t, "", out).Bytes
	}
	want := w.read(t)
	require.Equal(t, []string{"grace superseded", "barbara counts"}, told(want))
	for name, b := range map[string][]byte{
		"one after the other": bytes.Join([][]byte{page(0), page(1, 2)}, nil),
		"by lines":            bytes.Join([][]byte{page(0, 1), page(2)}, []byte("\n")),
		"out of order":        bytes.Join([][]byte{page(2), page(1), page(0)}, []byte(" ")),
		"twice":               bytes.Join([][]byte{page(0, 1), page(1, 2)}, nil),
		"an array of arrays":  bytes.Join([][]byte{[]byte("["), page(0, 1), []byte(","), page(2), []byte("]")}, nil),
	} {
		all.Reviews.Bytes = b
		got := review.GitHub(all, w.options)
		want.Sources[1].Digest = got.Sources[1].Digest
		require.Equal(t, want, got, name)
	}
}

// A list that is as long as a page may go on: a veto may be on the next one.
func TestFullPages(t *testing.T) {
	t.Parallel()
	for _, n := range []int{29, 30, 31, 50, 60, 99, 100, 101, 150, 180, 200} {
		w := pull().review("grace", "APPROVED", 1)
		for len(w.reviews) < n {
			w.review("eve", "COMMENTED", 2)
		}
		full := n%30 == 0 || n%50 == 0
		r := w.read(t)
		require.Equal(t, map[bool][]string{true: {"grace reviews-incomplete"}, false: {"grace counts"}}[full], told(r), n)
		require.Equal(t, full, r.Coverage != release.CoverageComplete)
		w.options.AllPages = true
		require.Equal(t, []string{"grace counts"}, told(w.read(t)), n)
	}
}

// Of several pages, a short one is the last. A page of another length than usual is
// told from it by the others.
func TestFullPagesOfSeveral(t *testing.T) {
	t.Parallel()
	w := pull().review("grace", "APPROVED", 1)
	for len(w.reviews) < 200 {
		w.review("eve", "COMMENTED", 2)
	}
	for _, tc := range []struct {
		pages []int
		whole bool
	}{
		{[]int{100, 30}, true}, {[]int{30, 100}, true}, {[]int{100, 50}, true}, {[]int{30, 30, 0}, true}, {[]int{30, 7}, true}, {[]int{7, 7}, true},
		{[]int{100, 100}, false}, {[]int{30, 30}, false}, {[]int{50}, false}, {[]int{0}, true},
	} {
		in := w.files(t)
		in.Reviews.Bytes = nil
		from := 0
		for _, n := range tc.pages {
			in.Reviews.Bytes = append(in.Reviews.Bytes, file(t, "", append([]object{}, w.reviews[from:from+n]...)).Bytes...)
			from += n
		}
		r := review.GitHub(in, review.Options{})
		require.Equal(t, tc.whole, r.Coverage == release.CoverageComplete, "%v %v", tc.pages, r.Gaps)
		in.Reviews.Bytes = []byte("[" + strings.ReplaceAll(string(in.Reviews.Bytes), "][", "],[") + "]")
		r = review.GitHub(in, review.Options{})
		require.Equal(t, tc.whole, r.Coverage == release.CoverageComplete, "an array of arrays: %v %v", tc.pages, r.Gaps)
	}
}

// What is missing, or is not what it should be, never helps an approval.
func TestFilesThatAreMissing(t *testing.T) {
	t.Parallel()
	good := pull().review("grace", "APPROVED", 1).files(t)
	for name, b := range map[string]string{
		"no file": "", "empty": " ", "an error": `{"message":"Not Found","status":"404"}`, "null": "null", "cut off": "[{", "not JSON": "<html>",
		"numbers": "[1]", "another case": `[{"ID":1}]`, "twice the name": `[{"id":1,"id":2}]`, "behind": "[] x",
	} {
		for i := range 3 {
			in := good
			f := []*review.File{&in.Pull, &in.Commits, &in.Reviews}[i]
			f.Bytes = []byte(b)
			if name == "no file" {
				f.Bytes = nil
			}
			r := review.GitHub(in, review.Options{})
			require.Empty(t, r.Counted(), "%s %d", name, i)
			require.NotEmpty(t, r.Gaps, "%s %d", name, i)
			require.NotEqual(t, release.CoverageComplete, r.Coverage, "%s %d", name, i)
			if i == 2 {
				require.Equal(t, release.CoverageMissing, r.Coverage, name)
			}
			laws(t, r)
		}
	}
	require.Equal(t, []string{"grace counts"}, told(review.GitHub(good, review.Options{})))
	none := pull().read(t)
	require.Equal(t, release.CoverageComplete, none.Coverage, "no reviews are none, if the list says so: %v", none.Gaps)
	require.Empty(t, none.Approvals)
}

// Text of others cannot break a line anywhere.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	w := pull().review("grace", "APPROVED", 1)
	last(w.reviews)["user"] = object{"login": "gr\u202eace\n", "type": "User", "id": 5}
	last(w.reviews)["author_association"] = "ME\x1bMBER"
	w.pull["base"] = object{"repo": object{"full_name": "o\nr"}}
	w.commit(old, "email:a\x1b[31m@example.com", "ada", "x")
	r := w.read(t)
	require.NotContains(t, fmt.Sprint(r.Change, r.Approvals, r.Contributors), "\x1b")
	require.NotContains(t, fmt.Sprint(r.Change, r.Approvals, r.Contributors), "\n")
	require.NotContains(t, r.Approvals[0].By.ID, "\u202e")
}
