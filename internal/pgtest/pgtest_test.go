package pgtest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
)

func connect(t testing.TB, dsn string) *pgx.Conn {
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	return conn
}

func value[T any](t testing.TB, conn *pgx.Conn, sql string) (v T) {
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&v), sql)
	return v
}

// TestDSN gives each test a database of its own, durable.
func TestDSN(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for range 2 {
		conn := connect(t, pgtest.DSN(t))
		defer conn.Close(t.Context())
		names[value[string](t, conn, "SELECT current_database()")] = true
		_, err := conn.Exec(t.Context(), "CREATE TABLE same (v int)")
		require.NoError(t, err)
		require.Equal(t, "on", value[string](t, conn, "SHOW fsync"))
	}
	require.Len(t, names, 2)
}

// TestKillAndStart: what was committed is there after the postmaster was killed, and the
// connection string is the same.
func TestKillAndStart(t *testing.T) {
	t.Parallel()
	s := pgtest.NewServer(t, "checkpoint_timeout=30")
	dsn := s.Database(t)
	conn := connect(t, dsn)
	_, err := conn.Exec(t.Context(), "CREATE TABLE kept (v int); INSERT INTO kept VALUES (42)")
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, s.Kill())
		require.NoError(t, s.Start())
		require.Error(t, conn.Ping(t.Context()))
		conn = connect(t, dsn)
		require.Equal(t, 42, value[int](t, conn, "SELECT v FROM kept"))
		require.Equal(t, "30s", value[string](t, conn, "SHOW checkpoint_timeout"))
	}
	require.NoError(t, s.Kill())
	require.NoError(t, s.Start("fsync=off"))
	conn = connect(t, dsn)
	require.Equal(t, "off", value[string](t, conn, "SHOW fsync"))
	conn.Close(t.Context())
}

const childEnv = "SALLYPORT_PGTEST_CHILD"

// TestChild is not a test but the process that TestNothingIsLeft ends.
func TestChild(t *testing.T) {
	how := os.Getenv(childEnv)
	if how == "" {
		t.Skip("it runs only as the child of TestNothingIsLeft")
	}
	s := pgtest.NewServer(t)
	fmt.Println("server", s.Dir(), s.Pid())
	switch how {
	case "killed":
		time.Sleep(time.Minute)
	case "panic":
		panic("as a test does")
	case "exit":
		os.Exit(3)
	}
}

// TestNothingIsLeft: however a test binary ends, its server ends and leaves nothing.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	pgtest.NewServer(t) // or the test is skipped
	// A folder in which the server's account, if it is another, may not remove anything.
	tmp, err := os.MkdirTemp("", "left")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(tmp) })
	require.NoError(t, os.Chmod(tmp, 0o755))
	for _, how := range []string{"returns", "exit", "panic", "killed"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
			cmd.Env = append(os.Environ(), childEnv+"="+how, "TMPDIR="+tmp)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			dir, pid := "", 0
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if _, after, ok := strings.Cut(lines.Text(), "server "); ok {
					_, err := fmt.Sscan(after, &dir, &pid)
					require.NoError(t, err)
					if how == "killed" {
						require.NoError(t, cmd.Process.Kill())
					}
				}
			}
			cmd.Wait() // the pipe has ended: nobody who was left behind holds it
			require.NotEmpty(t, dir)
			require.Eventually(t, func() bool {
				_, err := os.Stat(dir)
				return os.IsNotExist(err) && !alive(pid)
			}, 10*time.Second, 20*time.Millisecond)
		})
	}
}

// ended is how a test that has nobody to ask ends.
type ended struct {
	testing.TB
	how string
}

func (e *ended) Helper()               {}
func (e *ended) Skip(...any)           { e.how = "skipped"; panic(e) }
func (e *ended) Fatalf(string, ...any) { e.how = "failed"; panic(e) }

// TestMissing: no server is a skip, or a failure where it is asked for.
func TestMissing(t *testing.T) {
	for require_, want := range map[string]string{"": "skipped", "strace": "skipped", "strace,postgres": "failed"} {
		t.Setenv("SALLYPORT_REQUIRE", require_)
		e := &ended{TB: t}
		require.Panics(t, func() { pgtest.Missing(e, "there is none") })
		require.Equal(t, want, e.how)
	}
}
