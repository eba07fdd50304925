package otel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/metrics"
)

// isURL reports whether a source is the address of a repository.
func isURL(source string) bool { return strings.HasPrefix(source, "https://") }

// set are attributes by key.
type set map[string]any

func (a set) text(key, v string) {
	if v != "" {
		a[key] = v
	}
}

// meta reports whether the fact was taken away.
func (a set) meta(m *metrics.Meta) bool {
	a.text(ServiceName, m.Service)
	a.text(EnvironmentName, m.Environment)
	for k, v := range m.Dims {
		a[Dimension+k] = v
	}
	return m.Deleted
}

func (a set) sorted() []Attribute {
	out := make([]Attribute, 0, len(a))
	for k, v := range a {
		out = append(out, Attribute{k, v})
	}
	slices.SortFunc(out, func(a, b Attribute) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// reader takes attributes apart and gathers what is wrong with them.
type reader struct {
	all  set
	errs []error
}

func newReader(attrs []Attribute) (*reader, error) {
	r := &reader{all: set{}}
	for _, a := range attrs {
		if _, ok := r.all[a.Key]; ok {
			return nil, fmt.Errorf("otel: attribute %q stands twice", a.Key)
		}
		r.all[a.Key] = a.Value
	}
	return r, nil
}

func (r *reader) fail(key string, err error) {
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("otel: attribute %q: %w", key, err))
	}
}

func (r *reader) text(key string) string {
	v, ok := r.all[key]
	s, is := v.(string)
	if ok && !is {
		r.fail(key, fmt.Errorf("%v is no string", v))
	}
	return s
}

// fill sets what is not set yet, and compares what is.
func (r *reader) fill(to *string, key, v string) {
	if *to != "" && v != "" && *to != v {
		r.fail(key, fmt.Errorf("%q contradicts %q", v, *to))
	} else if v != "" {
		*to = v
	}
}

func (r *reader) meta(m *metrics.Meta) {
	r.fill(&m.Service, ServiceName, r.text(ServiceName))
	r.fill(&m.Environment, EnvironmentName, r.text(EnvironmentName))
	dims := metrics.Dims{}
	for k, v := range m.Dims {
		dims[k] = v
	}
	for _, a := range r.all.sorted() {
		if k, ok := strings.CutPrefix(a.Key, Dimension); ok {
			v := dims[k]
			r.fill(&v, a.Key, r.text(a.Key))
			dims[k] = v
		}
	}
	if m.Dims = dims; len(dims) == 0 {
		m.Dims = nil
	}
}
