package journal

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Work shares the work on streams among any number of workers, on one machine or on
// many: each claims streams that are due, works on them, and says when they are due
// again.
//
// What is worked on is leased, and the lease is renewed after each third of its TTL. Do
// is given a context that ends when the lease is lost, or may be: when somebody else has
// claimed the stream, and when a tenth of the TTL is left by this machine's monotonic
// clock, counted from before the lease was asked for. This narrows the time in which two
// workers believe that a stream is theirs, and cannot close it: a process may be paused
// anywhere, and some machines stop that clock while they sleep. So Do appends with the
// version that it decided on and with the lease's token, and its effects carry what
// fences them.
//
// A worker that dies is noticed when its leases end: others go on after at most TTL and
// Poll together.
type Work struct {
	// Leases is where streams are claimed: a [Journal]. It must not be nil.
	Leases Leases
	// Worker and Prefix are those of the [Claim].
	Worker, Prefix string
	// Do works on a stream as far as it goes now, and must return soon after its context
	// has ended; [context.Cause] then is ErrFenced if the lease was lost. It must not be
	// nil. It is called at once from several goroutines, for different streams; a panic of
	// it is not recovered. After an error the stream is due again after Next.Wake if that
	// is positive, else after Retry.
	Do func(ctx context.Context, l Lease) (Next, error)
	// Failed is told of the errors of Do, and of those of Leases, which are tried again;
	// the lease is zero if the error is one of Claim. If it is nil, nobody is told. It is
	// called at once from several goroutines.
	Failed func(l Lease, err error)

	// TTL is how long a lease lasts without being renewed; 30 seconds if it is zero, and
	// else 10 milliseconds to [MaxTTL].
	TTL time.Duration
	// Poll is how often it is asked what is due, while there is room to work on it; a
	// second if it is zero, and else at least 10 milliseconds.
	Poll time.Duration
	// Retry is after how long a stream is due again that Do returned an error for; ten
	// seconds if it is zero, and at most [MaxWake].
	Retry time.Duration
	// Concurrency bounds how many streams are worked on at once; 16 if it is zero, and at
	// most [MaxClaim].
	Concurrency int
	// Grace is how long what is being worked on may go on once the context of Run has
	// ended. If it is zero, the contexts of Do end with it.
	Grace time.Duration
}

// Next says what comes after the work on a stream.
type Next struct {
	// Seq is the version that Wake was decided on: that of the last record that the work
	// read or appended. If the stream has grown beyond it, it is due when the last append
	// said, so that no record is slept over. Zero means the version at which the stream
	// was claimed.
	Seq uint64
	// Wake says when the stream is due again, as in [Append.Wake].
	Wake time.Duration
}

// WakeAt is the wake of what is due at a time: Never if that is the zero time, zero if it
// has passed, and at most [MaxWake].
func WakeAt(at, now time.Time) time.Duration {
	if at.IsZero() {
		return Never
	}
	return min(max(at.Sub(now), 0), MaxWake)
}

// minPace bounds how often Work asks.
const minPace = 10 * time.Millisecond

// errLapsed is an ErrFenced that nobody has said yet.
var errLapsed = fmt.Errorf("%w: it was not renewed in time", ErrFenced)

// Run works until ctx ends, and then returns nil when what was being worked on has ended
// and its leases are released. It returns an error if w is not fit to run, or when the
// journal is closed. It leaves no goroutine behind.
func (w Work) Run(ctx context.Context) error {
	w = w.withDefaults()
	if err := w.check(); err != nil {
		return err
	}
	base := ctx
	if w.Grace > 0 {
		base = context.WithoutCancel(ctx)
	}
	base, cancel := context.WithCancelCause(base)
	defer cancel(nil)
	r := &workRun{Work: w, run: ctx, base: base, busy: map[string]bool{}, done: make(chan workDone, w.Concurrency)}
	err := r.loop()
	if err != nil {
		cancel(err)
	}
	grace := time.AfterFunc(w.Grace, func() { cancel(context.Cause(ctx)) })
	defer grace.Stop()
	for len(r.busy) > 0 {
		r.ended(<-r.done)
	}
	return err
}

func (w Work) withDefaults() Work {
	if w.TTL == 0 {
		w.TTL = 30 * time.Second
	}
	if w.Poll == 0 {
		w.Poll = time.Second
	}
	if w.Retry == 0 {
		w.Retry = 10 * time.Second
	}
	if w.Concurrency == 0 {
		w.Concurrency = 16
	}
	if w.Failed == nil {
		w.Failed = func(Lease, error) {}
	}
	return w
}

// check says everything that is wrong with w.
func (w Work) check() error {
	var errs []error
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("journal: work: "+format, args...))
		}
	}
	refuse(w.Leases == nil, "Leases is nil")
	refuse(w.Do == nil, "Do is nil")
	refuse(w.TTL < minPace, "TTL is %v; it must be at least %v", w.TTL, minPace)
	refuse(w.Poll < minPace, "Poll is %v; it must be at least %v", w.Poll, minPace)
	refuse(w.Retry < 0 || w.Retry > MaxWake, "Retry is %v; it must be 0 to %v", w.Retry, MaxWake)
	refuse(w.Grace < 0, "Grace is %v", w.Grace)
	errs = append(errs, w.claim(w.Concurrency).Check())
	return errors.Join(errs...)
}

func (w Work) claim(n int) Claim {
	return Claim{Worker: w.Worker, Prefix: w.Prefix, TTL: w.TTL, Max: n}
}

// workRun is one Run. Its loop alone touches busy; done is roomy enough that nobody waits
// to say that the work has ended.
type workRun struct {
	Work
	run  context.Context // of Run: once it has ended, no work begins
	base context.Context // of all contexts of Do
	busy map[string]bool // the streams that are being worked on
	done chan workDone
}

// workDone says that the work on a stream has ended, and whether it is due again at once.
type workDone struct {
	stream string
	again  bool
}

// loop claims and starts work until the context of Run ends or the journal is closed.
func (r *workRun) loop() error {
	poll := time.NewTimer(0)
	defer poll.Stop()
	look, more := false, false // whether to claim as soon as there is room; whether more may be due
	for r.run.Err() == nil {
		if room := r.Concurrency - len(r.busy); room > 0 && look {
			working := len(r.busy)
			n, err := r.start(room)
			switch {
			case errors.Is(err, ErrClosed):
				return err
			case err != nil && r.run.Err() == nil:
				r.Failed(Lease{}, err)
			}
			look, more = false, n == room
			poll.Reset(r.Poll)
			if n > len(r.busy)-working { // what was given back took the place of others
				look = true
				continue
			}
		}
		select {
		case <-r.run.Done():
		case <-poll.C:
			look = true
		case d := <-r.done:
			r.ended(d)
			look = look || more || d.again
		}
	}
	return nil
}

func (r *workRun) ended(d workDone) { delete(r.busy, d.stream) }

// start claims at most n streams and starts the work on them. It returns how many were
// claimed.
func (r *workRun) start(n int) (int, error) {
	sent := time.Now()
	ctx, cancel := context.WithTimeout(r.run, r.left(sent)) // a later answer is of no use
	defer cancel()
	leases, err := r.Leases.Claim(ctx, r.claim(n))
	for _, l := range leases {
		if r.busy[l.Stream] {
			// Do was told to end and has not: nobody else here begins beside it.
			r.release(l, min(r.Poll, MaxWake))
			continue
		}
		r.busy[l.Stream] = true
		go func() {
			d := workDone{stream: l.Stream}
			defer func() { r.done <- d }()
			d.again = r.work(l, sent)
		}()
	}
	return len(leases), err
}

// work does all that there is to do about a lease that was asked for at a time. It
// reports whether the stream is due again at once.
func (r *workRun) work(l Lease, sent time.Time) bool {
	lapsed := r.left(sent) <= 0
	if lapsed {
		r.Failed(l, errLapsed)
	}
	if lapsed || r.run.Err() != nil {
		r.release(l, 0)
		return false
	}
	next, err := r.do(l, sent)
	if next.Seq != 0 {
		l.Seq = next.Seq
	}
	if err == nil {
		err = CheckWake(next.Wake)
	}
	wake := next.Wake
	switch {
	case err == nil:
	case r.cutShort(err):
		wake = 0
	default:
		r.Failed(l, err)
		if wake <= 0 || wake > MaxWake {
			wake = r.Retry
		}
	}
	return r.release(l, wake) && wake == 0
}

// cutShort reports whether an error comes from Run being told to end.
func (r *workRun) cutShort(err error) bool {
	return r.base.Err() != nil && !errors.Is(err, ErrFenced) &&
		(errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(r.base)))
}

// release reports whether it did, and tells of the error if not.
func (r *workRun) release(l Lease, wake time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.base), r.TTL)
	defer cancel()
	err := r.Leases.Release(ctx, l, wake)
	if err != nil {
		r.Failed(l, err)
	}
	return err == nil
}

// do calls Do, and renews the lease meanwhile.
func (r *workRun) do(l Lease, sent time.Time) (Next, error) {
	ctx, cancel := context.WithCancelCause(r.base)
	guard := time.AfterFunc(r.left(sent), func() { cancel(errLapsed) })
	renewing := make(chan struct{})
	go func() {
		defer close(renewing)
		if err := r.renew(ctx, l, sent, guard); err != nil {
			cancel(err)
		}
	}()
	defer func() {
		cancel(nil)
		<-renewing // which may have moved the guard
		guard.Stop()
	}()
	next, err := r.Do(ctx, l)
	if lost := context.Cause(ctx); err != nil && errors.Is(lost, ErrFenced) && !errors.Is(err, ErrFenced) {
		err = fmt.Errorf("%w: %w", lost, err)
	}
	return next, err
}

// renew renews a lease until ctx ends, and moves its guard. It returns an ErrFenced when
// somebody else has the stream.
func (r *workRun) renew(ctx context.Context, l Lease, sent time.Time, guard *time.Timer) error {
	next := sent.Add(r.TTL / 3)
	for {
		wait := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
		sent = time.Now()
		err := r.Leases.Renew(ctx, l, r.TTL)
		switch {
		case err == nil:
			guard.Reset(r.left(sent))
			next = sent.Add(r.TTL / 3)
		case errors.Is(err, ErrFenced):
			return err
		case ctx.Err() != nil:
			return nil
		default:
			r.Failed(l, err)
			next = time.Now().Add(r.TTL / 10)
		}
	}
}

// left is how long the lease that was asked for at a time may still be believed in.
func (r *workRun) left(sent time.Time) time.Duration {
	return r.TTL - r.TTL/10 - time.Since(sent)
}
