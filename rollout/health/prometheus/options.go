package prometheus

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// The values that stand for zero fields of [Options].
const (
	DefaultLag       = 30 * time.Second
	DefaultLookback  = 5 * time.Minute
	DefaultStep      = 15 * time.Second
	DefaultTimeout   = 30 * time.Second
	DefaultMaxBytes  = 16 << 20
	DefaultMaxSeries = 20_000
)

// Options say where samples come from.
type Options struct {
	// URL is the API's root, to which /api/v1/query is added: "http://localhost:9090",
	// or with a path where it is served below one. Not with a user, a query or a
	// fragment.
	URL string
	// Client sends the requests. Redirects are not followed, whatever it says. Nil
	// means one like [http.DefaultClient].
	Client *http.Client
	// Header is added to each request, such as X-Scope-OrgID. It is copied.
	Header http.Header
	// Token gives the bearer token of a request; nil sends none.
	Token func(context.Context) (string, error)
	// Params are added to each query's form, such as partial_response=false for Thanos.
	// They are copied.
	Params url.Values

	// Canary and Control say what is the new release and what is the one beside it,
	// as matchers that are added to every selector: `{version="v2"}`. No series may
	// be matched by two sides.
	Canary, Control string
	// Twin, if it is not empty, is the part of the old release that is handled as the
	// canary is, and is not part of Control. It is read for metrics with Bad.
	Twin string
	// Strata are the labels whose values are a sample's stratum, `region="eu"`. Means
	// have none: they are over all strata together.
	Strata []string
	// Target are the labels that together name one scraped process. Every series
	// must have them. Nil means job and instance.
	Target []string
	// Start selects, if it is not empty, the time at which a target's process started,
	// in seconds since 1970: `process_start_time_seconds{job="shop"}`. Canary and
	// Control are added.
	Start string
	// Queries are what is read, at least one, each of another metric.
	Queries []Query

	// Lag is how long after its end a window is closed, by Now and by the store's clock
	// as its answers are dated: the time of a scrape, of its way into the store, and
	// what the clocks of targets differ from the store's. 0 means [DefaultLag].
	Lag time.Duration
	// Lookback is how far before the window the last scrape is looked for: several times
	// the time between scrapes. 0 means [DefaultLookback].
	Lookback time.Duration
	// Step is the distance of the values that an expression is asked for. Windows must
	// be a multiple of it. 0 means [DefaultStep].
	Step time.Duration

	// Timeout bounds one request, with its answer. 0 means [DefaultTimeout].
	Timeout time.Duration
	// MaxBytes bounds one answer, as it is when no longer compressed. 0 means
	// [DefaultMaxBytes].
	MaxBytes int
	// MaxSeries bounds the series of one answer. 0 means [DefaultMaxSeries].
	MaxSeries int
	// Allow says whether an answer with this warning or info is good nevertheless. Nil
	// allows none.
	Allow func(warning string) bool
	// Now is the time. Nil means [time.Now].
	Now func() time.Time
}

// Query is how one metric is read. Set Bad and Total for events that went wrong,
// Histogram and Edges for latency, Sum and Total for a mean.
type Query struct {
	// Metric is the name of one of the policy's metrics.
	Metric string
	// Total selects the counters of all events: `http_requests_total{job="shop"}`.
	Total string
	// Bad selects those of the bad events: `http_requests_total{job="shop",code=~"5.."}`.
	// That there is none, where Total finds series, means 0; unless Initialised is set.
	Bad string
	// Initialised says that every target has its series of Bad from its start, at 0. One
	// that has none is then an error, and not taken for one without failures: a label
	// that only the new release lacks would make it look perfect.
	Initialised bool
	// Histogram selects a histogram by its name, without the _bucket of a classic one.
	Histogram string
	// Native says that the histogram is a native one.
	Native bool
	// Edges are the policy's edges for the metric, in the histogram's unit, above 0 and
	// ascending. One at which no bucket ends is moved up, for both sides alike, to where
	// one does: see [health.AlignEdges]. It is an error if there is none.
	Edges []float64
	// Sum selects the counters whose sum over that of Total is the mean. Never
	// negative. A target with only one of the two is an error.
	Sum string
	// Expr says that Total, Bad and Sum are not selectors but PromQL. `$side` in them
	// stands for the matchers of Canary or Control, and must be there:
	// `label_replace(requests_total{$side}, "zone", "$1", "node", "(..).*")`.
	Expr bool
}

// DefaultTarget are the labels that stand for a nil Target.
func DefaultTarget() []string { return []string{"job", "instance"} }

// sides are who is compared.
const (
	canary = iota
	control
	twin
	sides
)

var sideNames = [sides]string{"canary", "control", "twin"}
