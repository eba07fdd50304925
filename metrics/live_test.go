package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/metrics"
)

// livePlain is a result with every digit.
func livePlain(r metrics.Result) string {
	type plain metrics.Result
	return fmt.Sprintf("%+v", plain(r))
}

// requireLive requires that every group and window reads as Compute says, and that
// groups which it does not report have nothing.
func requireLive(t require.TestingT, live *metrics.Live, log *metrics.Log, asOf time.Time, d metrics.Definition, q metrics.Query) {
	report, err := metrics.Compute(log.Snapshot(asOf), d, q)
	require.NoError(t, err)
	want := map[string][]string{}
	keys := map[string][]string{"\x00none": make([]string, len(report.By()))}
	for r := range report.All() {
		key := fmt.Sprint(r.Key)
		keys[key] = r.Key
		at := key + r.Window.From.String()
		want[at] = append(want[at], livePlain(r))
	}
	for name, key := range keys {
		for _, w := range live.Windows() {
			got, err := live.Read(asOf, w.From, key...)
			require.NoError(t, err)
			var have []string
			for _, r := range got {
				have = append(have, livePlain(r))
			}
			require.Equal(t, want[name+w.From.String()], have, "group %q, window from %s", key, w.From)
		}
	}
}

// liveHistory is several random histories that do not know each other, with
// facts that contradict others and facts that are told as if seen earlier or later.
func liveHistory(r *rand.Rand) []metrics.Fact {
	var out []metrics.Fact
	for n := range 1 + r.IntN(3) {
		rename := func(m *metrics.Meta) {
			if n > 0 {
				m.Source = fmt.Sprint(m.Source, n)
				if m.Service != "" {
					m.Service = fmt.Sprint(m.Service, n)
				}
			}
			if r.IntN(20) == 0 {
				m.Service = "a" // of the first one
			}
		}
		ref := func(x *metrics.Ref) {
			if n > 0 && !x.IsZero() && r.IntN(10) > 0 {
				x.Source = fmt.Sprint(x.Source, n)
			}
		}
		for _, f := range randomHistory(r) {
			switch v := f.(type) {
			case metrics.Deployment:
				rename(&v.Meta)
				for i := range v.Changes {
					ref(&v.Changes[i])
				}
				if ref(&v.RollbackOf); v.RollbackOf == v.Ref() || r.IntN(3) > 0 {
					v.RollbackOf = metrics.Ref{}
				}
				f = v
			case metrics.Change:
				rename(&v.Meta)
				ref(&v.RevertOf)
				if v.RevertOf == v.Ref() {
					v.RevertOf = metrics.Ref{}
				}
				f = v
			case metrics.Incident:
				rename(&v.Meta)
				if ref(&v.CausedBy); r.IntN(3) > 0 {
					v.CausedBy = metrics.Ref{}
				}
				if r.IntN(15) == 0 {
					v.Artifact = "image"
				}
				if r.IntN(15) == 0 {
					v.Service = ""
				}
				f = v
			}
			out = append(out, f)
			if r.IntN(6) == 0 {
				out = append(out, logSeen(f, logMeta(f).Seen.Add(time.Duration(r.IntN(9)-6)*time.Hour)))
			}
			if d, ok := f.(metrics.Deployment); ok && r.IntN(9) == 0 { // a contradiction, of another service maybe
				d.Version, d.Service = "v9", pick(r, d.Service, "a", "b")
				d.Seen = d.Seen.Add(time.Duration(r.IntN(9)-4) * time.Hour)
				out = append(out, d)
			}
		}
	}
	return shuffled(r, out)
}

func TestLive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
		d := randomDefinition(r)
		if r.IntN(8) == 0 {
			d.Links = append(d.Links, metrics.LinkLast)
		}
		q := metrics.Query{From: epoch, To: hours(24 * 21), Window: pick(r, metrics.WindowWeek, metrics.WindowMonth, metrics.WindowWhole),
			By:               pick(r, nil, nil, nil, []string{"service"}, []string{"environment", "service"}, []string{"environment"}, []string{"service", "region"}),
			FailuresObserved: r.IntN(2) == 0}
		if r.IntN(4) == 0 {
			q.Window, q.Length, q.Step = metrics.WindowRolling, 10, 3
		}
		if r.IntN(2) == 0 {
			q.ObservedFrom, q.ObservedTo = hours(20), hours(24*19)
		}
		if r.IntN(3) == 0 {
			q.Quantiles = []float64{0.9}
		}
		live, err := metrics.NewLive(d, q)
		require.NoError(t, err)
		var log metrics.Log
		asOf := hours(24*30 + 100)
		history := liveHistory(r)
		for i, f := range history {
			want, wantErr := log.Add(f)
			got, gotErr := live.Add(f)
			require.Equal(t, want, got)
			require.Equal(t, wantErr == nil, gotErr == nil)
			if i == len(history)-1 || r.IntN(6) == 0 {
				if r.IntN(3) == 0 {
					asOf = asOf.Add(time.Duration(r.IntN(50)) * time.Hour)
				}
				requireLive(t, live, &log, asOf, d, q)
				if r.IntN(8) == 0 {
					requireLive(t, live, &log, hours(r.IntN(500)), d, q)
				}
			}
		}
		require.Equal(t, log.Len(), live.Len())
	})
}

// A source that tells one deployment again and again makes the log pack itself anew.
func TestLiveAfterPacking(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	d, q := metrics.DORA(), metrics.Query{From: epoch, To: hours(24 * 21), Window: metrics.WindowWeek}
	live, err := metrics.NewLive(d, q)
	require.NoError(t, err)
	var log metrics.Log
	add := func(f metrics.Fact) {
		if n, ok := f.(metrics.Incident); ok {
			n.Artifact = "" // which would make all services one
			f = n
		}
		_, _ = log.Add(f)
		_, _ = live.Add(f)
	}
	for range 4 {
		for _, f := range liveHistory(r) {
			add(f)
		}
	}
	requireLive(t, live, &log, hours(1000), d, q)
	for i := range 3000 {
		add(metrics.Deployment{Meta: metrics.Meta{Source: "ci", ID: "often", At: hours(9), Seen: hours(900).Add(-time.Duration(i) * time.Second),
			Service: "a", Environment: "production"}, Outcome: metrics.DeploymentSucceeded, Version: "v7"})
		if i%500 == 0 {
			for _, f := range liveHistory(r) { // behind what will be left out
				add(f)
			}
			requireLive(t, live, &log, hours(1000), d, q)
		}
	}
	for _, f := range liveHistory(r) {
		add(f)
		requireLive(t, live, &log, hours(1000), d, q)
	}
}

func TestLiveRefuses(t *testing.T) {
	t.Parallel()
	q := metrics.Query{From: epoch, To: hours(24 * 14), Window: metrics.WindowWeek}
	_, err := metrics.NewLive(metrics.Definition{}, q)
	require.Error(t, err)
	_, err = metrics.NewLive(metrics.DORA(), metrics.Query{})
	require.Error(t, err)
	people := q
	people.By = []string{"author"}
	_, err = metrics.NewLive(metrics.DORA(), people)
	require.ErrorIs(t, err, metrics.ErrIndividual)

	live, err := metrics.NewLive(metrics.DORA(), q)
	require.NoError(t, err)
	tally, err := live.Add(nil, (*metrics.Change)(nil), metrics.Change{})
	require.ErrorContains(t, err, "fact 2 of 3")
	require.Equal(t, metrics.Tally{Refused: 3}, tally)
	_, err = live.Read(hours(500), epoch, "a")
	require.ErrorContains(t, err, "a key of 1 values")
	_, err = live.Read(hours(500), epoch.Add(time.Second), "a", "production")
	require.ErrorContains(t, err, "no window begins")
	_, err = live.Read(hours(500), hours(24*14), "a", "production")
	require.ErrorContains(t, err, "no window begins")
	got, err := live.Read(hours(500), epoch, "a", "production")
	require.NoError(t, err)
	require.Empty(t, got)
}

// Readers may read while facts come; what they are given is theirs.
func TestLiveReaders(t *testing.T) {
	t.Parallel()
	d, q := metrics.DORA(), metrics.Query{From: epoch, To: hours(24 * 21), Window: metrics.WindowWeek, FailuresObserved: true}
	live, err := metrics.NewLive(d, q)
	require.NoError(t, err)
	history := liveHistory(rand.New(rand.NewPCG(21, 22)))
	require.NotEmpty(t, history)
	var all sync.WaitGroup
	errs := make([]error, 3)
	for k := range errs {
		all.Go(func() {
			for i := range 300 {
				w := live.Windows()[i%3]
				got, err := live.Read(hours(1000+i%2), w.From, pick(rand.New(rand.NewPCG(uint64(i), 0)), "a", "b", "a1"), "production")
				if err != nil {
					errs[k] = err
				}
				for j := range got {
					got[j].Value = -1
				}
				if i%50 == 0 {
					_ = live.Snapshot(hours(1000))
				}
			}
		})
	}
	var log metrics.Log
	for _, f := range history {
		_, _ = log.Add(f)
		_, _ = live.Add(f)
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	requireLive(t, live, &log, hours(1000), d, q)
}

// What reaches further than its own service, each by itself.
func TestLiveReach(t *testing.T) {
	t.Parallel()
	meta := func(source, id string, rev uint64, at, seen int, service string) metrics.Meta {
		return metrics.Meta{Source: source, ID: id, Rev: rev, At: hours(at), Seen: hours(seen), Service: service, Environment: "production"}
	}
	deployment := func(id string, at, seen int, service string) metrics.Deployment {
		return metrics.Deployment{Meta: meta("ci", id, 0, at, seen, service), Outcome: metrics.DeploymentSucceeded, Version: "v" + id, Artifact: "image-" + id}
	}
	incident := func(id string, rev uint64, at int, service string) metrics.Incident {
		return metrics.Incident{Meta: meta("pager", id, rev, at, at, service), Resolved: hours(at + 2)}
	}
	artifact := incident("1", 0, 50, "")
	artifact.Artifact = "image-2"
	gone := incident("1", 1, 50, "a")
	gone.Deleted = true
	later, sooner := deployment("9", 30, 300, "b"), deployment("9", 30, 30, "b")
	back, caused := deployment("8", 60, 60, "b"), incident("4", 0, 70, "b")
	back.RollbackOf = metrics.Ref{Source: "ci", ID: "2"}
	caused.CausedBy = metrics.Ref{Source: "ci", ID: "2"}
	moved := deployment("2", 40, 90, "b")
	moved.Rev = 1
	brings := deployment("7", 60, 60, "a")
	brings.Changes = []metrics.Ref{{Source: "git", ID: "1"}}
	change := metrics.Change{Meta: meta("git", "1", 0, 20, 99, "elsewhere")}
	known := incident("0", 0, 10, "c")
	for name, more := range map[string][]metrics.Fact{
		"an incident names an artifact and no service": {known, artifact},
		"the only incident is taken away":              {incident("1", 0, 50, "a"), gone},
		"a source was heard of sooner than it seemed":  {known, later, sooner},
		"a rollback of another service's deployment":   {known, back},
		"an incident of another service":               {known, caused},
		"a deployment moves to another service":        {known, moved},
		"a change comes after its deployment":          {known, brings, change},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, q := metrics.DORA(), metrics.Query{From: epoch, To: hours(24 * 21), Window: metrics.WindowWeek}
			facts := append([]metrics.Fact{deployment("1", 1, 1, "a"), deployment("2", 40, 40, "a"), deployment("3", 20, 20, "b"), deployment("4", 45, 45, "b")}, more...)
			for _, backwards := range []bool{false, true} {
				live, err := metrics.NewLive(d, q)
				require.NoError(t, err)
				var log metrics.Log
				for i := range facts {
					f := facts[i]
					if backwards {
						f = facts[len(facts)-1-i]
					}
					_, err := log.Add(f)
					require.NoError(t, err)
					_, err = live.Add(f)
					require.NoError(t, err)
					requireLive(t, live, &log, hours(400), d, q)
				}
			}
		})
	}
}
