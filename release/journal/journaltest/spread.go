package journaltest

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// spread is two journals on the same store, used as if they were one: each call goes to
// one of them, at random and always in the same way. What one of them believes to know
// of the store must not show.
type spread struct {
	both [2]journal.Journal

	mu     sync.Mutex
	random *rand.Rand
}

func newSpread(both [2]journal.Journal) *spread {
	return &spread{both: both, random: rand.New(rand.NewPCG(1, 2))}
}

func (s *spread) one() journal.Journal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.both[s.random.IntN(2)]
}

func (s *spread) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	return s.one().Append(ctx, a)
}

func (s *spread) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return s.one().Load(ctx, stream, after)
}

func (s *spread) Streams(ctx context.Context) iter.Seq2[string, error] { return s.one().Streams(ctx) }

func (s *spread) Feed(ctx context.Context, after journal.Cursor) iter.Seq2[journal.FeedRecord, error] {
	return s.one().Feed(ctx, after)
}

func (s *spread) Claim(ctx context.Context, c journal.Claim) ([]journal.Lease, error) {
	return s.one().Claim(ctx, c)
}

func (s *spread) Renew(ctx context.Context, l journal.Lease, ttl time.Duration) error {
	return s.one().Renew(ctx, l, ttl)
}

func (s *spread) Release(ctx context.Context, l journal.Lease, wake time.Duration) error {
	return s.one().Release(ctx, l, wake)
}

func (s *spread) Compact(ctx context.Context, base journal.Head) error {
	return s.one().Compact(ctx, base)
}

func (s *spread) Close() error { return errors.Join(s.both[0].Close(), s.both[1].Close()) }
