package postgres_test

import (
	"fmt"
	"net"
	"os"
	osexec "os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// findPooler is the program of pgbouncer, or empty.
func findPooler() string {
	if program, err := osexec.LookPath("pgbouncer"); err == nil {
		return program
	}
	const program = "/usr/sbin/pgbouncer" // not on everybody's path
	if _, err := os.Stat(program); err != nil {
		return ""
	}
	return program
}

// pooler starts a pgbouncer before a database, which gives each transaction one of three
// connections, and returns its connection string.
func pooler(t *testing.T, program, dsn string) string {
	t.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	c := config.ConnConfig
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
	ini := filepath.Join(t.TempDir(), "pgbouncer.ini")
	text := fmt.Sprintf("[databases]\nx = host=%s port=%d dbname=%s user=%s", c.Host, c.Port, c.Database, c.User)
	if c.Password != "" {
		text += " password=" + c.Password
	}
	text += fmt.Sprintf("\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 500\n", port)
	require.NoError(t, os.WriteFile(ini, []byte(text), 0o644))
	args := []string{"-c", `"$@" & cat >/dev/null; kill $!; wait`, "sh", program, "-q"}
	if os.Geteuid() == 0 {
		args = append(args, "-u", "postgres") // it does not run as root
	}
	cmd := osexec.Command("sh", append(args, ini)...)
	leash, err := cmd.StdinPipe() // when the test binary is no more, the shell ends it
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { leash.Close(); cmd.Wait() })
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond, "pgbouncer does not listen")
	return fmt.Sprintf("postgres://%s@%s/x?sslmode=disable", c.User, addr)
}

// TestPooler goes through a pooler in transaction mode, in every mode of a pool: also in
// pgx's default one, whose prepared statements such a pooler loses. With -long it is the
// whole suite.
func TestPooler(t *testing.T) {
	t.Parallel()
	program := findPooler()
	if program == "" {
		if realdata.Required("pgbouncer") {
			t.Fatal("SALLYPORT_REQUIRE asks for pgbouncer, which is not on this machine")
		}
		t.Skip("no pgbouncer on this machine")
	}
	dsn := pooler(t, program, pgtest.DSN(t))
	if *long {
		conform(t, []string{dsn}, 2)
		return
	}
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		var wg sync.WaitGroup
		for w := range 4 { // more than the pooler has connections
			j := open(t, dsn+"&default_query_exec_mode="+mode)
			wg.Go(func() {
				stream := fmt.Sprint(mode, w)
				for n := range uint64(10) {
					_, err := j.Append(t.Context(), journal.Append{Stream: stream, Expect: n, Entries: make2("x")})
					assert.NoError(t, err, mode)
					leases, err := j.Claim(t.Context(), journal.Claim{TTL: time.Minute, Max: 1, Prefix: stream})
					assert.NoError(t, err, mode)
					for _, l := range leases {
						assert.NoError(t, j.Release(t.Context(), l, 0), mode)
					}
				}
				assert.NoError(t, everything(t, j), mode)
			})
		}
		wg.Wait()
	}
}
