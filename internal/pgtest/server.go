package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a private cluster, to be killed and started again. Its methods are not for
// several goroutines at once.
type Server struct {
	programs string   // the folder with the server's programs
	dir      string   // the socket, the log and the data are in it
	settings []string // name=value

	postmaster *exec.Cmd
	ended      chan struct{} // closed when the postmaster is

	watcher *exec.Cmd
	leash   io.Closer // the watcher clears up when it is closed
	stopped sync.Once
}

// NewServer starts a private cluster for one test, and stops it after. Settings are
// name=value, and go to the server's command line.
func NewServer(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := start(find(t), (*Server).create, settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

// NewStandby starts a cluster that is copied from this one, follows it, and is read-only
// until it is promoted (pg_promote). Its application_name, by which
// synchronous_standby_names knows it, is walreceiver.
func (s *Server) NewStandby(t testing.TB, settings ...string) *Server {
	t.Helper()
	if _, err := os.Stat(filepath.Join(s.programs, "pg_basebackup")); err != nil {
		missing(t, "no pg_basebackup beside the server's programs")
	}
	standby, err := start(s.programs, func(standby *Server) error {
		return standby.tool("copy", "pg_basebackup", "-D", standby.data(), "-d", s.DSN(), "-R", "-X", "stream", "-c", "fast", "--no-sync")
	}, settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.stop)
	return standby
}

// DSN is the connection string of the database postgres, by the superuser. It stays the
// same when the server is started again.
func (s *Server) DSN() string {
	v := url.Values{"host": {s.dir}, "port": {"5432"}, "sslmode": {"disable"}}
	return "postgres://postgres@/postgres?" + v.Encode()
}

// Dir is the folder of the server's socket, .s.PGSQL.5432.
func (s *Server) Dir() string { return s.dir }

// Database is the connection string of a new database.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	own, _ := database(t, s.DSN())
	return own
}

// Kill ends the postmaster with SIGKILL and waits for that. Its children notice and
// follow.
func (s *Server) Kill() error {
	if err := s.postmaster.Process.Kill(); err != nil {
		return fmt.Errorf("pgtest: kill the postmaster: %w", err)
	}
	<-s.ended
	return nil
}

// Pid is the process of the postmaster.
func (s *Server) Pid() int { return s.postmaster.Process.Pid }

// Start starts a server that was killed, on the same data, and returns when it takes
// connections. Settings are added to those it had.
func (s *Server) Start(settings ...string) error {
	s.settings = append(s.settings, settings...)
	deadline := time.Now().Add(time.Minute)
	for {
		// Children of a killed postmaster may still be there: the new one refuses then.
		err := s.run()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

var errEnded = errors.New("it has ended")

// run starts the postmaster and waits until it says that it is ready.
func (s *Server) run() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer log.Close()
	args := []string{"-D", s.data(), "-k", s.dir, "-h", "", "-p", "5432", "-N", "200"}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	cmd := s.command("postgres", args...)
	cmd.Stdout, cmd.Stderr = log, log // a file: a pipe would keep whoever waits for its end
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	s.postmaster, s.ended = cmd, make(chan struct{})
	go func() {
		cmd.Wait()
		close(s.ended)
	}()
	for range 6000 {
		select {
		case <-s.ended:
			return s.failed("start", errEnded)
		case <-time.After(10 * time.Millisecond):
		}
		if s.ready() {
			return nil
		}
	}
	cmd.Process.Kill()
	return s.failed("start", errors.New("it is not ready after a minute"))
}

// ready reads what the postmaster writes for pg_ctl: line 1 is its process, line 8 is
// its state.
func (s *Server) ready() bool {
	b, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(b), "\n")
	return len(lines) >= 8 && lines[0] == strconv.Itoa(s.Pid()) && strings.TrimSpace(lines[7]) == "ready"
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// failed is an error with the end of the log.
func (s *Server) failed(what string, err error) error {
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	lines = lines[max(0, len(lines)-20):]
	return fmt.Errorf("pgtest: %s the server: %w\n%s", what, err, bytes.Join(lines, []byte("\n")))
}

// watch is what the watcher runs: it waits until nobody holds the other end of its
// input, which is when the test binary has let go of the server or is no more. Then it
// ends the server at once, and removes everything.
const watch = `
cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null; then
	n=0
	while kill -0 "$pid" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.05; n=$((n+1)); done
	kill -KILL "$pid" 2>/dev/null
fi
n=0
until rm -rf "$1" 2>/dev/null || [ $n -ge 100 ]; do sleep 0.05; n=$((n+1)); done
`

// start makes a cluster and starts it.
func start(programs string, create func(*Server) error, settings []string) (*Server, error) {
	s, err := prepare(programs, create, settings)
	if err != nil {
		return nil, err
	}
	if err := s.run(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// prepare makes a cluster and its watcher.
func prepare(programs string, create func(*Server) error, settings []string) (*Server, error) {
	dir, err := folder()
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	s := &Server{programs: programs, dir: dir, settings: settings}
	leash, held, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	s.leash = held
	s.watcher = s.command("/bin/sh", "-c", watch, "sh", dir)
	asSelf(s.watcher)
	s.watcher.Stdin = leash
	err = s.watcher.Start()
	leash.Close()
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	if err := create(s); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// template is a cluster that was never started, from which those of this test binary are
// copied: that takes a fifth of the time of making one.
var template struct {
	once sync.Once
	from *Server
	err  error
}

// create makes the cluster's data. What it is made of need not survive the loss of
// power, so making it is not synced; what the server writes later is.
func (s *Server) create() error {
	template.once.Do(func() {
		t, err := prepare(s.programs, (*Server).initialize, nil)
		template.from, template.err = t, err
	})
	if template.err != nil {
		return template.err
	}
	return s.tool("copy", "/bin/cp", "-R", template.from.data(), s.data())
}

func (s *Server) initialize() error {
	return s.tool("make", "initdb", "-D", s.data(), "-A", "trust", "-U", "postgres", "--no-locale", "-E", "UTF8", "--no-sync", "--no-instructions")
}

// tool runs one of the server's programs to its end; what says what for.
func (s *Server) tool(what, name string, args ...string) error {
	out, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer out.Close()
	cmd := s.command(name, args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return s.failed(what, err)
	}
	return nil
}

// command is a program that runs as somebody who may run a server, in a session of its
// own: a signal to the test's group does not reach it.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.programs, name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + s.programs + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	apart(cmd)
	return cmd
}

// stop ends the server and removes what it kept.
func (s *Server) stop() {
	s.stopped.Do(func() {
		s.leash.Close()
		s.watcher.Wait()
	})
}
