package metrics_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// published is a report with each status and an incident that nobody answers for.
func published(t testing.TB, loc *time.Location) metrics.Publication {
	t.Helper()
	day := func(d, hour int) time.Time { return time.Date(2026, time.March, d, hour, 0, 0, 0, time.UTC) }
	meta := func(source, id, service string, at time.Time) metrics.Meta {
		return metrics.Meta{Source: source, ID: id, Rev: 1, At: at, Seen: at, Service: service, Environment: "production"}
	}
	var log metrics.Log
	facts := []metrics.Fact{
		metrics.Incident{Meta: meta("pager", `7"\é`, "nowhere", day(20, 3))},
		metrics.Deployment{Meta: meta("ci", "f", `sh"op\é`, day(10, 1)), Outcome: metrics.DeploymentFailed},
	}
	facts = append(facts, metrics.Change{Meta: meta("git", "solo", "", day(9, 1))}, metrics.Deployment{Meta: meta("ci", "solo", "solo", day(10, 3)),
		Outcome: metrics.DeploymentSucceeded, Follows: "0", Changes: []metrics.Ref{{Source: "git", ID: "solo"}}})
	for i := range 40 {
		at := day(2, 0).Add(time.Duration(i) * 17 * time.Hour)
		c := meta("git", fmt.Sprint(i), "", at.Add(-time.Duration(i*i+1)*time.Minute))
		facts = append(facts, metrics.Change{Meta: c}, metrics.Deployment{Meta: meta("ci", fmt.Sprint(i), `sh"op\é`, at),
			Outcome: metrics.DeploymentSucceeded, Changes: []metrics.Ref{c.Ref()}, Planned: metrics.Planned(i % 3)})
	}
	_, err := log.Add(facts...)
	require.NoError(t, err)
	q := metrics.Query{From: day(1, 0), To: day(30, 0), Window: metrics.WindowWeek, Location: loc, Quantiles: []float64{.1, .9}}
	r, err := metrics.Compute(log.Snapshot(day(31, 0)), metrics.DORA(), q)
	require.NoError(t, err)
	return r.Publish(q)
}

// TestPublicationRoundTrip reads back what was written, and writes the same bytes again.
// The clocks of Europe change in the span.
func TestPublicationRoundTrip(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	statuses := map[metrics.Status]bool{}
	for _, loc := range []*time.Location{nil, time.UTC, berlin} {
		p := published(t, loc)
		require.NotEmpty(t, p.Unlinked)
		b, err := metrics.AppendPublication([]byte("x"), p)
		require.NoError(t, err)
		got, err := metrics.ParsePublication(b[1:])
		require.NoError(t, err)
		again, err := metrics.AppendPublication(nil, got)
		require.NoError(t, err)
		require.Equal(t, string(b[1:]), string(again))
		require.Len(t, got.Results, len(p.Results))
		for i, r := range p.Results {
			requireSame(t, r, got.Results[i])
			require.Equal(t, r.Window.String(), got.Results[i].Window.String())
			one, err := metrics.AppendResult(nil, r)
			require.NoError(t, err)
			require.Contains(t, string(b), string(one))
			read, err := metrics.ParseResult(one)
			require.NoError(t, err)
			requireSame(t, r, read)
			statuses[r.Status] = true
		}
		require.Equal(t, p.Unlinked, got.Unlinked)
		require.Equal(t, p.Query.Quantiles, got.Query.Quantiles)
	}
	for _, s := range []metrics.Status{metrics.StatusOK, metrics.StatusNoData, metrics.StatusTooFew, metrics.StatusUndefined} {
		require.True(t, statuses[s], "no result is %s", s)
	}
}

// requireSame compares bit by bit, and times by their moment.
func requireSame(t testing.TB, a, b metrics.Result) {
	t.Helper()
	bits := func(r metrics.Result) string {
		var w strings.Builder
		for _, v := range []float64{r.Value, r.Lo, r.Hi, r.Level, r.RestrictedMean, r.Horizon} {
			fmt.Fprintf(&w, "%x ", math.Float64bits(v+0))
		}
		for _, q := range r.Quantiles {
			fmt.Fprintf(&w, "%x %x %x %x ", math.Float64bits(q.P), math.Float64bits(q.Value), math.Float64bits(q.Lo), math.Float64bits(q.Hi))
		}
		fmt.Fprint(&w, r.Metric, r.Window.Kind, r.Window.From.UnixNano(), r.Window.To.UnixNano(), r.Partial, r.Status, r.Reason,
			r.Method, r.N, r.Censored, r.Negative, r.Assumed, r.Definition)
		return fmt.Sprintf("%s %q", w.String(), r.Key)
	}
	require.Equal(t, bits(a), bits(b))
}

const resultText = `{"metric":"change-fail-rate","key":["a","b"],"window":{"kind":"week","from":"2026-03-02T00:00:00Z","to":"2026-03-09T00:00:00Z"},` +
	`"status":"ok","value":0.5,"lo":0.25,"hi":0.75,"level":0.95,"method":"m","n":4,"censored":1,` +
	`"definition":"sha256:0101010101010101010101010101010101010101010101010101010101010101"}`

// TestParseResultRefuses changes one thing of a result that is good.
func TestParseResultRefuses(t *testing.T) {
	t.Parallel()
	_, err := metrics.ParseResult([]byte(resultText))
	require.NoError(t, err)
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown member", `"n":4`, `"n":4,"extra":1`, "no result has a member"},
		{"twice", `"n":4`, `"n":4,"n":4`, `"n"`},
		{"null", `"value":0.5`, `"value":null`, "number"},
		{"NaN", `"value":0.5`, `"value":"NaN"`, "no number"},
		{"infinite value", `"value":0.5,"lo":0.25,"hi":0.75`, `"value":"+Inf","lo":0.25,"hi":"+Inf"`, "infinite"},
		{"too large", `"value":0.5`, `"value":1e999`, "64 bits"},
		{"value with no data", `"status":"ok"`, `"status":"no-data","reason":"r"`, "no-data with"},
		{"value undefined", `"status":"ok"`, `"status":"undefined","reason":"r"`, "undefined with a value"},
		{"no value with ok", `"value":0.5,`, ``, "ok without"},
		{"no interval with ok", `"lo":0.25,"hi":0.75,`, ``, "ok without"},
		{"one bound", `"lo":0.25,`, ``, "one bound"},
		{"reason with ok", `"status":"ok"`, `"status":"ok","reason":"r"`, "reason"},
		{"no reason", `"status":"ok"`, `"status":"too-few"`, "reason"},
		{"no status", `"status":"ok",`, ``, "status"},
		{"unknown status", `"status":"ok"`, `"status":"unknown","reason":"r"`, "status"},
		{"status by number", `"status":"ok"`, `"status":1`, ""},
		{"lo above value", `"lo":0.25`, `"lo":0.6`, "does not lie"},
		{"hi below value", `"hi":0.75`, `"hi":0.4`, "does not lie"},
		{"bounds crossed", `"lo":0.25,"hi":0.75`, `"lo":0.75,"hi":0.25`, "lies between"},
		{"rate below 0", `"value":0.5,"lo":0.25`, `"value":-0.5,"lo":-1`, "-0.5"},
		{"more censored", `"censored":1`, `"censored":5`, "5 of 4"},
		{"negative count", `"n":4`, `"n":-4`, "count"},
		{"no count", `"n":4,"censored":1,`, ``, "rests on"},
		{"level", `"level":0.95`, `"level":1`, "level"},
		{"no level", `"level":0.95,`, ``, "level"},
		{"no metric", `"metric":"change-fail-rate",`, ``, "metric"},
		{"no key", `"key":["a","b"],`, ``, "no key"},
		{"unprintable key", `["a","b"]`, `["a\u00a0","b"]`, "unprintable"},
		{"no window", `"kind":"week",`, ``, "window"},
		{"empty window", `2026-03-09`, `2026-03-02`, "empty"},
		{"finer than a nanosecond", `00Z","to`, `00.0000000001Z","to`, "nanosecond"},
		{"false partial", `"n":4`, `"n":4,"partial":false`, "left out"},
		{"quantiles of a rate", `"n":4`, `"n":4,"quantiles":[{"p":0.5}]`, "has quantiles"},
		{"restricted mean of a rate", `"n":4`, `"n":4,"restrictedMean":1,"horizon":2`, "restricted"},
		{"no definition", `,"definition":"sha256:0101010101010101010101010101010101010101010101010101010101010101"`, ``, "definition"},
		{"something after", `0101"}`, `0101"} {}`, "follows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, resultText, c.old)
			r, err := metrics.ParseResult([]byte(strings.Replace(resultText, c.old, c.new, 1)))
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "metrics: ")
			require.Zero(t, r)
		})
	}
}

// TestPublicationRefuses takes the same contradictions in both directions.
func TestPublicationRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*metrics.Publication){
		"twice":            func(p *metrics.Publication) { p.Results = append(p.Results, p.Results[0]) },
		"other definition": func(p *metrics.Publication) { p.Results[0].Definition[0] ^= 1 },
		"short key":        func(p *metrics.Publication) { p.Results[0].Key = []string{"a"} },
		"other level":      func(p *metrics.Publication) { p.Results[0].Level = .5 },
		"other window":     func(p *metrics.Publication) { p.Query.Window = metrics.WindowMonth },
		"people": func(p *metrics.Publication) {
			p.By, p.Query.By = []string{"service", "author"}, []string{"service", "author"}
		},
		"by":             func(p *metrics.Publication) { p.By = []string{"service", "team"} },
		"local":          func(p *metrics.Publication) { p.Query.Location = time.FixedZone("Here", 3600) },
		"no moment":      func(p *metrics.Publication) { p.AsOf = time.Time{} },
		"linked":         func(p *metrics.Publication) { p.Unlinked[0].Deployment = metrics.Ref{Source: "ci", ID: "1"} },
		"unlinked twice": func(p *metrics.Publication) { p.Unlinked = append(p.Unlinked, p.Unlinked[0]) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := published(t, nil)
			change(&p)
			dst := []byte("before")
			b, err := metrics.AppendPublication(dst, p)
			require.Error(t, err)
			require.Equal(t, "before", string(b))
		})
	}
	p := published(t, nil)
	b, err := metrics.AppendPublication(nil, p)
	require.NoError(t, err)
	text := string(b)
	one, err := metrics.AppendResult(nil, p.Results[0])
	require.NoError(t, err)
	for name, text := range map[string]string{
		"twice":   strings.Replace(text, string(one), string(one)+","+string(one), 1),
		"missing": strings.Replace(text, `"by":["service","environment"],`, "", 1),
		"offset":  strings.Replace(text, `"from":"2026-03-02T00:00:00Z"`, `"from":"2026-03-02T01:00:00+01:00"`, 1),
		"zone":    strings.Replace(text, `"query":{`, `"query":{"location":"Local",`, 1),
		"unknown": strings.Replace(text, `"query":{`, `"query":{"Level":0.9,`, 1),
	} {
		if _, err := metrics.ParsePublication([]byte(text)); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
}

// FuzzParsePublication: what can be read is written in one form, which reads back the same.
func FuzzParsePublication(f *testing.F) {
	b, err := metrics.AppendPublication(nil, published(f, nil))
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte(resultText))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := metrics.ParsePublication(b); err == nil {
			once, err := metrics.AppendPublication(nil, p)
			require.NoError(t, err)
			again, err := metrics.ParsePublication(once)
			require.NoError(t, err)
			twice, err := metrics.AppendPublication(nil, again)
			require.NoError(t, err)
			require.Equal(t, string(once), string(twice))
		}
		if r, err := metrics.ParseResult(b); err == nil {
			once, err := metrics.AppendResult(nil, r)
			require.NoError(t, err)
			again, err := metrics.ParseResult(once)
			require.NoError(t, err)
			requireSame(t, r, again)
		}
	})
}

func ExampleAppendResult() {
	r, err := metrics.ParseResult([]byte(resultText))
	if err != nil {
		fmt.Println(err)
		return
	}
	r.Status, r.Reason, r.Value, r.Lo, r.Hi = metrics.StatusNoData, "nothing was observed", math.NaN(), math.NaN(), math.NaN()
	r.N, r.Censored = 0, 0
	b, err := metrics.AppendResult(nil, r)
	fmt.Println(strings.ReplaceAll(string(b), `,"`, ",\n\""), err)
	// Output:
	// {"metric":"change-fail-rate",
	// "key":["a",
	// "b"],
	// "window":{"kind":"week",
	// "from":"2026-03-02T00:00:00Z",
	// "to":"2026-03-09T00:00:00Z"},
	// "status":"no-data",
	// "reason":"nothing was observed",
	// "level":0.95,
	// "method":"m",
	// "n":0,
	// "definition":"sha256:0101010101010101010101010101010101010101010101010101010101010101"} <nil>
}
