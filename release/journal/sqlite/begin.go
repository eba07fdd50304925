package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"
)

// begin begins a transaction, and else says so to all of the batch.
func (j *Journal) begin(batch []*operation) bool {
	leader := batch[0]
	lasting := slices.ContainsFunc(batch, func(op *operation) bool { return op.lasting })
	if err := j.w.sync(lasting); err != nil {
		for _, op := range batch {
			op.err = fmt.Errorf("sqlite: nothing was %s: %w", op.what, err)
		}
		j.fail(err)
		return false
	}
	err := j.waitToBegin(leader.ctx)
	if err == nil {
		return true
	}
	_ = j.w.exec(j.w.stmts.rollback) // none was begun, as far as the engine says
	for i, op := range batch {
		switch {
		case i > 0 && leader.ctx.Err() != nil:
			op.err = errAgain
		case leader.ctx.Err() != nil:
			op.err = fmt.Errorf("sqlite: nothing was %s: another transaction is under way: %w", op.what, leader.ctx.Err())
		default:
			op.err = fmt.Errorf("sqlite: nothing was %s: begin to write: %w", op.what, err)
		}
	}
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		j.fail(err)
	}
	return false
}

// sync turns on, and reads back, that a commit waits for the disk, or turns it off for
// one that need not.
func (w *writer) sync(lasting bool) error {
	ctx := context.Background()
	switch {
	case lasting && !w.synced:
		if err := drain(ctx, w.conn, "PRAGMA main.synchronous=FULL"); err != nil {
			return err
		}
		if err := w.checkSettings(ctx); err != nil {
			return err
		}
		w.synced = true
	case !lasting && w.synced:
		w.synced = false
		return drain(ctx, w.conn, "PRAGMA main.synchronous=NORMAL")
	}
	return nil
}

// pause is how long a writer waits at most before it asks again whether another one has
// ended. SQLite's lock has no queue: whoever asks just after a commit is next, so one
// that pauses for longer than others may wait for seconds beside them.
const pause = time.Millisecond

// waitToBegin begins a transaction as soon as no other is under way. It is not left to
// the engine to wait, since a call that may be interrupted costs as much as half of an
// append, and the engine's pauses grow to 100 milliseconds.
func (j *Journal) waitToBegin(ctx context.Context) error {
	err := j.w.exec(j.w.stmts.begin)
	if !isBusy(err) {
		return err
	}
	timeout := time.NewTimer(j.w.patience)
	defer timeout.Stop()
	for wait := pause / 4; ; wait = min(2*wait, pause) {
		retry := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			retry.Stop()
			return ctx.Err()
		case <-timeout.C:
			retry.Stop()
			return err
		case <-retry.C:
		}
		if err = j.w.exec(j.w.stmts.begin); !isBusy(err) {
			return err
		}
	}
}
