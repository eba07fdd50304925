package pipeline_test

import (
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/pipeline"
)

func devlakeTable(t *testing.T, name string) (out []map[string]string) {
	f, err := os.Open(realdata.Path(t, "dora/devlake/deployment_generator/"+name+".csv"))
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

func devlakeTime(t *testing.T, s string) (at time.Time) {
	if s != "" {
		var err error
		at, err = time.Parse("2006-01-02T15:04:05.000-07:00", s)
		require.NoError(t, err)
	}
	return at
}

// TestDevLakeGeneratesDeployments is DevLake's suite deployment_generator. That a
// start that is not recorded is the end less the duration is said here: it is how
// DevLake reads its sources.
func TestDevLakeGeneratesDeployments(t *testing.T) {
	t.Parallel()
	outcomes := map[string]metrics.DeploymentOutcome{"SUCCESS": metrics.DeploymentSucceeded, "FAILURE": metrics.DeploymentFailed}
	scopes := map[string]bool{}
	for _, r := range devlakeTable(t, "project_mapping") {
		scopes[r["row_id"]] = r["project_name"] == "project1" && r["table"] == "cicd_scopes"
	}
	var runs []pipeline.Run
	repository := map[string]string{}
	for _, c := range devlakeTable(t, "cicd_pipeline_commits") {
		for _, p := range devlakeTable(t, "cicd_pipelines") {
			if p["id"] != c["pipeline_id"] || !scopes[p["cicd_scope_id"]] {
				continue
			}
			r := pipeline.Run{Source: "devlake", ID: p["id"] + ":" + c["repo_url"], Pipeline: p["cicd_scope_id"], Commit: c["commit_sha"],
				Finished: devlakeTime(t, p["finished_date"]), Outcome: outcomes[p["result"]], Deploys: p["type"] == "DEPLOYMENT",
				Environment: strings.ToLower(p["environment"]), Seen: devlakeTime(t, p["created_date"])}
			if seconds, err := strconv.Atoi(p["duration_sec"]); err == nil && !r.Finished.IsZero() {
				r.Started = r.Finished.Add(-time.Duration(seconds) * time.Second)
			}
			for _, j := range devlakeTable(t, "cicd_tasks") {
				if j["pipeline_id"] == p["id"] {
					r.Jobs = append(r.Jobs, pipeline.Job{Name: j["name"], Outcome: outcomes[j["result"]], Deploys: j["type"] == "DEPLOYMENT",
						Environment: strings.ToLower(j["environment"]), Started: devlakeTime(t, j["started_date"]), Finished: devlakeTime(t, j["finished_date"])})
				}
			}
			repository[r.ID] = c["repo_url"]
			runs = append(runs, r)
		}
	}
	got := map[string]metrics.Deployment{}
	for _, d := range pipeline.ByRun(runs, "production", "staging", "testing") {
		got[d.ID] = d
	}
	want := devlakeTable(t, "cicd_deployment_commits")
	require.Len(t, got, len(want))
	for _, w := range want {
		d, ok := got[w["id"]]
		require.True(t, ok, w["id"])
		require.Equal(t, w["commit_sha"], d.Commit)
		require.Equal(t, w["cicd_scope_id"], d.Service)
		require.Equal(t, w["cicd_deployment_id"]+":"+repository[d.ID], d.ID)
		require.Equal(t, w["repo_url"], repository[d.ID])
		require.Equal(t, outcomes[w["result"]], d.Outcome)
		require.Equal(t, strings.ToLower(w["environment"]), d.Environment)
		require.True(t, devlakeTime(t, w["started_date"]).Equal(d.Started), w["id"])
		require.True(t, devlakeTime(t, w["finished_date"]).Equal(d.At), w["id"])
	}
	require.Len(t, want, 6)
}

// TestWhatGivesNoDeployment: skipped and cancelled runs and jobs, pipelines that
// nobody named, and what a log refuses of the rest.
func TestWhatGivesNoDeployment(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	job := pipeline.Job{Name: "deploy", Deploys: true, Environment: "production", Finished: at, Outcome: metrics.DeploymentSucceeded}
	run := pipeline.Run{Source: "ci", ID: "1", Seen: at, Pipeline: "shop", Started: at, Finished: at, Outcome: metrics.DeploymentSucceeded, Jobs: []pipeline.Job{job}}
	require.Len(t, pipeline.ByStage([]pipeline.Run{run}, map[string]string{"shop": "deploy"}, "production"), 1)
	require.Len(t, pipeline.ByRun([]pipeline.Run{run}, "production"), 1)

	require.Empty(t, pipeline.ByStage([]pipeline.Run{run}, map[string]string{"other": "deploy"}, "production"))
	require.Empty(t, pipeline.ByStage([]pipeline.Run{run}, map[string]string{"shop": "build"}, "production"))
	require.Empty(t, pipeline.ByStage(nil, nil, ""))
	skipped := run
	skipped.Jobs = []pipeline.Job{{Name: "deploy", Deploys: true, Environment: "production"}}
	require.Empty(t, pipeline.ByStage([]pipeline.Run{skipped}, map[string]string{"shop": "deploy"}, "production"))
	require.Empty(t, pipeline.ByRun([]pipeline.Run{skipped}, "production"), "its only deployment was skipped")
	cancelled := run
	cancelled.Outcome = metrics.DeploymentUnknown
	require.Empty(t, pipeline.ByRun([]pipeline.Run{cancelled}, "production"))

	var log metrics.Log
	nowhere := pipeline.ByRun([]pipeline.Run{run}, "staging")
	require.Len(t, nowhere, 1)
	_, err := log.Add(nowhere[0])
	require.ErrorContains(t, err, "no environment")
	running := run
	running.Finished = time.Time{}
	endless := pipeline.ByRun([]pipeline.Run{running}, "production")
	require.Len(t, endless, 1)
	_, err = log.Add(endless[0])
	require.Error(t, err)
}

// TestStageChangesWait: what was built and not deployed goes out with the next
// deployment that succeeds, in whatever order the runs are given, and not beyond
// its own pipeline.
func TestStageChangesWait(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	run := func(name string, hour int, outcome metrics.DeploymentOutcome) pipeline.Run {
		end := at.Add(time.Duration(hour) * time.Hour)
		return pipeline.Run{Source: "ci", ID: name, Seen: end, Pipeline: name[:1], Started: end, Changes: []metrics.Ref{{Source: "git", ID: name}},
			Jobs: []pipeline.Job{{Name: "deploy", Outcome: outcome, Finished: end}}}
	}
	runs := []pipeline.Run{run("a4", 4, metrics.DeploymentSucceeded), run("a1", 1, metrics.DeploymentUnknown), run("b9", 0, metrics.DeploymentUnknown),
		run("a3", 3, metrics.DeploymentSucceeded), run("a2", 2, metrics.DeploymentNotExposed), run("c1", 5, metrics.DeploymentSucceeded)}
	var got []string
	for _, d := range pipeline.ByStage(runs, map[string]string{"a": "deploy", "b": "deploy", "c": "deploy"}, "production") {
		line := d.ID + ":"
		for _, c := range d.Changes {
			line += " " + c.ID
		}
		got = append(got, line)
	}
	require.Equal(t, []string{"a2/0: a1 a2", "a3/0: a1 a2 a3", "a4/0: a4", "c1/0: c1"}, got)
	require.Equal(t, "a4", runs[0].ID, "the caller's slice stays as it is")
}
