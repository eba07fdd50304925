package table

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// Options say what the rows of a CSV file are.
type Options struct {
	// Kind is the kind of all facts in it, Source the source of all. Both are needed.
	Kind   metrics.FactKind
	Source string
	// Header names the columns of a file without a header. Where it is empty, the first
	// row names them, and case and surrounding space make no difference.
	Header []string
	// Names says which column of [Columns] is meant by another name. Names of a header, in
	// Dims too, are in lower case.
	Names map[string]string
	// Dims are columns that are dimensions: see [metrics.Meta.Dims].
	Dims []string
	// IgnoreOthers reads past columns that nothing names. Otherwise they are an error.
	IgnoreOthers bool
	// Comma separates the cells; 0 is a comma. A quote or the end of a line cannot.
	Comma byte
	// Time reads the times; nil is [Time].
	Time func(cell string) (time.Time, error)
	// Outcomes says what the words of the column outcome mean; another word is an error.
	// Without it they are the names of [metrics.DeploymentOutcome].
	Outcomes map[string]metrics.DeploymentOutcome
	// Outcome is that of all deployments of a file without such a column. Where it is
	// unknown too, such deployments do not count.
	Outcome metrics.DeploymentOutcome
	// RefSource is the source of the facts that cells name by their ID, such as the
	// deployment that caused an incident; "" is Source.
	RefSource string

	texts map[string]string // each once: services and environments repeat
}

// maxTexts bounds the texts that are shared.
const maxTexts = 1 << 16

// once is the text, in one copy for all cells that say it.
func (o *Options) once(cell string) string {
	if known, ok := o.texts[cell]; ok {
		return known
	}
	cell = strings.Clone(cell)
	if len(o.texts) < maxTexts {
		o.texts[cell] = cell
	}
	return cell
}

func (o *Options) time(cell string) (time.Time, error) {
	if o.Time != nil {
		return o.Time(cell)
	}
	return Time(cell)
}

func (o *Options) check() error {
	var errs []error
	if o.Kind != metrics.KindDeployment && o.Kind != metrics.KindChange && o.Kind != metrics.KindIncident {
		errs = append(errs, fmt.Errorf("table: %s is no kind of fact", o.Kind))
	}
	if o.Source == "" {
		errs = append(errs, errors.New("table: no source is named"))
	}
	if o.Comma == '"' || o.Comma == '\n' || o.Comma == '\r' || o.Comma >= 0x80 {
		errs = append(errs, fmt.Errorf("table: %q cannot separate cells", o.Comma))
	}
	return errors.Join(errs...)
}

// Row is one fact and the line on which it began, from 1.
type Row struct {
	// Line is from 1.
	Line int
	// Fact is a [metrics.Deployment], [metrics.Change] or [metrics.Incident].
	Fact metrics.Fact
}

// ReadCSV yields the fact of each row, by RFC 4180. An empty cell says nothing. A row
// without an ID is named by its line, so a file that grows at its end keeps its
// names, and one that is cut or sorted anew does not; one without a time "seen" was
// seen when it happened. An error is the last that is yielded; those about rows are
// an [*Error]. What [metrics.Log.Add] would refuse is for Add to say.
func ReadCSV(r io.Reader, o Options) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		fail := func(err error) { yield(Row{}, err) }
		if err := o.check(); err != nil {
			fail(err)
			return
		}
		o := o
		o.texts = map[string]string{}
		if o.RefSource == "" {
			o.RefSource = o.Source
		}
		if o.Comma == 0 {
			o.Comma = ','
		}
		s, err := newScanner(r, o.Comma)
		if err != nil {
			fail(err)
			return
		}
		columns, err := o.columns(s)
		if err != nil {
			fail(err)
			return
		}
		for {
			fields, err := s.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				fail(err)
				return
			}
			f, err := o.row(s.line, columns, fields)
			if err != nil {
				fail(err)
				return
			}
			if !yield(Row{s.line, f}, nil) {
				return
			}
		}
	}
}

func (o *Options) columns(s *scanner) ([]column, error) {
	names := o.Header
	if len(names) == 0 {
		fields, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil, &Error{Line: 1, Err: errors.New("there is no header, and nothing else")}
		}
		if err != nil {
			return nil, err
		}
		for _, f := range fields {
			names = append(names, strings.ToLower(strings.TrimSpace(string(f))))
		}
	}
	var out []column
	seen := map[string]bool{}
	for _, name := range names {
		c, err := o.columnOf(name)
		if err == nil && c.set != nil && seen[c.name] {
			err = errors.New("it stands twice")
		}
		if err != nil {
			return nil, &Error{Line: max(s.line, 1), Column: name, Err: err}
		}
		seen[c.name] = true
		out = append(out, c)
	}
	if !seen["time"] {
		return nil, &Error{Line: max(s.line, 1), Column: "time", Err: errors.New("there is no such column")}
	}
	return out, nil
}

// row is the fact of one row.
func (o *Options) row(line int, columns []column, fields [][]byte) (metrics.Fact, error) {
	if len(fields) != len(columns) {
		return nil, &Error{Line: line, Err: fmt.Errorf("%d cells and not %d", len(fields), len(columns))}
	}
	var f fact
	switch o.Kind {
	case metrics.KindDeployment:
		f.meta = &f.deployment.Meta
		f.deployment.Outcome = o.Outcome
	case metrics.KindChange:
		f.meta = &f.change.Meta
	case metrics.KindIncident:
		f.meta = &f.incident.Meta
	}
	f.meta.Source = o.Source
	for i, c := range columns {
		if c.set == nil || len(fields[i]) == 0 {
			continue
		}
		if err := c.set(&f, string(fields[i]), o); err != nil {
			return nil, &Error{Line: line, Column: c.name, Err: err}
		}
	}
	if f.meta.At.IsZero() && !f.meta.Deleted {
		return nil, &Error{Line: line, Column: "time", Err: errors.New("it is empty")}
	}
	if f.meta.ID == "" {
		f.meta.ID = strconv.Itoa(line)
	}
	if f.meta.Seen.IsZero() {
		f.meta.Seen = f.meta.At
	}
	switch o.Kind {
	case metrics.KindDeployment:
		return f.deployment, nil
	case metrics.KindChange:
		return f.change, nil
	}
	return f.incident, nil
}
