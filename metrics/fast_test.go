package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/metrics"
)

// fastSame computes a query in both ways and says how they differ.
func fastSame(s *metrics.Snapshot, d metrics.Definition, q metrics.Query) error {
	got, err := metrics.Compute(s, d, q)
	want, wantErr := metrics.ComputeReference(s, d, q)
	if err != nil || wantErr != nil {
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			return fmt.Errorf("error %v, not %v", err, wantErr)
		}
		return nil
	}
	if !got.Fast() || want.Fast() {
		return fmt.Errorf("computed fast: %v and %v", got.Fast(), want.Fast())
	}
	if got.Len() != want.Len() || fmt.Sprint(got.By()) != fmt.Sprint(want.By()) || got.Definition() != want.Definition() || !got.AsOf().Equal(want.AsOf()) {
		return fmt.Errorf("%d results by %q, not %d by %q", got.Len(), got.By(), want.Len(), want.By())
	}
	var results []string
	for r := range want.All() {
		results = append(results, fastText(r))
	}
	for r := range got.All() {
		if text := fastText(r); text != results[0] {
			return fmt.Errorf("fast:\n%s\nreference:\n%s", text, results[0])
		}
		results = results[1:]
	}
	return nil
}

// fastText has every bit of a result, fields that are added later among them.
func fastText(r metrics.Result) string { return fmt.Sprintf("%#v", r) }

// fastDefinition has any value in each of its fields, of those that the columns know.
func fastDefinition(r *rand.Rand) metrics.Definition {
	d := randomDefinition(r)
	dora := metrics.DORA() // what the columns do not know is as there
	d.FrequencyPer, d.LeadSpan, d.LeadRounding, d.LeadSummary = dora.FrequencyPer, dora.LeadSpan, dora.LeadRounding, dora.LeadSummary
	d.Quantile, d.Negative, d.FailBase, d.FailCounts = dora.Quantile, dora.Negative, dora.FailBase, dora.FailCounts
	d.RecoveryOf, d.Open, d.RecoveryRounding, d.RecoverySummary = dora.RecoveryOf, dora.Open, dora.RecoveryRounding, dora.RecoverySummary
	d.Rework = dora.Rework
	d.RecoverFrom = pick(r, metrics.RecoverFromDeployed, metrics.RecoverFromDetected)
	d.RecoveryWindow = pick(r, metrics.RecoveryByDeployment, metrics.RecoveryByStart)
	d.RetriesOnce, d.RegionBy, d.RegionsWithin, d.HotfixWithin, d.HotfixChanges, d.ClusterWithin = false, "", 0, 0, 0, 0
	d.RecoverTo = pick(r, metrics.RecoverToResolved, metrics.RecoverToRestored)
	d.AttemptsCount = r.IntN(2) == 0
	d.Rollbacks = pick(r, metrics.RollbackAside, metrics.RollbackCounts)
	d.LeadFrom = metrics.LeadStart(1 + r.IntN(4))
	d.LeadPer = pick(r, metrics.LeadPerChange, metrics.LeadPerDeployment)
	d.OutcomeFails, d.RollbackFails = r.IntN(4) > 0, r.IntN(4) > 0
	if !d.OutcomeFails && !d.RollbackFails {
		d.IncidentFails = true
	}
	r.Shuffle(len(d.Links), func(i, j int) { d.Links[i], d.Links[j] = d.Links[j], d.Links[i] })
	d.Links = d.Links[:r.IntN(len(d.Links)+1)]
	d.LinkWithin = time.Duration(1+r.IntN(100)) * time.Hour
	d.MinSample = r.IntN(4)
	d.Environments = pick(r, nil, []string{"production"}, []string{"staging"}, []string{"production", "staging"}, []string{"nowhere"})
	return d
}

// fastQuery has any value in each of its fields.
func fastQuery(r *rand.Rand) metrics.Query {
	from := r.IntN(24 * 14)
	q := metrics.Query{From: hours(from), To: hours(from + 1 + r.IntN(24*28)), Window: metrics.WindowKind(1 + r.IntN(6)),
		Level: pick(r, 0, 0.5, 0.8), FailuresObserved: r.IntN(2) == 0,
		Location:  pick(r, nil, time.UTC, time.FixedZone("", 3*3600+1)),
		By:        pick(r, nil, []string{}, []string{"service"}, []string{"environment"}, []string{"team"}, []string{"team", "service"}, []string{"environment", "service"}),
		Quantiles: pick(r, nil, []float64{0.5, 0.9}, []float64{0.1, 0.25, 0.5, 0.75, 0.9, 0.999}, []float64{1e-9})}
	if r.IntN(3) == 0 {
		q.ObservedFrom = hours(r.IntN(24 * 14))
	}
	if r.IntN(3) == 0 {
		q.ObservedTo = hours(24*14 + r.IntN(24*14))
	}
	return q
}

// fastHistory is a random history with more of what the columns hold: teams,
// artifacts, times below the second, several sources.
func fastHistory(r *rand.Rand) []metrics.Fact {
	out := randomHistory(r)
	for range r.IntN(3) {
		out = append(out, randomHistory(r)...)
	}
	for i, f := range out {
		switch v := f.(type) {
		case metrics.Deployment:
			v.ID, v.Rev = fmt.Sprint(v.ID, "-", i%3), uint64(i)
			v.Dims = pick(r, nil, metrics.Dims{"team": "x"}, metrics.Dims{"team": "y"})
			v.Artifact = pick(r, "", "a1", "a2")
			v.Source = pick(r, "ci", "ci", "cd")
			if v.Outcome == metrics.DeploymentFailed && r.IntN(2) == 0 {
				v.Detected = v.At.Add(time.Duration(r.IntN(9)-3) * time.Hour)
			}
			if r.IntN(8) == 0 {
				v.RollbackOf = metrics.Ref{Source: "ci", ID: fmt.Sprint(r.IntN(9), "-", r.IntN(3))}
			}
			if v.RollbackOf == v.Ref() {
				v.RollbackOf = metrics.Ref{}
			}
			out[i] = v
		case metrics.Incident:
			v.Rev = uint64(i)
			if r.IntN(4) == 0 {
				v.CausedBy = metrics.Ref{Source: "ci", ID: fmt.Sprint(r.IntN(9), "-", r.IntN(3))}
			}
			if r.IntN(6) == 0 {
				v.Artifact = pick(r, "a1", "a2", "a3")
			}
			v.Service = pick(r, v.Service, v.Service, v.Service, "", "c")
			out[i] = v
		case metrics.Change:
			v.Rev = uint64(i)
			v.At = v.At.Add(time.Duration(r.IntN(2e9)))
			if r.IntN(2) == 0 {
				v.RevertOf = metrics.Ref{}
			}
			if r.IntN(2) == 0 {
				v.FirstCommit, v.Opened = v.At.Add(-time.Hour), v.At.Add(time.Minute)
			}
			out[i] = v
		}
	}
	return out
}

// TestFastIsTheReference compares the columns with the analysis on random
// histories, definitions and queries, bit by bit.
func TestFastIsTheReference(t *testing.T) {
	t.Parallel()
	histories := uint64(8)
	if *long {
		histories = 10_000
	}
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		for k := range histories {
			r := rand.New(rand.NewPCG(seed, k))
			var log metrics.Log
			if _, err := log.Add(fastHistory(r)...); err != nil {
				t.Fatalf("history %d of seed %d: %v", k, seed, err)
			}
			s := log.Snapshot(hours(24*7 + r.IntN(24*28)))
			for n := range 4 {
				d, q := fastDefinition(r), fastQuery(r)
				if n == 3 { // where any other definition is covered, it is right
					if d = anyDefinition(r); !metrics.FastCovers(s, d, q) {
						continue
					}
				}
				if err := fastSame(s, d, q); err != nil {
					t.Fatalf("history %d of seed %d: %v\n%+v\n%+v", k, seed, err, d, q)
				}
			}
		}
	})
}

// TestFastOfMany compares both ways on thousands of rows, so that each service has
// more than a word of bits and cells have more values than are sorted at once.
func TestFastOfMany(t *testing.T) {
	t.Parallel()
	for _, services := range []int{1, 4} {
		s, _ := benchSnapshot(services, 6000)
		q := metrics.Query{From: epoch, To: benchEnd, Window: metrics.WindowQuarter, Quantiles: []float64{0.05, 0.5, 0.9, 0.99}}
		require.NoError(t, fastSame(s, metrics.DORA(), q))
		q.Window, q.Level = metrics.WindowWhole, 0.5
		for seed := range uint64(6) {
			d := fastDefinition(rand.New(rand.NewPCG(5, seed)))
			d.Environments = nil
			require.NoError(t, fastSame(s, d, q), "%+v", d)
		}
	}
}

func TestFastSmoke(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	_, err := log.Add(deploy("1", 10, "v1"))
	require.NoError(t, err)
	require.NoError(t, fastSame(log.Snapshot(hours(500)), metrics.DORA(), metrics.Query{From: epoch, To: hours(400), Window: metrics.WindowWeek}))
}
