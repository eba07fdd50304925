package prom

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/metrics"
)

// Format is a text format.
type Format uint8

// The formats, with the content type that a server gives for each.
const (
	FormatText        Format = iota // text/plain; version=0.0.4
	FormatOpenMetrics               // application/openmetrics-text; version=1.0.0; charset=utf-8
)

// Options say how results are written. Nil means the defaults.
type Options struct {
	// Format is the text format; the zero value is 0.0.4.
	Format Format
	// Time stands behind each sample. If zero, there is none, and a server takes the
	// moment at which it reads: what is best for a page that it scrapes.
	Time time.Time
}

// Append appends results to dst, by family and in each in the order that they are given
// in. The dimensions name what stands in the results' keys: [metrics.Report.By]. It
// refuses a result that contradicts itself, one that stands twice, dimensions of which
// two would have one label's name or one of this package's own, and texts that are not
// UTF-8; dst is then returned as it was. No results are no text, or the end mark of
// OpenMetrics.
func Append(dst []byte, by []string, results []metrics.Result, opts *Options) ([]byte, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Format > FormatOpenMetrics {
		return dst, fmt.Errorf("prom: there is no format %d", o.Format)
	}
	names, err := labelNames(by)
	if err != nil {
		return dst, err
	}
	labels, err := labelsOf(names, results)
	if err != nil {
		return dst, err
	}
	out := dst
	for _, f := range families() {
		begun := false
		for i, r := range results {
			v, ok := f.sample(r)
			if !ok {
				continue
			}
			if !begun {
				out, begun = f.appendHead(out, o.Format), true
			}
			out = append(append(append(out, f.name()...), '{'), labels[i]...)
			if f.metric == metrics.MetricUnknown {
				out = appendLabel(append(out, ','), "metric", r.Metric.String())
			}
			if f.stem == "dora_status" {
				out = appendLabel(append(out, ','), "status", r.Status.String())
			}
			out = o.appendTime(appendValue(append(out, "} "...), v))
			out = append(out, '\n')
		}
	}
	if o.Format == FormatOpenMetrics {
		out = append(out, "# EOF\n"...)
	}
	return out, nil
}

// own are the labels that are not dimensions.
var own = []string{"definition", "metric", "status", "window", "window_kind"}

// labelNames makes label names of dimensions: what no such name may have becomes "_".
func labelNames(by []string) ([]string, error) {
	taken := map[string]string{}
	for _, n := range own {
		taken[n] = "a label of every series"
	}
	out := make([]string, len(by))
	for i, dim := range by {
		name := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
				return r
			}
			return '_'
		}, dim)
		if name != "" && name[0] >= '0' && name[0] <= '9' {
			name = "_" + name
		}
		switch {
		case name == "":
			return nil, errors.New("prom: a dimension has no name")
		case strings.HasPrefix(name, "__"):
			return nil, fmt.Errorf("prom: dimension %q: the label %q is for Prometheus itself", dim, name)
		case name == "le" || name == "quantile" || name == "job" || name == "instance":
			return nil, fmt.Errorf("prom: dimension %q: the label %q has a meaning of its own", dim, name)
		case taken[name] != "":
			return nil, fmt.Errorf("prom: dimension %q: the label %q is %s", dim, name, taken[name])
		}
		out[i], taken[name] = name, fmt.Sprintf("dimension %q", dim)
	}
	return out, nil
}

// labelsOf are the labels that all series of a result have. It checks the results.
func labelsOf(names []string, results []metrics.Result) ([]string, error) {
	type series struct {
		labels string
		metric metrics.Metric
	}
	seen := make(map[series]bool, len(results))
	out := make([]string, len(results))
	var scratch []byte
	for i, r := range results {
		var err error
		if scratch, err = metrics.AppendResult(scratch[:0], r); err != nil {
			return nil, fmt.Errorf("prom: result %d: %w", i, err)
		}
		if len(r.Key) != len(names) {
			return nil, fmt.Errorf("prom: result %d: its key has %d values for %d dimensions", i, len(r.Key), len(names))
		}
		scratch = scratch[:0]
		for k, name := range names {
			if !utf8.ValidString(r.Key[k]) {
				return nil, fmt.Errorf("prom: result %d: %q is not valid UTF-8", i, r.Key[k])
			}
			scratch = append(appendLabel(scratch, name, r.Key[k]), ',')
		}
		scratch = append(appendLabel(scratch, "definition", r.Definition.String()), ',')
		scratch = append(appendLabel(scratch, "window", r.Window.String()), ',')
		scratch = appendLabel(scratch, "window_kind", r.Window.Kind.String())
		out[i] = string(scratch)
		if s := (series{out[i], r.Metric}); seen[s] {
			return nil, fmt.Errorf("prom: result %d: %s of %q in %s stands twice", i, r.Metric, r.Key, r.Window)
		} else {
			seen[s] = true
		}
	}
	return out, nil
}

func (f *family) appendHead(dst []byte, format Format) []byte {
	dst = fmt.Appendf(dst, "# HELP %s %s.\n# TYPE %s gauge\n", f.name(), f.help, f.name())
	if format == FormatOpenMetrics && f.unit != "" {
		dst = fmt.Appendf(dst, "# UNIT %s %s\n", f.name(), f.unit)
	}
	return dst
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func appendLabel(dst []byte, name, value string) []byte {
	return append(append(append(append(dst, name...), `="`...), escape.Replace(value)...), '"')
}

func appendValue(dst []byte, v float64) []byte {
	switch {
	case math.IsInf(v, 1):
		return append(dst, "+Inf"...)
	case math.IsInf(v, -1):
		return append(dst, "-Inf"...)
	}
	return strconv.AppendFloat(dst, v, 'g', -1, 64)
}

// appendTime writes milliseconds, or for OpenMetrics seconds.
func (o *Options) appendTime(dst []byte) []byte {
	if o.Time.IsZero() {
		return dst
	}
	ms := o.Time.UnixMilli()
	if o.Format == FormatText {
		return strconv.AppendInt(append(dst, ' '), ms, 10)
	}
	dst = append(dst, ' ')
	if ms < 0 {
		dst, ms = append(dst, '-'), -ms
	}
	return fmt.Appendf(dst, "%d.%03d", ms/1000, ms%1000)
}
