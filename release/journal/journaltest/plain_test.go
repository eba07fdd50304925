package journaltest_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/journaltest"
)

// plain is a journal that is open on a shelf. It is the least that a store can be,
// written from the contract alone and without a thought of speed. Where it keeps a
// rule that a mutant is to drop, it asks the shelf whether it keeps it.
type plain struct {
	*shelf
	closed bool

	// What mutants believe to know of the shelf.
	tokens map[string]uint64
	seen   map[journal.Head]stream
}

func (s *shelf) open() *plain {
	return &plain{shelf: s, tokens: map[string]uint64{}, seen: map[journal.Head]stream{}}
}

// shelf is what a plain journal keeps, also when it is closed, and shares with others
// that are open beside it.
type shelf struct {
	without string // the rule that is dropped; empty for a correct store

	mu       sync.Mutex
	asked    map[string]int
	ahead    time.Duration // of the clock of the machine
	streams  map[string]*stream
	feed     []journal.FeedRecord
	places   map[journal.Cursor]uint64
	position uint64
	dropped  uint64 // the highest position that was forgotten
	token    uint64
	workers  map[string]string
}

type stream struct {
	base    journal.Head
	records []journal.Record
	wake    time.Time
	never   bool
	touched time.Time // when it was last appended to
	said    time.Time // the wake of the last append, if it has one
	token   uint64
	until   time.Time
	held    bool
}

func newShelf(without string) *shelf {
	return &shelf{
		without: without, asked: map[string]int{}, streams: map[string]*stream{},
		places: map[journal.Cursor]uint64{}, workers: map[string]string{},
	}
}

// keeps reports whether the store keeps a rule.
func (s *shelf) keeps(rule string) bool {
	if rule != s.without {
		return true
	}
	s.asked[rule]++
	return false
}

// keepsMostly is keeps for a rule that is broken only now and then.
func (s *shelf) keepsMostly(rule string) bool {
	return s.keeps(rule) || s.asked[rule]%5 > 0
}

func (s *shelf) now() time.Time { return time.Now().Add(s.ahead) }

func (s *shelf) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// of is a stream, also one that nobody has appended to.
func (s *shelf) of(name string) *stream {
	if x := s.streams[name]; x != nil {
		return x
	}
	return &stream{base: journal.Head{Stream: name}}
}

func (x *stream) head() journal.Head {
	if n := len(x.records); n > 0 {
		return x.records[n-1].Head()
	}
	return x.base
}

func (x *stream) due(wake time.Duration, now time.Time) {
	x.never, x.wake = wake == journal.Never, now.Add(max(wake, 0))
}

// whole is a time as a store keeps it that has a column for seconds.
func (s *shelf) whole(t time.Time, what string) time.Time {
	if !s.keeps(what + " is kept to less than a second") {
		return t.Truncate(time.Second)
	}
	return t
}

// lock is held until the function that it returns is called, whatever the outcome.
func (p *plain) lock(ctx context.Context, method string) (unlock func(), err error) {
	p.mu.Lock()
	switch {
	case p.closed && p.keeps("a closed journal refuses "+method):
		return p.mu.Unlock, journal.ErrClosed
	case ctx.Err() != nil && p.keeps("a context that has ended stops "+method):
		return p.mu.Unlock, fmt.Errorf("%s: %w", method, ctx.Err())
	}
	return p.mu.Unlock, nil
}

func (p *plain) Append(ctx context.Context, a journal.Append) (records []journal.Record, err error) {
	if err := a.Check(); err != nil && p.keeps("the check of an append") {
		return nil, err
	}
	unlock, err := p.lock(ctx, "Append")
	defer func() { unlock() }()
	if err != nil {
		return nil, err
	}
	x := p.of(a.Stream)
	mine := a.Token == p.tokens[a.Stream] && !p.keeps("claims of others are seen")
	fenced := !mine && a.Token != 0 && a.Token != x.token && p.keeps("the token check of an append")
	conflict := a.Expect != x.head().Seq && p.keeps("the version check")
	switch {
	case fenced && conflict && !p.keeps("the token is looked at before the version"):
		return nil, journal.ErrConflict
	case fenced:
		return nil, journal.ErrFenced
	case a.Token != 0 && !x.held && !p.keeps("a released lease lets its holder append"):
		return nil, journal.ErrFenced
	case a.Token != 0 && x.held && p.now().After(x.until) && !p.keeps("a lease whose time is over lets its holder append"):
		return nil, journal.ErrFenced
	case a.Token == 0 && x.held && p.now().Before(x.until) && !p.keeps("who gives no token may append"):
		return nil, journal.ErrFenced
	case conflict && p.again(x, a) && !p.keeps("the same append again is a conflict"):
		return copied(x.records[a.Expect-x.base.Seq:][:len(a.Entries)]), nil
	case conflict:
		if !p.keeps("a refused append leaves the wake alone") {
			x.due(a.Wake, p.now())
		}
		return nil, fmt.Errorf("%w: at %v", journal.ErrConflict, x.head())
	case !p.keeps("versions go on after compaction") && a.Expect != uint64(len(x.records)):
		return nil, journal.ErrConflict
	}
	if !p.keeps("an outcome that is not known is named") {
		// The store goes on with what its caller has given up.
		p.mu.Unlock()
		time.Sleep(time.Millisecond)
		p.mu.Lock()
		if x = p.of(a.Stream); a.Expect != x.head().Seq {
			return nil, journal.ErrConflict
		}
		defer func() {
			if ctx.Err() != nil {
				records, err = nil, ctx.Err()
			}
		}()
	}
	first := p.position + 1
	p.position += uint64(len(a.Entries))
	if !p.keeps("positions are in the order of commits") {
		// The place in the feed is taken, and others overtake.
		p.mu.Unlock()
		if len(a.Entries) == 1 {
			time.Sleep(200 * time.Microsecond)
		}
		p.mu.Lock()
		if x = p.of(a.Stream); a.Expect != x.head().Seq {
			return nil, journal.ErrConflict
		}
	}
	added := p.seal(x.head(), a.Entries)
	if !p.keeps("a chain goes on after compaction") && x.base.Seq > 0 {
		added = p.seal(journal.Head{Stream: a.Stream, Seq: x.head().Seq}, a.Entries)
	}
	if !p.keepsMostly("what was acknowledged is kept") {
		return added, nil
	}
	p.keep(x, added, first)
	p.schedule(x, a)
	if !p.keepsMostly("what was kept is acknowledged") {
		return nil, journal.ErrConflict
	}
	return copied(added), nil
}

// again reports whether an append is of what follows the version that it expects already.
func (p *plain) again(x *stream, a journal.Append) bool {
	if a.Expect < x.base.Seq || a.Expect+uint64(len(a.Entries)) > x.head().Seq {
		return false
	}
	for i, r := range x.records[a.Expect-x.base.Seq:][:len(a.Entries)] {
		if !bytes.Equal(r.Data, a.Entries[i].Data) || r.Kind != a.Entries[i].Kind {
			return false
		}
	}
	return true
}

func (p *plain) seal(head journal.Head, entries []journal.Entry) (out []journal.Record) {
	for _, e := range entries {
		if !p.keeps("times to the nanosecond") {
			e.At = e.At.Truncate(time.Microsecond)
		}
		out = append(out, journal.Seal(head, e))
		head = out[len(out)-1].Head()
	}
	return out
}

// keep puts records into their stream and into the feed.
func (p *plain) keep(x *stream, added []journal.Record, first uint64) {
	stored := copied(added)
	if !p.keeps("a whole batch") {
		stored = stored[:(len(stored)+1)/2]
	}
	if !p.keeps("the caller's bytes are copied") {
		stored = added
	}
	x.records = append(x.records, stored...)
	p.streams[x.base.Stream] = x
	for i, r := range stored {
		switch {
		case !p.keeps("each record of a batch in the feed") && i < len(stored)-1:
			continue
		case !p.keeps("records of any size in the feed") && len(r.Data) > 1<<20:
			continue
		}
		position := first + uint64(i)
		if !p.keeps("one order for all streams") {
			position = r.Seq
		}
		f := journal.FeedRecord{Record: r, Cursor: journal.NewCursor(position, r.Hash)}
		if !p.keeps("cursors are behind their record") && position > 1 {
			f.Cursor = journal.NewCursor(position-1, r.Hash)
		}
		p.places[f.Cursor] = position
		p.feed = append(p.feed, f)
	}
	if !p.keeps("the order of a stream in the feed") {
		n := len(p.feed)
		slices.Reverse(p.feed[max(0, n-2):])
	}
	if !p.keeps("positions are in the order of commits") {
		slices.SortStableFunc(p.feed, func(a, b journal.FeedRecord) int {
			return cmp.Compare(p.places[a.Cursor], p.places[b.Cursor])
		})
	}
	if !p.keeps("the feed is in an order of commits") {
		slices.SortStableFunc(p.feed, func(a, b journal.FeedRecord) int { return strings.Compare(a.Stream, b.Stream) })
	}
}

// schedule says when an append makes its stream due.
func (p *plain) schedule(x *stream, a journal.Append) {
	old := *x
	x.due(a.Wake, p.now())
	x.wake = p.whole(x.wake, "a wake")
	known := x.head().Seq > uint64(len(a.Entries))
	x.touched, x.said = p.now(), x.wake
	switch free := !x.held || !x.until.After(p.now()); {
	case known && a.Wake == 0 && !old.never && !old.wake.After(p.now()) && p.keeps("what is due stays due since then") &&
		(free || !p.keeps("who holds it puts it behind the others")):
		x.wake = old.wake
	case !p.keeps("the last of many in one go says the wake") && x.touched.Sub(old.touched) < 20*time.Millisecond,
		!p.keeps("an append replaces the wake") && known,
		!p.keeps("an earlier wake replaces a later one") && known && (old.never || x.wake.Before(old.wake)),
		!p.keeps("a later wake replaces an earlier one") && known && (x.never || x.wake.After(old.wake)):
		x.never, x.wake = old.never, old.wake
	case !p.keeps("Never is never"):
		x.never = false
	case !p.keeps("zero is at once"):
		x.never = x.never || a.Wake == 0
	case !p.keeps("wakes are by the store's clock"):
		x.wake = a.Entries[0].At.Add(max(a.Wake, 0))
	case !p.keeps("a wake as far ahead as allowed"):
		if far := x.wake.Sub(p.now()); far > journal.MaxWake/2 {
			x.wake = p.now() // as a number that has overflowed
		}
	}
	if !p.keeps("an append leaves leases alone") {
		x.until, x.held = time.Time{}, false
	}
	if !p.keeps("an append does not renew the lease") && x.held && a.Token != 0 {
		x.until = p.now().Add(time.Hour)
	}
	if !p.keeps("an append without a token leaves the token alone") && a.Token == 0 {
		x.token = 0
	}
}

func (p *plain) Load(ctx context.Context, name string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		unlock, err := p.lock(ctx, "Load")
		x := *p.of(name)
		if old, known := p.seen[x.head()]; known && !p.keeps("what others forgot is forgotten") {
			x = old
		}
		p.seen[x.head()] = x
		all, over := copied(x.records), p.keeps("records end with the stream")
		if err == nil && after < x.base.Seq && p.keeps("reading what was forgotten is an error") {
			base := x.base
			if !p.keeps("the error says from where on a stream is kept") {
				base.Seq++
			}
			if !p.keeps("the error has the hash of what was forgotten") {
				base.Hash = release.Digest{}
			}
			err = &journal.CompactedError{Base: base}
		}
		if !p.keeps("streams of any length are loaded") {
			all = all[:min(len(all), 1000)]
		}
		unlock()
		if !over {
			all = append(all, all...)
		}
		if err != nil {
			yield(journal.Record{}, err)
			return
		}
		for _, r := range all {
			if r.Seq > after && !yield(r, nil) {
				return
			}
			if r.Seq > after && (r.Seq-after)%500 == 0 && !p.keeps("a long loop over a stream ends with what was there") {
				p.Load(ctx, name, r.Seq)(yield) // the next page, as it is now
				return
			}
		}
	}
}

func (p *plain) Streams(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		unlock, err := p.lock(ctx, "Streams")
		names := slices.Sorted(maps.Keys(p.streams))
		if !p.keeps("a compacted stream is listed") {
			names = slices.DeleteFunc(names, func(n string) bool { return p.streams[n].base.Seq > 0 })
		}
		if !p.keeps("any number of streams is listed") {
			names = names[:min(len(names), 1000)]
		}
		unlock()
		if err != nil {
			yield("", err)
			return
		}
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
	}
}

func (p *plain) Feed(ctx context.Context, after journal.Cursor) iter.Seq2[journal.FeedRecord, error] {
	look := func(after journal.Cursor) ([]journal.FeedRecord, error) {
		unlock, err := p.lock(ctx, "Feed")
		defer unlock()
		if err != nil {
			return nil, err
		}
		return p.behind(after)
	}
	p.mu.Lock()
	early, live := !p.keeps("a loop over the feed reads anew"), !p.keeps("a loop over the feed ends")
	paged := !p.keeps("a long loop over the feed ends with what was there")
	p.mu.Unlock()
	if early {
		records, err := look(after)
		look = func(journal.Cursor) ([]journal.FeedRecord, error) { return records, err }
	}
	return func(yield func(journal.FeedRecord, error) bool) {
		for after := after; ; {
			records, err := look(after)
			if err != nil {
				yield(journal.FeedRecord{}, err)
				return
			}
			if paged {
				records = records[:min(len(records), 500)]
			}
			for _, f := range records {
				if !yield(f, nil) {
					return
				}
				after = f.Cursor
			}
			if !(live || paged && len(records) == 500) || len(records) == 0 {
				return
			}
		}
	}
}

// behind is what the feed holds behind a cursor.
func (p *plain) behind(after journal.Cursor) ([]journal.FeedRecord, error) {
	position, err := after.Position()
	if err != nil && p.keeps("what is no cursor is refused") {
		return nil, err
	}
	var out []journal.FeedRecord
	found := false
	for _, f := range p.feed {
		at := p.places[f.Cursor]
		found = found || at == position && (after.Of(f.Hash) || !p.keeps("the cursor of another journal is refused"))
		if at > position || at == position && !p.keeps("a cursor is behind its record") {
			if p.keeps("readers own what the feed gave them") {
				f.Data = bytes.Clone(f.Data)
			}
			out = append(out, f)
		}
	}
	if !p.keeps("all hashes in the feed") {
		for i := range out {
			out[i].Prev = release.Digest{}
		}
	}
	if !p.keeps("a feed of any length") {
		out = out[:min(len(out), 1000)]
	}
	last := uint64(0)
	if len(p.feed) > 0 {
		last = p.places[p.feed[len(p.feed)-1].Cursor]
	}
	switch {
	case position == 0:
		if p.dropped > 0 && !p.keeps("from the beginning the feed has what is kept") {
			return nil, journal.ErrCompacted
		}
		return out, nil
	case position < p.dropped:
		if p.keeps("a feed with a gap is refused") {
			return nil, journal.ErrCompacted
		}
		return out, nil
	case position == p.dropped:
		if !p.keeps("a feed goes on from the last that was forgotten") {
			return nil, journal.ErrCompacted
		}
		return out, nil
	case found, position > last && !p.keeps("a cursor beyond the end is refused"):
		return out, nil
	case err != nil:
		return out, nil
	}
	return nil, journal.ErrCursor
}

func (p *plain) Compact(ctx context.Context, base journal.Head) error {
	unlock, err := p.lock(ctx, "Compact")
	defer unlock()
	if err != nil {
		return err
	}
	x := p.of(base.Stream)
	switch {
	case base == x.base:
		if !p.keeps("compaction again is no error") && base.Seq > 0 {
			return journal.ErrConflict
		}
		return nil
	case base.Seq < x.base.Seq:
		if !p.keeps("compaction to an older base does nothing") {
			x.base = base
		}
		return nil
	case base.Seq == x.base.Seq:
		if !p.keeps("the hash of the base that is kept is looked at") {
			return nil
		}
		return journal.ErrConflict
	case base.Seq >= x.head().Seq:
		if !p.keeps("what is not there cannot be compacted") {
			return nil
		}
		if p.keeps("one record stays") || base != x.head() {
			return journal.ErrConflict
		}
	}
	n := base.Seq - x.base.Seq
	if x.records[n-1].Hash != base.Hash && p.keeps("the hash of the base is looked at") {
		if p.keeps("a refused compaction forgets nothing") {
			return journal.ErrConflict
		}
		defer func() { err = journal.ErrConflict }()
	}
	p.forget(x, base, n)
	return err
}

// forget forgets the first n records of a stream.
func (p *plain) forget(x *stream, base journal.Head, n uint64) {
	upto := base.Seq
	switch {
	case !p.keeps("compaction forgets all up to the base"):
		n, upto, base = n-1, upto-1, journal.Head{Stream: base.Stream, Seq: base.Seq - 1, Hash: x.records[n-1].Prev}
	case !p.keeps("compaction forgets nothing after the base"):
		n, upto, base = n+1, upto+1, x.records[n].Head()
	case !p.keeps("the base is what was asked for"):
		base.Hash[0] ^= 1
	}
	x.base, x.records = base, slices.Clone(x.records[n:])
	clear(p.seen)
	var kept []journal.FeedRecord
	for _, f := range p.feed {
		gone := f.Stream == base.Stream && f.Seq <= upto
		switch {
		case f.Stream == base.Stream && !gone && !p.keeps("the feed keeps what the stream keeps"):
			continue
		case f.Stream != base.Stream && f.Seq <= upto && !p.keeps("compaction leaves other streams alone"):
			gone = true
		case gone && !p.keeps("compaction forgets in the feed too"):
			gone = false
		}
		if gone {
			p.dropped = max(p.dropped, p.places[f.Cursor])
			continue
		}
		kept = append(kept, f)
	}
	p.feed = kept
	if !p.keeps("cursors stay what they are after compaction") {
		for i := range p.feed {
			p.feed[i].Cursor = journal.NewCursor(uint64(i)+1, p.feed[i].Hash)
			p.places[p.feed[i].Cursor] = uint64(i) + 1
		}
		p.dropped = 0
	}
	if !p.keeps("compaction leaves the wake alone") {
		x.due(0, p.now())
	}
	if !p.keeps("compaction leaves leases alone") {
		x.held, x.token = false, 0
	}
}

func (p *plain) Claim(ctx context.Context, c journal.Claim) (leases []journal.Lease, err error) {
	if err := c.Check(); err != nil && p.keeps("the check of a claim") {
		return nil, err
	}
	unlock, err := p.lock(ctx, "Claim")
	defer unlock()
	if err != nil {
		return nil, err
	}
	now := p.now()
	names := slices.Sorted(maps.Keys(p.streams))
	if p.keeps("those first that have been due for longest") {
		slices.SortStableFunc(names, func(a, b string) int { return p.of(a).wake.Compare(p.of(b).wake) })
		if !p.keeps("not those first that became due last") {
			slices.Reverse(names)
		}
	}
	if !p.keeps("Max is of the streams with the prefix") {
		all := c
		all.Prefix = ""
		names = slices.DeleteFunc(names, func(n string) bool { return !p.claimable(n, p.streams[n], all, now) })
		names = names[:min(len(names), c.Max)]
	}
	for _, name := range names {
		if x := p.streams[name]; p.claimable(name, x, c, now) {
			if p.keeps("at most Max") && len(leases) == c.Max || len(leases) == 500 && !p.keeps("as many as Max") {
				break
			}
			leases = append(leases, p.lease(name, x, c, now))
		}
	}
	return leases, nil
}

func (p *plain) claimable(name string, x *stream, c journal.Claim, now time.Time) bool {
	due := !x.never && !x.wake.After(now)
	free := !x.held || !x.until.After(now)
	mine := p.workers[name] == c.Worker
	begins := strings.HasPrefix(name, c.Prefix)
	switch {
	case !p.keeps("only what is due is claimed"):
		due = !x.never
	case !p.keeps("what never is due is not claimed"):
		due = x.never || due
	case !p.keeps("what somebody holds is not claimed"):
		free = true
	case !p.keepsMostly("what somebody holds is hardly ever claimed"):
		free = true
	case !p.keeps("a worker's own lease is not claimed again"):
		free = free || mine
	case !p.keeps("what was held and is over is claimed"):
		free = !x.held
	case !p.keeps("a claim keeps to its prefix"):
		begins = true
	case !p.keeps("a prefix is no pattern"):
		begins = like(name, c.Prefix)
	case !p.keeps("a prefix has its case"):
		begins = strings.HasPrefix(strings.ToLower(name), strings.ToLower(c.Prefix))
	case !p.keeps("a prefix may end with 0xff"):
		begins = begins && !strings.HasSuffix(c.Prefix, "\xff")
	case !p.keeps("a prefix is text of any bytes"):
		begins = strings.HasPrefix(string([]rune(name)), string([]rune(c.Prefix)))
	}
	return due && free && begins
}

func like(name, prefix string) bool {
	for i := range len(prefix) {
		switch {
		case prefix[i] == '%':
			return true
		case i >= len(name), prefix[i] != '_' && prefix[i] != name[i]:
			return false
		}
	}
	return true
}

func (p *plain) lease(name string, x *stream, c journal.Claim, now time.Time) journal.Lease {
	p.token++
	switch {
	case !p.keeps("tokens grow"):
		x.token = 1
	case !p.keeps("tokens grow after a release") && !x.held:
		x.token = 1
	default:
		x.token = p.token
	}
	x.held, x.until = true, now.Add(c.TTL)
	if !p.keeps("a lease lasts") {
		x.until = now.Add(c.TTL / 2)
	}
	x.until = p.whole(x.until, "the end of a lease")
	p.workers[name], p.tokens[name] = c.Worker, x.token
	l := journal.Lease{Stream: name, Token: x.token, Seq: x.head().Seq}
	if !p.keeps("a lease has the version") {
		l.Seq = uint64(len(x.records)) - min(uint64(len(x.records)), 1)
	}
	return l
}

// current is the stream that l is the lease of.
func (p *plain) current(l journal.Lease, method string) (*stream, error) {
	x := p.of(l.Stream)
	switch {
	case x.token != l.Token && p.keeps("the token check of "+method):
		return nil, journal.ErrFenced
	case x.token == l.Token && !x.held && p.keeps("a released lease is not for "+method):
		return nil, journal.ErrFenced
	case !x.until.After(p.now()) && !p.keeps("a lease whose time is over is there for "+method):
		return nil, journal.ErrFenced
	}
	return x, nil
}

func (p *plain) Renew(ctx context.Context, l journal.Lease, ttl time.Duration) error {
	if err := cmp.Or(journal.CheckTTL(ttl), l.Check()); err != nil && p.keeps("the check of Renew") {
		return err
	}
	unlock, err := p.lock(ctx, "Renew")
	defer unlock()
	if err != nil {
		return err
	}
	x, err := p.current(l, "Renew")
	if err != nil {
		return err
	}
	switch {
	case !p.keeps("Renew makes a lease last"):
	case !p.keeps("Renew counts from now"):
		x.until = x.until.Add(ttl)
	case !p.keeps("Renew may end a lease sooner") && x.until.After(p.now().Add(ttl)):
	default:
		x.until = p.now().Add(ttl)
	}
	return nil
}

func (p *plain) Release(ctx context.Context, l journal.Lease, wake time.Duration) error {
	if err := cmp.Or(journal.CheckWake(wake), l.Check()); err != nil && p.keeps("the check of Release") {
		return err
	}
	unlock, err := p.lock(ctx, "Release")
	defer unlock()
	if err != nil {
		return err
	}
	x, err := p.current(l, "Release")
	if err != nil {
		return err
	}
	switch {
	case !p.keeps("Release says when a stream is due"):
	case x.head().Seq == l.Seq, !p.keeps("Release leaves the wake of a later append"):
		x.due(wake, p.now())
	case wake < x.wake.Sub(p.now()) && !p.keeps("Release leaves the later wake of a later append"):
		x.due(wake, p.now())
	}
	if p.keeps("a released stream is free") {
		x.held = false
	}
	if !p.keeps("a released token stays the last one") {
		x.token = 0
	}
	return nil
}

func (p *plain) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed && !p.keeps("Close may be called twice") {
		return journal.ErrClosed
	}
	p.closed = true
	return nil
}

// reopen opens the shelf of p again; alone says that no other journal has it open.
func (p *plain) reopen(alone bool) *plain {
	p.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.streams {
		if alone && p.keeps("a store of one process forgets its leases") {
			x.token, x.held = 0, false
		}
		if !alone && !p.keeps("a store of many processes keeps its leases") {
			x.token, x.held = 0, false
		}
		switch {
		case !p.keeps("wakes are kept"):
			x.due(0, p.now())
		case !p.keeps("what is due is still due when it is opened again"):
			x.never = true
		case !p.keeps("what a release said is kept") && !alone:
			x.never, x.wake = false, x.said
		case !p.keeps("bases are kept"):
			x.base = journal.Head{Stream: x.base.Stream}
		case !p.keeps("records are kept"):
			x.records = x.records[:len(x.records)-1]
		}
	}
	if !p.keeps("tokens grow when it is opened again") {
		p.token = 0
	}
	if !p.keeps("positions are kept") {
		p.position, p.dropped = 0, 0
		for i := range p.feed {
			p.position++
			p.feed[i].Cursor = journal.NewCursor(p.position+1, p.feed[i].Hash)
			p.places[p.feed[i].Cursor] = p.position + 1
		}
		p.position++
	}
	if !p.keeps("what the feed forgot stays forgotten") {
		p.dropped = 0
	}
	return p.shelf.open()
}

func copied(records []journal.Record) []journal.Record {
	out := slices.Clone(records)
	for i := range out {
		out[i].Data = slices.Clone(out[i].Data)
	}
	return out
}

// plainStore is how the suite is run on a plain store: with its clock or without, as a
// store of one process or of many.
func plainStore(without string, clock, many bool) (journaltest.Opener, *journaltest.Options) {
	opts := &journaltest.Options{
		Reopen: func(t testing.TB, j journal.Journal) journal.Journal { return j.(*plain).reopen(!many) },
	}
	if clock {
		opts.Advance = func(j journal.Journal, d time.Duration) { j.(*plain).advance(d) }
	}
	if many {
		opts.Beside = func(t testing.TB, j journal.Journal) journal.Journal { return j.(*plain).shelf.open() }
	}
	return func(testing.TB) journal.Journal { return newShelf(without).open() }, opts
}

// The suite asks for nothing that the contract does not promise; else the mutants would
// prove nothing.
func TestPlainStorePasses(t *testing.T) {
	t.Parallel()
	for _, clock := range []bool{false, true} {
		for _, many := range []bool{false, true} {
			t.Run(fmt.Sprintf("clock %v, many %v", clock, many), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					open, opts := plainStore("", clock, many)
					require.Empty(t, suite(t, open, opts))
				})
			})
		}
	}
}
