package metrics

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Disagreement is what several definitions say of one metric of one group in one
// window, and why they do not say the same.
type Disagreement struct {
	// Metric, Key and Window say of what: as in [Result].
	Metric Metric   `json:"metric"`
	Key    []string `json:"key"`
	Window Window   `json:"window"`
	// Opinions are what the definitions say, in the order in which they were given.
	Opinions []Opinion `json:"opinions"`
}

// Opinion is what one definition says.
type Opinion struct {
	// Name is the definition's. Its digest is that of the result.
	Name string `json:"name"`
	// Result has the status no-data where the definition reports no such group.
	Result Result `json:"result"`
	// Same says that status and value are those of the first opinion.
	Same bool `json:"same"`
	// Causes are the fields that make the difference to the first one, in the order
	// of [Definition]; none where it is the same. It is also none where it takes
	// several fields at once to make it: see Together.
	Causes []Cause `json:"causes,omitempty"`
	// Together are the fields in which the two definitions differ, where the results
	// differ and no field makes a difference by itself.
	Together []string `json:"together,omitempty"`
}

// Cause is one field that makes a difference by itself.
type Cause struct {
	// Field is its name in the JSON of [Definition].
	Field string `json:"field"`
	// First and Other are the two answers, as JSON.
	First string `json:"first"`
	Other string `json:"other"`
	// Towards is what the first definition says with this one answer of the other,
	// and Back what the other one says with this one answer of the first; each is
	// there where it is not what was said before. Both were computed, from the same
	// facts.
	Towards *Result `json:"towards,omitempty"`
	Back    *Result `json:"back,omitempty"`
}

// String is the cause in a few words: "failBase: all, not successes".
func (c Cause) String() string {
	return fmt.Sprintf("%s: %s, not %s", c.Field, strings.Trim(c.Other, `"`), strings.Trim(c.First, `"`))
}

// String is the disagreement in one line: what each definition says and, behind
// each that differs from the first, the fields that make the difference.
func (d Disagreement) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s:", d.Metric, strings.Join(d.Key, "/"), d.Window)
	for k, o := range d.Opinions {
		said := o.Result.Metric.Format(o.Result.Value)
		if math.IsNaN(o.Result.Value) {
			said = o.Result.Status.String()
		}
		fmt.Fprintf(&b, "%s %s %s", []string{"", ","}[min(k, 1)], o.Name, said)
		var why []string
		for _, c := range o.Causes {
			why = append(why, c.String())
		}
		if len(o.Together) > 0 {
			why = append(why, "only together: "+strings.Join(o.Together, ", "))
		}
		if len(why) > 0 {
			fmt.Fprintf(&b, " (%s)", strings.Join(why, "; "))
		}
	}
	return b.String()
}

// Disagree measures a snapshot by several definitions, of which the first is the
// one that the others are compared with, and says for each metric, group and
// window what each says. Why they differ is computed: in the first definition each
// field is changed by itself to the answer of the other one, and in the other to
// that of the first, and all is measured again. That is up to twice as many
// computations as fields differ, for each definition.
//
// The name is no answer. A change that makes a definition invalid by itself, such as
// taking its only sign of failure, is not measured. At least two definitions are
// needed; an error is that of [Compute].
func Disagree(s *Snapshot, q Query, defs ...Definition) ([]Disagreement, error) {
	if len(defs) < 2 {
		return nil, errors.New("metrics: it takes two definitions to disagree")
	}
	c := comparison{snapshot: s, query: q, defs: defs, tables: make([]opinions, len(defs))}
	for k, d := range defs {
		r, err := Compute(s, d, q)
		if err != nil {
			return nil, err
		}
		c.tables[k] = opinionsOf(r)
	}
	rows := rowsOf(c.tables)
	c.rows = make([]Disagreement, len(rows))
	for k, row := range rows {
		c.rows[k] = Disagreement{Metric: row.Metric, Key: row.Key, Window: row.Window}
		for n, d := range defs {
			res := c.tables[n].of(row)
			c.rows[k].Opinions = append(c.rows[k].Opinions, Opinion{Name: d.Name, Result: res, Same: agree(c.tables[0].of(row), res)})
		}
	}
	for n := 1; n < len(defs); n++ {
		if err := c.explain(n); err != nil {
			return nil, err
		}
	}
	return c.rows, nil
}

// comparison is what Disagree works on: tables are by definition.
type comparison struct {
	snapshot *Snapshot
	query    Query
	defs     []Definition
	tables   []opinions
	rows     []Disagreement
}

// explain fills in why opinion n of each row differs from the first.
func (c *comparison) explain(n int) error {
	if !slices.ContainsFunc(c.rows, func(d Disagreement) bool { return !d.Opinions[n].Same }) {
		return nil
	}
	fields := c.defs[0].differences(&c.defs[n])
	for _, f := range fields {
		towards, err := c.changed(0, n, f.index)
		if err != nil {
			return err
		}
		back, err := c.changed(n, 0, f.index)
		if err != nil {
			return err
		}
		for k := range c.rows {
			o := &c.rows[k].Opinions[n]
			if o.Same {
				continue
			}
			row := Result{Metric: c.rows[k].Metric, Key: c.rows[k].Key, Window: c.rows[k].Window}
			cause := Cause{Field: f.name, First: f.a, Other: f.b,
				Towards: towards.moved(&c.tables[0], row), Back: back.moved(&c.tables[n], row)}
			if cause.Towards != nil || cause.Back != nil {
				o.Causes = append(o.Causes, cause)
			}
		}
	}
	for k := range c.rows {
		if o := &c.rows[k].Opinions[n]; !o.Same && len(o.Causes) == 0 {
			for _, f := range fields {
				o.Together = append(o.Together, f.name)
			}
		}
	}
	return nil
}

// changed measures definition d with one answer of another one; nil where that
// makes no definition.
func (c *comparison) changed(d, other, field int) (*opinions, error) {
	def := c.defs[d]
	def.take(&c.defs[other], field)
	if def.Validate() != nil {
		return nil, nil
	}
	r, err := Compute(c.snapshot, def, c.query)
	if err != nil {
		return nil, err
	}
	o := opinionsOf(r)
	return &o, nil
}

// opinions are the results of one definition, in the order of reports.
type opinions struct {
	results []Result
	digest  release.Digest
}

func opinionsOf(r *Report) opinions {
	return opinions{results: slices.Collect(r.All()), digest: r.Definition()}
}

// compareRow is the order of reports: key, window, metric.
func compareRow(a, b Result) int {
	return cmp.Or(slices.Compare(a.Key, b.Key), a.Window.From.Compare(b.Window.From), a.Window.To.Compare(b.Window.To), cmp.Compare(a.Metric, b.Metric))
}

// rowsOf are all rows of which one of the tables has a result.
func rowsOf(tables []opinions) []Result {
	var all []Result
	for _, t := range tables {
		all = append(all, t.results...)
	}
	slices.SortStableFunc(all, compareRow)
	return slices.CompactFunc(all, func(a, b Result) bool { return compareRow(a, b) == 0 })
}

// of is the result of a row.
func (o *opinions) of(row Result) Result {
	if k, ok := slices.BinarySearchFunc(o.results, row, compareRow); ok {
		return o.results[k]
	}
	nan := math.NaN()
	return Result{Metric: row.Metric, Key: row.Key, Window: row.Window, Status: StatusNoData, Reason: "the definition reports no such group",
		Value: nan, Lo: nan, Hi: nan, Level: row.Level, RestrictedMean: nan, Horizon: nan, Definition: o.digest}
}

// moved is the result of a row where it is not what was said before.
func (o *opinions) moved(before *opinions, row Result) *Result {
	if o == nil {
		return nil
	}
	now := o.of(row)
	if agree(before.of(row), now) {
		return nil
	}
	return &now
}

// agree reports whether two results say the same.
func agree(a, b Result) bool {
	return a.Status == b.Status && (a.Value == b.Value || math.IsNaN(a.Value) && math.IsNaN(b.Value))
}
