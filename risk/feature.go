package risk

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// Features are all that a [Model] sees of a release. Each is a count that only
// grows when more changes, so that a model without negative weights cannot be
// talked down by adding something. Who wrote the change is not among them.
//
// Lines of documentation are not counted. All counts stop at 2^53-1.
type Features struct {
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
}

// History is what the host knows of the releases before this one, of the same
// service. The zero value knows of none, and this release is scored by itself.
type History struct {
	// Recent are the features of earlier releases, as far back as the host wants
	// them to count (a day, a week). Their added lines are counted with this release's, so that a
	// large change does not become harmless by being sent in ten small releases. Their order does not matter.
	Recent []Features
}

// FeaturesOf measures a change set whose files carry their labels (see package
// label); [Assess] labels before it measures. Only the files of the whole range
// count, not those of single commits.
func FeaturesOf(cs *release.ChangeSet, h History) Features {
	var added, deleted, earlier, files, deps count
	for i := range cs.Files {
		if f := &cs.Files[i]; !prose(f) {
			added, deleted, files = added.plus(f.Added), deleted.plus(f.Deleted), files+1
		}
	}
	for i := range cs.Dependencies {
		if op := cs.Dependencies[i].Op; op != release.OpListed && op != release.OpUnlisted {
			deps++
		}
	}
	for i := range h.Recent {
		earlier = earlier.plus(h.Recent[i].LinesAdded)
	}
	return Features{LinesAdded: int64(added), LinesDeleted: int64(deleted), EarlierAdded: int64(earlier), Files: int64(files),
		Directories: int64(directories(cs)), Commits: int64(len(cs.Commits)), Dependencies: int64(deps),
		Resources: int64(len(cs.Resources)), Settings: int64(len(cs.Settings))}
}

// The names of the terms, in the order in which a score adds them up.
var termNames = []string{"lines-added", "lines-deleted", "files", "directories", "commits", "dependencies", "resources", "settings"}

// TermNames are the names that a [Weight] may carry, in the order in which a score
// adds them up. The caller owns the slice.
func TermNames() []string { return slices.Clone(termNames) }

// terms are the values that weights are multiplied by: log(1+n) of each count, in
// the order of termNames. Earlier lines count with the added ones.
func (f Features) terms() [8]float64 {
	added := count(0).plus(f.LinesAdded).plus(f.EarlierAdded)
	out := [8]float64{}
	for i, n := range [...]int64{int64(added), f.LinesDeleted, f.Files, f.Directories, f.Commits, f.Dependencies, f.Resources, f.Settings} {
		out[i] = math.Log1p(float64(count(0).plus(n)))
	}
	return out
}

// all are the counts in the order of the fields.
func (f Features) all() [9]int64 {
	return [...]int64{f.LinesAdded, f.LinesDeleted, f.EarlierAdded, f.Files, f.Directories, f.Commits, f.Dependencies, f.Resources, f.Settings}
}

func (f Features) compare(g Features) int {
	a, b := f.all(), g.all()
	return slices.Compare(a[:], b[:])
}

// Validate refuses counts below zero and above 2^53-1.
func (f Features) Validate() error {
	var errs []error
	for i, n := range f.all() {
		if n < 0 || n > int64(maxCount) {
			errs = append(errs, fmt.Errorf("risk: feature %d of 9 is %d, not from 0 to 2^53-1", i+1, n))
		}
	}
	return errors.Join(errs...)
}
