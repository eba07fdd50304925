package postgres

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// What is read at once: so many rows, and so many bytes but for one record.
const (
	pageRows  = 500
	pageBytes = 4 << 20
	pageNames = 1000
)

// page is a part of a stream as it was at one moment.
type page struct {
	there   bool // the stream is
	head    journal.Head
	base    journal.Head
	prev    []byte // the hash of the record that the page comes after
	bodies  [][]byte
	strange string // a problem with the row of the stream
}

// Load implements [journal.Reader]. It reads in pages, and no connection is held while
// the loop's body runs. Records that are compacted away while it runs end it with a
// [*journal.CompactedError].
func (j *Journal) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		var until journal.Head // where the stream stood when the loop began
		var at journal.Head    // the record before the next one
		for first := true; ; first = false {
			p, err := j.page(ctx, stream, after)
			if err == nil && first {
				until = p.head
			}
			if err == nil {
				err = p.begin(&at, stream, after, first)
			}
			if err != nil {
				yield(journal.Record{}, err)
				return
			}
			for _, body := range p.bodies {
				if at.Seq >= until.Seq {
					break
				}
				if err := ctx.Err(); err != nil {
					yield(journal.Record{}, fmt.Errorf("journal: load stream %q: %w", stream, err))
					return
				}
				r, err := at.Decode(body)
				if err == nil && r.Seq == until.Seq && r.Hash != until.Hash {
					err = &journal.CorruptError{Stream: stream, Seq: r.Seq, Problem: "the row of the stream says that its last record has another hash"}
				}
				if err == nil && r.Seq == until.Seq {
					j.heads.saw(until)
				}
				if !yield(r, err) || err != nil {
					return
				}
				at = r.Head()
			}
			if at.Seq >= until.Seq {
				return
			}
			after = at.Seq
			if len(p.bodies) == 0 {
				yield(journal.Record{}, &journal.CorruptError{Stream: stream, Seq: at.Seq + 1, Problem: "the record is missing"})
				return
			}
		}
	}
}

// begin sets at to the record that the page comes after.
func (p page) begin(at *journal.Head, stream string, after uint64, first bool) error {
	corrupt := func(seq uint64, problem string) error {
		return &journal.CorruptError{Stream: stream, Seq: seq, Problem: problem}
	}
	switch {
	case p.strange != "":
		return corrupt(p.head.Seq, p.strange)
	case !p.there && (len(p.bodies) > 0 || !first):
		return corrupt(1, "the row of the stream is missing")
	case !p.there:
		return nil
	case after < p.base.Seq:
		return &journal.CompactedError{Base: p.base}
	case !first:
		return nil // at is known, and verified
	case after > p.head.Seq:
		at.Seq = after
		return nil
	}
	*at = journal.Head{Stream: stream, Seq: after}
	switch {
	case after == 0:
	case after == p.base.Seq:
		at.Hash = p.base.Hash
	case len(p.prev) != len(at.Hash):
		return corrupt(after, "the record is missing")
	default:
		at.Hash = release.Digest(p.prev)
	}
	if after == p.head.Seq && at.Hash != p.head.Hash {
		return corrupt(after, "the row of the stream says that its last record has another hash")
	}
	return nil
}

func (j *Journal) page(ctx context.Context, stream string, after uint64) (page, error) {
	type row struct {
		kind, seq, base      int64
		data, baseHash, prev []byte
	}
	rows, _, err := retried(ctx, j, fmt.Sprintf("load stream %q", stream), func(r pgx.Rows, o *row) error {
		return r.Scan(&o.kind, &o.seq, &o.data, &o.base, &o.baseHash, &o.prev)
	}, j.sql.load, []byte(stream), int64(min(after, math.MaxInt64)), int64(pageRows), int64(pageBytes))
	var p page
	for _, o := range rows {
		if o.kind == 1 {
			p.bodies = append(p.bodies, o.data)
		} else if err == nil {
			err = p.row(stream, o.seq, o.data, o.base, o.baseHash, o.prev)
		}
	}
	return p, err
}

// row reads the row of the stream.
func (p *page) row(stream string, version int64, hash []byte, base int64, baseHash, prev []byte) error {
	var err error
	if p.head, err = headOf(stream, version, hash); err != nil {
		return err
	}
	p.there, p.prev = true, prev
	p.base = journal.Head{Stream: stream}
	switch {
	case base == 0 && len(baseHash) == 0:
	case base > 0 && base < version && len(baseHash) == len(p.base.Hash):
		p.base.Seq, p.base.Hash = uint64(base), release.Digest(baseHash)
	default:
		p.strange = "the row of the stream says that it was compacted to where it cannot be"
	}
	return nil
}

// Streams implements [journal.Reader]. It finds out when a stream has lost its row, or
// all of its records.
func (j *Journal) Streams(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var last []byte
		for {
			type name struct{ name, next []byte }
			names, _, err := retried(ctx, j, "list streams", func(r pgx.Rows, n *name) error { return r.Scan(&n.name, &n.next) },
				j.sql.streams, last, int64(pageNames))
			if err != nil {
				yield("", err)
				return
			}
			whole := len(names) <= pageNames
			for i, n := range names {
				var next []byte
				if i+1 < len(names) {
					next = names[i+1].name
				}
				if i > 0 {
					if err := ctx.Err(); err != nil {
						yield("", fmt.Errorf("journal: list streams: %w", err))
						return
					}
					if !yield(string(n.name), nil) {
						return
					}
				}
				if (next != nil || whole) && !bytes.Equal(next, n.next) {
					name := next
					if name == nil || n.next != nil && bytes.Compare(n.next, name) < 0 {
						name = n.next
					}
					yield("", &journal.CorruptError{Stream: string(name), Seq: 1, Problem: "the stream has a row and no records, or records and no row"})
					return
				}
			}
			if whole {
				return
			}
			last = names[len(names)-1].name
		}
	}
}
