package review

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// What a file may claim. What is larger is a gap and not read.
const (
	// MaxBytes is the size of the largest file.
	MaxBytes = 16 << 20
	// MaxEntries is how many reviews or commits a file may list.
	MaxEntries = 10_000

	maxGaps = 100
)

func limits() strictjson.Limits {
	return strictjson.Limits{Package: "review", Bytes: MaxBytes, Depth: 100, Names: 1 << 14, Elements: MaxEntries}
}

// reader reads the files of one change.
type reader struct {
	*directory
	options Options
	out     *Reviews
	votes   []vote
	// writers are the IDs of those who may write, nil where nobody says.
	writers map[string]bool
	// reviews and commits say that all of the list was read.
	reviews, commits bool
	read             bool // that there are reviews at all
	requested        []release.Actor
	known, unmapped  map[string]bool // the IDs of contributors
	crowd            bool            // that there are more contributors than can be told
	gaps             int
}

func newReader(scheme string, options Options) *reader {
	return &reader{directory: newDirectory(scheme, options.Identities), options: options, out: &Reviews{}, known: map[string]bool{}, unmapped: map[string]bool{}}
}

// gap tells of something in a file that could not be read.
func (r *reader) gap(f File, kind release.GapKind, format string, args ...any) {
	g := release.Gap{Kind: kind, Subject: f.Path.String(), Detail: fmt.Sprintf(format, args...)}
	if slices.Contains(r.out.Gaps, g) {
		return
	}
	if r.gaps++; r.gaps > maxGaps {
		return
	}
	r.out.Gaps = append(r.out.Gaps, g)
}

// source notes a file as read, and says whether there is one.
func (r *reader) source(f File, format string) bool {
	if f.Bytes == nil {
		return false
	}
	r.out.Sources = append(r.out.Sources, release.Source{Path: f.Path, Format: format, Digest: release.DigestOf(f.Bytes), Tool: release.Text(r.scheme)})
	return true
}

// failed makes a gap of an error.
func (r *reader) failed(f File, err error) {
	kind := release.GapUnreadable
	if e, ok := errors.AsType[*strictjson.SyntaxError](err); ok && e.Offset == MaxBytes {
		kind = release.GapTooLarge
	}
	r.gap(f, kind, "%v", err)
}

// object reads a file that is one object.
func (r *reader) object(f File, v any) bool {
	if err := strictjson.Unmarshal(f.Bytes, v, limits()); err != nil {
		r.failed(f, err)
		return false
	}
	return true
}

// list reads a file that is an array of objects, or several arrays one after the
// other (pages), or an array of such arrays. decode reads one element into a value of
// its own and uses it. It reports whether all was read.
func (r *reader) list(f File, decode func(raw []byte) error) (whole bool) {
	s, err := strictjson.NewScanner(f.Bytes, limits())
	if err != nil {
		r.failed(f, err)
		return false
	}
	whole = true
	total, pages, shortest, longest := 0, 0, MaxEntries, 0
	var page func(depth int) error
	page = func(depth int) error {
		n, nested := 0, false
		err := s.Array(func(int) error {
			k, err := s.Peek()
			if err != nil {
				return err
			}
			if k == strictjson.Array && depth == 0 {
				nested = true
				return page(1)
			}
			s.Space()
			from := s.Offset()
			if _, err := s.Value(); err != nil {
				return err
			}
			if total++; total > MaxEntries {
				return s.Errorf("more than %d elements", MaxEntries)
			}
			n++
			if k != strictjson.Object {
				return s.ErrorfAt(from, "an object must stand here")
			}
			if err := decode(s.Since(from)); err != nil {
				r.gap(f, release.GapUnreadable, "element %d: %v", total, err)
				whole = false
			}
			return nil
		})
		if n > 0 || !nested {
			pages++
			shortest, longest = min(shortest, n), max(longest, n)
		}
		return err
	}
	for s.More() {
		if err := page(0); err != nil {
			r.failed(f, err)
			return false
		}
	}
	if pages == 0 {
		r.gap(f, release.GapUnreadable, "there is no list")
		return false
	}
	// Of pages of which one is shorter than another, the short one is the last.
	if shortest == longest && full(longest) && !r.options.AllPages {
		r.gap(f, release.GapIncomplete, "%d elements are a full page: there may be more (Options.AllPages)", longest)
		return false
	}
	return whole
}

// full reports whether a list is as long as one or more pages: GitLab gives 20 at once
// and GitHub 30 unless asked for more, which mostly is 50 or 100.
func full(n int) bool {
	return n > 0 && (n%20 == 0 || n%30 == 0 || n%50 == 0)
}

// revision reads a full object id; anything else is none.
func revision(s string) release.Revision {
	rev, err := release.ParseRevision(strings.ToLower(s))
	if err != nil {
		return ""
	}
	return rev
}

// moment reads a time as RFC 3339 has it; anything else is no time.
func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1970 || t.Year() > 9998 {
		return time.Time{}
	}
	return t.UTC()
}

// text is one line of others, cut where it is long.
func text(s string) release.Text {
	const most = 300
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return release.Text(s)
}
