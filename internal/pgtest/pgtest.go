package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sallyport-dev/sallyport/internal/realdata"
)

// DSN is the connection string of a database of the test's own, empty. On a server that
// is not this package's it is gone after the test; a private one goes as a whole, since to
// remove a database has the server sync all files of all of them.
func DSN(t testing.TB) string {
	t.Helper()
	if dsn := os.Getenv("SALLYPORT_POSTGRES"); dsn != "" {
		own, name := database(t, dsn)
		t.Cleanup(func() {
			if err := query(dsn, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
				t.Errorf("pgtest: remove the database: %v", err)
			}
		})
		return own
	}
	return shared(t).Database(t)
}

// binary is what the tests of one test binary share.
var binary struct {
	once   sync.Once
	server *Server
	err    error
}

// shared is the private cluster of this test binary. Nobody stops it: its watcher does.
func shared(t testing.TB) *Server {
	t.Helper()
	programs := find(t)
	binary.once.Do(func() { binary.server, binary.err = start(programs, (*Server).create, nil) })
	if binary.err != nil {
		t.Fatal(binary.err)
	}
	return binary.server
}

// missing ends the test, which needs something that is not there.
func missing(t testing.TB, why string) {
	t.Helper()
	realdata.Missing(t, "postgres", why)
}

// database makes a database beside the one that dsn leads to, and returns also its name.
func database(t testing.TB, dsn string) (own, name string) {
	t.Helper()
	name = "sallyport_" + strings.ToLower(rand.Text()[:16])
	if err := query(dsn, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatalf("pgtest: make a database: %v", err)
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return dsn + " dbname=" + name, name // the form of keywords: the last one counts
	}
	u.Path = "/" + name
	return u.String(), name
}

var one sync.Mutex // the database that is copied must not be in use twice

// query runs one statement on a connection of its own.
func query(dsn, sql string) error {
	one.Lock()
	defer one.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	for try := 0; ; try++ {
		conn, err := pgx.ConnectConfig(ctx, config)
		if err == nil {
			_, err = conn.Exec(ctx, sql)
			conn.Close(ctx)
		}
		// Other test binaries make databases on the same server.
		if err == nil || try == 20 || !strings.Contains(fmt.Sprint(err), "55006") {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
