package advisory

import (
	"math"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/version"
)

// DB is a snapshot of advisories. It never changes and may be used by several
// goroutines. The zero DB knows nothing, and says so in each answer.
type DB struct {
	digest release.Digest
	path   release.Path
	newest time.Time
	read   int  // advisories that were read as a whole
	blind  int  // those of which not even the packages were
	wild   bool // some may be of any ecosystem
	gaps   []release.Gap

	advisories []advisory
	moments    []time.Time // at which any was published or withdrawn, sorted, all different
	flaws      []flaw
	packages   map[string]*pkg
	areas      map[string]bool
	reasons    []string
	scores     []release.Score
}

// Digest names the snapshot: SHA-256 over what it was made from. The same advisories, in any
// order, layout or container, have the same digest.
func (db *DB) Digest() release.Digest { return db.digest }

// Len is how many advisories were read.
func (db *DB) Len() int { return db.read }

// Newest is the latest time that any advisory gives for itself: when it was published,
// modified or withdrawn. It says at least how old the snapshot is not. Zero where none says.
func (db *DB) Newest() time.Time { return db.newest }

// Gaps are what could not be read, sorted; the caller owns the slice. Of these, what was
// passed over as no advisory ([release.GapUnsupported]) makes no answer unknown.
func (db *DB) Gaps() []release.Gap { return append([]release.Gap(nil), db.gaps...) }

// advisory is one record.
type advisory struct {
	id                   string
	summary              string
	published, withdrawn time.Time
	upstream             []string
	flaw                 int32
	when                 span
}

// span is when an advisory stands, as numbers of moments: from the first on, 0 for always,
// and up to the second, never for no end.
type span struct{ published, withdrawn int32 }

const never = math.MaxInt32

// number counts the moments until t, t included.
func (db *DB) number(t time.Time) int32 {
	i, found := slices.BinarySearchFunc(db.moments, t, time.Time.Compare)
	if found {
		i++
	}
	return int32(i)
}

// date numbers the moments of all advisories.
func (db *DB) date() {
	for i := range db.advisories {
		for _, t := range []time.Time{db.advisories[i].published, db.advisories[i].withdrawn} {
			if !t.IsZero() {
				db.moments = append(db.moments, t)
			}
		}
	}
	slices.SortFunc(db.moments, time.Time.Compare)
	db.moments = slices.Clip(slices.CompactFunc(db.moments, time.Time.Equal))
	for i := range db.advisories {
		a := &db.advisories[i]
		a.when = span{withdrawn: never}
		if !a.published.IsZero() {
			a.when.published = db.number(a.published)
		}
		if !a.withdrawn.IsZero() {
			a.when.withdrawn = db.number(a.withdrawn)
		}
	}
}

// flaw is what several records may be about.
type flaw struct {
	names   []string // of all, sorted
	members []int32  // the advisories, the one that gives the ID first
	id      string   // that of the first member
	aliases []string // the names but id
}

// pkg is what the snapshot has about a package. Each part has an order of its own:
// most packages have one part.
type pkg struct{ parts []part }

// part has the ranges of one order. Positions stand in place of versions: 2i is the
// i-th of keys, 2i+1 lies between it and the next, and -1 before all. One search finds
// a version's position, and all ranges are numbers.
type part struct {
	order  version.Order
	keys   []version.Version // sorted, all different
	ranges []affects         // sorted by flaw, then advisory
	// numbers are those of the keys, where byNumber says that all have some.
	numbers  []numbers
	byNumber bool
}

// affects is what one advisory says about a package in one order.
type affects struct {
	advisory, flaw int32
	// least are the positions where the answer changes, from no to yes first; most the same
	// in the other reading, nil where there is none.
	least, most []int32
	// texts are listed versions that have no position.
	texts []string
	// reason, by index, is why it is unknown where it is not yes; -1 for none.
	reason int32
	// score, by index, is the highest severity; -1 for none.
	score int32
	when  span // that of the advisory
	alone bool // it is the only one of its flaw
	fixed []string
	// ecosystem and suffix say for which release of a distribution; "" for all.
	ecosystem, suffix string
}
