package risk

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// measureFiles fills what comes from the history of the changed files.
func (f *Features) measureFiles(cs *release.ChangeSet, h *History, fixed *fixed) {
	f.FixRecency, f.FixChangesPerDeveloper = Known(0), Known(0)
	if fixed.commits > 0 {
		f.FixRecency, f.FixChangesPerDeveloper = Reading{}, Reading{}
	}
	if h.Files == nil || h.At.IsZero() {
		return
	}
	past := pastOf(h.Files)
	var all, mended fileSums
	for i := range cs.Files {
		file := &cs.Files[i]
		if prose(file) {
			continue
		}
		p := past.at(file.Path)
		if p == nil && file.Op == release.OpAdded {
			p = &PastFile{Changed: h.At}
		}
		known := p != nil && p.sound() && !file.Uncounted
		all.add(file, p, known, h.At)
		if fixed.has(file.Path) {
			mended.add(file, p, known, h.At)
		}
	}
	if fixed.commits > 0 && !mended.unknown {
		f.FixRecency, f.FixChangesPerDeveloper = Known(int64(mended.recency)), Known(int64(mended.per))
	}
	if all.unknown {
		return
	}
	f.RelativeChurn, f.Recency, f.Dormancy = Known(int64(all.churn)), Known(int64(all.recency)), Known(int64(all.dormancy))
	f.PriorChanges, f.PriorDevelopers, f.ChangesPerDeveloper = Known(int64(all.changes)), Known(int64(all.developers)), Known(int64(all.per))
}

// pastFiles are files to be found by path. One that is told twice is one of which nothing is known.
type pastFiles struct {
	files  []PastFile
	next   int                        // where the next one is looked for first
	byPath map[release.Path]*PastFile // nil where they stand in order of path, each once
}

func pastOf(files []PastFile) pastFiles {
	x := pastFiles{files: files}
	for i := 1; i < len(files); i++ {
		if files[i-1].Path >= files[i].Path {
			x.byPath = pastByPath(files)
			break
		}
	}
	return x
}

func pastByPath(files []PastFile) map[release.Path]*PastFile {
	out := make(map[release.Path]*PastFile, len(files))
	for i := range files {
		p := &files[i]
		if out[p.Path] != nil {
			p = &PastFile{Lines: -1}
		}
		out[files[i].Path] = p
	}
	return out
}

// at is the file with a path, nil if there is none.
func (x *pastFiles) at(p release.Path) *PastFile {
	if x.byPath != nil {
		return x.byPath[p]
	}
	i, found := x.next, x.next < len(x.files) && x.files[x.next].Path == p
	if !found {
		i, found = slices.BinarySearchFunc(x.files, p, func(f PastFile, p release.Path) int { return cmp.Compare(f.Path, p) })
	}
	if !found {
		return nil
	}
	x.next = i + 1
	return &x.files[i]
}

// fileSums are sums and largest numbers over files. Nothing is known of them once there is a
// file of which nothing is known, or whose lines nobody counted.
type fileSums struct {
	churn, recency, dormancy, changes, developers, per count
	unknown                                            bool
}

func (s *fileSums) add(file *release.FileChange, p *PastFile, known bool, now time.Time) {
	if s.unknown = s.unknown || !known; s.unknown {
		return
	}
	s.churn = s.churn.plus(ratio(100, file.Added, p.Lines+1))
	days := int64(max(now.Sub(p.Changed), 0) / (24 * time.Hour))
	s.recency, s.dormancy = max(s.recency, count(1000/(1+days))), max(s.dormancy, count(days))
	s.changes = s.changes.plus(p.Changes)
	s.developers = max(s.developers, count(0).plus(p.Developers))
	s.per = max(s.per, count(0).plus(ratio(100, p.Changes, max(p.Developers, 1))))
}

// fixed are the files that fixing commits touch.
type fixed struct {
	commits int64 // how many there are
	all     bool  // of one it is not known what it touches
	paths   map[release.Path]bool
}

func (x *fixed) has(p release.Path) bool { return x.all || x.paths[p] }

func fixedFiles(cs *release.ChangeSet) fixed {
	x := fixed{}
	for i := range cs.Commits {
		c := &cs.Commits[i]
		if !isFix(c) {
			continue
		}
		if x.paths == nil {
			x.paths = map[release.Path]bool{}
		}
		x.commits, x.all = x.commits+1, x.all || c.FilesUnknown
		for j := range c.Files {
			x.paths[c.Files[j].Path] = true
		}
	}
	return x
}

// ratio is k*a/b rounded down, at most maxCount, for b above 0. A negative a is the most.
func ratio(k, a, b int64) int64 {
	hi, lo := bits.Mul64(uint64(k), uint64(max(a, 0)))
	if a < 0 || hi >= uint64(b) {
		return int64(maxCount)
	}
	q, _ := bits.Div64(hi, lo, uint64(b))
	return int64(min(q, uint64(maxCount)))
}
