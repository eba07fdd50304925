package journal

import (
	"errors"
	"fmt"
)

// Limits of one append. They keep a single append from filling a store's memory,
// and are the same for every store, so that a host can change stores.
const (
	// MaxStream bounds the name of a stream, in bytes.
	MaxStream = 512
	// MaxText bounds each of an entry's actor, kind and reason, in bytes.
	MaxText = 64 << 10
	// MaxData bounds the data of one entry, in bytes.
	MaxData = 8 << 20
	// MaxEntries bounds the entries of one append.
	MaxEntries = 1024
	// MaxAppend bounds all entries of one append together: the bytes of their
	// texts and data.
	MaxAppend = 16 << 20
)

// Check says what is wrong with an append before any store sees it: nothing, or
// an error that names the entry and the field. Stores call it first.
func (a Append) Check() error {
	if len(a.Stream) == 0 || len(a.Stream) > MaxStream {
		return fmt.Errorf("journal: the stream name %.40q has %d bytes; it must have 1 to %d", a.Stream, len(a.Stream), MaxStream)
	}
	if len(a.Entries) == 0 || len(a.Entries) > MaxEntries {
		return fmt.Errorf("journal: stream %q: %d entries in one append; there must be 1 to %d", a.Stream, len(a.Entries), MaxEntries)
	}
	if a.Expect+uint64(len(a.Entries)) < a.Expect {
		return fmt.Errorf("journal: stream %q: expected version %d leaves no room to append", a.Stream, a.Expect)
	}
	if err := CheckWake(a.Wake); err != nil {
		return fmt.Errorf("%w (stream %q)", err, a.Stream)
	}
	total := 0
	for i, e := range a.Entries {
		if err := checkSizes(len(e.Actor), len(e.Kind), len(e.Reason), len(e.Data)); err != nil {
			return fmt.Errorf("journal: stream %q: entry %d of %d: %w", a.Stream, i+1, len(a.Entries), err)
		}
		total += len(e.Actor) + len(e.Kind) + len(e.Reason) + len(e.Data)
	}
	if total > MaxAppend {
		return fmt.Errorf("journal: stream %q: the append has %d bytes; at most %d are allowed", a.Stream, total, MaxAppend)
	}
	return nil
}

// checkSizes says what is wrong with an entry that has texts and data so long.
func checkSizes(actor, kind, reason, data int) error {
	if kind == 0 {
		return errors.New("it has no kind")
	}
	for _, f := range []struct {
		name string
		n    int
		max  int
	}{{"actor", actor, MaxText}, {"kind", kind, MaxText}, {"reason", reason, MaxText}, {"data", data, MaxData}} {
		if f.n > f.max {
			return fmt.Errorf("its %s has %d bytes; at most %d are allowed", f.name, f.n, f.max)
		}
	}
	return nil
}
