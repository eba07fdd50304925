// Package groupcommit lets one write serve everybody who came while the write before
// it was under way, without a goroutine of its own: the first caller to find nobody
// leading leads. It commits what has queued up, hands out the outcomes, and makes the
// first of those who came meanwhile the next leader. A caller that is alone commits
// in its own goroutine, so that it pays for no hand-over.
package groupcommit

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

var (
	// ErrWithdrawn says that the context ended before a commit took the item.
	ErrWithdrawn = errors.New("groupcommit: withdrawn before it was begun")
	// ErrUnderWay says that a commit took the item, and that its outcome is not known
	// here: the context ended while the commit went on, which keeps the item as its own;
	// or the commit panicked.
	ErrUnderWay = errors.New("groupcommit: still under way")
)

var errPanicked = errors.New("groupcommit: a commit panicked")

// Limits bound one batch. The item that leads is always taken, whatever its size.
type Limits struct {
	// Items bounds how many items one commit takes; at least 1.
	Items int
	// Size bounds the sum of their sizes.
	Size int
	// Gather bounds how long a commit waits for as many items as the one before it had.
	// Whoever was served by that one often comes again at once, just too late, and would
	// meet only every second commit. A caller that is alone never waits. If zero, nobody
	// does.
	Gather time.Duration
}

// Group commits items of type T, which is usually a pointer, in batches.
type Group[T any] struct {
	limits Limits
	commit func(batch []T)

	mu       sync.Mutex
	idle     *sync.Cond // signalled when busy becomes false
	busy     bool       // somebody leads
	queue    []*call[T]
	refusal  error
	expected int       // how many the last commit served, and who had come meanwhile
	ended    time.Time // when that was
}

// call is one item on its way. Its state and err change under Group.mu.
type call[T any] struct {
	item   T
	size   int
	alone  func() // instead of an item: what is to run while nothing is committed
	state  state
	signal chan struct{} // one value: lead, or it is done
	err    error
}

type state uint8

const (
	queued   state = iota + 1
	leads          // it is to lead the next commit
	underWay       // it is being committed
	done
)

// New makes a group. commit is called by one goroutine at a time, with at least one
// item, in the order in which they came; it keeps the outcome in the items, which must
// therefore be pointers or hold one. It must not keep the slice.
func New[T any](l Limits, commit func(batch []T)) *Group[T] {
	g := &Group[T]{limits: l, commit: commit}
	g.idle = sync.NewCond(&g.mu)
	return g
}

// Do has an item committed and returns nil once it was: its outcome is in the item.
// An error is ErrWithdrawn or what Stop was given, and then no commit took the item and
// none will; or ErrUnderWay, and only then may the item be touched by others. A caller
// that leads waits for its commit, also when its context ends. A commit must not call Do
// or Alone.
func (g *Group[T]) Do(ctx context.Context, item T, size int) error {
	return g.run(ctx, &call[T]{item: item, size: size})
}

// Alone runs f while nothing is being committed and nothing begins to be. Its errors
// are those of Do; if there is one, f was not run.
func (g *Group[T]) Alone(ctx context.Context, f func()) error {
	return g.run(ctx, &call[T]{alone: f})
}

func (g *Group[T]) run(ctx context.Context, c *call[T]) error {
	g.mu.Lock()
	if g.refusal != nil {
		defer g.mu.Unlock()
		return g.refusal
	}
	if err := ctx.Err(); err != nil {
		g.mu.Unlock()
		return fmt.Errorf("%w: %w", ErrWithdrawn, err)
	}
	if !g.busy {
		g.busy = true
		g.mu.Unlock()
		g.gather(c)
		g.lead(c)
		return c.err
	}
	c.state, c.signal = queued, make(chan struct{}, 1)
	g.queue = append(g.queue, c)
	g.mu.Unlock()

	select {
	case <-c.signal:
	case <-ctx.Done():
		if given, err := g.giveUp(c, ctx.Err()); given {
			return err
		}
		<-c.signal
	}
	g.mu.Lock()
	mine := c.state == leads
	g.mu.Unlock()
	if mine {
		g.gather(c)
		g.lead(c)
	}
	return c.err
}

// gather waits for those whom the last commit served, if that has just ended and there
// is room for them beside c.
func (g *Group[T]) gather(c *call[T]) {
	if g.limits.Gather <= 0 || c.alone != nil {
		return
	}
	g.mu.Lock()
	until := g.ended.Add(g.limits.Gather)
	g.mu.Unlock()
	for time.Now().Before(until) {
		g.mu.Lock()
		n, full := g.joining(c)
		enough := full || n+1 >= g.expected || g.refusal != nil
		g.mu.Unlock()
		if enough {
			return
		}
		runtime.Gosched()
	}
}

// joining is how many of the queue go with c in a batch, and whether no others could. mu
// is held.
func (g *Group[T]) joining(c *call[T]) (n int, full bool) {
	size := c.size
	for n < len(g.queue) && n < g.limits.Items-1 && g.queue[n].alone == nil && size+g.queue[n].size <= g.limits.Size {
		size += g.queue[n].size
		n++
	}
	return n, n < len(g.queue) || n >= g.limits.Items-1 || size >= g.limits.Size
}

// giveUp takes a call whose context ended out of the queue. It reports false if the
// call is to lead, since others wait for it, or has just ended.
func (g *Group[T]) giveUp(c *call[T], cause error) (bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch c.state {
	case queued:
		g.queue = slices.DeleteFunc(g.queue, func(q *call[T]) bool { return q == c })
		return true, fmt.Errorf("%w: %w", ErrWithdrawn, cause)
	case underWay:
		if c.alone == nil {
			return true, fmt.Errorf("%w: %w", ErrUnderWay, cause)
		}
	}
	return false, nil
}

// lead commits c and what is queued. busy is the caller's; lead passes it on.
func (g *Group[T]) lead(c *call[T]) {
	var batch []*call[T]
	returned := false
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if !returned { // nobody knows what it left behind
			g.refuse(errPanicked)
		}
		for _, b := range batch[1:] { // the leader itself waits for no signal
			b.state = done
			if !returned {
				b.err = fmt.Errorf("%w: %w", ErrUnderWay, errPanicked)
			}
			b.signal <- struct{}{}
		}
		if g.limits.Gather > 0 {
			g.expected, g.ended = len(batch)+len(g.queue), time.Now()
		}
		g.passOn()
	}()
	if batch, c.err = g.begin(c); c.err != nil {
		returned = true
		return
	}
	if c.alone != nil {
		c.alone()
	} else {
		items := make([]T, len(batch))
		for i, b := range batch {
			items[i] = b.item
		}
		g.commit(items)
	}
	returned = true
}

// begin makes the batch that c leads, of which c is the first. Its error is what Stop
// was given since c was let lead.
func (g *Group[T]) begin(c *call[T]) ([]*call[T], error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refusal != nil || c.alone != nil {
		c.state = underWay
		return []*call[T]{c}, g.refusal
	}
	n, _ := g.joining(c)
	batch := append([]*call[T]{c}, g.queue[:n]...)
	g.queue = slices.Delete(g.queue, 0, n)
	for _, b := range batch {
		b.state = underWay
	}
	return batch, nil
}

// passOn makes the first in the queue the leader, or leaves the group idle. mu is held.
func (g *Group[T]) passOn() {
	if len(g.queue) == 0 {
		g.busy = false
		g.idle.Broadcast()
		return
	}
	next := g.queue[0]
	g.queue = slices.Delete(g.queue, 0, 1)
	next.state = leads
	next.signal <- struct{}{}
}

// Stop refuses what no commit has taken yet and all that comes later with err. It does
// not wait for the commit that has, if there is one, and may be called by it. The first
// error stays.
func (g *Group[T]) Stop(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refuse(err)
}

func (g *Group[T]) refuse(err error) {
	if g.refusal == nil {
		g.refusal = err
	}
	for _, c := range g.queue {
		c.state, c.err = done, g.refusal
		c.signal <- struct{}{}
	}
	g.queue = nil
}

// Wait returns when nothing is being committed: after Stop, for good. It must not be called by a commit.
func (g *Group[T]) Wait() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.busy {
		g.idle.Wait()
	}
}

// Queued is how many calls wait for somebody to commit them.
func (g *Group[T]) Queued() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queue)
}
