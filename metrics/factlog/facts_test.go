package factlog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/factlog"
	"github.com/sallyport-dev/sallyport/release/journal"
)

const stream = "metrics/facts"

var epoch = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

func hours(h int) time.Time { return epoch.Add(time.Duration(h) * time.Hour) }

// history is n facts: few names, so that there are corrections, tombstones, deliveries
// that were seen at another time, and contradictions.
func history(r *rand.Rand, n int) []metrics.Fact {
	var out []metrics.Fact
	for range n {
		at := r.IntN(200)
		m := metrics.Meta{Source: []string{"ci", "ü\"\\"}[r.IntN(2)], ID: fmt.Sprint(r.IntN(5)), Rev: uint64(r.IntN(3)),
			At: hours(at).Add(time.Duration(r.IntN(2))), Seen: hours(at + r.IntN(50)), Deleted: r.IntN(9) == 0, Service: "shop", Environment: "production"}
		if r.IntN(3) == 0 {
			m.Dims = metrics.Dims{"team": "pay"}
		}
		switch r.IntN(3) {
		case 0:
			d := metrics.Deployment{Meta: m, Outcome: metrics.DeploymentSucceeded, Version: fmt.Sprint("v", r.IntN(2))}
			if r.IntN(2) == 0 {
				d.Changes = []metrics.Ref{{Source: "git", ID: "b"}, {Source: "git", ID: "a"}}
			}
			out = append(out, d)
		case 1:
			out = append(out, metrics.Change{Meta: m, Commit: "c0ffee"})
		default:
			out = append(out, metrics.Incident{Meta: m, Resolved: m.At.Add(time.Hour)})
		}
		if r.IntN(4) == 0 {
			out = append(out, out[r.IntN(len(out))])
		}
	}
	return out
}

// batch is the log of the same facts in memory.
func batch(t require.TestingT, facts []metrics.Fact) *metrics.Log {
	var log metrics.Log
	for _, f := range facts {
		if _, err := log.Add(f); err != nil {
			require.ErrorIs(t, err, metrics.ErrContradiction)
		}
	}
	return &log
}

// lines are the facts of a snapshot.
func lines(t require.TestingT, s *metrics.Snapshot) []string {
	out := []string{}
	put := func(f metrics.Fact) {
		b, err := metrics.AppendFact(nil, f)
		require.NoError(t, err)
		out = append(out, string(b))
	}
	for f := range s.Deployments() {
		put(f)
	}
	for f := range s.Changes() {
		put(f)
	}
	for f := range s.Incidents() {
		put(f)
	}
	return out
}

type snapshots interface {
	Snapshot(asOf time.Time) *metrics.Snapshot
	Len() int
}

// requireSame requires that two logs say the same at every moment, and report the same.
func requireSame(t require.TestingT, want, got snapshots) {
	require.Equal(t, want.Len(), got.Len())
	for h := -1; h <= 260; h += 9 {
		require.Equal(t, lines(t, want.Snapshot(hours(h))), lines(t, got.Snapshot(hours(h))), "as of hour %d", h)
	}
	require.Equal(t, results(t, want), results(t, got))
}

func results(t require.TestingT, s snapshots) []string {
	report, err := metrics.Compute(s.Snapshot(hours(260)), metrics.DORA(), metrics.Query{From: epoch, To: hours(24 * 14), Window: metrics.WindowWeek})
	require.NoError(t, err)
	var out []string
	for r := range report.All() {
		type plain metrics.Result // without its String
		out = append(out, fmt.Sprintf("%+v", plain(r)))
	}
	return out
}

func open(t require.TestingT, j journal.Journal) *factlog.Log {
	log, err := factlog.Open(context.Background(), j, stream, &factlog.Options{Actor: "test"})
	require.NoError(t, err)
	return log
}

// add adds facts, of which some may contradict others.
func add(t require.TestingT, log *factlog.Log, facts []metrics.Fact) metrics.Tally {
	tally, err := log.Add(context.Background(), facts...)
	if err != nil {
		require.ErrorIs(t, err, metrics.ErrContradiction)
	}
	require.Equal(t, len(facts), dealt(tally), "%v", err)
	return tally
}

// dealt is how many facts a tally counts.
func dealt(t metrics.Tally) int {
	return t.Added + t.Corrected + t.Superseded + t.Duplicate + t.Refused
}

// written are the lines of all records.
func written(t require.TestingT, j journal.Journal) []string {
	var out []string
	for r, err := range j.Load(context.Background(), stream, 0) {
		require.NoError(t, err)
		require.Equal(t, factlog.Kind, r.Kind)
		out = append(out, splitLines(r.Data)...)
	}
	return out
}

func splitLines(b []byte) (out []string) {
	from := 0
	for i, c := range b {
		if c == '\n' {
			out = append(out, string(b[from:i]))
			from = i + 1
		}
	}
	return out
}

func change(id string, rev uint64, seen time.Time) metrics.Change {
	return metrics.Change{Meta: metrics.Meta{Source: "git", ID: id, Rev: rev, At: epoch, Seen: seen}}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	j := new(journal.Memory)
	log := open(t, j)
	bad := change("", 1, epoch)
	var none *metrics.Incident
	tally, err := log.Add(context.Background(), change("a", 1, hours(5)), bad, none, nil, change("b", 1, hours(5)))
	require.ErrorContains(t, err, "factlog: fact 2 of 5")
	require.ErrorContains(t, err, "factlog: fact 3 of 5")
	require.ErrorContains(t, err, "factlog: fact 4 of 5")
	require.Equal(t, metrics.Tally{Added: 2, Refused: 3}, tally)

	// What contradicts and was seen later changes nothing; seen earlier, it is what counts.
	other := change("a", 1, hours(6))
	other.Commit = "c0ffee"
	tally, err = log.Add(context.Background(), other)
	require.ErrorIs(t, err, metrics.ErrContradiction)
	require.Equal(t, metrics.Tally{Refused: 1}, tally)
	require.EqualValues(t, 1, log.Head().Seq)
	other.Seen = hours(4)
	_, err = log.Add(context.Background(), other)
	require.ErrorIs(t, err, metrics.ErrContradiction)
	require.EqualValues(t, 2, log.Head().Seq)
	requireSame(t, batch(t, []metrics.Fact{change("a", 1, hours(5)), change("b", 1, hours(5)), other}), log)
	requireSame(t, log, open(t, j))

	for _, c := range []struct {
		j      journal.Journal
		stream string
		o      factlog.Options
	}{{nil, stream, factlog.Options{}}, {j, "", factlog.Options{}}, {j, string(make([]byte, journal.MaxStream+1)), factlog.Options{}},
		{j, stream, factlog.Options{Actor: string(make([]byte, journal.MaxText+1))}}} {
		_, err := factlog.Open(context.Background(), c.j, c.stream, &c.o)
		require.ErrorContains(t, err, "factlog: ")
	}
	require.NoError(t, j.Close())
	_, err = log.Add(context.Background(), change("new", 1, epoch))
	require.ErrorIs(t, err, journal.ErrClosed)
	_, err = log.Refresh(context.Background())
	require.ErrorIs(t, err, journal.ErrClosed)
	require.Equal(t, 2, log.Len())
}

// What a reader does not understand is an error with its place, and what came before is
// there.
func TestStrictRecords(t *testing.T) {
	t.Parallel()
	good := `{"kind":"change","source":"git","id":"7","at":"2026-03-02T00:00:00Z","seen":"2026-03-02T00:00:00Z"}`
	for _, c := range []struct {
		name, kind, data, want string
		line                   int
	}{
		{"another kind", "note", good + "\n", `kind "note"`, 0},
		{"a later version", "sallyport.metrics.facts.v2", good + "\n", "facts.v2", 0},
		{"empty", factlog.Kind, "", "whole line", 0},
		{"cut off", factlog.Kind, good, "whole line", 0},
		{"cut off inside", factlog.Kind, good[:40] + "\n", "is no fact", 1},
		{"empty line", factlog.Kind, good + "\n\n", "is no fact", 2},
		{"two in a line", factlog.Kind, good + good + "\n", "is no fact", 1},
		{"unknown member", factlog.Kind, good + "\n" + `{"new":1,` + good[1:] + "\n", "new", 2},
		{"unknown kind of fact", factlog.Kind, `{"kind":"approval"}` + "\n", "approval", 1},
		{"what the log refuses", factlog.Kind, good + "\n" + `{"kind":"change","source":"git"}` + "\n", "no id", 2},
		{"null", factlog.Kind, "null\n", "is no fact", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, j := context.Background(), new(journal.Memory)
			log := open(t, j)
			add(t, log, []metrics.Fact{change("first", 1, epoch)})
			reader := open(t, j)
			_, err := j.Append(ctx, journal.Append{Stream: stream, Expect: 1, Entries: []journal.Entry{{Kind: c.kind, Data: []byte(c.data)}}})
			require.NoError(t, err)
			check := func(err error) {
				require.ErrorContains(t, err, c.want)
				var at *factlog.RecordError
				require.True(t, errors.As(err, &at))
				require.Equal(t, stream, at.Stream)
				require.EqualValues(t, 2, at.Seq)
				require.Equal(t, c.line, at.Line)
			}
			_, err = reader.Refresh(ctx)
			check(err)
			require.Equal(t, 1, reader.Len())
			_, err = log.Add(ctx, change("second", 1, epoch)) // it must read that record first
			check(err)
			require.Equal(t, 1, log.Len())
			_, err = factlog.Open(ctx, j, stream, nil)
			check(err)
		})
	}
}
