package syncack_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/syncack"
)

const cutLog = `1 openat(AT_FDCWD</w>, "/d/j", O_RDWR|O_CREAT, 0600) = 3</d/j>
1 pwrite64(3</d/j>, "abcdef", 6, 0) = 6
1 fdatasync(3</d/j>) = 0
1 fsync(4</d>) = 0
1 write(1<pipe:[7]>, "syncack: acknowledged\n", 22) = 22
1 pwrite64(3</d/j>, "XY", 2, 8 <unfinished ...>
2 fsync(3</d/j>) = 0
1 <... pwrite64 resumed>) = 2
1 ftruncate(3</d/j>, 4) = 0
1 openat(AT_FDCWD</w>, "/d/k.tmp", O_RDWR|O_CREAT, 0600) = 5</d/k.tmp>
1 pwrite64(5</d/k.tmp>, "new", 3, 0) = 3
1 fsync(5</d/k.tmp>) = 0
1 renameat(AT_FDCWD</w>, "/d/k.tmp", AT_FDCWD</w>, "/d/j") = 0
1 fsync(4</d>) = 0
1 write(1<pipe:[7]>, "syncack: acknowledged\n", 22) = 22
1 unlink("/d/j") = 0
`

// image is what stands in the folder after a power cut.
func image(t *testing.T, h *syncack.History, line int, r *rand.Rand) map[string]string {
	dir := t.TempDir()
	require.NoError(t, h.Image(line, r, dir))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	out := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		out[f.Name()] = string(b)
	}
	return out
}

func TestImage(t *testing.T) {
	t.Parallel()
	h, err := syncack.ReadHistory(strings.NewReader(cutLog), rules())
	require.NoError(t, err)
	require.Equal(t, 16, h.Lines())
	for _, c := range []struct {
		line  int // at which the power is cut
		acked int
		least map[string]string   // what was flushed
		most  []map[string]string // what else there may be
	}{
		{1, 0, map[string]string{}, nil},
		{4, 0, map[string]string{}, []map[string]string{{"j": "abcdef"}}}, // the name was not flushed
		{5, 0, map[string]string{"j": "abcdef"}, nil},
		{6, 1, map[string]string{"j": "abcdef"}, nil},
		{9, 1, map[string]string{"j": "abcdef"}, []map[string]string{{"j": "abcdef\x00\x00XY"}, {"j": "abcdef\x00\x00\x00\x00"}}}, // its flush began before it ended
		{10, 1, map[string]string{"j": "abcdef"}, []map[string]string{{"j": "abcd"}, {"j": "abcdef\x00\x00XY"}, {"j": "abcdef\x00\x00\x00\x00"}}},
		{15, 1, map[string]string{"j": "new"}, nil},
		{16, 2, map[string]string{"j": "new"}, nil},
		{17, 2, map[string]string{"j": "new"}, []map[string]string{{}}},
	} {
		require.Equal(t, c.acked, h.Acked(c.line), "line %d", c.line)
		require.Equal(t, c.least, image(t, h, c.line, nil), "line %d", c.line)
		seen := map[string]bool{}
		allowed := append(c.most, c.least)
		for seed := range uint64(100) {
			got := image(t, h, c.line, rand.New(rand.NewPCG(seed, 1)))
			require.Contains(t, allowed, got, "line %d", c.line)
			seen[got["j"]] = true
		}
		require.Len(t, seen, len(allowed), "line %d: each of them comes to pass", c.line)
	}
}

// A history that cannot be repeated exactly is refused.
func TestReadHistoryRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, log, want string }{
		{"a text that is cut short", "1 openat(AT_FDCWD</w>, \"/d/j\", O_CREAT) = 3</d/j>\n1 pwrite64(3</d/j>, \"ab\"..., 6, 0) = 6", "2 bytes of 6"},
		{"a write at an unknown place", "1 openat(AT_FDCWD</w>, \"/d/j\", O_CREAT) = 3</d/j>\n1 write(3</d/j>, \"ab\", 2) = 2", "cannot repeat: write"},
		{"a file cut by opening it", "1 openat(AT_FDCWD</w>, \"/d/j\", O_CREAT) = 3</d/j>\n1 openat(AT_FDCWD</w>, \"/d/j\", O_TRUNC) = 3</d/j>", "cannot repeat"},
		{"a folder", "1 mkdir(\"/d/e\", 0700) = 0", "cannot repeat: mkdir"},
		{"a file in a folder", "1 openat(AT_FDCWD</w>, \"/d/e/j\", O_CREAT) = 3</d/e/j>", "in a folder"},
		{"a file from nowhere", "1 fsync(3</d/j>) = 0", "that nobody made"},
		{"no log", "hello", "not a line"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := syncack.ReadHistory(strings.NewReader(c.log+"\n"), rules())
			require.ErrorContains(t, err, c.want)
		})
	}
}

// Of what was not flushed any part may be there, in whatever order it was written: not
// only what came first.
func TestImageIsAnySubset(t *testing.T) {
	t.Parallel()
	const log = `1 openat(AT_FDCWD</w>, "/d/j", O_RDWR|O_CREAT, 0600) = 3</d/j>
1 pwrite64(3</d/j>, "....", 4, 0) = 4
1 fsync(3</d/j>) = 0
1 fsync(4</d>) = 0
1 pwrite64(3</d/j>, "a", 1, 0) = 1
1 pwrite64(3</d/j>, "b", 1, 1) = 1
1 pwrite64(3</d/j>, "c", 1, 2) = 1
1 rename("/d/j", "/d/k") = 0
`
	h, err := syncack.ReadHistory(strings.NewReader(log), rules())
	require.NoError(t, err)
	seen := map[string]bool{}
	for seed := range uint64(400) {
		for name, content := range image(t, h, 9, rand.New(rand.NewPCG(seed, 1))) {
			seen[name+content] = true
		}
	}
	for _, name := range []string{"j", "k"} {
		for _, content := range []string{"....", "a...", ".b..", "..c.", "ab..", "a.c.", ".bc.", "abc."} {
			require.Contains(t, seen, name+content)
		}
	}
	require.Len(t, seen, 16)
}

// What a failed flush was asked for is flushed by none that works later.
func TestImageAfterAFailedFlush(t *testing.T) {
	t.Parallel()
	const log = `1 openat(AT_FDCWD</w>, "/d/j", O_RDWR|O_CREAT, 0600) = 3</d/j>
1 fsync(4</d>) = 0
1 pwrite64(3</d/j>, "a", 1, 0) = 1
1 fsync(3</d/j>) = -1 EIO (Input/output error)
1 pwrite64(3</d/j>, "b", 1, 1) = 1
1 fsync(3</d/j>) = 0
`
	h, err := syncack.ReadHistory(strings.NewReader(log), rules())
	require.NoError(t, err)
	require.Equal(t, map[string]string{"j": "\x00b"}, image(t, h, 7, nil))
}
