package github_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/github"
)

var day = time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)

func at(minutes int) string {
	return day.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339)
}
func on(minutes int) time.Time {
	return day.Add(time.Duration(minutes) * time.Minute)
}

func joiner(t require.TestingT, o github.Options) *github.Joiner {
	j, err := github.NewJoiner(o)
	require.NoError(t, err)
	return j
}

const repo = `"repository":{"full_name":"acme/shop","created_at":1557933565}`

func deploymentJSON(id int) string {
	return fmt.Sprintf(`{"id":%d,"sha":"c%d","environment":"production","original_environment":"production","task":"deploy","payload":{},"created_at":%q}`, id, id, at(id))
}

type delivery struct{ event, body string }

func deployed(id int) delivery {
	return delivery{"deployment", fmt.Sprintf(`{"action":"created","deployment":%s,%s}`, deploymentJSON(id), repo)}
}

func status(deployment, id int, state string, minutes int) delivery {
	return delivery{"deployment_status", fmt.Sprintf(`{"action":"created","deployment_status":{"id":%d,"state":%q,"environment":"production","created_at":%q},"deployment":%s,%s}`,
		id, state, at(minutes), deploymentJSON(deployment), repo)}
}

func pull(number, updated int, merged, title, body string) string {
	m := "null"
	if merged != "" {
		m = fmt.Sprintf("%q", merged)
	}
	return fmt.Sprintf(`{"number":%d,"user":{"id":7,"login":"x"},"title":%q,"body":%q,"created_at":%q,"updated_at":%q,"merged_at":%s,"merge_commit_sha":"m%d"}`,
		number, title, body, at(0), at(updated), m, number)
}

func pulled(number, updated int, merged, title, body string) delivery {
	return delivery{"pull_request", fmt.Sprintf(`{"action":"closed","number":%d,"pull_request":%s,%s}`, number, pull(number, updated, merged, title, body), repo)}
}

func reviewed(number, id, user int, state string, submitted, updated int) delivery {
	return delivery{"pull_request_review", fmt.Sprintf(`{"action":"submitted","review":{"id":%d,"user":{"id":%d,"type":"User"},"state":%q,"submitted_at":%q},"pull_request":%s,%s}`,
		id, user, state, at(submitted), pull(number, updated, "", "t", ""), repo)}
}

func issue(number, updated int, action, closed, label string) delivery {
	c := "null"
	if closed != "" {
		c = fmt.Sprintf("%q", closed)
	}
	return delivery{"issues", fmt.Sprintf(`{"action":%q,"issue":{"number":%d,"labels":[{"id":1,"name":%q}],"created_at":%q,"updated_at":%q,"closed_at":%s},%s}`,
		action, number, label, at(1), at(updated), c, repo)}
}

// state is all that a log holds after the deliveries, told in this order.
func state(t require.TestingT, ds []delivery, order []int) string {
	j := joiner(t, github.Options{})
	var log metrics.Log
	for _, i := range order {
		told, err := j.Add(ds[i].event, []byte(ds[i].body), on(10_000+i))
		require.NoError(t, err, ds[i].body)
		require.Equal(t, len(told.Facts) == 0, told.Skipped != "")
		_, err = log.Add(told.Facts...)
		require.NoError(t, err)
	}
	s := log.Snapshot(on(1_000_000))
	var out []any
	for d := range s.Deployments() {
		out = append(out, d)
	}
	for c := range s.Changes() {
		out = append(out, c)
	}
	for n := range s.Incidents() {
		out = append(out, n)
	}
	b, err := json.Marshal(out)
	require.NoError(t, err)
	return string(b)
}

// TestAnyOrder tells one history in many orders, with repetitions.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	ds := []delivery{
		deployed(1), status(1, 11, "in_progress", 2), status(1, 12, "success", 5), status(1, 13, "failure", 9), status(1, 14, "inactive", 30),
		deployed(2), status(2, 21, "failure", 4), status(2, 22, "success", 4), status(2, 23, "success", 6),
		deployed(3), status(3, 31, "queued", 4),
		pulled(5, 20, "", "Fix", ""), pulled(5, 30, at(30), "Fix", ""), pulled(5, 40, at(30), "Fix it", ""),
		reviewed(5, 51, 8, "commented", 10, 10), reviewed(5, 52, 8, "approved", 12, 12), reviewed(5, 53, 9, "approved", 14, 14),
		reviewed(5, 53, 9, "dismissed", 14, 16), reviewed(5, 54, 7, "commented", 3, 3),
		pulled(6, 50, at(50), `Revert "Fix"`, "Reverts acme/shop#5"),
		issue(9, 3, "opened", "", "bug"), issue(9, 4, "labeled", "", "incident"), issue(9, 60, "closed", at(60), "incident"),
		issue(9, 70, "reopened", "", "incident"), issue(9, 90, "closed", at(90), "incident"),
		issue(8, 4, "labeled", "", "incident"), issue(8, 5, "unlabeled", "", "bug"),
		{"push", fmt.Sprintf(`{"ref":"refs/heads/main","before":"a0","after":"a2","forced":false,"deleted":false,"commits":[{"id":"a1","timestamp":%q},{"id":"a2","timestamp":%q}],%s}`, at(-5), at(-4), repo)},
	}
	all := make([]int, len(ds))
	for i := range all {
		all[i] = i
	}
	want := state(t, ds, all)

	var facts []struct {
		ID, Outcome, FirstReview, Approved, Started, At, Resolved string
		RevertOf                                                  metrics.Ref
	}
	require.NoError(t, json.Unmarshal([]byte(want), &facts))
	by := map[string]int{}
	for i, f := range facts {
		by[f.ID] = i
	}
	require.Len(t, facts, 3+2+2+1)
	require.Equal(t, "failed", facts[by["deployment/1"]].Outcome)
	require.Equal(t, at(5), facts[by["deployment/1"]].Started)
	require.Equal(t, at(9), facts[by["deployment/1"]].At)
	require.Equal(t, "succeeded", facts[by["deployment/2"]].Outcome)
	require.Equal(t, at(4), facts[by["deployment/2"]].At)
	require.Equal(t, "unknown", facts[by["deployment/3"]].Outcome)
	require.Equal(t, at(10), facts[by["acme/shop#5"]].FirstReview, "the author's own is none")
	require.Equal(t, at(12), facts[by["acme/shop#5"]].Approved, "the later approval was dismissed")
	require.Equal(t, "acme/shop#5", facts[by["acme/shop#6"]].RevertOf.ID)
	require.Equal(t, at(90), facts[by["acme/shop#9"]].Resolved)

	rapid.Check(t, func(rt *rapid.T) {
		order := slices.Concat(all, rapid.SliceOfN(rapid.IntRange(0, len(ds)-1), 0, 20).Draw(rt, "again"))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		r.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
		require.Equal(rt, want, state(rt, ds, order))
	})
}

func TestStates(t *testing.T) {
	t.Parallel()
	one := func(o github.Options, ds ...delivery) metrics.Deployment {
		j := joiner(t, o)
		var f metrics.Fact
		for _, d := range ds {
			told, err := j.Add(d.event, []byte(d.body), on(0))
			require.NoError(t, err)
			f = told.Facts[0]
		}
		return f.(metrics.Deployment)
	}
	for _, s := range []string{"inactive", "queued", "pending", "in_progress", "waiting", "requested"} {
		d := one(github.Options{}, status(1, 2, s, 9))
		require.Equal(t, metrics.DeploymentUnknown, d.Outcome, s)
		require.Equal(t, on(1), d.At)
	}
	for _, s := range []string{"failure", "error"} {
		d := one(github.Options{}, status(1, 2, s, 9))
		require.Equal(t, metrics.DeploymentFailed, d.Outcome, s)
		require.Equal(t, on(9), d.Detected)
		require.True(t, d.Started.IsZero())
		d = one(github.Options{Failure: metrics.DeploymentNotExposed}, status(1, 2, s, 9))
		require.Equal(t, metrics.DeploymentNotExposed, d.Outcome, s)
		require.True(t, d.Detected.IsZero())
		d = one(github.Options{Failure: metrics.DeploymentNotExposed}, status(1, 2, "success", 8), status(1, 3, s, 9))
		require.Equal(t, metrics.DeploymentFailed, d.Outcome, "users had it")
	}
	d := one(github.Options{}, status(1, 2, "success", 8), status(1, 3, "inactive", 50))
	require.Equal(t, metrics.DeploymentSucceeded, d.Outcome)
	require.Equal(t, on(8), d.At)
	require.Equal(t, "c1", d.Version)
	require.Equal(t, "acme/shop", d.Service)
	require.Empty(t, d.Dims)
	// Two statuses of one second are in the order of their numbers, 9 before 10.
	d = one(github.Options{}, status(1, 10, "success", 8), status(1, 9, "failure", 8))
	require.Equal(t, metrics.DeploymentSucceeded, d.Outcome)
}

// A status may say that the deployment went elsewhere, where the host looks away.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	o := github.Options{Environment: func(i github.Item) string {
		if i.Environment == "production" {
			return "production"
		}
		return ""
	}}
	other := status(1, 2, "success", 9)
	other.body = strings.Replace(other.body, `"success","environment":"production"`, `"success","environment":"review-7"`, 1)
	for _, ds := range [][]delivery{{deployed(1), other}, {other, deployed(1)}} {
		j := joiner(t, o)
		var log metrics.Log
		for _, d := range ds {
			told, err := j.Add(d.event, []byte(d.body), on(0))
			require.NoError(t, err)
			_, err = log.Add(told.Facts...)
			require.NoError(t, err)
		}
		for d := range log.Snapshot(on(1000)).Deployments() {
			t.Errorf("%v is left", d)
		}
	}
	j := joiner(t, github.Options{Service: func(github.Item) string { return "" }})
	told, err := j.Add("deployment", []byte(deployed(1).body), on(0))
	require.NoError(t, err)
	require.Equal(t, github.Told{Skipped: "the deployment is of no service or environment of the host"}, told)
}

func TestReverts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ title, body, want string }{
		{`Revert "Fix"`, "Reverts acme/shop#5", "acme/shop#5"},
		{`Revert "Fix"`, "Because.\r\n\r\nReverts Acme/Shop#5\r\n", "acme/shop#5"},
		{`Revert "Revert "Fix""`, "Reverts acme/shop#5", "acme/shop#5"},
		{`Fix`, "Reverts acme/shop#5", ""},
		{`Revert "Fix`, "Reverts acme/shop#5", ""},
		{`Revert "Fix"`, "", ""},
		{`Revert "Fix"`, "Reverts other/shop#5", ""},
		{`Revert "Fix"`, "It Reverts acme/shop#5", ""},
		{`Revert "Fix"`, "Reverts acme/shop#5 and more", ""},
		{`Revert "Fix"`, "Reverts acme/shop#05", ""},
		{`Revert "Fix"`, "Reverts acme/shop#6", ""}, // itself
		{`Revert "Fix"`, "Reverts acme/shop#4\nReverts acme/shop#5", ""},
	} {
		d := pulled(6, 9, at(9), c.title, c.body)
		told, err := joiner(t, github.Options{}).Add(d.event, []byte(d.body), on(0))
		require.NoError(t, err)
		require.Equal(t, c.want, told.Facts[0].(metrics.Change).RevertOf.ID, "%q %q", c.title, c.body)
	}
}

func TestRunsAndReleases(t *testing.T) {
	t.Parallel()
	run := func(conclusion string, updated int) []byte {
		return fmt.Appendf(nil, `{"action":"completed","workflow_run":{"id":3,"name":"Deploy","path":".github/workflows/deploy.yml","head_branch":"main","head_sha":"c","event":"push","status":"completed","conclusion":%q,"updated_at":%q},%s}`, conclusion, at(updated), repo)
	}
	o := github.Options{Environment: func(i github.Item) string {
		if i.Path == ".github/workflows/deploy.yml" && i.Branch == "main" || i.Event == "release" && !i.Prerelease {
			return "production"
		}
		return ""
	}}
	for conclusion, want := range map[string]metrics.DeploymentOutcome{
		"success": metrics.DeploymentSucceeded, "failure": metrics.DeploymentFailed, "timed_out": metrics.DeploymentFailed,
		"startup_failure": metrics.DeploymentNotExposed, "cancelled": metrics.DeploymentUnknown,
	} {
		told, err := joiner(t, o).Add("workflow_run", run(conclusion, 4), on(0))
		require.NoError(t, err)
		require.Equal(t, want, told.Facts[0].(metrics.Deployment).Outcome, conclusion)
		told, err = joiner(t, github.Options{}).Add("workflow_run", run(conclusion, 4), on(0))
		require.NoError(t, err)
		require.Equal(t, "nothing says what the workflow's run deployed to", told.Skipped)
	}
	_, err := joiner(t, o).Add("workflow_run", run("splendid", 4), on(0))
	require.ErrorContains(t, err, "splendid")
	j := joiner(t, o)
	_, err = j.Add("workflow_run", run("success", 9), on(0))
	require.NoError(t, err)
	told, err := j.Add("workflow_run", run("failure", 4), on(0))
	require.NoError(t, err)
	require.Equal(t, metrics.DeploymentSucceeded, told.Facts[0].(metrics.Deployment).Outcome, "the last attempt counts")

	release := func(action string, pre, draft bool) []byte {
		return fmt.Appendf(nil, `{"action":%q,"release":{"id":1,"tag_name":"v1","draft":%v,"prerelease":%v,"published_at":%q},%s}`, action, draft, pre, at(3), repo)
	}
	told, err = j.Add("release", release("published", false, false), on(0))
	require.NoError(t, err)
	require.Equal(t, "v1", told.Facts[0].(metrics.Deployment).Version)
	for _, body := range [][]byte{release("created", false, false), release("published", true, false), release("published", false, true)} {
		told, err = j.Add("release", body, on(0))
		require.NoError(t, err)
		require.Empty(t, told.Facts)
		require.NotEmpty(t, told.Skipped)
	}
}

func TestPushed(t *testing.T) {
	t.Parallel()
	push := func(before, after, forced, commits string) []byte {
		var list []string
		for _, c := range strings.Fields(commits) {
			list = append(list, fmt.Sprintf(`{"id":%q,"timestamp":%q}`, c, at(1)))
		}
		return fmt.Appendf(nil, `{"ref":"refs/heads/main","before":%q,"after":%q,"forced":%s,"commits":[%s],%s}`, before, after, forced, strings.Join(list, ","), repo)
	}
	j := joiner(t, github.Options{})
	for _, b := range [][]byte{push("c", "e", "false", "d e"), push("a", "c", "false", "b c"), push("a", "c", "false", "b c"),
		push("e", "x", "true", "x"), push("0000", "n", "false", "n"), push("c", "a", "false", "loop")} {
		_, err := j.Add("push", b, on(0))
		require.NoError(t, err)
	}
	refs, ok := j.Pushed("acme/shop", "a", "e")
	require.True(t, ok)
	require.Equal(t, "[github/acme/shop@b github/acme/shop@c github/acme/shop@d github/acme/shop@e]", fmt.Sprint(refs))
	refs, ok = j.Pushed("acme/shop", "e", "e")
	require.True(t, ok)
	require.Empty(t, refs)
	for _, c := range [][2]string{{"e", "x"}, {"0000", "n"}, {"z", "e"}, {"e", "a"}} {
		_, ok = j.Pushed("acme/shop", c[0], c[1])
		require.False(t, ok, c)
	}
	_, ok = j.Pushed("acme/other", "a", "e")
	require.False(t, ok)
}

func TestREST(t *testing.T) {
	t.Parallel()
	j := joiner(t, github.Options{})
	told, err := j.AddStatuses("2", []byte(`[{"id":5,"state":"success","environment":"production","created_at":"`+at(7)+`"},{"id":4,"state":"pending","created_at":"`+at(6)+`"}]`), on(9))
	require.NoError(t, err)
	require.Empty(t, told.Facts)
	require.NotEmpty(t, told.Skipped)
	told, err = j.AddDeployments("acme/shop", []byte("["+deploymentJSON(10)+","+deploymentJSON(2)+"]"), on(9))
	require.NoError(t, err)
	require.Len(t, told.Facts, 2)
	require.Equal(t, metrics.DeploymentSucceeded, told.Facts[0].(metrics.Deployment).Outcome)
	// The webhooks tell the same fact.
	w := joiner(t, github.Options{})
	var last github.Told
	for _, d := range []delivery{status(2, 5, "success", 7), status(2, 4, "pending", 6)} {
		d.body = strings.Replace(d.body, `"pending","environment":"production"`, `"pending"`, 1)
		last, err = w.Add(d.event, []byte(d.body), on(9))
		require.NoError(t, err)
	}
	require.Equal(t, last.Facts[0], told.Facts[0])

	for _, bad := range []string{``, `{}`, `[1]`, `[{}]`, `[{"id":1}]`, `[] []`, `[{"id":1,"state":"done","created_at":"` + at(1) + `"}]`} {
		_, err = j.AddStatuses("2", []byte(bad), on(9))
		require.Error(t, err, bad)
		_, err = j.AddDeployments("acme/shop", []byte(bad), on(9))
		require.Error(t, err, bad)
	}
	_, err = j.AddStatuses("x", []byte(`[]`), on(9))
	require.Error(t, err)
	_, err = j.AddDeployments("", []byte(`[]`), on(9))
	require.Error(t, err)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := status(1, 2, "success", 3).body
	for name, body := range map[string]string{
		"empty":               ``,
		"no object":           `[]`,
		"cut":                 good[:len(good)-1],
		"more behind":         good + "{}",
		"a name twice":        good[:len(good)-1] + `,"action":"x"}`,
		"other case":          strings.Replace(good, `"deployment":`, `"Deployment":`, 1),
		"unknown state":       strings.Replace(good, `"success"`, `"splendid"`, 1),
		"no repository":       strings.Replace(good, repo, `"repository":{}`, 1),
		"no sha":              strings.Replace(good, `"sha":"c1",`, ``, 1),
		"no time":             strings.Replace(good, at(3), "", 1),
		"seconds":             strings.Replace(good, `"`+at(3)+`"`, "1780000000", 1),
		"a fraction":          strings.Replace(good, `{"id":1,`, `{"id":1.5,`, 1),
		"negative":            strings.Replace(good, `{"id":1,`, `{"id":-1,`, 1),
		"unprintable":         strings.Replace(good, `"environment":"production"`, `"environment":"a\u0000"`, 1),
		"long":                strings.Replace(good, `"environment":"production"`, `"environment":"`+strings.Repeat("a", 5000)+`"`, 1),
		"the year 9999":       strings.Replace(good, at(3), "9999-01-01T00:00:00Z", 1),
		"invalid UTF-8":       strings.Replace(good, "production", "\xff", 1),
		"deeply nested":       strings.Replace(good, `"payload":{}`, `"payload":`+strings.Repeat("[", 200)+strings.Repeat("]", 200), 1),
		"a status without id": strings.Replace(good, `{"id":2,`, `{`, 1),
	} {
		j := joiner(t, github.Options{})
		told, err := j.Add("deployment_status", []byte(body), on(0))
		require.Error(t, err, name)
		require.Empty(t, told)
	}
	j := joiner(t, github.Options{MaxPieces: 2, MaxBytes: 4000})
	_, err := j.Add("deployment_status", []byte(good), time.Time{})
	require.Error(t, err)
	_, err = j.Add("deployment_status", []byte(good), on(0))
	require.NoError(t, err)
	_, err = j.Add("deployment_status", []byte(status(1, 3, "error", 9).body), on(0))
	require.ErrorIs(t, err, github.ErrFull)
	_, err = j.Add("deployment_status", []byte(good), on(0))
	require.NoError(t, err, "what is known needs no room")
	_, err = j.Add("deployment_status", []byte(good+strings.Repeat(" ", 4000)), on(0))
	require.Error(t, err)
	for _, o := range []github.Options{{Failure: metrics.DeploymentSucceeded}, {Failure: 77}, {MaxBytes: -1}, {MaxPieces: -1}, {IncidentLabels: []string{""}}} {
		_, err := github.NewJoiner(o)
		require.Error(t, err)
	}
}

func TestVerifySignature(t *testing.T) {
	t.Parallel()
	// The example of GitHub's documentation.
	secret, body := []byte("It's a Secret to Everybody"), []byte("Hello, World!")
	const sum = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	require.True(t, github.VerifySignature(secret, "sha256="+sum, body))
	mac := hmac.New(sha256.New, nil)
	mac.Write(body)
	for name, header := range map[string]string{
		"missing": "", "no algorithm": sum, "sha1": "sha1=" + sum[:40], "empty": "sha256=", "truncated": "sha256=" + sum[:62],
		"longer": "sha256=" + sum + "00", "upper case": "sha256=" + strings.ToUpper(sum), "no hex": "sha256=" + strings.Repeat("x", 64),
		"other": "sha256=0" + sum[1:], "a space": "sha256= " + sum, "two": "sha256=" + sum + ",sha256=" + sum,
	} {
		require.False(t, github.VerifySignature(secret, header, body), name)
	}
	require.False(t, github.VerifySignature(secret, "sha256="+sum, append(slices.Clone(body), '\n')))
	require.False(t, github.VerifySignature(nil, "sha256="+hex.EncodeToString(mac.Sum(nil)), body), "no secret")
}

// examples are GitHub's own payloads by event: shared data, not copied here.
func examples(t testing.TB) map[string][][]byte {
	root := realdata.Path(t, "webhooks/github")
	out, n := map[string][][]byte{}, 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		b, err := os.ReadFile(path)
		event := filepath.Base(filepath.Dir(path))
		out[event] = append(out[event], b)
		n++
		return err
	}))
	require.Equal(t, 97, n)
	return out
}

func TestExamples(t *testing.T) {
	t.Parallel()
	o := github.Options{IncidentLabels: []string{"bug"}, Environment: func(i github.Item) string {
		if i.Environment == "" {
			return "production"
		}
		return i.Environment
	}}
	facts, skipped := map[string]int{}, map[string]int{}
	for event, bodies := range examples(t) {
		for _, b := range bodies {
			var log metrics.Log
			told, err := joiner(t, o).Add(event, b, on(0))
			require.NoError(t, err)
			_, err = log.Add(told.Facts...)
			require.NoError(t, err)
			if len(told.Facts) == 0 {
				require.NotEmpty(t, told.Skipped)
				skipped[event]++
				continue
			}
			require.Empty(t, told.Skipped)
			facts[event]++
			for _, f := range told.Facts {
				text, err := json.Marshal(f)
				require.NoError(t, err)
				require.NotContains(t, string(text), "@users", "no person")
			}
		}
	}
	require.Equal(t, map[string]int{"deployment": 3, "deployment_status": 3, "issues": 21, "push": 2, "release": 2, "workflow_run": 2}, facts)
	require.Equal(t, map[string]int{"check_run": 8, "deployment_review": 1, "issues": 7, "merge_group": 1, "pull_request": 28,
		"pull_request_review": 3, "push": 4, "release": 10, "workflow_run": 2}, skipped)
}

func BenchmarkAdd(b *testing.B) {
	total := 0
	type one struct {
		event string
		body  []byte
	}
	var all []one
	for event, bodies := range examples(b) {
		if event == "check_run" || event == "deployment_review" || event == "merge_group" {
			continue // these are not read
		}
		for _, body := range bodies {
			all = append(all, one{event, body})
			total += len(body)
		}
	}
	j := joiner(b, github.Options{})
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		for _, o := range all {
			if _, err := j.Add(o.event, o.body, on(0)); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(all)), "ns/delivery")
}

func FuzzAdd(f *testing.F) {
	for _, d := range []delivery{deployed(1), status(1, 2, "error", 3), pulled(6, 9, at(9), `Revert "Fix"`, "Reverts acme/shop#5"),
		reviewed(5, 52, 8, "approved", 12, 12), issue(9, 4, "labeled", "", "incident"),
		{"push", fmt.Sprintf(`{"ref":"refs/heads/main","before":"a0","after":"a2","commits":[{"id":"a1","timestamp":%q}],%s}`, at(-5), repo)}} {
		f.Add(d.event, []byte(d.body))
	}
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		j := joiner(t, github.Options{Environment: func(i github.Item) string { return "e" + i.Environment }})
		var log metrics.Log
		first, err := j.Add(event, body, on(0))
		if err != nil {
			require.Empty(t, first)
			return
		}
		require.Equal(t, len(first.Facts) == 0, first.Skipped != "")
		_, err = log.Add(first.Facts...)
		require.NoError(t, err, "every fact is one that a log takes")
		again, err := j.Add(event, body, on(0))
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.True(t, len(first.Facts) == 0 || json.Valid(body))
	})
}
