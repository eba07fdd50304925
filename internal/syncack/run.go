package syncack

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/realdata"
)

// ackLine begins the line of an acknowledgement.
const ackLine = "syncack: acknowledged"

// placeEnv tells a traced test where its store is to be.
const placeEnv = "SALLYPORT_SYNCACK"

// calls are the system calls that are traced: all that name a file or a descriptor,
// those that make processes and flush everything, and the one without which nothing is
// written asynchronously.
const calls = "trace=%desc,%file,%process,sendto,sendmsg,sync,syncfs,io_setup"

// Ack says, in a traced test, that an append has returned.
func Ack() { os.Stdout.WriteString(ackLine + "\n") }

// Place is where a traced test keeps its store. A test that is not being traced is
// skipped.
func Place(t *testing.T) string {
	place := os.Getenv(placeEnv)
	if place == "" {
		t.Skip("it runs only when another test traces it")
	}
	return place
}

// Run runs a test of this binary under strace, with an empty folder for its store, and
// judges what it did. The rules need no Dir. Without strace the test is skipped, or
// fails where SALLYPORT_REQUIRE names "strace".
func Run(t *testing.T, test string, rules Rules) Report {
	t.Helper()
	log, dir := trace(t, test, 64)
	rules.Dir = dir
	return ReadFile(t, log, rules)
}

// Cut is Run of a test that writes little, for [History.Image]: it returns what it did,
// and the log's report.
func Cut(t *testing.T, test string, rules Rules) (*History, Report) {
	t.Helper()
	log, dir := trace(t, test, 1<<20)
	rules.Dir = dir
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := ReadHistory(f, rules)
	if err != nil {
		t.Fatal(err)
	}
	return h, ReadFile(t, log, rules)
}

// trace runs a test under strace, which shows so many bytes of what is written.
func trace(t *testing.T, test string, show int) (log, store string) {
	t.Helper()
	strace := Strace(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	log, store = filepath.Join(dir, "log"), filepath.Join(dir, "store")
	if err := os.Mkdir(store, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(strace, "-f", "-y", "-s", strconv.Itoa(show), "-e", calls, "-e", "signal=none", "-o", log, os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), placeEnv+"="+store)
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte(ackLine)) {
		t.Fatalf("%s: %v: %s", test, err, out)
	}
	return log, store
}

// ReadFile is [Read] of a file. It fails the test if the log shows no acknowledgement.
func ReadFile(t *testing.T, log string, rules Rules) Report {
	t.Helper()
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	report, err := Read(f, rules)
	if err != nil {
		t.Fatal(err)
	}
	if report.Acks == 0 {
		t.Fatal("syncack: the log shows no acknowledgement")
	}
	return report
}

// Strace is the path of strace, tried out. Where there is none the test is skipped, or
// fails where SALLYPORT_REQUIRE names "strace".
func Strace(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	why := "there is no strace"
	if err == nil {
		out, err := exec.Command(path, "-f", "-y", "-e", calls, "-o", os.DevNull, os.Args[0], "-test.run=^$").CombinedOutput()
		if err == nil {
			return path
		}
		why = "strace cannot trace: " + strings.TrimSpace(string(out))
	}
	missing(t, why)
	return ""
}

func missing(t *testing.T, why string) {
	t.Helper()
	realdata.Missing(t, "strace", why)
}
