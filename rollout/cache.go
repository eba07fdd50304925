package rollout

import (
	"container/list"
	"context"
	"fmt"
	"sync"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// cache keeps the last states of some targets, so that a stream of years is not read
// anew for each look at it. A kept state is never believed: see [Engine.resume]. The nil
// cache keeps nothing.
type cache struct {
	max int

	mu   sync.Mutex
	at   map[string]*list.Element // by stream
	used list.List                // of State, the last used first
}

// newCache makes one for so many states.
func newCache(most int) *cache {
	if most == 0 {
		return nil
	}
	return &cache{max: most, at: map[string]*list.Element{}}
}

// get is the state that is kept for a stream.
func (c *cache) get(stream string) (State, bool) {
	if c == nil {
		return State{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.at[stream]
	if el == nil {
		return State{}, false
	}
	c.used.MoveToFront(el)
	return el.Value.(State), true
}

// put keeps a state, and forgets that which was not used for longest if there are too many.
func (c *cache) put(s State) {
	if c == nil || s.Head.Seq == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.at[s.Head.Stream]; el != nil {
		el.Value = s
		c.used.MoveToFront(el)
		return
	}
	c.at[s.Head.Stream] = c.used.PushFront(s)
	if c.used.Len() > c.max {
		last := c.used.Back()
		delete(c.at, last.Value.(State).Head.Stream)
		c.used.Remove(last)
	}
}

// read is where a target stands by the journal: from the kept state on, if the journal
// still has the record that it ends with, and else from the first record.
func (e *Engine) read(ctx context.Context, t Target) (State, error) {
	if err := t.Validate(); err != nil {
		return State{}, err
	}
	if kept, ok := e.states.get(t.Stream()); ok {
		s, ok, err := e.resume(ctx, kept)
		if err != nil {
			return State{}, err
		}
		if ok {
			return s, nil
		}
	}
	return e.load(ctx, NewState(t))
}

// resume brings a kept state up to date. It is not ok if the journal does not have the
// record that the state ends with: it was restored from an older copy, or compacted up to
// there. That record is read again, so that a state whose record is gone is not taken for
// one that nothing was added to.
func (e *Engine) resume(ctx context.Context, kept State) (s State, ok bool, err error) {
	s = kept.own()
	for rec, err := range e.opts.Journal.Load(ctx, kept.Head.Stream, kept.Head.Seq-1) {
		switch {
		case err != nil && !ok && ctx.Err() == nil:
			return State{}, false, nil // reading it from the first record says what is wrong
		case err != nil:
			return State{}, false, fmt.Errorf("rollout: load %q: %w", kept.Head.Stream, err)
		case !ok:
			before := journal.Head{Stream: kept.Head.Stream, Seq: kept.Head.Seq - 1, Hash: rec.Prev}
			if before.Check(rec) != nil || rec.Hash != kept.Head.Hash {
				return State{}, false, nil
			}
			ok = true
			continue
		}
		if err := s.reduce(rec); err != nil {
			return State{}, false, err
		}
	}
	if ok {
		e.states.put(s)
	}
	return s, ok, nil
}
