package evidence

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"sync"
)

// maxInFlight is how many bytes of envelopes [VerifyAll] has read and not yet
// told of, if it is more than one envelope.
const maxInFlight = 64 << 20

// VerifyAll verifies envelopes as [Verify] does, on all cores, and gives for each
// of them, in their order, what Verify gives. Errors about an envelope that has a
// [Place] are [*EnvelopeError]s; an error among the envelopes is handed on in its
// place. No error ends the loop: the caller stops it, or goes on without that
// envelope.
//
// When ctx ends, the envelopes that were begun are given, and then the context's
// error as the last. A loop that ended without one has seen everything.
//
// The envelopes are read in the caller's goroutine, a few ahead of what was given:
// four for each core, and no more than 64 MiB unless one is larger. Nothing runs
// on when the loop is over, however it ends. trust must be safe for several
// goroutines.
//
// [Cache.VerifyAll] verifies only what is new.
func VerifyAll(ctx context.Context, trust Trust, envelopes iter.Seq2[Envelope, error]) iter.Seq2[Verified, error] {
	return (*Cache)(nil).VerifyAll(ctx, trust, envelopes)
}

// VerifyAll is [VerifyAll] with what c knows.
func (c *Cache) VerifyAll(ctx context.Context, trust Trust, envelopes iter.Seq2[Envelope, error]) iter.Seq2[Verified, error] {
	return func(yield func(Verified, error) bool) {
		f := &flight{cache: c, trust: trust, yield: yield, most: 4 * runtime.GOMAXPROCS(0)}
		var cancel context.CancelFunc
		f.ctx, cancel = context.WithCancel(ctx)
		defer f.running.Wait()
		defer cancel()
		for e, err := range envelopes {
			if ctx.Err() != nil {
				break
			}
			if !f.add(e, err) {
				return
			}
		}
		if f.land(0) && ctx.Err() != nil {
			yield(Verified{}, fmt.Errorf("evidence: verify: %w", ctx.Err()))
		}
	}
}

// flight is the envelopes of one VerifyAll that were read and not yet told of.
type flight struct {
	ctx     context.Context
	cache   *Cache
	trust   Trust
	yield   func(Verified, error) bool
	most    int
	queue   []*passenger
	bytes   int
	running sync.WaitGroup
}

// errUnfinished stands until Verify has returned.
var errUnfinished = errors.New("evidence: verify: the trust ended the goroutine")

// passenger is one envelope on its way. Its results may be read once done is
// closed, or at once if it is nil.
type passenger struct {
	size     int
	done     chan struct{}
	v        Verified
	err      error
	panicked any
}

// add verifies one more envelope. Like land it returns false when the loop is over.
func (f *flight) add(e Envelope, err error) bool {
	if err != nil {
		return f.board(&passenger{err: err})
	}
	if v, ok := f.cache.known(f.ctx, f.trust, e.Raw); ok {
		if len(f.queue) == 0 {
			return f.yield(v, nil)
		}
		return f.board(&passenger{v: v})
	}
	p := &passenger{size: len(e.Raw), done: make(chan struct{}), err: e.failure(errUnfinished)}
	if !f.board(p) {
		return false
	}
	f.running.Go(func() {
		defer close(p.done)
		defer func() { p.panicked = recover() }()
		v, err := f.cache.verify(f.ctx, f.trust, e.Raw)
		p.v, p.err = v, e.failure(err)
	})
	return true
}

// failure is an error about e, with its place if it has one.
func (e *Envelope) failure(err error) error {
	if err == nil || e.Place.IsZero() {
		return err
	}
	return &EnvelopeError{e.Place, err}
}

// board makes room for p and queues it.
func (f *flight) board(p *passenger) bool {
	for len(f.queue) > 0 && (len(f.queue) >= f.most || f.bytes+p.size > maxInFlight || f.queue[0].landed()) {
		if !f.land(len(f.queue) - 1) {
			return false
		}
	}
	f.queue = append(f.queue, p)
	f.bytes += p.size
	return true
}

func (p *passenger) landed() bool {
	if p.done == nil {
		return true
	}
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// land tells of envelopes until n are left.
func (f *flight) land(n int) bool {
	for len(f.queue) > n {
		p := f.queue[0]
		f.queue[0] = nil
		f.queue = f.queue[1:]
		f.bytes -= p.size
		if p.done != nil {
			<-p.done
		}
		if p.panicked != nil {
			panic(p.panicked) // in the goroutine where Verify alone would have
		}
		if !f.yield(p.v, p.err) {
			return false
		}
	}
	return true
}
