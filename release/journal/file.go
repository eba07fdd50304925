package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/sallyport-dev/sallyport/release"
)

// Options says how a journal is opened. Nil is the zero Options.
type Options struct {
	// ReadOnly opens what there is, without a lock and without changing a byte, for
	// reports beside a running writer. The File shows the streams as they were at
	// Open; what a writer had written and not yet made durable may be among it. An
	// unfinished end is left out in silence. It is an error if the file is not there.
	ReadOnly bool
	// Preallocate is how many bytes of zeros are written ahead, so that an append
	// does not have to change the length of the file. If zero, 1 MiB. At least 4096
	// and at most 1 GiB.
	Preallocate int64
}

const (
	defaultPreallocate = 1 << 20
	minPreallocate     = 4096
	maxPreallocate     = 1 << 30
)

// File is a journal in one file, for one process at a time. It keeps in memory
// where each record is (16 bytes a record), not the records.
//
// After a write or a sync failed, it refuses everything with ErrClosed: what the
// disk then holds is not known, and asking it again to sync would be answered
// with a yes that means nothing. Close it, open it again, and read. The same goes for
// a path that no longer leads to the file, because somebody has moved, replaced or
// removed it: that is looked for after each sync, before anything is acknowledged.
type File struct {
	disk     backing
	path     string
	id       [idSize]byte
	readOnly bool
	prealloc int64
	cut      int64

	// These belong to whoever leads: see commit.go.
	size int64  // length of the file, zeros included
	end  int64  // where the next frame goes
	mark bool   // the last frame is a mark
	buf  []byte // of the last frame, for the next

	mu      sync.Mutex
	idle    *sync.Cond // signalled when busy becomes false
	busy    bool       // somebody leads
	queue   []*commit
	streams map[string]*stream
	failed  error // what made it refuse to go on
	closed  bool
}

var _ Journal = (*File)(nil)

// stream is the index of one stream. Its places only ever grow, so a reader may
// keep the slice.
type stream struct {
	head   Head
	places []place
}

// place is where a record's hash and body are in the file.
type place struct {
	off int64
	n   uint32
}

// Open opens the journal at path, and makes it if it is not there. It returns
// ErrLocked if the journal is open elsewhere, and ErrCorrupt, changing nothing, if
// it finds anything but whole frames and at most one unfinished frame at the end.
// That one it removes; [File.Recovered] says so.
//
// It reads the whole file and verifies each record: the time grows with the file.
// The caller closes the File.
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
	d, err := open(path)
	if err != nil {
		return nil, err
	}
	f := &File{disk: d, path: path, readOnly: o.ReadOnly, prealloc: o.Preallocate}
	f.idle = sync.NewCond(&f.mu)
	err = f.load()
	if f.readOnly && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		err = f.load() // a writer has just opened it and cut off an unfinished frame
	}
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("journal: open %q: %w", path, err)
	}
	return f, nil
}

// load reads what is there and leaves a file to which frames can be appended.
func (f *File) load() error {
	var err error
	f.streams = map[string]*stream{}
	if f.size, err = f.disk.Size(); err != nil {
		return err
	}
	fresh, err := f.readHeader()
	if err != nil {
		return err
	}
	var last span
	f.end = headerSize
	if !fresh {
		if last, err = f.scan(); err != nil {
			return err
		}
	}
	if f.readOnly {
		return nil
	}
	if fresh {
		if _, err := rand.Read(f.id[:]); err != nil {
			return err
		}
	}
	return f.settle(fresh, last)
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
// against its hash and the one before.
func (f *File) Load(ctx context.Context, name string, after uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		f.mu.Lock()
		err := f.refusal()
		var places []place
		if s := f.streams[name]; s != nil {
			places = s.places
		}
		f.mu.Unlock()
		if err != nil {
			yield(Record{}, err)
			return
		}
		head := Head{Stream: name, Seq: min(after, uint64(len(places)))}
		if head.Seq > 0 && head.Seq < uint64(len(places)) {
			if err := f.read(head.Hash[:], places[head.Seq-1].off); err != nil {
				yield(Record{}, err)
				return
			}
		}
		for _, p := range places[head.Seq:] {
			if err := ctx.Err(); err != nil {
				yield(Record{}, fmt.Errorf("journal: load stream %q: %w", name, err))
				return
			}
			r, err := f.record(head, p)
			if err != nil {
				yield(Record{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
			head = r.Head()
		}
	}
}

// record reads the record after head, which is at p.
func (f *File) record(head Head, p place) (Record, error) {
	b := make([]byte, p.n)
	if err := f.read(b, p.off); err != nil {
		return Record{}, err
	}
	hash := release.Digest(b[:hashSize])
	c, err := parseBody(b[hashSize:])
	if err != nil {
		return Record{}, &CorruptError{Stream: head.Stream, Seq: head.Seq + 1, Problem: err.Error()}
	}
	r := Record{Stream: string(c.stream), Seq: c.seq, Entry: c.entry(), Prev: head.Hash, Hash: hash}
	if err := head.Check(r); err != nil {
		return Record{}, err
	}
	return r, nil
}

// read fills b from the file.
func (f *File) read(b []byte, off int64) error {
	if _, err := f.disk.ReadAt(b, off); err != nil {
		switch {
		case errors.Is(err, fs.ErrClosed):
			return ErrClosed
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%w: %q was cut off while it was open", ErrCorrupt, f.path)
		}
		return fmt.Errorf("journal: read %q: %w", f.path, err)
	}
	return nil
}

// Streams implements [Journal].
func (f *File) Streams(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		f.mu.Lock()
		err := f.refusal()
		names := slices.Sorted(maps.Keys(f.streams))
		f.mu.Unlock()
		if err != nil {
			yield("", err)
			return
		}
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

// Close implements [Journal]. It waits for the appends that are being written;
// those that still wait are refused with ErrClosed. It notes in the file that it
// was closed in order. An error says that this or closing failed; what was
// acknowledged is there all the same.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		for f.busy {
			f.idle.Wait()
		}
		return nil
	}
	f.closed = true
	f.refuseQueue()
	for f.busy {
		f.idle.Wait()
	}
	var err error
	if f.failed == nil && !f.readOnly && !f.mark && f.end > headerSize {
		if err = f.writeMark(markClosed, 0); err != nil {
			f.failed = err
		}
	}
	if cerr := f.disk.Close(); cerr != nil && !errors.Is(cerr, os.ErrClosed) {
		err = errors.Join(err, cerr)
	}
	if err != nil {
		return fmt.Errorf("journal: close %q: %w", f.path, err)
	}
	return nil
}
