package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Claim implements [journal.Leases]. It does not wait for the disk: when the power goes,
// leases may be forgotten, and with them who held them. Their tokens are not given
// again, because those begin with how often the database was opened, which is durable.
func (j *Journal) Claim(ctx context.Context, c journal.Claim) ([]journal.Lease, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	var leases []journal.Lease
	err := j.work(ctx, "claimed", false, func(ctx context.Context, w *writer) (did bool, err error) {
		leases, did, err = w.claim(ctx, c)
		return did, err
	})
	if err != nil {
		return nil, err
	}
	return leases, nil
}

// work has f run in a transaction, and does not look into f's outcome.
func (j *Journal) work(ctx context.Context, what string, lasting bool, f func(context.Context, *writer) (bool, error)) error {
	return j.do(&operation{ctx: ctx, what: what, work: f, lasting: lasting}, 256)
}

// claim leases what is due. Leases that are over are found first: that is what puts
// their streams back among those that can be claimed.
func (w *writer) claim(ctx context.Context, c journal.Claim) ([]journal.Lease, bool, error) {
	freed, err := changes(w.stmts.free.ExecContext(ctx))
	if err != nil {
		return nil, false, err
	}
	stmt, args := w.stmts.claim, []any{millis(c.TTL), []byte(c.Worker), int64(c.Max), w.epoch << 32}
	if c.Prefix != "" {
		stmt, args = w.stmts.claimPrefix, append(args, []byte(c.Prefix))
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	type due struct {
		name             []byte
		token, seq, wake int64
	}
	var taken []due
	for rows.Next() {
		var d due
		if err := rows.Scan(&d.name, &d.token, &d.seq, &d.wake); err != nil {
			return nil, false, err
		}
		taken = append(taken, d)
	}
	if err := rows.Err(); err != nil {
		return nil, false, err
	}
	slices.SortFunc(taken, func(a, b due) int { return cmp.Or(cmp.Compare(a.wake, b.wake), bytes.Compare(a.name, b.name)) })
	leases := make([]journal.Lease, len(taken))
	for i, d := range taken {
		leases[i] = journal.Lease{Stream: string(d.name), Token: uint64(d.token), Seq: uint64(d.seq)}
		delete(w.heads.known, leases[i].Stream) // its token is another now
	}
	return leases, freed > 0 || len(leases) > 0, nil
}

// Renew implements [journal.Leases]. Like Claim, it does not wait for the disk.
func (j *Journal) Renew(ctx context.Context, l journal.Lease, ttl time.Duration) error {
	if err := errors.Join(journal.CheckTTL(ttl), l.Check()); err != nil {
		return err
	}
	return j.held(ctx, l, func(ctx context.Context, w *writer) (int64, error) {
		return changes(w.stmts.renew.ExecContext(ctx, millis(ttl), []byte(l.Stream), int64(l.Token)))
	})
}

// Release implements [journal.Leases]. Like Claim, it does not wait for the disk.
func (j *Journal) Release(ctx context.Context, l journal.Lease, wake time.Duration) error {
	if err := errors.Join(journal.CheckWake(wake), l.Check()); err != nil {
		return err
	}
	seq := int64(-1) // what no stream is at
	if l.Seq <= math.MaxInt64 {
		seq = int64(l.Seq)
	}
	return j.held(ctx, l, func(ctx context.Context, w *writer) (int64, error) {
		return changes(w.stmts.release.ExecContext(ctx, millis(wake), []byte(l.Stream), int64(l.Token), seq))
	})
}

// held has f change the row of a lease that is current.
func (j *Journal) held(ctx context.Context, l journal.Lease, f func(context.Context, *writer) (int64, error)) error {
	fenced := false
	err := j.work(ctx, "changed", false, func(ctx context.Context, w *writer) (bool, error) {
		if l.Token > math.MaxInt64 || len(l.Stream) == 0 {
			fenced = true
			return false, nil
		}
		n, err := f(ctx, w)
		fenced = n == 0
		return n > 0, err
	})
	if err == nil && fenced {
		return fmt.Errorf("%w: stream %q, token %d", journal.ErrFenced, l.Stream, l.Token)
	}
	return err
}

// changes is how many rows a statement changed.
func changes(res interface{ RowsAffected() (int64, error) }, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
