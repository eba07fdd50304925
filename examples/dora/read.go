package main

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

const (
	maxLine = 1 << 20    // bytes
	maxRows = 20_000_000 // of one file
)

// columns are the names that a header may give, by kind.
var columns = map[metrics.FactKind][]string{
	metrics.KindDeployment: {"time", "environment", "service", "version", "id", "started", "outcome", "planned", "recovered", "artifact", "region"},
	metrics.KindIncident:   {"time", "environment", "service", "resolved", "id", "mitigated", "causedby", "version", "artifact"},
}

// readFile reads the facts of a file and gives each, with its line, to add.
func readFile(path string, kind metrics.FactKind, p *progress, add func(line int, f metrics.Fact) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	name, zipped := strings.CutSuffix(path, ".gz")
	if zipped {
		z, err := gzip.NewReader(f)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		r = z
	}
	source := deploymentsSource
	if kind == metrics.KindIncident {
		source = "incidents"
	}
	var parse func(line int, text string) (metrics.Fact, error)
	switch filepath.Ext(name) {
	case ".csv":
		parse = (&table{kind: kind, source: source}).row
	case ".jsonl":
		parse = func(line int, text string) (metrics.Fact, error) { return parseJSON(kind, source, line, text) }
	default:
		return fmt.Errorf("%s: its name ends with none of .csv, .csv.gz, .jsonl, .jsonl.gz", path)
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	line, facts := 0, 0
	for lines.Scan() {
		line++
		text := strings.TrimSuffix(lines.Text(), "\r")
		if strings.TrimSpace(text) == "" {
			continue
		}
		fact, err := parse(line, text)
		if err == nil && fact != nil {
			facts++
			err = add(line, fact)
		}
		if err != nil {
			return fmt.Errorf("%s: line %d: %w", path, line, err)
		}
		if facts > maxRows {
			return fmt.Errorf("%s: line %d: more than %d rows", path, line, maxRows)
		}
		if line%25_000 == 0 {
			p.say("%s: %d lines read", path, line)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: line %d: %w", path, line+1, err)
	}
	p.say("%s: %d %ss read", path, facts, kind)
	if facts == 0 && kind == metrics.KindDeployment {
		return fmt.Errorf("%s holds no %s: %w", path, kind, errNothing)
	}
	return nil
}

// table reads the rows of one CSV file.
type table struct {
	kind   metrics.FactKind
	source string
	names  []string // of the columns; nil before the first line
	known  map[string]int
	texts  map[string]string // each text once: services and environments repeat
}

// row is the fact of a line; nil for the header.
func (t *table) row(line int, text string) (metrics.Fact, error) {
	fields := strings.Split(text, ",")
	if strings.Contains(text, `"`) {
		var err error
		if fields, err = csv.NewReader(strings.NewReader(text)).Read(); err != nil {
			return nil, err
		}
	}
	if t.names == nil {
		header, err := t.header(fields)
		if header || err != nil {
			return nil, err
		}
	}
	if len(fields) != len(t.names) {
		return nil, fmt.Errorf("%d columns, not %d: %s", len(fields), len(t.names), strings.Join(t.names, ", "))
	}
	return t.fact(line, fields)
}

// header sets the columns by the first line, which may name them.
func (t *table) header(fields []string) (bool, error) {
	t.texts, t.known = map[string]string{}, map[string]int{}
	t.names = columns[t.kind][:4]
	_, err := parseTime(fields[0])
	header := err != nil
	if header {
		t.names = nil
		for _, f := range fields {
			t.names = append(t.names, strings.ToLower(strings.TrimSpace(f)))
		}
	}
	for i, name := range t.names {
		if _, again := t.known[name]; again || !contains(columns[t.kind], name) {
			return false, fmt.Errorf("%q is no column of a %s, or stands twice: the columns are %s, and without a header %s",
				name, t.kind, strings.Join(columns[t.kind], ", "), strings.Join(columns[t.kind][:4], ", "))
		}
		t.known[name] = i
	}
	if _, ok := t.known["time"]; !ok {
		return false, fmt.Errorf("no column is called %q", "time")
	}
	return header, nil
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

func (t *table) fact(line int, fields []string) (metrics.Fact, error) {
	var firstErr error
	text := func(name string) string {
		i, ok := t.known[name]
		if !ok || fields[i] == "" {
			return ""
		}
		v, ok := t.texts[fields[i]]
		if !ok {
			v = strings.Clone(fields[i])
			if len(t.texts) < 1<<20 {
				t.texts[v] = v
			}
		}
		return v
	}
	moment := func(name string) time.Time {
		v := text(name)
		if v == "" && name != "time" {
			return time.Time{}
		}
		at, err := parseTime(v)
		if err != nil && firstErr == nil {
			firstErr = fmt.Errorf("column %s: %w", name, err)
		}
		return at
	}
	m := metrics.Meta{Source: t.source, ID: text("id"), At: moment("time"), Service: text("service"), Environment: text("environment")}
	m.Seen = m.At
	if m.ID == "" {
		m.ID = strconv.Itoa(line)
	}
	if region := text("region"); region != "" {
		m.Dims = metrics.Dims{"region": region}
	}
	if t.kind == metrics.KindIncident {
		n := metrics.Incident{Meta: m, Resolved: moment("resolved"), Mitigated: moment("mitigated"), Version: text("version"), Artifact: text("artifact")}
		if id := text("causedby"); id != "" {
			n.CausedBy = metrics.Ref{Source: deploymentsSource, ID: id}
		}
		return n, firstErr
	}
	d := metrics.Deployment{Meta: m, Started: moment("started"), Recovered: moment("recovered"), Version: text("version"), Artifact: text("artifact"),
		Outcome: metrics.DeploymentSucceeded}
	if _, ok := t.known["outcome"]; ok && firstErr == nil {
		d.Outcome, firstErr = metrics.ParseDeploymentOutcome(text("outcome"))
	}
	if v := text("planned"); v != "" && firstErr == nil {
		d.Planned, firstErr = metrics.ParsePlanned(v)
	}
	return d, firstErr
}

// deploymentsSource is the source of all deployments, so that incidents can name
// them by their ID.
const deploymentsSource = "deployments"

func parseTime(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if unix, err := strconv.ParseInt(s, 10, 64); err == nil {
		if unix < -1<<33 || unix > 1<<33 { // years 1697 to 2242: others are milliseconds
			return time.Time{}, fmt.Errorf("%q is no time in Unix seconds", s)
		}
		return time.Unix(unix, 0).UTC(), nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time, in Unix seconds or by RFC 3339", s)
	}
	return at.UTC(), nil
}

func parseJSON(kind metrics.FactKind, source string, line int, text string) (metrics.Fact, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	fill := func(m *metrics.Meta) {
		if m.Source == "" {
			m.Source = source
		}
		if m.ID == "" {
			m.ID = strconv.Itoa(line)
		}
		if m.Seen.IsZero() {
			m.Seen = m.At
		}
	}
	var fact metrics.Fact
	if kind == metrics.KindIncident {
		var n metrics.Incident
		if err := d.Decode(&n); err != nil {
			return nil, err
		}
		fill(&n.Meta)
		fact = n
	} else {
		var dep metrics.Deployment
		if err := d.Decode(&dep); err != nil {
			return nil, err
		}
		fill(&dep.Meta)
		fact = dep
	}
	if d.More() {
		return nil, fmt.Errorf("more than one value")
	}
	return fact, nil
}
