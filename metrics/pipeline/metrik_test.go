package pipeline_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/pipeline"
)

// metrikBuild is a build as metrik's own tests have it: times in milliseconds.
type metrikBuild struct {
	PipelineID any `json:"pipelineId"` // a number in some files, a text in others
	Number     int
	Timestamp  int64
	Stages     []struct {
		Name, Status                                         string
		StartTimeMillis, DurationMillis, PauseDurationMillis int64
	}
	ChangeSets []struct{ Timestamp int64 }
}

// metrikLog reads a history into a log. Each listing of a commit is a change of
// its own: metrik counts a commit as often as it is listed, and its fixtures give
// all commits one name.
func metrikLog(t *testing.T, file string, stages map[string]string) *metrics.Log {
	var builds []metrikBuild
	b, err := os.ReadFile(filepath.Join(realdata.Path(t, "dora/metrik"), "builds-for-"+file+".json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &builds))
	var log metrics.Log
	var runs []pipeline.Run
	for _, b := range builds {
		r := pipeline.Run{Source: "metrik", ID: fmt.Sprintf("%v#%d", b.PipelineID, b.Number), Pipeline: fmt.Sprint(b.PipelineID),
			Started: time.UnixMilli(b.Timestamp), Seen: metrikNow}
		for _, s := range b.Stages {
			outcome := map[string]metrics.DeploymentOutcome{"SUCCESS": metrics.DeploymentSucceeded, "FAILED": metrics.DeploymentNotExposed}[s.Status]
			r.Jobs = append(r.Jobs, pipeline.Job{Name: s.Name, Outcome: outcome, Started: time.UnixMilli(s.StartTimeMillis),
				Finished: time.UnixMilli(s.StartTimeMillis + s.DurationMillis + s.PauseDurationMillis)})
		}
		for k, c := range b.ChangeSets {
			m := metrics.Meta{Source: "metrik", ID: fmt.Sprintf("%s.%d", r.ID, k), At: time.UnixMilli(c.Timestamp), Seen: metrikNow}
			r.Changes = append(r.Changes, m.Ref())
			_, err := log.Add(metrics.Change{Meta: m})
			require.NoError(t, err)
		}
		runs = append(runs, r)
	}
	for _, d := range pipeline.ByStage(runs, stages, "production") {
		_, err := log.Add(d)
		require.NoError(t, err)
	}
	return &log
}

var metrikNow = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// TestMetrik reproduces all cases of metrik's four calculators. The expected
// values are those of its tests (MIT), in our units; a value is NaN where metrik's
// is.
func TestMetrik(t *testing.T) {
	t.Parallel()
	prod := map[string]string{"1": "deploy to prod", "2": "deploy to prod"}
	uat := map[string]string{"1": "deploy to prod", "2": "deploy to uat"}
	nan := math.NaN()
	used := map[string]bool{}
	for _, test := range []struct {
		file     string
		metric   metrics.Metric
		stages   map[string]string
		from, to int64   // milliseconds, both included
		want     float64 // milliseconds, a share, or a count
	}{
		{"CFR-case-1", metrics.FailRate, prod, 1609459200000, 1611994800000, 1 / 3.0},
		{"CFR-case-2", metrics.FailRate, uat, 1609459200000, 1611994800000, 1 / 5.0},
		{"CFR-case-1", metrics.FailRate, prod, 1611974800000, 1611974800000, nan},
		{"CFR-case-1", metrics.FailRate, map[string]string{}, 1609459200000, 1611994800000, nan},
		{"DF-case-1", metrics.Frequency, prod, 1610236800000, 1611100800000, 2},
		{"DF-case-3", metrics.Frequency, prod, 1609286400000, 1612137600000, 2},
		{"MLT-case-1", metrics.LeadTime, prod, 32847923847, 328479237899, nan},
		{"MLT-case-2", metrics.LeadTime, prod, 0, 20, 5},
		{"MLT-case-3", metrics.LeadTime, prod, 8, 20, 5},
		{"MLT-case-4", metrics.LeadTime, prod, 1, 8, 5},
		{"MLT-case-5", metrics.LeadTime, prod, 10, 14, 6.5},
		{"MLT-case-5-1", metrics.LeadTime, prod, 11, 13, nan},
		{"MLT-case-5-2", metrics.LeadTime, prod, 8, 8, 0},
		{"MLT-case-5-3", metrics.LeadTime, prod, 16, 18, 6.5},
		{"MLT-case-6", metrics.LeadTime, prod, 13, 26, 60.0 / 8},
		{"MLT-case-7", metrics.LeadTime, map[string]string{"1": "deploy to prod"}, 13, 26, 10},
		{"MLT-case-8", metrics.LeadTime, map[string]string{"1": "deploy to prod"}, 13, 26, 10},
		{"MLT-case-9", metrics.LeadTime, prod, 13, 17, 3.1},
		{"MLT-case-10", metrics.LeadTime, prod, 13, 49, 9.818181818181818},
		{"MTTR-case-1", metrics.RecoveryTime, uat, 1609459200000, 1609689600000, 144000005},
		{"MTTR-case-2", metrics.RecoveryTime, prod, 1609459200000, 1609689600000, 187201525},
		{"MTTR-case-3", metrics.RecoveryTime, prod, 1609459200000, 1609689600000, nan},
		{"MTTR-case-4", metrics.RecoveryTime, prod, 1609459200000, 1609689600000, nan},
		{"MTTR-case-5", metrics.RecoveryTime, prod, 1609459200000, 1609689600000, nan},
		{"MTTR-case-6", metrics.RecoveryTime, prod, 1609459200000, 1609689600000, 144000005},
		{"MTTR-case-7", metrics.RecoveryTime, prod, 1609459200000, 1609689600000, nan},
	} {
		from, to := time.UnixMilli(test.from), time.UnixMilli(test.to+1)
		q := metrics.Query{From: from, To: to, Window: metrics.WindowWhole, By: []string{}, ObservedFrom: from, ObservedTo: to}
		used[test.file] = true
		r, err := metrics.Compute(metrikLog(t, test.file, test.stages).Snapshot(metrikNow), metrics.Metrik(), q)
		require.NoError(t, err)
		got := nan
		for res := range r.All() {
			switch {
			case res.Metric != test.metric:
			case res.Metric == metrics.Frequency:
				got = float64(res.N)
			case res.Metric == metrics.FailRate:
				got = res.Value
			default:
				got = res.Value * 1000
			}
		}
		if math.IsNaN(test.want) {
			require.True(t, math.IsNaN(got), "%s: %v", test.file, got)
			continue
		}
		require.InDelta(t, test.want, got, 1e-12*math.Max(1, test.want), test.file)
	}
	files, err := filepath.Glob(filepath.Join(realdata.Path(t, "dora/metrik"), "builds-for-*.json"))
	require.NoError(t, err)
	require.Len(t, files, 24)
	require.Len(t, used, 24, "each history is used")
}
