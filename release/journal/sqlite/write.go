package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sallyport-dev/sallyport/internal/groupcommit"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Bounds of what one transaction takes, so that a slow one does not hold many.
const (
	batchItems = 1024
	batchBytes = 4 << 20
)

// operation is one write on its way: an append, or something that work does.
type operation struct {
	ctx  context.Context
	what string // for errors: what was not done
	// work runs in the transaction and reports whether it changed anything. What it
	// found wrong with the operation alone it keeps there; an error that it returns
	// ends the transaction for all.
	work   func(context.Context, *writer) (bool, error)
	append *pending // instead of work
	// lasting says that it must be on the disk before it is acknowledged. What is only
	// about leases need not be.
	lasting bool

	stage atomic.Int32
	err   error
}

// The stages of an operation. Its caller may give it up until it has begun.
const (
	waiting int32 = iota
	begun
	givenUp
)

// errAgain tells an operation that its leader has given up, and not why.
var errAgain = errors.New("sqlite: to be led by another")

// do has an operation committed. The error is the operation's own, or says whether
// anything may have been done.
func (j *Journal) do(op *operation, size int) error {
	for {
		if err := j.refusal(); err != nil {
			return err
		}
		err := j.group.Do(op.ctx, op, size)
		switch {
		case errors.Is(err, groupcommit.ErrWithdrawn):
			return fmt.Errorf("sqlite: nothing was %s: %w", op.what, op.ctx.Err())
		case errors.Is(err, groupcommit.ErrUnderWay):
			if op.stage.CompareAndSwap(waiting, givenUp) {
				return fmt.Errorf("sqlite: nothing was %s: %w", op.what, cmp.Or(op.ctx.Err(), err))
			}
			return fmt.Errorf("%w: %w", journal.ErrUnknown, cmp.Or(op.ctx.Err(), err))
		case err != nil:
			return err
		case op.err == errAgain:
			op.err = nil
			continue
		}
		return op.err
	}
}

// writer is the connection that writes. Only who leads the group uses it.
type writer struct {
	conn    *sql.Conn
	own     bool
	restore []string // statements that give the connection back as it was

	patience time.Duration // how long to wait for other writers
	prepared bool          // the connection is what the journal relies on
	synced   bool          // synchronous=FULL is in force, and was read back
	epoch    int64         // how often the database was opened; no other journal has the same
	lost     bool          // a call panicked, and the pool waits for it for ever

	heads heads
	stmts statements
	files files
}

// commit is the group's: all operations of a batch in one transaction.
func (j *Journal) commit(batch []*operation) {
	returned := false
	defer func() {
		if !returned { // a driver panicked: nobody knows how far it came
			j.w.lost = true
			_ = j.w.exec(j.w.stmts.rollback)
			j.fail(errors.New("sqlite: a commit panicked"))
		}
	}()
	j.commitBatch(batch)
	returned = true
}

func (j *Journal) commitBatch(batch []*operation) {
	if !j.begin(batch) {
		return
	}
	live := batch[:0:0]
	for _, op := range batch {
		if op.stage.CompareAndSwap(waiting, begun) {
			live = append(live, op)
		}
	}
	wrote, err := j.w.run(live)
	if err == nil && wrote {
		err := j.w.exec(j.w.stmts.commit)
		if err == nil {
			err = j.w.files.check()
		}
		if err != nil {
			j.commitFailed(live, err)
			return
		}
		j.w.heads.keep()
		return
	}
	if rollback := j.w.exec(j.w.stmts.rollback); rollback != nil && err == nil {
		err = rollback
	}
	j.w.heads.forget()
	if err != nil {
		for _, op := range live {
			op.fail(fmt.Errorf("sqlite: nothing was %s: %w", op.what, err))
		}
	}
	if errors.Is(err, errOther) {
		j.fail(err)
	}
}

// commitFailed sorts out a COMMIT that said it failed. If the engine was just busy, the
// transaction is still open and can be taken back. After anything else its last bytes
// may be on the disk or not, whatever the disk says when it is asked again.
func (j *Journal) commitFailed(live []*operation, cause error) {
	j.w.heads.forget()
	if isBusy(cause) && j.w.exec(j.w.stmts.rollback) == nil {
		for _, op := range live {
			op.fail(fmt.Errorf("sqlite: nothing was %s: %w", op.what, cause))
		}
		return
	}
	_ = j.w.exec(j.w.stmts.rollback) // so that nobody has to wait for it
	for _, op := range live {
		op.fail(fmt.Errorf("%w: %w", journal.ErrUnknown, cause))
	}
	j.fail(cause)
}

// fail gives an operation an error, unless it has one of its own.
func (o *operation) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}

// run does what the operations ask for: first the work, then the appends, as all of
// them came at once.
func (w *writer) run(ops []*operation) (wrote bool, err error) {
	ctx := context.Background() // what has begun is ended, whoever waits for it
	if err := w.refreshHeads(ctx); err != nil {
		return false, err
	}
	appends := ops[:0:0]
	for _, op := range ops {
		if op.append != nil {
			appends = append(appends, op)
			continue
		}
		did, err := op.work(ctx, w)
		if err != nil {
			return false, err
		}
		wrote = wrote || did
	}
	did, err := w.appendAll(ctx, appends)
	return wrote || did, err
}

func (w *writer) exec(s *sql.Stmt) error {
	_, err := s.ExecContext(context.Background())
	return err
}

// close gives the connection back as it was, or has it thrown away if that fails.
func (w *writer) close() error {
	if w.lost {
		return errors.New("the connection for writing is lost: a call to the driver panicked")
	}
	var errs []error
	w.stmts.close()
	if w.prepared {
		errs = append(errs, w.sync(true))
	}
	for i := len(w.restore) - 1; i >= 0; i-- {
		errs = append(errs, drain(context.Background(), w.conn, w.restore[i]))
	}
	if errors.Join(errs...) != nil {
		w.discard()
	}
	if err := w.conn.Close(); !errors.Is(err, sql.ErrConnDone) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
