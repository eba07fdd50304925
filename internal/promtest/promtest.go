// Package promtest runs a Prometheus for tests, and is imported by nothing else.
//
// The program is looked for on the PATH; Debian has it in the package prometheus.
// Each test has a server of its own, on loopback, with its data in a folder of its
// own, and both are gone when the test is over or the test binary has ended, however
// that ends. Where there is no program the test is skipped with a message, or fails
// where SALLYPORT_REQUIRE names "prometheus".
package promtest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/internal/realdata"
)

// watch runs the server until nobody holds the other end of its input, which is when
// the test binary has let go of it or is no more. Then it removes everything.
const watch = `
dir=$1; shift
"$@" >"$dir/log" 2>&1 </dev/null &
pid=$!
cat >/dev/null
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
rm -rf "$dir"
`

// Start runs a server with a configuration, and with flags besides those for where it
// listens and keeps its data, until the test is over. The result is its URL.
func Start(t testing.TB, config string, flags ...string) string {
	t.Helper()
	program := find(t)
	var err error
	for range 3 { // another program may take the port
		var url string
		if url, err = start(t, program, config, flags); err == nil {
			return url
		}
	}
	t.Fatal(err)
	return ""
}

func find(t testing.TB) string {
	t.Helper()
	program, err := exec.LookPath("prometheus")
	if err == nil && runtime.GOOS == "windows" {
		err = errors.New("it is run by a shell")
	}
	if err != nil {
		missing(t, "no Prometheus: "+err.Error())
	}
	return program
}

// missing ends the test, which needs something that is not there.
func missing(t testing.TB, why string) {
	t.Helper()
	realdata.Missing(t, "prometheus", why)
}

func start(t testing.TB, program, config string, flags []string) (string, error) {
	dir, err := os.MkdirTemp("", "sallyport-prom-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return "", err
	}
	address, err := free()
	if err != nil {
		return "", err
	}
	args := append([]string{"-c", watch, "sh", dir, program, "--config.file=" + file, "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + address, "--log.level=warn"}, flags...)
	cmd := exec.Command("/bin/sh", args...)
	leash, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	stop := func() {
		leash.Close()
		cmd.Wait()
	}
	if err := ready("http://" + address); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		stop()
		return "", fmt.Errorf("promtest: %w: %s", err, log)
	}
	t.Cleanup(stop)
	return "http://" + address, nil
}

func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// ready waits until the server answers queries.
func ready(url string) error {
	var last error
	for range 600 {
		resp, err := http.Get(url + "/-/ready")
		if err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
		last = err
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("it is not ready: %w", last)
}
