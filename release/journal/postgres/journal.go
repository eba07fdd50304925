package postgres

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sallyport-dev/sallyport/internal/groupcommit"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Journal is a journal in PostgreSQL. Its appends share commits: at most one is under way
// at a time.
type Journal struct {
	pool    *pgxpool.Pool
	ours    bool // the pool is closed with the journal
	schema  string
	timeout time.Duration
	sql     statements
	plain   atomic.Bool // prepared statements do not work: use none
	heads   heads
	growth  growth
	group   *groupcommit.Group[*pending]
	closed  atomic.Bool
	closing sync.Once
}

var _ journal.Journal = (*Journal)(nil)

// Batches are bounded, because all of one wait for all of it.
var limits = groupcommit.Limits{Items: 1024, Size: 4 << 20, Gather: 200 * time.Microsecond}

// New opens the journal in the database of a pool, and makes it if it is not there. The
// pool stays the caller's, who closes it after the journal. Two connections are enough
// for many appends; readers and claims take one each, briefly.
//
// It is [ErrWeak] if the server may lose what it has committed.
func New(ctx context.Context, pool *pgxpool.Pool, opts *Options) (*Journal, error) {
	o, err := opts.settled()
	if err != nil {
		return nil, err
	}
	j := &Journal{pool: pool, schema: o.Schema, timeout: o.Timeout, sql: makeStatements(o.Schema)}
	// That mode prepares a statement without a name and executes it later: behind a pooler
	// the session may have been given somebody else's in between, of another journal even.
	j.plain.Store(pool.Config().ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeDescribeExec)
	j.group = groupcommit.New(limits, j.commit)
	if _, err := j.Durability(ctx); err != nil {
		return nil, err
	}
	if err := j.migrate(ctx, migrations(o.Schema)); err != nil {
		return nil, err
	}
	if err := j.permanent(ctx); err != nil {
		return nil, err
	}
	return j, nil
}

// Open is New with a pool of the journal's own, for a connection string as
// [pgxpool.ParseConfig] reads it. Close closes it.
func Open(ctx context.Context, dsn string, opts *Options) (*Journal, error) {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	j, err := New(ctx, pool, opts)
	if err != nil {
		pool.Close()
		return nil, err
	}
	j.ours = true
	return j, nil
}

// Close implements [journal.Journal]. It waits for the commit that is under way; appends
// that still wait are refused with ErrClosed.
func (j *Journal) Close() error {
	j.closed.Store(true)
	j.closing.Do(func() {
		j.group.Stop(journal.ErrClosed)
		j.group.Wait()
		if j.ours {
			j.pool.Close()
		}
	})
	return nil
}

// begun is an error if nothing is to be begun any more.
func (j *Journal) begun(ctx context.Context, what string) error {
	if j.closed.Load() {
		return journal.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("journal: %s: %w", what, err)
	}
	return nil
}
