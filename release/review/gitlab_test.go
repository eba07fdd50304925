package review_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/review"
)

// mergeRequest is a merge request by ada with one commit of hers, approved by grace in
// a project that removes approvals at every push, whose host knows all people.
type mergeRequest struct {
	request, approvals, settings, state object
	commits, versions                   []object
	options                             review.Options
}

func gitlabUser(name string) object {
	return object{"id": number(name), "username": name, "name": name, "state": "active"}
}

func version(sha, at string) object {
	return object{"id": 1, "head_commit_sha": sha, "created_at": at, "state": "collected"}
}

func merge() *mergeRequest {
	return &mergeRequest{
		request: object{"iid": 12, "sha": head, "author": gitlabUser("ada"), "state": "opened", "references": object{"full": "g/p!12"}, "detailed_merge_status": "mergeable"},
		approvals: object{"iid": 12, "approved": true, "approvals_left": 0, "approved_by": []any{
			object{"user": gitlabUser("grace"), "approved_at": "2026-01-02T00:00:00Z"}}},
		settings: object{"reset_approvals_on_push": true, "selective_code_owner_removals": false},
		commits: []object{{"id": head, "author_name": "Ada", "author_email": "ada@example.com", "committer_name": "Ada", "committer_email": "ada@example.com",
			"committed_date": "2026-01-01T00:00:00Z", "message": "a change"}},
		options: review.Options{Identities: map[string]release.Actor{
			"email:ada@example.com":   human("gitlab:ada"),
			"email:grace@example.com": human("gitlab:grace"),
		}},
	}
}

func (m *mergeRequest) files(t testing.TB) review.GitLabFiles {
	in := review.GitLabFiles{MergeRequest: file(t, "mr.json", m.request), Approvals: file(t, "approvals.json", m.approvals), Commits: file(t, "commits.json", list(m.commits))}
	if m.settings != nil {
		in.Settings = file(t, "settings.json", m.settings)
	}
	if m.versions != nil {
		in.Versions = file(t, "versions.json", m.versions)
	}
	if m.state != nil {
		in.State = file(t, "state.json", m.state)
	}
	return in
}

func TestGitLab(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		change  func(m *mergeRequest)
		want    []string
		objects []string
	}{
		{"approved", func(*mergeRequest) {}, []string{"grace counts"}, nil},
		{"with the state of the rules", func(m *mergeRequest) {
			m.state = object{"rules": []any{object{"name": "All", "approved_by": []any{gitlabUser("grace")}}}}
		}, []string{"grace counts"}, nil},
		{"the host knows the account", func(m *mergeRequest) {
			m.approvals["approved_by"] = []any{object{"user": gitlabUser("linus"), "approved_at": "2026-01-02T00:00:00Z"}}
			m.options.Identities["gitlab:linus"] = human("gitlab:linus")
		}, []string{"linus counts"}, nil},
		{"a co-author by the address that GitLab gives", func(m *mergeRequest) {
			m.commits[0]["message"] = "x\n\nCo-authored-by: L <9-linus@users.noreply.gitlab.com>"
		}, []string{"grace counts"}, nil},

		// The forge's own times say which commit was the head.
		{"by the versions, without settings", func(m *mergeRequest) {
			m.settings, m.versions = nil, []object{version(head, "2026-01-01T10:00:00.5Z"), version(old, "2026-01-01T09:00:00Z")}
		}, []string{"grace counts"}, nil},
		{"by the versions, whatever a commit claims", func(m *mergeRequest) {
			m.versions = []object{version(head, "2026-01-01T10:00:00Z")}
			m.commits[0]["committed_date"] = "2030-01-03T00:00:00Z"
		}, []string{"grace counts"}, nil},
		{"pushed after the approval, with an old date", func(m *mergeRequest) {
			m.versions = []object{version(head, "2026-01-02T10:00:00Z"), version(old, "2026-01-01T09:00:00Z")}
			m.commits[0]["committed_date"] = "2020-01-01T00:00:00Z"
		}, []string{"grace stale"}, nil},
		{"approved before the first version", func(m *mergeRequest) {
			m.versions = []object{version(head, "2026-01-02T10:00:00Z")}
		}, []string{"grace commit-unknown"}, nil},
		{"approved at the moment of a push", func(m *mergeRequest) {
			m.versions = []object{version(head, "2026-01-02T00:00:00Z"), version(old, "2026-01-01T09:00:00Z")}
		}, []string{"grace commit-unknown"}, nil},
		{"versions from before the last push", func(m *mergeRequest) {
			m.versions = []object{version(old, "2026-01-01T09:00:00Z")}
		}, []string{"grace commit-unknown"}, nil},
		{"a version without a time", func(m *mergeRequest) {
			m.versions = []object{version(head, "2026-01-01T10:00:00Z"), version(old, "soon")}
		}, []string{"grace commit-unknown"}, nil},
		{"a full page of versions", func(m *mergeRequest) {
			for len(m.versions) < 20 {
				m.versions = append(m.versions, version(head, "2026-01-01T10:00:00Z"))
			}
		}, []string{"grace commit-unknown"}, nil},
		{"a project whose approvals are syncing", func(m *mergeRequest) { m.request["detailed_merge_status"] = "approvals_syncing" }, []string{"grace reviews-incomplete"}, nil},
		{"a merge request that is being prepared", func(m *mergeRequest) { m.request["detailed_merge_status"] = "preparing" }, []string{"grace reviews-incomplete"}, nil},

		{"no settings: the commit is unknown", func(m *mergeRequest) { m.settings = nil }, []string{"grace commit-unknown"}, nil},
		{"a push keeps approvals", func(m *mergeRequest) { m.settings["reset_approvals_on_push"] = false }, []string{"grace commit-unknown"}, nil},
		{"nobody says whether a push keeps them", func(m *mergeRequest) { delete(m.settings, "reset_approvals_on_push") }, []string{"grace commit-unknown"}, nil},
		{"a push removes code owners' only", func(m *mergeRequest) { m.settings["selective_code_owner_removals"] = true }, []string{"grace commit-unknown"}, nil},
		{"a commit is younger than the approval", func(m *mergeRequest) { m.commits[0]["committed_date"] = "2026-01-03T00:00:00Z" }, []string{"grace commit-unknown"}, nil},
		{"no time of approval", func(m *mergeRequest) {
			m.approvals["approved_by"] = []any{object{"user": gitlabUser("grace")}}
		}, []string{"grace commit-unknown, time-unknown"}, nil},
		{"the author", func(m *mergeRequest) {
			m.approvals["approved_by"] = []any{object{"user": gitlabUser("ada"), "approved_at": "2026-01-02T00:00:00Z"}}
		}, []string{"ada author"}, nil},
		{"a committer", func(m *mergeRequest) { m.commits[0]["committer_email"] = "grace@example.com" }, []string{"grace contributor"}, nil},
		{"a co-author", func(m *mergeRequest) {
			m.commits[0]["message"] = "x\n\nCo-authored-by: G <grace@example.com>"
		}, []string{"grace contributor"}, nil},
		{"an author whose account nobody knows", func(m *mergeRequest) { m.commits[0]["author_email"] = "x@example.com" }, []string{"grace contributors-unknown"}, nil},
		{"an access token", func(m *mergeRequest) {
			m.approvals["approved_by"] = []any{object{"user": gitlabUser("project_4_bot_1f"), "approved_at": "2026-01-02T00:00:00Z"}}
		}, []string{"project_4_bot_1f bot"}, nil},
		{"nobody says whether it is a person", func(m *mergeRequest) {
			m.approvals["approved_by"] = []any{object{"user": gitlabUser("eve"), "approved_at": "2026-01-02T00:00:00Z"}}
		}, []string{"eve kind-unknown"}, nil},
		{"a deleted account", func(m *mergeRequest) {
			m.approvals["approved_by"] = []any{object{"user": nil, "approved_at": "2026-01-02T00:00:00Z"}}
		}, []string{" who-unknown"}, nil},
		{"approvals of another merge request", func(m *mergeRequest) { m.approvals["iid"] = 13 }, []string{"grace another-change"}, nil},
		{"a rule that somebody else fulfils", func(m *mergeRequest) {
			m.state = object{"rules": []any{object{"name": "All", "approved_by": []any{gitlabUser("barbara")}}}}
		}, []string{"grace reviews-incomplete"}, nil},
		{"changes requested by somebody", func(m *mergeRequest) { m.request["detailed_merge_status"] = "requested_changes" }, []string{"grace counts"}, []string{"?"}},
		{"commits from before the last push", func(m *mergeRequest) { m.commits[0]["id"] = old }, []string{"grace contributors-unknown"}, nil},
		{"a full page of commits", func(m *mergeRequest) {
			for len(m.commits) < 20 {
				m.commits = append(m.commits, m.commits[0])
			}
		}, []string{"grace contributors-unknown"}, nil},
		{"approved, says an answer without approvals", func(m *mergeRequest) { delete(m.approvals, "approved_by") }, nil, nil},
		{"signatures demanded", func(m *mergeRequest) { m.options.Signed = true }, []string{"grace contributors-unknown"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := merge()
			tc.change(m)
			r := review.GitLab(m.files(t), m.options)
			require.Equal(t, tc.want, told(r), "%v", r.Gaps)
			require.Equal(t, tc.objects, objectors(r))
			laws(t, r)
		})
	}
	r := review.GitLab(merge().files(t), merge().options)
	require.Empty(t, r.Gaps)
	require.EqualValues(t, "g/p!12", r.Change)
	require.Len(t, r.Sources, 4)
	require.Equal(t, []release.GapKind{release.GapHeadMissing, release.GapIncomplete, release.GapIncomplete}, gapKinds(review.GitLab(review.GitLabFiles{}, review.Options{})))
}
