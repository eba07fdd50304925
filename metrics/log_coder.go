package metrics

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// logCoder writes the fields of one fact, or reads them. Which of them there are, and
// the small ones themselves, is its shape; the rest is its body. One walk over the
// fields serves both directions, so that they cannot differ.
type logCoder struct {
	s       *logStore
	reading bool
	shape   uint64
	bit     uint   // the next one of shape
	b       []byte // the body: what was written, or what is left to read
	base    int64  // the times of the chunk are counted from it, in nanoseconds
	at      int64  // Meta.At, or base
	source  uint32 // of the fact itself
	number  uint64 // its ID, if that is one
}

// bits is n bits of the shape: given when writing, found when reading.
func (c *logCoder) bits(v uint64, n uint) uint64 {
	at := c.bit
	c.bit += n
	if c.reading {
		return c.shape >> at & (1<<n - 1)
	}
	c.shape |= v << at
	return v
}

// has says whether a field is there.
func (c *logCoder) has(there bool) bool {
	if there {
		return c.bits(1, 1) == 1
	}
	return c.bits(0, 1) == 1
}

func logSmall[T ~uint8](c *logCoder, v *T, n uint) { *v = T(c.bits(uint64(*v), n)) }

func (c *logCoder) uvarint(v uint64) uint64 {
	if !c.reading {
		c.b = binary.AppendUvarint(c.b, v)
		return v
	}
	v, n := binary.Uvarint(c.b)
	c.b = c.b[n:]
	return v
}

func (c *logCoder) varint(v int64) int64 {
	x := c.uvarint(uint64(v)<<1 ^ uint64(v>>63))
	return int64(x>>1) ^ -int64(x&1)
}

// take is the next n bytes of the body.
func (c *logCoder) take(n int) []byte {
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

func (c *logCoder) meta(m *Meta) {
	m.Deleted = c.has(m.Deleted)
	if c.bits(min(m.Rev, 3), 2) < 3 {
		if c.reading {
			m.Rev = c.shape >> (c.bit - 2) & 3
		}
	} else {
		m.Rev = c.uvarint(m.Rev)
	}
	c.moment(&m.At)
	if same := c.has(m.Seen.Equal(m.At)); !same {
		c.since(&m.Seen)
	} else if c.reading {
		m.Seen = m.At
	}
	c.dims(&m.Dims)
}

// logUnits are what times are counted in, the coarsest that fits.
var logUnits = [...]int64{int64(time.Second), int64(time.Millisecond), int64(time.Microsecond), 1}

func logUnit(v int64) int {
	for i, u := range logUnits[:3] {
		if v%u == 0 {
			return i
		}
	}
	return 3
}

// moment is Meta.At, its unit in the shape: 0 where there is none.
func (c *logCoder) moment(t *time.Time) {
	if c.reading {
		if u := c.bits(0, 3); u > 0 {
			c.at = c.base + c.varint(0)*logUnits[u-1]
			*t = time.Unix(0, c.at).UTC()
		}
		return
	}
	if t.IsZero() {
		c.bits(0, 3)
		return
	}
	c.at = t.UnixNano()
	u := logUnit(c.at - c.base)
	c.bits(uint64(u)+1, 3)
	c.varint((c.at - c.base) / logUnits[u])
}

// since is a time that is there, counted from the fact's own. Its unit stands in its
// lowest three bits; a count that leaves no room for them stands, in nanoseconds,
// behind an escape.
func (c *logCoder) since(t *time.Time) {
	const room, escape = 1 << 60, 7
	if c.reading {
		x := c.uvarint(0)
		if x == escape {
			*t = time.Unix(0, c.at+c.varint(0)).UTC()
			return
		}
		v := int64(x>>4) ^ -int64(x>>3&1)
		*t = time.Unix(0, c.at+v*logUnits[x&3]).UTC()
		return
	}
	v := t.UnixNano() - c.at
	u := logUnit(v)
	if n := v / logUnits[u]; n < room/2 && n >= -room/2 {
		c.uvarint((uint64(n)<<1^uint64(n>>63))<<3 | uint64(u))
		return
	}
	c.uvarint(escape)
	c.varint(v)
}

func (c *logCoder) time(t *time.Time) {
	if c.has(!t.IsZero()) {
		c.since(t)
	}
}

func (c *logCoder) digest(d *release.Digest) {
	if !c.has(!d.IsZero()) {
		return
	}
	if c.reading {
		copy(d[:], c.take(len(d)))
	} else {
		c.b = append(c.b, d[:]...)
	}
}

func (c *logCoder) float(v *float64) {
	if !c.has(*v != 0) {
		return
	}
	if c.reading {
		*v = math.Float64frombits(binary.LittleEndian.Uint64(c.take(8)))
	} else {
		c.b = binary.LittleEndian.AppendUint64(c.b, math.Float64bits(*v))
	}
}

func (c *logCoder) dims(d *Dims) {
	if !c.has(len(*d) > 0) {
		return
	}
	n := int(c.uvarint(uint64(len(*d))))
	if c.reading {
		*d = make(Dims, n)
		for range n {
			key := c.word("", true)
			(*d)[key] = c.word("", true)
		}
		return
	}
	for _, key := range slices.Sorted(maps.Keys(*d)) {
		c.word(key, true)
		c.word((*d)[key], true)
	}
}

func (c *logCoder) text(t *string) {
	if c.has(*t != "") {
		*t = c.word(*t, false)
	}
}

// name is a text of which there are few different ones.
func (c *logCoder) name(t *string) {
	if c.has(*t != "") {
		*t = c.word(*t, true)
	}
}

func (c *logCoder) ref(kind FactKind, r *Ref) {
	if c.has(!r.IsZero()) {
		source, number := c.source, c.number
		c.oneRef(kind, r, &source, &number)
	}
}

func (c *logCoder) refs(kind FactKind, rs *[]Ref) {
	if !c.has(len(*rs) > 0) {
		return
	}
	n := int(c.uvarint(uint64(len(*rs))))
	if c.reading {
		*rs = make([]Ref, n)
	}
	source, number := c.source, c.number
	for i := range *rs {
		c.oneRef(kind, &(*rs)[i], &source, &number)
	}
}

// The ways in which a ref is written, in its lowest bits.
const (
	refNumber uint64 = iota // a number of the same source as the one before, as the difference
	refKnown                // a fact that the log holds, by its place
	refText                 // an ID of the same source
	refOther                // a source and an ID
)

// oneRef is a ref after another one, or after the fact itself.
func (c *logCoder) oneRef(kind FactKind, r *Ref, source *uint32, number *uint64) {
	if c.reading {
		x := c.uvarint(0)
		switch x & 3 {
		case refNumber:
			*number += uint64(int64(x>>3) ^ -int64(x>>2&1))
			r.Source, r.ID = c.s.names.texts[*source], logDigits(*number)
			return
		case refKnown:
			r.Source, r.ID = c.s.named(uint32(x >> 2))
			return
		case refOther:
			*source = uint32(x >> 2)
		}
		r.Source, r.ID = c.s.names.texts[*source], c.word("", false)
		*number, _ = logNumber(r.ID)
		return
	}
	of := c.s.names.add(r.Source)
	n, isNumber := logNumber(r.ID)
	if d := int64(n - *number); isNumber && of == *source && d < 1<<59 && d > -1<<59 {
		c.uvarint((uint64(d)<<1 ^ uint64(d>>63)) << 2) // with no bit of the kind set: refNumber
		*number = n
		return
	}
	if !isNumber && len(r.ID) > 4 {
		key := c.s.key(kind, &Meta{Source: r.Source, ID: r.ID})
		if at, ok := c.s.find(&key); ok {
			c.uvarint(uint64(at)<<2 | refKnown)
			return
		}
	}
	if of == *source {
		c.uvarint(refText)
	} else {
		c.uvarint(uint64(of)<<2 | refOther)
		*source = of
	}
	c.word(r.ID, false)
	*number, _ = logNumber(r.ID)
}
