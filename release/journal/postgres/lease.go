package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Claim implements [journal.Leases]. It waits for nobody: streams that somebody else is
// just claiming or appending to are left out.
func (j *Journal) Claim(ctx context.Context, c journal.Claim) ([]journal.Lease, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	leases, _, err := retried(ctx, j, "claim", func(r pgx.Rows, l *journal.Lease) error {
		var name []byte
		var token, version, position int64
		err := r.Scan(&name, &token, &version, &position)
		j.growth.saw(position)
		*l = journal.Lease{Stream: string(name), Token: uint64(token), Seq: uint64(version)}
		return err
	}, j.sql.claim, int64(c.Max), microseconds(c.TTL), []byte(c.Worker), []byte(c.Prefix))
	return leases, err
}

// Renew implements [journal.Leases].
func (j *Journal) Renew(ctx context.Context, l journal.Lease, ttl time.Duration) error {
	if err := journal.CheckTTL(ttl); err != nil {
		return err
	}
	if err := l.Check(); err != nil {
		return err
	}
	return j.held(ctx, "renew", l, j.sql.renew, microseconds(ttl))
}

// Release implements [journal.Leases].
func (j *Journal) Release(ctx context.Context, l journal.Lease, wake time.Duration) error {
	if err := journal.CheckWake(wake); err != nil {
		return err
	}
	if err := l.Check(); err != nil {
		return err
	}
	return j.held(ctx, "release", l, j.sql.release, int64(l.Seq), microseconds(wake))
}

// held runs a statement that changes the row of a lease that is current, and none if it
// is not.
func (j *Journal) held(ctx context.Context, what string, l journal.Lease, sql string, args ...any) error {
	args = append([]any{[]byte(l.Stream), int64(l.Token)}, args...)
	n, err := j.exec(ctx, fmt.Sprintf("%s stream %q", what, l.Stream), sql, args...)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: stream %q, token %d", journal.ErrFenced, l.Stream, l.Token)
	}
	return err
}
