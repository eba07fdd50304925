package gitlog_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

func past(t testing.TB, r *gitlog.Repo, base release.Revision, o gitlog.PastOptions, paths ...release.Path) []gitlog.PastFile {
	t.Helper()
	files, err := r.Past(t.Context(), base, paths, o)
	require.NoError(t, err)
	return files
}

// minute is the time of a work's n-th commit.
func minute(n int64) time.Time { return time.Unix(1_700_000_000+60*n, 0).UTC() }

func known(p release.Path, lines, changes, developers, at int64) gitlog.PastFile {
	return gitlog.PastFile{Path: p, Known: true, Lines: lines, Changes: changes, Developers: developers, Changed: minute(at)}
}

func utc(files []gitlog.PastFile) []gitlog.PastFile {
	for i := range files {
		files[i].Changed = files[i].Changed.UTC()
		if !files[i].Known {
			files[i].Changed = time.Time{}
		}
	}
	return files
}

func TestPast(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("a", "1\n2\n3")
	w.write("dir/b", "")
	w.write("gone", "x\n")
	require.NoError(t, os.Symlink("dir", filepath.Join(w.dir, "link")))
	one := w.commit("one\n\nCo-authored-by: Ada <ADA@example.com>\nCo-authored-by: Bo <bo@example.com>\nCo-authored-by: Nobody\n")
	w.write("a", "1\n2\n3\n4\n")
	require.NoError(t, os.Remove(filepath.Join(w.dir, "gone")))
	w.commit("two")
	w.write("gone", "back\n")
	w.git("update-index", "--add", "--cacheinfo", "160000,"+string(one)+",sub")
	require.NoError(t, os.Mkdir(filepath.Join(w.dir, "sub"), 0o755))
	three := w.commit("three")
	w.write("a", "much later\n")
	w.commit("four")

	r := w.open()
	paths := []release.Path{"link", "a", "dir/b", "gone", "a", "sub"}
	require.Equal(t, []gitlog.PastFile{known("link", 1, 1, 3, 1), known("a", 4, 2, 3, 2), known("dir/b", 0, 1, 3, 1),
		known("gone", 1, 3, 3, 3), known("sub", 0, 1, 1, 3)}, utc(past(t, r, three, gitlog.PastOptions{}, paths...)),
		"as of the revision: nothing of the fourth commit")
	require.Equal(t, []gitlog.PastFile{known("a", 3, 1, 3, 1)}, utc(past(t, r, one, gitlog.PastOptions{}, "a")))

	// Where nothing is, nothing is known, and there is no gap.
	for _, p := range []release.Path{"", "none", "dir", "dir/", "/a", "./a", "../a", "a/..", "dir//b", "a/b", "link/b", "A", "*", "a\x00", ":(top)a", "-x", "a\n"} {
		require.Equal(t, []gitlog.PastFile{{Path: p}, known("a", 4, 2, 3, 2)}, utc(past(t, r, three, gitlog.PastOptions{}, p, "a")), "%q", p)
	}
	require.Empty(t, past(t, r, three, gitlog.PastOptions{}))
	for _, rev := range []release.Revision{"", "HEAD", "main", three[:10], "-x", release.Revision(strings.Repeat("1", 40))} {
		files, err := r.Past(t.Context(), rev, paths, gitlog.PastOptions{})
		require.ErrorIs(t, err, gitlog.ErrUnknownRevision, "%q", rev)
		require.Nil(t, files)
	}
	_, err := r.Past(t.Context(), three, paths, gitlog.PastOptions{MaxCommits: -1, MaxFiles: -1, MaxBytes: -1, Timeout: -1})
	require.ErrorContains(t, err, "MaxCommits is negative")
	require.ErrorContains(t, err, "Timeout is negative")
}

// Names that are patterns, options or text for a terminal are names.
func TestPastHostileNames(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	names := []release.Path{"*", "[a]", ":(exclude)a", ":!a", "-r", "--", "a b", "tab\tend", "line\nfeed", "\x1b[31m", "\xff\xfe", "ä", "a\\b", `"q"`, "x/*/y", "HEAD", "...", ".. ", "%s"}
	for i, n := range names {
		w.write(string(n), strings.Repeat("x\n", i))
	}
	w.write("a", "a\n")
	w.commit("all")
	w.write("a", "b\n")
	base := w.commit("a alone")
	var want []gitlog.PastFile
	for i, n := range names {
		want = append(want, known(n, int64(i), 1, 1, 1))
	}
	require.Equal(t, want, utc(past(t, w.open(), base, gitlog.PastOptions{}, names...)))
	// The same where git compares everything.
	for i := range 40 {
		n := fmt.Sprintf("more/%d", i)
		w.write(n, "")
		names = append(names, release.Path(n))
	}
	base = w.commit("more")
	require.Equal(t, want, utc(past(t, w.open(), base, gitlog.PastOptions{}, names...))[:len(want)])
	// A tree with names that git itself does not make.
	blob := w.object("blob", "x\n")
	for _, n := range []string{"..", ".", ".git"} {
		tree := w.object("tree", "100644 "+n+"\x00"+string(raw(t, blob)))
		c := release.Revision(w.object("commit", "tree "+tree+"\nauthor A <a@a> 1700000000 +0000\ncommitter A <a@a> 1700000060 +0000\n\nm\n"))
		require.Equal(t, []gitlog.PastFile{known(release.Path(n), 1, 1, 1, 1)}, utc(past(t, w.open(), c, gitlog.PastOptions{}, release.Path(n))))
	}
}

// What is not the whole is not known; it is never a smaller number.
func TestPastUnknown(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("a", "1\n")
	w.write("b", strings.Repeat("x", 500))
	w.commit("one")
	w.write("a", "2\n")
	two := w.commit("two")
	w.write("c", "1\n")
	base := w.commit("three")
	w.git("config", "uploadpack.allowFilter", "true")
	clone := func(args ...string) *gitlog.Repo {
		c := &work{t: t, dir: t.TempDir()}
		require.NoError(t, exec.Command("git", append(append([]string{"clone", "-q", "--bare"}, args...), "file://"+w.dir, c.dir)...).Run())
		return c.open()
	}
	whole := []gitlog.PastFile{known("a", 1, 2, 1, 2), known("b", 1, 1, 1, 1), {Path: "none"}, known("c", 1, 1, 1, 3)}
	require.Equal(t, whole, utc(past(t, w.open(), base, gitlog.PastOptions{}, "a", "b", "none", "c")))
	kinds := func(r *gitlog.Repo, o gitlog.PastOptions) string {
		var out []string
		for _, f := range past(t, r, base, o, "a", "b", "none", "c") {
			if f.Known {
				out = append(out, "known")
				continue
			}
			require.Equal(t, gitlog.PastFile{Path: f.Path, Gap: f.Gap}, f, "no number")
			out = append(out, string(f.Gap.Kind))
		}
		return strings.Join(out, ",")
	}
	for _, c := range []struct {
		name, want string
		repo       *gitlog.Repo
		o          gitlog.PastOptions
	}{
		{"whole", "known,known,,known", w.open(), gitlog.PastOptions{}},
		{"exactly the limit", "known,known,,known", w.open(), gitlog.PastOptions{MaxCommits: 3, MaxFiles: 4}},
		{"shallow", "shallow-clone,shallow-clone,,shallow-clone", clone("--depth=2"), gitlog.PastOptions{}},
		{"shallow by one", "shallow-clone,shallow-clone,,shallow-clone", clone("--depth=1"), gitlog.PastOptions{}},
		{"without contents", "partial-clone,partial-clone,,partial-clone", clone("--filter=blob:none"), gitlog.PastOptions{}},
		{"without large contents", "known,partial-clone,,known", clone("--filter=blob:limit=100"), gitlog.PastOptions{}},
		{"without trees", "partial-clone,partial-clone,partial-clone,partial-clone", clone("--filter=tree:0"), gitlog.PastOptions{}},
		{"commits", "too-large,too-large,,too-large", w.open(), gitlog.PastOptions{MaxCommits: 2}},
		{"changes of files", "too-large,too-large,,too-large", w.open(), gitlog.PastOptions{MaxFiles: 3}},
		{"a large file", "known,too-large,,known", w.open(gitlog.Options{MaxFile: 499}), gitlog.PastOptions{}},
		{"output", "too-large,too-large,too-large,too-large", w.open(), gitlog.PastOptions{MaxBytes: 100}},
		{"contents", "too-large,too-large,,too-large", w.open(), gitlog.PastOptions{MaxBytes: 1000}},
		{"time", "too-large,too-large,too-large,too-large", w.open(), gitlog.PastOptions{Timeout: time.Nanosecond}},
	} {
		require.Equal(t, c.want, kinds(c.repo, c.o), c.name)
	}

	// An object that a whole clone lacks is an error.
	partial(t, w, "HEAD:b")
	_, err := w.open().Past(t.Context(), base, []release.Path{"a", "b"}, gitlog.PastOptions{})
	require.ErrorContains(t, err, "is not in the repository")
	require.Len(t, past(t, w.open(), base, gitlog.PastOptions{}, "a"), 1, "nobody asked for it")
	partial(t, w, string(two)+"^{tree}")
	files, err := w.open().Past(t.Context(), base, []release.Path{"a"}, gitlog.PastOptions{})
	require.Error(t, err)
	require.Nil(t, files)
}

// A commit of which somebody cannot be read spoils the files that it changed, and no others.
func TestPastUnreadable(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("a", "1\n")
	w.write("b", "1\n")
	parent := w.commit("one")
	blob := w.object("blob", "2\n")
	for _, c := range []struct{ author, committer string }{
		{"nobody", "C <c@c> 1700000000 +0000"}, {"A <a@a> then", "C <c@c> 1700000000 +0000"}, {"A <a@a> 1700000000 +0000", "C <c@c> 99999999999999 +0000"},
	} {
		tree := w.object("tree", "100644 a\x00"+string(raw(t, blob))+"100644 b\x00"+string(raw(t, w.git("rev-parse", "HEAD:b"))))
		base := w.object("commit", fmt.Sprintf("tree %s\nparent %s\nauthor %s\ncommitter %s\n\nm\n", tree, parent, c.author, c.committer))
		got := utc(past(t, w.open(), release.Revision(base), gitlog.PastOptions{}, "a", "b"))
		require.Equal(t, release.GapUnreadable, got[0].Gap.Kind)
		require.Equal(t, base, got[0].Gap.Subject)
		require.False(t, got[0].Known)
		require.Equal(t, known("b", 1, 1, 1, 1), got[1])
	}
}

// What only a merge made has no commit that changed it.
func TestPastMerges(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("a", "1\n")
	w.write("side", "1\n")
	w.commit("one")
	w.git("checkout", "-q", "-b", "topic")
	w.write("side", "2\n")
	w.commit("two")
	w.write("side", "1\n") // and back: a simplified history would not show either
	w.commit("three")
	w.git("checkout", "-q", "main")
	w.write("a", "2\n")
	w.commit("four")
	w.git("merge", "-q", "--no-ff", "--no-commit", "topic")
	w.write("evil", "1\n")
	base := w.commit("merge")
	got := utc(past(t, w.open(), base, gitlog.PastOptions{}, "a", "side", "evil"))
	require.Equal(t, []gitlog.PastFile{known("a", 1, 2, 1, 4), known("side", 1, 3, 1, 3),
		{Path: "evil", Gap: release.Gap{Kind: release.GapIncomplete, Detail: "no commit but merges has changed it"}}}, got)
}

// randomHistory is a repository with branches that are merged, by several authors.
func randomHistory(t testing.TB, seed uint64, commits int) *work {
	w := newWork(t)
	random := rand.New(rand.NewPCG(seed, 1))
	var in strings.Builder
	for i := 1; i <= commits; i++ {
		branch := []string{"main", "x", "y"}[random.IntN(3)]
		if i == 1 {
			branch = "main"
		}
		co := ""
		if random.IntN(4) == 0 {
			co = fmt.Sprintf("\n\nCo-authored-by: P <p%d@example.com>", random.IntN(3))
		}
		fmt.Fprintf(&in, "commit refs/heads/%s\nmark :%d\nauthor P <P%d@example.com> %d +0000\ncommitter C <c@c> %d +0000\n", branch, i, random.IntN(4), 1_700_000_000+random.IntN(5000), 1_700_000_000+random.IntN(5000))
		msg := fmt.Sprintf("c%d%s\n", i, co)
		fmt.Fprintf(&in, "data %d\n%s\n", len(msg), msg)
		if i <= 3 { // the branches begin
			if i > 1 {
				in.WriteString("from :1\n")
			}
		} else if random.IntN(3) == 0 {
			fmt.Fprintf(&in, "merge :%d\n", 1+random.IntN(i-1))
		}
		for range random.IntN(3) {
			p := []string{"a", "b", "dir/a", "dir/b", "dir2/c"}[random.IntN(5)]
			text := strings.Repeat("l\n", random.IntN(5)) + []string{"", "end"}[random.IntN(2)]
			fmt.Fprintf(&in, "M 100644 inline %s\ndata %d\n%s\n", p, len(text), text)
		}
		if random.IntN(8) == 0 {
			in.WriteString("D dir/a\n")
		}
	}
	_, err := w.run(in.String(), "fast-import", "--quiet", "--force")
	require.NoError(t, err)
	return w
}

// slowPast asks git log for one file.
func slowPast(w *work, base, p string) gitlog.PastFile {
	f := gitlog.PastFile{Path: release.Path(p)}
	text, err := w.run("", "cat-file", "blob", base+":"+p)
	if err != nil {
		return f
	}
	if raw, _ := w.run("", "cat-file", "-s", base+":"+p); raw != "0" {
		f.Lines = int64(strings.Count(text, "\n")) + 1 // run takes a last line feed away
	}
	people := map[string]bool{}
	log := w.git("log", "--full-history", "--no-merges", "--no-renames", "--format=%x01%ae %ct%n%(trailers:key=Co-authored-by,valueonly)", base, "--", ":(literal)"+p)
	for c := range strings.SplitSeq(log, "\x01") {
		lines := strings.Fields(c)
		if len(lines) == 0 {
			continue
		}
		f.Changes++
		at, _ := strconv.ParseInt(lines[1], 10, 64)
		if when := time.Unix(at, 0).UTC(); when.After(f.Changed) {
			f.Changed = when
		}
		people[strings.ToLower(lines[0])] = true
		for _, l := range lines[2:] {
			if strings.HasPrefix(l, "<") {
				people[strings.Trim(l, "<>")] = true
			}
		}
	}
	f.Developers, f.Known = int64(len(people)), f.Changes > 0
	return f
}

// It agrees with one git log for each file, on histories with branches and merges.
func TestPastAgreesWithGitLog(t *testing.T) {
	t.Parallel()
	told := 0
	for seed := range uint64(5) {
		w := randomHistory(t, seed, 40)
		paths := []string{"a", "b", "dir/a", "dir/b", "dir2/c", "none"}
		for _, base := range []string{w.git("rev-parse", "main"), w.git("rev-parse", "main~2")} {
			for _, f := range utc(past(t, w.open(), release.Revision(base), gitlog.PastOptions{}, "a", "b", "dir/a", "dir/b", "dir2/c", "none")) {
				require.Contains(t, paths, string(f.Path))
				want := slowPast(w, base, string(f.Path))
				if !want.Known {
					require.False(t, f.Known)
					continue
				}
				require.Equal(t, want, f, "seed %d", seed)
				told++
			}
		}
	}
	require.Greater(t, told, 20)
}

// The runs of one Open and Past: config, cat-file (contents), rev-list, diff-tree, cat-file (commits).
const pastRuns = 5

func TestPastFaults(t *testing.T) {
	t.Parallel()
	w := faultyRepo(t)
	base := w.head()
	whole := past(t, w.open(), base, gitlog.PastOptions{}, "a.txt", "b/c.txt")
	require.True(t, whole[0].Known && whole[1].Known)
	for instead, says := range map[string]string{
		"echo 'bad\tthings' >&2; exit 3":               `bad\tthings`,
		`$real "$@"; echo late >&2; exit 1`:            "late",
		"kill -9 $$":                                   "killed",
		"exit 0":                                       "",
		`$real "$@"; echo more; exit 0`:                "",
		`$real "$@"; head -c 100000 /dev/zero; exit 0`: "",
	} {
		for k := 2; ; k++ {
			r, err := gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{Git: faulty(t, k, instead)})
			require.NoError(t, err)
			files, err := r.Past(t.Context(), base, []release.Path{"a.txt", "b/c.txt"}, gitlog.PastOptions{})
			if k > pastRuns {
				require.NoError(t, err)
				require.Equal(t, whole, files)
				break
			}
			require.Error(t, err, "%s at %d", instead, k)
			require.Contains(t, err.Error(), says)
			require.NotContains(t, err.Error(), "\n")
			require.Nil(t, files)
		}
	}
	// Cut short anywhere, although git claims success.
	cut := 0
	for k := 3; k <= pastRuns; k++ {
		for n := 0; n < 2000; n += 149 {
			marker := filepath.Join(t.TempDir(), "whole")
			program := faulty(t, k, fmt.Sprintf(`$real "$@" > %[2]s.out; head -c %[1]d %[2]s.out; [ $(wc -c < %[2]s.out) -gt %[1]d ] || touch %[2]s; exit 0`, n, marker))
			r, err := gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{Git: program})
			require.NoError(t, err)
			files, err := r.Past(t.Context(), base, []release.Path{"a.txt", "b/c.txt"}, gitlog.PastOptions{})
			if _, e := os.Stat(marker); e == nil {
				require.NoError(t, err)
				require.Equal(t, whole, files)
				break
			}
			require.Error(t, err, "run %d cut at %d", k, n)
			require.Nil(t, files)
			cut++
		}
	}
	require.Greater(t, cut, 10)
	// Hanging: the caller's end is an error, one's own limit a gap.
	for k := 2; k <= pastRuns; k++ {
		r, err := gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{Git: faulty(t, k, "exec sleep 600")})
		require.NoError(t, err)
		files := past(t, r, base, gitlog.PastOptions{Timeout: 150 * time.Millisecond}, "a.txt")
		require.Equal(t, release.GapTooLarge, files[0].Gap.Kind)
		require.False(t, files[0].Known)
		r, err = gitlog.OpenWith(t.Context(), w.dir, gitlog.Options{Git: faulty(t, k, "exec sleep 600")})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		files, err = r.Past(ctx, base, []release.Path{"a.txt"}, gitlog.PastOptions{})
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Nil(t, files)
	}
}

// BenchmarkPast reports the time per file, for few and for many, beside one git log for each.
func BenchmarkPast(b *testing.B) {
	dir := generated(b, 2000)
	w := &work{t: b, dir: dir}
	base := w.git("rev-parse", "main")
	all := strings.Split(w.git("ls-tree", "-r", "--name-only", "main"), "\n")
	slices.Sort(all)
	for _, n := range []int{1, 10, 100, 400} {
		b.Run(fmt.Sprintf("files=%d", n), func(b *testing.B) {
			r, err := gitlog.Open(b.Context(), dir)
			require.NoError(b, err)
			var paths []release.Path
			for _, p := range all[:min(n, len(all))] {
				paths = append(paths, release.Path(p))
			}
			b.ReportAllocs()
			for b.Loop() {
				require.True(b, past(b, r, release.Revision(base), gitlog.PastOptions{}, paths...)[0].Known)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(paths)), "ns/file")
		})
	}
	b.Run("git-log", func(b *testing.B) {
		for b.Loop() {
			require.True(b, slowPast(w, base, all[0]).Known)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/file")
	})
}

// Commits that are not read whole do not count as fewer.
func TestPastLongCommits(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.write("a", "1\n")
	w.commit(strings.Repeat("long ", 2000))
	w.write("a", "2\n")
	base := w.commit("two")
	require.Equal(t, []gitlog.PastFile{known("a", 1, 2, 1, 2)}, utc(past(t, w.open(), base, gitlog.PastOptions{}, "a")))
	got := past(t, w.open(), base, gitlog.PastOptions{MaxBytes: 5000}, "a")
	require.Equal(t, []gitlog.PastFile{{Path: "a", Gap: release.Gap{Kind: release.GapTooLarge, Detail: "the history is longer than allowed"}}}, got)
}
