package health

import (
	"errors"
	"math"
)

// exponential is the layout of a native histogram: the zero threshold, and above
// it the numbers 2^(i/2^schema).
type exponential struct {
	schema int
	zero   float64
}

// roots are 2^(1/2), 2^(1/4) and so on, exact to the last bit. Bounds are products
// of them, in this order, so that a bound is the same number in every schema that
// has it, and on every machine.
var roots = [maxSchema]float64{
	1.41421356237309504880168872420969807857, 1.18920711500272106671749997056047591529,
	1.09050773266525765920701065576070797899, 1.04427378242741384032196647873992900878,
	1.02189714865411667823448013478329943978, 1.01088928605170046002040979056186052439,
	1.00542990111280282136319670012270834036, 1.00271127505020248543074558845036204521,
}

// last is the index of the bucket that ends at the largest number. One more is for
// infinity.
func (l exponential) last() int64 {
	if l.schema < 0 {
		return 1024 >> -l.schema
	}
	return 1024 << l.schema
}

// bound is the upper bound of bucket i.
func (l exponential) bound(i int64) float64 {
	switch last := l.last(); {
	case i == last:
		return math.MaxFloat64
	case i > last:
		return math.Inf(1)
	case i < -2*last: // far below the smallest number
		return 0
	case l.schema <= 0:
		return math.Ldexp(1, int(i<<-l.schema))
	}
	m := 1.0
	for bit, root := range roots[:l.schema] {
		if i>>(l.schema-1-bit)&1 == 1 {
			m *= root
		}
	}
	return math.Ldexp(m, int(i>>l.schema))
}

// index is the index of the bucket that v > 0 is in.
func (l exponential) index(v float64) int64 {
	if math.IsInf(v, 1) {
		return l.last() + 1
	}
	i := int64(math.Ceil(math.Ldexp(math.Log2(v), l.schema)))
	for l.bound(i-1) >= v {
		i--
	}
	for l.bound(i) < v {
		i++
	}
	return i
}

func (l exponential) up(v float64) float64 {
	if v <= l.zero {
		return l.zero
	}
	return l.bound(l.index(v))
}

// with takes the lower resolution. Of two zero buckets it takes the wider one, up
// to the next bound, since a bucket may lie across its end.
func (l exponential) with(other layout) (layout, error) {
	o, ok := other.(exponential)
	if !ok {
		return nil, errors.New("their buckets are of different kinds")
	}
	both := exponential{schema: min(l.schema, o.schema), zero: l.zero}
	if l.zero != o.zero {
		both.zero = exponential{schema: both.schema}.up(max(l.zero, o.zero))
	}
	return both, nil
}

// follows: a counter with too many buckets halves its resolution or widens its zero
// bucket; what it never does is the opposite.
func (l exponential) follows(other layout) bool {
	o, ok := other.(exponential)
	return ok && l.schema <= o.schema && l.zero >= o.zero
}
