package metrics_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

// An attempt that exposed nobody, a deployment, and two days later an incident, by
// four definitions: who says 0 % and who says 100 %, and which answer makes it so.
func ExampleDisagree() {
	day := func(d, hour int) time.Time { return time.Date(2026, time.June, d, hour, 0, 0, 0, time.UTC) }
	meta := func(source, id string, at time.Time) metrics.Meta {
		return metrics.Meta{Source: source, ID: id, At: at, Seen: at, Service: "shop", Environment: "production"}
	}
	var log metrics.Log
	if _, err := log.Add(
		metrics.Deployment{Meta: meta("ci", "1", day(1, 15)), Outcome: metrics.DeploymentSucceeded, Version: "1.1"},
		metrics.Deployment{Meta: meta("ci", "2", day(2, 9)), Outcome: metrics.DeploymentNotExposed, Version: "1.2"},
		metrics.Incident{Meta: meta("pager", "77", day(4, 11)), Resolved: day(4, 15)},
	); err != nil {
		fmt.Println(err)
		return
	}
	rows, err := metrics.Disagree(log.Snapshot(day(8, 0)), metrics.Query{From: day(1, 0), To: day(8, 0), Window: metrics.WindowWeek},
		metrics.DORA(), metrics.DevLake(), metrics.Metrik(), metrics.GitLab())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range rows {
		if row.Metric != metrics.FailRate {
			continue
		}
		for _, o := range row.Opinions {
			fmt.Println(o.Name, o.Result)
			for _, c := range o.Causes {
				fmt.Println("  ", c)
			}
		}
	}
	// Output:
	// DORA change-fail-rate 0 % (0 % to 79 %, n=1, partial window)
	// DevLake change-fail-rate 100 % (21 % to 100 %, n=1, partial window)
	//    links: ["last"], not ["explicit","artifact","version","revert","rollback","window"]
	// Metrik change-fail-rate 50 % (9.5 % to 91 %, n=2, partial window)
	//    attemptsCount: true, not false
	// GitLab change-fail-rate 100 % (2.5 % to 557 %, n=1, partial window)
	//    failCounts: incidents, not deployments
}

// TestEachAnswerMustBeGiven: no enumeration of a definition has a default or a
// value beyond its last, in no preset.
func TestEachAnswerMustBeGiven(t *testing.T) {
	t.Parallel()
	seen := map[release.Digest]bool{}
	enums := 0
	for _, preset := range []metrics.Definition{metrics.DORA(), metrics.DevLake(), metrics.Metrik(), metrics.GitLab()} {
		digest, err := preset.Digest()
		require.NoError(t, err)
		require.False(t, seen[digest])
		seen[digest] = true
		for k := range reflect.TypeOf(preset).NumField() {
			for _, wrong := range []uint64{0, 99} {
				d := preset
				f := reflect.ValueOf(&d).Elem().Field(k)
				if f.Kind() != reflect.Uint8 {
					continue
				}
				enums++
				f.SetUint(wrong)
				name := reflect.TypeOf(d).Field(k).Tag.Get("json")
				require.ErrorContains(t, d.Validate(), "does not say "+name)
				_, err := d.Digest()
				require.Error(t, err)
			}
		}
	}
	require.Equal(t, 4*2*24, enums)
}

// TestGitLabIsNoShare: more incidents than deployments make a rate above 1, an
// incident that nobody caused is in it, and one of another service is not.
func TestGitLabIsNoShare(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	d := deploy("1", 1, "v1")
	_, err := log.Add(d)
	require.NoError(t, err)
	for k, at := range []int{0, 5, 6, 7} {
		n := metrics.Incident{Meta: metrics.Meta{Source: "pager", ID: fmt.Sprint(k), At: hours(at), Seen: hours(at), Service: d.Service}}
		if k == 3 {
			n.Service = "another"
		}
		if k < 2 {
			n.Resolved = hours(at + 2 + 2*k)
		}
		_, err := log.Add(n)
		require.NoError(t, err)
	}
	report, err := metrics.Compute(log.Snapshot(hours(100)), metrics.GitLab(), metrics.Query{From: epoch, To: hours(24 * 7), Window: metrics.WindowWeek})
	require.NoError(t, err)
	for res := range report.All() {
		e, err := report.Explain(res)
		require.NoError(t, err)
		require.NoError(t, check(e))
		switch res.Metric {
		case metrics.FailRate:
			require.Equal(t, 3.0, res.Value)
			require.Equal(t, metrics.MethodIncidents, res.Method)
			require.Less(t, res.Lo, 1.0)
			require.Greater(t, res.Hi, 8.0)
		case metrics.RecoveryTime:
			require.Equal(t, 3*3600.0, res.Value, "2 h and 4 h; the open one is left out")
			require.Equal(t, 2, res.N)
			require.Zero(t, res.Censored)
		case metrics.ReworkRate:
			require.Equal(t, metrics.StatusNoData, res.Status)
		}
	}
	alone := 0
	for _, c := range report.Unused() {
		if c.Kind == metrics.KindIncident {
			alone++
			require.Equal(t, "3", c.Ref.ID)
		}
	}
	require.Equal(t, 1, alone)
}

// TestMeansHaveAnInterval: Student's. With 2 degrees of freedom the quantile
// of t has a closed form, (2p-1) times the root of 2/(4p(1-p)).
func TestMeansHaveAnInterval(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	facts := []metrics.Fact{deploy("0", 1, "v0")}
	for k, lead := range []int{2, 4, 9} {
		c := metrics.Change{Meta: metrics.Meta{Source: "git", ID: fmt.Sprint(k), At: hours(50 - lead), Seen: hours(50)}}
		d := deploy(fmt.Sprint(k+1), 50, fmt.Sprint(k))
		d.Changes = []metrics.Ref{c.Ref()}
		facts = append(facts, c, d)
	}
	_, err := log.Add(facts...)
	require.NoError(t, err)
	report, err := metrics.Compute(log.Snapshot(hours(100)), metrics.Metrik(), metrics.Query{From: epoch, To: hours(24 * 7), Window: metrics.WindowWeek})
	require.NoError(t, err)
	for res := range report.All() {
		if res.Metric == metrics.LeadTime {
			require.Equal(t, 5*3600.0, res.Value)
			half := 0.95 * math.Sqrt(2/(4*0.975*0.025)) * math.Sqrt(13.0/3) * 3600 // the variance is 13
			require.InDelta(t, 5*3600-half, res.Lo, 1e-6)
			require.InDelta(t, 5*3600+half, res.Hi, 1e-6)
			require.Equal(t, metrics.StatusOK, res.Status)
		}
	}
}
