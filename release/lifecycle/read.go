package lifecycle

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// Schema identifies the format that Read reads.
const Schema = "https://sallyport.dev/schema/lifecycle/v1"

// Limits of what Read and ReadGoList read: bytes, versions of one package, and
// packages and versions of all together.
const (
	MaxBytes           = 32 << 20
	MaxPackageVersions = 50_000
	MaxVersions        = 250_000
)

// The shape of the format; the package comment says what it means.
var datesNames = [][]string{{"schema"}, {"collected"}, {"packages"}}

type datesPackage struct {
	Package      string         `json:"package"`
	Complete     bool           `json:"complete"`
	Deprecated   *bool          `json:"deprecated"`
	DeprecatedAt string         `json:"deprecatedAt"`
	Note         string         `json:"note"`
	Versions     []datesVersion `json:"versions"`
	EndOfLife    *[]datesLine   `json:"endOfLife"`
}

type datesVersion struct {
	Version      string `json:"version"`
	Published    string `json:"published"`
	Retracted    *bool  `json:"retracted"`
	RetractedAt  string `json:"retractedAt"`
	Deprecated   *bool  `json:"deprecated"`
	DeprecatedAt string `json:"deprecatedAt"`
	Note         string `json:"note"`
}

type datesLine struct {
	Line string `json:"line"`
	From string `json:"from"`
}

var limits = strictjson.Limits{Package: "lifecycle", Bytes: MaxBytes, Depth: 16, Names: 1 << 12, Elements: MaxPackageVersions}

// Read reads a file of dates; path names it in gaps. What cannot be read is a gap, and
// what it would have said is unknown.
func Read(path release.Path, b []byte) *Table {
	t := &Table{sources: []release.Source{{Path: path, Format: "lifecycle/1", Digest: release.DigestOf(b)}}, packages: map[release.PURL]*record{}}
	if len(b) > MaxBytes {
		t.gap(release.GapTooLarge, "", "%d bytes are more than %d", len(b), MaxBytes)
		return t
	}
	r := reader{table: t, bad: badEntries{table: t}}
	if err := r.read(b); err != nil {
		t.packages = map[release.PURL]*record{}
		t.coverage, t.gaps = release.CoverageMissing, nil
		kind := release.GapUnreadable
		switch {
		case errors.Is(err, errTooLarge):
			kind = release.GapTooLarge
		case errors.Is(err, errSchema):
			kind = release.GapUnsupported
		}
		t.gap(kind, "", "%v", err)
	}
	return t
}

var (
	errTooLarge = fmt.Errorf("more than %d versions", MaxVersions)
	errSchema   = errors.New("it is not of the schema " + Schema)
)

// reader walks over the file and keeps one package at a time beside what it makes
// of it.
type reader struct {
	table             *Table
	bad               badEntries
	schema, collected string
	count             int
}

func (r *reader) read(b []byte) error {
	s, err := strictjson.NewScanner(b, limits)
	if err != nil {
		return err
	}
	t := r.table
	t.coverage = release.CoverageComplete
	err = s.Object(func(name []byte) error {
		at := s.Offset()
		field, err := s.Field(name, datesNames)
		switch {
		case err != nil:
			return err
		case field == 0:
			r.schema, err = s.Str()
		case field == 1:
			r.collected, err = s.Str()
		case field == 2:
			err = s.Array(func(i int) error { return r.pkg(s, i) })
		default:
			err = s.ErrorfAt(at, "unknown name %s", strictjson.Quoted(name))
		}
		return err
	})
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return err
	}
	if r.schema != Schema {
		return errSchema
	}
	collected, err := parseTime(r.collected)
	if err != nil {
		return fmt.Errorf("collected: %w", err)
	}
	t.sources[0].At = collected
	for _, p := range t.packages {
		if p != nil {
			p.collected = collected
		}
	}
	r.bad.done()
	return nil
}

// pkg reads one package. One that is not of the format makes the file unreadable; one
// that says what cannot be is a gap.
func (r *reader) pkg(s *strictjson.Scanner, i int) error {
	s.Space()
	from := s.Offset()
	if _, err := s.Value(); err != nil {
		return err
	}
	var p datesPackage
	if err := strictjson.UnmarshalClosed(s.Since(from), &p, limits, func(reflect.Type, []byte) bool { return false }); err != nil {
		return s.ErrorfAt(from, "/packages/%d: %v", i, err)
	}
	if r.count += 1 + len(p.Versions); r.count > MaxVersions {
		return errTooLarge
	}
	name, err := packageName(p.Package)
	var rec *record
	if err == nil {
		rec, err = p.record()
	}
	if err != nil {
		r.bad.add(fmt.Sprintf("/packages/%d", i), err)
		if name == "" {
			return nil
		}
	}
	r.table.add(name, rec)
	return nil
}

// badEntries leaves a gap for the first few entries that cannot be read, and one for
// all others.
type badEntries struct {
	table *Table
	count int
}

const mostGaps = 10

func (b *badEntries) add(where string, err error) {
	b.table.coverage = release.CoveragePartial
	if b.count++; b.count <= mostGaps {
		b.table.gap(release.GapUnreadable, where, "%v", err)
	}
}

func (b *badEntries) done() {
	if more := b.count - mostGaps; more > 0 {
		b.table.gap(release.GapUnreadable, "", "%d more entries that cannot be read", more)
	}
}

func packageName(s string) (release.PURL, error) {
	p, err := release.ParsePURL(s)
	if err == nil && p.Version() != "" {
		return p.At(""), fmt.Errorf("package %.80q has a version", s)
	}
	return p, err
}

func (p *datesPackage) record() (*record, error) {
	r := &record{complete: p.Complete, latest: p.Complete, versions: make([]listed, 0, len(p.Versions))}
	var err error
	if r.deprecated, err = newFlag(p.Deprecated, p.DeprecatedAt, p.Note); err != nil {
		return nil, err
	}
	for _, v := range p.Versions {
		if v.Version == "" {
			return nil, errors.New("a version has no name")
		}
		l := listed{text: v.Version}
		if v.Published != "" {
			if l.published, err = parseTime(v.Published); err != nil {
				return nil, err
			}
		}
		if l.retracted, err = newFlag(v.Retracted, v.RetractedAt, v.Note); err != nil {
			return nil, err
		}
		if l.deprecated, err = newFlag(v.Deprecated, v.DeprecatedAt, v.Note); err != nil {
			return nil, err
		}
		r.versions = append(r.versions, l)
	}
	slices.SortFunc(r.versions, func(a, b listed) int { return strings.Compare(a.text, b.text) })
	for i := 1; i < len(r.versions); i++ {
		if v := r.versions[i].text; v == r.versions[i-1].text {
			return nil, fmt.Errorf("version %.40q stands there twice", v)
		}
	}
	if p.EndOfLife == nil {
		return r, nil
	}
	r.linesKnown = true
	for _, in := range *p.EndOfLife {
		l := line{prefix: in.Line}
		if l.prefix == "" {
			return nil, errors.New("a line has no name")
		}
		if in.From != "" {
			if l.from, err = parseTime(in.From); err != nil {
				return nil, err
			}
		}
		r.lines = append(r.lines, l)
	}
	slices.SortFunc(r.lines, func(a, b line) int { return strings.Compare(a.prefix, b.prefix) })
	for i := 1; i < len(r.lines); i++ {
		if l := r.lines[i].prefix; l == r.lines[i-1].prefix {
			return nil, fmt.Errorf("line %.40q stands there twice", l)
		}
	}
	return r, nil
}

// newFlag is a flag with its date, which only one that is set can have.
func newFlag(set *bool, since, note string) (*flag, error) {
	if set == nil || !*set {
		if since != "" {
			return nil, fmt.Errorf("the date %.40q is of something that is not set", since)
		}
		if set == nil {
			return nil, nil
		}
		return unset, nil
	}
	f := &flag{set: true, note: note}
	if since != "" {
		var err error
		if f.since, err = parseTime(since); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// parseTime reads a time. A date alone is its first moment in UTC.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && !t.IsZero() {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time", s)
}
