package collect

import (
	"bytes"
	"encoding/xml"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// Cobertura reads Cobertura's XML (coverage-04.dtd), as coverage.py, gcovr, Istanbul,
// Coverlet and others write it. The units are lines and branches. The lines of a
// class count; those of its methods mostly say the same again, and count where the
// class has none. Classes of one source file are merged; file names are relative to
// the file's sources, and below other sources they name other files. Where the file says that
// there are more lines or branches than its classes have, and than its methods have,
// or that more were reached, there is a gap.
//
// A document type without declarations of its own is passed over; nothing is
// fetched. The version and the time are the file's where the caller does not say.
func Cobertura(run Run, files ...File) (Coverage, error) {
	c := newCoverage(run)
	if err := c.read("cobertura", files, func(b []byte, s *source) error {
		r := &cobertura{coverage: newCoverage(run), source: s}
		r.file = c.file
		if err := walkXML(b, true, r.open, r.shut, r.text); err != nil {
			return err
		}
		c.gaps = append(c.gaps, r.gaps...)
		return c.merge(r.coverage)
	}); err != nil {
		return Coverage{}, err
	}
	return c.finish()
}

// merge adds what another has.
func (c *coverage) merge(from *coverage) error {
	for unit, files := range from.points {
		for file, places := range files {
			for at, e := range places {
				if err := c.add(unit, file, at, e); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// cobertura reads one file.
type cobertura struct {
	*coverage // of this file alone
	source    *source
	told      map[string]int64
	there     [2]map[string]int64 // the same, counted in classes and in methods; a line in two classes is two
	root      string              // stands for the sources
	class     string              // the source file of the class that is open
	own       bool                // that class has lines
	methods   []methodLine        // of that class
}

// methodLine is a line that counts if its class has none.
type methodLine struct {
	unit Unit
	at   point
	e    extent
}

// The places where lines stand.
const (
	inClass = iota
	inMethod
)

func (r *cobertura) open(path []string, attrs []xml.Attr) error {
	name := path[len(path)-1]
	switch {
	case len(path) == 1 && name != "coverage":
		return refuse(release.GapUnsupported, "the root element is %s and not coverage", strictjson.Quoted(name))
	case len(path) == 1:
		r.told, r.there = map[string]int64{}, [2]map[string]int64{{}, {}}
		for _, key := range []string{"lines-valid", "lines-covered", "branches-valid", "branches-covered"} {
			if text := attribute(attrs, key); text != "" {
				n, ok := natural64(strings.TrimSuffix(text, ".0"))
				if !ok {
					return refuse(release.GapUnreadable, "%s is %s", key, strictjson.Quoted(text))
				}
				r.told[key] = n
			}
		}
		r.source.Version = release.Text(label(attribute(attrs, "version")))
		r.source.told(epoch(attribute(attrs, "timestamp")))
	case name == "class":
		if r.class != "" {
			return refuse(release.GapUnreadable, "a class stands in another")
		}
		if r.class = attribute(attrs, "filename"); r.class == "" {
			return refuse(release.GapUnreadable, "a class has no file name")
		}
	case name == "line":
		switch {
		case len(path) > 2 && path[len(path)-2] == "lines" && path[len(path)-3] == "class":
			return r.line(attrs, inClass)
		case len(path) > 2 && path[len(path)-2] == "lines" && path[len(path)-3] == "method":
			return r.line(attrs, inMethod)
		default:
			return refuse(release.GapUnreadable, "a line stands where none may")
		}
	}
	return nil
}

// text reads the sources, below which the source files are.
func (r *cobertura) text(path []string, b []byte) {
	if b = bytes.TrimSpace(b); len(b) > 0 && path[len(path)-1] == "source" {
		r.root = release.DigestOf(append([]byte(r.root), b...)).Hex() + ":"
	}
}

var condition = regexp.MustCompile(`^([0-9.,]+) ?% \(([0-9]+)/([0-9]+)\)$`)

// line reads one, with its branches.
func (r *cobertura) line(attrs []xml.Attr, where int) error {
	if r.class == "" {
		return refuse(release.GapUnreadable, "a line stands outside of a class")
	}
	n, ok := natural(attribute(attrs, "number"))
	hits, ok2 := natural64(attribute(attrs, "hits"))
	if !ok || !ok2 {
		return refuse(release.GapUnreadable, "a line of %s has no number or no hits", strictjson.Quoted(r.class))
	}
	e := extent{total: 1}
	if hits > 0 {
		e.covered = 1
	}
	if err := r.place(UnitLine, n, e, where); err != nil {
		return err
	}
	text := attribute(attrs, "condition-coverage")
	if text == "" || !strings.EqualFold(attribute(attrs, "branch"), "true") {
		return nil
	}
	m := condition.FindStringSubmatch(text)
	if m == nil {
		return refuse(release.GapUnreadable, "the condition-coverage of a line is %s", strictjson.Quoted(text))
	}
	percent, err := strconv.ParseFloat(strings.Replace(m[1], ",", ".", 1), 64)
	covered, ok := natural(m[2])
	total, ok2 := natural(m[3])
	if err != nil || !ok || !ok2 || covered > total || total > 0 && math.Abs(percent-100*float64(covered)/float64(total)) > 1 {
		return refuse(release.GapUnreadable, "the condition-coverage of a line is %s", strictjson.Quoted(text))
	}
	return r.place(UnitBranch, n, extent{int32(covered), int32(total)}, where)
}

// place counts a line, or its branches.
func (r *cobertura) place(unit Unit, line int, e extent, where int) error {
	name := map[Unit]string{UnitLine: "lines", UnitBranch: "branches"}[unit]
	r.there[where][name+"-valid"] += int64(e.total)
	r.there[where][name+"-covered"] += int64(e.covered)
	at := point{from: place(line, 0)}
	if where == inClass {
		r.own = true
		return r.add(unit, r.root+r.class, at, e)
	}
	if len(r.methods) >= maxPoints {
		return errTooManyPoints
	}
	r.methods = append(r.methods, methodLine{unit, at, e})
	return nil
}

func (r *cobertura) shut(path []string) error {
	if path[len(path)-1] == "class" {
		for _, m := range r.methods {
			if r.own {
				break
			}
			if err := r.add(m.unit, r.root+r.class, m.at, m.e); err != nil {
				return err
			}
		}
		r.class, r.own, r.methods = "", false, r.methods[:0]
	}
	if len(path) > 1 {
		return nil
	}
	for _, name := range []string{"lines", "branches"} {
		for _, key := range []string{name + "-valid", name + "-covered"} {
			if n, there := r.told[key], max(r.there[inClass][key], r.there[inMethod][key]); n > there {
				r.gap(release.GapIncomplete, "it has %s %d by its own count, and %d are there", key, n, there)
			}
		}
	}
	return nil
}

// epoch reads the time of a Cobertura file: seconds or milliseconds since 1970, by
// which tool. Zero is none.
func epoch(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil || n < 1e9 || n > 1e14:
		return time.Time{}
	case n > 1e11:
		return time.UnixMilli(n)
	}
	return time.Unix(n, 0)
}
