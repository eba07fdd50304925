package postgres

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sallyport-dev/sallyport/internal/groupcommit"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// pending is one append on its way, and then its outcome. Until it has one, it is the
// leader's.
type pending struct {
	journal.Append
	records []journal.Record
	err     error
}

// Append implements [journal.Journal]. An append whose context ends while it waits for
// others was not sent; one whose context ends while it is being committed returns
// ErrUnknown at once, unless its goroutine is the one that commits for the others: that
// waits for the outcome, for [Options.Timeout] at most.
func (j *Journal) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	if err := j.begun(ctx, "nothing was appended"); err != nil {
		return nil, err
	}
	size := 0
	a.Entries = slices.Clone(a.Entries)
	for i := range a.Entries {
		e := &a.Entries[i]
		e.Data = bytes.Clone(e.Data)
		size += len(a.Stream) + len(e.Actor) + len(e.Kind) + len(e.Reason) + len(e.Data) + recordOverhead
	}
	p := &pending{Append: a}
	switch err := j.group.Do(ctx, p, size); {
	case errors.Is(err, groupcommit.ErrUnderWay):
		return nil, fmt.Errorf("%w: %w", journal.ErrUnknown, err)
	case errors.Is(err, journal.ErrClosed):
		return nil, journal.ErrClosed
	case err != nil:
		return nil, fmt.Errorf("journal: nothing was appended: %w", err)
	}
	return p.records, p.err
}

// recordOverhead is about what a record takes on the way beside its texts and data.
const recordOverhead = 100

// commit appends a batch. Of the appends to one stream it takes the first, then the
// second, and so on: the later ones expect, if they are right, what the earlier made.
func (j *Journal) commit(batch []*pending) {
	ctx, cancel := context.WithTimeout(context.Background(), j.timeout)
	defer cancel()
	for len(batch) > 0 {
		taken := map[string]bool{}
		var now, later []*pending
		for _, p := range batch {
			if taken[p.Stream] {
				later = append(later, p)
				continue
			}
			taken[p.Stream] = true
			now = append(now, p)
		}
		j.settle(ctx, now)
		batch = later
	}
}

// settle gives each of some appends to different streams its outcome.
func (j *Journal) settle(ctx context.Context, batch []*pending) {
	for try := 0; ; try++ {
		heads, err := j.judge(ctx, batch, try == 0)
		if err == nil {
			batch = slices.DeleteFunc(batch, func(p *pending) bool { return p.err != nil })
			if len(batch) == 0 {
				return
			}
			err = j.send(ctx, batch, heads)
			batch = slices.DeleteFunc(batch, func(p *pending) bool { return p.records != nil || p.err != nil })
			if len(batch) == 0 {
				return
			}
		}
		switch {
		case ctx.Err() != nil:
			fail(batch, cmp.Or(err, ctx.Err()))
			return
		case err == nil && try >= maxTries:
			for _, p := range batch {
				fail([]*pending{p}, cmp.Or(j.damage(ctx, p.Stream), errBusy))
			}
			return
		case err == nil: // some were not as they were thought to be: look again
		case again(err, try):
			pause(ctx, try)
		case len(batch) > 1:
			// One may be at fault, and the others shall not suffer for it.
			for _, p := range batch {
				j.settle(ctx, []*pending{p})
			}
			return
		default:
			fail(batch, err)
			return
		}
	}
}

var errBusy = errors.New("others were faster too many times")

// damage is why a stream can be neither appended to nor said to be elsewhere, if it is
// damaged.
func (j *Journal) damage(ctx context.Context, stream string) error {
	p, err := j.page(ctx, stream, 0)
	if err != nil {
		return err
	}
	if err := p.begin(new(journal.Head), stream, 0, true); !errors.Is(err, journal.ErrCompacted) {
		return err
	}
	return nil
}

// fail ends appends of which certainly nothing was done.
func fail(batch []*pending, err error) {
	for _, p := range batch {
		p.err = fmt.Errorf("journal: stream %q: nothing was appended: %w", p.Stream, err)
	}
}

// judge finds the heads that a batch is to be sealed on, and ends the appends that cannot
// succeed. What it remembers it uses only at first: then it asks. An error says that
// nothing is known of any.
func (j *Journal) judge(ctx context.Context, batch []*pending, first bool) (map[string]journal.Head, error) {
	found := map[string]journal.Head{}
	var ask [][]byte
	for _, p := range batch {
		head, ok := j.heads.get(p.Stream)
		switch {
		case !first:
			ask = append(ask, []byte(p.Stream))
		case ok && head.Seq == p.Expect:
			found[p.Stream] = head
		case !ok && p.Expect == 0 && p.Token == 0:
			found[p.Stream] = journal.Head{Stream: p.Stream} // the statement will see
		default:
			// Even a head beyond what is expected is asked about: a server that has taken over
			// may not have it.
			ask = append(ask, []byte(p.Stream))
		}
	}
	if len(ask) == 0 {
		return found, nil
	}
	read, err := j.readHeads(ctx, ask)
	if err != nil {
		return nil, err
	}
	for _, p := range batch {
		if _, ok := found[p.Stream]; ok {
			continue
		}
		at := read[p.Stream]
		at.head.Stream = p.Stream
		j.heads.forget(p.Stream)
		if at.head.Seq > 0 {
			j.heads.saw(at.head)
		}
		switch {
		case p.Token != 0 && at.token != p.Token:
			p.err = fmt.Errorf("%w: stream %q, token %d", journal.ErrFenced, p.Stream, p.Token)
		case at.head.Seq != p.Expect:
			p.err = fmt.Errorf("%w: stream %q is at %d, expected %d", journal.ErrConflict, p.Stream, at.head.Seq, p.Expect)
		default:
			found[p.Stream] = at.head
		}
	}
	return found, nil
}

// standing is where a stream stands, and the token of its last lease.
type standing struct {
	head  journal.Head
	token uint64
}

func (j *Journal) readHeads(ctx context.Context, streams [][]byte) (map[string]standing, error) {
	out := map[string]standing{}
	_, err := j.query(ctx, func(r pgx.Rows) error {
		var name, hash []byte
		var version, token int64
		if err := r.Scan(&name, &version, &hash, &token); err != nil {
			return err
		}
		head, err := headOf(string(name), version, hash)
		out[string(name)] = standing{head, uint64(token)}
		return err
	}, j.sql.heads, streams)
	return out, err
}

// headOf is a head that was read.
func headOf(stream string, version int64, hash []byte) (journal.Head, error) {
	if version < 1 || len(hash) != len(release.Digest{}) {
		return journal.Head{}, &journal.CorruptError{Stream: stream, Seq: uint64(max(version, 0)), Problem: "the row of the stream has no version or no hash"}
	}
	return journal.Head{Stream: stream, Seq: uint64(version), Hash: release.Digest(hash)}, nil
}

// send seals a batch on heads and appends it in one statement. Those that were appended
// have their records then, those of which it is not known have an error, and the rest has
// neither. An error says that certainly nothing was done.
func (j *Journal) send(ctx context.Context, batch []*pending, heads map[string]journal.Head) error {
	b := seal(batch, heads)
	var position *int64
	var kept int64
	var refused []int64
	rows := 0
	sql, args := b.statement(j.sql)
	_, err := j.query(ctx, func(r pgx.Rows) error { rows++; return r.Scan(&position, &kept, &refused) }, sql, args...)
	if err != nil && undone(err) {
		return err
	}
	for _, p := range batch {
		j.heads.forget(p.Stream)
	}
	if err == nil && rows == 1 && position == nil {
		return j.whyNot(ctx)
	}
	if err != nil || rows != 1 {
		if err == nil {
			err = fmt.Errorf("the server answered with %d rows", rows)
		}
		for _, p := range batch {
			p.err = fmt.Errorf("%w: stream %q: %w", journal.ErrUnknown, p.Stream, err)
		}
		return nil
	}
	j.growth.saw(*position)
	out := map[int]bool{}
	for _, n := range refused {
		out[int(n)-1] = true
	}
	for i, p := range batch {
		if out[i] {
			continue
		}
		p.records = b.records[i]
		j.heads.saw(p.records[len(p.records)-1].Head())
		kept -= int64(len(p.records))
	}
	if kept != 0 { // the statement does not do that
		for _, p := range batch {
			p.records, p.err = nil, fmt.Errorf("%w: the server kept %d records more than it said", journal.ErrUnknown, kept)
		}
	}
	return nil
}

// whyNot says why the counter was not found: the server is set not to keep anything, or
// the tables are damaged. Nothing was appended.
func (j *Journal) whyNot(ctx context.Context) error {
	if _, err := j.Durability(ctx); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s has no row", journal.ErrCorrupt, tables(j.schema).meta)
}

// sealed is a batch as the statement takes it.
type sealed struct {
	records [][]journal.Record // of each append

	streams, prevs, hashes          [][]byte
	expects, tokens, wakes, version []int64

	of, seqs []int64 // of each record: its append, from 1, and its place
	bodies   [][]byte
}

func seal(batch []*pending, heads map[string]journal.Head) sealed {
	var b sealed
	for i, p := range batch {
		head := heads[p.Stream]
		b.streams = append(b.streams, []byte(p.Stream))
		b.expects = append(b.expects, int64(head.Seq))
		b.prevs = append(b.prevs, bytes.Clone(head.Hash[:]))
		b.tokens = append(b.tokens, int64(p.Token))
		b.wakes = append(b.wakes, microseconds(p.Wake))
		records := make([]journal.Record, len(p.Entries))
		for k, e := range p.Entries {
			records[k] = journal.Seal(head, e)
			head = records[k].Head()
			body, _ := records[k].AppendBinary(nil) // it never fails
			b.of = append(b.of, int64(i+1))
			b.seqs = append(b.seqs, int64(head.Seq))
			b.bodies = append(b.bodies, body)
		}
		b.records = append(b.records, records)
		b.version = append(b.version, int64(head.Seq))
		b.hashes = append(b.hashes, bytes.Clone(head.Hash[:]))
	}
	return b
}

// statement is the one that fits, and its arguments.
func (b sealed) statement(s statements) (string, []any) {
	if len(b.bodies) == 1 && b.expects[0] > 0 {
		return s.appendOne, []any{b.streams[0], b.expects[0], b.prevs[0], b.tokens[0], b.wakes[0], b.hashes[0], b.bodies[0]}
	}
	return s.appendMany, []any{int64(len(b.bodies)), b.streams, b.expects, b.prevs, b.tokens, b.wakes, b.version, b.hashes, b.of, b.seqs, b.bodies}
}

// microseconds is a duration as the server gets it, rounded up; -1 is never.
func microseconds(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64((d + time.Microsecond - 1) / time.Microsecond)
}
