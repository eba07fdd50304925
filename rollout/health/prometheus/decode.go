package prometheus

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// limit is what an answer may hold, since it was asked for no more: times from from
// to to, both included, in milliseconds, and if step is not 0 only each step'th.
type limit struct {
	from, to, step int64
	series         int
}

// answer is what the API said.
type answer struct {
	status, errorType, errorText string
	warnings                     []string
	partial, hasData             bool
	series                       []series
}

// series is one series of the answer, its points in the order of time.
type series struct {
	labels map[string]string
	points []point
}

// point is one value of a series: a number, or a histogram.
type point struct {
	at    int64 // milliseconds since 1970
	value float64
	hist  *histogram
}

// maxValue bounds what a counter may have: beyond it a float64 cannot count.
const maxValue = 1 << 53

// decoder reads an answer. It keeps what it understands, and refuses what is not
// understood within the data.
type decoder struct {
	*strictjson.Scanner
	limit limit
}

// decode reads the answer to a query for a matrix.
func decode(body []byte, l limit) (*answer, error) {
	s, err := strictjson.NewScanner(body, strictjson.Limits{Package: "prometheus: the answer", Bytes: 1 << 30, Depth: 12, Names: 10_000, Elements: 1, Entries: 1})
	if err != nil {
		return nil, err
	}
	d, a := decoder{s, l}, &answer{}
	err = d.Object(func(name []byte) error {
		var err error
		switch string(name) {
		case "status":
			a.status, err = d.Str()
			if err == nil && a.status != "success" && a.status != "error" {
				return d.Errorf("the status is neither success nor error")
			}
		case "errorType":
			a.errorType, err = d.text()
		case "error":
			a.errorText, err = d.text()
		case "warnings", "infos":
			if k, err := d.Peek(); err != nil || k == strictjson.Null {
				_, err = d.Value()
				return err
			}
			err = d.Array(func(int) error {
				w, err := d.text()
				a.warnings = append(a.warnings, w)
				return err
			})
		case "isPartial":
			from := d.Offset()
			k, verr := d.Value()
			if err = verr; err == nil && k != strictjson.Bool {
				return d.ErrorfAt(from, "isPartial must be true or false")
			}
			a.partial = strings.TrimSpace(string(d.Since(from))) == "true"
		case "data":
			a.hasData = true
			err = d.data(a)
		default:
			_, err = d.Value() // versions add to what goes around the data
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err == nil && a.status == "" {
		err = d.Errorf("the status is missing")
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// text is a string of any characters.
func (d decoder) text() (string, error) {
	raw, _, err := d.Bytes()
	return string(raw), err
}

func (d decoder) data(a *answer) error {
	if k, err := d.Peek(); err != nil || k == strictjson.Null {
		a.hasData = false
		_, err = d.Value()
		return err
	}
	matrix, result := false, false
	err := d.Object(func(name []byte) error {
		switch string(name) {
		case "resultType":
			at := d.Offset()
			kind, err := d.Str()
			if err == nil && kind != "matrix" {
				return d.ErrorfAt(at, "the result is no matrix")
			}
			matrix = true
			return err
		case "result":
			result = true
			return d.Array(func(i int) error {
				if i >= d.limit.series {
					return d.Errorf("there are more than %d series", d.limit.series)
				}
				s, err := d.series()
				a.series = append(a.series, s)
				return err
			})
		case "stats":
			_, err := d.Value()
			return err
		}
		return d.Errorf("%s is not understood in the data", strictjson.Quoted(name))
	})
	if err == nil && (!matrix || !result) {
		return d.Errorf("the data lacks its type or its result")
	}
	return err
}

func (d decoder) series() (series, error) {
	s := series{labels: map[string]string{}}
	named := false
	var histograms []point
	err := d.Object(func(name []byte) error {
		switch string(name) {
		case "metric":
			named = true
			return d.Object(func(name []byte) error {
				label := string(name)
				value, err := d.text()
				s.labels[label] = value
				return err
			})
		case "values":
			return d.points(&s.points, func() (point, error) {
				v, err := d.quoted()
				return point{value: v}, err
			})
		case "histograms":
			return d.points(&histograms, func() (point, error) {
				h, err := d.histogram()
				return point{hist: h}, err
			})
		}
		return d.Errorf("%s is not understood in a series", strictjson.Quoted(name))
	})
	if err == nil && !named {
		err = d.Errorf("a series has no labels")
	}
	if err != nil {
		return s, err
	}
	// A series may change from one kind to the other, but is only one at a time.
	s.points = append(s.points, histograms...)
	slices.SortStableFunc(s.points, func(a, b point) int {
		if a.at < b.at {
			return -1
		} else if a.at > b.at {
			return 1
		}
		return 0
	})
	for i := 1; i < len(s.points); i++ {
		if s.points[i].at == s.points[i-1].at {
			return s, d.Errorf("a series has two values at one time")
		}
	}
	if len(s.points) == 0 {
		return s, d.Errorf("a series has no values")
	}
	return s, nil
}

// points reads pairs of a time and a value, in the order of time.
func (d decoder) points(to *[]point, value func() (point, error)) error {
	return d.Array(func(int) error {
		var at int64
		n := 0
		err := d.Array(func(i int) error {
			n++
			var err error
			switch i {
			case 0:
				at, err = d.time()
			case 1:
				var p point
				p, err = value()
				p.at = at
				*to = append(*to, p)
			default:
				err = d.Errorf("a value is a pair")
			}
			return err
		})
		if err == nil && n != 2 {
			return d.Errorf("a value is a pair")
		}
		if k := len(*to); err == nil && k > 1 && (*to)[k-2].at >= at {
			return d.Errorf("times do not ascend")
		}
		return err
	})
}

// time reads a number of seconds and checks that it was asked for.
func (d decoder) time() (int64, error) {
	k, err := d.Peek()
	from := d.Offset()
	if err == nil {
		_, err = d.Value()
	}
	if err != nil {
		return 0, err
	}
	if k != strictjson.Number {
		return 0, d.ErrorfAt(from, "a time must stand here")
	}
	v, err := strconv.ParseFloat(string(d.Since(from)), 64)
	if err != nil || math.Abs(v) > maxValue/1000 {
		return 0, d.ErrorfAt(from, "the time is not one")
	}
	at := int64(math.Round(v * 1000))
	if at < d.limit.from || at > d.limit.to || (d.limit.step > 0 && (at-d.limit.from)%d.limit.step != 0) {
		return 0, d.ErrorfAt(from, "the time was not asked for")
	}
	return at, nil
}

// quoted reads a number in a string. Counters are finite.
func (d decoder) quoted() (float64, error) {
	from := d.Offset()
	s, err := d.Str()
	if err != nil {
		return 0, err
	}
	v, ok := parseNumber(s)
	if !ok {
		return 0, d.ErrorfAt(from, "%s is no number", strictjson.Quoted(s))
	}
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 || v > maxValue {
		return 0, d.ErrorfAt(from, "%s is no counter's value", strictjson.Quoted(s))
	}
	return v, nil
}

// parseNumber reads a number as Prometheus writes it, which is less than what
// strconv takes.
func parseNumber(s string) (float64, bool) {
	switch s {
	case "NaN":
		return math.NaN(), true
	case "+Inf":
		return math.Inf(1), true
	case "-Inf":
		return math.Inf(-1), true
	}
	if strings.Trim(s, "0123456789.eE+-") != "" || s == "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}
