package prometheus_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/promtest"
	"github.com/sallyport-dev/sallyport/rollout/health"
	"github.com/sallyport-dev/sallyport/rollout/health/prometheus"
)

// process is one instance that a real Prometheus scrapes.
type process struct {
	mu       sync.Mutex
	started  float64 // seconds since 1970; 0 while it does not run
	counters map[string]float64
	native   []uint64 // a native histogram: events up to 1/4, 1/2, 1 and 2 seconds
}

// start starts the process with what it has counted before anybody scrapes it.
func (p *process) start(counters map[string]float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.started, p.counters = float64(time.Now().UnixMilli())/1000, counters
}

func (p *process) add(series string, n float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counters[series] += n
}

func (p *process) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started == 0 {
		http.Error(w, "not yet", http.StatusServiceUnavailable)
		return
	}
	if p.native != nil {
		w.Header().Set("Content-Type", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited")
		family := nativeFamily("latency_seconds", p.native)
		w.Write(append(binary.AppendUvarint(nil, uint64(len(family))), family...))
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprintf(w, "process_start_time_seconds %f\n", p.started)
	for _, series := range slices.Sorted(maps.Keys(p.counters)) {
		fmt.Fprintf(w, "%s %v\n", series, p.counters[series])
	}
}

// field appends a field of a protocol buffer: a length and bytes, or a number.
func field(b []byte, number int, value any) []byte {
	switch v := value.(type) {
	case []byte:
		b = binary.AppendUvarint(b, uint64(number)<<3|2)
		return append(binary.AppendUvarint(b, uint64(len(v))), v...)
	case uint64:
		return binary.AppendUvarint(binary.AppendUvarint(b, uint64(number)<<3), v)
	case int64: // zigzag
		return field(b, number, uint64(v<<1)^uint64(v>>63))
	case float64:
		return binary.LittleEndian.AppendUint64(binary.AppendUvarint(b, uint64(number)<<3|1), math.Float64bits(v))
	}
	panic("no such field")
}

// nativeFamily is a native histogram of schema 0 as io.prometheus.client has it: its
// positive buckets end at 1/4, 1/2, 1 and 2.
func nativeFamily(name string, counts []uint64) []byte {
	var h, span []byte
	total, before := uint64(0), int64(0)
	for _, n := range counts {
		total += n
	}
	h = field(h, 1, total)
	h = field(h, 2, 1.5)
	h = field(h, 5, int64(0))
	h = field(h, 6, 1e-9)
	h = field(h, 7, uint64(0))
	span = field(span, 1, int64(-2))
	span = field(span, 2, uint64(len(counts)))
	h = field(h, 12, span)
	for _, n := range counts {
		h = field(h, 13, int64(n)-before)
		before = int64(n)
	}
	family := field(nil, 1, []byte(name))
	family = field(family, 3, uint64(4))
	return field(family, 4, field(nil, 7, h))
}

// instant waits for the next step of expressions and returns it.
func instant() time.Time {
	next := time.Now().Truncate(250 * time.Millisecond).Add(250 * time.Millisecond).UTC()
	time.Sleep(time.Until(next))
	return next
}

// scraped waits until the store has a scrape of each process after a time, and those
// that run have answered it.
func scraped(t *testing.T, server string, after time.Time, processes, running int) {
	t.Helper()
	query := fmt.Sprintf("(count(timestamp(up) > %f) == %d) and (sum(up) == %d)", float64(after.UnixMilli())/1000, processes, running)
	require.Eventually(t, func() bool {
		resp, err := http.PostForm(server+"/api/v1/query", url.Values{"query": {query}})
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return err == nil && strings.Contains(string(body), `"value"`)
	}, 60*time.Second, 20*time.Millisecond, "%s", query)
}

// TestRealPrometheus reads what a real server scraped: each event once, over series
// that appear, a process that restarts and one that joins.
func TestRealPrometheus(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a server takes five seconds until it scrapes for the first time")
	}
	processes := map[string]*process{}
	var config strings.Builder
	config.WriteString("global: {scrape_interval: 250ms, scrape_timeout: 250ms}\nscrape_configs:\n")
	mux := http.NewServeMux()
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	for _, p := range []struct{ name, version string }{{"c0", "v2"}, {"c1", "v2"}, {"k0", "v1"}, {"n0", "v2"}, {"n1", "v1"}} {
		processes[p.name] = &process{}
		mux.Handle("/"+p.name, processes[p.name])
		fmt.Fprintf(&config, "- {job_name: shop-%s, metrics_path: /%s, static_configs: [{targets: ['%s'], labels: {version: %s, instance: %s}}]}\n",
			p.name, p.name, web.Listener.Addr(), p.version, p.name)
	}
	server := promtest.Start(t, config.String(), "--enable-feature=native-histograms")
	c0, c1, k0, n0, n1 := processes["c0"], processes["c1"], processes["k0"], processes["n0"], processes["n1"]
	n0.native, n1.native = []uint64{5, 0, 1, 0}, []uint64{50, 0, 0, 7}
	// mark returns an instant that lies between two scrapes of each process, both of
	// which the store has: what changes next was in no scrape up to it.
	mark := func(running int) (now time.Time) {
		for range 2 { // one scrape saw all that was, and is over; the instant; another one
			now = instant()
			scraped(t, server, now, len(processes), running)
		}
		return now
	}
	const (
		total = `requests_total{region="eu",code="200"}`
		fail  = `requests_total{region="eu",code="500"}`
		us    = `requests_total{region="us",code="200"}`
		fast  = `wait_seconds_bucket{le="0.1"}`
		slow  = `wait_seconds_bucket{le="0.5"}`
		all   = `wait_seconds_bucket{le="+Inf"}`
		sum   = `size_bytes_sum`
		count = `size_bytes_count`
	)
	for _, p := range []*process{c0, k0, n0, n1} {
		p.start(map[string]float64{})
	}
	c0.add(total, 1000)
	k0.add(total, 9000)
	for _, p := range []*process{c0, k0} {
		p.add(us, 1)
		for _, s := range []string{fast, slow, all, sum, count} {
			p.add(s, 10)
		}
	}
	start := mark(4)
	c0.add(total, 97)
	c0.add(fail, 3) // the series appears
	c0.add(fast, 60)
	c0.add(slow, 70)
	c0.add(all, 75)
	c0.add(sum, 22.5)
	c0.add(count, 9)
	k0.add(total, 891)
	k0.add(fail, 9)
	k0.add(us, 50)
	k0.add(fast, 700)
	k0.add(slow, 740)
	k0.add(all, 750)
	k0.add(sum, 100)
	k0.add(count, 40)
	n0.mu.Lock()
	n0.native = []uint64{15, 2, 4, 3}
	n0.mu.Unlock()
	n1.mu.Lock()
	n1.native = []uint64{80, 1, 0, 9}
	n1.mu.Unlock()
	middle := mark(4)
	c0.mu.Lock()
	c0.started = 0 // it crashes
	c0.mu.Unlock()
	mark(3)
	c0.start(map[string]float64{total: 30, fail: 2})
	c1.start(map[string]float64{total: 7, fail: 1})
	k0.add(total, 400)
	end := mark(5)

	o := prometheus.Options{
		URL: server, Canary: `{version="v2"}`, Control: `{version="v1"}`, Strata: []string{"region"},
		Start: `process_start_time_seconds`, Lag: 300 * time.Millisecond, Lookback: time.Minute, Step: 250 * time.Millisecond,
		Queries: []prometheus.Query{{Metric: "errors", Total: `requests_total`, Bad: `requests_total{code=~"5.."}`}},
	}
	reader := func(change func(*prometheus.Options)) *prometheus.Reader {
		o := o
		change(&o)
		r, err := prometheus.New(o)
		require.NoError(t, err)
		return r
	}
	r := reader(func(*prometheus.Options) {})
	read := func(r *prometheus.Reader, start, end time.Time) []health.Sample {
		samples, err := r.Read(t.Context(), health.Window{Start: start, End: end})
		require.NoError(t, err)
		return samples
	}

	_, err := r.Read(t.Context(), health.Window{Start: middle, End: end.Add(time.Hour)})
	open, ok := errors.AsType[*health.OpenError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, end.Add(time.Hour+300*time.Millisecond), open.Until)
	time.Sleep(time.Until(end.Add(310 * time.Millisecond)))

	sample := func(start, end time.Time, stratum string, canary, control health.Count) health.Sample {
		return health.Sample{ID: health.Window{Start: start, End: end}.ID(), Metric: "errors", Stratum: stratum, Canary: canary, Control: control}
	}
	const eu, usa = `region="eu"`, `region="us"`
	require.Equal(t, []health.Sample{
		sample(start, middle, eu, health.Count{Bad: 3, Total: 100}, health.Count{Bad: 9, Total: 900}),
		sample(start, middle, usa, health.Count{}, health.Count{Total: 50}),
	}, read(r, start, middle))
	require.Equal(t, []health.Sample{
		sample(middle, end, eu, health.Count{Bad: 3, Total: 40}, health.Count{Total: 400}),
		sample(middle, end, usa, health.Count{}, health.Count{}),
	}, read(r, middle, end))
	require.Equal(t, []health.Sample{
		sample(start, end, eu, health.Count{Bad: 6, Total: 140}, health.Count{Bad: 9, Total: 1300}),
		sample(start, end, usa, health.Count{}, health.Count{Total: 50}),
	}, read(r, start, end))

	// Without the time of the start nobody knows what the new process counted before
	// it was scraped; that the other one restarted shows in what fell.
	blind := reader(func(o *prometheus.Options) { o.Start = "" })
	require.Equal(t, health.Count{Bad: 2, Total: 32}, read(blind, middle, end)[0].Canary)

	// An expression gives the same, by values at the steps.
	exprs := reader(func(o *prometheus.Options) {
		o.Start, o.Strata = "", []string{"zone"}
		o.Queries = []prometheus.Query{{Metric: "errors", Expr: true,
			Total: `label_replace(requests_total{$side,region="eu"}, "zone", "$1", "region", "(.*)")`,
			Bad:   `label_replace(requests_total{$side,region="eu",code="500"}, "zone", "$1", "region", "(.*)")`}}
	})
	window := health.Window{Start: start, End: middle}
	require.Equal(t, []health.Sample{{ID: window.ID(), Metric: "errors", Stratum: `zone="eu"`,
		Canary: health.Count{Bad: 3, Total: 100}, Control: health.Count{Bad: 9, Total: 900}}}, read(exprs, window.Start, window.End))

	classic := reader(func(o *prometheus.Options) {
		o.Strata, o.Queries = nil, []prometheus.Query{{Metric: "wait", Histogram: "wait_seconds", Edges: []float64{0.1, 0.5}}}
	})
	s := read(classic, start, middle)[0]
	require.Equal(t, []any{uint64(75), []uint64{15, 5}, uint64(750), []uint64{50, 10}}, []any{s.Canary.Total, s.CanarySlow, s.Control.Total, s.ControlSlow})

	natives := reader(func(o *prometheus.Options) {
		o.Strata, o.Start = nil, ""
		o.Queries = []prometheus.Query{{Metric: "latency", Histogram: "latency_seconds", Native: true, Edges: []float64{0.25, 0.5, 1}}}
	})
	s = read(natives, start, middle)[0]
	require.Equal(t, []any{uint64(18), []uint64{8, 6, 3}, uint64(33), []uint64{3, 2, 2}}, []any{s.Canary.Total, s.CanarySlow, s.Control.Total, s.ControlSlow})

	means := reader(func(o *prometheus.Options) {
		o.Strata, o.Queries = nil, []prometheus.Query{{Metric: "size", Total: "size_bytes_count", Sum: "size_bytes_sum"}}
	})
	s = read(means, start, middle)[0]
	require.Equal(t, []any{2.5, 2.5, uint64(9), uint64(40)}, []any{s.CanaryMean, s.ControlMean, s.Canary.Total, s.Control.Total})

	// A Monitor takes what was read.
	m, err := health.New(health.Policy{Metrics: []health.Metric{{Name: "errors"}, {Name: "wait", Edges: []float64{0.1, 0.5}, CertifyAt: 0.1},
		{Name: "latency", Edges: []float64{0.25, 0.5, 1}, CertifyAt: 0.5}, {Name: "size", Mean: true}}})
	require.NoError(t, err)
	for _, r := range []*prometheus.Reader{r, classic, natives, means} {
		require.NoError(t, m.Add(read(r, start, middle)...))
	}
	require.NotEqual(t, health.KindInvalid, m.Verdict().Kind, "%v", m.Verdict().Why)

	// Nothing is no data, and a question that cannot be answered is an error.
	none := reader(func(o *prometheus.Options) {
		o.Queries = []prometheus.Query{{Metric: "x", Total: "nothing", Bad: "nothing"}}
	})
	require.Empty(t, read(none, start, middle))
	require.Empty(t, read(r, start.Add(-time.Hour), start.Add(-time.Hour+time.Minute)))
	broken := reader(func(o *prometheus.Options) {
		o.Queries = []prometheus.Query{{Metric: "x", Total: "sum(({$side}", Bad: "y{$side}", Expr: true}}
	})
	_, err = broken.Read(t.Context(), window)
	refused, ok := errors.AsType[*prometheus.APIError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, 400, refused.Status)
	require.Equal(t, "bad_data", refused.Type)
	sums := reader(func(o *prometheus.Options) {
		o.Queries = []prometheus.Query{{Metric: "x", Total: "sum(requests_total{$side})", Bad: "sum(requests_total{$side})", Expr: true}}
	})
	_, err = sums.Read(t.Context(), window)
	require.ErrorContains(t, err, "of a sum over targets nobody can tell")
	_, err = r.Read(t.Context(), health.Window{Start: middle, End: middle.Add(100 * time.Millisecond)})
	require.ErrorContains(t, err, "the window has only 100 ms")
}
