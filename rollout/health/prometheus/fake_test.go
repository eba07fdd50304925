package prometheus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
	"github.com/sallyport-dev/sallyport/rollout/health/prometheus"
)

// fakeSeries is one series of a store that holds what a test says. Times are seconds
// after the epoch of the test.
type fakeSeries struct {
	labels string // name{a="b"}
	points [][2]float64
}

var (
	epoch      = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	fakeMatch  = regexp.MustCompile(`(\w+)(=~|=)"([^"]*)"`)
	fakeRanged = regexp.MustCompile(`^(\w+)\{(.*)\}\[(\d+)ms\]$`)
)

// fakeAPI answers instant queries of range selectors as Prometheus does.
func fakeAPI(t *testing.T, store []fakeSeries) (url string, asked *atomic.Int64) {
	asked = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		q := fakeRanged.FindStringSubmatch(r.PostFormValue("query"))
		end, err := strconv.ParseFloat(r.PostFormValue("time"), 64)
		if q == nil || err != nil || r.URL.Path != "/api/v1/query" {
			http.Error(w, "what?", http.StatusTeapot)
			return
		}
		length, _ := strconv.ParseFloat(q[3], 64)
		var result []any
		for _, s := range store {
			name, rest, _ := strings.Cut(s.labels, "{")
			labels := map[string]string{"__name__": name}
			for _, m := range fakeMatch.FindAllStringSubmatch(rest, -1) {
				labels[m[1]] = m[3]
			}
			ok := name == q[1]
			for _, m := range fakeMatch.FindAllStringSubmatch(q[2], -1) {
				ok = ok && (m[2] == "=" && labels[m[1]] == m[3] || m[2] == "=~" && regexp.MustCompile("^(?:"+m[3]+")$").MatchString(labels[m[1]]))
			}
			var values []any
			for _, p := range s.points {
				at := float64(epoch.Unix()) + p[0]
				if at >= end-length/1000 && at <= end {
					values = append(values, []any{at, strconv.FormatFloat(p[1], 'g', -1, 64)})
				}
			}
			if ok && len(values) > 0 {
				result = append(result, map[string]any{"metric": labels, "values": values})
			}
		}
		if result == nil {
			result = []any{}
		}
		header(w, "application/json")
		json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": "matrix", "result": result}})
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// header is what answers have, long after the windows of the tests.
func header(w http.ResponseWriter, kind string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Date", epoch.Add(24*time.Hour).Format(http.TimeFormat))
}

func fakeOptions(url string) prometheus.Options {
	return prometheus.Options{
		URL: url, Canary: `{v="2"}`, Control: `{v="1"}`, Target: []string{"pod"},
		Now:     func() time.Time { return epoch.Add(24 * time.Hour) },
		Queries: []prometheus.Query{{Metric: "errors", Total: `all`, Bad: `bad`}},
	}
}

func span(start, end float64) health.Window {
	at := func(s float64) time.Time { return epoch.Add(time.Duration(s * float64(time.Second))) }
	return health.Window{Start: at(start), End: at(end)}
}

// every is a counter's values from a time on, 10 seconds apart; a negative one is a
// scrape that is missing.
func every(from float64, values ...float64) [][2]float64 {
	var points [][2]float64
	for i, v := range values {
		if v >= 0 {
			points = append(points, [2]float64{from + 10*float64(i), v})
		}
	}
	return points
}

// TestIncrements is what counters count in the window from 100 to 160 seconds, by
// hand.
func TestIncrements(t *testing.T) {
	t.Parallel()
	const all, bad, started = `all{v="2",pod="a"}`, `bad{v="2",pod="a"}`, `start{v="2",pod="a"}`
	startAt := func(s float64) float64 { return float64(epoch.Unix()) + s }
	steady := every(80, 500, 510, 520, 530, 540, 550, 560, 570, 580)
	for _, c := range []struct {
		name   string
		series []fakeSeries
		start  bool
		want   health.Count
	}{
		{name: "a scrape at the start is the base, one at the end counts", series: []fakeSeries{{all, steady}}, want: health.Count{Total: 60}},
		{name: "the base is before the start, the last one before the end", want: health.Count{Total: 60},
			series: []fakeSeries{{all, every(85, 500, 510, 520, 530, 540, 550, 560, 570)}}},
		{name: "both counters of a target", want: health.Count{Bad: 3, Total: 60},
			series: []fakeSeries{{all, steady}, {bad, every(80, 7, 7, 7, 8, 8, 8, 9, 10, 10, 99)}}},
		{name: "the first error of a known target counts", want: health.Count{Bad: 5, Total: 60},
			series: []fakeSeries{{all, steady}, {bad, every(130, 2, 2, 5, 5)}}},
		{name: "a new target counts from its first scrape", want: health.Count{Bad: 1, Total: 20},
			series: []fakeSeries{{all, every(130, 1000, 1010, 1015, 1020)}, {bad, every(130, 50, 50, 51, 51)}}},
		{name: "and what then appears in it from 0", want: health.Count{Bad: 4, Total: 20},
			series: []fakeSeries{{all, every(130, 1000, 1010, 1015, 1020)}, {bad, every(150, 3, 4)}}},
		{name: "a new target that is known to have started counts from 0", start: true, want: health.Count{Bad: 2, Total: 40},
			series: []fakeSeries{{all, every(130, 10, 20, 30, 40)}, {bad, every(130, 2, 2, 2, 2)}, {started, every(130, startAt(125), startAt(125), startAt(125), startAt(125))}}},
		{name: "one that is old and was found late does not", start: true, want: health.Count{Total: 30},
			series: []fakeSeries{{all, every(130, 10, 20, 30, 40)}, {bad, every(130, 2, 2, 2, 2)}, {started, every(130, startAt(-4000), startAt(-4000), startAt(-4000), startAt(-4000))}}},
		{name: "nor one that starts in the future", start: true, want: health.Count{Total: 30},
			series: []fakeSeries{{all, every(130, 10, 20, 30, 40)}, {started, every(130, startAt(900), startAt(900), startAt(900), startAt(900))}}},
		{name: "a series that vanishes counts to its last scrape", series: []fakeSeries{{all, every(80, 500, 510, 520, 530)}}, want: health.Count{Total: 10}},
		{name: "one that vanished before counts nothing", series: []fakeSeries{{all, every(80, 500, 510)}}},
		{name: "a reset", series: []fakeSeries{{all, every(80, 500, 510, 520, 530, 4, 14, 24, 34)}}, want: health.Count{Total: 10 + 34}},
		{name: "a reset to 0", series: []fakeSeries{{all, every(80, 500, 510, 520, 530, 0, 0, 7)}}, want: health.Count{Total: 17}},
		{name: "two resets", series: []fakeSeries{{all, every(80, 500, 510, 520, 3, 5, 1, 2)}}, want: health.Count{Total: 3 + 2 + 1 + 1}},
		{name: "a restart that only the time of the start shows", start: true, want: health.Count{Total: 10 + 540 + 40},
			series: []fakeSeries{{all, every(80, 500, 510, 520, 530, 540, 550, 560, 570, 580)}, {started, every(80, 1, 1, 1, 1, startAt(111), startAt(111), startAt(111), startAt(111), startAt(111))}}},
		{name: "a start that moves a little with the clock is none", start: true, want: health.Count{Total: 60},
			series: []fakeSeries{{all, steady}, {started, every(80, 50, 50, 50, 51, 50, 51, 51, 51, 51)}}},
		{name: "a scrape that one series lacks loses nothing", want: health.Count{Bad: 3, Total: 60},
			series: []fakeSeries{{all, steady}, {bad, every(80, 7, 7, 7, 8, -1, 8, -1, 9, 10)}}},
		{name: "a gap that is bridged", series: []fakeSeries{{all, [][2]float64{{-150, 5}, {-140, 6}, {140, 106}, {150, 107}}}}, want: health.Count{Total: 101}},
		{name: "a gap that is too long", series: []fakeSeries{{all, [][2]float64{{-250, 5}, {-240, 6}, {140, 106}, {150, 107}}}}, want: health.Count{Total: 1}},
		{name: "series that were not scraped together stand alone", want: health.Count{Bad: 1, Total: 60},
			series: []fakeSeries{{all, steady}, {bad, [][2]float64{{133, 1000}, {143, 1000}, {153, 1001}}}}},
		{name: "targets do not know of each other", want: health.Count{Bad: 0, Total: 60},
			series: []fakeSeries{{all, steady}, {`bad{v="2",pod="b"}`, every(130, 90, 90, 90)}}},
		{name: "series of one target sum up", want: health.Count{Bad: 2, Total: 75},
			series: []fakeSeries{{all, steady}, {`all{v="2",pod="a",code="500"}`, every(120, 3, 9, 12, 15, 15, 15)}, {`bad{v="2",pod="a",code="500"}`, every(160, 2)}}},
		{name: "a fleet sums up", want: health.Count{Total: 61},
			series: []fakeSeries{{all, steady}, {`all{v="2",pod="b"}`, every(81, 1<<52, 1<<52, 1<<52+1)}}},
		{name: "a single scrape", series: []fakeSeries{{all, [][2]float64{{140, 9}}}}},
		{name: "a single scrape before", series: []fakeSeries{{all, [][2]float64{{90, 9}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, _ := fakeAPI(t, c.series)
			o := fakeOptions(url)
			if c.start {
				o.Start = "start"
			}
			r, err := prometheus.New(o)
			require.NoError(t, err)
			samples, err := r.Read(t.Context(), span(100, 160))
			require.NoError(t, err)
			require.Equal(t, []health.Sample{{ID: "2026-03-01T12:01:40Z/1m0s", Metric: "errors", Canary: c.want}}, samples)
		})
	}
}

// TestSides is who counts where.
func TestSides(t *testing.T) {
	t.Parallel()
	steady := every(80, 500, 510, 520, 530, 540, 550, 560, 570, 580)
	twice := every(80, 500, 520, 540, 560, 580, 600, 620, 640, 660)
	store := []fakeSeries{
		{`all{v="2",pod="a",zone="x"}`, steady},
		{`all{v="1",pod="b",zone="x"}`, twice},
		{`all{v="1",pod="c",zone="y",twin="yes"}`, steady},
		{`bad{v="1",pod="c",zone="y",twin="yes"}`, every(110, 1)},
	}
	url, asked := fakeAPI(t, store)
	read := func(change func(*prometheus.Options)) ([]health.Sample, error) {
		o := fakeOptions(url)
		change(&o)
		r, err := prometheus.New(o)
		require.NoError(t, err)
		return r.Read(t.Context(), span(100, 160))
	}
	const id = "2026-03-01T12:01:40Z/1m0s"
	samples, err := read(func(o *prometheus.Options) {})
	require.NoError(t, err)
	require.Equal(t, []health.Sample{{ID: id, Metric: "errors", Canary: health.Count{Total: 60}, Control: health.Count{Bad: 1, Total: 180}}}, samples)

	asked.Store(0)
	samples, err = read(func(o *prometheus.Options) {
		o.Strata, o.Control, o.Twin = []string{"zone"}, `{v="1",twin=""}`, `{v="1",twin="yes"}`
		o.Queries = append(o.Queries, prometheus.Query{Metric: "again", Total: "all", Bad: "bad"})
	})
	require.NoError(t, err)
	want := []health.Sample{
		{ID: id, Metric: "errors", Stratum: `zone="x"`, Canary: health.Count{Total: 60}, Control: health.Count{Total: 120}},
		{ID: id, Metric: "errors", Stratum: `zone="y"`, Twin: health.Count{Bad: 1, Total: 60}},
	}
	for _, s := range want[:2] {
		s.Metric = "again"
		want = append(want, s)
	}
	require.Equal(t, want, samples)
	require.EqualValues(t, 6, asked.Load(), "what is asked for twice is asked once")

	_, err = read(func(o *prometheus.Options) { o.Control = `{v=~"1|2"}` })
	require.ErrorContains(t, err, "both canary and control")
	_, err = read(func(o *prometheus.Options) { o.Queries[0].Initialised = true })
	require.ErrorContains(t, err, `canary: prometheus: target {pod="a"} has no series of Bad`)
	_, err = read(func(o *prometheus.Options) { o.Twin = `{twin="yes"}` })
	require.ErrorContains(t, err, "both control and twin")
	_, err = read(func(o *prometheus.Options) { o.Queries[0].Total, o.Queries[0].Bad = "bad", "all" })
	require.ErrorContains(t, err, "there are 60 events of Bad, and only 0 of Total")
	_, err = read(func(o *prometheus.Options) { o.Start, o.Control, o.Target = "all", `{v="1",twin=""}`, []string{"v"} })
	require.NoError(t, err)
	_, err = read(func(o *prometheus.Options) { o.Start, o.Target = "all", []string{"v"} })
	require.ErrorContains(t, err, "has two times of its start")
	_, err = read(func(o *prometheus.Options) { o.Target = []string{"pod", "node"} })
	require.ErrorContains(t, err, "has no node")
}

// TestTooManyStrata: a label with a value for each request is a mistake.
func TestTooManyStrata(t *testing.T) {
	t.Parallel()
	var store []fakeSeries
	for i := range 1001 {
		store = append(store, fakeSeries{fmt.Sprintf(`all{v="2",pod="a",path="%d"}`, i), every(80, 1, 2, 3)})
	}
	for _, c := range []struct {
		series []fakeSeries
		want   string
	}{{store[1:], ""}, {store, "there are 1001 strata, more than 1000"}} {
		url, _ := fakeAPI(t, c.series)
		o := fakeOptions(url)
		o.Strata = []string{"path"}
		r, err := prometheus.New(o)
		require.NoError(t, err)
		samples, err := r.Read(t.Context(), span(100, 160))
		if c.want == "" {
			require.NoError(t, err)
			require.Len(t, samples, 1000)
			continue
		}
		require.ErrorContains(t, err, c.want)
	}
}

// TestScrapesTooFarApart: a window in which most targets cannot have been scraped is
// refused, since the sides would count at different times.
func TestScrapesTooFarApart(t *testing.T) {
	t.Parallel()
	url, _ := fakeAPI(t, []fakeSeries{{`all{v="2",pod="a"}`, [][2]float64{{0, 1}, {60, 2}, {120, 3}}}, {`all{v="1",pod="b"}`, every(0, make([]float64, 20)...)}})
	r, err := prometheus.New(fakeOptions(url))
	require.NoError(t, err)
	_, err = r.Read(t.Context(), span(100, 159))
	require.ErrorContains(t, err, "canary: prometheus: scrapes are 60000 ms apart, and the window has only 59000 ms")
	_, err = r.Read(t.Context(), span(100, 160))
	require.NoError(t, err)
}

// TestClosed: a window is read when it is closed for as long as the lag, and not before.
func TestClosed(t *testing.T) {
	t.Parallel()
	url, asked := fakeAPI(t, nil)
	o := fakeOptions(url)
	now := epoch
	o.Now, o.Lag = func() time.Time { return now }, 45*time.Second
	r, err := prometheus.New(o)
	require.NoError(t, err)
	for _, c := range []struct {
		now  time.Duration
		open bool
	}{{0, true}, {time.Minute, true}, {105*time.Second - 1, true}, {105 * time.Second, false}, {time.Hour, false}} {
		now = epoch.Add(c.now)
		samples, err := r.Read(t.Context(), span(0, 60))
		require.Empty(t, samples)
		if !c.open {
			require.NoError(t, err)
			continue
		}
		require.Equal(t, &health.OpenError{Window: span(0, 60), Until: epoch.Add(105 * time.Second)}, err)
		require.EqualError(t, err, "health: window 2026-03-01T12:00:00Z/1m0s is open until 2026-03-01T12:01:45Z")
		require.Zero(t, asked.Load())
	}
	for _, w := range []health.Window{{}, span(60, 0), span(0, 0), span(0, 0.0001), span(0.0001, 10)} {
		_, err := r.Read(t.Context(), w)
		require.Error(t, err, "%v", w)
	}
}

func ExampleReader_Read() {
	o := prometheus.Options{
		URL:     "http://localhost:9090",
		Canary:  `{version="v2"}`,
		Control: `{version="v1"}`,
		Strata:  []string{"region"},
		Start:   `process_start_time_seconds{job="shop"}`,
		Queries: []prometheus.Query{
			{Metric: "errors", Total: `http_requests_total{job="shop"}`, Bad: `http_requests_total{job="shop",code=~"5.."}`},
			{Metric: "latency", Histogram: `http_request_duration_seconds{job="shop"}`, Edges: []float64{0.1, 0.5, 1}},
		},
		Now: func() time.Time { return epoch.Add(time.Minute) },
	}
	r, err := prometheus.New(o)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = r.Read(context.Background(), health.Window{Start: epoch, End: epoch.Add(time.Minute)})
	fmt.Println(err)
	// Output:
	// health: window 2026-03-01T12:00:00Z/1m0s is open until 2026-03-01T12:01:30Z
}
