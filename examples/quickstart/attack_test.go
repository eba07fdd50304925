package main_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// heldRepository is one whose release is always held, and thus soon: its last
// author has no identity.
func heldRepository(t *testing.T, files map[string]string) string {
	t.Helper()
	repo := repository(t)
	for name, text := range files {
		write(t, repo, name, text)
	}
	git(t, repo, "add", "-A")
	git(t, repo, "commit", "-q", "--allow-empty", "-m", "by nobody", "--author=Nobody <>")
	return repo
}

// What a kill or a disk left of an unfinished run is either gone on with or
// refused in one line; it never becomes a release by accident, and never a hang.
func TestDamagedRunIsRefused(t *testing.T) {
	t.Parallel()
	repo, killed := repository(t), filepath.Join(t.TempDir(), "out")
	cmd, _ := startUntil(t, "exposed      internal", "-repo", repo, "-out", killed)
	require.NoError(t, cmd.Process.Kill())
	cmd.Wait()
	change := func(name string, f func(text []byte) []byte) func(t *testing.T, out string) {
		return func(t *testing.T, out string) {
			path := filepath.Join(out, name)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, f(text), 0o600))
		}
	}
	remove := func(name string) func(t *testing.T, out string) {
		return func(t *testing.T, out string) { require.NoError(t, os.Remove(filepath.Join(out, name))) }
	}
	half := func(text []byte) []byte { return text[:len(text)/2] }
	flip := func(at int) func(text []byte) []byte {
		return func(text []byte) []byte { text[at] ^= 1; return text }
	}
	for _, c := range []struct {
		name, want string
		damage     func(t *testing.T, out string)
	}{
		{"a flipped bit in the journal", "corrupt", change("journal", flip(1500))},
		{"a journal cut short", "has lost records", change("journal", func(text []byte) []byte { return text[:3000] })},
		{"no journal", "has lost records", remove("journal")},
		{"a flipped bit in the list of runs", "corrupt", change("runs", flip(70))},
		{"a list of runs cut short", "has lost records", change("runs", func(text []byte) []byte { return text[:100] })},
		{"no list of runs", "is not empty", remove("runs")},
		{"half of the world", "world.json", change("world.json", half)},
		{"no world", "is gone in mid-rollout", remove("world.json")},
		{"a world without content", "is gone in mid-rollout", change("world.json", func([]byte) []byte { return []byte("null") })},
		{"half of what was learned", "learner.json", change("world.json", func(text []byte) []byte { return text })},
		{"half of a key", "demo-ci-runner.pem", change("demo-keys/demo-ci-runner.pem", half)},
		{"another key", "was replaced", remove("demo-keys/demo-ci-runner.pem")},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			require.NoError(t, os.CopyFS(out, os.DirFS(killed)))
			if c.want == "learner.json" {
				write(t, out, c.want, `{"version":`)
			}
			c.damage(t, out)
			res := quickstart(t, "-repo", repo, "-out", out)
			require.Equal(t, 2, res.code, "%s%s", res.stdout, res.stderr)
			require.Contains(t, res.stderr, c.want)
			require.Equal(t, 1, strings.Count(res.stderr, "\n"), "one line: %q", res.stderr)
			require.NoFileExists(t, filepath.Join(out, "record.json"))
		})
	}
}

func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	repo, out := repository(t), filepath.Join(t.TempDir(), "out")
	cmd, _ := startUntil(t, "artifact", "-repo", repo, "-out", out)
	res := quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 2, res.code)
	require.Contains(t, res.stderr, "another quickstart is running")
	require.Equal(t, 1, strings.Count(res.stderr, "\n"))
	require.NoError(t, cmd.Wait(), "the first one ends well")
}

// A kill between two of the renames that set an earlier run aside loses nothing.
func TestSetAsideIsGoneOnWith(t *testing.T) {
	t.Parallel()
	repo, out := heldRepository(t, nil), filepath.Join(t.TempDir(), "out")
	args := []string{"-repo", repo, "-out", out}
	require.Equal(t, 3, quickstart(t, args...).code)
	first, err := os.ReadFile(filepath.Join(out, "record.json"))
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(out, "run-1"), 0o755))
	require.NoError(t, os.Rename(filepath.Join(out, "journal"), filepath.Join(out, "run-1", "journal")))
	require.Equal(t, 3, quickstart(t, args...).code)
	kept, err := os.ReadFile(filepath.Join(out, "run-1", "record.json"))
	require.NoError(t, err)
	require.Equal(t, first, kept)
	for _, name := range []string{"journal", "artifact.tar", "report.md", "bundles"} {
		_, err := os.Stat(filepath.Join(out, "run-1", name))
		require.NoError(t, err)
	}
	// What is there already is never written over.
	require.NoError(t, os.Mkdir(filepath.Join(out, "run-2"), 0o755))
	write(t, out, "run-2/record.json", "mine")
	res := quickstart(t, args...)
	require.Equal(t, 2, res.code)
	require.Contains(t, res.stderr, "cannot be set aside")
}

// Evidence of an interrupted run that has become old is gathered again.
func TestOldEvidenceIsGatheredAgain(t *testing.T) {
	t.Parallel()
	repo, out := heldRepository(t, nil), filepath.Join(t.TempDir(), "out")
	cmd, _ := startUntil(t, "passed by demo-ci-runner", "-repo", repo, "-out", out)
	require.NoError(t, cmd.Process.Kill())
	cmd.Wait()
	if _, err := os.Stat(filepath.Join(out, "record.json")); err == nil {
		t.Skip("it was over before it could be killed")
	}
	path := filepath.Join(out, "journal")
	require.NoError(t, os.Rename(path, path+".new"))
	from, err := journal.Open(path+".new", nil)
	require.NoError(t, err)
	to, err := journal.Open(path, nil)
	require.NoError(t, err)
	n := uint64(0)
	for rec, err := range from.Load(t.Context(), "evidence", 0) {
		require.NoError(t, err)
		rec.At = rec.At.Add(-2 * time.Hour)
		_, err = to.Append(t.Context(), journal.Append{Stream: "evidence", Expect: n, Entries: []journal.Entry{rec.Entry}})
		require.NoError(t, err)
		n++
	}
	require.NotZero(t, n)
	require.NoError(t, from.Close())
	require.NoError(t, to.Close())
	require.NoError(t, os.Remove(path+".new"))
	res := quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 3, res.code, res.stderr)
	tests := 0
	for _, e := range readRecord(t, out).Evidence {
		if e.PredicateType == predicate.TypeTestResult {
			tests++
		}
	}
	require.Equal(t, 2, tests)
}

// Nothing that a repository holds steers the terminal, or turns a failed check
// into one that could not be recorded.
func TestHostileContent(t *testing.T) {
	t.Parallel()
	repo := filepath.Join(filepath.Dir(repository(t)), "shop")
	evil := filepath.Join(t.TempDir(), "e\x1b[31mvil\nname")
	require.NoError(t, os.Rename(repo, evil))
	write(t, evil, "auth/bad.go", "package auth\n\nimport \"fmt\"\n\n// Bad is found by go vet.\nfunc Bad() { fmt.Printf(\"%d\", \""+strings.Repeat("x", 200_000)+"\") }\n")
	write(t, evil, "\x1b]0;title\x07\n.txt", "AKIA"+"ABCDEFGHIJKLMNOP\n")
	commit(t, evil, "evil \x1b[31m")
	out := filepath.Join(t.TempDir(), "out")
	res := quickstart(t, "-repo", evil, "-out", out)
	require.Equal(t, 1, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stdout, "1 found")
	report, err := os.ReadFile(filepath.Join(out, "report.md"))
	require.NoError(t, err)
	other := quickstart(t, "-repo", evil, "-out", out, "-head", "no\x1b[31mpe")
	require.Equal(t, 2, other.code)
	occupied := filepath.Join(t.TempDir(), "x\x1b[31m\ny")
	write(t, occupied, "mine.txt", "keep")
	third := quickstart(t, "-repo", evil, "-out", occupied)
	require.Equal(t, 2, third.code)
	for _, text := range []string{res.stdout, res.stderr, string(report), other.stderr, third.stderr} {
		require.NotContains(t, text, "\x1b")
		require.NotContains(t, text, "\x07")
		for line := range strings.Lines(text) {
			require.Less(t, len(line), 2000)
		}
	}
}

// The check neither reaches for the network nor depends on the host's settings,
// which might have it run other programs.
func TestCheckIsQuiet(t *testing.T) {
	t.Parallel()
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer proxy.Close()
	asked := make(chan string, 100)
	go func() {
		for {
			conn, err := proxy.Accept()
			if err != nil {
				return
			}
			request := make([]byte, 100)
			n, _ := conn.Read(request)
			asked <- string(request[:n])
			conn.Close()
		}
	}()
	zero := "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	repo := heldRepository(t, map[string]string{
		"go.mod":  "module example.com/shop\n\ngo 1.26.0\n\ntoolchain go1.99.0\n\nrequire private.example.com/x v1.0.0\n",
		"go.sum":  "private.example.com/x v1.0.0 " + zero + "\nprivate.example.com/x v1.0.0/go.mod " + zero + "\n",
		"main.go": "package main\n\nimport _ \"private.example.com/x\"\n\nfunc main() {}\n",
	})
	trap := filepath.Join(t.TempDir(), "trap")
	run := func(repo string) result {
		cmd := exec.Command(program, "-repo", repo, "-out", filepath.Join(t.TempDir(), "out"))
		cmd.Env = append(os.Environ(), "GOPRIVATE=*.example.com", "GOPROXY=direct", "GOFLAGS=-toolexec="+trap, "GO111MODULE=off",
			"HTTPS_PROXY=http://"+proxy.Addr().String(), "HTTP_PROXY=http://"+proxy.Addr().String(), "GOOS=plan9", "GOARCH=386")
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run() // the code is looked at
		return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	}
	res := run(repo)
	require.Equal(t, 3, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stdout, "gofmt -l passed (go vet cannot run here without network")
	require.Empty(t, asked)

	// The host's settings do not change what is found either.
	res = run(heldRepository(t, map[string]string{"only_plan9.go": "package main\n\nvar x int = \"vet would see this on plan9\"\n"}))
	require.Contains(t, res.stdout, "go vet ./... passed")
}

// Go code that uses cgo is not taken for broken, and vendored code is checked
// with what is vendored.
func TestOtherGoCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		files      map[string]string
	}{
		{"cgo", "gofmt -l passed (go vet would have to run a C compiler", map[string]string{
			"c.go": "package main\n\nimport \"C\"\n\nfunc g() {}\n", "main.go": "package main\n\nfunc main() { g() }\n"}},
		{"vendored", "go vet ./... passed", map[string]string{
			"go.mod":                       "module example.com/shop\n\ngo 1.26.0\n\nrequire example.com/v v1.0.0\n",
			"main.go":                      "package main\n\nimport _ \"example.com/v\"\n\nfunc main() {}\n",
			"vendor/modules.txt":           "# example.com/v v1.0.0\n## explicit; go 1.26.0\nexample.com/v\n",
			"vendor/example.com/v/v.go":    "package v\n",
			"vendor/example.com/v/LICENSE": "x\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := quickstart(t, "-repo", heldRepository(t, c.files), "-out", filepath.Join(t.TempDir(), "out"))
			require.Equal(t, 3, res.code, "%s%s", res.stdout, res.stderr)
			require.Contains(t, res.stdout, c.want)
		})
	}
}

// A rollout whose production is not what was ordered waits, says why, and ends
// the program with a hold; it is not over, and the same command goes on with it.
func TestWaitsForWhatDoesNotCome(t *testing.T) {
	t.Parallel()
	repo, out := repository(t), filepath.Join(t.TempDir(), "out")
	cmd, _ := startUntil(t, "exposed      canary", "-repo", repo, "-out", out)
	require.NoError(t, cmd.Process.Kill())
	cmd.Wait()
	path := filepath.Join(out, "world.json")
	world, err := os.ReadFile(path)
	require.NoError(t, err)
	drifted := bytes.Replace(world, []byte(`"percent": 5`), []byte(`"percent": 6`), 1)
	require.NotEqual(t, world, drifted)
	require.NoError(t, os.WriteFile(path, drifted, 0o600))
	res := quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 3, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stdout, "production is not what the stage says")
	require.NoFileExists(t, filepath.Join(out, "record.json"))
	require.NoError(t, os.WriteFile(path, world, 0o600))
	res = quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 0, res.code, "%s%s", res.stdout, res.stderr)
}

// A link that leads out of the tree is no link in the clean tree, and the record
// says so.
func TestLinksOutOfTheTree(t *testing.T) {
	t.Parallel()
	repo, out := repository(t), filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.Symlink("/etc/hostname", filepath.Join(repo, "host")))
	require.NoError(t, os.Symlink("main.go", filepath.Join(repo, "inside")))
	commit(t, repo, "links")
	res := quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 0, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stdout, "1 link out of the tree, plain files in the artifact; the first: host")
	require.Contains(t, strings.Join(readRecord(t, out).Notes, "\n"), "Not as committed: 1 link")
}
