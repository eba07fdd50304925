package health

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// NativeBucket is a bucket of a native histogram in an answer of Prometheus' HTTP
// API, [boundary rule, left, right, count]. Whether an end belongs to the bucket
// follows from the schema.
type NativeBucket struct {
	// Lower and Upper are the ends: Lower = -Upper for the zero bucket.
	Lower, Upper float64
	// Count is how many events it has: a whole number, up to 2^53.
	Count float64
}

// NativeHistogram makes a histogram of the buckets in an answer of Prometheus'
// HTTP API, in their order. It leaves out the schema and the empty buckets. The
// schema is found
// from the ends of a bucket. Buckets of which none shows it are refused unless all
// are zero or negative, as are those of schema -53, whose empty bounds nobody
// could know; such histograms are better read as classic ones. No buckets at all are
// a histogram without events.
func NativeHistogram(buckets []NativeBucket) (Histogram, error) {
	refuse := func(i int, why string) (Histogram, error) {
		b := buckets[i]
		return Histogram{}, fmt.Errorf("health: native histogram: bucket %d from %v to %v: %s", i, b.Lower, b.Upper, why)
	}
	l := exponential{schema: maxSchema}
	known, needed := false, false
	for i, b := range buckets {
		switch {
		case !(b.Lower < b.Upper) && !(b.Lower == 0 && b.Upper == 0):
			return refuse(i, "the ends are not in order")
		case i > 0 && !(b.Upper > buckets[i-1].Upper):
			return refuse(i, "it does not end above the one before")
		case b.Lower == -b.Upper:
			l.zero = b.Upper
		}
	}
	if math.IsInf(l.zero, 1) {
		return Histogram{}, errors.New("health: native histogram: the zero bucket has no end")
	}
	first := slices.IndexFunc(buckets, func(b NativeBucket) bool { return b.Upper > l.zero })
	for i := len(buckets) - 1; i >= 0 && i >= first && first >= 0; i-- {
		b := buckets[i]
		needed = true
		if b.Lower <= l.zero || math.IsInf(b.Upper, 1) { // cut by the zero bucket, or the last: its width says nothing
			continue
		}
		schema, ok := schemaOf(b.Lower, b.Upper)
		switch {
		case known && i == first && l.zero == 0 && (!ok || schema != l.schema):
			l.zero = b.Lower // cut by a zero bucket that is empty
		case !ok:
			return refuse(i, "no schema from -4 to 8 has it")
		case known && schema != l.schema:
			return refuse(i, fmt.Sprintf("is of schema %d, and a later one of %d", schema, l.schema))
		default:
			l.schema, known = schema, true
		}
	}
	if needed && !known {
		return Histogram{}, errors.New("health: native histogram: no bucket shows the schema")
	}
	parts := make([]bucket, len(buckets))
	for i, b := range buckets {
		count, err := countOf(b.Count)
		if err != nil {
			return refuse(i, err.Error())
		}
		parts[i] = bucket{l.zero, count}
		if b.Upper > l.zero {
			near := l.up(b.Upper * (1 - slack))
			if math.Abs(near-b.Upper) > b.Upper*slack {
				return refuse(i, fmt.Sprintf("its end is no bound of schema %d", l.schema))
			}
			parts[i].upper = near
		}
	}
	return histogramOf(l, parts)
}

// schemaOf is the schema in which the two positive numbers are neighbouring
// bounds.
func schemaOf(lower, upper float64) (int, bool) {
	for schema := minSchema; schema <= maxSchema; schema++ {
		l := exponential{schema: schema}
		i := l.index(lower * (1 - slack))
		if b := l.bound(i); math.Abs(b-lower) > lower*slack {
			continue
		}
		if b := l.bound(i + 1); b == upper || math.Abs(b-upper) <= upper*slack {
			return schema, true
		}
	}
	return 0, false
}
