package main_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
)

// program is the built quickstart: the tests run it as people do.
var program string

func TestMain(m *testing.M) {
	// The tests wait for subprocesses that wait: more at once than there are cores.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "quickstart-test-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "quickstart")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Stderr = os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// lookAtSources opens every directory that the program is built of. The go command
// takes a test's result from its cache unless something changed that the test
// itself opened, and what a build opens does not count.
var lookAtSources = sync.OnceValue(func() error {
	return filepath.WalkDir(filepath.Join("..", ".."), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "out") {
			return fs.SkipDir
		}
		return err
	})
})

// repository makes a small Go repository: a tagged first version, and a second
// one with a change of the sign-in.
func repository(t *testing.T) string {
	t.Helper()
	require.NoError(t, lookAtSources())
	dir := filepath.Join(t.TempDir(), "shop")
	require.NoError(t, os.Mkdir(dir, 0o755))
	git(t, dir, "init", "-q", "-b", "main")
	write(t, dir, "go.mod", "module example.com/shop\n\ngo 1.26.0\n")
	write(t, dir, "main.go", "package main\n\nfunc main() {}\n")
	commit(t, dir, "first")
	git(t, dir, "tag", "v1.0.0")
	write(t, dir, "auth/login.go", "package auth\n\n// Login lets somebody in.\nfunc Login() bool { return false }\n")
	commit(t, dir, "sign-in")
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func commit(t *testing.T, dir, message string, more ...string) {
	t.Helper()
	git(t, dir, "add", "-A")
	git(t, dir, append([]string{"commit", "-q", "-m", message}, more...)...)
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "git %v: %s", args, out)
	return strings.TrimSpace(string(out))
}

// result is how a run of the program ended.
type result struct {
	code           int
	stdout, stderr string
}

func quickstart(t *testing.T, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = t.TempDir()
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		require.IsType(t, &exec.ExitError{}, err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func readRecord(t *testing.T, out string) release.Record {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(out, "record.json"))
	require.NoError(t, err)
	var rec release.Record
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&rec))
	return rec
}

func TestGoodRelease(t *testing.T) {
	t.Parallel()
	repo, out := repository(t), filepath.Join(t.TempDir(), "out")
	res := quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 0, res.code, "%s%s", res.stdout, res.stderr)
	require.Empty(t, res.stderr)
	for _, want := range []string{"v1.0.0", "auth/login.go", "go vet ./... passed", "demonstration keys", "simulated", "deployed",
		"1 of 25 mature outcomes, no percentage yet"} {
		require.Contains(t, res.stdout, want)
	}

	rec := readRecord(t, out)
	require.Equal(t, release.RecordSchema, rec.Schema)
	require.Equal(t, git(t, repo, "rev-parse", "HEAD"), rec.Release.Commit.String())
	require.Equal(t, git(t, repo, "rev-parse", "v1.0.0"), rec.Changes.Base.String())
	require.Equal(t, release.TierHigh, rec.Assessment.Tier, "a change of the sign-in")
	require.Len(t, rec.Decisions, 2)
	require.Equal(t, release.VerdictHold, rec.Decisions[0].Verdict)
	require.Equal(t, release.VerdictAllow, rec.Decisions[1].Verdict)
	require.Equal(t, []release.EventKind{release.EventStarted, release.EventExposed, release.EventExposed, release.EventExposed,
		release.EventExposed, release.EventDeployed}, kinds(rec.Rollout))
	require.Equal(t, release.OutcomeFine, rec.Outcome.Kind)

	requireSameArtifact(t, repo, out, rec)
	requireBundles(t, out, rec)

	report, err := os.ReadFile(filepath.Join(out, "report.md"))
	require.NoError(t, err)
	require.Contains(t, string(report), "## Why this tier: high")

	// A second run begins anew, and keeps what the first one left.
	res = quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 0, res.code, res.stderr)
	require.FileExists(t, filepath.Join(out, "run-1", "record.json"))
	require.FileExists(t, filepath.Join(out, "run-1", "journal"))
	require.Equal(t, rec.Release, readRecord(t, out).Release, "the same files make the same artifact")
}

func kinds(events []release.Event) []release.EventKind {
	var out []release.EventKind
	for _, e := range events {
		out = append(out, e.Kind)
	}
	return out
}

// requireSameArtifact shows that the artifact is what the digest says, and holds
// the files of the commit; the repository itself is as it was.
func requireSameArtifact(t *testing.T, repo, out string, rec release.Record) {
	t.Helper()
	require.Len(t, rec.Release.Artifacts, 1)
	packed, err := os.ReadFile(filepath.Join(out, rec.Release.Artifacts[0].Name))
	require.NoError(t, err)
	require.Equal(t, release.DigestOf(packed), rec.Release.Artifacts[0].Digest)
	var names []string
	for r := tar.NewReader(bytes.NewReader(packed)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if h.Typeflag == tar.TypeReg {
			text, err := io.ReadAll(r)
			require.NoError(t, err)
			require.Equal(t, git(t, repo, "cat-file", "blob", "HEAD:"+h.Name), strings.TrimSpace(string(text)))
			names = append(names, h.Name)
		}
	}
	require.Equal(t, git(t, repo, "ls-tree", "-r", "--name-only", "HEAD"), strings.Join(names, "\n"))
	require.Empty(t, git(t, repo, "status", "--porcelain"))
}

// requireBundles verifies the exported bundles with nothing but the public keys.
func requireBundles(t *testing.T, out string, rec release.Record) {
	t.Helper()
	var keys []evidence.Key
	pems, err := filepath.Glob(filepath.Join(out, "bundles", "*.pub.pem"))
	require.NoError(t, err)
	for _, name := range pems {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		public, err := evidence.ParsePublicKey(text)
		require.NoError(t, err)
		keys = append(keys, evidence.Key{Public: public})
	}
	ring, err := evidence.NewKeyring(keys...)
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(out, "bundles", "*.sigstore.json"))
	require.NoError(t, err)
	require.Len(t, files, len(rec.Evidence))
	var decisions []release.DecisionRecord
	for i, name := range files {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		v, err := evidence.Verify(t.Context(), ring, raw)
		require.NoError(t, err)
		require.Equal(t, rec.Evidence[i].Digest, v.Digest())
		require.NoError(t, v.Statement().MatchAll(rec.Release))
		if d, err := evidence.As[predicate.Decision](v.Statement()); err == nil {
			decisions = append(decisions, d.Record())
		}
		raw[len(raw)/2] ^= 1
		_, err = evidence.Verify(t.Context(), ring, raw)
		require.Error(t, err, "%s with a flipped bit", name)
	}
	want, err := json.Marshal(rec.Decisions)
	require.NoError(t, err)
	got, err := json.Marshal(decisions)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "each decision is signed")
}

func TestRegressionIsRolledBack(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	res := quickstart(t, "-repo", repository(t), "-out", out, "-regress")
	require.Equal(t, 1, res.code, "%s%s", res.stdout, res.stderr)
	rec := readRecord(t, out)
	require.Contains(t, kinds(rec.Rollout), release.EventRegressed)
	last := rec.Rollout[len(rec.Rollout)-1]
	require.Equal(t, release.EventRolledBack, last.Kind)
	require.Zero(t, last.Percent)
	require.Equal(t, release.OutcomeFailed, rec.Outcome.Kind)
	require.Contains(t, res.stdout, "failed-deployment-recovery-time")
	require.Contains(t, res.stdout, "1 of 25 mature outcomes, no percentage yet")
}

// startUntil runs the program until its output contains text.
func startUntil(t *testing.T, text string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(program, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Dir = t.TempDir()
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	var seen []byte
	buf := make([]byte, 4096)
	for !strings.Contains(string(seen), text) {
		n, err := stdout.Read(buf)
		if err != nil {
			_ = cmd.Wait() // from then on nobody writes to stderr
			require.NoError(t, err, "the program ended before it said %q: %s%s", text, seen, stderr.String())
		}
		seen = append(seen, buf[:n]...)
	}
	go func() { // let it go on writing
		for {
			if _, err := stdout.Read(buf); err != nil {
				return
			}
		}
	}()
	return cmd, &stderr
}

func TestKilledAndResumed(t *testing.T) {
	t.Parallel()
	repo, out := repository(t), filepath.Join(t.TempDir(), "out")
	args := []string{"-repo", repo, "-out", out}
	for _, at := range []string{"provenance of", "exposed      internal", "exposed      canary", "exposed      region"} {
		cmd, _ := startUntil(t, at, args...)
		require.NoError(t, cmd.Process.Kill())
		cmd.Wait()
		require.NoFileExists(t, filepath.Join(out, "record.json"))
	}

	// Another run may not take its place.
	res := quickstart(t, append(args, "-regress")...)
	require.Equal(t, 2, res.code)
	require.Contains(t, res.stderr, "unfinished run")

	res = quickstart(t, args...)
	require.Equal(t, 0, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stdout, "goes on where it was")
	rec := readRecord(t, out)
	require.Equal(t, []release.EventKind{release.EventStarted, release.EventExposed, release.EventExposed, release.EventExposed,
		release.EventExposed, release.EventDeployed}, kinds(rec.Rollout), "each stage once, in order")
	for i := 1; i < len(rec.Rollout); i++ {
		require.False(t, rec.Rollout[i].At.Before(rec.Rollout[i-1].At))
	}
	tests := 0
	for _, e := range rec.Evidence {
		if e.PredicateType == predicate.TypeTestResult {
			tests++
		}
	}
	require.Equal(t, 1, tests, "what was signed before the kill is not made again")
	requireReplays(t, out, rec)
}

// requireReplays reads the journal as an auditor would: every record in its place
// in the chain, and every decision the one that the engine would take again.
func requireReplays(t *testing.T, out string, rec release.Record) {
	t.Helper()
	j, err := journal.Open(filepath.Join(out, "journal"), &journal.Options{ReadOnly: true})
	require.NoError(t, err)
	defer j.Close()
	target := rollout.Target{Service: rec.Release.Service, Environment: "production"}
	var records []journal.Record
	for r, err := range j.Load(t.Context(), target.Stream(), 0) {
		require.NoError(t, err)
		records = append(records, r)
	}
	state, err := rollout.Replay(target, records)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseDeployed, state.Rollout.Phase)
	records[len(records)/2].Reason += "!"
	_, err = rollout.Replay(target, records)
	require.Error(t, err, "an altered record is found")
}

func TestInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no interrupt to send here")
	}
	t.Parallel()
	repo, out := repository(t), filepath.Join(t.TempDir(), "out")
	cmd, stderr := startUntil(t, "exposed      canary", "-repo", repo, "-out", out)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	cmd.Wait()
	require.Equal(t, 2, cmd.ProcessState.ExitCode())
	require.Equal(t, "quickstart: interrupted; run the same command again and it goes on where it was\n", stderr.String())
	res := quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 0, res.code, "%s%s", res.stdout, res.stderr)
}

func TestDeniedByAFailingCheck(t *testing.T) {
	t.Parallel()
	repo, out := repository(t), filepath.Join(t.TempDir(), "out")
	write(t, repo, "auth/bad.go", "package auth\n\nimport \"fmt\"\n\n// Bad is found by go vet.\nfunc Bad() { fmt.Printf(\"%d\", \"x\") }\n")
	commit(t, repo, "bad")
	res := quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 1, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stdout, "go vet ./... failed")
	rec := readRecord(t, out)
	require.Equal(t, release.VerdictDeny, rec.Decisions[1].Verdict)
	require.Empty(t, rec.Rollout, "nothing was exposed")
}

func TestDeniedByACommittedSecret(t *testing.T) {
	t.Parallel()
	repo, out := repository(t), filepath.Join(t.TempDir(), "out")
	write(t, repo, "config.txt", "key = AKIA"+"ABCDEFGHIJKLMNOP\n")
	commit(t, repo, "oops")
	res := quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 1, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stdout, "1 found")
}

func TestHoldsForAnAuthorWithoutIdentity(t *testing.T) {
	t.Parallel()
	repo, out := repository(t), filepath.Join(t.TempDir(), "out")
	write(t, repo, "more.go", "package main\n")
	commit(t, repo, "by nobody", "--author=Nobody <>")
	res := quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 3, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stdout, evidence.CodeAuthorUnknown)
	require.Empty(t, readRecord(t, out).Rollout)
}

// Code that does not build with what is on this machine is checked by gofmt, and
// the program says so; a repository without Go is searched for conflict markers.
func TestOtherChecks(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	write(t, repo, "go.mod", "module example.com/shop\n\ngo 1.26.0\n\nrequire example.com/not/here v1.0.0\n")
	write(t, repo, "main.go", "package main\n\nimport _ \"example.com/not/here\"\n\nfunc main() {}\n")
	commit(t, repo, "a dependency that is not here")
	res := quickstart(t, "-repo", repo, "-out", filepath.Join(t.TempDir(), "out"))
	require.Equal(t, 0, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stdout, "gofmt -l passed (go vet cannot run here without network")

	prose := filepath.Join(t.TempDir(), "prose")
	require.NoError(t, os.Mkdir(prose, 0o755))
	git(t, prose, "init", "-q")
	write(t, prose, "README.md", "Hello.\n")
	commit(t, prose, "first")
	write(t, prose, "a.txt", "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n")
	commit(t, prose, "second")
	res = quickstart(t, "-repo", prose, "-head", "HEAD~1", "-out", filepath.Join(t.TempDir(), "out"))
	require.Equal(t, 0, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stdout, "search for merge conflict markers passed (there is no Go here)")
	res = quickstart(t, "-repo", prose, "-base", "HEAD~1", "-out", filepath.Join(t.TempDir(), "out"))
	require.Equal(t, 1, res.code, "%s%s", res.stdout, res.stderr)
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	occupied := t.TempDir()
	write(t, occupied, "mine.txt", "keep")
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"a flag that is not there", []string{"-frobnicate"}, "frobnicate"},
		{"an argument", []string{"now"}, `unexpected argument "now"`},
		{"a directory that is no repository", []string{"-repo", t.TempDir()}, "not in a git repository"},
		{"a directory that is not there", []string{"-repo", filepath.Join(repo, "nowhere")}, "nowhere"},
		{"an unknown head", []string{"-repo", repo, "-head", "nope"}, "unknown revision"},
		{"an unknown base", []string{"-repo", repo, "-base", "nope"}, "unknown revision"},
		{"a revision that is an option", []string{"-repo", repo, "-head", "--output=x"}, "unknown revision"},
		{"an empty range", []string{"-repo", repo, "-base", "HEAD"}, "nothing to release"},
		{"an output directory of somebody else", []string{"-repo", repo, "-out", occupied}, "is not empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			res := quickstart(t, c.args...)
			require.Equal(t, 2, res.code, "%s%s", res.stdout, res.stderr)
			require.Contains(t, res.stderr, c.want)
			require.Equal(t, 1, strings.Count(res.stderr, "\n"), "one line: %q", res.stderr)
		})
	}
	require.FileExists(t, filepath.Join(occupied, "mine.txt"))
	help := quickstart(t, "-h")
	require.Equal(t, 0, help.code)
	require.Contains(t, help.stdout, "usage: quickstart")
}
