package metrics

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// MaxReportJSON is how many bytes the JSON of a report may have.
const MaxReportJSON = 1 << 28

// Publication is a report as it is handed on: what was asked, of what, and the answers.
// It does not explain them: that takes the facts.
type Publication struct {
	// Definition is the digest of what was measured.
	Definition release.Digest
	// AsOf is the moment of the snapshot.
	AsOf time.Time
	// By are the dimensions of the results' keys.
	By []string
	// Query is what was asked, as it was put: its defaults are not filled in. Its location
	// must be nil or have a name of the IANA time zone database.
	Query Query
	// Results are in the order of [Report.All].
	Results []Result
	// Unlinked are those of [Report.Unlinked].
	Unlinked []Contribution
}

// Publish is the publication of a report of a query.
func (r *Report) Publish(q Query) Publication {
	return Publication{Definition: r.digest, AsOf: r.asOf, By: r.By(), Query: q, Results: slices.Collect(r.All()), Unlinked: r.Unlinked()}
}

// AppendPublication appends the JSON of a publication to dst, in the form of
// [AppendResult]. It refuses what [ParsePublication] would refuse, and dst is then
// returned as it was.
func AppendPublication(dst []byte, p Publication) ([]byte, error) {
	if err := p.check(); err != nil {
		return dst, fmt.Errorf("metrics: the report cannot be written: %w", err)
	}
	out := appendText(append(dst, `{"definition":`...), p.Definition.String())
	out = appendMoment(append(out, `,"asOf":`...), p.AsOf.UTC())
	out = appendTexts(append(out, `,"by":`...), p.By)
	out = append(p.Query.appendJSON(append(out, `,"query":`...)), `,"results":[`...)
	for i, r := range p.Results {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendResult(out, r)
	}
	out = append(out, `],"unlinked":[`...)
	for i, c := range p.Unlinked {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendRef(append(out, `{"ref":`...), c.Ref)
		out = strconv.AppendUint(append(out, `,"rev":`...), c.Rev, 10)
		out = appendMoment(append(out, `,"at":`...), c.At.UTC())
		out = appendText(append(out, `,"reason":`...), c.Reason)
		out = append(appendText(append(out, `,"link":`...), c.Link.Reason), '}')
	}
	out = append(out, `]}`...)
	if n := len(out) - len(dst); n > MaxReportJSON {
		return dst, fmt.Errorf("metrics: the report cannot be written: its JSON has %d bytes, more than %d", n, MaxReportJSON)
	}
	return out, nil
}

// appendJSON writes the members that are not zero.
func (q *Query) appendJSON(dst []byte) []byte {
	dst = appendMoment(append(dst, `{"from":`...), q.From.UTC())
	dst = appendMoment(append(dst, `,"to":`...), q.To.UTC())
	dst = appendText(append(dst, `,"window":`...), q.Window.String())
	if q.Length != 0 {
		dst = strconv.AppendInt(append(dst, `,"length":`...), int64(q.Length), 10)
	}
	if q.Step != 0 {
		dst = strconv.AppendInt(append(dst, `,"step":`...), int64(q.Step), 10)
	}
	if q.Sprint.Days != 0 {
		dst = appendMoment(append(dst, `,"sprint":{"start":`...), q.Sprint.Start.UTC())
		dst = append(strconv.AppendInt(append(dst, `,"days":`...), int64(q.Sprint.Days), 10), '}')
	}
	if q.Location != nil {
		dst = appendText(append(dst, `,"location":`...), q.Location.String())
	}
	if q.By != nil {
		dst = appendTexts(append(dst, `,"by":`...), q.By)
	}
	if q.AllowIndividualsUnsafe {
		dst = append(dst, `,"allowIndividualsUnsafe":true`...)
	}
	if q.Level != 0 {
		dst = appendFloat(dst, "level", q.Level)
	}
	for i, v := range q.Quantiles {
		if i == 0 {
			dst = append(dst, `,"quantiles":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = strconv.AppendFloat(dst, v, 'g', -1, 64)
	}
	if len(q.Quantiles) > 0 {
		dst = append(dst, ']')
	}
	if !q.ObservedFrom.IsZero() {
		dst = appendMoment(append(dst, `,"observedFrom":`...), q.ObservedFrom.UTC())
	}
	if !q.ObservedTo.IsZero() {
		dst = appendMoment(append(dst, `,"observedTo":`...), q.ObservedTo.UTC())
	}
	if q.FailuresObserved {
		dst = append(dst, `,"failuresObserved":true`...)
	}
	return append(dst, '}')
}

// check says where a publication contradicts itself.
func (p *Publication) check() error {
	q, err := p.Query.withDefaults()
	if err != nil {
		return err
	}
	if l := p.Query.Location; l != nil {
		if _, err := loadLocation(l.String()); err != nil {
			return err
		}
	}
	for i := range p.By {
		if err := checkText("dimension", p.By[i]); err != nil {
			return err
		}
	}
	switch {
	case p.Definition.IsZero():
		return errors.New("it has no definition")
	case p.AsOf.IsZero():
		return errors.New("it has no moment")
	case !slices.Equal(p.By, q.By):
		return fmt.Errorf("it is by %q, and by %q was asked for", p.By, q.By)
	}
	errs := []error{checkTime("as of", p.AsOf), checkTime("observed from", q.ObservedFrom), checkTime("observed to", q.ObservedTo)}
	type cell struct {
		metric   Metric
		from, to int64
		key      string
	}
	cells := make(map[cell]bool, len(p.Results))
	for i := range p.Results {
		r := &p.Results[i]
		err := r.check()
		c := cell{r.Metric, r.Window.From.UnixNano(), r.Window.To.UnixNano(), fmt.Sprintf("%q", r.Key)}
		switch {
		case err != nil:
		case r.Definition != p.Definition:
			err = fmt.Errorf("its definition is %s, the report's %s", r.Definition, p.Definition)
		case len(r.Key) != len(p.By):
			err = fmt.Errorf("its key has %d values for %d dimensions", len(r.Key), len(p.By))
		case r.Window.Kind != q.Window:
			err = fmt.Errorf("its window is a %s, the query's a %s", r.Window.Kind, q.Window)
		case r.Level != q.Level:
			err = fmt.Errorf("its level is %v, the query's %v", r.Level, q.Level)
		case cells[c]:
			err = errors.New("it stands twice")
		}
		if err != nil {
			return fmt.Errorf("result %d, %s of %q in %s: %w", i, r.Metric, r.Key, r.Window, err)
		}
		cells[c] = true
	}
	return errors.Join(append(errs, p.checkUnlinked())...)
}

func (p *Publication) checkUnlinked() error {
	seen := make(map[Ref]bool, len(p.Unlinked))
	for i, c := range p.Unlinked {
		if c.Link == nil || c.Kind != KindIncident || c.Use != UseExcluded || c.Value != 0 || !c.Deployment.IsZero() ||
			*c.Link != (Link{Reason: c.Link.Reason}) || c.Link.Reason == "" {
			return fmt.Errorf("unlinked %d, %q: it is no incident without a deployment and with the reason", i, c.Ref)
		}
		if c.Ref.IsZero() || c.At.IsZero() || seen[c.Ref] {
			return fmt.Errorf("unlinked %d, %q: it has no name, no time, or stands twice", i, c.Ref)
		}
		if err := errors.Join(checkRefs("incident", c.Ref), checkTime("at", c.At), checkText("reason", c.Reason), checkText("link", c.Link.Reason)); err != nil {
			return fmt.Errorf("unlinked %d: %w", i, err)
		}
		seen[c.Ref] = true
	}
	return nil
}

// loadLocation is a location that has the same meaning on every machine.
func loadLocation(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("the location %q is no time zone", name)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("the location %q is no time zone: %s", name, strings.TrimPrefix(err.Error(), "unknown time zone "))
	}
	return l, nil
}
