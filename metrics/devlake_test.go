package metrics_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/metrics"
)

var devlakeNow = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// devlakeTable reads a table of DevLake's end-to-end tests by the names of its
// columns.
func devlakeTable(t *testing.T, name string) (out []map[string]string) {
	f, err := os.Open(realdata.Path(t, "dora/devlake/"+name+".csv"))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	for _, row := range rows[1:] {
		m := map[string]string{}
		for k, column := range rows[0] {
			m[column] = row[k]
		}
		out = append(out, m)
	}
	require.NotEmpty(t, out)
	return out
}

// devlakeTime reads both forms of times in the tables; empty is zero.
func devlakeTime(t *testing.T, s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	for _, layout := range []string{"2006-01-02T15:04:05.000-07:00", "2006-1-2 15:04:05"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at
		}
	}
	require.FailNow(t, "no time", s)
	return time.Time{}
}

// devlakeProjects is which projects own a row of a table.
func devlakeProjects(rows []map[string]string) func(table, row string) string {
	return func(table, row string) string {
		for _, r := range rows {
			if r["table"] == table && r["row_id"] == row {
				return r["project_name"]
			}
		}
		return ""
	}
}

// devlakeDeployments makes facts of deployment commits: the service is the scope
// and the repository, within which DevLake looks for the one before. Rows without
// an environment are no facts: the log refuses them, and DevLake passes over them.
func devlakeDeployments(t *testing.T, rows, mapping []map[string]string) (out []metrics.Deployment) {
	project := devlakeProjects(mapping)
	for _, r := range rows {
		if r["environment"] == "" {
			continue
		}
		out = append(out, metrics.Deployment{
			Meta: metrics.Meta{Source: "devlake", ID: r["id"], At: devlakeTime(t, r["finished_date"]), Seen: devlakeNow,
				Service: r["cicd_scope_id"] + " " + r["repo_url"], Environment: strings.ToLower(r["environment"]),
				Dims: metrics.Dims{metrics.DimProject: project("cicd_scopes", r["cicd_scope_id"]), "pipeline": r["cicd_deployment_id"]}},
			Started: devlakeTime(t, r["started_date"]), Commit: r["commit_sha"],
			Outcome: map[string]metrics.DeploymentOutcome{"SUCCESS": metrics.DeploymentSucceeded, "FAILURE": metrics.DeploymentFailed}[r["result"]],
		})
	}
	return out
}

func devlakeLog(t *testing.T, facts ...metrics.Fact) *metrics.Snapshot {
	var log metrics.Log
	_, err := log.Add(facts...)
	require.NoError(t, err)
	return log.Snapshot(devlakeNow)
}

func devlakeFacts(ds []metrics.Deployment) (out []metrics.Fact) {
	for _, d := range ds {
		out = append(out, d)
	}
	return out
}

// devlakePredecessors is the one before each deployment that succeeded, by ID.
func devlakePredecessors(t *testing.T, s *metrics.Snapshot) map[string]string {
	d := metrics.DevLake()
	d.Environments = nil // DevLake pairs those of any environment
	pairs, err := s.Predecessors(d)
	require.NoError(t, err)
	out := map[string]string{}
	for _, p := range pairs {
		out[p.Deployment.ID] = p.Before.ID
	}
	return out
}

// TestDevLakePredecessors is the suite prev_success_deployment_commit.
func TestDevLakePredecessors(t *testing.T) {
	t.Parallel()
	rows := devlakeTable(t, "prev_success_deployment_commit/cicd_deployment_commits_before")
	ds := devlakeDeployments(t, rows, devlakeTable(t, "prev_success_deployment_commit/project_mapping"))
	before := devlakePredecessors(t, devlakeLog(t, devlakeFacts(ds)...))
	want := devlakeTable(t, "prev_success_deployment_commit/cicd_deployment_commits_after")
	require.Len(t, want, len(rows))
	byID := map[string]metrics.Deployment{}
	for _, d := range ds {
		byID[d.ID] = d
	}
	facts := 0
	for _, w := range want {
		require.Equal(t, w["prev_success_deployment_commit_id"], before[w["id"]], "deployment %s", w["id"])
		d, ok := byID[w["id"]]
		require.Equal(t, w["environment"] != "", ok)
		if !ok {
			continue
		}
		facts++
		require.Equal(t, w["commit_sha"], d.Commit)
		require.Equal(t, w["cicd_deployment_id"], d.Dims["pipeline"])
		require.Equal(t, w["cicd_scope_id"]+" "+w["repo_url"], d.Service)
		require.Equal(t, strings.ToLower(w["environment"]), d.Environment)
		require.Equal(t, w["result"] == "SUCCESS", d.Outcome == metrics.DeploymentSucceeded)
		require.True(t, devlakeTime(t, w["started_date"]).Equal(d.Started))
		require.True(t, devlakeTime(t, w["finished_date"]).Equal(d.At))
	}
	require.Equal(t, 15, facts)
}

// TestDevLakeLinks is the suite connect_incident_to_deployment.
func TestDevLakeLinks(t *testing.T) {
	t.Parallel()
	const suite = "connect_incident_to_deployment/"
	mapping := devlakeTable(t, suite+"raw_tables/project_mapping")
	ds := devlakeDeployments(t, devlakeTable(t, suite+"prev_success_deployment_commit/cicd_deployment_commits_after"), mapping)
	facts, pipelines := devlakeFacts(ds), map[metrics.Ref]string{}
	for _, d := range ds {
		pipelines[d.Ref()] = d.Dims["pipeline"]
	}
	project := devlakeProjects(mapping)
	projects := map[string]string{}
	for _, r := range devlakeTable(t, suite+"raw_tables/incidents") {
		projects[r["id"]] = project(r["table"], r["scope_id"])
		facts = append(facts, metrics.Incident{Resolved: devlakeTime(t, r["updated_date"]),
			Meta: metrics.Meta{Source: "devlake", ID: r["id"], At: devlakeTime(t, r["created_date"]), Seen: devlakeNow,
				Dims: metrics.Dims{metrics.DimProject: projects[r["id"]]}}})
	}
	r, err := metrics.Compute(devlakeLog(t, facts...), metrics.DevLake(), metrics.Query{Window: metrics.WindowWhole,
		From: time.Date(2022, 9, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2022, 12, 31, 0, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	got := map[string]string{}
	for res := range r.All() {
		e, err := r.Explain(res)
		require.NoError(t, err)
		require.NoError(t, check(e))
		for _, c := range e.Contributions {
			if c.Kind == metrics.KindIncident && res.Metric == metrics.FailRate && projects[c.Ref.ID] == "project1" {
				got[c.Ref.ID] = pipelines[c.Link.Deployment]
			}
		}
	}
	want := map[string]string{}
	for _, w := range devlakeTable(t, suite+"snapshot_tables/project_incident_deployment_relationships") {
		require.Equal(t, projects[w["id"]], w["project_name"])
		want[w["id"]] = w["deployment_id"]
	}
	require.Len(t, want, 6)
	require.Equal(t, want, got)
}

// TestDevLakeLeadTimes is the suite change_lead_time: each field of each merged
// pull request of the project, deployed or not.
func TestDevLakeLeadTimes(t *testing.T) {
	t.Parallel()
	const suite = "change_lead_time/"
	mapping := devlakeTable(t, suite+"project_mapping")
	project := devlakeProjects(mapping)
	ds := devlakeDeployments(t, devlakeTable(t, suite+"cicd_deployment_commits"), mapping)
	before, commits := devlakePredecessors(t, devlakeLog(t, devlakeFacts(ds)...)), map[string]string{}
	for _, d := range ds {
		commits[d.ID] = d.Commit
	}

	changes, commit, review := map[string]metrics.Change{}, map[string]string{}, map[string]string{}
	var facts []metrics.Fact
	byMerge := map[string]metrics.Ref{}
	for _, r := range devlakeTable(t, suite+"pull_requests") {
		c := metrics.Change{Opened: devlakeTime(t, r["created_date"]), Merged: devlakeTime(t, r["merged_date"]), Commit: r["merge_commit_sha"],
			Meta: metrics.Meta{Source: "devlake", ID: r["id"], At: devlakeTime(t, r["created_date"]), Seen: devlakeNow,
				Dims: metrics.Dims{metrics.DimProject: project("repos", r["base_repo_id"])}}}
		for _, m := range devlakeTable(t, suite+"pull_request_commits") {
			if at := devlakeTime(t, m["commit_authored_date"]); m["pull_request_id"] == c.ID && (c.FirstCommit.IsZero() || at.Before(c.FirstCommit)) {
				c.FirstCommit, commit[c.ID] = at, m["commit_sha"]
			}
		}
		for _, m := range devlakeTable(t, suite+"pull_request_comments") {
			if at := devlakeTime(t, m["created_date"]); m["pull_request_id"] == c.ID && m["account_id"] != r["author_id"] &&
				(c.FirstReview.IsZero() || at.Before(c.FirstReview)) {
				c.FirstReview, review[c.ID] = at, m["id"]
			}
		}
		changes[c.ID], byMerge[c.Commit] = c, c.Ref()
		facts = append(facts, c)
	}
	for k := range ds {
		for _, r := range devlakeTable(t, suite+"commits_diffs") {
			if r["new_commit_sha"] == ds[k].Commit && r["old_commit_sha"] == commits[before[ds[k].ID]] {
				ds[k].Changes = append(ds[k].Changes, byMerge[r["commit_sha"]])
			}
		}
	}
	report, err := metrics.Compute(devlakeLog(t, append(facts, devlakeFacts(ds)...)...), metrics.DevLake(), metrics.Query{
		From: time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC), To: devlakeNow, Window: metrics.WindowWhole})
	require.NoError(t, err)
	leads := map[string]metrics.Contribution{}
	for res := range report.All() {
		e, err := report.Explain(res)
		require.NoError(t, err)
		require.NoError(t, check(e))
		for _, c := range e.Contributions {
			if res.Metric == metrics.LeadTime && c.Use == metrics.UseValue {
				leads[c.Ref.ID] = c
			}
		}
	}
	at := map[string]time.Time{"": {}}
	for _, d := range ds {
		at[d.ID] = d.At
	}
	def := metrics.DevLake()
	minutes := func(s metrics.Stage, c metrics.Change, deployed time.Time) string {
		took, ok := def.Stage(s, c, deployed)
		if !ok {
			return ""
		}
		return fmt.Sprint(took.Minutes())
	}
	seen := 0
	for _, w := range devlakeTable(t, suite+"project_pr_metrics") {
		seen++
		c, lead := changes[w["id"]], leads[w["id"]]
		require.Equal(t, w["project_name"], c.Dims[metrics.DimProject])
		require.Equal(t, w["first_commit_sha"], commit[c.ID], c.ID)
		require.Equal(t, w["first_review_id"], review[c.ID], c.ID)
		require.Equal(t, w["deployment_commit_id"], lead.Deployment.ID, c.ID)
		deployed := at[lead.Deployment.ID]
		require.Equal(t, w["pr_coding_time"], minutes(metrics.StageCoding, c, deployed), c.ID)
		require.Equal(t, w["pr_pickup_time"], minutes(metrics.StagePickup, c, deployed), c.ID)
		require.Equal(t, w["pr_review_time"], minutes(metrics.StageReview, c, deployed), c.ID)
		require.Equal(t, w["pr_deploy_time"], minutes(metrics.StageDeploy, c, deployed), c.ID)
		cycle, ok := def.Lead(c, deployed)
		require.True(t, ok)
		require.Equal(t, w["pr_cycle_time"], fmt.Sprint(cycle.Minutes()), c.ID)
		if !deployed.IsZero() {
			require.Equal(t, cycle.Seconds(), lead.Value, "what the report counts")
		}
		for column, got := range map[string]time.Time{"first_commit_authored_date": c.FirstCommit, "first_comment_date": c.FirstReview,
			"pr_created_date": c.Opened, "pr_merged_date": c.Merged, "pr_deployed_date": deployed} {
			require.True(t, devlakeTime(t, w[column]).Equal(got), "%s of %s", column, c.ID)
		}
	}
	require.Equal(t, 6, seen, "pr6 was not merged")
	_, ok := def.Lead(changes["pr6"], time.Time{})
	require.False(t, ok)
}
