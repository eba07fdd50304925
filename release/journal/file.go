package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/internal/groupcommit"
)

// Options says how a journal is opened. Nil is the zero Options.
type Options struct {
	// ReadOnly opens what there is, without a lock and without changing a byte, for
	// reports beside a running writer. The File shows the streams as they were at
	// Open; what a writer had written and not yet made durable may be among it. An
	// unfinished end is left out in silence. It is an error if the file is not there,
	// and to append, claim or compact.
	ReadOnly bool
	// Preallocate is how many bytes of zeros are written ahead, so that an append
	// does not have to change the length of the file. If zero, 1 MiB. At least 4096
	// and at most 1 GiB.
	Preallocate int64
	// Now is the store's clock, for wakes and leases; [time.Now] if it is nil. It may be
	// called from many goroutines.
	Now func() time.Time
}

const (
	defaultPreallocate = 1 << 20
	minPreallocate     = 4096
	maxPreallocate     = 1 << 30
)

// File is a journal in one file, for one process at a time. It keeps in memory
// where each record is (16 bytes a record, and 16 for each 64 KiB of the file), not
// the records. Leases are kept in memory only: they end with the File, and tokens go
// on growing with the next.
//
// After a write or a sync failed, it refuses everything with ErrClosed: what the
// disk then holds is not known, and asking it again to sync would be answered
// with a yes that means nothing. Close it, open it again, and read. The same goes for
// a path that no longer leads to the file, because somebody has moved, replaced or
// removed it: that is looked for after each sync, before anything is acknowledged.
//
// # The format
//
// The file is a header of 64 bytes, frames, and zeros up to its end,
// which are written ahead. All numbers are big-endian. Sums are CRC-32C.
//
//	header  16 bytes  "sallyportjournal"
//	         4        1, the version of the format
//	        16        random: the identity of the file
//	         1        1 if it was written anew to take the place of another file, or 0
//	        22        zeros
//	         4        sum of the bytes before
//	         1        0xA5
//
//	frame    1 byte   0xA7
//	         1        its type: 1 records, 2 a mark
//	         4        n, the length of the payload
//	         4        how many of the sectors of 512 bytes that end in the header or
//	                  the payload are zero in them
//	         4        sum of the file's identity, the frame's offset as 8 bytes, and
//	                  the 10 bytes before
//	         1        0x5A
//	         n        the payload
//	         4        sum of the payload, going on from the sum in the frame's header
//	         1        0xA5
//
// The payload of a records frame is what one commit wrote, of one append or of many:
// items, each with a byte that says its kind, a uint32 length, and a content.
//
//	1 record    its hash (32 bytes), and then what is hashed, from the name of the
//	            stream on
//	2 wake      when the stream of the record before it in the frame is due: 8 bytes
//	            seconds and 4 nanoseconds, as in a record; empty for never. Without one
//	            it is due at once
//	3 tokens    8 bytes: the highest token that may have been given
//	4 compacted 8 bytes position of the last record that is forgotten; 8 its Seq; 32 its
//	            hash; the name of its stream
//	5 base      8 bytes Seq, 32 hash, name: the stream's first record in this file comes
//	            after this one
//	6 position  8 bytes: the next record's position in the feed
//	7 dropped   8 bytes: the highest position of a record that is not in the file any more
//
// Positions in the feed count the records from 1, in their order in the file. The
// commonest items are records: what is due at once, has never been claimed and was never
// compacted needs no others, and the first version of this package wrote no others.
//
// A mark is a byte, 1 for opened after a crash, 2 for closed in order, 3 for written anew
// up to here, and 8 bytes with how many bytes were cut off when it was opened. A reader
// refuses types, kinds and versions that it does not know.
//
// [File.Compact] appends an item. What is forgotten goes from the disk when the file is
// written anew, which Compact does once half of it is forgotten, and [File.Rewrite] at
// once: what is kept is copied, and verified, into a file beside it, whose name is the
// journal's with ".compacting" behind it; the file is locked, made durable, renamed over
// the old one, and its directory is made durable. Only for the last part of that do
// appends wait. Base, position and dropped items keep there what cannot be seen from the
// records any more. Open removes what a crash has left beside a journal.
//
// # Crashes and damage
//
// Only the last frame can be unfinished, because each is made durable before the
// next begins. A frame is written over zeros that are durable, and neither end of
// its header nor its last byte is ever zero; so a frame that a crash cut short shows
// it: the file ends inside it, or its last byte is still zero, or more of its sectors
// are than its header says. [Open] removes such a frame and says so ([File.Recovered]). Anything
// else that is not right is damage, and Open refuses it with [ErrCorrupt] and changes
// nothing: a bad frame with a good one after it, a last frame that was written whole
// and has a bad sum, a record whose hash is wrong, a file that was written anew and ends
// before its mark for that.
//
// Damage that turns the end of a last frame, or a sector of it, into zeros looks
// like a crash. To keep that case small, a mark follows the last frame when the
// journal is closed in order, and when it is opened again after a crash: only the last
// commit before a crash has none. Zeros from somewhere to the end of the file look like
// a crash all the same, and take every frame behind that place with them; a file cut off
// exactly between two frames looks like a shorter journal. [File.Recovered] may show the
// one, and a head that is kept elsewhere shows both.
//
// The file must stay where it is while it is open. Each acknowledgement is preceded by a
// look at its path, or, on Linux and its own file systems, at the directory, whose time
// shows whether a name in it has changed; and on systems with file locks a second File
// gets [ErrLocked]. Neither is to be relied upon over a network file system, nor shows it
// what is mounted over the file itself.
type File struct {
	path  string
	o     Options
	cut   int64
	group *groupcommit.Group[*commit]
	// rewriting is held by whoever rewrites the file: a channel with room for one.
	rewriting chan struct{}

	mu       sync.Mutex
	seg      *segment
	retired  map[*segment]struct{} // files that another has replaced, and loops still read
	schedule schedule
	failed   error // what made it refuse to go on
	closed   bool
}

var _ Journal = (*File)(nil)

// Open opens the journal at path, and makes it if it is not there. It returns
// ErrLocked if the journal is open elsewhere, and ErrCorrupt, changing nothing, if
// it finds anything but whole frames and at most one unfinished frame at the end.
// That one it removes; [File.Recovered] says so.
//
// It reads the whole file and verifies each record: the time grows with the file,
// which [File.Compact] keeps small. The caller closes the File.
func Open(path string, opts *Options) (*File, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	open := openFile
	if o.ReadOnly {
		open = openReadOnly
	}
	return openOn(open, path, o)
}

func openOn(open func(path string) (backing, error), path string, o Options) (*File, error) {
	if o.Preallocate == 0 {
		o.Preallocate = defaultPreallocate
	}
	if o.Preallocate < minPreallocate || o.Preallocate > maxPreallocate {
		return nil, fmt.Errorf("journal: Preallocate is %d; it must be %d to %d", o.Preallocate, minPreallocate, maxPreallocate)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := checkName(path); err != nil {
		return nil, err
	}
	d, err := open(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, o: o, rewriting: make(chan struct{}, 1), retired: map[*segment]struct{}{}}
	f.group = groupcommit.New(groupcommit.Limits{Items: batchAppends, Size: batchBytes}, f.commit)
	f.seg = &segment{disk: d, readOnly: o.ReadOnly, prealloc: o.Preallocate}
	if err := f.load(); err != nil {
		d.Close()
		return nil, fmt.Errorf("journal: open %q: %w", path, err)
	}
	return f, nil
}

// load reads what is there and leaves a file to which frames can be appended.
func (f *File) load() error {
	s := f.seg
	fresh, last, err := s.load()
	if s.readOnly && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		fresh, last, err = s.load() // a writer has just opened it and cut off an unfinished frame
	}
	if err != nil {
		return err
	}
	f.cut = s.cut
	if !s.readOnly {
		if err := s.settle(fresh, last); err != nil {
			return err
		}
		f.restore()
	}
	s.dues = nil
	return nil
}

// Path is what Open was given.
func (f *File) Path() string { return f.path }

// Recovered is how many bytes Open removed from the end of the file (left out, if
// it was opened for reading only): an append
// that a crash interrupted, which was never acknowledged. It is zero in the
// ordinary case. It cannot be told from damage that wiped the end of the file, so
// a host that keeps heads elsewhere compares them when this is not zero; that it
// happened is also kept in the file.
func (f *File) Recovered() int64 { return f.cut }

// Load implements [Journal]. Each record is read from the file and verified
// against its hash and the one before. Records that lie close to each other are read
// together, up to 64 KiB at once.
func (f *File) Load(ctx context.Context, name string, after uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		s, err := f.use()
		if err != nil {
			yield(Record{}, err)
			return
		}
		defer f.leave(s)
		t, ok := f.stream(s, name)
		if !ok {
			return
		}
		if after < t.base.Seq {
			yield(Record{}, &CompactedError{Base: t.base})
			return
		}
		head, err := s.headAt(t, min(after, t.head.Seq))
		if err != nil {
			yield(Record{}, f.located(err))
			return
		}
		a := ahead{s: s}
		for head.Seq < t.head.Seq {
			if err := ctx.Err(); err != nil {
				yield(Record{}, fmt.Errorf("journal: load stream %q: %w", name, err))
				return
			}
			r, err := a.record(head, t.places[head.Seq-t.first.Seq:])
			if err != nil {
				yield(Record{}, f.located(err))
				return
			}
			if !yield(r, nil) {
				return
			}
			head = r.Head()
		}
	}
}

// located says of which file an error of reading is. What is closed is just that.
func (f *File) located(err error) error {
	if err == ErrClosed {
		return err
	}
	return fmt.Errorf("%w (in %q)", err, f.path)
}

// use is the file as it is now. It stays open, also when another takes its place,
// until leave.
func (f *File) use() (*segment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.refusal(); err != nil {
		return nil, err
	}
	f.seg.readers++
	return f.seg, nil
}

func (f *File) leave(s *segment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.readers--
	f.sweep(s)
}

// sweep closes a file that nobody needs any more. f.mu is held.
func (f *File) sweep(s *segment) {
	if _, retired := f.retired[s]; retired && s.readers == 0 {
		delete(f.retired, s)
		s.disk.Close() // it was read, and has no name: there is nothing to lose
	}
}

// stream is a copy of what is known of a stream.
func (f *File) stream(s *segment, name string) (stream, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := s.streams[name]; t != nil {
		return *t, true
	}
	return stream{}, false
}

// Streams implements [Journal].
func (f *File) Streams(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		f.mu.Lock()
		err := f.refusal()
		var names []string
		if err == nil {
			names = slices.Collect(maps.Keys(f.seg.streams))
		}
		f.mu.Unlock()
		if err != nil {
			yield("", err)
			return
		}
		slices.Sort(names)
		yieldNames(ctx, names, yield)
	}
}

// refusal is why nothing can be done any more, or nil. f.mu is held.
func (f *File) refusal() error {
	switch {
	case f.closed:
		return ErrClosed
	case f.failed != nil:
		return fmt.Errorf("%w after a failed write: %w", ErrClosed, f.failed)
	}
	return nil
}

// fail makes the journal refuse everything from now on. f.mu is held.
func (f *File) fail(err error) {
	if f.failed == nil {
		f.failed = err
	}
	f.group.Stop(f.refusal())
}

// writable is an error if the file was opened for reading only.
func (f *File) writable() error {
	if f.o.ReadOnly {
		return fmt.Errorf("journal: %q was opened for reading only", f.path)
	}
	return nil
}

// Close implements [Journal]. It waits for the appends that are being written;
// those that still wait are refused with ErrClosed. It notes in the file that it
// was closed in order. An error says that this or closing failed; what was
// acknowledged is there all the same.
func (f *File) Close() error {
	f.mu.Lock()
	first := !f.closed
	f.closed = true
	f.mu.Unlock()
	f.group.Stop(ErrClosed)
	f.group.Wait()
	f.rewriting <- struct{}{} // what it makes beside the file is gone before the lock is
	defer func() { <-f.rewriting }()
	if !first {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.seg
	var err error
	if f.failed == nil && !s.readOnly && !s.mark && s.end > headerSize {
		if err = s.writeMark(markClosed, 0); err != nil {
			f.failed = err
		}
	}
	for old := range f.retired {
		old.disk.Close()
	}
	clear(f.retired)
	if cerr := s.disk.Close(); cerr != nil && !errors.Is(cerr, os.ErrClosed) {
		err = errors.Join(err, cerr)
	}
	if err != nil {
		return fmt.Errorf("journal: close %q: %w", f.path, err)
	}
	return nil
}
