package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Verified is what [VerifyAll] found.
type Verified struct {
	// Heads are where the streams stand, sorted by their names' bytes. Kept where the
	// journal's owner cannot write, they are what VerifyAll is given the next time.
	Heads []Head
	// Records is how many records there are.
	Records int
	// Compacted are the kept heads that could not be compared, because what is kept of
	// their streams begins after them; in the order in which they were given. Heads before
	// the first record say nothing, and are not among them.
	Compacted []Head
}

// VerifyAll verifies everything that a journal holds: the chain of each stream from its
// [Base] on; that the feed holds the records of the streams, each once and each stream's
// in order, and no others; and that the streams lead through the heads that were kept
// elsewhere. The first thing that is not so is a [*CorruptError] that names the stream
// and the record; another error is one of reading. On error, Verified is zero.
//
// A kept head shows what a chain cannot: that the end of a stream was cut off, that a
// stream is gone, or that it was made anew by somebody who can write the store. A kept
// head that lies in what was compacted shows nothing and is listed; the base itself is
// compared. So a compaction that hides records can be told from one of the host's only by
// a head at or after its base.
//
// Appends may go on meanwhile. Compaction may too, and then the error can be an
// [ErrCompacted]: verify again. Each record is read twice. What is kept in memory
// does not grow with the records: about 300 bytes for each stream and 150 for each kept
// head, and the names.
func VerifyAll(ctx context.Context, r Reader, kept ...Head) (Verified, error) {
	v := verification{Reader: r, streams: map[string]*verifiedStream{}, kept: map[string][]Head{}}
	for _, h := range kept {
		if h.Seq == 0 && !h.Hash.IsZero() {
			return Verified{}, fmt.Errorf("journal: verify: the kept head of stream %q has a hash before its first record", h.Stream)
		}
		v.kept[h.Stream] = append(v.kept[h.Stream], h)
	}
	for _, heads := range v.kept {
		slices.SortFunc(heads, func(a, b Head) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	for _, step := range []func(context.Context) error{v.readStreams, v.readFeed, v.compare} {
		if err := step(ctx); err != nil {
			return Verified{}, err
		}
	}
	out := Verified{Records: v.records}
	for _, s := range v.streams {
		out.Heads = append(out.Heads, s.fed)
	}
	slices.SortFunc(out.Heads, func(a, b Head) int { return strings.Compare(a.Stream, b.Stream) })
	for _, h := range kept {
		if s := v.streams[h.Stream]; s != nil && h.Seq > 0 && h.Seq < s.base.Seq {
			out.Compacted = append(out.Compacted, h)
		}
	}
	return out, nil
}

// verification is one VerifyAll on its way. It reads the streams, and then the feed,
// which must hold all of that and may hold more; and at last what the feed held more.
type verification struct {
	Reader
	kept    map[string][]Head // of each stream, sorted by Seq
	streams map[string]*verifiedStream
	records int
}

// verifiedStream is what was found of a stream: where what is kept of it begins, where
// the stream ended when it was read, and where the feed did.
type verifiedStream struct {
	base, head, fed Head
	listed          bool
}

func corrupt(at Head, format string, args ...any) error {
	return &CorruptError{Stream: at.Stream, Seq: at.Seq, Problem: fmt.Sprintf(format, args...)}
}

// next is the place after a head.
func (h Head) next() Head { return Head{Stream: h.Stream, Seq: h.Seq + 1} }

// readStreams verifies each stream that is listed, against the kept heads too.
func (v *verification) readStreams(ctx context.Context) error {
	last := ""
	for name, err := range v.Streams(ctx) {
		if err != nil {
			return err
		}
		if name <= last {
			return corrupt(Head{Stream: name, Seq: 1}, "the list of streams has it after stream %q", last)
		}
		last = name
		s, err := v.begin(ctx, name)
		if err != nil {
			return err
		}
		s.listed = true
		if s.head, err = Verify(s.base, v.meeting(s.base, v.Load(ctx, name, s.base.Seq))); err != nil {
			return v.unlessCompacted(ctx, s, err)
		}
		if s.head == s.base {
			return v.unlessCompacted(ctx, s, corrupt(s.base.next(), "the list of streams has the stream, and this record is not there"))
		}
		for _, h := range v.kept[name] {
			if h.Seq > s.head.Seq {
				return corrupt(h, "the stream ends with record %d, and a head that was kept says that this one was there", s.head.Seq)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.kept)) {
		for _, h := range v.kept[name] {
			if v.streams[name] == nil && h.Seq > 0 {
				return corrupt(h, "the stream is gone, and a head that was kept says that this record was there")
			}
		}
	}
	return nil
}

// begin finds where what is kept of a stream begins.
func (v *verification) begin(ctx context.Context, name string) (*verifiedStream, error) {
	base, err := Base(ctx, v, name)
	if err != nil {
		return nil, err
	}
	if base.Stream != name {
		return nil, corrupt(Head{Stream: name, Seq: base.Seq}, "what is kept of it begins after a record of stream %q", base.Stream)
	}
	s := &verifiedStream{base: base, head: base, fed: base}
	v.streams[name] = s
	return s, v.met(base)
}

// met compares a head of the journal with those that were kept.
func (v *verification) met(head Head) error {
	kept := v.kept[head.Stream]
	i, _ := slices.BinarySearchFunc(kept, head.Seq, func(h Head, seq uint64) int { return cmp.Compare(h.Seq, seq) })
	for ; i < len(kept) && kept[i].Seq == head.Seq; i++ {
		if h := kept[i]; h.Hash != head.Hash {
			return corrupt(head, "it has the hash %s, and a head that was kept says %s", digest(head.Hash), digest(h.Hash))
		}
	}
	return nil
}

// meeting is records that follow base, compared with the kept heads once they verify.
func (v *verification) meeting(base Head, records iter.Seq2[Record, error]) iter.Seq2[Record, error] {
	if len(v.kept[base.Stream]) == 0 {
		return records
	}
	return func(yield func(Record, error) bool) {
		for r, err := range records {
			if !yield(r, err) {
				return
			}
			if err := v.met(r.Head()); err != nil {
				yield(Record{}, err)
				return
			}
		}
	}
}

// readFeed verifies each stream by what the feed holds of it.
func (v *verification) readFeed(ctx context.Context) error {
	last := uint64(0)
	for r, err := range v.Feed(ctx, "") {
		if err != nil {
			return err
		}
		position, err := r.Cursor.Position()
		if err != nil || position <= last || !r.Cursor.Of(r.Hash) {
			return corrupt(r.Head(), "the feed holds it with the cursor %.60q after position %d", string(r.Cursor), last)
		}
		last = position
		s := v.streams[r.Stream]
		if s == nil { // begun since the streams were listed
			if s, err = v.begin(ctx, r.Stream); err != nil {
				return err
			}
			if r.Seq <= s.base.Seq { // and compacted since this loop began
				return &CompactedError{Base: s.base}
			}
		}
		if err := s.fed.Check(r.Record); err != nil {
			if bad, ok := errors.AsType[*CorruptError](err); ok {
				err = corrupt(s.fed.next(), "in the feed: %s", bad.Problem)
			}
			return v.unlessCompacted(ctx, s, err)
		}
		s.fed = r.Head()
		if s.fed.Seq == s.head.Seq && s.fed != s.head {
			return corrupt(s.fed, "up to here, the feed does not hold the records of the stream: its hash is %s, not %s", digest(s.fed.Hash), digest(s.head.Hash))
		}
		v.records++
	}
	return nil
}

// compare requires of each stream that the feed has led to its head, and that what the
// feed holds beyond it was appended since.
func (v *verification) compare(ctx context.Context) error {
	again := false
	for _, name := range slices.Sorted(maps.Keys(v.streams)) {
		s := v.streams[name]
		if s.fed.Seq < s.head.Seq {
			return v.unlessCompacted(ctx, s, corrupt(s.fed.next(), "the stream holds it, and the feed does not"))
		}
		again = again || !s.listed
		if s.fed == s.head {
			continue
		}
		at := s.head
		for r, err := range v.Load(ctx, name, s.head.Seq) {
			if at.Seq == s.fed.Seq {
				break
			}
			if err != nil {
				return err
			}
			if err := at.Check(r); err != nil {
				return err
			}
			at = r.Head()
		}
		if at != s.fed {
			return v.unlessCompacted(ctx, s, corrupt(at.next(), "up to record %d, the stream does not hold the records of the feed", s.fed.Seq))
		}
	}
	if !again {
		return nil
	}
	listed := map[string]bool{}
	for name, err := range v.Streams(ctx) {
		if err != nil {
			return err
		}
		listed[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(v.streams)) {
		if !listed[name] {
			return corrupt(v.streams[name].base.next(), "the feed holds it, and the list of streams does not have the stream")
		}
	}
	return nil
}

// unlessCompacted is err, or an ErrCompacted if the stream was compacted since it was
// begun, which explains it.
func (v *verification) unlessCompacted(ctx context.Context, s *verifiedStream, err error) error {
	if base, again := Base(ctx, v, s.base.Stream); again == nil && base != s.base {
		return fmt.Errorf("%w: stream %q, while it was verified: verify again", ErrCompacted, s.base.Stream)
	}
	return err
}
