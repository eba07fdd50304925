package metrics

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// readResult reads and checks one result. That a member is missing shows in what it
// leaves unset, but for n, which may be 0.
func readResult(s *strictjson.Scanner) (Result, error) {
	nan := math.NaN()
	r := Result{Value: nan, Lo: nan, Hi: nan, RestrictedMean: nan, Horizon: nan, N: -1}
	keyed := false
	s.Space()
	from := s.Offset()
	err := s.Object(func(name []byte) error {
		switch string(name) {
		case "metric":
			return readWord(s, &r.Metric)
		case "key":
			keyed = true
			return readTexts(s, &r.Key)
		case "window":
			return readWindow(s, &r.Window)
		case "partial":
			return readTrue(s, &r.Partial)
		case "status":
			return readWord(s, &r.Status)
		case "reason":
			return readText(s, &r.Reason)
		case "value":
			return readFloat(s, &r.Value)
		case "lo":
			return readFloat(s, &r.Lo)
		case "hi":
			return readFloat(s, &r.Hi)
		case "level":
			return readFloat(s, &r.Level)
		case "quantiles":
			return s.Array(func(int) error {
				q := QuantileValue{P: nan, Value: nan, Lo: nan, Hi: nan}
				err := readQuantile(s, &q)
				r.Quantiles = append(r.Quantiles, q)
				return err
			})
		case "method":
			return readText(s, &r.Method)
		case "n":
			return readCount(s, &r.N)
		case "censored":
			return readCount(s, &r.Censored)
		case "negative":
			return readCount(s, &r.Negative)
		case "assumed":
			return readCount(s, &r.Assumed)
		case "restrictedMean":
			return readFloat(s, &r.RestrictedMean)
		case "horizon":
			return readFloat(s, &r.Horizon)
		case "definition":
			return readWord(s, &r.Definition)
		}
		return s.Errorf("no result has a member %s", strictjson.Quoted(name))
	})
	if err == nil {
		err = r.check()
		if !keyed {
			err = errors.Join(errors.New("it has no key"), err)
		}
		if err != nil {
			err = s.ErrorfAt(from, "%v", err)
		}
	}
	return r, err
}

func readQuantile(s *strictjson.Scanner, q *QuantileValue) error {
	return s.Object(func(name []byte) error {
		switch string(name) {
		case "p":
			return readFloat(s, &q.P)
		case "value":
			return readFloat(s, &q.Value)
		case "lo":
			return readFloat(s, &q.Lo)
		case "hi":
			return readFloat(s, &q.Hi)
		}
		return s.Errorf("no quantile has a member %s", strictjson.Quoted(name))
	})
}

func readWindow(s *strictjson.Scanner, w *Window) error {
	return s.Object(func(name []byte) error {
		switch string(name) {
		case "kind":
			return readWord(s, &w.Kind)
		case "from":
			return readFixed(s, &w.From)
		case "to":
			return readFixed(s, &w.To)
		}
		return s.Errorf("no window has a member %s", strictjson.Quoted(name))
	})
}

// readFixed reads a time that keeps the offset that is written: package time makes
// the machine's own zone of an offset that it has.
func readFixed(s *strictjson.Scanner, t *time.Time) error {
	if err := readTime(s, t); err != nil {
		return err
	}
	if _, offset := t.Zone(); offset != 0 {
		*t = t.In(time.FixedZone("", offset))
	} else {
		*t = t.UTC()
	}
	return nil
}

// readFloat reads a number, or one of the two infinities as a text.
func readFloat(s *strictjson.Scanner, v *float64) error {
	k, err := s.Peek()
	if err != nil {
		return err
	}
	if k == strictjson.String {
		raw, _, err := s.Bytes()
		if err != nil {
			return err
		}
		switch string(raw) {
		case "+Inf":
			*v = math.Inf(1)
		case "-Inf":
			*v = math.Inf(-1)
		default:
			return s.Errorf("%s is no number", strictjson.Quoted(raw))
		}
		return nil
	}
	return readNumber(s, "a number of 64 bits", func(text string) (err error) {
		*v, err = strconv.ParseFloat(text, 64)
		return err
	})
}

func readCount(s *strictjson.Scanner, n *int) error {
	return readNumber(s, "a count", func(text string) error {
		v, err := strconv.ParseUint(text, 10, 31)
		*n = int(v)
		return err
	})
}

func readTrue(s *strictjson.Scanner, v *bool) error {
	err := member{to: v}.read(s)
	if err == nil && !*v {
		err = s.Errorf("what is false is left out")
	}
	return err
}

func readTexts(s *strictjson.Scanner, to *[]string) error {
	*to = []string{}
	err := s.Array(func(int) error {
		var text string
		err := readText(s, &text)
		*to = append(*to, text)
		return err
	})
	*to = slices.Clip(*to)
	return err
}
