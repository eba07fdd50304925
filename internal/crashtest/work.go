package crashtest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// kind is the kind of every record that a writer appends.
const kind = "crash"

// work is what the data of a record says of the append that made it, so that a reader
// can tell what else must be there, and what must not.
type work struct {
	// ID names the append: no other append of any process has it.
	ID string
	// Part counts the records of the append from 1 to Parts.
	Part, Parts int
	// Token is that of the lease that it was appended under, or 0.
	Token uint64
	// Wake is the append's.
	Wake time.Duration
}

// entries are the entries of the append, together about size bytes.
func (w work) entries(size int) []journal.Entry {
	entries := make([]journal.Entry, w.Parts)
	for i := range entries {
		w.Part = i + 1
		data := fmt.Sprintf("%s %d %d %d %d ", w.ID, w.Part, w.Parts, w.Token, w.Wake)
		entries[i] = journal.Entry{At: time.Now(), Actor: "writer", Kind: kind, Data: []byte(data + strings.Repeat("#", size/w.Parts))}
	}
	return entries
}

var errNotWork = errors.New("crash: not a record of a writer")

// parseWork reads what entries wrote.
func parseWork(r journal.Record) (work, error) {
	var w work
	text, _, ok := strings.Cut(string(r.Data), "#")
	if !ok {
		text = string(r.Data)
	}
	n, err := fmt.Sscanf(text, "%s %d %d %d %d ", &w.ID, &w.Part, &w.Parts, &w.Token, &w.Wake)
	if err != nil || n != 5 || r.Kind != kind || w.Part < 1 || w.Part > w.Parts {
		return work{}, fmt.Errorf("%w: record %d of %q begins with %.80q", errNotWork, r.Seq, r.Stream, text)
	}
	return w, nil
}

// pause is how long writers and checkers wait before they look again.
func pause() { time.Sleep(2 * time.Millisecond) }
