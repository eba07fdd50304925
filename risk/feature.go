package risk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// Extractor names what [FeaturesOf] measures, and how. It changes whenever the same
// change set may give other features than before.
const Extractor = "sallyport/1"

// Features are all that a [Model] sees of a release. They only grow when more changes:
// a file, a line or a commit that is added to a release never makes any of them smaller
// or known, so a model whose weights have the right sign cannot be talked down by adding something. Who
// wrote the change is not among them.
//
// An author can lower them by changing less, by leaving words out of subjects (Fixes and what is
// measured of the files that these touch), by sending a file under another name before it is mended
// (FixChangesPerDeveloper), and two by sending another release ahead, which is assessed in turn and
// whose lines count as EarlierAdded: Pause, if that one has a tenth of this one's size or more, and
// Dormancy, if it touches the same files, which makes Recency what it is at most. So no model of this
// module's making looks at Pause unless [FitOptions].Pause is set. The history of files is the
// base revision's, and Experience is not of the change; neither is the author's to set.
//
// Files of documentation are not counted. All counts stop at 2^53-1.
type Features struct {
	// Extractor names what measured them; empty is [Extractor]. Equally named numbers of
	// another extractor mean something else, so a model refuses features of another than it
	// was fitted on.
	Extractor string `json:"extractor,omitempty"`
	// LinesAdded and LinesDeleted are sums over the files of the whole range.
	LinesAdded   int64 `json:"linesAdded"`
	LinesDeleted int64 `json:"linesDeleted"`
	// EarlierAdded are the lines added by earlier releases: see [History].
	EarlierAdded int64 `json:"earlierAdded"`
	// Files counts the changed files that are not documentation, Directories those
	// that they stand in, Commits all commits of the range.
	Files       int64 `json:"files"`
	Directories int64 `json:"directories"`
	Commits     int64 `json:"commits"`
	// Dependencies counts those whose content changed, not mere mentions.
	Dependencies int64 `json:"dependencies"`
	// Resources and Settings count the changes of infrastructure and configuration.
	Resources int64 `json:"resources"`
	Settings  int64 `json:"settings"`
	// Subsystems counts the topmost directories of the changed files.
	Subsystems int64 `json:"subsystems"`
	// Spread is how many bits it takes to say which file each changed line is in: the
	// lines times the entropy of their distribution (A. Hassan, ICSE 2009), in whole numbers.
	// It is 0 for one file. The entropy alone would shrink when the largest file grows.
	Spread int64 `json:"spread"`
	// Fixes counts the commits that take something back or whose subject says that
	// something was broken.
	Fixes int64 `json:"fixes"`

	// Pause is how many seconds ago the last release went out that had at least a tenth
	// of this one's lines, at most a week. What comes right after something of
	// its kind is mostly part of a series and breaks less; a release of a few lines sent
	// ahead does not count.
	Pause Reading `json:"pause,omitzero"`
	// RelativeChurn is the sum over the changed files of the lines added in per cent of
	// the lines that were there and one (N. Nagappan and T. Ball, ICSE 2005).
	RelativeChurn Reading `json:"relativeChurn,omitzero"`
	// Recency is 1000/(1 + days since it was changed last), and Dormancy these days, each of
	// the changed file of which it is largest. A new file counts as changed just now. Both make
	// a failure more likely: what was changed of late has not settled (T. Graves et al., IEEE
	// TSE 26 (2000), 653-661), and what nobody touched for long nobody knows well.
	Recency  Reading `json:"recency,omitzero"`
	Dormancy Reading `json:"dormancy,omitzero"`
	// PriorChanges is how often the changed files were changed before, in sum;
	// PriorDevelopers the largest number of people who changed one of them, and
	// ChangesPerDeveloper the largest number of changes of one, per hundred of these people.
	PriorChanges        Reading `json:"priorChanges,omitzero"`
	PriorDevelopers     Reading `json:"priorDevelopers,omitzero"`
	ChangesPerDeveloper Reading `json:"changesPerDeveloper,omitzero"`
	// FixRecency and FixChangesPerDeveloper are Recency and ChangesPerDeveloper of those
	// files that the commits counted in Fixes touch; 0 where there are none. What is mended
	// where much was changed of late is often not mended at once.
	FixRecency             Reading `json:"fixRecency,omitzero"`
	FixChangesPerDeveloper Reading `json:"fixChangesPerDeveloper,omitzero"`
	// Experience is [History.Experience]. Only where the host opts in is it known.
	Experience Reading `json:"experience,omitzero"`
}

// FeaturesOf measures a change set whose files carry their labels (see package
// label); [Assess] labels before it measures. Only the files of the whole range
// count, not those of single commits.
func FeaturesOf(cs *release.ChangeSet, h History) Features {
	f, _ := measure(cs, &h)
	return f
}

// measure is FeaturesOf, and what it saw of the files.
func measure(cs *release.ChangeSet, h *History) (Features, seen) {
	look := seen{of: cs}
	var added, deleted, earlier, files, deps count
	var lines scatter
	var subsystems tops
	dirs := folders{most: len(cs.Files)}
	for i := range cs.Files {
		f := &cs.Files[i]
		look.note(f.Labels)
		if !prose(f) {
			added, deleted, files = added.plus(f.Added), deleted.plus(f.Deleted), files+1
			lines.add(count(0).plus(f.Added).plus(f.Deleted))
			subsystems.add(f.Path)
			dirs.add(f.Path)
		}
	}
	for i := range cs.Dependencies {
		if op := cs.Dependencies[i].Op; op != release.OpListed && op != release.OpUnlisted {
			deps++
		}
	}
	for i := range h.Recent {
		earlier = earlier.plus(h.Recent[i].Features.LinesAdded)
	}
	mended := fixedFiles(cs)
	f := Features{Extractor: Extractor, LinesAdded: int64(added), LinesDeleted: int64(deleted), EarlierAdded: int64(earlier), Files: int64(files),
		Directories: int64(len(dirs.seen)), Commits: int64(len(cs.Commits)), Dependencies: int64(deps),
		Resources: int64(len(cs.Resources)), Settings: int64(len(cs.Settings)),
		Subsystems: int64(len(subsystems.seen)), Spread: lines.bits(), Fixes: mended.commits,
		Pause: h.pause(count(0).plus(int64(added)).plus(int64(deleted)))}
	if h.Experience.sound() {
		f.Experience = h.Experience
	}
	f.measureFiles(cs, h, &mended)
	look.files, look.lines = files, added.plus(int64(deleted))
	return f, look
}

// counts are the fields that are always known, in their order.
func (f *Features) counts() [12]*int64 {
	return [...]*int64{&f.LinesAdded, &f.LinesDeleted, &f.EarlierAdded, &f.Files, &f.Directories, &f.Commits, &f.Dependencies,
		&f.Resources, &f.Settings, &f.Subsystems, &f.Spread, &f.Fixes}
}

// readings are the fields that may not be known, in their order.
func (f *Features) readings() [10]*Reading {
	return [...]*Reading{&f.Pause, &f.RelativeChurn, &f.Recency, &f.Dormancy, &f.PriorChanges, &f.PriorDevelopers, &f.ChangesPerDeveloper,
		&f.FixRecency, &f.FixChangesPerDeveloper, &f.Experience}
}

func (f Features) compare(g Features) int {
	a, b := f.counts(), g.counts()
	c := slices.CompareFunc(a[:], b[:], func(x, y *int64) int { return cmp.Compare(*x, *y) })
	if c != 0 {
		return c
	}
	r, s := f.readings(), g.readings()
	for i := range r {
		if c = cmp.Compare(r[i].Value, s[i].Value); c == 0 && r[i].Known != s[i].Known {
			c = 1
			if s[i].Known {
				c = -1
			}
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(f.Extractor, g.Extractor)
}

// maxName is the length of the longest name of an extractor, in bytes.
const maxName = 100

// Validate refuses counts below zero and above 2^53-1, values of readings that were not
// taken, and a name of an extractor that is long or no text.
func (f Features) Validate() error {
	var errs []error
	for i, n := range f.counts() {
		if *n < 0 || *n > int64(maxCount) {
			errs = append(errs, fmt.Errorf("risk: feature %d of 22 is %d, not from 0 to 2^53-1", i+1, *n))
		}
	}
	for i, r := range f.readings() {
		if !r.sound() {
			errs = append(errs, fmt.Errorf("risk: feature %d of 22 is %+v: a value is from 0 to 2^53-1, and 0 where it is not known", len(f.counts())+i+1, *r))
		}
	}
	if !soundName(f.Extractor) {
		errs = append(errs, fmt.Errorf("risk: extractor's name of %d bytes: it is text of at most %d", len(f.Extractor), maxName))
	}
	return errors.Join(errs...)
}

// extractorOf is the name of an extractor.
func extractorOf(name string) string {
	if name == "" {
		return Extractor
	}
	return name
}

func soundName(s string) bool { return len(s) <= maxName && utf8.ValidString(s) }
