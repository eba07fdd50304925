package prometheus

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// query is a Query that was checked.
type query struct {
	Query
	// source by part: total and the bad ones, or the histogram, or total and sum.
	parts []source
}

// source is what to ask for: a selector, or the text of an expression.
type source struct {
	what     string // the field that it comes from, for errors
	selector selector
	expr     string
}

// text is the source in PromQL, for one side.
func (s source) text(side selector) string {
	if s.expr != "" {
		return strings.ReplaceAll(s.expr, placeholder, side.matchers())
	}
	return s.selector.with(side).String()
}

const placeholder = "$side"

// check parses a query.
func (q Query) check() (query, []error) {
	c := query{Query: q}
	c.Edges = append([]float64(nil), q.Edges...)
	var errs []error
	add := func(what, text string) {
		s := source{what: what}
		var err error
		switch {
		case text == "":
			err = errors.New("it is missing")
		case !q.Expr:
			s.selector, err = parseMetric(text)
		case !strings.Contains(text, placeholder):
			err = fmt.Errorf("%s is missing: canary and control would be the same", placeholder)
		default:
			s.expr = text
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
		c.parts = append(c.parts, s)
	}
	n := 0
	for _, text := range []string{q.Bad, q.Histogram, q.Sum} {
		if text != "" {
			n++
		}
	}
	if n != 1 {
		return c, []error{errors.New("one of Bad, Histogram and Sum must be set")}
	}
	if q.Histogram == "" {
		add("Total", q.Total)
		if q.Bad != "" {
			add("Bad", q.Bad)
		} else {
			add("Sum", q.Sum)
		}
		if len(q.Edges) > 0 || q.Native {
			errs = append(errs, errors.New("only a Histogram has Edges or is Native"))
		}
		if q.Initialised && q.Bad == "" {
			errs = append(errs, errors.New("only Bad is Initialised"))
		}
		return c, errs
	}
	if q.Expr || q.Total != "" || q.Initialised {
		errs = append(errs, errors.New("a Histogram has no Total, is no Expr and not Initialised"))
		return c, errs
	}
	add("Histogram", q.Histogram)
	if !q.Native && !isName(c.parts[0].selector.name) {
		errs = append(errs, errors.New("a classic Histogram is selected by its name"))
	}
	if !q.Native {
		c.parts[0].selector.name += "_bucket"
	}
	if len(q.Edges) == 0 {
		errs = append(errs, errors.New("no Edges"))
	}
	for i, e := range q.Edges {
		if !(e > 0) || math.IsInf(e, 0) || (i > 0 && e <= q.Edges[i-1]) {
			errs = append(errs, errors.New("the Edges must be above 0, finite and ascending"))
			break
		}
	}
	return c, errs
}
