package threat

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Limits of what ReadEPSS reads: the size of the file, of its text once it is
// unpacked, and its rows. A day of 2026 has 330,000 rows in 12 MB, or 2 MB packed.
const (
	MaxEPSS         = 64 << 20
	MaxEPSSUnpacked = 64 << 20
	MaxEPSSRows     = 1 << 20
)

// EPSS is one day's probabilities that a vulnerability is exploited within the next
// 30 days. A nil *EPSS knows nothing.
type EPSS struct {
	source release.Source
	rows   []epssRow // sorted
	gap    release.Gap
}

type epssRow struct {
	cve         cve
	probability float64
}

// ReadEPSS reads a day's file, packed or not. path names it in gaps and sources.
// What is not wholly as expected is refused as a whole: the feed then has no rows,
// and a gap.
func ReadEPSS(path release.Path, b []byte) *EPSS {
	e := &EPSS{source: release.Source{Path: path, Format: "epss", Digest: release.DigestOf(b)}}
	if len(b) > MaxEPSS {
		e.gap = release.Gap{Kind: release.GapTooLarge, Subject: path.String(), Detail: fmt.Sprintf("%d bytes are more than %d", len(b), MaxEPSS)}
		return e
	}
	if err := e.read(b); err != nil {
		e.rows = nil
		e.gap = release.Gap{Kind: release.GapUnreadable, Subject: path.String(), Detail: "EPSS: " + err.Error()}
		if errors.Is(err, errTooLarge) {
			e.gap.Kind = release.GapTooLarge
		}
	}
	return e
}

var errTooLarge = errors.New("it is too large")

func (e *EPSS) read(b []byte) error {
	var in io.Reader = bytes.NewReader(b)
	if bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		in = z
	}
	lines := lineReader{in: bufio.NewReaderSize(&limited{in: in, left: MaxEPSSUnpacked}, 4096)}
	line, err := lines.next()
	if err == nil {
		err = e.readMeta(strings.TrimPrefix(line, "\ufeff"))
	}
	if err != nil {
		return lines.errorf(err)
	}
	if line, err = lines.next(); err != nil {
		return lines.errorf(err)
	}
	columns, err := readColumns(line)
	if err != nil {
		return lines.errorf(err)
	}
	for {
		line, err := lines.next()
		if err == io.EOF {
			break
		}
		var row epssRow
		if err == nil {
			row, err = columns.row(line)
		}
		if err == nil && len(e.rows) == MaxEPSSRows {
			err = fmt.Errorf("more than %d rows: %w", MaxEPSSRows, errTooLarge)
		}
		if err != nil {
			return lines.errorf(err)
		}
		e.rows = append(e.rows, row)
	}
	if len(e.rows) == 0 {
		return errors.New("no rows")
	}
	slices.SortFunc(e.rows, func(a, b epssRow) int { return compareCVE(a.cve, b.cve) })
	for i := 1; i < len(e.rows); i++ {
		if e.rows[i].cve == e.rows[i-1].cve {
			return fmt.Errorf("%s stands there twice", e.rows[i].cve)
		}
	}
	return nil
}

// readMeta reads "#model_version:v2025.03.14,score_date:2026-11-20T12:55:00Z".
func (e *EPSS) readMeta(line string) error {
	text, ok := strings.CutPrefix(line, "#")
	if !ok {
		return errors.New("no line with the model and the date in front")
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, ":")
		switch strings.TrimSpace(name) {
		case "model_version":
			if e.source.Version != "" {
				return errors.New("two models")
			}
			e.source.Version = release.Text(strings.TrimSpace(value))
		case "score_date":
			at, err := parseTime(strings.TrimSpace(value))
			if err != nil || !e.source.At.IsZero() {
				return fmt.Errorf("score_date %.40q is not a date", value)
			}
			e.source.At = at
		}
	}
	if e.source.Version == "" || e.source.At.IsZero() {
		return errors.New("the first line does not name both model and date")
	}
	e.source.Format = "epss/" + e.source.Version.String()
	return nil
}

// parseTime reads the forms in which the feeds have had their dates over the years.
// A date alone is the beginning of that day in UTC.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1990 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time", s)
}

// columns are where a row has what; percentile is -1 where it has none.
type columns struct{ cve, probability, percentile, count int }

func readColumns(line string) (columns, error) {
	c := columns{cve: -1, probability: -1, percentile: -1}
	for name := range strings.SplitSeq(line, ",") {
		at := map[string]*int{"cve": &c.cve, "epss": &c.probability, "percentile": &c.percentile}[name]
		if at != nil {
			if *at >= 0 {
				return c, fmt.Errorf("two columns %q", name)
			}
			*at = c.count
		}
		c.count++
	}
	if c.cve < 0 || c.probability < 0 {
		return c, errors.New("no columns cve and epss")
	}
	return c, nil
}

func (c columns) row(line string) (epssRow, error) {
	var r epssRow
	i := 0
	for cell := range strings.SplitSeq(line, ",") {
		var err error
		switch i {
		case c.cve:
			var ok bool
			if r.cve, ok = parseCVE(cell); !ok {
				err = fmt.Errorf("%.40q is no CVE identifier", cell)
			}
		case c.probability:
			r.probability, err = fraction(cell)
		case c.percentile:
			_, err = fraction(cell)
		}
		if err != nil {
			return r, err
		}
		i++
	}
	if i != c.count {
		return r, fmt.Errorf("%d cells under %d columns", i, c.count)
	}
	return r, nil
}

func fraction(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= 0 && v <= 1) || math.Signbit(v) || strings.ContainsAny(s, "xX_+") {
		return 0, fmt.Errorf("%.40q is not between 0 and 1", s)
	}
	return v, nil
}

func compareCVE(a, b cve) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Source is the file that was read, with the model in Version and the day in At.
func (e *EPSS) Source() release.Source {
	if e == nil {
		return release.Source{}
	}
	return e.source
}

// Len is how many vulnerabilities have a probability.
func (e *EPSS) Len() int {
	if e == nil {
		return 0
	}
	return len(e.rows)
}

// Coverage is complete, or missing if the file could not be read.
func (e *EPSS) Coverage() release.Coverage {
	if e.Len() == 0 {
		return release.CoverageMissing
	}
	return release.CoverageComplete
}

// Gaps say why the file could not be read.
func (e *EPSS) Gaps() []release.Gap {
	if e == nil || e.gap.Kind == "" {
		return nil
	}
	return []release.Gap{e.gap}
}

// Score is the probability of one CVE identifier, with the model in By and the day in
// At; unknown if it has none.
func (e *EPSS) Score(id string) release.Score {
	c, ok := parseCVE(id)
	if !ok {
		return release.Score{}
	}
	return e.score(c)
}

func (e *EPSS) score(c cve) release.Score {
	if e == nil {
		return release.Score{}
	}
	i, ok := slices.BinarySearchFunc(e.rows, c, func(r epssRow, c cve) int { return compareCVE(r.cve, c) })
	if !ok {
		return release.Score{}
	}
	return release.Score{Known: true, Value: e.rows[i].probability, By: "EPSS " + e.source.Version.String(), At: e.source.At}
}
