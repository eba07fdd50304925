package metrics_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

type timeOf = time.Time

// stagesAddUp demands of each lead time of a report that the stages of each change
// follow each other from its start to its deployment and add up to it exactly, and
// that the summary counts each change in each stage or as missing there.
func stagesAddUp(report *metrics.Report, s *metrics.Snapshot, def metrics.Definition) error {
	at := map[metrics.Ref]time.Time{}
	for d := range s.Deployments() {
		at[d.Ref()] = d.At
		if def.DeployedAt == metrics.DeployedAtStart {
			at[d.Ref()] = begin(d)
		}
	}
	for res := range report.All() {
		if res.Metric != metrics.LeadTime {
			continue
		}
		changes, err := report.ChangeStages(res)
		if err != nil {
			return err
		}
		if len(changes) != res.N {
			return fmt.Errorf("%d changes behind a lead time of %d", len(changes), res.N)
		}
		var total, lead time.Duration
		for _, c := range changes {
			sum, to := time.Duration(0), c.Spans[0].From
			for _, p := range c.Spans {
				if !p.From.Equal(to) || p.To.Sub(p.From) != p.Took {
					return fmt.Errorf("%s: stage %s does not begin where the last one ended", c.Change, p.Stage)
				}
				sum, to = sum+p.Took, p.To
			}
			if sum != c.Lead || !to.Equal(at[c.Deployment]) {
				return fmt.Errorf("%s: stages of %s for a lead time of %s to %s", c.Change, sum, c.Lead, to)
			}
			lead += c.Lead
		}
		if def.LeadSpan == metrics.LeadWhole && def.LeadRounding == metrics.RoundingNone && def.LeadSummary == metrics.SummaryMedian && res.N%2 == 1 {
			if !slices.ContainsFunc(changes, func(c metrics.ChangeStages) bool { return c.Lead.Seconds() == res.Value }) {
				return fmt.Errorf("the median %v is no change's lead time", res.Value)
			}
		}
		stages, err := report.Stages(res)
		if err != nil {
			return err
		}
		share := 0.0
		for _, p := range stages {
			total += p.Total
			share += p.Share
			if p.N > res.N || p.Missing > 0 && p.N+p.Missing != res.N {
				return fmt.Errorf("stage %s: %d and %d missing of %d", p.Stage, p.N, p.Missing, res.N)
			}
			if (p.Status == metrics.StatusNoData) != (p.N == 0) || math.IsNaN(p.Value) != (p.N == 0) {
				return fmt.Errorf("stage %s: status %s with %d", p.Stage, p.Status, p.N)
			}
		}
		if total != lead || lead > 0 && math.Abs(share-1) > 1e-9 {
			return fmt.Errorf("stages of %s with shares of %v for lead times of %s", total, share, lead)
		}
	}
	return nil
}

// stageChange is a change with moments by the hour; a negative hour is not known.
func stageChange(id string, committed, opened, review, approved, merged int) metrics.Change {
	at := func(h int) time.Time {
		if h < 0 {
			return time.Time{}
		}
		return hours(h)
	}
	return metrics.Change{Meta: metrics.Meta{Source: "git", ID: id, At: hours(committed), Seen: hours(committed)},
		Opened: at(opened), FirstReview: at(review), Approved: at(approved), Merged: at(merged)}
}

func TestStages(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	first := deploy("d0", 1, "v0")
	d := deploy("d1", 100, "v1")
	changes := []metrics.Change{
		stageChange("all", 10, 20, 25, 40, 42),
		stageChange("late approval", 10, 20, 25, 60, 50), // approved after it was merged
		stageChange("no approval", 10, 20, 25, -1, 50),
		stageChange("no review", 10, 20, -1, -1, 50),
		stageChange("pushed", 30, -1, -1, -1, -1),
	}
	for _, c := range changes {
		d.Changes = append(d.Changes, c.Ref())
		_, err := log.Add(c)
		require.NoError(t, err)
	}
	_, err := log.Add(first, d)
	require.NoError(t, err)
	q := metrics.Query{From: epoch, To: hours(24 * 7), Window: metrics.WindowWhole}
	report, err := metrics.Compute(log.Snapshot(hours(200)), metrics.DORA(), q)
	require.NoError(t, err)
	all := slices.Collect(report.All())
	require.Equal(t, metrics.LeadTime, all[0].Metric)
	require.NoError(t, stagesAddUp(report, log.Snapshot(hours(200)), metrics.DORA()))

	got, err := report.Stages(all[0])
	require.NoError(t, err)
	type row struct {
		n, missing, negative int
		median, total        float64 // hours
	}
	var rows []row
	for k, s := range got {
		require.Equal(t, metrics.StageCoding+metrics.Stage(k), s.Stage)
		rows = append(rows, row{s.N, s.Missing, s.Negative, s.Value / 3600, s.Total.Hours()})
	}
	require.Equal(t, []row{
		{4, 1, 0, 10, 40},
		{3, 2, 0, 5, 15},
		{3, 2, 0, 25, 15 + 35 + 25},
		{2, 3, 1, -4, -8},       // +2 and -10: kept
		{4, 1, 0, 50, 58 + 150}, // 42 to 100, and 50 to 100 three times
		{2, 0, 0, 50, 30 + 70},  // opened to merged, committed to deployed
	}, rows)
	require.InDelta(t, 40.0/430, got[0].Share, 1e-12)
	require.Equal(t, metrics.StatusTooFew, got[0].Status, "too few for an interval")

	_, err = report.Stages(all[1])
	require.ErrorContains(t, err, "no stages")
	_, err = report.Stages(metrics.Result{Metric: metrics.LeadTime})
	require.Error(t, err, "of another report")

	merge := metrics.DORA()
	merge.LeadFrom = metrics.LeadFromMerge
	report, err = metrics.Compute(log.Snapshot(hours(200)), merge, q)
	require.NoError(t, err)
	got, err = report.Stages(slices.Collect(report.All())[0])
	require.NoError(t, err)
	for _, s := range got[:4] {
		require.Equal(t, metrics.StatusNoData, s.Status)
		require.Zero(t, s.N+s.Missing, "a lead time from the merge has no such stage")
	}
	require.Equal(t, 4, got[4].N)
	b, err := json.Marshal(got[0])
	require.NoError(t, err)
	require.Contains(t, string(b), `"stage":"coding"`)
	require.Contains(t, string(b), `"value":null`)
}
