package table

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// WriteResults writes the results of a report as CSV with a header: the metric, the
// report's dimensions, the window, then status, value, lo, hi, level, unit, n,
// censored, negative, assumed, partial, method, reason, definition. Values are in the
// metric's unit, with as many digits as it takes to read the same number again;
// times are by RFC 3339 in the window's zone. What is not there is an empty cell; an
// interval without a bound has "-Inf" or "Inf".
//
// Programs for tables take a text that begins with one of = + - @, or with white
// space before it, for a formula. Such a text is written with an apostrophe before it.
func WriteResults(w io.Writer, r *metrics.Report) error {
	out := csv.NewWriter(w)
	by := r.By()
	row := []string{"metric"}
	for _, dim := range by {
		row = append(row, text(dim))
	}
	row = append(row, "from", "to", "status", "value", "lo", "hi", "level", "unit", "n", "censored", "negative", "assumed", "partial", "method", "reason", "definition")
	if err := out.Write(row); err != nil {
		return err
	}
	for res := range r.All() {
		if len(res.Key) != len(by) {
			return fmt.Errorf("table: the key %q has not the %d dimensions %q", res.Key, len(by), by)
		}
		row = append(row[:0], res.Metric.String())
		for _, key := range res.Key {
			row = append(row, text(key))
		}
		row = append(row, res.Window.From.Format(time.RFC3339), res.Window.To.Format(time.RFC3339), res.Status.String(),
			number(res.Value), number(res.Lo), number(res.Hi), number(res.Level), res.Metric.Unit(),
			strconv.Itoa(res.N), strconv.Itoa(res.Censored), strconv.Itoa(res.Negative), strconv.Itoa(res.Assumed),
			strconv.FormatBool(res.Partial), text(res.Method), text(res.Reason), res.Definition.String())
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func number(x float64) string {
	switch {
	case math.IsNaN(x):
		return ""
	case math.IsInf(x, 0):
		return strings.TrimPrefix(strconv.FormatFloat(x, 'g', -1, 64), "+")
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

func text(s string) string {
	if trimmed := strings.TrimLeft(s, " \t\r\n"); trimmed != "" && strings.ContainsRune("=+-@", rune(trimmed[0])) {
		return "'" + s
	}
	return s
}
