package journal

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Never is a [Append.Wake]: the stream is not due until an append says so.
const Never = time.Duration(-1)

// Bounds of the durations that a store is given.
const (
	// MaxWake bounds how far ahead a stream can be due: about ten years.
	MaxWake = 10 * 366 * 24 * time.Hour
	// MaxTTL bounds how long a lease lasts without being renewed.
	MaxTTL = 24 * time.Hour
	// MaxClaim bounds how many streams are claimed at once.
	MaxClaim = 1000
)

// Leases share the work on streams among many workers. All times are by the store's
// clock, and callers give durations.
//
// A lease saves work and is never needed for safety: it may end while its holder
// believes in it, and what keeps two holders apart is the version that each append
// expects, and the token where it is given.
//
// A store keeps times to the microsecond or finer. A clock that steps back makes
// streams due later and leases longer, one that steps forward makes both earlier; it
// breaks nothing else. A store of a single process forgets its leases when it is closed:
// opened again, it says ErrFenced to all tokens that it gave before.
type Leases interface {
	// Claim leases streams that are due and that nobody holds, those first that have
	// been due for longest; among those that have been due equally long the order is
	// the store's. Only streams that have records are due. It returns none if there are
	// none. After an error it may have leased some, which are free again when the TTL
	// has passed.
	Claim(ctx context.Context, c Claim) ([]Lease, error)
	// Renew makes a lease last for ttl from now, which may be sooner than it was to
	// end. It is ErrFenced if l.Token is not the last that was given for the stream, or
	// if the lease was released; a lease whose time is over is renewed if nobody has
	// claimed the stream.
	Renew(ctx context.Context, l Lease, ttl time.Duration) error
	// Release gives a lease back: others may claim the stream at once if it is due. If
	// the stream is at version l.Seq, which its holder moves on to the last record that
	// it knows, wake says when it is due again, as in [Append.Wake]; otherwise what the
	// last append said stands, so that nothing that was appended meanwhile is slept
	// over. A store may forget a wake that was given here when it crashes, and one of a
	// single process also when it is closed: the stream is then due when its last append
	// said. It is ErrFenced as in Renew, so also the second time.
	Release(ctx context.Context, l Lease, wake time.Duration) error
}

// Claim says what a worker takes on.
type Claim struct {
	// Worker is who claims, for people who look into the store, at most [MaxText]
	// bytes.
	Worker string
	// Prefix limits the claim to streams whose names begin with these bytes, which may
	// be any. The empty prefix is that of all streams.
	Prefix string
	// TTL is how long the leases last unless they are renewed, by the store's clock.
	// It must be positive and at most [MaxTTL].
	TTL time.Duration
	// Max bounds how many streams are leased: 1 to [MaxClaim].
	Max int
}

// Lease is the right to be the one who works on a stream for a while.
type Lease struct {
	// Stream is the stream.
	Stream string
	// Token is larger than that of every earlier lease of the stream, and never zero.
	// It says nothing beside another stream, where the same number may be current.
	Token uint64
	// Seq is the version of the stream when it was claimed. Who releases the lease sets
	// it to the version that the wake was decided on.
	Seq uint64
}

// Check says what is wrong with a claim before any store sees it. Stores call it first.
func (c Claim) Check() error {
	switch {
	case len(c.Worker) > MaxText:
		return fmt.Errorf("journal: claim: the worker's name has %d bytes; at most %d are allowed", len(c.Worker), MaxText)
	case len(c.Prefix) > MaxStream:
		return fmt.Errorf("journal: claim: the prefix has %d bytes; at most %d are allowed", len(c.Prefix), MaxStream)
	case c.Max < 1 || c.Max > MaxClaim:
		return fmt.Errorf("journal: claim: Max is %d; it must be 1 to %d", c.Max, MaxClaim)
	}
	return CheckTTL(c.TTL)
}

// CheckTTL says what is wrong with how long a lease is to last. Stores call it first.
func CheckTTL(ttl time.Duration) error {
	if ttl <= 0 || ttl > MaxTTL {
		return fmt.Errorf("journal: a lease for %v; it must be more than 0 and at most %v", ttl, MaxTTL)
	}
	return nil
}

// CheckWake says what is wrong with a wake. Stores call it first.
func CheckWake(wake time.Duration) error {
	if wake != Never && (wake < 0 || wake > MaxWake) {
		return fmt.Errorf("journal: a wake in %v; it must be Never, or 0 to %v", wake, MaxWake)
	}
	return nil
}

var errNoToken = errors.New("journal: the lease has no token")

// Check says what is wrong with a lease that no store can have given. Stores call it
// first.
func (l Lease) Check() error {
	if l.Token == 0 {
		return errNoToken
	}
	return nil
}
