package metrics_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

// TestTraps are the errors that tools in this field make, by name. Each case is
// three weeks of one service, vouched for, and asks for the first week.
func TestTraps(t *testing.T) {
	t.Parallel()
	failed := func(id string, h, recovered int) metrics.Deployment {
		d := deploy(id, h, "bad"+id)
		d.Outcome = metrics.DeploymentFailed
		if recovered != 0 {
			d.Recovered = hours(recovered)
		}
		return d
	}
	withChange := func(d metrics.Deployment, ids ...string) metrics.Deployment {
		for _, id := range ids {
			d.Changes = append(d.Changes, metrics.Ref{Source: "git", ID: id})
		}
		d.Follows = "v0"
		return d
	}
	change := func(id string, h int) metrics.Change {
		return metrics.Change{Meta: metrics.Meta{Source: "git", ID: id, At: hours(h), Seen: hours(h)}}
	}
	region := func(d metrics.Deployment, name string) metrics.Deployment {
		d.ID, d.Dims = d.ID+name, metrics.Dims{"region": name}
		return d
	}
	elsewhere := incident("i", 11, 12)
	elsewhere.Service = "other"
	dangling := incident("i", 11, 12)
	dangling.CausedBy = metrics.Ref{Source: "ci", ID: "nobody"}
	planned := deploy("2", 12, "bad1")
	planned.Planned = metrics.PlannedYes
	nan := math.NaN()

	for _, test := range []struct {
		name     string
		facts    []metrics.Fact
		metric   metrics.Metric
		status   metrics.Status
		value    float64
		n        int
		censored int
	}{
		{"no deployment in an observed week is a frequency of 0", []metrics.Fact{deploy("1", 200, "v1")},
			metrics.Frequency, metrics.StatusOK, 0, 0, 0},
		{"no deployment is no fail rate of 0", []metrics.Fact{deploy("1", 200, "v1")},
			metrics.FailRate, metrics.StatusUndefined, nan, 0, 0},
		{"no deployment is no lead time of 0", []metrics.Fact{deploy("1", 200, "v1")},
			metrics.LeadTime, metrics.StatusUndefined, nan, 0, 0},
		{"a missing change is no lead time of 0", []metrics.Fact{withChange(deploy("1", 10, "v1"), "lost")},
			metrics.LeadTime, metrics.StatusNoData, nan, 0, 0},
		{"no source of failures is no fail rate of 0", []metrics.Fact{deploy("1", 10, "v1")},
			metrics.FailRate, metrics.StatusNoData, nan, 1, 0},
		{"nobody said what was planned", []metrics.Fact{deploy("1", 10, "v1")},
			metrics.ReworkRate, metrics.StatusNoData, nan, 1, 0},
		{"two incidents of one deployment are one failure", []metrics.Fact{deploy("1", 10, "v1"), incident("i", 11, 12), incident("j", 12, 14)},
			metrics.FailRate, metrics.StatusOK, 1, 1, 0},
		{"two incidents of one deployment are one recovery", []metrics.Fact{deploy("1", 10, "v1"), incident("i", 11, 12), incident("j", 12, 14)},
			metrics.RecoveryTime, metrics.StatusTooFew, 4 * 3600, 1, 0},
		{"an incident of another service is not laid to this one", []metrics.Fact{deploy("1", 10, "v1"), elsewhere},
			metrics.FailRate, metrics.StatusOK, 0, 1, 0},
		{"an incident long after is not laid to the last deployment", []metrics.Fact{deploy("1", 10, "v1"), incident("i", 60, 61)},
			metrics.FailRate, metrics.StatusOK, 0, 1, 0},
		{"a cause that is not known is not replaced by a guess", []metrics.Fact{deploy("1", 10, "v1"), dangling},
			metrics.FailRate, metrics.StatusOK, 0, 1, 0},
		{"an open incident is censored, not dropped", []metrics.Fact{deploy("1", 10, "v1"), incident("i", 11, 0)},
			metrics.RecoveryTime, metrics.StatusUndefined, nan, 1, 1},
		{"a rolled back rollout is no success", []metrics.Fact{failed("1", 10, 10)},
			metrics.Frequency, metrics.StatusOK, 0, 0, 0},
		{"a rolled back rollout is a failure", []metrics.Fact{failed("1", 10, 10), deploy("2", 20, "v2")},
			metrics.FailRate, metrics.StatusOK, 0.5, 2, 0},
		{"a rollback is no deployment of its own", []metrics.Fact{deploy("1", 10, "v1"), deploy("2", 20, "v2"), deploy("3", 22, "v1")},
			metrics.Frequency, metrics.StatusOK, 2, 2, 0},
		{"a rollback fails the one it takes back", []metrics.Fact{deploy("1", 10, "v1"), deploy("2", 20, "v2"), deploy("3", 22, "v1")},
			metrics.FailRate, metrics.StatusOK, 0.5, 2, 0},
		{"a rollback ends the recovery", []metrics.Fact{deploy("1", 10, "v1"), deploy("2", 20, "v2"), deploy("3", 22, "v1")},
			metrics.RecoveryTime, metrics.StatusTooFew, 2 * 3600, 1, 0},
		{"a restore after a rollback is not a second rollback", []metrics.Fact{deploy("1", 10, "v1"), deploy("2", 20, "v2"), deploy("3", 22, "v1"), deploy("4", 30, "v2")},
			metrics.FailRate, metrics.StatusOK, 1.0 / 3, 3, 0},
		{"the same version in three regions is one deployment",
			[]metrics.Fact{region(deploy("1", 10, "v1"), "eu"), region(deploy("1", 11, "v1"), "us"), region(deploy("1", 12, "v1"), "ap")},
			metrics.Frequency, metrics.StatusOK, 1, 1, 0},
		{"a retry of a failed deployment is a deployment", []metrics.Fact{failed("1", 10, 11), func() metrics.Deployment { d := deploy("2", 12, "bad1"); return d }()},
			metrics.FailRate, metrics.StatusOK, 0.5, 2, 0},
		{"a retry is no rework", []metrics.Fact{failed("1", 10, 11), planned},
			metrics.ReworkRate, metrics.StatusOK, 0, 2, 0},
		{"a negative lead time is kept", []metrics.Fact{change("c", 12), withChange(deploy("1", 10, "v1"), "c")},
			metrics.LeadTime, metrics.StatusTooFew, -2 * 3600, 1, 0},
		{"a commit from before 1970 is a commit", []metrics.Fact{
			metrics.Change{Meta: metrics.Meta{Source: "git", ID: "c", At: time.Unix(-3600, 0), Seen: hours(1)}}, withChange(deploy("1", 10, "v1"), "c")},
			metrics.LeadTime, metrics.StatusTooFew, hours(10).Sub(time.Unix(-3600, 0)).Seconds(), 1, 0},
		{"the median of an even number is between the two", []metrics.Fact{change("c", 2), change("d", 6), withChange(deploy("1", 10, "v1"), "c", "d")},
			metrics.LeadTime, metrics.StatusTooFew, 6 * 3600, 2, 0},
		{"values are not sorted as text", []metrics.Fact{change("c", 0), change("d", 7), change("e", 8), withChange(deploy("1", 10, "v1"), "c", "d", "e")},
			metrics.LeadTime, metrics.StatusTooFew, 3 * 3600, 3, 0},
		{"a change in two deployments has one lead time", []metrics.Fact{change("c", 2), withChange(deploy("1", 10, "v1"), "c"), withChange(deploy("2", 20, "v2"), "c")},
			metrics.LeadTime, metrics.StatusTooFew, 8 * 3600, 1, 0},
		{"the contents of the first known deployment are not known", []metrics.Fact{change("c", 2),
			func() metrics.Deployment { d := withChange(deploy("1", 10, "v1"), "c"); d.Follows = ""; return d }()},
			metrics.LeadTime, metrics.StatusNoData, nan, 0, 0},
		{"an issue of the same number in another tracker is another one", []metrics.Fact{
			metrics.Change{Meta: metrics.Meta{Source: "other", ID: "c", At: hours(1), Seen: hours(1)}}, withChange(deploy("1", 10, "v1"), "c")},
			metrics.LeadTime, metrics.StatusNoData, nan, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log metrics.Log
			_, err := log.Add(test.facts...)
			require.NoError(t, err)
			q := metrics.Query{From: epoch, To: hours(24 * 21), Window: metrics.WindowWeek, ObservedFrom: epoch, ObservedTo: hours(24 * 21)}
			r, err := metrics.Compute(log.Snapshot(hours(24*21)), metrics.DORA(), q)
			require.NoError(t, err)
			for res := range r.All() {
				e, err := r.Explain(res)
				require.NoError(t, err)
				require.NoError(t, check(e))
				if res.Metric != test.metric || !res.Window.From.Equal(epoch) {
					continue
				}
				require.Equal(t, test.status, res.Status, res.String())
				require.Equal(t, test.n, res.N)
				require.Equal(t, test.censored, res.Censored)
				require.False(t, res.Partial)
				if math.IsNaN(test.value) {
					require.True(t, math.IsNaN(res.Value), res.String())
				} else {
					require.Equal(t, test.value, res.Value)
				}
			}
		})
	}
}

func TestWindowsThatWereNotObserved(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	_, err := log.Add(deploy("1", 24*7+12, "v1"), deploy("2", 24*14+12, "v2"))
	require.NoError(t, err)
	r, err := metrics.Compute(log.Snapshot(hours(24*40)), metrics.DORA(), metrics.Query{From: epoch, To: hours(24 * 28), Window: metrics.WindowWeek})
	require.NoError(t, err)
	var got []string
	for res := range r.All() {
		if res.Metric == metrics.Frequency {
			got = append(got, fmt.Sprint(res.Status, " ", res.N, " ", res.Partial))
		}
	}
	require.Equal(t, []string{"no-data 0 true", "too-few 0 true", "too-few 0 true", "no-data 0 true"}, got,
		"before the first deployment and after the source fell silent nothing is known, and the two that begin and end the time between are no rate")
}

// TestFrequencyCoverage: a host that vouches for nothing gets an interval that
// holds the truth all the same. The first known deployment is when the observed
// time begins, so it says nothing of how many come in that time.
func TestFrequencyCoverage(t *testing.T) {
	t.Parallel()
	for _, perWeek := range []float64{0.5, 3} {
		const runs = 400
		r := rand.New(rand.NewPCG(1, 1))
		known, hits, sum := 0, 0, 0.0
		for range runs {
			var log metrics.Log
			at, to := epoch, hours(24*28)
			for i := 0; ; i++ {
				at = at.Add(time.Duration(r.ExpFloat64() / perWeek * float64(7*24*time.Hour)))
				if at.After(to) {
					break
				}
				d := deploy(fmt.Sprint(i), 0, fmt.Sprint("v", i))
				d.At, d.Seen = at, at.Add(2*time.Second)
				_, err := log.Add(d)
				require.NoError(t, err)
			}
			rep, err := metrics.Compute(log.Snapshot(to), metrics.DORA(), metrics.Query{From: epoch, To: to, Window: metrics.WindowWhole})
			require.NoError(t, err)
			for res := range rep.All() {
				if res.Metric == metrics.Frequency && res.Status == metrics.StatusOK {
					known++
					sum += res.Value
					if res.Lo <= perWeek && perWeek <= res.Hi {
						hits++
					}
				}
			}
		}
		t.Logf("%v a week: %d of %d known, mean %.2f, %d hold the truth", perWeek, known, runs, sum/float64(known), hits)
		require.GreaterOrEqual(t, float64(hits), 0.95*float64(known)-3*math.Sqrt(0.05*0.95*float64(known)))
	}
}

func TestIndividualsAreRefused(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	d := deploy("1", 10, "v1")
	d.Dims = metrics.Dims{"team": "payments", "x": "ada@example.com", "git": "Ada Lovelace <ada@example.com>", "image": "registry/app@sha256:00", "repo": "git@example.com:team/app", "author": "ada"}
	_, err := log.Add(d)
	require.NoError(t, err)
	compute := func(unsafe bool, by ...string) error {
		_, err := metrics.Compute(log.Snapshot(hours(20)), metrics.DORA(), metrics.Query{From: epoch, To: hours(20),
			Window: metrics.WindowWhole, By: by, AllowIndividualsUnsafe: unsafe})
		return err
	}
	for _, name := range []string{"author", "Author", "authors", "commit_author", "commit.author.email", "CommitAuthor", "USER", "user-id",
		"assignee", "person", "x", "git", "deployed_by", "approvedBy", "userid", "creator", "PUSHER", "requested-by-whom", "incident.responder", "on-call-operator", "PersonName", "githubLogin"} {
		require.ErrorIs(t, compute(false, name), metrics.ErrIndividual, name)
		require.NoError(t, compute(true, name), name)
	}
	for _, name := range []string{"team", "region", "service", "product", "userservicezone", "image", "repo", "standby", "byte"} {
		require.NoError(t, compute(false, name), name)
	}
}

func TestBadQueriesAndDefinitions(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	good := metrics.Query{From: epoch, To: hours(24), Window: metrics.WindowWeek}
	for want, change := range map[string]func(q *metrics.Query, d *metrics.Definition){
		"is empty":  func(q *metrics.Query, _ *metrics.Definition) { q.To = q.From },
		"no window": func(q *metrics.Query, _ *metrics.Definition) { q.Window = 0 },
		"level":     func(q *metrics.Query, _ *metrics.Definition) { q.Level = 1 },
		"more than 10000 windows": func(q *metrics.Query, _ *metrics.Definition) {
			q.From = q.From.AddDate(-120, 0, 0)
			q.To = q.To.AddDate(120, 0, 0)
		},
		"stands twice":          func(q *metrics.Query, _ *metrics.Definition) { q.By = []string{"team", "team"} },
		"does not say leadFrom": func(_ *metrics.Query, d *metrics.Definition) { d.LeadFrom = 0 },
		"no sign by which": func(_ *metrics.Query, d *metrics.Definition) {
			d.OutcomeFails, d.RollbackFails, d.IncidentFails = false, false, false
		},
		"not within":                    func(_ *metrics.Query, d *metrics.Definition) { d.LinkWithin = 0 },
		"twice":                         func(_ *metrics.Query, d *metrics.Definition) { d.Links = append(d.Links, metrics.LinkExplicit) },
		"does not say a known link rul": func(_ *metrics.Query, d *metrics.Definition) { d.Links = []metrics.LinkRule{77} },
	} {
		q, d := good, metrics.DORA()
		change(&q, &d)
		r, err := metrics.Compute(log.Snapshot(hours(24)), d, q)
		require.ErrorContains(t, err, want)
		require.Nil(t, r)
	}
	_, err := metrics.Compute(nil, metrics.DORA(), good)
	require.Error(t, err)
	_, err = metrics.Compute(log.Snapshot(hours(24)), metrics.Definition{}, good)
	require.Error(t, err, "no field of a definition has a default")
	r, err := metrics.Compute(log.Snapshot(hours(24)), metrics.DORA(), good)
	require.NoError(t, err)
	require.Zero(t, r.Len(), "nothing is known of any service")
	_, err = r.Explain(metrics.Result{})
	require.Error(t, err)
}

func TestDefinitionDigest(t *testing.T) {
	t.Parallel()
	seen := map[release.Digest]bool{}
	for _, change := range []func(d *metrics.Definition){
		func(d *metrics.Definition) {}, func(d *metrics.Definition) { d.LinkWithin++ }, func(d *metrics.Definition) { d.Environments = nil },
		func(d *metrics.Definition) { d.LeadFrom = metrics.LeadFromMerge }, func(d *metrics.Definition) { d.RollbackIsRework = false },
	} {
		d := metrics.DORA()
		change(&d)
		digest, err := d.Digest()
		require.NoError(t, err)
		require.False(t, seen[digest])
		seen[digest] = true
	}
	d := metrics.DORA()
	digest, err := d.Digest()
	require.NoError(t, err)
	b, err := json.Marshal(d)
	require.NoError(t, err)
	var back metrics.Definition
	require.NoError(t, json.Unmarshal(b, &back))
	again, err := back.Digest()
	require.NoError(t, err)
	require.Equal(t, digest, again)
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"2.5 d":    metrics.LeadTime.Format(2.5 * 86400),
		"-2 h":     metrics.RecoveryTime.Format(-7200),
		"45 s":     metrics.LeadTime.Format(45),
		"12 %":     metrics.FailRate.Format(0.12),
		"3.1/week": metrics.Frequency.Format(3.1),
		"-":        metrics.LeadTime.Format(math.NaN()),
		"∞":        metrics.RecoveryTime.Format(math.Inf(1)),
		"0/week":   metrics.Frequency.Format(0),
		"0.001 %":  metrics.FailRate.Format(0.00001),
	} {
		require.Equal(t, want, got)
	}
	b, err := json.Marshal(metrics.Result{Metric: metrics.LeadTime, Value: math.NaN(), Hi: math.Inf(1), Lo: 1})
	require.NoError(t, err)
	require.Contains(t, string(b), `"value":null,"lo":1,"hi":null`)
}
