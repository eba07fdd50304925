package prometheus_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
	"github.com/sallyport-dev/sallyport/rollout/health/prometheus"
)

// TestRestarts: what began again counts from 0, and what did not, not.
func TestRestarts(t *testing.T) {
	t.Parallel()
	const all, bad, started = `all{v="2",pod="a"}`, `bad{v="2",pod="a"}`, `start{v="2",pod="a"}`
	at := func(s ...float64) []float64 {
		for i := range s {
			s[i] += float64(epoch.Unix())
		}
		return s
	}
	old := every(80, 5e6, 5e6+10, 5e6+20, 5e6+30, 5e6+40, 5e6+50, 5e6+60, 5e6+70, 5e6+80)
	crash := fakeSeries{all, every(80, 500, 510, 520, 530, 8, 18, 28, 38)}
	for _, c := range []struct {
		name   string
		series []fakeSeries
		start  bool
		want   health.Count
	}{
		{name: "a clock that is put forward is no restart", start: true, want: health.Count{Total: 60},
			series: []fakeSeries{{all, old}, {started, every(80, at(-4000, -4000, -4000, -3990, -3990, -3990, -3990, -3990, -3990)...)}}},
		{name: "nor is one that is put back", start: true, want: health.Count{Total: 60},
			series: []fakeSeries{{all, old}, {started, every(80, at(-4000, -4000, -4000, -4010, -4010, -4010, -4010, -4010, -4010)...)}}},
		{name: "a restart where the clocks differ by less than the lag", start: true, want: health.Count{Total: 10 + 540 + 40},
			series: []fakeSeries{{all, every(80, 500, 510, 520, 530, 540, 550, 560, 570, 580)}, {started, every(80, at(0, 0, 0, 0, 95, 95, 95, 95, 95)...)}}},
		{name: "a process that one scrape saw", start: true, want: health.Count{Bad: 4, Total: 9},
			series: []fakeSeries{{all, every(140, 9)}, {bad, every(140, 4)}, {started, every(140, at(138)...)}}},
		{name: "one whose clock is ahead by less than the lag", start: true, want: health.Count{Bad: 4, Total: 9},
			series: []fakeSeries{{all, every(140, 9)}, {bad, every(140, 4)}, {started, every(140, at(160)...)}}},
		{name: "a reset at the scrape at the start of the window", want: health.Count{Total: 60},
			series: []fakeSeries{{all, every(80, 500, 510, 3, 13, 23, 33, 43, 53, 63)}}},
		{name: "one right after it", want: health.Count{Total: 53},
			series: []fakeSeries{{all, every(80, 500, 510, 520, 3, 13, 23, 33, 43, 53)}}},
		{name: "one at the scrape at its end", want: health.Count{Total: 50 + 3},
			series: []fakeSeries{{all, every(80, 500, 510, 520, 530, 540, 550, 560, 570, 3)}}},
		{name: "one right after that", want: health.Count{Total: 60},
			series: []fakeSeries{{all, every(80, 500, 510, 520, 530, 540, 550, 560, 570, 580, 3)}}},
		// Each life of the process fails three times. Its label is not there until it
		// does, and then shows what it did before.
		{name: "failures of a process that crashes again and again", want: health.Count{Bad: 3, Total: 10 + 38},
			series: []fakeSeries{crash, {bad, every(80, 3, 3, 3, 3, -1, -1, 3, 3)}}},
		{name: "a process that crashed before the window, as a sibling shows", want: health.Count{Bad: 3, Total: 60},
			series: []fakeSeries{{all, every(80, 500, 8, 18, 28, 38, 48, 58, 68, 78)}, {bad, every(80, 3, -1, -1, -1, 3, 3)}}},
		{name: "as only its start shows", start: true, want: health.Count{Bad: 3, Total: 60},
			series: []fakeSeries{{all, every(80, 500, 510, 520, 530, 540, 550, 560, 570, 580)}, {bad, every(80, 3, -1, -1, -1, 3, 3)}, {started, every(80, at(0, 85, 85, 85, 85, 85, 85, 85, 85)...)}}},
		{name: "an error with each start that is gone until the next", want: health.Count{Bad: 2 + 2, Total: 10 + 1 + 10 + 1 + 10 + 10},
			series: []fakeSeries{{all, every(100, 10, 20, 1, 11, 1, 11, 21)}, {bad, every(100, 2, -1, -1, 2, -1, 2, 2)}}},
		{name: "what was lost on its way before a sibling fell counts no more than that", want: health.Count{Bad: 4, Total: 10 + 38},
			series: []fakeSeries{crash, {bad, every(80, 3, 3, 3, 4, 1, -1, 3, 3)}}},
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
			require.Equal(t, c.want, samples[0].Canary)
		})
	}
}

// TestMeans: a sum that is not there is not one of 0.
func TestMeans(t *testing.T) {
	t.Parallel()
	steady := every(80, 500, 510, 520, 530, 540, 550, 560, 570, 580)
	sums := every(80, 1, 2, 3, 4, 5, 6, 7, 8, 9.5)
	count := func(side, pod string) fakeSeries {
		return fakeSeries{fmt.Sprintf(`n{v=%q,pod=%q,zone=%q}`, side, pod, pod), steady}
	}
	sum := func(side, pod string) fakeSeries {
		return fakeSeries{fmt.Sprintf(`s{v=%q,pod=%q,zone=%q}`, side, pod, pod), sums}
	}
	for _, c := range []struct {
		name   string
		series []fakeSeries
		want   string
		canary float64
	}{
		{"both", []fakeSeries{count("2", "a"), sum("2", "a"), count("1", "b"), sum("1", "b")}, "", 6.5 / 60},
		{"two targets are one mean", []fakeSeries{count("2", "a"), sum("2", "a"), count("2", "c"), sum("2", "c"), count("1", "b"), sum("1", "b")}, "", 6.5 / 60},
		{"no sum of the canary", []fakeSeries{count("2", "a"), count("1", "b"), sum("1", "b")}, `canary: prometheus: target {pod="a"} has series of Total and none of Sum`, 0},
		{"no sum of the control", []fakeSeries{count("2", "a"), sum("2", "a"), count("1", "b")}, `control: prometheus: target {pod="b"}`, 0},
		{"no sum of one target", []fakeSeries{count("2", "a"), sum("2", "a"), count("2", "c"), count("1", "b"), sum("1", "b")}, `target {pod="c"}`, 0},
		{"a sum without events", []fakeSeries{count("2", "a"), sum("2", "a"), sum("2", "c")}, `target {pod="c"} has series of Sum and none of Total`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, _ := fakeAPI(t, c.series)
			o := fakeOptions(url)
			o.Strata = []string{"zone"} // means have none
			o.Queries = []prometheus.Query{{Metric: "size", Total: "n", Sum: "s"}}
			r, err := prometheus.New(o)
			require.NoError(t, err)
			samples, err := r.Read(t.Context(), span(100, 160))
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				require.Nil(t, samples)
				return
			}
			require.NoError(t, err)
			require.Len(t, samples, 1)
			require.Empty(t, samples[0].Stratum)
			require.InDelta(t, c.canary, samples[0].CanaryMean, 1e-12)
			m, err := health.New(health.Policy{Metrics: []health.Metric{{Name: "size", Mean: true}}})
			require.NoError(t, err)
			require.NoError(t, m.Add(samples...))
			require.NotEqual(t, health.KindInvalid, m.Kind(), m.Verdict().Why)
		})
	}
}

// TestLookbackTooShort: where scrapes are further apart than the lookback, a window
// misses what happened before its first one.
func TestLookbackTooShort(t *testing.T) {
	t.Parallel()
	url, _ := fakeAPI(t, []fakeSeries{{`all{v="2",pod="a"}`, [][2]float64{{-300, 0}, {-100, 10}, {100, 20}, {300, 30}, {500, 40}, {700, 50}}}})
	o := fakeOptions(url)
	read := func() ([]health.Sample, error) {
		r, err := prometheus.New(o)
		require.NoError(t, err)
		return r.Read(t.Context(), span(200, 800))
	}
	o.Lookback = 199 * time.Second
	_, err := read()
	require.ErrorContains(t, err, "canary: prometheus: scrapes are 200000 ms apart, and Lookback is only 3m19s")
	o.Lookback = 200 * time.Second
	samples, err := read()
	require.NoError(t, err)
	require.Equal(t, health.Count{Total: 30}, samples[0].Canary)
}

// TestClocks: a window that has not ended where the store is, is open, whatever
// time the reader has.
func TestClocks(t *testing.T) {
	t.Parallel()
	date := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = []string{date}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[]}}`)
	}))
	t.Cleanup(s.Close)
	o := fakeOptions(s.URL)
	r, err := prometheus.New(o)
	require.NoError(t, err)
	for _, c := range []struct {
		at   float64
		open bool
	}{{160 + 30 + 900, false}, {160 + 30, false}, {160 + 29, false}, {160 + 28, true}, {100, true}, {-7200, true}} {
		date = epoch.Add(time.Duration(c.at * float64(time.Second))).UTC().Format(http.TimeFormat)
		_, err := r.Read(t.Context(), span(100, 160))
		if !c.open {
			require.NoError(t, err, c.at)
			continue
		}
		open := new(health.OpenError)
		require.ErrorAs(t, err, &open, c.at)
		// As long as it takes there, by the reader's own clock.
		require.Equal(t, &health.OpenError{Window: span(100, 160), Until: o.Now().Add(time.Duration((160 + 30 - c.at) * float64(time.Second)))}, open)
	}
	for _, date = range []string{"yesterday", ""} { // nobody says
		_, err = r.Read(t.Context(), span(100, 160))
		require.NoError(t, err)
	}
}

// TestSecrets: neither an error nor a reader that is printed shows what opens the door.
func TestSecrets(t *testing.T) {
	t.Parallel()
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	t.Cleanup(other.Close)
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(s.Close)
	for _, url := range []string{s.URL, "http://127.0.0.1:1", answering(t, 401, "text/plain", "s3cret"), answering(t, 200, "s3/cret", "s3cret")} {
		o := fakeOptions(url)
		o.Header = http.Header{"X-Api-Key": {"s3cret"}, "host": {"shop.example"}}
		o.Params = map[string][]string{"key": {"s3cret"}}
		o.Token = func(context.Context) (string, error) { return "s3cret", nil }
		o.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
		r, err := prometheus.New(o)
		require.NoError(t, err)
		_, err = r.Read(t.Context(), span(100, 160))
		require.Error(t, err)
		require.NotContains(t, fmt.Sprintf("%v %+v", err, err), "s3cret")
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			require.NotContains(t, fmt.Sprintf(verb, r), "s3cret", verb)
		}
	}
	require.Zero(t, elsewhere)
	o := fakeOptions(s.URL)
	o.Header = http.Header{"authorization": {"x"}}
	o.Token = func(context.Context) (string, error) { return "", nil }
	_, err := prometheus.New(o)
	require.ErrorContains(t, err, "exclude each other")
}

// TestInjection: what stands in the value of a label stays there, whoever wrote it.
func TestInjection(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`"} or up{a="`, `\"} or up{a=\"`, "`} or up #", "'", "\n# ", "$side", "}[5m] offset 1h", "\x00\x7f\u2028é"} {
		text := fmt.Sprintf(`{v=%q}`, value)
		written, err := prometheus.Selector(text)
		require.NoError(t, err, value)
		require.Equal(t, text, written)
		require.True(t, prometheus.Matches("a"+written, map[string]string{"__name__": "a", "v": value}), value)
		require.False(t, prometheus.Matches("a"+written, map[string]string{"__name__": "a", "v": "x"}), value)
	}
	// Each part of it must be a regular expression by itself.
	for _, text := range []string{`{v=~"a)|(b"}`, `{v!~"a)|(?:.*"}`} {
		_, err := prometheus.Selector(text)
		require.ErrorContains(t, err, "a regular expression must stand", text)
	}
}
