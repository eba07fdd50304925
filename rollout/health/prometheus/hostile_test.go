package prometheus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health"
	"github.com/sallyport-dev/sallyport/rollout/health/prometheus"
)

// good is an answer to every question about total and bad of one pod, between 100 and
// 160 seconds after the epoch.
const good = `{"status":"success","data":{"resultType":"matrix","result":[` +
	`{"metric":{"__name__":"NAME","v":"SIDE","pod":"p-SIDE"},"values":[[1772366500,"5"],[1772366520.5,"6"],[1772366560,"10"]]}]}}`

// answering is a server that gives one answer to all questions; NAME and SIDE in it are
// replaced by what was asked for.
func answering(t testing.TB, status int, kind, body string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.PostFormValue("query")
		name, side := "all", "1"
		if strings.HasPrefix(q, "bad") {
			name = "bad"
		}
		if strings.Contains(q, `"2"`) {
			side = "2"
		}
		header(w, kind)
		if status >= 300 && status < 400 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		fmt.Fprint(w, strings.NewReplacer("NAME", name, "SIDE", side).Replace(body))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestHostileAnswers: each field that is wrong is an error, never a sample.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	const series = `{"metric":{"__name__":"NAME","v":"SIDE","pod":"p-SIDE"},"values":[[1772366500,"5"],[1772366520.5,"6"],[1772366560,"10"]]}`
	require.Contains(t, good, series)
	native := func(h string) string {
		return strings.Replace(good, `"values":[[1772366500,"5"],[1772366520.5,"6"],[1772366560,"10"]]`, `"histograms":[[1772366500,`+h+`]]`, 1)
	}
	replace := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	for _, c := range []struct{ name, body, want string }{
		{"empty", ``, "ends where a value must stand"},
		{"no object", `[]`, "object must stand"},
		{"cut", good[:len(good)-2], ""},
		{"something behind", good + `{}`, "something follows"},
		{"html", `<html>`, ""},
		{"no status", replace(`"status":"success",`, ``), "status is missing"},
		{"status of another kind", replace(`"success"`, `true`), "a string must stand"},
		{"another status", replace(`"success"`, `"partial"`), "neither success nor error"},
		{"status twice", replace(`"status":"success"`, `"status":"error","status":"success"`), "twice"},
		{"error", `{"status":"error","errorType":"execution","error":"query timed out"}`, `"execution": "query timed out"`},
		{"error with data", replace(`"success"`, `"error"`), "the API answers 200"},
		{"no data", `{"status":"success"}`, "no data"},
		{"null data", `{"status":"success","data":null}`, "no data"},
		{"data of another kind", `{"status":"success","data":[]}`, "object must stand"},
		{"no type", replace(`"resultType":"matrix",`, ``), "lacks its type"},
		{"a vector", replace(`"matrix"`, `"vector"`), "no matrix"},
		{"no result", `{"status":"success","data":{"resultType":"matrix"}}`, "lacks its type or its result"},
		{"null result", `{"status":"success","data":{"resultType":"matrix","result":null}}`, "array must stand"},
		{"unknown in data", replace(`"resultType"`, `"next":1,"resultType"`), "not understood"},
		{"warnings", replace(`"status"`, `"warnings":["store a is down"],"status"`), "store a is down"},
		{"infos", replace(`"status"`, `"infos":["PromQL info"],"status"`), "PromQL info"},
		{"warnings of another kind", replace(`"status"`, `"warnings":"x","status"`), "array must stand"},
		{"warnings of numbers", replace(`"status"`, `"warnings":[1],"status"`), "string must stand"},
		{"partial", replace(`"status"`, `"isPartial":true,"status"`), "isPartial"},
		{"partial of another kind", replace(`"status"`, `"isPartial":"no","status"`), "true or false"},
		{"no labels", replace(`"metric":{"__name__":"NAME","v":"SIDE","pod":"p-SIDE"},`, ``), "no labels"},
		{"labels of another kind", replace(`"p-SIDE"`, `7`), "string must stand"},
		{"label twice", replace(`"pod":`, `"pod":"x","pod":`), "twice"},
		{"another metric", replace(`"NAME"`, `"other"`), "not asked for"},
		{"another side", replace(`"v":"SIDE"`, `"v":"3"`), "not asked for"},
		{"no target", replace(`"pod":"p-SIDE"`, `"node":"n"`), "has no pod"},
		{"series twice", replace(series, series+`,`+series), "comes twice"},
		{"unknown in series", replace(`"values"`, `"exemplars":[],"values"`), "not understood"},
		{"no values", replace(`"values":[[1772366500,"5"],[1772366520.5,"6"],[1772366560,"10"]]`, `"values":[]`), "no values"},
		{"values of another kind", replace(`[[1772366500,"5"],[1772366520.5,"6"],[1772366560,"10"]]`, `{}`), "array must stand"},
		{"value without a time", replace(`[1772366500,"5"]`, `["5"]`), "time must stand"},
		{"value alone", replace(`[1772366500,"5"]`, `[1772366500]`), "pair"},
		{"no value", replace(`[1772366500,"5"]`, `[]`), "pair"},
		{"three", replace(`[1772366500,"5"]`, `[1772366500,"5","5"]`), "pair"},
		{"value is a number", replace(`"5"`, `5`), "string must stand"},
		{"value is none", replace(`"5"`, `""`), "is no number"},
		{"value in hex", replace(`"5"`, `"0x5p1"`), "is no number"},
		{"value with underscores", replace(`"5"`, `"1_0"`), "is no number"},
		{"infinity by name", replace(`"5"`, `"infinity"`), "is no number"},
		{"NaN", replace(`"5"`, `"NaN"`), "no counter's value"},
		{"Inf", replace(`"10"`, `"+Inf"`), "no counter's value"},
		{"-Inf", replace(`"5"`, `"-Inf"`), "no counter's value"},
		{"negative", replace(`"5"`, `"-5"`), "no counter's value"},
		{"huge", replace(`"10"`, `"1e300"`), "no counter's value"},
		{"out of range", replace(`"10"`, `"1e999"`), "is no number"},
		{"above 2^53", replace(`"10"`, `"9007199254740994"`), "no counter's value"},
		{"fraction", replace(`"10"`, `"10.5"`), "no whole number of events"},
		{"time is text", replace(`1772366500,`, `"1772366500",`), "time must stand"},
		{"time far before", replace(`1772366500,`, `1772360000,`), "not asked for"},
		{"time after the end", replace(`1772366560,`, `1772366560.001,`), "not asked for"},
		{"time in milliseconds", replace(`1772366500,`, `1772366500000,`), "not asked for"},
		{"huge time", replace(`1772366500,`, `1e300,`), "not one"},
		{"times descend", replace(`1772366520.5,`, `1772366499,`), "ascend"},
		{"time twice", replace(`1772366520.5,`, `1772366500,`), "ascend"},
		{"a histogram", native(`{"count":"1","sum":"1","buckets":[]}`), "is a histogram and no counter"},
		{"a histogram without a count", native(`{"sum":"1"}`), "count and a sum"},
		{"a bucket too many", native(`{"count":"1","sum":"1","buckets":[[0,"0","1","2"]]}`), "count more than"},
		{"a bucket of three", native(`{"count":"1","sum":"1","buckets":[[0,"0","1"]]}`), "four parts"},
		{"a bucket of five", native(`{"count":"1","sum":"1","buckets":[[0,"0","1","1","1"]]}`), "four parts"},
		{"another rule", native(`{"count":"1","sum":"1","buckets":[[4,"0","1","1"]]}`), "0, 1, 2 or 3"},
		{"a bucket backwards", native(`{"count":"1","sum":"1","buckets":[[0,"1","0","1"]]}`), "four parts"},
		{"buckets overlap", native(`{"count":"2","sum":"1","buckets":[[0,"1","2","1"],[0,"0","1","1"]]}`), "overlap"},
		{"a border that is none", native(`{"count":"2","sum":"1","buckets":[[0,"NaN","2","1"]]}`), "no border"},
		{"unknown in a histogram", native(`{"count":"2","sum":"1","zero":"1"}`), "not understood"},
		{"both kinds at one time", replace(`]]}]}}`, `]],"histograms":[[1772366500,{"count":"1","sum":"1"}]]}]}}`), "two values at one time"},
		{"deep", strings.Repeat(`{"x":`, 50) + `1` + strings.Repeat(`}`, 50), "nested deeper"},
		{"not UTF-8", replace(`"p-SIDE"`, "\"\xff\""), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := prometheus.New(fakeOptions(answering(t, 200, "application/json", c.body)))
			require.NoError(t, err)
			samples, err := r.Read(t.Context(), span(100, 160))
			require.ErrorContains(t, err, c.want)
			require.Nil(t, samples)
		})
	}
}

// TestGoodAnswers: what is around the data may grow, and is no reason to refuse it.
func TestGoodAnswers(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"as it is":      good,
		"null warnings": strings.Replace(good, `"status"`, `"warnings":null,"isPartial":false,"status"`, 1),
		"no warnings":   strings.Replace(good, `"status"`, `"warnings":[],"infos":[],"stats":{"seriesFetched":"1"},"status"`, 1),
		"allowed":       strings.Replace(good, `"status"`, `"infos":["harmless"],"status"`, 1),
		"spaces":        strings.ReplaceAll(good, `,`, " ,\n "),
		"data first":    strings.Replace(strings.Replace(good, `"status":"success",`, ``, 1), `]}}`, `]},"status":"success"}`, 1),
		"statistics":    strings.Replace(good, `"resultType"`, `"stats":{"timings":{"evalTotalTime":0.1}},"resultType"`, 1),
		"the zero time": strings.Replace(good, `[1772366500,"5"]`, `[1.7723665e9,"5e0"]`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := fakeOptions(answering(t, 200, "application/json; charset=utf-8", body))
			o.Allow = func(w string) bool { return w == "harmless" }
			r, err := prometheus.New(o)
			require.NoError(t, err)
			samples, err := r.Read(t.Context(), span(100, 160))
			require.NoError(t, err)
			five := health.Count{Bad: 5, Total: 5}
			require.Equal(t, []health.Sample{{ID: span(100, 160).ID(), Metric: "errors", Canary: five, Control: five}}, samples)
		})
	}
}

// TestTransport is what can go wrong on the way.
func TestTransport(t *testing.T) {
	t.Parallel()
	read := func(change func(*prometheus.Options)) error {
		o := fakeOptions(answering(t, 200, "application/json", good))
		change(&o)
		r, err := prometheus.New(o)
		require.NoError(t, err)
		samples, err := r.Read(t.Context(), span(100, 160))
		require.True(t, (err == nil) == (samples != nil))
		return err
	}
	for _, c := range []struct {
		name       string
		status     int
		kind, body string
		want       string
	}{
		{"redirect", 302, "application/json", good, "redirects are not followed"},
		{"permanent redirect", 308, "application/json", good, "redirects are not followed"},
		{"no content", 204, "application/json", "", "answers 204"},
		{"bad query", 400, "application/json", `{"status":"error","errorType":"bad_data","error":"parse error"}`, `400, "bad_data": "parse error"`},
		{"gateway", 502, "text/html", "<html>secret</html>", "answers 502"},
		{"forbidden", 403, "application/json", good, "answers 403"},
		{"HTML", 200, "text/html", good, "not application/json"},
		{"no type", 200, "", good, "not application/json"},
		{"large", 200, "application/json", good + strings.Repeat(" ", 3000), "larger than 2000 bytes"},
	} {
		err := read(func(o *prometheus.Options) {
			o.URL, o.MaxBytes = answering(t, c.status, c.kind, c.body), 2000
		})
		require.ErrorContains(t, err, c.want, c.name)
		require.NotContains(t, err.Error(), "secret")
	}
	require.ErrorContains(t, read(func(o *prometheus.Options) {
		o.URL = answering(t, 200, "application/json", strings.Replace(good, `]}]}}`, `]},{"metric":{"__name__":"NAME","v":"SIDE","pod":"q"},"values":[[1772366500,"5"]]}]}}`, 1))
		o.MaxSeries = 1
	}), "more than 1 series")
	require.Error(t, read(func(o *prometheus.Options) { o.URL = "http://127.0.0.1:1" }))
	boom := errors.New("no token today")
	require.ErrorIs(t, read(func(o *prometheus.Options) { o.Token = func(context.Context) (string, error) { return "", boom } }), boom)
	require.Error(t, read(func(o *prometheus.Options) {
		o.Token = func(context.Context) (string, error) { return "a\nb", nil }
	}))

	// An answer that does not end.
	stop := make(chan struct{})
	hang := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		header(w, "application/json")
		fmt.Fprint(w, good[:50])
		w.(http.Flusher).Flush()
		<-stop
	}))
	t.Cleanup(func() { close(stop); hang.Close() })
	require.ErrorIs(t, read(func(o *prometheus.Options) { o.URL, o.Timeout = hang.URL, 50*time.Millisecond }), context.DeadlineExceeded)
	r, err := prometheus.New(fakeOptions(hang.URL))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Read(ctx, span(100, 160))
	require.ErrorIs(t, err, context.Canceled)

	// An answer that is cut.
	short := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		header(w, "application/json")
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, good[:50])
	}))
	t.Cleanup(short.Close)
	require.ErrorContains(t, read(func(o *prometheus.Options) { o.URL = short.URL }), "unexpected EOF")
}

// TestRequest is what a question looks like.
func TestRequest(t *testing.T) {
	t.Parallel()
	var seen []*http.Request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		seen = append(seen, r)
		header(w, "application/json")
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[]}}`)
	}))
	t.Cleanup(s.Close)
	o := fakeOptions(s.URL + "/prom/")
	o.Header = http.Header{"X-Scope-Orgid": {"shop"}}
	o.Token = func(context.Context) (string, error) { return "t0ken", nil }
	o.Params = url.Values{"partial_response": {"false"}}
	o.Queries = []prometheus.Query{
		{Metric: "errors", Total: "all{job='it\\'s'}", Bad: "{__name__=\"bad\",code=~`5..`}"},
		{Metric: "expr", Expr: true, Total: `max by (pod) (x{$side})`, Bad: `max by (pod) (y{$side})`},
	}
	r, err := prometheus.New(o)
	require.NoError(t, err)
	samples, err := r.Read(t.Context(), span(90, 165))
	require.NoError(t, err)
	require.Empty(t, samples)
	require.Len(t, seen, 8)
	require.Equal(t, "/prom/api/v1/query", seen[0].URL.Path)
	require.Equal(t, url.Values{"query": {`all{job="it's",v="2"}[375001ms]`}, "time": {"1772366565.000"}, "partial_response": {"false"}}, seen[0].PostForm)
	require.Equal(t, `bad{code=~"5..",v="2"}[375001ms]`, seen[1].PostForm.Get("query"))
	require.Equal(t, `all{job="it's",v="1"}[375001ms]`, seen[2].PostForm.Get("query"))
	require.Equal(t, "/prom/api/v1/query_range", seen[4].URL.Path)
	require.Equal(t, url.Values{"query": {`max by (pod) (x{v="2"})`}, "start": {"1772366490.000"}, "end": {"1772366565.000"}, "step": {"15.000"}, "partial_response": {"false"}}, seen[4].PostForm)
	for _, r := range seen {
		require.Equal(t, []string{"POST", "Bearer t0ken", "shop"}, []string{r.Method, r.Header.Get("Authorization"), r.Header.Get("X-Scope-OrgID")})
	}
	_, err = r.Read(t.Context(), span(90, 166))
	require.ErrorContains(t, err, "not a multiple of the step")
}

// TestSteps: an expression is answered at its steps, and nowhere else.
func TestSteps(t *testing.T) {
	t.Parallel()
	read := func(body string) ([]health.Sample, error) {
		o := fakeOptions(answering(t, 200, "application/json", body))
		o.Step = 20 * time.Second
		o.Queries = []prometheus.Query{{Metric: "errors", Total: "all{$side}", Bad: "bad{$side}", Expr: true}}
		r, err := prometheus.New(o)
		require.NoError(t, err)
		return r.Read(t.Context(), span(100, 160))
	}
	steps := strings.Replace(good, `1772366520.5`, `1772366520`, 1)
	samples, err := read(steps)
	require.NoError(t, err)
	require.Equal(t, health.Count{Bad: 5, Total: 5}, samples[0].Canary)
	for _, c := range [][2]string{{`1772366520,`, `1772366530,`}, {`1772366520,`, `1772366520.001,`}, {`1772366500,`, `1772366480,`}, {`1772366560,`, `1772366580,`}} {
		require.Contains(t, steps, c[0])
		_, err := read(strings.Replace(steps, c[0], c[1], 1))
		require.ErrorContains(t, err, "the time was not asked for", c[1])
	}
}

// TestSameText: a selector and an expression that read alike are two questions.
func TestSameText(t *testing.T) {
	t.Parallel()
	var paths []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		header(w, "application/json")
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[]}}`)
	}))
	t.Cleanup(s.Close)
	o := fakeOptions(s.URL)
	o.Queries = []prometheus.Query{{Metric: "a", Total: "x", Bad: "x"}, {Metric: "b", Total: "x{$side}", Bad: "x{$side}", Expr: true}}
	r, err := prometheus.New(o)
	require.NoError(t, err)
	_, err = r.Read(t.Context(), span(0, 60))
	require.NoError(t, err)
	require.Equal(t, []string{"/api/v1/query", "/api/v1/query", "/api/v1/query_range", "/api/v1/query_range"}, paths)
}

// TestOptions: every mistake is named.
func TestOptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*prometheus.Options)
		want   string
	}{
		{"no URL", func(o *prometheus.Options) { o.URL = "" }, "URL"},
		{"a password", func(o *prometheus.Options) { o.URL = "http://u:p@host" }, "URL"},
		{"a broken URL", func(o *prometheus.Options) { o.URL = "http://host:secret\x00/" }, "URL: it cannot be parsed"},
		{"a query", func(o *prometheus.Options) { o.URL = "http://host?x=1" }, "URL"},
		{"another scheme", func(o *prometheus.Options) { o.URL = "file:///etc" }, "URL"},
		{"two kinds of authorization", func(o *prometheus.Options) {
			o.Header = http.Header{"Authorization": {"x"}}
			o.Token = func(context.Context) (string, error) { return "", nil }
		}, "Authorization"},
		{"own parameter", func(o *prometheus.Options) { o.Params = url.Values{"query": {"up"}} }, `"query" is the reader's own`},
		{"no canary", func(o *prometheus.Options) { o.Canary = "" }, "canary:"},
		{"any canary", func(o *prometheus.Options) { o.Canary = "{}" }, "canary: matchers"},
		{"a name", func(o *prometheus.Options) { o.Control = `up{a="b"}` }, "control: matchers"},
		{"the same", func(o *prometheus.Options) { o.Control = `{ v = '2' , }` }, "are the same"},
		{"a broken twin", func(o *prometheus.Options) { o.Twin = `{v="` }, "twin:"},
		{"no queries", func(o *prometheus.Options) { o.Queries = nil }, "there is none"},
		{"a metric twice", func(o *prometheus.Options) { o.Queries = append(o.Queries, o.Queries[0]) }, "comes twice"},
		{"no metric", func(o *prometheus.Options) { o.Queries[0].Metric = "" }, "no name"},
		{"nothing", func(o *prometheus.Options) { o.Queries[0].Bad = "" }, "one of Bad, Histogram and Sum"},
		{"two things", func(o *prometheus.Options) { o.Queries[0].Sum = "x" }, "one of Bad, Histogram and Sum"},
		{"no total", func(o *prometheus.Options) { o.Queries[0].Total = "" }, "Total: it is missing"},
		{"a function", func(o *prometheus.Options) { o.Queries[0].Total = "rate(all[5m])" }, "a name or { must stand at byte 4"},
		{"a range", func(o *prometheus.Options) { o.Queries[0].Total = "all[5m]" }, "must stand at byte 3"},
		{"an offset", func(o *prometheus.Options) { o.Queries[0].Total = `all{a="b"} offset 5m` }, "nothing more"},
		{"any name", func(o *prometheus.Options) { o.Queries[0].Total = `{__name__=~"a.*"}` }, "names one metric"},
		{"an expression without a side", func(o *prometheus.Options) { o.Queries[0].Expr = true }, "$side is missing"},
		{"edges without a histogram", func(o *prometheus.Options) { o.Queries[0].Edges = []float64{1} }, "only a Histogram has Edges"},
		{"a mean that is initialised", func(o *prometheus.Options) {
			o.Queries[0] = prometheus.Query{Metric: "m", Total: "n", Sum: "s", Initialised: true}
		}, "only Bad is Initialised"},
		{"a histogram that is initialised", func(o *prometheus.Options) {
			o.Queries[0] = prometheus.Query{Metric: "l", Histogram: "h", Edges: []float64{1}, Initialised: true}
		}, "and not Initialised"},
		{"a histogram without edges", func(o *prometheus.Options) {
			o.Queries[0] = prometheus.Query{Metric: "l", Histogram: "h"}
		}, "no Edges"},
		{"edges that descend", func(o *prometheus.Options) {
			o.Queries[0] = prometheus.Query{Metric: "l", Histogram: "h", Edges: []float64{2, 1}}
		}, "ascending"},
		{"an edge that is none", func(o *prometheus.Options) {
			o.Queries[0] = prometheus.Query{Metric: "l", Histogram: "h", Edges: []float64{math.NaN()}}
		}, "finite"},
		{"no target", func(o *prometheus.Options) { o.Target = []string{} }, "Target"},
		{"a stratum that is no label", func(o *prometheus.Options) { o.Strata = []string{"a-b"} }, "Strata"},
		{"a negative lag", func(o *prometheus.Options) { o.Lag = -time.Second }, "Lag"},
		{"a step in microseconds", func(o *prometheus.Options) { o.Step = time.Microsecond }, "Step"},
		{"no bytes", func(o *prometheus.Options) { o.MaxBytes = -1 }, "MaxBytes"},
		{"a start that is none", func(o *prometheus.Options) { o.Start = "(" }, "Start"},
	} {
		o := fakeOptions("http://localhost:9090")
		c.change(&o)
		r, err := prometheus.New(o)
		require.Nil(t, r, c.name)
		require.ErrorContains(t, err, c.want, c.name)
		require.NotContains(t, err.Error(), "secret")
	}
	_, err := prometheus.New(prometheus.Options{Lag: -1})
	require.Len(t, err.(interface{ Unwrap() []error }).Unwrap(), 5, "%v", err)
}

// TestSelector: what is parsed is written so that nothing else is said.
func TestSelector(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`up`: `up{}`,
		` a:b_c { x = "1" , y!='2',z=~"a|b" , } `: `a:b_c{x="1",y!="2",z=~"a|b"}`,
		`{a="\"\\\n\x41\u00e9"}`:                  `{a="\"\\\nAé"}`,
		"{a=`\\d`}":                               `{a="\\d"}`,
		`{a='"'}`:                                 `{a="\""}`,
		`{}`:                                      `{}`,
		`x{a="}"}`:                                `x{a="}"}`,
	} {
		got, err := prometheus.Selector(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
		again, err := prometheus.Selector(got)
		require.NoError(t, err)
		require.Equal(t, want, again)
	}
	for _, text := range []string{``, ` `, `1x`, `a b`, `a{`, `a}`, `a{b}`, `a{b=}`, `a{b="}`, `a{b="c"`, `a{b="c",,}`, `a{,}`, `a{b=="c"}`, `a{b="c"}}`,
		`a{b="c" c="d"}`, `a{b=~"("}`, `a{b="\q"}`, `a{b="c"}[5m]`, `a{b="c"} or b`, "a{b=\"x\ny\"}", `a{b="c"} # `, "a{b=\"\xff\"}", `a{b="\xff"}`, `a{b-c="d"}`, strings.Repeat("a", 20_000)} {
		_, err := prometheus.Selector(text)
		require.Error(t, err, text)
	}
	for _, c := range []struct {
		text string
		want bool
	}{{`a`, true}, {`b`, false}, {`a{x="1"}`, true}, {`a{x!="1"}`, false}, {`a{x=~"1|2"}`, true}, {`a{x=~"."}`, true}, {`a{x=~""}`, false}, {`a{x!~"1.*"}`, false},
		{`a{none=""}`, true}, {`a{none!=""}`, false}, {`{__name__="a"}`, true}, {`{__name__="b"}`, false}} {
		require.Equal(t, c.want, prometheus.Matches(c.text, map[string]string{"__name__": "a", "x": "1"}), c.text)
	}
}

// TestIncrementsAddUp: whatever the counters do, windows that follow each other have
// together what one window over all has, and each event of a simulated process is
// in the window in which it was first scraped.
func TestIncrementsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		// Scrapes from 0 to 190 s, each 10 s; the base is the one at 20 s.
		var store []fakeSeries
		events := map[int]health.Count{} // by the scrape that saw them
		for pod := range rapid.IntRange(1, 3).Draw(rt, "pods") {
			var all, bad [][2]float64
			total, errs, seen := 0, 0, false
			for i := range 20 {
				good, wrong := rapid.IntRange(0, 9).Draw(rt, "good"), 0
				if rapid.IntRange(0, 3).Draw(rt, "error") == 0 {
					wrong = rapid.IntRange(1, 3).Draw(rt, "errors")
				}
				// A restart that shows: the new process has counted less.
				if i > 0 && rapid.IntRange(0, 9).Draw(rt, "restart") == 0 && good+wrong < total && (!seen || wrong < errs) {
					total, errs = 0, 0
				}
				total, errs = total+good+wrong, errs+wrong
				all = append(all, [2]float64{float64(10 * i), float64(total)})
				if errs > 0 || seen {
					seen = true
					bad = append(bad, [2]float64{float64(10 * i), float64(errs)})
				}
				c := events[i]
				events[i] = health.Count{Bad: c.Bad + uint64(wrong), Total: c.Total + uint64(good+wrong)}
			}
			store = append(store, fakeSeries{fmt.Sprintf(`all{v="2",pod="%d"}`, pod), all})
			if len(bad) > 0 {
				store = append(store, fakeSeries{fmt.Sprintf(`bad{v="2",pod="%d"}`, pod), bad})
			}
		}
		url, _ := fakeAPI(t, store)
		r, err := prometheus.New(fakeOptions(url))
		require.NoError(rt, err)
		for start := 20.0; start < 190; {
			end := start + float64(rapid.IntRange(10, 60).Draw(rt, "window"))
			samples, err := r.Read(t.Context(), span(start, end))
			require.NoError(rt, err)
			var want health.Count
			for i, c := range events {
				if at := float64(10 * i); at > start && at <= end {
					want.Bad, want.Total = want.Bad+c.Bad, want.Total+c.Total
				}
			}
			require.Len(rt, samples, 1)
			require.Equal(rt, want, samples[0].Canary, "from %v to %v", start, end)
			start = end
		}
	})
}

// FuzzSelector: what is parsed says the same when it is written, and selects the same.
func FuzzSelector(f *testing.F) {
	for _, text := range []string{`up`, `a:b_c{ x = "1" , y!='2',z=~"a|b" , } `, "{a=`\\d`}", `{__name__="x y"}`, `a{b="\xc3\xa9"}`} {
		f.Add(text, "a", "1")
	}
	f.Fuzz(func(t *testing.T, text, name, value string) {
		written, err := prometheus.Selector(text)
		if err != nil {
			return
		}
		again, err := prometheus.Selector(written)
		require.NoError(t, err, "%q", written)
		require.Equal(t, written, again)
		labels := map[string]string{"__name__": name, "x": value, "a": value}
		require.Equal(t, prometheus.Matches(text, labels), prometheus.Matches(written, labels))
	})
}

// FuzzDecode: what is decoded is what encoding/json finds there too, and what it holds
// was asked for.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[[1772366500,{"count":"3","sum":"-1.5","buckets":[[3,"0","0","1"],[0,"0.25","0.5","2"]]}]]}]}}`))
	f.Add([]byte(`{"status":"error","errorType":"timeout","error":"\u0041\n"}`))
	f.Add([]byte(strings.Replace(good, `"status"`, `"warnings":["x"],"isPartial":true,"status"`, 1)))
	f.Fuzz(func(t *testing.T, body []byte) {
		status, counts, err := prometheus.Decode(body, 1772366400_000, 1772366560_000)
		if err != nil {
			require.Empty(t, status)
			require.Empty(t, counts)
			return
		}
		var slow struct {
			Status string
			Data   struct {
				Result []struct {
					Metric             map[string]string
					Values, Histograms []any
				}
			}
		}
		require.NoError(t, json.Unmarshal(body, &slow))
		require.Equal(t, slow.Status, status)
		require.Len(t, slow.Data.Result, len(counts))
		for i, s := range slow.Data.Result {
			require.Equal(t, len(s.Values)+len(s.Histograms), counts[i])
		}
	})
}
