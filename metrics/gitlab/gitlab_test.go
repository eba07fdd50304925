package gitlab_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/gitlab"
)

var day = time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)

func on(minute int) time.Time { return day.Add(time.Duration(minute) * time.Minute) }
func at(minute int) string    { return on(minute).Format(time.RFC3339) }

// The three ways in which GitLab writes a time.
func spaced(minute int) string {
	return on(minute).In(time.FixedZone("", 7200)).Format("2006-01-02 15:04:05 -0700")
}
func utc(minute int) string { return on(minute).Format("2006-01-02 15:04:05 UTC") }

const (
	sha     = "279484c09fbe69ededfced8c1bb6e6d24616b468"
	project = `"project":{"id":30,"path_with_namespace":"acme/shop","web_url":"https://git.example.org/acme/shop"}`
)

func deployed(id int, status string, minute int) string {
	return fmt.Sprintf(`{"object_kind":"deployment","status":%q,"status_changed_at":%q,"deployment_id":%d,"deployable_id":796,"environment":"production","environment_tier":"production",%s,`+
		`"short_sha":"279484c0","user":{"id":1,"name":"x"},"commit_url":"https://git.example.org/acme/shop/-/commit/%s","ref":"1.0"}`, status, spaced(minute), id, project, sha)
}

func merged(iid, minute int, action, title, description string) string {
	return fmt.Sprintf(`{"object_kind":"merge_request","event_type":"merge_request",%s,"changes":{"title":{"previous":"a"}},"labels":[],"object_attributes":{"id":99,"iid":%d,"state":"merged","action":%q,`+
		`"created_at":%q,"updated_at":%q,"merge_commit_sha":"m%d","title":%q,"description":%q,"last_commit":{"id":"c","timestamp":"2012"}}}`, project, iid, action, utc(iid), utc(minute), iid, title, description)
}

func issue(iid, minute int, kind, state string, closed int) string {
	c := "null"
	if closed >= 0 {
		c = fmt.Sprintf("%q", at(closed))
	}
	return fmt.Sprintf(`{"object_kind":"issue",%s,"object_attributes":{"id":301,"iid":%d,"title":"down","type":%q,"state":%q,"severity":"high","created_at":%q,"updated_at":%q,"closed_at":%s,"action":"update"}}`,
		project, iid, kind, state, utc(iid), utc(minute), c)
}

func joiner(t require.TestingT, o gitlab.Options) *gitlab.Joiner {
	j, err := gitlab.NewJoiner(o)
	require.NoError(t, err)
	return j
}

// state is all that a log holds after the deliveries, told in this order.
func state(t require.TestingT, o gitlab.Options, bodies []string, order []int) []metrics.Fact {
	j := joiner(t, o)
	var log metrics.Log
	for _, i := range order {
		told, err := j.Add([]byte(bodies[i]), on(10_000+i))
		require.NoError(t, err, bodies[i])
		require.Equal(t, len(told.Facts) == 0, told.Skipped != "")
		_, err = log.Add(told.Facts...)
		require.NoError(t, err)
	}
	s := log.Snapshot(on(1_000_000))
	var out []metrics.Fact
	for d := range s.Deployments() {
		out = append(out, d)
	}
	for c := range s.Changes() {
		out = append(out, c)
	}
	for n := range s.Incidents() {
		out = append(out, n)
	}
	return out
}

func ordered(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestDeployments(t *testing.T) {
	t.Parallel()
	type step struct {
		status string
		minute int
	}
	for _, c := range []struct {
		name     string
		steps    []step
		outcome  metrics.DeploymentOutcome
		at       int
		detected int
	}{
		{"running", []step{{"created", 1}, {"running", 2}}, metrics.DeploymentUnknown, 2, -1},
		{"blocked", []step{{"blocked", 1}}, metrics.DeploymentUnknown, 1, -1},
		{"success", []step{{"running", 2}, {"success", 5}}, metrics.DeploymentSucceeded, 5, -1},
		{"told twice", []step{{"success", 5}, {"success", 7}}, metrics.DeploymentSucceeded, 5, -1},
		{"failed", []step{{"running", 2}, {"failed", 5}}, metrics.DeploymentFailed, 5, 5},
		{"failed after a success", []step{{"success", 5}, {"failed", 9}}, metrics.DeploymentFailed, 9, 9},
		{"tried again", []step{{"failed", 5}, {"running", 6}, {"success", 9}}, metrics.DeploymentSucceeded, 9, -1},
		{"canceled", []step{{"running", 5}, {"canceled", 9}}, metrics.DeploymentUnknown, 9, -1},
		{"skipped", []step{{"skipped", 9}}, metrics.DeploymentUnknown, 9, -1},
		{"both in one second", []step{{"failed", 5}, {"success", 5}}, metrics.DeploymentFailed, 5, 5},
	} {
		var bodies []string
		for _, s := range c.steps {
			bodies = append(bodies, deployed(15, s.status, s.minute))
		}
		want := state(t, gitlab.Options{}, bodies, ordered(len(bodies)))
		require.Len(t, want, 1, c.name)
		d := want[0].(metrics.Deployment)
		require.Equal(t, []any{"deployment/15", "gitlab", "acme/shop", "production", sha, sha, c.outcome, on(c.at)}, []any{d.ID, d.Source, d.Service, d.Environment, d.Version, d.Commit, d.Outcome, d.At}, c.name)
		require.Equal(t, c.detected < 0, d.Detected.IsZero(), c.name)
		if c.detected >= 0 {
			require.Equal(t, on(c.detected), d.Detected)
		}
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(5, seed))
			order := append(ordered(len(bodies)), r.IntN(len(bodies)))
			r.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
			require.Equal(t, want, state(t, gitlab.Options{}, bodies, order), "%s in the order %v", c.name, order)
		}
	}
	got := state(t, gitlab.Options{Failure: metrics.DeploymentNotExposed}, []string{deployed(1, "failed", 5)}, []int{0})[0].(metrics.Deployment)
	require.Equal(t, metrics.DeploymentNotExposed, got.Outcome)
	require.True(t, got.Detected.IsZero())
	got = state(t, gitlab.Options{Failure: metrics.DeploymentNotExposed}, []string{deployed(1, "success", 5), deployed(1, "failed", 6)}, []int{0, 1})[0].(metrics.Deployment)
	require.Equal(t, metrics.DeploymentFailed, got.Outcome, "it had succeeded: users were exposed")
	got = state(t, gitlab.Options{}, []string{strings.Replace(deployed(1, "success", 5), sha, "main", 1)}, []int{0})[0].(metrics.Deployment)
	require.Equal(t, []string{"279484c0", ""}, []string{got.Version, got.Commit}, "an abbreviation is no commit")
}

func TestChangesAndIncidents(t *testing.T) {
	t.Parallel()
	bodies := []string{
		merged(5, 30, "merge", "Fix", ""), merged(5, 40, "update", "Fix it", ""), merged(5, 50, "merge", "Fix it", ""),
		merged(6, 60, "merge", `Revert "Fix"`, "This reverts merge request !5"),
		merged(7, 70, "merge", `Revert "Fix"`, "This reverts merge request !5\r\nThis reverts merge request !6"),
		merged(8, 80, "merge", "On reverting", "This reverts merge request !5"),
		merged(9, 90, "merge", `Revert "Fix"`, "This reverts merge request other/project!5"),
		merged(10, 90, "merge", `Revert "Fix"`, "This reverts merge request !10"),
		issue(20, 21, "Issue", "opened", -1), issue(20, 22, "Incident", "opened", -1), issue(20, 30, "Incident", "closed", 30),
		issue(21, 30, "Incident", "closed", 30), issue(21, 35, "Incident", "opened", 30), issue(22, 30, "Incident", "opened", -1), issue(22, 35, "Issue", "opened", -1),
	}
	want := state(t, gitlab.Options{}, bodies, ordered(len(bodies)))
	by := map[string]metrics.Fact{}
	for _, f := range want {
		switch f := f.(type) {
		case metrics.Change:
			by[f.ID] = f
		case metrics.Incident:
			by[f.ID] = f
		}
	}
	c := by["acme/shop!5"].(metrics.Change)
	require.Equal(t, []any{on(5), on(30), on(30), "m5", true}, []any{c.Opened, c.Merged, c.At, c.Commit, c.RevertOf.IsZero()})
	require.Equal(t, metrics.Ref{Source: "gitlab", ID: "acme/shop!5"}, by["acme/shop!6"].(metrics.Change).RevertOf)
	for _, none := range []string{"7", "8", "9", "10"} {
		require.True(t, by["acme/shop!"+none].(metrics.Change).RevertOf.IsZero(), none)
	}
	n := by["acme/shop#20"].(metrics.Incident)
	require.Equal(t, []any{on(20), on(30), "acme/shop", "high"}, []any{n.At, n.Resolved, n.Service, n.Severity})
	require.True(t, by["acme/shop#21"].(metrics.Incident).Resolved.IsZero(), "it is open again")
	require.NotContains(t, by, "acme/shop#22", "it is no incident after all")
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(6, seed))
		order := append(ordered(len(bodies)), r.IntN(len(bodies)), r.IntN(len(bodies)))
		r.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		require.Equal(t, want, state(t, gitlab.Options{}, bodies, order), "%v", order)
	}
}

// TestRecords: the API's lists say the same, and know when a merge request was merged.
func TestRecords(t *testing.T) {
	t.Parallel()
	j := joiner(t, gitlab.Options{})
	told, err := j.AddDeployments("acme/shop", fmt.Appendf(nil, `[{"id":41,"iid":1,"status":"success","sha":%q,"ref":"main","created_at":%q,"updated_at":%q,"environment":{"id":9,"name":"production","external_url":"x"},"deployable":{"id":1}}]`,
		sha, at(1), on(5).Add(123*time.Millisecond).Format(time.RFC3339Nano)), on(99))
	require.NoError(t, err)
	d := told.Facts[0].(metrics.Deployment)
	require.Equal(t, []any{"deployment/41", metrics.DeploymentSucceeded, sha, on(5).Add(123 * time.Millisecond)}, []any{d.ID, d.Outcome, d.Version, d.At})

	told, err = j.AddMergeRequests("acme/shop", fmt.Appendf(nil, `[{"id":1,"iid":5,"state":"merged","title":"x","description":null,"created_at":%q,"updated_at":%q,"merged_at":%q,"merge_commit_sha":null,"squash_commit_sha":"s","sha":"h","author":{"id":1}},
		{"id":2,"iid":6,"state":"opened","title":"y","created_at":%q,"updated_at":%q,"merged_at":null}]`, at(5), at(90), at(29), at(5), at(90)), on(99))
	require.NoError(t, err)
	require.Len(t, told.Facts, 1)
	require.Equal(t, []any{on(29), "s"}, []any{told.Facts[0].(metrics.Change).Merged, told.Facts[0].(metrics.Change).Commit})
	told, err = j.Add([]byte(merged(5, 30, "merge", "x", "")), on(99))
	require.NoError(t, err)
	require.Equal(t, on(29), told.Facts[0].(metrics.Change).Merged, "the record knows better than the webhook")

	told, err = j.AddIssues("acme/shop", fmt.Appendf(nil, `[{"iid":3,"issue_type":"incident","state":"closed","severity":"UNKNOWN","created_at":%q,"updated_at":%q,"closed_at":%q}]`, at(5), at(90), at(29)), on(99))
	require.NoError(t, err)
	require.Equal(t, []any{on(29), ""}, []any{told.Facts[0].(metrics.Incident).Resolved, told.Facts[0].(metrics.Incident).Severity})

	for _, add := range []func(string, []byte, time.Time) (gitlab.Told, error){j.AddDeployments, j.AddMergeRequests, j.AddIssues} {
		told, err := add("acme/shop", []byte("[]"), on(99))
		require.NoError(t, err)
		require.Equal(t, "the list is empty", told.Skipped)
		for _, body := range []string{"", "{}", "[{}]", "[1]", "[{}", `[{"id":{}}]`} {
			_, err := add("acme/shop", []byte(body), on(99))
			require.ErrorContains(t, err, "gitlab: ", body)
		}
		_, err = add("", []byte("[{}]"), on(99))
		require.ErrorContains(t, err, "no project")
		_, err = add("acme/shop", []byte("[]"), time.Time{})
		require.ErrorContains(t, err, "no time")
	}
}

func TestSkipped(t *testing.T) {
	t.Parallel()
	j := joiner(t, gitlab.Options{Environment: func(i gitlab.Item) string {
		if i.Tier == "production" {
			return "production"
		}
		return ""
	}})
	for body, want := range map[string]string{
		`{"object_kind":"push","project":5,"object_attributes":7,"status":[]}`:                                           "says nothing of a deployment",
		strings.Replace(deployed(1, "success", 5), `"environment_tier":"production"`, `"environment_tier":"staging"`, 1): "nothing says what the deployment is of",
		strings.Replace(merged(5, 30, "open", "x", ""), "merged", "opened", 1):                                           "not merged",
		issue(3, 4, "Issue", "opened", -1):                                                                               "no incident",
	} {
		told, err := j.Add([]byte(body), on(99))
		require.NoError(t, err, body)
		require.Empty(t, told.Facts)
		require.Contains(t, told.Skipped, want)
	}
	told, err := j.Add([]byte(strings.Replace(issue(3, 5, "Incident", "opened", -1), `"issue"`, `"work_item"`, 1)), on(99))
	require.NoError(t, err)
	require.Len(t, told.Facts, 1)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	d, m, n := deployed(15, "success", 5), merged(5, 30, "merge", "x", ""), issue(3, 30, "Incident", "closed", 30)
	change := func(s, from, to string) string {
		require.Contains(t, s, from)
		return strings.Replace(s, from, to, 1)
	}
	for _, c := range []struct{ name, body, want string }{
		{"empty", "", "gitlab:"},
		{"no kind", `{}`, "does not say what it is of"},
		{"a kind twice", change(d, `"status"`, `"object_kind":"issue","status"`), "object_kind"},
		{"an array", `[]`, "must be an object"},
		{"no project", change(d, "path_with_namespace", "path"), "names no project"},
		{"status", change(d, `"status":"success"`, `"status":"fine"`), `has the status "fine"`},
		{"no environment", change(d, `"environment":"production"`, `"environment":null`), "no environment"},
		{"no id", change(d, `"deployment_id":15`, `"deployment_id":null`), "no id"},
		{"a fraction for an id", change(d, `"deployment_id":15`, `"deployment_id":1.5`), "no number"},
		{"no zone", change(d, spaced(5), "2026-06-01 00:05:00"), "no time of a fact"},
		{"a zone that is a word", change(d, spaced(5), "2026-06-01 00:05:00 CEST"), "no time of a fact"},
		{"no time", change(d, "status_changed_at", "changed_at"), "no time"},
		{"a zero", change(d, `"environment":"production"`, `"environment":"a\u0000"`), "unprintable"},
		{"a number for a name", change(d, `"environment":"production"`, `"environment":7`), "must be a string"},
		{"no iid", change(m, `"iid":5`, `"iid":null`), "no iid"},
		{"merged before it was created", merged(50, 30, "merge", "x", ""), "before it was created"},
		{"attributes", change(m, `"object_attributes":{`, `"object_attributes":[],"x":{`), "must be an object"},
		{"closed without a time", change(n, fmt.Sprintf(`"closed_at":%q`, at(30)), `"closed_at":null`), "does not say when"},
		{"two deliveries", d + d, "gitlab:"},
		{"deep", change(d, `"user":{`, `"user":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`,"x":{`), "gitlab:"},
	} {
		told, err := joiner(t, gitlab.Options{}).Add([]byte(c.body), on(99))
		require.ErrorContains(t, err, c.want, c.name)
		require.Empty(t, told, c.name)
	}
	for _, body := range []string{d, m, n} {
		for i := range len(body) {
			_, err := joiner(t, gitlab.Options{}).Add([]byte(body[:i]), on(99))
			require.Error(t, err, body[:i])
		}
	}
	_, err := joiner(t, gitlab.Options{MaxBytes: 10}).Add([]byte(d), on(99))
	require.ErrorContains(t, err, "10")
	for _, o := range []gitlab.Options{{MaxBytes: -1}, {MaxPieces: -1}, {Failure: metrics.DeploymentSucceeded}} {
		_, err := gitlab.NewJoiner(o)
		require.ErrorContains(t, err, "gitlab: ")
	}
	j := joiner(t, gitlab.Options{MaxPieces: 1})
	_, err = j.Add([]byte(d), on(99))
	require.NoError(t, err)
	_, err = j.Add([]byte(m), on(99))
	require.ErrorIs(t, err, gitlab.ErrFull)
	_, err = j.Add([]byte(d), on(99))
	require.NoError(t, err, "what is known needs no room")
}

func TestToken(t *testing.T) {
	t.Parallel()
	require.True(t, gitlab.VerifyToken([]byte("secret"), "secret"))
	for _, header := range []string{"", "Secret", "secret ", "secre", "secretsecret"} {
		require.False(t, gitlab.VerifyToken([]byte("secret"), header), header)
	}
	require.False(t, gitlab.VerifyToken(nil, ""))
	require.False(t, gitlab.VerifyToken([]byte{}, ""))
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	j := joiner(t, gitlab.Options{})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for k := range 50 {
				if _, err := j.Add([]byte(deployed(k%5, "success", i)), on(99)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// FuzzAdd: what is taken is what encoding/json sees there too.
func FuzzAdd(f *testing.F) {
	for _, body := range []string{deployed(15, "failed", 5), merged(5, 30, "merge", `Revert "x"`, "This reverts merge request !4"), issue(3, 30, "Incident", "closed", 30), `{"object_kind":"push"}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		told, err := joiner(t, gitlab.Options{}).Add(body, on(99))
		if err != nil {
			require.Empty(t, told)
			return
		}
		require.Equal(t, len(told.Facts) == 0, told.Skipped != "")
		var std struct {
			Kind        string `json:"object_kind"`
			Environment any
			Project     struct {
				Path string `json:"path_with_namespace"`
			}
			Attributes struct{ State string } `json:"object_attributes"`
		}
		if len(told.Facts) == 0 {
			return
		}
		require.NoError(t, json.Unmarshal(body, &std))
		switch fact := told.Facts[0].(type) {
		case metrics.Deployment:
			require.Equal(t, []any{"deployment", std.Environment, std.Project.Path}, []any{std.Kind, fact.Environment, fact.Service})
		case metrics.Change:
			require.Equal(t, "merge_request", std.Kind)
			require.True(t, strings.HasPrefix(fact.ID, std.Project.Path+"!"))
			require.False(t, fact.Merged.Before(fact.Opened))
		case metrics.Incident:
			require.Equal(t, std.Attributes.State == "closed", !fact.Resolved.IsZero())
		}
	})
}

// BenchmarkAdd is one delivery, joined; x-json is how many times as long encoding/json
// takes to read it.
func BenchmarkAdd(b *testing.B) {
	body := []byte(deployed(15, "success", 5))
	j := joiner(b, gitlab.Options{})
	var ours, theirs time.Duration
	for b.Loop() {
		begin := time.Now()
		if _, err := j.Add(body, on(99)); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(begin)
		begin = time.Now()
		var std map[string]any
		if err := json.Unmarshal(body, &std); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(begin)
	}
	b.ReportMetric(float64(len(body))*float64(b.N)/ours.Seconds()/1e6, "MB/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "x-json")
}
