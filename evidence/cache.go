package evidence

import (
	"bytes"
	"container/list"
	"context"
	"hash/maphash"
	"reflect"
	"sync"

	"github.com/sallyport-dev/sallyport/release"
)

// CacheableTrust is a [Trust] whose verdicts a [Cache] may keep: what it says of a
// signature depends on nothing but the envelope and on what its digest identifies.
// It asks no clock, no network and nothing that can change under the same digest.
// An acceptance must be good for ever; times at which keys or certificates end are
// compared with trusted times of the signature, and never with now. [Keyring] is
// one, and so is the trust of package sigstore.
type CacheableTrust interface {
	Trust
	// TrustDigest identifies all that the verdicts of asked depend on besides the
	// envelope: keys, owners, identities, roots, numbers. It must be zero, which is
	// never cached, unless asked is the receiver itself. A type that embeds a trust
	// gets this method with it, and its verdicts may depend on more: it is asked
	// about the outer type, and so does not speak for it. (Implement it on a pointer:
	// pointers can always be compared.)
	TrustDigest(asked Trust) release.Digest
}

// Cache remembers which envelopes were accepted by which trust, so that verifying
// them again costs little more than reading them. It is the host's: there is none
// but those that it makes. A nil Cache remembers nothing. It may be used by several
// goroutines at once.
//
// A hit needs an envelope that is the same in every byte, and a trust of the same
// type and [CacheableTrust.TrustDigest]. So another key, owner, role, identity,
// root or option misses, and a trust that is not cacheable always does.
//
// Only acceptances are kept. A refusal may have a cause that passes, such as a
// context that ended, a key that comes with the next root, or a fault in a host's
// own trust, and must not become a verdict; and whoever can send envelopes can make
// refused ones without end. What is kept is a [Verified] with the trusted times
// that it had, which are times of its signature; how old it is, and whether it has
// been revoked, is for [Decide] at each decision and not for the cache.
type Cache struct {
	limit int
	seed  maphash.Seed

	mu      sync.Mutex
	entries map[cacheKey]*list.Element
	order   *list.List // of cacheEntry, the last used first
	size    int
}

// cacheKey selects an entry; that the envelope is the same is seen by comparing it.
// Hashing all of an envelope takes longer than comparing it, and so the hash is of
// its end alone, where the signature stands in most, unless another envelope is
// there already.
type cacheKey struct {
	kind  reflect.Type
	trust release.Digest
	size  int
	hash  uint64
	whole bool // hash is of the whole envelope
}

// indexed is how many bytes at the end of an envelope select its entry.
const indexed = 256

type cacheEntry struct {
	key  cacheKey
	v    Verified
	size int
}

// NewCache makes a cache that takes up to about so many bytes of memory, and drops
// what was not used for longest. With 0 or less it keeps nothing.
func NewCache(bytes int) *Cache {
	return &Cache{limit: bytes, seed: maphash.MakeSeed(), entries: map[cacheKey]*list.Element{}, order: list.New()}
}

// Verify is [Verify], of envelopes that c does not know.
func (c *Cache) Verify(ctx context.Context, trust Trust, raw []byte) (Verified, error) {
	if v, ok := c.known(ctx, trust, raw); ok {
		return v, nil
	}
	return c.verify(ctx, trust, raw)
}

// Len is how many envelopes are kept.
func (c *Cache) Len() int {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries)
}

// key is where the verdict about raw is looked for first, if it may be kept.
func (c *Cache) key(trust Trust, raw []byte) (cacheKey, bool) {
	if c == nil || c.limit <= 0 {
		return cacheKey{}, false
	}
	d, ok := trustDigest(trust)
	if !ok {
		return cacheKey{}, false
	}
	end := raw[max(0, len(raw)-indexed):]
	return cacheKey{kind: reflect.TypeOf(trust), trust: d, size: len(raw), hash: maphash.Bytes(c.seed, end)}, true
}

func trustDigest(trust Trust) (release.Digest, bool) {
	t, ok := trust.(CacheableTrust)
	if !ok {
		return release.Digest{}, false
	}
	d := t.TrustDigest(trust)
	return d, !d.IsZero()
}

// known is what was accepted before. It is nothing when ctx is over, as for Verify.
func (c *Cache) known(ctx context.Context, trust Trust, raw []byte) (Verified, bool) {
	key, ok := c.key(trust, raw)
	if !ok || ctx.Err() != nil {
		return Verified{}, false
	}
	v, _ := c.find(key, raw)
	return v, !v.IsZero()
}

// find is what is kept of raw, and the key under which it is, or belongs.
func (c *Cache) find(key cacheKey, raw []byte) (Verified, cacheKey) {
	for {
		v := c.get(key)
		switch {
		case v.IsZero() || bytes.Equal(v.v.raw, raw):
			return v, key
		case key.whole:
			return Verified{}, key
		}
		key.hash, key.whole = maphash.Bytes(c.seed, raw), true
	}
}

func (c *Cache) get(key cacheKey) Verified {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := c.entries[key]
	if found == nil {
		return Verified{}
	}
	c.order.MoveToFront(found)
	return found.Value.(cacheEntry).v
}

// verify verifies and keeps what was accepted, unless the trust became another
// meanwhile. Should raw have changed meanwhile, what is kept is never found.
func (c *Cache) verify(ctx context.Context, trust Trust, raw []byte) (Verified, error) {
	key, ok := c.key(trust, raw)
	v, err := Verify(ctx, trust, raw)
	if err != nil || !ok {
		return v, err
	}
	if after, ok := trustDigest(trust); ok && after == key.trust {
		_, key = c.find(key, v.v.raw)
		c.keep(key, v)
	}
	return v, nil
}

func (c *Cache) keep(key cacheKey, v Verified) {
	size := entrySize(v)
	if size > c.limit {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.entries[key]; old != nil {
		c.drop(old)
	}
	c.entries[key] = c.order.PushFront(cacheEntry{key, v, size})
	for c.size += size; c.size > c.limit; {
		c.drop(c.order.Back())
	}
}

func (c *Cache) drop(e *list.Element) {
	entry := c.order.Remove(e).(cacheEntry)
	delete(c.entries, entry.key)
	c.size -= entry.size
}

// entrySize is about what an entry takes: the envelope, the statement, and what is
// read of it now and when it is first decided on. The numbers are of predicates that
// list as many of the smallest resources as they may, and are too large for most.
func entrySize(v Verified) int {
	st := v.v.statement.raw
	return 1024 + len(v.v.raw) + 2*len(st) + 120*bytes.Count(st, []byte(",")) + 180*bytes.Count(st, []byte("{"))
}
