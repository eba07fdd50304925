package cdevents

import (
	"cmp"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// maxBucket is how many events may share a key for facts to be joined by it. What more
// share says nothing of one of them; and without a bound, events that all have one key
// would take a time that is quadratic in their number.
const maxBucket = 256

// keyKind is what a key is of.
type keyKind uint8

const (
	byArtifact keyKind = iota // packages of an artifact
	byChain                   // events of a chain
	byEvent                   // events with a context id
	byLink                    // events that link to a context id
	byChange                  // merged changes with an id, of whatever source
)

// key is what events are joined by.
type key struct {
	kind keyKind
	text string
}

// most is how many events may share a key to be joined by it: of a context id one, since
// it is to name one event.
func (k key) most() int {
	if k.kind == byEvent {
		return 1
	}
	return maxBucket
}

// bucket is the events that share a key, and the facts that depend on which they are.
type bucket struct {
	members []*held // of more than the key's most the first to be seen, one more than that
	readers map[fact]struct{}
}

// fact names a fact, or what may become one. For a deployment it is the name of an event.
type fact struct {
	kind metrics.FactKind
	name metrics.Ref
}

// keys are what an event is joined by.
func (h *held) keys() []key {
	keys := []key{{byEvent, h.name.ID}}
	for _, l := range h.linked() {
		keys = append(keys, key{byLink, l})
	}
	switch h.kind {
	case ArtifactPackaged:
		if k := artifactKey(h.artifact); k != "" {
			keys = append(keys, key{byArtifact, k})
		}
	case ChangeMerged:
		keys = append(keys, key{byChange, h.subject.ID})
	case ServiceDeployed, ServiceUpgraded, PipelineRunFinished:
	default:
		return keys
	}
	if h.chain != "" {
		keys = append(keys, key{byChain, h.chain})
	}
	return keys
}

func (j *Joiner) bucket(k key) *bucket {
	b := j.buckets[k]
	if b == nil {
		b = &bucket{}
		j.buckets[k] = b
	}
	return b
}

// put adds an event to its buckets and marks the facts that depend on them.
func (j *Joiner) put(h *held, changed map[fact]bool) {
	for _, k := range h.keys() {
		b := j.bucket(k)
		b.members = append(b.members, h)
		if len(b.members) > k.most()+1 {
			// One joins no more; which it is must not depend on the order of arrival.
			last := slices.MaxFunc(b.members, func(a, b *held) int { return cmp.Or(a.seen.Compare(b.seen), a.name.Compare(b.name)) })
			i := slices.Index(b.members, last)
			b.members = slices.Delete(b.members, i, i+1)
			if last == h {
				continue
			}
		}
		for f := range b.readers {
			changed[f] = true
		}
	}
}

// reading is what a fact was made of so far. Its revision is higher the more that was:
// first counts the events that share a key with it, and second those which share one
// with these. More of the first may mean fewer of the second, and weigh more.
type reading struct {
	j      *Joiner
	fact   fact
	first  int
	second int
	seen   time.Time // when the last of them was first seen
	causes int       // how many deployments an incident links to
}

// read is the events with a key, none where too many have it.
func (r *reading) read(k key) []*held {
	b := r.j.bucket(k)
	if r.fact.kind != metrics.KindUnknown {
		if b.readers == nil {
			b.readers = map[fact]struct{}{}
		}
		b.readers[r.fact] = struct{}{}
	}
	r.first += len(b.members)
	for _, h := range b.members {
		r.see(h)
	}
	if len(b.members) > k.most() {
		return nil
	}
	return b.members
}

// one is the event with a context id, nil where there is none, or more than one.
func (r *reading) one(id string) *held {
	if found := r.read(key{byEvent, id}); len(found) == 1 {
		return found[0]
	}
	return nil
}

func (r *reading) see(h *held) {
	if h.seen.After(r.seen) {
		r.seen = h.seen
	}
}

// secondBits is how many bits of a revision count what is not joined directly.
const secondBits = 24

func (r *reading) rev() uint64 {
	return uint64(r.first+1)<<secondBits | uint64(min(r.second, 1<<secondBits-1))
}
