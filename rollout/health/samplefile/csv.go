package samplefile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// columns are what a CSV file may have, in the order in which they are written;
// start and end are only read.
var columns = [...]string{"id", "metric", "stratum", "canary_bad", "canary_total", "control_bad", "control_total",
	"canary_slow", "control_slow", "canary_mean", "control_mean", "twin_bad", "twin_total", "share"}

// needed are those that must be there.
var needed = [...]string{"metric", "canary_bad", "canary_total", "control_bad", "control_total"}

// ReadCSV reads a CSV file. Where it is wrong the error is an [Error].
func ReadCSV(r io.Reader, l Limits) (*Trace, error) {
	c := newCollector(l)
	text, err := c.text(r)
	if err != nil {
		return nil, err
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.ReuseRecord = true
	record, err := in.Read()
	if err == io.EOF {
		return nil, &Error{1, 1, "there is no line with the names of the columns"}
	}
	if err != nil {
		return nil, csvError(err)
	}
	header := slices.Clone(record)
	place := map[string]int{}
	for i, name := range header {
		_, column := in.FieldPos(i)
		if _, twice := place[name]; twice || !(slices.Contains(columns[:], name) || name == "start" || name == "end") {
			return nil, &Error{1, column, fmt.Sprintf("the column %s is not known or comes twice", strictjson.Quoted(name))}
		}
		place[name] = i
	}
	_, id := place["id"]
	_, start := place["start"]
	_, end := place["end"]
	if start != end || id == start {
		return nil, &Error{1, 1, "the column id, or else start and end, must be there"}
	}
	for _, name := range needed {
		if _, ok := place[name]; !ok {
			return nil, &Error{1, 1, fmt.Sprintf("the column %s is missing", name)}
		}
	}
	for {
		record, err := in.Read()
		if err == io.EOF {
			return c.done(), nil
		}
		if err != nil {
			return nil, csvError(err)
		}
		s, wrong := fromRecord(record, place)
		line, column := in.FieldPos(0)
		if wrong == nil {
			wrong = c.add(s, line)
		}
		if wrong != nil {
			if i, ok := place[wrong.name]; ok {
				line, column = in.FieldPos(i)
			}
			return nil, &Error{line, column, named(wrong)}
		}
	}
}

func named(f *field) string {
	if f.name == "" {
		return f.reason
	}
	return f.name + ": " + f.reason
}

func csvError(err error) error {
	var e *csv.ParseError
	if errors.As(err, &e) {
		return &Error{e.Line, e.Column, e.Err.Error()}
	}
	return fmt.Errorf("samplefile: %w", err)
}

// fromRecord is the sample in a line.
func fromRecord(record []string, place map[string]int) (s health.Sample, wrong *field) {
	cell := func(name string) string {
		if i, ok := place[name]; ok {
			return strings.Clone(record[i])
		}
		return ""
	}
	s.ID, s.Metric, s.Stratum = cell("id"), cell("metric"), cell("stratum")
	if _, ok := place["start"]; ok {
		if s.ID, wrong = idOf(cell("start"), cell("end")); wrong != nil {
			return s, wrong
		}
	}
	for _, f := range []struct {
		name string
		into *uint64
	}{{"canary_bad", &s.Canary.Bad}, {"canary_total", &s.Canary.Total}, {"control_bad", &s.Control.Bad}, {"control_total", &s.Control.Total},
		{"twin_bad", &s.Twin.Bad}, {"twin_total", &s.Twin.Total}} {
		text := cell(f.name)
		if text == "" && strings.HasPrefix(f.name, "twin") {
			continue
		}
		if *f.into, wrong = count(f.name, text); wrong != nil {
			return s, wrong
		}
	}
	for _, f := range []struct {
		name string
		into *[]uint64
	}{{"canary_slow", &s.CanarySlow}, {"control_slow", &s.ControlSlow}} {
		text := cell(f.name)
		if text == "" {
			continue
		}
		for part := range strings.SplitSeq(text, " ") {
			n, wrong := count(f.name, part)
			if wrong != nil {
				return s, wrong
			}
			*f.into = append(*f.into, n)
		}
	}
	for _, f := range []struct {
		name string
		into *float64
	}{{"canary_mean", &s.CanaryMean}, {"control_mean", &s.ControlMean}, {"share", &s.Share}} {
		text := cell(f.name)
		if text == "" {
			continue
		}
		if *f.into, wrong = number(f.name, text); wrong != nil {
			return s, wrong
		}
	}
	return s, nil
}

// count reads a number of events: digits.
func count(name, text string) (uint64, *field) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > maxCount || (len(text) > 1 && text[0] == '0') {
		return 0, &field{name, fmt.Sprintf("%s is no whole number from 0 to 2^53", strictjson.Quoted(text))}
	}
	return n, nil
}

// number reads a finite number as JSON has it.
func number(name, text string) (float64, *field) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789.eE+-") != "" {
		return 0, &field{name, fmt.Sprintf("%s is no finite number", strictjson.Quoted(text))}
	}
	return v, nil
}

// WriteCSV writes samples as a CSV file that ReadCSV reads. A sample that it would
// refuse is an error; what was written before stays.
func WriteCSV(w io.Writer, samples ...health.Sample) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns[:]); err != nil {
		return fmt.Errorf("samplefile: %w", err)
	}
	c := newCollector(Limits{Samples: len(samples)})
	for i, s := range samples {
		if wrong := c.add(s, i+2); wrong != nil {
			return fmt.Errorf("samplefile: sample %d: %s", i, named(wrong))
		}
		if err := out.Write(toRecord(s)); err != nil {
			return fmt.Errorf("samplefile: %w", err)
		}
	}
	if out.Flush(); out.Error() != nil {
		return fmt.Errorf("samplefile: %w", out.Error())
	}
	return nil
}

func toRecord(s health.Sample) []string {
	slow := func(counts []uint64) string {
		parts := make([]string, len(counts))
		for i, n := range counts {
			parts[i] = strconv.FormatUint(n, 10)
		}
		return strings.Join(parts, " ")
	}
	number := func(v float64) string {
		if v == 0 {
			return ""
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	count := func(n uint64) string { return strconv.FormatUint(n, 10) }
	record := []string{s.ID, s.Metric, s.Stratum, count(s.Canary.Bad), count(s.Canary.Total), count(s.Control.Bad), count(s.Control.Total),
		slow(s.CanarySlow), slow(s.ControlSlow), number(s.CanaryMean), number(s.ControlMean), "", "", number(s.Share)}
	if s.Twin != (health.Count{}) {
		record[11], record[12] = count(s.Twin.Bad), count(s.Twin.Total)
	}
	return record
}
