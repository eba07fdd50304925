package metrics

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// MaxResultJSON is how many bytes the JSON of a result may have.
const MaxResultJSON = 1 << 20

// AppendResult appends the JSON of a result to dst: without white space, the members
// in the order of the structure's fields, statuses by name. A number that is not there
// (NaN) is an absent member, never 0 and never null; an infinity is the text "+Inf" or
// "-Inf". Numbers have the digits that give the same bits again, times the offset of
// their window's zone. Equal results give equal bytes. A result that contradicts itself,
// and one of more than [MaxResultJSON] bytes, is an error, and dst is returned as it was.
//
// [Result.MarshalJSON] writes another form, for charts: there NaN and infinities are null,
// so that it cannot be read back.
func AppendResult(dst []byte, r Result) ([]byte, error) {
	if err := r.check(); err != nil {
		return dst, fmt.Errorf("metrics: result %s of %q in %s cannot be written: %w", r.Metric, r.Key, r.Window, err)
	}
	out := appendResult(dst, r)
	if n := len(out) - len(dst); n > MaxResultJSON {
		return dst, fmt.Errorf("metrics: result %s of %q in %s cannot be written: its JSON has %d bytes, more than %d", r.Metric, r.Key, r.Window, n, MaxResultJSON)
	}
	return out, nil
}

// ParseResult reads what [AppendResult] writes, with the members in any order and with
// white space between them. It is strict: names that it does not know, names that stand
// twice, null, numbers that do not fit a float64, anything after the result, and results
// that contradict themselves are errors: a value where the status is no-data, none where
// it is ok, an interval that does not hold its value, more censored than there are.
// Times have a fixed offset. What it returns keeps no part of b.
func ParseResult(b []byte) (Result, error) {
	s, err := strictjson.NewScanner(b, resultLimits)
	if err != nil {
		return Result{}, fmt.Errorf("metrics: this is no result: %w", err)
	}
	r, err := readResult(s)
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return Result{}, fmt.Errorf("metrics: this is no result: %w", err)
	}
	return r, nil
}

var resultLimits = strictjson.Limits{Package: "json", Bytes: MaxResultJSON, Depth: 3, Names: 1 << 10, Elements: 1 << 12, Entries: 1}

// appendResult writes a result that has been checked.
func appendResult(dst []byte, r Result) []byte {
	dst = appendText(append(dst, `{"metric":`...), r.Metric.String())
	dst = appendTexts(append(dst, `,"key":`...), r.Key)
	dst = appendText(append(dst, `,"window":{"kind":`...), r.Window.Kind.String())
	dst = appendMoment(append(dst, `,"from":`...), r.Window.From)
	dst = append(appendMoment(append(dst, `,"to":`...), r.Window.To), '}')
	if r.Partial {
		dst = append(dst, `,"partial":true`...)
	}
	dst = appendText(append(dst, `,"status":`...), r.Status.String())
	if r.Reason != "" {
		dst = appendText(append(dst, `,"reason":`...), r.Reason)
	}
	dst = appendFloat(dst, "value", r.Value)
	dst = appendFloat(dst, "lo", r.Lo)
	dst = appendFloat(dst, "hi", r.Hi)
	dst = appendFloat(dst, "level", r.Level)
	for i, q := range r.Quantiles {
		if i == 0 {
			dst = append(dst, `,"quantiles":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = strconv.AppendFloat(append(dst, `{"p":`...), q.P, 'g', -1, 64)
		dst = appendFloat(dst, "value", q.Value)
		dst = appendFloat(dst, "lo", q.Lo)
		dst = append(appendFloat(dst, "hi", q.Hi), '}')
	}
	if len(r.Quantiles) > 0 {
		dst = append(dst, ']')
	}
	dst = appendText(append(dst, `,"method":`...), r.Method)
	dst = strconv.AppendInt(append(dst, `,"n":`...), int64(r.N), 10)
	for _, c := range []struct {
		name string
		n    int
	}{{"censored", r.Censored}, {"negative", r.Negative}, {"assumed", r.Assumed}} {
		if c.n != 0 {
			dst = strconv.AppendInt(append(append(append(dst, `,"`...), c.name...), `":`...), int64(c.n), 10)
		}
	}
	dst = appendFloat(dst, "restrictedMean", r.RestrictedMean)
	dst = appendFloat(dst, "horizon", r.Horizon)
	return append(appendText(append(dst, `,"definition":`...), r.Definition.String()), '}')
}

// appendFloat writes a member with a comma before it, nothing where it is NaN.
func appendFloat(dst []byte, name string, v float64) []byte {
	if math.IsNaN(v) {
		return dst
	}
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	switch {
	case math.IsInf(v, 1):
		return append(dst, `"+Inf"`...)
	case math.IsInf(v, -1):
		return append(dst, `"-Inf"`...)
	}
	return strconv.AppendFloat(dst, v, 'g', -1, 64)
}

func appendTexts(dst []byte, texts []string) []byte {
	dst = append(dst, '[')
	for i, t := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, t)
	}
	return append(dst, ']')
}

func appendMoment(dst []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(dst, '"'), time.RFC3339Nano), '"')
}
