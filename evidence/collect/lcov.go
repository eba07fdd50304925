package collect

import (
	"bytes"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// LCOV reads the tracefiles of lcov (man geninfo, FILES), as Jest, c8, gcov tools
// and cargo-llvm-cov write them too. The units are lines (DA) and branches (BRDA).
// Records of one source file are merged. The totals of a record (LF, LH, BRF, BRH)
// must not be more than its lines have. Functions are not counted. The files do not say what
// wrote them, nor when.
func LCOV(run Run, files ...File) (Coverage, error) {
	c := newCoverage(run)
	if err := c.read("lcov", files, func(b []byte, s *source) error {
		return (&lcov{coverage: c}).read(b)
	}); err != nil {
		return Coverage{}, err
	}
	return c.finish()
}

// lcov reads one file.
type lcov struct {
	*coverage
	source   string
	in       bool
	lines    map[point]bool // of the record, and whether they were reached
	branches map[point]bool
	told     map[string]int // totals
	there    map[string]int // the same, counted; a line that stands twice is two
}

func (l *lcov) read(text []byte) error {
	n, records := 0, 0
	for raw := range bytes.Lines(text) {
		n++
		line := string(bytes.TrimRight(raw, "\r\n"))
		if line == "" || line[0] == '#' {
			continue
		}
		if line == "end_of_record" {
			if !l.in {
				return refuse(release.GapUnreadable, "line %d: a record ends that did not begin", n)
			}
			if err := l.settle(); err != nil {
				return err
			}
			l.in = false
			records++
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return refuse(release.GapUnreadable, "line %d is no entry", n)
		}
		if !l.entry(key, value) {
			return refuse(release.GapUnreadable, "line %d: the entry %s cannot be read", n, strictjson.Quoted(key))
		}
		if l.n+len(l.lines)+len(l.branches) > maxPoints {
			return errTooManyPoints
		}
	}
	if l.in || records == 0 {
		return refuse(release.GapIncomplete, "it has no end of a record: it is empty or cut off")
	}
	return nil
}

func (l *lcov) entry(key, value string) (ok bool) {
	if key == "SF" {
		if l.in || value == "" {
			return false
		}
		*l = lcov{coverage: l.coverage, source: value, in: true, lines: map[point]bool{}, branches: map[point]bool{}, told: map[string]int{}, there: map[string]int{}}
		return true
	}
	switch key {
	case "TN":
		return !l.in
	case "DA":
		fields := strings.SplitN(value, ",", 4)
		if !l.in || len(fields) < 2 || len(fields) > 3 {
			return false
		}
		line, ok := natural(fields[0])
		hits, ok2 := natural64(fields[1])
		at := point{from: place(line, 0)}
		l.lines[at] = l.lines[at] || hits > 0
		l.found("LF", "LH", hits)
		return ok && ok2
	case "BRDA":
		first, rest, _ := strings.Cut(value, ",")
		name, last, _ := cutLast(rest, ",")
		if !l.in || !strings.Contains(name, ",") { // a block and a branch, which may be an expression
			return false
		}
		line, ok := natural(first)
		hits, ok2 := natural64(last)
		if last == "-" { // the line was never reached
			hits, ok2 = 0, true
		}
		at := point{from: place(line, 0), name: name}
		l.branches[at] = l.branches[at] || hits > 0
		l.found("BRF", "BRH", hits)
		return ok && ok2
	case "LF", "LH", "BRF", "BRH":
		n, ok := natural(value)
		if _, twice := l.told[key]; !l.in || twice {
			return false
		}
		l.told[key] = n
		return ok
	case "FN", "FNDA", "FNF", "FNH", "FNL", "FNA", "VER", "MCDC", "MCF", "MCH":
		return l.in
	}
	return false
}

// found counts a line or branch as the totals do.
func (l *lcov) found(all, reached string, hits int64) {
	l.there[all]++
	if hits > 0 {
		l.there[reached]++
	}
}

// settle ends a record.
func (l *lcov) settle() error {
	for unit, places := range map[Unit]map[point]bool{UnitLine: l.lines, UnitBranch: l.branches} {
		for at, hit := range places {
			e := extent{total: 1}
			if hit {
				e.covered = 1
			}
			if err := l.add(unit, l.source, at, e); err != nil {
				return err
			}
		}
	}
	for _, name := range []string{"LF", "LH", "BRF", "BRH"} {
		if n := l.told[name]; n > l.there[name] {
			l.gap(release.GapIncomplete, "the record of %s says %s %d, and %d are there", strictjson.Quoted(l.source), name, n, l.there[name])
		}
	}
	return nil
}
