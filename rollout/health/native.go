package health

import (
	"errors"
	"fmt"
	"math"
)

// The schemas of Prometheus' native histograms.
const (
	minSchema    = -4  // each bound is 2^16 times the one before
	maxSchema    = 8   // 2^(1/256) times
	customSchema = -53 // bounds are listed
)

// NativeSpan is a run of neighbouring buckets of a native histogram.
type NativeSpan struct {
	// Offset is the index of the first bucket of the first span, and for later spans
	// the number of empty buckets between it and the span before.
	Offset int32 `json:"offset"`
	// Length is the number of buckets.
	Length uint32 `json:"length"`
}

// Native is a native histogram of Prometheus with integer counts, as its protocol
// buffers have it. See "Native Histograms" in the specifications of Prometheus. With
// Schema from -4 to 8, bucket i counts values above 2^((i-1)/2^Schema) and at
// most 2^(i/2^Schema). With schema -53, custom buckets, bucket i counts values at
// most CustomValues[i] and above the one before.
type Native struct {
	// Schema is the resolution: -4 to 8, or -53.
	Schema int32 `json:"schema"`
	// ZeroThreshold is the largest absolute value that the zero bucket counts, and
	// ZeroCount how many events it has.
	ZeroThreshold float64 `json:"zeroThreshold"`
	ZeroCount     uint64  `json:"zeroCount"`
	// Count is the number of all events.
	Count uint64 `json:"count"`
	// PositiveSpans say which buckets there are, and PositiveDeltas what they count:
	// the first its count, each other the difference to the one before.
	PositiveSpans  []NativeSpan `json:"positiveSpans"`
	PositiveDeltas []int64      `json:"positiveDeltas"`
	// NegativeSpans and NegativeDeltas are the same of negative values. They are
	// faster than every edge, and only their number counts here.
	NegativeSpans  []NativeSpan `json:"negativeSpans"`
	NegativeDeltas []int64      `json:"negativeDeltas"`
	// CustomValues are the bounds for schema -53, ascending and finite.
	CustomValues []float64 `json:"customValues"`
}

// Histogram is the histogram. Spans and deltas that do not fit together, counts
// below 0 and a Count that is not the sum of the buckets are refused: the last is
// how a native histogram shows that it has seen values that are not numbers.
func (n Native) Histogram() (Histogram, error) {
	h, err := n.histogram()
	if err != nil {
		return Histogram{}, fmt.Errorf("health: native histogram: %w", err)
	}
	if h.total != n.Count {
		return Histogram{}, fmt.Errorf("health: native histogram: count %d is not the %d events of its buckets", n.Count, h.total)
	}
	return h, nil
}

func (n Native) histogram() (Histogram, error) {
	if n.Schema == customSchema {
		return n.custom()
	}
	l := exponential{schema: int(n.Schema), zero: n.ZeroThreshold}
	switch {
	case n.Schema < minSchema || n.Schema > maxSchema:
		return Histogram{}, fmt.Errorf("schema %d is not between %d and %d", n.Schema, minSchema, maxSchema)
	case !(l.zero >= 0 && !math.IsInf(l.zero, 0)):
		return Histogram{}, fmt.Errorf("zero threshold %v is not a finite number from 0 on", l.zero)
	case len(n.CustomValues) > 0:
		return Histogram{}, fmt.Errorf("schema %d has custom values", n.Schema)
	}
	buckets := []bucket{{l.zero, n.ZeroCount}}
	err := walk(n.PositiveSpans, n.PositiveDeltas, func(i int64, count uint64) error {
		if i-1 > l.last() {
			return fmt.Errorf("bucket %d is beyond the largest number", i)
		}
		buckets = append(buckets, bucket{max(l.bound(i), l.zero), count})
		return nil
	})
	if err != nil {
		return Histogram{}, fmt.Errorf("positive: %w", err)
	}
	err = walk(n.NegativeSpans, n.NegativeDeltas, func(_ int64, count uint64) error {
		buckets = append(buckets, bucket{l.zero, count})
		return nil
	})
	if err != nil {
		return Histogram{}, fmt.Errorf("negative: %w", err)
	}
	return histogramOf(l, buckets)
}

func (n Native) custom() (Histogram, error) {
	if n.ZeroThreshold != 0 || n.ZeroCount != 0 || len(n.NegativeSpans) > 0 || len(n.NegativeDeltas) > 0 {
		return Histogram{}, errors.New("custom buckets have neither a zero bucket nor negative ones")
	}
	if len(n.CustomValues) == 0 {
		return Histogram{}, errors.New("custom buckets without a bound")
	}
	for i, v := range n.CustomValues {
		if math.IsNaN(v) || math.IsInf(v, 0) || i > 0 && !(v > n.CustomValues[i-1]) {
			return Histogram{}, fmt.Errorf("custom bound %d, %v, is not finite and above the one before", i, v)
		}
	}
	l := explicit(append([]float64(nil), n.CustomValues...))
	var buckets []bucket
	err := walk(n.PositiveSpans, n.PositiveDeltas, func(i int64, count uint64) error {
		switch {
		case i < 0 || i > int64(len(l)):
			return fmt.Errorf("bucket %d of %d custom bounds", i, len(l))
		case i == int64(len(l)):
			buckets = append(buckets, bucket{math.Inf(1), count})
		default:
			buckets = append(buckets, bucket{l[i], count})
		}
		return nil
	})
	if err != nil {
		return Histogram{}, err
	}
	return histogramOf(l, buckets)
}

// walk goes through the buckets that spans and deltas describe.
func walk(spans []NativeSpan, deltas []int64, bucket func(i int64, count uint64) error) error {
	at, count, used := int64(0), int64(0), 0
	for s, span := range spans {
		if s > 0 && span.Offset < 0 {
			return fmt.Errorf("span %d begins %d buckets before the end of the one before", s, -int64(span.Offset))
		}
		at += int64(span.Offset)
		if int64(span.Length) > int64(len(deltas)-used) {
			return fmt.Errorf("span %d has %d buckets, and there are %d more counts", s, span.Length, len(deltas)-used)
		}
		for range span.Length {
			d := deltas[used]
			if d > maxCount || d < -maxCount { // so that the sum cannot overflow
				return fmt.Errorf("delta %d, %d, is beyond what can be counted", used, d)
			}
			if count += d; count < 0 || count > maxCount {
				return fmt.Errorf("bucket %d counts %d", at, count)
			}
			if err := bucket(at, uint64(count)); err != nil {
				return err
			}
			at++
			used++
		}
	}
	if used < len(deltas) {
		return fmt.Errorf("%d counts are in no span", len(deltas)-used)
	}
	return nil
}
