package otel

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// Scope is the instrumentation scope's name, and Schema the conventions' version.
const (
	Scope  = "github.com/sallyport-dev/sallyport/metrics/otel"
	Schema = "https://opentelemetry.io/schemas/1.44.0"
)

// Gauge is one metric with its data points. It is an OTLP Metric with a Gauge.
type Gauge struct {
	// Name, Description and Unit (of UCUM) are those of the metric.
	Name, Description, Unit string
	// Points are its values, in the order of the results.
	Points []Point
}

// Point is one value.
type Point struct {
	// Attributes say of what it is, by key.
	Attributes []Attribute
	// Value is a float64, or an int64 for a count.
	Value any
}

// Gauges are the metrics of results: the value of each of the five with its interval as
// .lower and .upper, and dora.sample_size, dora.censored, dora.partial and dora.status.
// The dimensions name what stands in the keys. A value or a bound that is not there has
// no point; an infinite bound is not there. Refused are a result that contradicts itself
// or stands twice, and dimensions without a name or named twice.
func Gauges(by []string, results []metrics.Result) ([]Gauge, error) {
	for i, dim := range by {
		if dim == "" || slices.Contains(by[:i], dim) {
			return nil, fmt.Errorf("otel: dimension %q has no name or stands twice", dim)
		}
	}
	all, order := map[string]*Gauge{}, []*Gauge{}
	gauge := func(name, description, unit string) {
		all[name] = &Gauge{Name: name, Description: description, Unit: unit}
		order = append(order, all[name])
	}
	for _, m := range metrics.Metrics() {
		n := names[m]
		gauge(n.name, n.description, n.unit)
		gauge(n.name+".lower", "Lower bound of the interval: "+n.description, n.unit)
		gauge(n.name+".upper", "Upper bound of the interval: "+n.description, n.unit)
	}
	gauge("dora.sample_size", "What a value rests on", "{fact}")
	gauge("dora.censored", "Those of the sample that may still change", "{fact}")
	gauge("dora.partial", "1 where the window was observed in part only", "1")
	gauge("dora.status", "What a value is worth, by the attribute dora.status", "1")
	seen := map[string]bool{}
	for i, r := range results {
		if _, err := metrics.AppendResult(nil, r); err != nil {
			return nil, fmt.Errorf("otel: result %d: %w", i, err)
		}
		if len(r.Key) != len(by) {
			return nil, fmt.Errorf("otel: result %d: its key has %d values for %d dimensions", i, len(r.Key), len(by))
		}
		a := set{Definition: r.Definition.String(), Window: r.Window.String(), WindowKind: r.Window.Kind.String()}
		for k, dim := range by {
			a[dimension(dim)] = r.Key[k]
		}
		id := fmt.Sprintf("%s %q", r.Metric, a.sorted())
		if seen[id] {
			return nil, fmt.Errorf("otel: result %d: %s of %q in %s stands twice", i, r.Metric, r.Key, r.Window)
		}
		seen[id] = true
		for part, v := range map[string]float64{"": r.Value, ".lower": r.Lo, ".upper": r.Hi} {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				g := all[names[r.Metric].name+part]
				g.Points = append(g.Points, Point{a.sorted(), v})
			}
		}
		a[Metric] = r.Metric.String()
		partial := int64(0)
		if r.Partial {
			partial = 1
		}
		for name, n := range map[string]int64{"dora.sample_size": int64(r.N), "dora.censored": int64(r.Censored), "dora.partial": partial} {
			all[name].Points = append(all[name].Points, Point{a.sorted(), n})
		}
		a[Status] = r.Status.String()
		all["dora.status"].Points = append(all["dora.status"].Points, Point{a.sorted(), int64(1)})
	}
	var out []Gauge
	for _, g := range order {
		if len(g.Points) > 0 {
			out = append(out, *g)
		}
	}
	return out, nil
}

var names = map[metrics.Metric]struct{ name, description, unit string }{
	metrics.LeadTime:     {"dora.change.lead_time", "Median time from commit to production", "s"},
	metrics.Frequency:    {"dora.deployment.frequency", "Deployments per week of seven civil days", "{deployment}/wk"},
	metrics.RecoveryTime: {"dora.deployment.recovery_time", "Median time from a failed deployment to recovery", "s"},
	metrics.FailRate:     {"dora.change.fail_rate", "Share of deployments that failed", "1"},
	metrics.ReworkRate:   {"dora.deployment.rework_rate", "Share of deployments that were unplanned repairs", "1"},
}

func dimension(dim string) string {
	switch dim {
	case metrics.DimService:
		return ServiceName
	case metrics.DimEnvironment:
		return EnvironmentName
	}
	return Dimension + dim
}

// AppendOTLP appends gauges as one ExportMetricsServiceRequest in OTLP's JSON encoding:
// names in lowerCamelCase, 64-bit integers as strings. All points have the time at, which
// is that of the report's snapshot; the resource says who sends. No gauges are an error,
// because OTLP asks not to send an empty envelope; dst is returned as it was on error.
func AppendOTLP(dst []byte, resource []Attribute, gauges []Gauge, at time.Time) ([]byte, error) {
	if len(gauges) == 0 {
		return dst, errors.New("otel: there is nothing to send")
	}
	if y := at.UTC().Year(); y < 1970 || y > 2190 {
		return dst, fmt.Errorf("otel: the time %q is not between 1970 and 2190", at)
	}
	type keyValue struct {
		Key   string         `json:"key"`
		Value map[string]any `json:"value"`
	}
	attributes := func(attrs []Attribute) ([]keyValue, error) {
		out := make([]keyValue, 0, len(attrs))
		for i, a := range attrs {
			v, err := anyValue(a)
			if err == nil && slices.ContainsFunc(attrs[:i], func(b Attribute) bool { return b.Key == a.Key }) {
				err = fmt.Errorf("otel: attribute %q stands twice", a.Key)
			}
			if err != nil {
				return nil, err
			}
			out = append(out, keyValue{a.Key, v})
		}
		return out, nil
	}
	type object = map[string]any // encoding/json writes the names in order
	var list []object
	for _, g := range gauges {
		var points []object
		for _, p := range g.Points {
			attrs, err := attributes(p.Attributes)
			if err != nil {
				return dst, err
			}
			point := object{"attributes": attrs, "timeUnixNano": strconv.FormatInt(at.UnixNano(), 10)}
			switch v := p.Value.(type) {
			case int64:
				point["asInt"] = strconv.FormatInt(v, 10)
			case float64:
				point["asDouble"] = v
			default:
				return dst, fmt.Errorf("otel: gauge %q: %v is no float64 and no int64", g.Name, p.Value)
			}
			points = append(points, point)
		}
		if g.Name == "" || len(points) == 0 {
			return dst, fmt.Errorf("otel: gauge %q has no name or no points", g.Name)
		}
		list = append(list, object{"name": g.Name, "description": g.Description, "unit": g.Unit, "gauge": object{"dataPoints": points}})
	}
	attrs, err := attributes(resource)
	if err != nil {
		return dst, err
	}
	b, err := json.Marshal(object{"resourceMetrics": []object{{
		"resource": object{"attributes": attrs}, "schemaUrl": Schema,
		"scopeMetrics": []object{{"scope": object{"name": Scope}, "schemaUrl": Schema, "metrics": list}},
	}}})
	if err != nil {
		return dst, fmt.Errorf("otel: %w", err)
	}
	return append(dst, b...), nil
}
