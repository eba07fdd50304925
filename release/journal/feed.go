package journal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// ErrCursor says that a cursor is not one that this journal gave: it is of another
// journal, or this one was restored from a copy that is older. Records may have been
// read that are not there any more.
var ErrCursor = errors.New("journal: the cursor is not of this journal")

// Cursor is a place in the feed of one journal: behind a record. The empty cursor is
// the beginning. It may be kept as text, and is to be given back as it was.
type Cursor string

// FeedRecord is a record in its place in the feed.
type FeedRecord struct {
	Record
	// Cursor is the place behind the record: what a reader keeps to go on from here.
	Cursor Cursor
}

// NewCursor is the cursor behind the record with this hash at this position. It is for
// stores: position is a number of the store's that only ever grows in the order of the
// feed, and is not 0. The hash is kept, in part, so that a cursor of another journal is
// known for what it is.
func NewCursor(position uint64, hash release.Digest) Cursor {
	return Cursor(strconv.FormatUint(position, 10) + "-" + hex.EncodeToString(hash[:cursorHash]))
}

// cursorHash is how many bytes of the hash a cursor keeps.
const cursorHash = 8

// Position is what NewCursor was given; 0 for the empty cursor. It is ErrCursor if the
// text is none.
func (c Cursor) Position() (uint64, error) {
	if c == "" {
		return 0, nil
	}
	position, hash, _ := strings.Cut(string(c), "-")
	n, err := strconv.ParseUint(position, 10, 64)
	var part release.Digest
	if k, bad := hex.DecodeString(hash); bad == nil && len(k) == cursorHash {
		copy(part[:], k)
	}
	// Only what NewCursor makes is one: no other digits, signs or letters.
	if err != nil || n == 0 || c != NewCursor(n, part) {
		return 0, fmt.Errorf("%w: %.60q is no cursor", ErrCursor, string(c))
	}
	return n, nil
}

// Of reports whether the cursor is that of a record with this hash.
func (c Cursor) Of(hash release.Digest) bool {
	_, text, ok := strings.Cut(string(c), "-")
	return ok && text == hex.EncodeToString(hash[:cursorHash])
}
