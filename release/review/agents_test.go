package review_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/review"
)

// What carries no mark and is of the type User is known by its account or address.
func TestAgentsWithoutAMark(t *testing.T) {
	t.Parallel()
	for login, why := range map[string]review.Why{
		"openhands-agent": review.WhyAgent, "CodeRabbitAI": review.WhyAgent, "Copilot": review.WhyAgent, "cursor": review.WhyAgent,
		"release-bot": review.WhyBot, "web-flow": review.WhyBot,
	} {
		r := pull().review(login+"/User", "APPROVED", 1).read(t)
		require.Equal(t, []review.Why{why}, r.Approvals[0].Why, login)
		// Nor does the host's word make a person of it.
		w := pull().review(login+"/User", "APPROVED", 1)
		w.options.Identities = map[string]release.Actor{"github:" + login: human("github:grace")}
		require.Equal(t, []review.Why{why}, w.read(t).Approvals[0].Why, login)
	}
	m := merge()
	m.approvals["approved_by"] = []any{object{"user": gitlabUser("devin-ai-integration"), "approved_at": "2026-01-02T00:00:00Z"}}
	m.options.Identities["gitlab:devin-ai-integration"] = human("gitlab:devin-ai-integration")
	require.Equal(t, []string{"devin-ai-integration agent"}, told(review.GitLab(m.files(t), m.options)))
}

// An agent that a message credits stands beside the author. It is no gap that it has
// no account.
func TestAgentsInTrailers(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"Claude <noreply@anthropic.com>", "Cursor <cursoragent@cursor.com>", "Copilot <198982749+Copilot@users.noreply.github.com>"} {
		r := pull().commit(old, "ada", "ada", "x\n\nCo-authored-by: "+who).review("grace", "APPROVED", 1).read(t)
		require.Equal(t, []string{"grace counts"}, told(r), who)
		require.Equal(t, release.ActorAgent, r.Contributors[len(r.Contributors)-1].Kind, who)
		require.Empty(t, r.Unmapped)
	}
	// That it wrote the commit is believed with a verified signature only.
	for verified, want := range map[bool]string{true: "grace counts", false: "grace contributors-unknown"} {
		w := pull().commit(old, "email:noreply@anthropic.com", "ada", "x").review("grace", "APPROVED", 1)
		last(w.commits)["commit"].(object)["verification"] = object{"verified": verified}
		require.Equal(t, []string{want}, told(w.read(t)), fmt.Sprint(verified))
	}
}

// Who is behind a commit, where its account and its address tell different people, and
// where there are too many to tell.
func TestContributorsOfOneCommit(t *testing.T) {
	t.Parallel()
	kinds := func(r review.Reviews) map[string]release.ActorKind {
		out := map[string]release.ActorKind{}
		for _, a := range r.Contributors {
			out[a.ID] = a.Kind
		}
		return out
	}
	// The account is ada's, the address grace's after the host.
	w := pull().review("grace", "APPROVED", 1)
	w.options.Identities = map[string]release.Actor{"email:ada@example.com": human("github:grace")}
	require.Equal(t, []string{"grace contributor"}, told(w.read(t)))

	// The account is ada's, the address an application's: believed if GitHub signed it.
	for verified, want := range map[bool]string{true: "grace counts", false: "grace contributors-unknown"} {
		w = pull().review("grace", "APPROVED", 1)
		c := last(w.commits)["commit"].(object)
		c["author"] = object{"name": "x", "email": "1+helper[bot]@users.noreply.github.com"}
		c["verification"] = object{"verified": verified}
		require.Equal(t, []string{want}, told(w.read(t)), fmt.Sprint(verified))
	}

	// A bot that has a mark in its name alone.
	r := pull().commit(old, "ada", "ada", "x\n\nCo-authored-by: release-bot <7+releaser@users.noreply.github.com>").read(t)
	require.Equal(t, release.ActorBot, kinds(r)["github:releaser"])

	for name, message := range map[string]string{
		"too many people": strings.Repeat("Co-authored-by: A <1+a@users.noreply.github.com>\n", 1001),
		"a long message":  strings.Repeat("x", 256<<10) + "\n\nCo-authored-by: G <grace@example.com>",
	} {
		r := pull().commit(old, "ada", "ada", message).review("grace", "APPROVED", 1).read(t)
		require.Equal(t, []string{"grace contributors-unknown"}, told(r), name)
		require.Len(t, r.Gaps, 1, name)
	}
	most := strings.Repeat("Co-authored-by: A <1+a@users.noreply.github.com>\n", 1000)
	require.Equal(t, []string{"grace counts"}, told(pull().commit(old, "ada", "ada", most).review("grace", "APPROVED", 1).read(t)))
}

// A list of collaborators that cannot be read lets nobody write.
func TestCollaboratorsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := pull().review("grace", "APPROVED", 1)
	for _, b := range []string{"", "null", `{"message":"Must have push access"}`, `[{"login":"grace","permissions":{"Push":true}}]`} {
		in := w.files(t)
		in.Collaborators = review.File{Path: "c", Bytes: []byte(b)}
		r := review.GitHub(in, w.options)
		require.Equal(t, []string{"grace no-write-access"}, told(r), b)
		require.NotEmpty(t, r.Gaps, b)
	}
	// One that goes on is a gap, and those in it may write.
	w.collaborators = []object{collaborator("grace", true)}
	for len(w.collaborators) < 30 {
		w.collaborators = append(w.collaborators, collaborator("eve", true))
	}
	r := w.read(t)
	require.Equal(t, []string{"grace counts"}, told(r))
	require.Equal(t, []release.GapKind{release.GapIncomplete}, gapKinds(r))
}
