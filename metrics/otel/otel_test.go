package otel_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/otel"
	"github.com/sallyport-dev/sallyport/release"
)

var (
	by = []string{"service", "environment", "team"}
	at = time.Date(2026, time.March, 9, 0, 0, 0, 0, time.UTC)
)

func result(service string, known bool) metrics.Result {
	nan := math.NaN()
	r := metrics.Result{Metric: metrics.FailRate, Key: []string{service, "production", "core"}, Level: .95, Method: metrics.MethodWilson,
		Window: metrics.Window{Kind: metrics.WindowWeek, From: at.AddDate(0, 0, -7), To: at}, Definition: release.Digest{1},
		Status: metrics.StatusNoData, Reason: "nothing was observed", Value: nan, Lo: nan, Hi: nan, RestrictedMean: nan, Horizon: nan}
	if known {
		r.Status, r.Reason, r.Value, r.Lo, r.Hi, r.N, r.Censored = metrics.StatusOK, "", .25, .05, .7, 4, 1
	}
	return r
}

// The messages of opentelemetry/proto/metrics/v1/metrics.proto, of those fields that a
// gauge may have. Integers of 64 bits are strings: json refuses a number there.
type (
	value struct {
		StringValue *string  `json:"stringValue"`
		BoolValue   *bool    `json:"boolValue"`
		IntValue    *string  `json:"intValue"`
		DoubleValue *float64 `json:"doubleValue"`
	}
	keyValue struct {
		Key   string `json:"key"`
		Value value  `json:"value"`
	}
	point struct {
		Attributes        []keyValue `json:"attributes"`
		StartTimeUnixNano string     `json:"startTimeUnixNano"`
		TimeUnixNano      string     `json:"timeUnixNano"`
		AsDouble          *float64   `json:"asDouble"`
		AsInt             *string    `json:"asInt"`
		Flags             uint32     `json:"flags"`
	}
	request struct {
		ResourceMetrics []struct {
			Resource struct {
				Attributes []keyValue `json:"attributes"`
			} `json:"resource"`
			SchemaURL    string `json:"schemaUrl"`
			ScopeMetrics []struct {
				Scope struct {
					Name    string `json:"name"`
					Version string `json:"version"`
				} `json:"scope"`
				SchemaURL string `json:"schemaUrl"`
				Metrics   []struct {
					Name        string `json:"name"`
					Description string `json:"description"`
					Unit        string `json:"unit"`
					Gauge       struct {
						DataPoints []point `json:"dataPoints"`
					} `json:"gauge"`
				} `json:"metrics"`
			} `json:"scopeMetrics"`
		} `json:"resourceMetrics"`
	}
)

func TestOTLP(t *testing.T) {
	t.Parallel()
	few := result("few", true)
	few.Status, few.Reason, few.Lo, few.Hi = metrics.StatusTooFew, "few", math.Inf(-1), math.Inf(1)
	gauges, err := otel.Gauges(by, []metrics.Result{result(`a"<\é`, true), result("none", false), few})
	require.NoError(t, err)
	resource := []otel.Attribute{{Key: "service.name", Value: "reporter"}, {Key: "i", Value: int64(1 << 60)}, {Key: "b", Value: true}, {Key: "d", Value: .5}}
	b, err := otel.AppendOTLP(nil, resource, gauges, at)
	require.NoError(t, err)
	again, err := otel.AppendOTLP(nil, resource, gauges, at)
	require.NoError(t, err)
	require.Equal(t, string(b), string(again))

	var r request
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&r))
	require.Len(t, r.ResourceMetrics, 1)
	require.Equal(t, "1152921504606846976", *r.ResourceMetrics[0].Resource.Attributes[1].Value.IntValue)
	require.Len(t, r.ResourceMetrics[0].ScopeMetrics, 1)
	got := map[string]string{}
	for _, m := range r.ResourceMetrics[0].ScopeMetrics[0].Metrics {
		require.NotEmpty(t, m.Gauge.DataPoints)
		for _, p := range m.Gauge.DataPoints {
			require.Equal(t, "1773014400000000000", p.TimeUnixNano)
			require.True(t, (p.AsDouble == nil) != (p.AsInt == nil), "one value")
			text := map[string]string{}
			for _, a := range p.Attributes {
				require.NotContains(t, text, a.Key)
				text[a.Key] = *a.Value.StringValue
			}
			require.Equal(t, "production", text["deployment.environment.name"])
			require.Equal(t, "core", text["dora.dimension.team"])
			require.Equal(t, "2026-W10", text["dora.window"])
			key := strings.TrimSpace(m.Name + " " + text["service.name"] + " " + text["dora.status"])
			require.NotContains(t, got, key)
			if p.AsInt != nil {
				got[key] = *p.AsInt
			} else {
				got[key] = fmt.Sprint(*p.AsDouble)
			}
		}
	}
	require.Equal(t, map[string]string{
		`dora.change.fail_rate a"<\é`: "0.25", `dora.change.fail_rate.lower a"<\é`: "0.05", `dora.change.fail_rate.upper a"<\é`: "0.7",
		"dora.change.fail_rate few": "0.25",
		`dora.sample_size a"<\é`:    "4", `dora.censored a"<\é`: "1", `dora.partial a"<\é`: "0", `dora.status a"<\é ok`: "1",
		"dora.sample_size none": "0", "dora.censored none": "0", "dora.partial none": "0", "dora.status none no-data": "1",
		"dora.sample_size few": "4", "dora.censored few": "1", "dora.partial few": "0", "dora.status few too-few": "1",
	}, got)
}

func TestOTLPRefuses(t *testing.T) {
	t.Parallel()
	good := result("a", true)
	bad := good
	bad.Lo = .5
	for name, c := range map[string]struct {
		by []string
		rs []metrics.Result
	}{
		"twice": {by, []metrics.Result{good, good}}, "contradiction": {by, []metrics.Result{bad}},
		"short key": {by[:2], []metrics.Result{good}}, "dimension twice": {[]string{"a", "a"}, nil}, "no name": {[]string{""}, nil},
	} {
		_, err := otel.Gauges(c.by, c.rs)
		require.ErrorContains(t, err, "otel: ", name)
	}
	gauges, err := otel.Gauges(by, []metrics.Result{good})
	require.NoError(t, err)
	for name, a := range map[string]otel.Attribute{"no key": {Value: "a"}, "int": {Key: "a", Value: 1}, "NaN": {Key: "a", Value: math.NaN()},
		"text": {Key: "a", Value: "\xff"}, "nil": {Key: "a"}, "twice": {Key: "b", Value: "x"}} {
		b, err := otel.AppendOTLP([]byte("x"), []otel.Attribute{{Key: "b", Value: "y"}, a}, gauges, at)
		require.Error(t, err, name)
		require.Equal(t, "x", string(b))
	}
	_, err = otel.AppendOTLP(nil, nil, gauges, time.Time{})
	require.Error(t, err)
	_, err = otel.AppendOTLP(nil, nil, nil, at)
	require.Error(t, err)
}

func meta() metrics.Meta {
	return metrics.Meta{Source: "https://git.example/a", ID: "7", Rev: 1, At: at, Seen: at, Service: "shop", Environment: "production",
		Dims: metrics.Dims{"team": "core"}}
}

// TestDeployment goes there and back for every outcome.
func TestDeployment(t *testing.T) {
	t.Parallel()
	for o := metrics.DeploymentUnknown; o <= metrics.DeploymentNotExposed; o++ {
		for p := metrics.PlannedUnknown; p <= metrics.PlannedNo; p++ {
			d := metrics.Deployment{Meta: meta(), Outcome: o, Planned: p, Version: "1.2", Commit: "c0ffee", Artifact: "pkg:a/b", Release: release.Digest{2}}
			attrs, err := otel.Attributes(d)
			require.NoError(t, err)
			got, err := otel.Deployment(metrics.Meta{Source: d.Source, Rev: 1, At: at, Seen: at}, attrs)
			require.NoError(t, err)
			require.Equal(t, d, got)
		}
	}
	read := func(attrs ...otel.Attribute) (metrics.Deployment, error) {
		m := meta()
		m.ID = ""
		return otel.Deployment(m, attrs)
	}
	d, err := read(otel.Attribute{Key: "cicd.pipeline.run.id", Value: "9"}, otel.Attribute{Key: "cicd.pipeline.result", Value: "success"})
	require.NoError(t, err)
	require.Equal(t, "9", d.ID)
	require.Equal(t, metrics.DeploymentSucceeded, d.Outcome)
	id := otel.Attribute{Key: "deployment.id", Value: "1"}
	for _, result := range []string{"failure", "error", "timeout", "cancellation", "skip"} {
		d, err := read(id, otel.Attribute{Key: "cicd.pipeline.result", Value: result})
		require.NoError(t, err)
		require.Equal(t, metrics.DeploymentUnknown, d.Outcome)
	}
	d, err = read(id, otel.Attribute{Key: "deployment.status", Value: "failed"})
	require.NoError(t, err)
	require.Equal(t, metrics.DeploymentFailed, d.Outcome)
	for name, attrs := range map[string][]otel.Attribute{
		"no id":           nil,
		"twice":           {id, id},
		"no string":       {{Key: "deployment.id", Value: int64(1)}},
		"unknown status":  {id, {Key: "deployment.status", Value: "success"}},
		"unknown outcome": {id, {Key: "dora.deployment.outcome", Value: "good"}},
		"contradiction":   {id, {Key: "deployment.status", Value: "succeeded"}, {Key: "dora.deployment.outcome", Value: "failed"}},
		"the other way":   {id, {Key: "deployment.status", Value: "failed"}, {Key: "dora.deployment.outcome", Value: "succeeded"}},
		"other service":   {id, {Key: "service.name", Value: "bank"}},
		"other dimension": {id, {Key: "dora.dimension.team", Value: "other"}},
		"planned":         {id, {Key: "dora.deployment.planned", Value: "yes"}},
		"release":         {id, {Key: "dora.release.digest", Value: "sha256:0"}},
		"dimension":       {id, {Key: "dora.dimension.service", Value: "x"}},
	} {
		d, err := read(attrs...)
		require.ErrorContains(t, err, "otel: ", name)
		require.Zero(t, d, name)
	}
}

// TestChange goes there and back; a change that was closed was not merged.
func TestChange(t *testing.T) {
	t.Parallel()
	c := metrics.Change{Meta: meta(), Merged: at, Commit: "c0ffee"}
	attrs, err := otel.Attributes(c)
	require.NoError(t, err)
	from := metrics.Meta{Source: c.Source, Rev: 1, At: at, Seen: at}
	got, err := otel.Change(from, attrs)
	require.NoError(t, err)
	c.Merged = time.Time{} // no attribute is a time
	require.Equal(t, c, got)
	id := otel.Attribute{Key: "vcs.change.id", Value: "1"}
	for name, attrs := range map[string][]otel.Attribute{
		"no id": nil, "twice": {id, id}, "not merged": {id, {Key: "vcs.change.state", Value: "closed"}},
		"other repository": {id, {Key: "vcs.repository.url.full", Value: "https://git.example/b"}},
		"no string":        {{Key: "vcs.change.id", Value: 1.5}},
	} {
		got, err := otel.Change(from, attrs)
		require.ErrorContains(t, err, "otel: ", name)
		require.Zero(t, got, name)
	}
}

func TestAttributesRefuses(t *testing.T) {
	t.Parallel()
	gone := meta()
	gone.Deleted = true
	for _, f := range []metrics.Fact{nil, metrics.Deployment{}, metrics.Change{}, metrics.Incident{},
		metrics.Change{Meta: gone}} {
		_, err := otel.Attributes(f)
		require.ErrorContains(t, err, "otel: ")
	}
}

func ExampleAttributes() {
	for _, f := range []metrics.Fact{
		metrics.Deployment{Meta: meta(), Outcome: metrics.DeploymentNotExposed, Version: "1.2", Commit: "c0ffee", Planned: metrics.PlannedNo},
		metrics.Change{Meta: meta(), Merged: at, Commit: "c0ffee"},
		metrics.Incident{Meta: meta(), CausedBy: metrics.Ref{Source: "ci", ID: "12"}, Severity: "high"},
	} {
		attrs, err := otel.Attributes(f)
		fmt.Println(attrs, err)
	}
	// Output:
	// [{deployment.environment.name production} {deployment.id 7} {deployment.status failed} {dora.deployment.outcome not-exposed} {dora.deployment.planned false} {dora.dimension.team core} {service.name shop} {service.version 1.2} {vcs.ref.head.revision c0ffee}] <nil>
	// [{deployment.environment.name production} {dora.dimension.team core} {service.name shop} {vcs.change.id 7} {vcs.change.state merged} {vcs.ref.head.revision c0ffee} {vcs.repository.url.full https://git.example/a}] <nil>
	// [{deployment.environment.name production} {deployment.id 12} {dora.dimension.team core} {dora.incident.id 7} {dora.incident.severity high} {service.name shop}] <nil>
}

func ExampleAppendOTLP() {
	gauges, err := otel.Gauges(by, []metrics.Result{result("shop", true)})
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := otel.AppendOTLP(nil, []otel.Attribute{{Key: otel.ServiceName, Value: "dora"}}, gauges[:1], at)
	fmt.Println(string(b), err)
	// Output:
	// {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"dora"}}]},"schemaUrl":"https://opentelemetry.io/schemas/1.44.0","scopeMetrics":[{"metrics":[{"description":"Share of deployments that failed","gauge":{"dataPoints":[{"asDouble":0.25,"attributes":[{"key":"deployment.environment.name","value":{"stringValue":"production"}},{"key":"dora.definition.digest","value":{"stringValue":"sha256:0100000000000000000000000000000000000000000000000000000000000000"}},{"key":"dora.dimension.team","value":{"stringValue":"core"}},{"key":"dora.window","value":{"stringValue":"2026-W10"}},{"key":"dora.window.kind","value":{"stringValue":"week"}},{"key":"service.name","value":{"stringValue":"shop"}}],"timeUnixNano":"1773014400000000000"}]},"name":"dora.change.fail_rate","unit":"1"}],"schemaUrl":"https://opentelemetry.io/schemas/1.44.0","scope":{"name":"github.com/sallyport-dev/sallyport/metrics/otel"}}]}]} <nil>
}
