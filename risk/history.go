package risk

import (
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// History is what the host knows of the time before this release, of the same
// component. The zero value knows of nothing, and this release is scored by itself:
// what would have been measured of history is not known then (see [Reading]).
type History struct {
	// At is when this release is to go out; zero where that is not known. Assess takes its own time.
	At time.Time
	// Recent are earlier releases of the same component, in any order; empty and not nil
	// says that there was none. Their added lines are
	// counted with this release's, so that a large change does not become harmless by being
	// sent in ten small releases. [Features.Pause] wants those of a week.
	Recent []Past
	// Files are what is known of the changed files as of the base revision, in any order.
	// Files that the change adds need no entry; without one for each other, what is
	// measured of them is not known.
	Files []PastFile
	// Experience is how many earlier changes of the component the least experienced
	// author of this release made. It is about people: it is measured only where the host
	// opts in by giving it, no model of this module's making looks at it unless
	// [FitOptions.Experience] is set, and it says nothing of who they are.
	Experience Reading
}

// Past is an earlier release.
type Past struct {
	// At is when it went out. One without a time counts as recent.
	At time.Time
	// Features are what was measured of it then.
	Features Features
	// Releases is how many releases it stands for, where a [Window] had to add up what it
	// could not keep; 0 is one.
	Releases int64
}

// PastFile is the history of one file, up to and without this release. A file with a
// number below zero or above 2^53-1 counts as one of which nothing is known.
type PastFile struct {
	// Path is that of the file in the change set.
	Path release.Path
	// Lines is how long it was, in lines.
	Lines int64
	// Changes is how many commits changed it, Developers how many people made them. Names
	// are not asked for.
	Changes    int64
	Developers int64
	// Changed is when it was changed last. It is not zero.
	Changed time.Time
}

func (p *PastFile) sound() bool {
	for _, n := range [...]int64{p.Lines, p.Changes, p.Developers} {
		if n < 0 || n > int64(maxCount) {
			return false
		}
	}
	return !p.Changed.IsZero()
}

// since is h with the releases from a moment on, and those without a time.
func (h History) since(t time.Time) History {
	old := func(p Past) bool { return !p.At.IsZero() && p.At.Before(t) }
	if slices.ContainsFunc(h.Recent, old) {
		h.Recent = slices.DeleteFunc(slices.Clone(h.Recent), old)
	}
	return h
}

// maxPause is the longest pause that is told from a longer one.
const maxPause = 7 * 24 * time.Hour

// pause is how long ago the last release of at least a tenth of this one's lines was, in
// seconds. It is not known without the time of this release, or where nothing is said of earlier ones.
func (h *History) pause(lines count) Reading {
	if h.At.IsZero() || h.Recent == nil {
		return Reading{}
	}
	pause := maxPause
	for i := range h.Recent {
		p := &h.Recent[i]
		broken := p.Features.LinesAdded < 0 || p.Features.LinesDeleted < 0 || p.Releases > 1 // a sum says nothing of one
		if broken || p.At.IsZero() || p.At.After(h.At) || p.Features.lines() < lines/10 {
			continue
		}
		pause = min(pause, h.At.Sub(p.At))
	}
	return Known(int64(pause / time.Second))
}

// lines are the lines that were added and deleted.
func (f *Features) lines() count { return count(0).plus(f.LinesAdded).plus(f.LinesDeleted) }

// plus is f and g together, as if they were one release. What is only a reading stays f's.
func (f Features) plus(g Features) Features {
	out := f
	a, b := out.counts(), g.counts()
	for i := range a {
		if a[i] != &out.EarlierAdded {
			*a[i] = int64(count(0).plus(*a[i]).plus(*b[i]))
		}
	}
	return out
}
