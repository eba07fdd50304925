package review_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/review"
)

// laws hold of every result, whatever was read.
func laws(t require.TestingT, r review.Reviews) {
	counted := map[string]bool{}
	for i, a := range r.Approvals {
		require.Equal(t, a.Counts, len(a.Why) == 0)
		require.True(t, slices.IsSorted(a.Why))
		if i > 0 {
			require.False(t, a.At.Before(r.Approvals[i-1].At) && !r.Approvals[i-1].At.IsZero() && !a.At.IsZero(), "sorted by time")
		}
		if !a.Counts {
			continue
		}
		require.NotEmpty(t, a.By.ID)
		require.Equal(t, release.ActorHuman, a.By.Kind)
		require.NotEmpty(t, r.Head)
		require.Equal(t, r.Head, a.Commit)
		require.False(t, a.At.IsZero())
		require.NotEmpty(t, r.Author.ID)
		require.False(t, a.By.Same(r.Author))
		require.Equal(t, release.AnswerYes, r.Complete)
		require.Empty(t, r.Unmapped)
		require.False(t, slices.ContainsFunc(r.Contributors, a.By.Same), "a contributor's approval counts")
		require.False(t, counted[a.By.ID], "one person counts twice")
		counted[a.By.ID] = true
		require.False(t, slices.ContainsFunc(r.Objections, func(o review.Objection) bool { return o.By.Same(a.By) }), "an objector's approval counts")
	}
	require.Len(t, r.Counted(), len(counted))
	require.Equal(t, r.Coverage == release.CoverageComplete, len(r.Gaps) == 0)
	for _, s := range r.Sources {
		require.False(t, s.Digest.IsZero())
	}
	b, err := json.Marshal(r)
	require.NoError(t, err)
	var back review.Reviews
	require.NoError(t, json.Unmarshal(b, &back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.JSONEq(t, string(b), string(again))
}

func FuzzGitHub(f *testing.F) {
	w := pull().review("grace", "APPROVED", 1).review("eve", "CHANGES_REQUESTED", 2)
	in := w.files(f)
	f.Add(in.Pull.Bytes, in.Commits.Bytes, in.Reviews.Bytes)
	in = pull().commit(old, "email:x@example.com", "web-flow", "x\n\nCo-authored-by: C <c@example.com>").review("", "DISMISSED", 1).files(f)
	f.Add(in.Pull.Bytes, in.Commits.Bytes, in.Reviews.Bytes)
	for _, name := range samples(f) {
		b, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(b, b, b)
	}
	f.Fuzz(func(t *testing.T, pull, commits, reviews []byte) {
		in := review.GitHubFiles{Pull: review.File{Path: "p", Bytes: pull}, Commits: review.File{Path: "c", Bytes: commits}, Reviews: review.File{Path: "r", Bytes: reviews}}
		r := review.GitHub(in, review.Options{})
		laws(t, r)
		require.Equal(t, r, review.GitHub(in, review.Options{}), "the same again")
		// More reviews of the same never make more count, and without the commits nothing does.
		in.Commits.Bytes = nil
		require.Empty(t, review.GitHub(in, review.Options{AllPages: true}).Counted())
	})
}

func FuzzGitLab(f *testing.F) {
	in := merge().files(f)
	f.Add(in.MergeRequest.Bytes, in.Commits.Bytes, in.Approvals.Bytes, in.Settings.Bytes)
	f.Fuzz(func(t *testing.T, request, commits, approvals, settings []byte) {
		in := review.GitLabFiles{MergeRequest: review.File{Bytes: request}, Commits: review.File{Bytes: commits}, Approvals: review.File{Bytes: approvals}, Settings: review.File{Bytes: settings}}
		o := merge().options
		r := review.GitLab(in, o)
		laws(t, r)
		require.Equal(t, r, review.GitLab(in, o), "the same again")
		in.Settings.Bytes = nil
		require.Empty(t, review.GitLab(in, o).Counted(), "without the settings nobody knows the commit")
	})
}

func samples(t testing.TB) []string {
	names, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	return names
}

// A slow reading of the rules agrees: of random reviews, whose approvals count?
func TestAgreesWithTheSlowRule(t *testing.T) {
	t.Parallel()
	people := []string{"ada", "grace", "barbara", "eve", "helper/Bot", ""}
	states := []string{"APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"}
	rapid.Check(t, func(t *rapid.T) {
		w := pull()
		n := rapid.IntRange(0, 8).Draw(t, "n")
		for range n {
			w.review(rapid.SampledFrom(people).Draw(t, "who"), rapid.SampledFrom(states).Draw(t, "state"), rapid.IntRange(0, 3).Draw(t, "minute"))
			last(w.reviews)["commit_id"] = rapid.SampledFrom([]string{head, old}).Draw(t, "commit")
		}
		b, err := json.Marshal(list(w.reviews))
		require.NoError(t, err)
		pb, _ := json.Marshal(w.pull)
		cb, _ := json.Marshal(w.commits)
		r := review.GitHub(review.GitHubFiles{Pull: review.File{Bytes: pb}, Commits: review.File{Bytes: cb}, Reviews: review.File{Bytes: b}}, review.Options{})
		laws(t, r)
		want := map[string]bool{}
		var objects []string
		for _, who := range []string{"grace", "barbara", "eve", "ada", "helper"} {
			var latest object
			for _, v := range w.reviews { // ids rise with the index
				u, ok := v["user"].(object)
				if !ok || u["login"] != who || v["state"] == "COMMENTED" || v["state"] == "PENDING" {
					continue
				}
				if latest == nil || v["submitted_at"].(string) >= latest["submitted_at"].(string) {
					latest = v
				}
			}
			switch {
			case latest == nil:
			case latest["state"] == "CHANGES_REQUESTED":
				objects = append(objects, who)
			case latest["state"] == "APPROVED" && latest["commit_id"] == head && who != "ada" && who != "helper":
				want["github:"+who] = true
			}
		}
		got := map[string]bool{}
		for _, a := range r.Counted() {
			got[a.ID] = true
		}
		require.Equal(t, want, got)
		var named []string
		for _, o := range objectors(r) {
			if o != "?" {
				named = append(named, o)
			}
		}
		require.ElementsMatch(t, objects, named)
	})
}

func TestHostile(t *testing.T) {
	entry := `{"id":%,"user":{"login":"u%","type":"User"},"state":"APPROVED","author_association":"MEMBER","commit_id":"` + head + `","submitted_at":"2026-01-02T00:00:00Z"},`
	own := append([]hostile.Input(nil),
		hostile.Input{Name: "reviews without end", Text: []byte("[" + strings.Repeat("{},", 1<<17) + "{}]")},
		hostile.Input{Name: "ten thousand and one reviews", Text: []byte("[" + numbered(entry, 10_001) + "{}]")},
		hostile.Input{Name: "ten thousand people", Text: []byte("[" + strings.TrimSuffix(numbered(entry, 9_999), ",") + "]"), Fine: true},
		hostile.Input{Name: "as many co-authors as fit", Text: []byte(`[{"sha":"` + head + `","commit":{"message":"` + numbered(`Co-authored-by: A <a%@x>\n`, 50_000) + `"}}]`)},
		hostile.Input{Name: "co-authors of many commits", Text: []byte("[" + strings.Repeat(`{"sha":"`+head+`","commit":{"message":"`+strings.Repeat(`Co-authored-by: A\n`, 900)+`"}},`, 500) + "{}]")},
		hostile.Input{Name: "addresses of the forge", Text: []byte("[" + strings.Repeat(`{"sha":"`+head+`","author":{"login":"x","id":3,"type":"User"},"commit":{"message":"`+strings.Repeat(`Co-authored-by: A <a@users.noreply.github.com>\n`, 900)+`"}},`, 300) + "{}]")},
		hostile.Input{Name: "one long trailer", Text: []byte(`[{"sha":"` + head + `","commit":{"message":"Co-authored-by: A\n` + strings.Repeat(` x\n`, 1<<20) + `"}}]`)},
		hostile.Input{Name: "a message of empty lines", Text: []byte(`[{"sha":"` + head + `","commit":{"message":"` + strings.Repeat(`\n`, 4<<20) + `"}}]`)},
		hostile.Input{Name: "trailers that each go on to the end", Text: []byte(`[{"sha":"` + head + `","commit":{"message":"` + strings.Repeat(`Co-authored-by: <\n \n`, 12_000) + `"}}]`), Fine: true},
	)
	gitlab := merge()
	gitlab.versions = []object{version(head, "2026-01-01T00:00:00Z")}
	for _, of := range []struct {
		name   string
		inputs []hostile.Input
		file   func(hub *review.GitHubFiles, lab *review.GitLabFiles) *review.File
	}{
		{"one object", hostile.Texts(), func(hub *review.GitHubFiles, _ *review.GitLabFiles) *review.File { return &hub.Pull }},
		{"a list", hostile.Texts(), func(hub *review.GitHubFiles, _ *review.GitLabFiles) *review.File { return &hub.Reviews }},
		{"reviews", own, func(hub *review.GitHubFiles, _ *review.GitLabFiles) *review.File { return &hub.Reviews }},
		{"commits", own, func(hub *review.GitHubFiles, _ *review.GitLabFiles) *review.File { return &hub.Commits }},
		{"collaborators", own[:3], func(hub *review.GitHubFiles, _ *review.GitLabFiles) *review.File { return &hub.Collaborators }},
		{"versions", own[:3], func(_ *review.GitHubFiles, lab *review.GitLabFiles) *review.File { return &lab.Versions }},
	} {
		t.Run(of.name, func(t *testing.T) {
			hub, lab := pull().review("grace", "APPROVED", 1).files(t), gitlab.files(t)
			f := of.file(&hub, &lab)
			hostile.Check(t, of.inputs, func(b []byte) bool {
				f.Bytes = b
				x, y := review.GitHub(hub, review.Options{}), review.GitLab(lab, gitlab.options)
				return len(x.Counted()) == 0 && len(x.Gaps) > 0 || len(y.Counted()) == 0 && len(y.Gaps) > 0
			})
		})
	}
}

// numbered repeats a text with a number in the place of each "%".
func numbered(s string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(s, "%", itoa(i+1)))
	}
	return b.String()
}

func itoa(i int) string {
	b, _ := json.Marshal(i)
	return string(b)
}
