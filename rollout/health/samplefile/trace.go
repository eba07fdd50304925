package samplefile

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// The values that stand for zero fields of [Limits].
const (
	DefaultBytes   = 64 << 20
	DefaultLine    = 64 << 10
	DefaultSamples = 1_000_000
)

// Limits are what a file may have before it is refused.
type Limits struct {
	// Bytes is the size of the whole file. 0 means [DefaultBytes].
	Bytes int
	// Line is the length of a line in bytes. 0 means [DefaultLine].
	Line int
	// Samples is how many samples it may have. 0 means [DefaultSamples].
	Samples int
}

// Error says where a file is not what it must be.
type Error struct {
	// Line and Column count from 1, the column in bytes.
	Line, Column int
	// Reason says what is wrong there, for people.
	Reason string
}

// Error is the reason with the place. The text may change.
func (e *Error) Error() string {
	return fmt.Sprintf("samplefile: line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// Trace is what a file has: samples in its order. It does not change, and is safe
// for use by several goroutines at once.
type Trace struct {
	samples []health.Sample
	windows map[string][]int // samples by ID
	spans   []health.Window  // the windows of those IDs that are one, in order
	unnamed string           // an ID that names no window, if there is one
	overlap [2]string        // the IDs of two windows that share some time, if there are two
}

// Samples are all samples, in the order of the file. The caller owns them.
func (t *Trace) Samples() []health.Sample {
	out := make([]health.Sample, len(t.samples))
	for i := range t.samples {
		out[i] = clone(t.samples[i])
	}
	return out
}

// Read is the window's samples, in the order of the file; none if the file has
// nothing of that time. A window that shares some time with one of the file but is
// not that one is an error, so that nothing counts twice, and so is a file with two
// such windows or with an ID that is not [health.Window.ID]: nobody can say when it was.
func (t *Trace) Read(ctx context.Context, w health.Window) ([]health.Sample, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("samplefile: %w", err)
	}
	if err := w.Validate(); err != nil {
		return nil, fmt.Errorf("samplefile: %w", err)
	}
	if t.unnamed != "" {
		return nil, fmt.Errorf("samplefile: the file has the ID %s, which is no window's", strictjson.Quoted(t.unnamed))
	}
	if t.overlap[0] != "" {
		return nil, fmt.Errorf("samplefile: the file has the windows %s and %s, which share some time", t.overlap[0], t.overlap[1])
	}
	at, ok := t.windows[w.ID()]
	if i := sort.Search(len(t.spans), func(i int) bool { return t.spans[i].End.After(w.Start) }); !ok && i < len(t.spans) && t.spans[i].Start.Before(w.End) {
		return nil, fmt.Errorf("samplefile: window %s: the file has %s, which is a part of it or lies across its border", w.ID(), t.spans[i].ID())
	}
	var out []health.Sample
	for _, i := range at {
		out = append(out, clone(t.samples[i]))
	}
	return out, nil
}

func clone(s health.Sample) health.Sample {
	s.CanarySlow, s.ControlSlow = slices.Clone(s.CanarySlow), slices.Clone(s.ControlSlow)
	return s
}

// collector makes a Trace of samples that it checks.
type collector struct {
	limits Limits
	trace  Trace
	lines  map[key]int
}

type key struct{ id, metric, stratum string }

func newCollector(l Limits) *collector {
	return &collector{limits: l, trace: Trace{windows: map[string][]int{}}, lines: map[key]int{}}
}

// text reads a whole file and checks what holds for its lines.
func (c *collector) text(r io.Reader) ([]byte, error) {
	for _, n := range []struct {
		value    *int
		fallback int
	}{{&c.limits.Bytes, DefaultBytes}, {&c.limits.Line, DefaultLine}, {&c.limits.Samples, DefaultSamples}} {
		if *n.value == 0 {
			*n.value = n.fallback
		}
		if *n.value < 0 || *n.value > math.MaxInt32 {
			return nil, fmt.Errorf("samplefile: a limit of %d is none", *n.value)
		}
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(c.limits.Bytes)+1))
	if err != nil {
		return nil, fmt.Errorf("samplefile: %w", err)
	}
	if len(b) > c.limits.Bytes {
		return nil, fmt.Errorf("samplefile: the file is larger than %d bytes", c.limits.Bytes)
	}
	line := 0
	for rest := b; len(rest) > 0; {
		text, after, _ := bytes.Cut(rest, []byte{'\n'})
		line++
		switch at := badByte(text); {
		case len(text) > c.limits.Line:
			return nil, &Error{line, c.limits.Line + 1, fmt.Sprintf("the line is longer than %d bytes", c.limits.Line)}
		case len(bytes.TrimSpace(text)) == 0:
			return nil, &Error{line, 1, "the line is blank"}
		case at >= 0:
			return nil, &Error{line, at + 1, "a control character, a byte order mark or what is not UTF-8 stands here"}
		}
		rest = after
	}
	return b, nil
}

// badByte is where a line has what no line may have, or -1.
func badByte(line []byte) int {
	line = bytes.TrimSuffix(line, []byte{'\r'})
	for i := 0; i < len(line); {
		r, n := utf8.DecodeRune(line[i:])
		if (r == utf8.RuneError && n == 1) || r == '\ufeff' || (unicode.IsControl(r) && r != '\t') {
			return i
		}
		i += n
	}
	return -1
}

// done is the trace, when all samples are in.
func (c *collector) done() *Trace {
	t := &c.trace
	slices.SortFunc(t.spans, func(v, w health.Window) int { return cmp.Or(v.Start.Compare(w.Start), v.End.Compare(w.End)) })
	for i := 1; i < len(t.spans) && t.overlap[0] == ""; i++ {
		if t.spans[i].Start.Before(t.spans[i-1].End) {
			t.overlap = [2]string{t.spans[i-1].ID(), t.spans[i].ID()}
		}
	}
	return t
}

// field is a part of a sample that is wrong.
type field struct {
	name   string
	reason string
}

// add takes a sample in, or says which field is wrong.
func (c *collector) add(s health.Sample, line int) *field {
	if wrong := fault(&s); wrong != nil {
		return wrong
	}
	if len(c.trace.samples) == c.limits.Samples {
		return &field{"", fmt.Sprintf("there are more than %d samples", c.limits.Samples)}
	}
	k := key{s.ID, s.Metric, s.Stratum}
	if at, ok := c.lines[k]; ok {
		return &field{"", fmt.Sprintf("the same window, metric and stratum stand in line %d", at)}
	}
	c.lines[k] = line
	if _, ok := c.trace.windows[s.ID]; !ok {
		if w, ok := windowOf(s.ID); ok {
			c.trace.spans = append(c.trace.spans, w)
		} else if c.trace.unnamed == "" {
			c.trace.unnamed = s.ID
		}
	}
	c.trace.windows[s.ID] = append(c.trace.windows[s.ID], len(c.trace.samples))
	c.trace.samples = append(c.trace.samples, s)
	return nil
}

// windowOf is the window with an ID.
func windowOf(id string) (health.Window, bool) {
	at := strings.LastIndexByte(id, '/')
	if at < 0 {
		return health.Window{}, false
	}
	start, err := time.Parse(time.RFC3339Nano, id[:at])
	if err != nil {
		return health.Window{}, false
	}
	length, err := time.ParseDuration(id[at+1:])
	w := health.Window{Start: start, End: start.Add(length)}
	return w, err == nil && w.Validate() == nil && w.ID() == id
}

// idOf is the ID of the window from start to end.
func idOf(start, end string) (id string, wrong *field) {
	var w health.Window
	for _, t := range []struct {
		name, text string
		into       *time.Time
	}{{"start", start, &w.Start}, {"end", end, &w.End}} {
		var err error
		if *t.into, err = time.Parse(time.RFC3339Nano, t.text); err != nil {
			return "", &field{t.name, fmt.Sprintf("%s is no time in RFC 3339", strictjson.Quoted(t.text))}
		}
	}
	if err := w.Validate(); err != nil {
		return "", &field{"end", err.Error()}
	}
	return w.ID(), nil
}

// maxCount is the largest count: beyond it a float64 cannot count.
const maxCount = 1 << 53

// maxText and maxSlow bound what a sample has, so that a line that is written is
// short enough to be read.
const (
	maxText = 1024 // bytes
	maxSlow = 1000
)

// fault says what no sample can be, whatever its metric.
func fault(s *health.Sample) *field {
	for _, t := range []struct{ name, text string }{{"id", s.ID}, {"metric", s.Metric}, {"stratum", s.Stratum}} {
		if t.text == "" && t.name != "stratum" {
			return &field{t.name, "it is empty"}
		}
		if len(t.text) > maxText {
			return &field{t.name, fmt.Sprintf("it is longer than %d bytes", maxText)}
		}
		if at := badByte([]byte(t.text)); at >= 0 || strings.ContainsAny(t.text, "\r\t") {
			return &field{t.name, "it has a control character, a byte order mark or what is not UTF-8"}
		}
	}
	for _, side := range []struct {
		name  string
		count health.Count
		slow  []uint64
		mean  float64
	}{{"canary", s.Canary, s.CanarySlow, s.CanaryMean}, {"control", s.Control, s.ControlSlow, s.ControlMean}, {"twin", s.Twin, nil, 0}} {
		if side.count.Total > maxCount {
			return &field{side.name + "_total", fmt.Sprintf("%d events are more than %d", side.count.Total, uint64(maxCount))}
		}
		if side.count.Bad > side.count.Total {
			return &field{side.name + "_bad", fmt.Sprintf("%d bad of %d events", side.count.Bad, side.count.Total)}
		}
		if len(side.slow) > maxSlow {
			return &field{side.name + "_slow", fmt.Sprintf("there are more than %d", maxSlow)}
		}
		last := side.count.Total
		for _, n := range side.slow {
			if n > last {
				return &field{side.name + "_slow", fmt.Sprintf("%d events are slower than an edge, and only %d than less", n, last)}
			}
			last = n
		}
		if math.IsNaN(side.mean) || math.IsInf(side.mean, 0) {
			return &field{side.name + "_mean", "it is not finite"}
		}
	}
	if len(s.CanarySlow) != len(s.ControlSlow) {
		return &field{"control_slow", fmt.Sprintf("%d slow counts, and %d of the canary", len(s.ControlSlow), len(s.CanarySlow))}
	}
	if !(s.Share >= 0 && s.Share < 1) {
		return &field{"share", "it is not at least 0 and below 1"}
	}
	return nil
}
