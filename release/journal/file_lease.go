package journal

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// tokenBlock is how many tokens are noted in the file at once as given. What is left of
// them when the File ends is skipped.
const tokenBlock = 1 << 16

// Claim implements [Leases]. It is decided in the order of the appends, and waits for
// those that are being written.
func (f *File) Claim(ctx context.Context, c Claim) ([]Lease, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := f.writable(); err != nil {
		return nil, err
	}
	w := &commit{claim: &c}
	if err := f.group.Do(ctx, w, itemHeaderSize+8); err != nil {
		if ctx.Err() != nil && !errors.Is(err, ErrClosed) {
			return nil, fmt.Errorf("journal: claim: %w", ctx.Err())
		}
		return nil, stopped(err)
	}
	return w.leases, w.err
}

// decideClaim leases what is due. Tokens are given only once the file says that they
// may have been.
func (f *File) decideClaim(b *batch, c *commit) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.schedule.token >= maxCount-tokenBlock-MaxClaim {
		c.err = fmt.Errorf("journal: claim: there are no tokens after %d", f.schedule.token)
		return
	}
	c.leases = f.schedule.claim(*c.claim, b.now)
	if f.schedule.token > f.seg.tokens {
		f.seg.tokens = f.schedule.token + tokenBlock
		b.frame = appendNumber(b.frame, itemTokens, f.seg.tokens)
	}
}

// Renew implements [Leases].
func (f *File) Renew(ctx context.Context, l Lease, ttl time.Duration) error {
	if err := CheckTTL(ttl); err != nil {
		return err
	}
	if err := l.Check(); err != nil {
		return err
	}
	return f.scheduled(ctx, func(s *schedule, now time.Time) error { return s.renew(l, ttl, now) })
}

// Release implements [Leases]. The wake is kept in memory: after Close or a crash, the
// stream is due when its last append said.
func (f *File) Release(ctx context.Context, l Lease, wake time.Duration) error {
	if err := CheckWake(wake); err != nil {
		return err
	}
	if err := l.Check(); err != nil {
		return err
	}
	return f.scheduled(ctx, func(s *schedule, now time.Time) error { return s.release(l, wake, now) })
}

func (f *File) scheduled(ctx context.Context, do func(*schedule, time.Time) error) error {
	if err := f.writable(); err != nil {
		return err
	}
	now := f.o.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.refusal(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return do(&f.schedule, now)
}

// longAgo is before every wake that anybody waits for.
const longAgo = -100 * 365 * 24 * time.Hour

// restore makes the schedule of what was read. Streams that are due at once come before
// those with a time of their own, in the order of their last appends: when those were
// is not in the file.
func (f *File) restore() {
	s, now := f.seg, f.o.Now()
	f.schedule.token = s.tokens
	for name, t := range s.streams {
		d := s.dues[name]
		switch {
		case d.never:
			d.at = time.Time{}
		case d.at.IsZero():
			d.at = now.Add(longAgo + time.Duration(t.place(t.head.Seq).off))
		}
		f.schedule.restored(name, t.head.Seq, d.at, now)
	}
}
