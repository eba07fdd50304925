package metrics

import (
	"encoding/binary"
	"errors"
	"hash/maphash"
	"math/bits"
)

// logStore is what a [Log] holds: facts packed one behind the other in chunks, an
// index of them by name, and, for the few that have several revisions, which those
// are. A place is the number of a chunk and an offset in it. The place of the first
// revision of a fact that came is its anchor: it is in the index and never changes.
//
// A packed fact is its template's number with two flags, its ID, and its body: see
// [logCoder].
type logStore struct {
	chunks                 []logChunk
	names                  logNames // sources, and other words of which there are few
	services, environments logNames
	begins                 logNames // what stands before the numbers at the ends of texts
	templates              []logTemplate
	byShape                map[logTemplate]uint32
	recent                 *[1024]uint32 // templates that were used lately
	index                  logIndex
	more                   map[uint32][]uint32 // by anchor, ascending by Rev: what flag logMore announces
	size                   int
	dead                   int // facts that another one has taken the place of
	packed                 int // how often tidy packed anew: then all places are others
	scratch                []byte
}

// logChunk holds facts, and from when their times are counted.
type logChunk struct {
	b    []byte
	base int64
}

// logTemplate is what many facts have in common.
type logTemplate struct {
	source, service, environment uint32
	shape                        uint64
	kind                         FactKind
}

// The flags of a packed fact.
const (
	logMore  = 1 // an anchor of which there are more revisions, or another one in its place
	logAside = 2 // no anchor
	logFlags = 2 // how many bits they take
)

const (
	logChunkBits = 16
	logChunkSize = 1 << logChunkBits
	logMaxChunks = 1 << (32 - logChunkBits)
)

// write packs a fact and returns its place.
func (s *logStore) write(f *logFact, flags uint64) (uint32, error) {
	last := len(s.chunks) - 1
	if last >= 0 {
		b := s.pack(f, flags, s.chunks[last].base)
		if chunk := &s.chunks[last]; len(chunk.b)+len(b) <= cap(chunk.b) {
			at := uint32(last)<<logChunkBits | uint32(len(chunk.b))
			chunk.b = append(chunk.b, b...)
			return at, nil
		}
	}
	if last+1 >= logMaxChunks {
		return 0, ErrLogFull
	}
	m := f.meta()
	base := m.At.Unix() * 1e9
	if m.At.IsZero() {
		base = m.Seen.Unix() * 1e9
	}
	b := s.pack(f, flags, base)
	size := logChunkSize
	if last+1 < 8 {
		size = 256 << (last + 1) // a small log is small
	}
	s.chunks = append(s.chunks, logChunk{b: append(make([]byte, 0, max(size, len(b))), b...), base: base})
	return uint32(last+1) << logChunkBits, nil
}

// pack is the fact as it is to be written into a chunk with this base. It is valid
// until the next call.
func (s *logStore) pack(f *logFact, flags uint64, base int64) []byte {
	const head = 2 * binary.MaxVarintLen32 // more than the template's number and the flags take
	m := f.meta()
	if cap(s.scratch) < head {
		s.scratch = make([]byte, 256)
	}
	c := logCoder{s: s, b: s.scratch[:head], base: base, at: base, source: s.names.add(m.Source)}
	c.number, _ = logNumber(m.ID)
	c.word(m.ID, false)
	f.walk(&c)
	s.scratch = c.b
	t := s.template(logTemplate{kind: f.kind, source: c.source, service: s.services.add(m.Service),
		environment: s.environments.add(m.Environment), shape: c.shape})
	var first [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(first[:], uint64(t)<<logFlags|flags)
	copy(c.b[head-n:], first[:n])
	return c.b[head-n:]
}

func (s *logStore) template(t logTemplate) uint32 {
	if s.recent == nil {
		s.recent = new([1024]uint32)
	}
	recent := &s.recent[(uint32(t.shape)^uint32(t.shape>>32)^t.service*31^t.source)%uint32(len(s.recent))]
	if i := *recent; int(i) < len(s.templates) && s.templates[i] == t {
		return i
	}
	if i, ok := s.byShape[t]; ok {
		*recent = i
		return i
	}
	if s.byShape == nil {
		s.byShape = map[logTemplate]uint32{}
	}
	i := uint32(len(s.templates))
	s.templates, s.byShape[t] = append(s.templates, t), i
	return i
}

// open is a coder behind the template of what stands at a place, with its flags.
func (s *logStore) open(at uint32) (c logCoder, t *logTemplate, flags uint64) {
	chunk := &s.chunks[at>>logChunkBits]
	c = logCoder{s: s, reading: true, b: chunk.b[at&(logChunkSize-1):], base: chunk.base, at: chunk.base}
	x := c.uvarint(0)
	t = &s.templates[x>>logFlags]
	c.shape, c.source = t.shape, t.source
	return c, t, x & (1<<logFlags - 1)
}

// read unpacks the fact at a place.
func (s *logStore) read(at uint32) Fact {
	c, t, _ := s.open(at)
	var d Deployment
	var x Change
	var n Incident
	switch t.kind {
	case KindDeployment:
		s.unpack(&c, t, &logFact{kind: t.kind, d: &d})
		return d
	case KindChange:
		s.unpack(&c, t, &logFact{kind: t.kind, c: &x})
		return x
	}
	s.unpack(&c, t, &logFact{kind: t.kind, n: &n})
	return n
}

func (s *logStore) unpack(c *logCoder, t *logTemplate, f *logFact) {
	m := f.meta()
	m.Source, m.Service, m.Environment = s.names.texts[t.source], s.services.texts[t.service], s.environments.texts[t.environment]
	m.ID = c.readWord()
	c.number, _ = logNumber(m.ID)
	f.walk(c)
}

// holds reports whether exactly f stands at a place. Where it says no, the same may
// stand there in other bytes.
func (s *logStore) holds(f *logFact, at uint32) bool {
	_, _, flags := s.open(at)
	if flags&logMore != 0 { // it may stand there no more
		return false
	}
	chunk := &s.chunks[at>>logChunkBits]
	b, stands := s.pack(f, flags, chunk.base), chunk.b[at&(logChunkSize-1):]
	return len(b) <= len(stands) && string(b) == string(stands[:len(b)])
}

// rev is the revision of what stands at a place.
func (s *logStore) rev(at uint32) uint64 {
	c, _, _ := s.open(at)
	c.readWord()
	var m Meta
	c.meta(&m)
	return m.Rev
}

// named is the name of what stands at a place.
func (s *logStore) named(at uint32) (source, id string) {
	c, t, _ := s.open(at)
	return s.names.texts[t.source], c.readWord()
}

// revisions are the places of what is known of a fact, ascending by Rev.
func (s *logStore) revisions(anchor uint32) []uint32 {
	if _, _, flags := s.open(anchor); flags&logMore != 0 {
		return s.more[anchor]
	}
	return []uint32{anchor}
}

func (s *logStore) setRevisions(anchor uint32, revs []uint32) {
	if s.more == nil {
		s.more = map[uint32][]uint32{}
	}
	s.more[anchor] = revs
	s.chunks[anchor>>logChunkBits].b[anchor&(logChunkSize-1)] |= logMore
}

// facts calls visit with each anchor, in the order in which they came, and what stands
// there. What visit is given holds until it returns, but for what it points to.
func (s *logStore) facts(visit func(at uint32, flags uint64, f *logFact)) {
	var d Deployment
	var x Change
	var n Incident
	for i := range s.chunks {
		for from := 0; from < len(s.chunks[i].b); {
			at := uint32(i)<<logChunkBits | uint32(from)
			c, t, flags := s.open(at)
			f := logFact{kind: t.kind, d: &d, c: &x, n: &n}
			switch t.kind {
			case KindDeployment:
				d = Deployment{}
			case KindChange:
				x = Change{}
			default:
				n = Incident{}
			}
			s.unpack(&c, t, &f)
			if flags&logAside == 0 {
				visit(at, flags, &f)
			}
			from = len(s.chunks[i].b) - len(c.b)
		}
	}
}

// tidy packs the log anew when more than half of what it holds is dead: a source that
// tells one fact again and again, as if it were seen earlier each time, takes no more.
func (s *logStore) tidy() error {
	if s.dead < 1024 || s.dead < s.size {
		return nil
	}
	var fresh Log
	var t Tally
	var errs []error
	s.facts(func(anchor uint32, _ uint64, _ *logFact) {
		for _, at := range s.revisions(anchor) {
			errs = append(errs, fresh.add(s.read(at), &t))
		}
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	packed := s.packed + 1
	*s = fresh.s
	s.packed = packed
	return nil
}

// logIndex finds anchors by name: a table that is probed in a row, with a byte of
// each hash beside it. The hash is keyed anew for each log, and is never trusted: two
// names with one hash are two names. No result depends on it.
type logIndex struct {
	seed  maphash.Seed
	mix   uint64
	alike bool    // only for tests: all hashes are equal
	tags  []uint8 // 0 is free
	slots []uint32
	shift uint
	n     int
}

// logKey is the name of a fact.
type logKey struct {
	kind     FactKind
	source   uint32
	id       string
	number   uint64
	isNumber bool
	hash     uint64
}

func (s *logStore) key(kind FactKind, m *Meta) logKey {
	k := logKey{kind: kind, source: s.names.add(m.Source), id: m.ID}
	k.number, k.isNumber = logNumber(m.ID)
	if s.index.tags == nil {
		s.index.seed = maphash.MakeSeed()
		s.index.mix = maphash.String(s.index.seed, "") | 1
		s.index.resize(3)
	}
	k.hash = s.index.hash(kind, k.source, m.ID)
	return k
}

func (x *logIndex) hash(kind FactKind, source uint32, id string) uint64 {
	if x.alike {
		return 1
	}
	hi, lo := bits.Mul64(maphash.String(x.seed, id)^uint64(source)<<8^uint64(kind), x.mix)
	return hi ^ lo
}

func (x *logIndex) resize(log uint) {
	x.tags, x.slots, x.shift = make([]uint8, 1<<log), make([]uint32, 1<<log), 64-log
}

func logTag(hash uint64) uint8 { return uint8(hash) | 0x80 }

func (s *logStore) find(k *logKey) (uint32, bool) {
	x := &s.index
	tag, mask := logTag(k.hash), uint64(len(x.tags)-1)
	for i := k.hash >> x.shift; ; i = (i + 1) & mask {
		switch x.tags[i] {
		case 0:
			return 0, false
		case tag:
			c, t, _ := s.open(x.slots[i])
			if t.kind == k.kind && t.source == k.source && c.isWord(k.id, k.number, k.isNumber) {
				return x.slots[i], true
			}
		}
	}
}

func (s *logStore) insert(k *logKey, at uint32) {
	x := &s.index
	if 8*(x.n+1) > 7*len(x.tags) {
		old := *x
		x.resize(64 - old.shift + 1)
		for i, tag := range old.tags {
			if tag != 0 {
				c, t, _ := s.open(old.slots[i])
				x.place(x.hash(t.kind, t.source, c.readWord()), old.slots[i])
			}
		}
	}
	x.place(k.hash, at)
	x.n++
}

func (x *logIndex) place(hash uint64, at uint32) {
	mask := uint64(len(x.tags) - 1)
	i := hash >> x.shift
	for x.tags[i] != 0 {
		i = (i + 1) & mask
	}
	x.tags[i], x.slots[i] = logTag(hash), at
}
