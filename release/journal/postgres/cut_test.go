package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

// cutter stands between a pool and the server, and cuts a connection after so many bytes
// of one direction.
type cutter struct {
	listener net.Listener
	server   [2]string // network and address
	up, down atomic.Int64
	close    func()      // ends all connections, and takes no more
	stall    atomic.Bool // instead of cutting, deliver no more
}

func newCutter(t testing.TB, dsn string) *cutter {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	config, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	c := &cutter{listener: l, server: [2]string{"tcp", net.JoinHostPort(config.ConnConfig.Host, fmt.Sprint(config.ConnConfig.Port))}}
	if strings.HasPrefix(config.ConnConfig.Host, "/") {
		c.server = [2]string{"unix", filepath.Join(config.ConnConfig.Host, fmt.Sprintf(".s.PGSQL.%d", config.ConnConfig.Port))}
	}
	c.never()
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { c.serve(ctx, client) })
		}
	})
	c.close = func() { l.Close(); cancel(); wg.Wait() }
	t.Cleanup(c.close)
	return c
}

const uncut = 1 << 60

// never cuts nothing from now on.
func (c *cutter) never() { c.up.Store(uncut); c.down.Store(uncut) }

func (c *cutter) serve(ctx context.Context, client net.Conn) {
	defer client.Close()
	server, err := net.Dial(c.server[0], c.server[1])
	if err != nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() { client.Close(); server.Close() })()
	var wg sync.WaitGroup
	wg.Go(func() { c.copy(server, client, &c.up); server.Close(); client.Close() })
	wg.Go(func() { c.copy(client, server, &c.down); server.Close(); client.Close() })
	wg.Wait()
}

func (c *cutter) copy(to io.Writer, from io.Reader, left *atomic.Int64) {
	b := make([]byte, 1<<16)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if after := left.Add(-int64(n)); after <= 0 {
			to.Write(b[:max(0, int64(n)+after)])
			if c.stall.Load() {
				io.Copy(io.Discard, from)
			}
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// pool is one of connections through the cutter.
func (c *cutter) pool(t testing.TB, dsn, mode string, conns int32) *pgxpool.Pool {
	config, err := pgxpool.ParseConfig(dsn + "&default_query_exec_mode=" + mode)
	require.NoError(t, err)
	addr := c.listener.Addr().(*net.TCPAddr)
	config.ConnConfig.Host, config.ConnConfig.Port, config.ConnConfig.Fallbacks = "127.0.0.1", uint16(addr.Port), nil
	config.MaxConns = conns
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	require.NoError(t, err)
	return pool
}

// alive waits until a pool has a connection that works.
func alive(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	require.Eventually(t, func() bool { return pool.Ping(context.Background()) == nil }, 10*time.Second, time.Millisecond)
}

// quiet waits until no session in a database is at work: what was sent has an outcome.
func quiet(t testing.TB, dsn string) {
	t.Helper()
	const busy = `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()`
	require.Eventually(t, func() bool { return ask[int](t, dsn, busy) == 0 }, 30*time.Second, time.Millisecond)
}

// TestCutEverywhere cuts the connection after each byte of an append (after some, unless
// -long), in both directions: what was acknowledged is there, what is not known may be, and any other
// error means that it is not there.
func TestCutEverywhere(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"exec", "cache_statement"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.DSN(t)
			c := newCutter(t, dsn)
			pool := c.pool(t, dsn, mode, 1)
			defer pool.Close()
			j, err := postgres.New(t.Context(), pool, nil)
			require.NoError(t, err)
			direct := open(t, dsn)
			n := uint64(0)
			outcomes := map[string]int{}
			for _, direction := range []*atomic.Int64{&c.down, &c.up} {
				step := int64(1)
				if !*long {
					step = 61
				}
				for at, done := int64(0), 0; done < 2; at += step {
					alive(t, pool)
					direction.Store(at)
					got, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: n, Entries: make2(fmt.Sprint(at), "b")})
					c.never()
					now := uint64(len(mustRead(t, direct, "s")))
					switch {
					case err == nil:
						require.Equal(t, n+2, now, "acknowledged, cut at %d", at)
						require.Len(t, got, 2)
						outcomes["acknowledged"]++
						done++ // the cut came after it; once more, to be sure
					case errors.Is(err, journal.ErrUnknown):
						if now == n { // it may yet come, but not after its session has ended
							quiet(t, dsn)
							now = uint64(len(mustRead(t, direct, "s")))
						}
						require.Contains(t, []uint64{n, n + 2}, now, "unknown, cut at %d", at)
						outcomes[fmt.Sprint("unknown, and there: ", now == n+2)]++
					default:
						require.Equal(t, n, now, "cut at %d: %v", at, err)
						outcomes["refused"]++
					}
					n = now
				}
			}
			t.Log(outcomes)
			require.NotZero(t, outcomes["unknown, and there: true"])
			require.NotZero(t, outcomes["unknown, and there: false"])
			require.NotZero(t, outcomes["acknowledged"])
		})
	}
}

// TestStalled: while the server's answer does not come, an append ends all the same, and
// others go on.
func TestStalled(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	c := newCutter(t, dsn)
	pool := c.pool(t, dsn, "exec", 4)
	defer pool.Close()
	defer c.close()
	j, err := postgres.New(t.Context(), pool, &postgres.Options{Timeout: time.Second})
	require.NoError(t, err)
	add(t, j, "s", 0, "a")
	direct := open(t, dsn)
	c.stall.Store(true)
	for name, left := range map[string]*atomic.Int64{"the answer": &c.down, "the question": &c.up} {
		alive(t, pool)
		n := uint64(len(mustRead(t, j, "s")))
		left.Store(100)
		done := make(chan error)
		start := time.Now()
		go func() {
			_, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: n, Entries: make2("b")})
			done <- err
		}()
		for i := range uint64(5) {
			add(t, direct, "other "+name, i, "x")
		}
		require.ErrorIs(t, <-done, journal.ErrUnknown, name)
		require.Less(t, time.Since(start), 10*time.Second, name)
		c.never()
	}
}

// TestHeldUp: while somebody else has locked what an append needs, it waits, but not for
// ever, and has no effect later.
func TestHeldUp(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	direct := open(t, dsn)
	add(t, direct, "s", 0, "a")
	j, err := postgres.Open(t.Context(), dsn, &postgres.Options{Timeout: time.Second})
	require.NoError(t, err)
	defer j.Close()
	pool, err := pgxpool.New(t.Context(), dsn)
	require.NoError(t, err)
	defer pool.Close()
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT FROM sallyport.journal_meta FOR UPDATE")
	require.NoError(t, err)
	_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1, Entries: make2("b")})
	require.ErrorIs(t, err, journal.ErrUnknown)

	// A caller whose turn never came knows that nothing happened; one whose turn came and who
	// does not lead need not wait.
	results := make(chan error, 2)
	go func() {
		_, err := j.Append(context.Background(), journal.Append{Stream: "t", Entries: make2("b")})
		results <- err
	}()
	time.Sleep(300 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = j.Append(ctx, journal.Append{Stream: "u", Entries: make2("b")})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, journal.ErrUnknown)
	require.ErrorIs(t, <-results, journal.ErrUnknown)
	require.NoError(t, tx.Rollback(t.Context()))
	quiet(t, dsn)
	require.Equal(t, []string{"a"}, mustRead(t, direct, "s"), "the server was told to give up")
	add(t, direct, "s", 1, "c")
}

// TestServerTimeouts: what the server itself breaks off has not happened, and the caller
// is told so.
func TestServerTimeouts(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	add(t, open(t, dsn), "s", 0, "a")
	for _, setting := range []string{"statement_timeout", "lock_timeout"} {
		j := open(t, dsn+"&options="+url.QueryEscape("-c"+setting+"=50"))
		pool, err := pgxpool.New(t.Context(), dsn)
		require.NoError(t, err)
		tx, err := pool.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), "SELECT FROM sallyport.journal_meta FOR UPDATE")
		require.NoError(t, err)
		_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1, Entries: make2("b")})
		require.Error(t, err)
		require.NotErrorIs(t, err, journal.ErrUnknown, setting)
		require.NoError(t, tx.Rollback(t.Context()))
		require.Equal(t, []string{"a"}, mustRead(t, j, "s"))
		pool.Close()
	}
}
