package collect

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/release"
)

// What is read. What is larger is a gap.
const (
	// MaxBytes is the size of the largest file.
	MaxBytes = 16 << 20
	// MaxFiles is how many files one statement may be made of.
	MaxFiles = 4096
	// MaxTests is how many results of tests one statement may be made of.
	MaxTests = 1 << 20
	// MaxListed is how many names of tests each list of a test result has. The rest is
	// counted and not listed.
	MaxListed = 2000

	maxGaps = 100
	maxName = 256 // bytes of a test's name
)

// File is a file as a tool wrote it.
type File struct {
	// Path is its name for people and in statements, relative to what the tool ran in.
	Path release.Path
	// Bytes is its content.
	Bytes []byte
}

// Run is what the caller knows of the run of the tool that wrote the files.
type Run struct {
	// Tool names what wrote the files, such as "pytest", and Version is its version.
	// Where they are empty the file must tell; where both say, the caller's word stands.
	Tool, Version string
	// At is when the run ended. Where it is zero the file must tell; a time without a
	// zone is none. It is a claim of whoever signs: how old a statement is, is told by
	// trusted times.
	At time.Time
	// Started is when the run began, where it is known: a file that has an earlier time
	// in it is of another run, or partly so, which is a gap. Without it nobody notices a
	// file that an older run left. Vulnerabilities demand it.
	Started time.Time
	// Succeeded says whether the tool's exit status was that of success. Only with yes
	// do tests pass, and is there coverage: a file cannot tell what is not in it. No makes
	// every test result FAILED.
	Succeeded release.Answer
	// Configuration is what tests ran with, such as the definition of the pipeline. It
	// goes into the test result as it is, before the files.
	Configuration []predicate.Resource
	// URL is where to read more about the run. It goes into the test result.
	URL string
	// AllowFlaky lets a run pass of which tests passed only when they were run again.
	// Without it such a run is WARNED, which meets no requirement. They are listed as
	// warned in any case.
	AllowFlaky bool
}

// GapError says why nothing can be stated: files could not be read, or not as a
// whole.
type GapError struct {
	// Gaps are what could not be read, at least one.
	Gaps []release.Gap
}

// Error is the first gap, and how many more there are.
func (e *GapError) Error() string {
	if len(e.Gaps) == 1 {
		return "collect: " + e.Gaps[0].String()
	}
	return fmt.Sprintf("collect: %s, and %d more gaps", e.Gaps[0], len(e.Gaps)-1)
}

// reader reads the files of one run.
type reader struct {
	run     Run
	sources []source
	gaps    []release.Gap
	file    string // the path of the one that is read
}

// read gives each file to one, in an order that does not depend on the caller's.
// What one returns is what the file tells of itself, and an error if it cannot be
// read.
func (r *reader) read(format string, files []File, one func(b []byte, s *source) error) error {
	if annotated(r.run.Configuration) {
		return errAnnotated
	}
	if len(files) == 0 {
		return errors.New("collect: there is no file")
	}
	if len(files) > MaxFiles {
		return fmt.Errorf("collect: %d files are more than %d", len(files), MaxFiles)
	}
	files = slices.Clone(files)
	slices.SortStableFunc(files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	for i, f := range files {
		if f.Path == "" {
			return errors.New("collect: a file has no name")
		}
		if i > 0 && f.Path == files[i-1].Path {
			return fmt.Errorf("collect: two files are named %s", f.Path)
		}
	}
	for _, f := range files {
		s := source{Source: release.Source{Path: f.Path, Format: format, Digest: release.DigestOf(f.Bytes)}}
		r.file = f.Path.String()
		if len(f.Bytes) > MaxBytes {
			r.gap(release.GapTooLarge, "it has more than %d bytes", MaxBytes)
		} else if err := one(f.Bytes, &s); err != nil {
			kind := release.GapUnreadable
			if e, ok := errors.AsType[*refusal](err); ok {
				kind = e.kind
			}
			r.gap(kind, "%v", err)
		}
		if r.run.stale(s) {
			r.gap(release.GapAmbiguous, staleDetail)
		}
		r.sources = append(r.sources, s)
	}
	return nil
}

// errUnproven is returned for what would pass, or be measured, by the word of the
// files alone.
var errUnproven = errors.New("collect: nobody says that the tool succeeded (Run.Succeeded): what is not in the files may have failed")

// errAnnotated is returned for configuration that looks like a file that was read.
var errAnnotated = fmt.Errorf("collect: the configuration has an annotation %s, which only files have that are read here", sourceAnnotation)

func annotated(rs []predicate.Resource) bool {
	return slices.ContainsFunc(rs, func(r predicate.Resource) bool {
		_, ok := r.Annotations[sourceAnnotation]
		return ok
	})
}

// refusal is an error with the kind of gap that it is.
type refusal struct {
	kind   release.GapKind
	detail string
}

func (e *refusal) Error() string { return e.detail }

func refuse(kind release.GapKind, format string, args ...any) error {
	return &refusal{kind, fmt.Sprintf(format, args...)}
}

// gap notes something that could not be read, or not believed.
func (r *reader) gap(kind release.GapKind, format string, args ...any) {
	g := release.Gap{Kind: kind, Subject: r.file, Detail: fmt.Sprintf(format, args...)}
	if len(r.gaps) < maxGaps && !slices.Contains(r.gaps, g) {
		r.gaps = append(r.gaps, g)
	}
}

// refused is the error of the gaps, nil if there are none.
func (r *reader) refused() error {
	if len(r.gaps) > 0 {
		return &GapError{r.gaps}
	}
	return nil
}

// named fills in what the files do not tell of themselves, and demands that each
// names its tool, version and time.
func (r *reader) named() error {
	for i := range r.sources {
		if err := r.run.name(&r.sources[i].Source); err != nil {
			return err
		}
	}
	return nil
}

// name says by which tool, and when, a file was written.
func (run Run) name(s *release.Source) error {
	for _, f := range []struct {
		name  string
		given string
		told  *release.Text
	}{{"tool", run.Tool, &s.Tool}, {"version", run.Version, &s.Version}} {
		switch {
		case !utf8.ValidString(f.given) || len(f.given) > maxName:
			return fmt.Errorf("collect: the %s is not valid UTF-8 or longer than %d bytes", f.name, maxName)
		case f.given != "":
			*f.told = release.Text(f.given)
		case *f.told == "":
			return fmt.Errorf("collect: %s: neither the caller nor the file says which %s wrote it", s.Path, f.name)
		}
	}
	if !run.At.IsZero() {
		s.At = run.At
	}
	s.At = s.At.UTC().Truncate(time.Second)
	if s.At.IsZero() {
		return fmt.Errorf("collect: %s: neither the caller nor the file says when the tool ran", s.Path)
	}
	if y := s.At.Year(); y < 1970 || y > 9998 {
		return fmt.Errorf("collect: %s: %d is not the year of a run", s.Path, y)
	}
	return nil
}

// label is text of others as a statement may hold it: printable, on one line, and
// not long.
func label(s string) string { return release.Text(clip.Text(s, maxName)).String() }
