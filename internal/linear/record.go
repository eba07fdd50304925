package linear

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// recorder makes a history.
type recorder struct {
	Options
	journals []journal.Journal

	clock atomic.Int64
	mu    sync.Mutex
	calls []Call
}

func (r *recorder) run(ctx context.Context) (*History, error) {
	errs := make([]error, r.Workers)
	var wg sync.WaitGroup
	for w := range r.Workers {
		wg.Go(func() { errs[w] = r.worker(ctx, w) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	h := &History{Final: map[string][]journal.Record{}}
	for s := range r.Streams {
		name := streamName(s)
		c := Call{Stream: name, Worker: r.Workers, Do: Read, Told: OK, Begin: r.begin()}
		var err error
		if c.Head, h.Final[name], err = read(ctx, r.journals[0], journal.Head{Stream: name}); err != nil {
			return nil, err
		}
		c.End = r.clock.Add(1)
		r.calls = append(r.calls, c)
	}
	h.Calls = r.calls
	for _, c := range h.Calls {
		switch c.Told {
		case Unknown:
			h.Unknown++
		case GivenUp:
			h.GivenUp++
		}
	}
	return h, nil
}

// begin is when a call begins. Others may be first to make theirs, so that calls overlap
// where they take no time.
func (r *recorder) begin() int64 {
	at := r.clock.Add(1)
	runtime.Gosched()
	return at
}

// streamName is such that no name begins with another.
func streamName(i int) string { return fmt.Sprintf("stream %03d", i) }

// knows is what a worker knows of a stream.
type knows struct {
	head  journal.Head
	lease journal.Lease
	stale bool // it was told that it knows too little
}

func (r *recorder) worker(ctx context.Context, w int) error {
	random := rand.New(rand.NewPCG(r.Seed, uint64(w)))
	known := map[string]*knows{}
	stream := random.IntN(r.Streams)
	for n := range r.Calls {
		if k := known[streamName(stream)]; (k == nil || k.lease.Token == 0) && random.IntN(3) == 0 {
			stream = random.IntN(r.Streams)
		}
		name := streamName(stream)
		k := known[name]
		if k == nil {
			k = &knows{head: journal.Head{Stream: name}}
			known[name] = k
		}
		j := r.journals[random.IntN(len(r.journals))]
		c := Call{Stream: name, Worker: w, Lease: k.lease}
		var err error
		switch p, held := random.IntN(100), k.lease.Token > 0; {
		case k.stale && p < 75:
			err = r.read(ctx, j, &c, k)
		case p < 45:
			err = r.append(ctx, j, &c, k, random, n)
		case p < 60:
			err = r.read(ctx, j, &c, k)
		case !held || p < 65:
			err = r.claim(ctx, j, &c, k)
		case p < 72:
			c.Do = Renew
			err = r.leased(&c, func() error { return j.Renew(ctx, c.Lease, time.Hour) })
		default:
			c.Do = Release
			err = r.leased(&c, func() error { return j.Release(ctx, c.Lease, 0) })
			if random.IntN(2) > 0 { // else it is tried again, and is no good
				k.lease = journal.Lease{}
			}
		}
		if err != nil {
			return fmt.Errorf("linear: %s: %s: %w", c.Stream, c, err)
		}
	}
	return nil
}

// keep adds a call to the history.
func (r *recorder) keep(c Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
}

func (r *recorder) append(ctx context.Context, j journal.Journal, c *Call, k *knows, random *rand.Rand, n int) error {
	c.Do, c.Expect = Append, k.head.Seq
	if random.IntN(8) == 0 {
		c.Expect += uint64(random.IntN(3))
	}
	if random.IntN(3) == 0 {
		c.Lease = journal.Lease{} // without a token
	}
	for part := range 1 + random.IntN(3) {
		// What is appended is nobody else's, so that its hash says who appended.
		c.Entries = append(c.Entries, journal.Entry{Kind: "linear", Data: fmt.Appendf(nil, "%d/%d#%d", c.Worker, n, part)})
	}
	cancel := func() {}
	if r.Patience > 0 && random.IntN(2) == 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(random.Int64N(int64(r.Patience))))
	}
	defer cancel()
	a := journal.Append{Stream: c.Stream, Expect: c.Expect, Token: c.Lease.Token, Entries: c.Entries}
	c.Begin = r.begin()
	added, err := j.Append(ctx, a)
	c.End = r.clock.Add(1)
	if c.Told, err = told(err); err != nil {
		return err
	}
	k.stale = c.Told == Conflict
	if c.Told == OK {
		if len(added) != len(c.Entries) {
			return fmt.Errorf("%d records came back", len(added))
		}
		c.Prev = journal.Head{Stream: c.Stream, Seq: added[0].Seq - 1, Hash: added[0].Prev}
		c.Head = added[len(added)-1].Head()
		k.head = c.Head
	}
	r.keep(*c)
	return nil
}

// told is what an append says by its error.
func told(err error) (Told, error) {
	switch {
	case err == nil:
		return OK, nil
	case errors.Is(err, journal.ErrUnknown):
		return Unknown, nil
	case errors.Is(err, journal.ErrFenced):
		return Fenced, nil
	case errors.Is(err, journal.ErrConflict):
		return Conflict, nil
	case errors.Is(err, context.DeadlineExceeded):
		return GivenUp, nil
	}
	return "", err
}

func (r *recorder) read(ctx context.Context, j journal.Journal, c *Call, k *knows) (err error) {
	c.Do, c.Told = Read, OK
	c.Begin = r.begin()
	c.Head, _, err = read(ctx, j, k.head)
	c.End = r.clock.Add(1)
	if err != nil {
		return err
	}
	k.head, k.stale = c.Head, false
	r.keep(*c)
	return nil
}

// read is where a stream stands, by a chain that goes on from head.
func read(ctx context.Context, j journal.Journal, head journal.Head) (journal.Head, []journal.Record, error) {
	var records []journal.Record
	for rec, err := range j.Load(ctx, head.Stream, head.Seq) {
		if err == nil {
			err = head.Check(rec)
		}
		if err != nil {
			return journal.Head{}, nil, err
		}
		head = rec.Head()
		records = append(records, rec)
	}
	return head, records, nil
}

func (r *recorder) claim(ctx context.Context, j journal.Journal, c *Call, k *knows) error {
	c.Do, c.Told, c.Lease = Claim, OK, journal.Lease{}
	c.Begin = r.begin()
	leases, err := j.Claim(ctx, journal.Claim{Worker: fmt.Sprint(c.Worker), Prefix: c.Stream, TTL: time.Hour, Max: 2})
	c.End = r.clock.Add(1)
	if err != nil || len(leases) == 0 {
		return err
	}
	if len(leases) > 1 || leases[0].Stream != c.Stream {
		return fmt.Errorf("%v were given", leases)
	}
	c.Lease, k.lease = leases[0], leases[0]
	r.keep(*c)
	return nil
}

// leased makes a call that ends well or finds that the lease is not current.
func (r *recorder) leased(c *Call, call func() error) error {
	c.Begin = r.begin()
	err := call()
	c.End = r.clock.Add(1)
	switch {
	case err == nil:
		c.Told = OK
	case errors.Is(err, journal.ErrFenced):
		c.Told = Fenced
	default:
		return err
	}
	r.keep(*c)
	return nil
}
