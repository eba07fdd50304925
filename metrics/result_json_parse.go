package metrics

import (
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

var reportLimits = strictjson.Limits{Package: "json", Bytes: MaxReportJSON, Depth: 5, Names: 1 << 10, Elements: 1 << 24, Entries: 1}

// ParsePublication reads what [AppendPublication] writes, as strictly as [ParseResult]
// does. Further errors are a result that stands twice, one of another definition, of
// another kind of window or level than the query's, a query that [Compute] would refuse,
// that it would group by individuals among them, and a zone that this machine does not
// know. The windows are in the query's location.
func ParsePublication(b []byte) (Publication, error) {
	p, err := parsePublication(b)
	if err != nil {
		return Publication{}, fmt.Errorf("metrics: this is no report: %w", err)
	}
	return p, nil
}

func parsePublication(b []byte) (p Publication, err error) {
	s, err := strictjson.NewScanner(b, reportLimits)
	if err != nil {
		return p, err
	}
	seen := 0
	err = s.Object(func(name []byte) error {
		seen++
		switch string(name) {
		case "definition":
			return readWord(s, &p.Definition)
		case "asOf":
			return readUTC(s, &p.AsOf)
		case "by":
			return readTexts(s, &p.By)
		case "query":
			return readQuery(s, &p.Query)
		case "results":
			return s.Array(func(int) error {
				r, err := readResult(s)
				p.Results = append(p.Results, r)
				return err
			})
		case "unlinked":
			return s.Array(func(int) error {
				c, err := readUnlinked(s)
				p.Unlinked = append(p.Unlinked, c)
				return err
			})
		}
		return s.Errorf("no report has a member %s", strictjson.Quoted(name))
	})
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return p, err
	}
	if seen != 6 {
		return p, errors.New("one of definition, asOf, by, query, results and unlinked is missing")
	}
	return p, errors.Join(p.check(), p.relocate())
}

// relocate puts the windows into the query's location, of which the text has the offsets.
func (p *Publication) relocate() error {
	loc := p.Query.Location
	if loc == nil {
		loc = time.UTC
	}
	for i := range p.Results {
		w := &p.Results[i].Window
		for _, t := range []*time.Time{&w.From, &w.To} {
			_, written := t.Zone()
			*t = t.In(loc)
			if _, offset := t.Zone(); offset != written {
				return fmt.Errorf("result %d: the window's offset of %d s is not that of %s", i, written, loc)
			}
		}
	}
	return nil
}

func readUTC(s *strictjson.Scanner, t *time.Time) error {
	err := readTime(s, t)
	*t = t.UTC()
	return err
}

func readQuery(s *strictjson.Scanner, q *Query) error {
	return s.Object(func(name []byte) error {
		switch string(name) {
		case "from":
			return readUTC(s, &q.From)
		case "to":
			return readUTC(s, &q.To)
		case "window":
			return readWord(s, &q.Window)
		case "length":
			return readCount(s, &q.Length)
		case "step":
			return readCount(s, &q.Step)
		case "sprint":
			return s.Object(func(name []byte) error {
				switch string(name) {
				case "start":
					return readUTC(s, &q.Sprint.Start)
				case "days":
					return readCount(s, &q.Sprint.Days)
				}
				return s.Errorf("no sprint has a member %s", strictjson.Quoted(name))
			})
		case "location":
			var text string
			if err := readText(s, &text); err != nil {
				return err
			}
			l, err := loadLocation(text)
			if err != nil {
				return s.Errorf("%v", err)
			}
			q.Location = l
			return nil
		case "by":
			return readTexts(s, &q.By)
		case "allowIndividualsUnsafe":
			return readTrue(s, &q.AllowIndividualsUnsafe)
		case "level":
			return readFloat(s, &q.Level)
		case "quantiles":
			return s.Array(func(int) error {
				var v float64
				err := readFloat(s, &v)
				q.Quantiles = append(q.Quantiles, v)
				return err
			})
		case "observedFrom":
			return readUTC(s, &q.ObservedFrom)
		case "observedTo":
			return readUTC(s, &q.ObservedTo)
		case "failuresObserved":
			return readTrue(s, &q.FailuresObserved)
		}
		return s.Errorf("no query has a member %s", strictjson.Quoted(name))
	})
}

func readUnlinked(s *strictjson.Scanner) (Contribution, error) {
	c := Contribution{Kind: KindIncident, Use: UseExcluded, Link: &Link{}}
	return c, s.Object(func(name []byte) error {
		switch string(name) {
		case "ref":
			return readRef(s, &c.Ref)
		case "rev":
			return member{to: &c.Rev}.read(s)
		case "at":
			return readUTC(s, &c.At)
		case "reason":
			return readText(s, &c.Reason)
		case "link":
			return readText(s, &c.Link.Reason)
		}
		return s.Errorf("no unlinked incident has a member %s", strictjson.Quoted(name))
	})
}
