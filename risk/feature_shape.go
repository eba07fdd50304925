package risk

import (
	"math/bits"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// scatter is how changed lines lie in files.
type scatter struct {
	total count
	parts int64 // the sum of logSum over the files
}

func (s *scatter) add(n count) {
	s.total = s.total.plus(int64(n))
	s.parts += min(logSum(n), 1<<62-s.parts)
}

// bits is about log2 of the multinomial coefficient of the files' lines, which is about
// their number times their entropy. A line that is added makes logSum(total) grow by
// at least as much as logSum of its file, so it is never less.
func (s *scatter) bits() int64 {
	if s.total == maxCount {
		return int64(maxCount)
	}
	return min(max(logSum(s.total)-s.parts, 0), int64(maxCount))
}

// logSum is floor(log2 1) + … + floor(log2 n), a whole-number log2 of n factorial.
func logSum(n count) int64 {
	if n < 1 {
		return 0
	}
	b := int64(bitsOf(int64(n)) - 1)
	return (int64(n)+1)*b - 1<<(b+1) + 2
}

// bitsOf is the number of bits of n, which is above 0.
func bitsOf(n int64) int { return bits.Len64(uint64(n)) }

// tops are the topmost directories of files; files at the top share one.
type tops struct {
	seen map[release.Path]struct{}
	last release.Path
}

func (t *tops) add(p release.Path) {
	if t.last != "" && strings.HasPrefix(string(p), string(t.last)) {
		return // files are mostly in order of path, which spares the map
	}
	if t.seen == nil {
		t.seen = make(map[release.Path]struct{}, 16)
	}
	t.last = p[:strings.IndexByte(string(p), '/')+1]
	t.seen[t.last] = struct{}{}
}

// folders are the directories that files stand in.
type folders struct {
	most int // how many there can be
	seen map[release.Path]struct{}
	last release.Path
}

func (d *folders) add(p release.Path) {
	if d.seen == nil {
		d.seen = make(map[release.Path]struct{}, min(d.most, 128))
	} else if strings.HasPrefix(string(p), string(d.last)) && strings.IndexByte(string(p[len(d.last):]), '/') < 0 {
		return // as above
	}
	d.last = p[:strings.LastIndexByte(string(p), '/')+1]
	d.seen[d.last] = struct{}{}
}

// isFix reports whether a commit takes others back or mends something.
func isFix(c *release.Commit) bool { return len(c.Reverts) > 0 || mends(string(c.Subject)) }

// mends reports whether a subject speaks of mending, going by its words as A. Mockus and L. Votta did (ICSM
// 2000): what stands between anything but ASCII letters. A subject that leaves them out is not found out; one that has
// them is never held against less.
func mends(subject string) bool {
	for i := 0; i < len(subject); i++ {
		from := i
		for i < len(subject) && 'a' <= subject[i]|0x20 && subject[i]|0x20 <= 'z' {
			i++
		}
		if word := subject[from:i]; len(word) > 2 && mendingWord(word) {
			return true
		}
	}
	return false
}

func mendingWord(word string) bool {
	switch word[0] | 0x20 {
	case 'b', 'd', 'f', 'h', 'r': // which spares most words the rest
	default:
		return false
	}
	switch strings.ToLower(word) {
	case "fix", "fixes", "fixed", "fixing", "fixup", "bug", "bugs", "bugfix", "bugfixes", "hotfix", "hotfixes",
		"defect", "defects", "fault", "faults", "regression", "regressions", "revert", "reverts", "reverted":
		return true
	}
	return false
}
