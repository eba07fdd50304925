package prometheus

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Reader reads windows. It is safe for use by several goroutines at once, if what
// its Options have given it is.
type Reader struct {
	o       Options
	root    string
	client  http.Client
	sides   [sides]selector // without matchers: there is no such side
	starts  *source
	queries []query
	// The headers and parameters of a request are behind functions, so that a Reader
	// that is printed does not show what they hold.
	header func() http.Header
	params func() url.Values
}

// New is a Reader. The error lists every mistake of the options.
func New(o Options) (*Reader, error) {
	r := &Reader{}
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("prometheus: "+format, args...))
	}
	if u, err := url.Parse(o.URL); err != nil {
		bad("URL: it cannot be parsed") // the error may show a password
	} else if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		bad("URL: http or https with a host, and perhaps a path, must stand there and nothing else")
	} else {
		r.root = strings.TrimRight(u.String(), "/")
	}
	header := http.Header{}
	for name, values := range o.Header {
		for _, v := range values {
			header.Add(name, v)
		}
	}
	if o.Token != nil && header.Get("Authorization") != "" {
		bad("Header: Authorization and Token exclude each other")
	}
	for name := range o.Params {
		switch name {
		case "query", "time", "start", "end", "step", "limit":
			bad("Params: %q is the reader's own", name)
		}
	}
	for _, d := range []struct {
		name     string
		value    *time.Duration
		fallback time.Duration
	}{{"Lag", &o.Lag, DefaultLag}, {"Lookback", &o.Lookback, DefaultLookback}, {"Step", &o.Step, DefaultStep}, {"Timeout", &o.Timeout, DefaultTimeout}} {
		if *d.value == 0 {
			*d.value = d.fallback
		}
		if *d.value < time.Millisecond || *d.value > 1000*time.Hour || *d.value%time.Millisecond != 0 {
			bad("%s: %v is not a number of milliseconds up to 1000 hours", d.name, *d.value)
		}
	}
	for _, n := range []struct {
		name            string
		value           *int
		fallback, limit int
	}{{"MaxBytes", &o.MaxBytes, DefaultMaxBytes, 1 << 30}, {"MaxSeries", &o.MaxSeries, DefaultMaxSeries, 10_000_000}} {
		if *n.value == 0 {
			*n.value = n.fallback
		}
		if *n.value < 1 || *n.value > n.limit {
			bad("%s: %d is not between 1 and %d", n.name, *n.value, n.limit)
		}
	}
	if o.Target == nil {
		o.Target = DefaultTarget()
	}
	if len(o.Target) == 0 {
		bad("Target: without a label nothing tells one process from another")
	}
	for _, l := range []struct {
		name  string
		names []string
	}{{"Target", o.Target}, {"Strata", o.Strata}} {
		seen := map[string]bool{}
		for _, label := range l.names {
			if !isLabel(label) || label == "__name__" || label == "le" || seen[label] {
				bad("%s: %q is no name of a label, stands there twice, or cannot be used", l.name, label)
			}
			seen[label] = true
		}
	}
	for side, text := range [sides]string{o.Canary, o.Control, o.Twin} {
		if side == twin && text == "" {
			continue
		}
		s, err := parseSelector(text)
		if err == nil && (s.name != "" || len(s.match) == 0) {
			err = errors.New(`matchers and no name must stand there, such as {version="v2"}`)
		}
		if err != nil {
			bad("%s: %w", sideNames[side], err)
		}
		r.sides[side] = s
	}
	if len(errs) == 0 && r.sides[canary].String() == r.sides[control].String() {
		bad("Canary and Control are the same")
	}
	if o.Start != "" {
		s, err := parseMetric(o.Start)
		if err != nil {
			bad("Start: %w", err)
		}
		r.starts = &source{what: "Start", selector: s}
	}
	if len(o.Queries) == 0 {
		bad("Queries: there is none")
	}
	seen := map[string]bool{}
	for i, q := range o.Queries {
		if q.Metric == "" || seen[q.Metric] {
			bad("Queries[%d]: the metric %q has no name, or comes twice", i, q.Metric)
		}
		seen[q.Metric] = true
		checked, err := q.check()
		for _, err := range err {
			bad("Queries[%d] (%s): %w", i, q.Metric, err)
		}
		r.queries = append(r.queries, checked)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Client != nil {
		r.client = *o.Client
	}
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	params := url.Values{}
	for name, values := range o.Params {
		params[name] = append([]string(nil), values...)
	}
	r.header, r.params = func() http.Header { return header }, func() url.Values { return params }
	o.Header, o.Params, o.Queries = nil, nil, nil
	o.Target, o.Strata = append([]string(nil), o.Target...), append([]string(nil), o.Strata...)
	r.o = o
	return r, nil
}
