package collect

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// GoCover reads the profiles that go test -coverprofile writes, in the modes set,
// count and atomic. The unit is the statement. Blocks that stand in several
// profiles, or several times in one (-coverpkg), count once; of a block with another
// number of statements than before there is a gap. The profiles do not say when the
// tests ran.
func GoCover(run Run, files ...File) (Coverage, error) {
	c := newCoverage(run)
	if err := c.read("go-cover", files, func(b []byte, s *source) error {
		head, rest, ok := bytes.Cut(b, []byte("\n"))
		mode := strings.TrimSuffix(string(head[:min(len(head), 100)]), "\r")
		switch mode {
		case "mode: set", "mode: count", "mode: atomic":
		default:
			return refuse(release.GapUnsupported, "it does not begin with a mode: %s", strictjson.Quoted(mode))
		}
		if !ok || len(rest) > 0 && rest[len(rest)-1] != '\n' {
			return refuse(release.GapIncomplete, "its last line is cut off")
		}
		n := 1
		for line := range bytes.Lines(rest) {
			n++
			if err := c.block(string(bytes.TrimRight(line, "\r\n")), mode == "mode: set"); err != nil {
				if e, ok := err.(*refusal); ok {
					return e
				}
				return refuse(release.GapUnreadable, "line %d is no block of a profile", n)
			}
		}
		return nil
	}); err != nil {
		return Coverage{}, err
	}
	return c.finish()
}

var errNoBlock = errors.New("no block")

// block reads "name.go:line.column,line.column statements count".
func (c *coverage) block(line string, set bool) error {
	rest, count, ok := cutLast(line, " ")
	rest, statements, ok2 := cutLast(rest, " ")
	name, span, ok3 := cutLast(rest, ":")
	from, to, ok4 := strings.Cut(span, ",")
	if !ok || !ok2 || !ok3 || !ok4 || name == "" {
		return errNoBlock
	}
	var p point
	for _, f := range []struct {
		text string
		at   *uint64
	}{{from, &p.from}, {to, &p.to}} {
		l, c, ok := strings.Cut(f.text, ".")
		line, ok2 := natural(l)
		column, ok3 := natural(c)
		if !ok || !ok2 || !ok3 {
			return errNoBlock
		}
		*f.at = place(line, column)
	}
	n, ok := natural(statements)
	hits, ok2 := natural64(count)
	if !ok || !ok2 || set && hits > 1 || p.to < p.from {
		return errNoBlock
	}
	e := extent{total: int32(n)}
	if hits > 0 {
		e.covered = e.total
	}
	return c.add(UnitStatement, name, p, e)
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// natural reads a whole number that is not negative, in digits alone.
func natural(s string) (int, bool) {
	n, ok := natural64(s)
	return int(n), ok && n <= 1<<30
}

func natural64(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > 1<<63-1 {
		return 1<<63 - 1, strings.Trim(s, "0123456789") == "" && len(s) < 30 // a counter that ran over
	}
	return int64(n), true
}
