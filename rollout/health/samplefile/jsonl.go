package samplefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// ReadJSONL reads lines of JSON. Where they are wrong the error is an [Error].
func ReadJSONL(r io.Reader, l Limits) (*Trace, error) {
	c := newCollector(l)
	text, err := c.text(r)
	if err != nil {
		return nil, err
	}
	named := byID
	for line := 1; len(text) > 0; line++ {
		one, rest, _ := bytes.Cut(text, []byte{'\n'})
		text = rest
		d, err := newLine(one)
		if err != nil {
			return nil, at(line, err)
		}
		s, err := d.sample()
		if err != nil {
			return nil, at(line, err)
		}
		if wrong := c.add(s, line); wrong != nil {
			return nil, at(line, d.wrong(wrong))
		}
		if line > 1 && named != d.named() {
			return nil, at(line, d.ErrorfAt(0, "a file has windows by id, or by start and end, and not both"))
		}
		named = d.named()
	}
	return c.done(), nil
}

// at is an error about a line: those of the scanner count from its beginning.
func at(line int, err error) error {
	if e, ok := errors.AsType[*strictjson.SyntaxError](err); ok {
		return &Error{line, e.Column, e.Reason}
	}
	return &Error{line, 1, err.Error()}
}

// line reads one line. places says where the fields are, by their names in CSV.
type line struct {
	*strictjson.Scanner
	places map[string]int
}

// How windows are named.
const (
	byID = iota
	byTimes
)

func newLine(b []byte) (*line, error) {
	s, err := strictjson.NewScanner(b, strictjson.Limits{Package: "samplefile", Bytes: len(b), Depth: 3, Names: 64, Elements: 1})
	return &line{s, map[string]int{}}, err
}

func (d *line) named() int {
	if _, ok := d.places["id"]; ok {
		return byID
	}
	return byTimes
}

// wrong is an error about a field.
func (d *line) wrong(f *field) error {
	return d.ErrorfAt(d.places[f.name], "%s", named(f))
}

func (d *line) sample() (health.Sample, error) {
	var s health.Sample
	var start, end string
	err := d.Object(func(name []byte) error {
		d.Space()
		d.places[csvName(string(name))] = d.Offset()
		var err error
		switch string(name) {
		case "id":
			s.ID, err = d.Str()
		case "start":
			start, err = d.Str()
		case "end":
			end, err = d.Str()
		case "metric":
			s.Metric, err = d.Str()
		case "stratum":
			s.Stratum, err = d.Str()
		case "canary":
			s.Canary, err = d.count("canary")
		case "control":
			s.Control, err = d.count("control")
		case "twin":
			s.Twin, err = d.count("twin")
		case "canarySlow":
			s.CanarySlow, err = d.counts("canary_slow")
		case "controlSlow":
			s.ControlSlow, err = d.counts("control_slow")
		case "canaryMean":
			s.CanaryMean, err = d.number("canary_mean")
		case "controlMean":
			s.ControlMean, err = d.number("control_mean")
		case "share":
			s.Share, err = d.number("share")
		default:
			err = d.Errorf("%s is not known", strictjson.Quoted(name))
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return s, err
	}
	for _, name := range []string{"metric", "canary", "control"} {
		if _, ok := d.places[name]; !ok {
			return s, d.ErrorfAt(0, "%s is missing", name)
		}
	}
	_, id := d.places["id"]
	_, from := d.places["start"]
	_, to := d.places["end"]
	if from != to || id == from {
		return s, d.ErrorfAt(0, "id, or else start and end, must be there")
	}
	if from {
		var wrong *field
		if s.ID, wrong = idOf(start, end); wrong != nil {
			return s, d.wrong(wrong)
		}
	}
	return s, nil
}

// csvName is the name in CSV of what a line has: canary_slow for canarySlow.
func csvName(name string) string {
	for _, part := range []string{"Slow", "Mean"} {
		if side, ok := strings.CutSuffix(name, part); ok {
			return side + "_" + strings.ToLower(part)
		}
	}
	return name
}

func (d *line) count(side string) (health.Count, error) {
	var c health.Count
	seen := 0
	err := d.Object(func(name []byte) error {
		d.Space()
		var err error
		switch place := side + "_" + string(name); string(name) {
		case "bad":
			d.places[place] = d.Offset()
			c.Bad, err = d.events(place)
		case "total":
			d.places[place] = d.Offset()
			c.Total, err = d.events(place)
		default:
			return d.Errorf("%s is not known", strictjson.Quoted(name))
		}
		seen++
		return err
	})
	if err == nil && seen != 2 {
		err = d.ErrorfAt(d.places[side], "%s needs bad and total", side)
	}
	return c, err
}

func (d *line) counts(name string) ([]uint64, error) {
	var all []uint64
	err := d.Array(func(int) error {
		n, err := d.events(name)
		all = append(all, n)
		return err
	})
	return all, err
}

// events reads a number of events.
func (d *line) events(name string) (uint64, error) {
	from, text, err := d.numeral()
	if err != nil {
		return 0, err
	}
	n, wrong := count(name, text)
	if wrong != nil {
		return 0, d.ErrorfAt(from, "%s", named(wrong))
	}
	return n, nil
}

func (d *line) number(name string) (float64, error) {
	from, text, err := d.numeral()
	if err != nil {
		return 0, err
	}
	v, wrong := number(name, text)
	if wrong != nil {
		return 0, d.ErrorfAt(from, "%s", named(wrong))
	}
	return v, nil
}

// numeral passes over a number.
func (d *line) numeral() (from int, text string, err error) {
	d.Space()
	from = d.Offset()
	k, err := d.Value()
	if err != nil {
		return from, "", err
	}
	if k != strictjson.Number {
		return from, "", d.ErrorfAt(from, "a number must stand here")
	}
	return from, string(d.Since(from)), nil
}

// WriteJSONL writes samples as lines that ReadJSONL reads. A sample that it would
// refuse is an error; what was written before stays.
func WriteJSONL(w io.Writer, samples ...health.Sample) error {
	c := newCollector(Limits{Samples: len(samples)})
	for i, s := range samples {
		if wrong := c.add(s, i+1); wrong != nil {
			return fmt.Errorf("samplefile: sample %d: %s", i, named(wrong))
		}
		b, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("samplefile: sample %d: %w", i, err)
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return fmt.Errorf("samplefile: %w", err)
		}
	}
	return nil
}
