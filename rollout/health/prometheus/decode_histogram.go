package prometheus

import (
	"math"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// histogram is a native histogram.
type histogram struct {
	count, sum float64
	buckets    []bucket
}

// bucket counts the events between two values. rule says which of them are in it:
// 0 the upper, 1 the lower, 2 none, 3 both.
type bucket struct {
	rule              int
	lower, upper, num float64
}

// maxBuckets bounds a native histogram; Prometheus itself makes far fewer.
const maxBuckets = 10_000

func (d decoder) histogram() (*histogram, error) {
	h, seen := &histogram{}, 0
	err := d.Object(func(name []byte) error {
		var err error
		switch string(name) {
		case "count":
			seen++
			h.count, err = d.quoted()
		case "sum":
			seen++
			from := d.Offset()
			s, serr := d.Str()
			if err = serr; err == nil {
				var ok bool
				if h.sum, ok = parseNumber(s); !ok {
					err = d.ErrorfAt(from, "%s is no number", strictjson.Quoted(s))
				}
			}
		case "buckets":
			err = d.Array(func(i int) error {
				if i >= maxBuckets {
					return d.Errorf("there are more than %d buckets", maxBuckets)
				}
				b, err := d.bucket()
				if k := len(h.buckets); err == nil && k > 0 && b.lower < h.buckets[k-1].upper {
					return d.Errorf("buckets overlap")
				}
				h.buckets = append(h.buckets, b)
				return err
			})
		default:
			err = d.Errorf("%s is not understood in a histogram", strictjson.Quoted(name))
		}
		return err
	})
	if err == nil && seen != 2 {
		err = d.Errorf("a histogram has a count and a sum")
	}
	if err != nil {
		return nil, err
	}
	total := 0.0
	for _, b := range h.buckets {
		total += b.num
	}
	if total > h.count { // NaN is counted, and is in no bucket
		return nil, d.Errorf("the buckets count more than the histogram")
	}
	return h, nil
}

func (d decoder) bucket() (bucket, error) {
	var b bucket
	n := 0
	err := d.Array(func(i int) error {
		n++
		var err error
		from := d.Offset()
		if i == 0 {
			if _, err = d.Value(); err == nil {
				text := strings.TrimSpace(string(d.Since(from)))
				if len(text) != 1 || text[0] < '0' || text[0] > '3' {
					return d.ErrorfAt(from, "a bucket's first is 0, 1, 2 or 3")
				}
				b.rule = int(text[0] - '0')
			}
			return err
		}
		if i == 3 {
			b.num, err = d.quoted()
			return err
		}
		s, err := d.Str()
		v, ok := parseNumber(s)
		switch {
		case err != nil:
			return err
		case !ok || math.IsNaN(v):
			return d.ErrorfAt(from, "%s is no border", strictjson.Quoted(s))
		case i == 1:
			b.lower = v
		case i == 2:
			b.upper = v
		default:
			return d.Errorf("a bucket has four parts")
		}
		return nil
	})
	if err == nil && (n != 4 || b.lower > b.upper || b.lower == b.upper && b.rule != 3) {
		return b, d.Errorf("a bucket has four parts, the lower border before the upper one")
	}
	return b, err
}
