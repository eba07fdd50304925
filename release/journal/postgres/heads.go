package postgres

import (
	"sync"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// heads remembers where streams stood when they were last seen, so that an append need
// not ask. It may be behind, and it is never believed: the statement that appends
// compares both the version and the hash.
type heads struct {
	mu sync.Mutex
	m  map[string]journal.Head
}

// maxHeads bounds the memory: beyond it, everything is forgotten.
const maxHeads = 10_000

func (h *heads) get(stream string) (journal.Head, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	head, ok := h.m[stream]
	return head, ok
}

// saw notes a head, unless a newer one is known.
func (h *heads) saw(head journal.Head) {
	h.mu.Lock()
	defer h.mu.Unlock()
	old, ok := h.m[head.Stream]
	switch {
	case ok && old.Seq > head.Seq:
		return
	case !ok && len(h.m) >= maxHeads || h.m == nil:
		h.m = map[string]journal.Head{}
	}
	h.m[head.Stream] = head
}

// forget makes the next append ask. What was remembered may come from a server that has
// been restored from an older copy since.
func (h *heads) forget(stream string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.m, stream)
}
