package metrics

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// MaxFactJSON is how many bytes the JSON of a fact may have.
const MaxFactJSON = 1 << 20

// AppendFact appends the JSON of a fact to dst: {"kind":"deployment",...}, without
// white space, the members in the order of the structure's fields, absent where the
// field is zero, times in UTC to the nanosecond, refs sorted, each once. Equal facts
// give equal bytes. A fact that [Log.Add] would refuse, and one of more than
// [MaxFactJSON] bytes, is an error, and dst is returned as it was.
func AppendFact(dst []byte, f Fact) ([]byte, error) {
	f, err := byValue(f)
	if err != nil {
		return dst, fmt.Errorf("metrics: a fact cannot be written: %w", err)
	}
	if err := errors.Join(f.validate()...); err != nil {
		return dst, fmt.Errorf("metrics: %s %q cannot be written: %w", f.kind(), f.meta().Ref(), err)
	}
	out := append(dst, `{"kind":"`...)
	out = append(append(out, f.kind().String()...), '"')
	for _, m := range membersOf(f.normal()) {
		out = m.append(out)
	}
	out = append(out, '}')
	if n := len(out) - len(dst); n > MaxFactJSON {
		return dst, fmt.Errorf("metrics: %s %q cannot be written: its JSON has %d bytes, more than %d", f.kind(), f.meta().Ref(), n, MaxFactJSON)
	}
	return out, nil
}

// ParseFact reads one fact from JSON, in any order of members and with white space
// around them, and returns it in the form in which a snapshot has it: times in UTC,
// refs sorted. It is strict: names that it does not know, of another kind too, names
// that stand twice, null, times that are not RFC 3339 with at most nine digits of the
// second's fraction, numbers that do not fit, anything after the fact, and what
// [Log.Add] would refuse are errors. Those in the text are located by byte. What it
// returns keeps no part of b.
func ParseFact(b []byte) (Fact, error) {
	f, err := parseFact(b)
	if err != nil {
		return nil, fmt.Errorf("metrics: this is no fact: %w", err)
	}
	if err := errors.Join(f.validate()...); err != nil {
		return nil, fmt.Errorf("metrics: %s %q: %w", f.kind(), f.meta().Ref(), err)
	}
	return f.normal(), nil
}

// member is one field of a fact: its name in JSON, and a pointer to it.
type member struct {
	name string
	to   any
}

// membersOf are the fields of a copy of f.
func membersOf(f Fact) []member {
	switch v := f.(type) {
	case Deployment:
		return v.members()
	case Change:
		return v.members()
	case Incident:
		return v.members()
	}
	return nil
}

func (m *Meta) members() []member {
	return []member{{"source", &m.Source}, {"id", &m.ID}, {"rev", &m.Rev}, {"at", &m.At}, {"seen", &m.Seen},
		{"deleted", &m.Deleted}, {"service", &m.Service}, {"environment", &m.Environment}, {"dims", &m.Dims}}
}

func (d *Deployment) members() []member {
	return append(d.Meta.members(), []member{{"started", &d.Started}, {"outcome", &d.Outcome}, {"detected", &d.Detected},
		{"recovered", &d.Recovered}, {"version", &d.Version}, {"artifact", &d.Artifact}, {"release", &d.Release},
		{"follows", &d.Follows}, {"commit", &d.Commit}, {"tier", &d.Tier}, {"risk", &d.Risk}, {"changes", &d.Changes},
		{"planned", &d.Planned}, {"fixes", &d.Fixes}, {"rollbackOf", &d.RollbackOf}}...)
}

func (c *Change) members() []member {
	return append(c.Meta.members(), []member{{"firstCommit", &c.FirstCommit}, {"opened", &c.Opened},
		{"firstReview", &c.FirstReview}, {"approved", &c.Approved}, {"merged", &c.Merged}, {"commit", &c.Commit},
		{"revertOf", &c.RevertOf}}...)
}

func (i *Incident) members() []member {
	return append(i.Meta.members(), []member{{"resolved", &i.Resolved}, {"mitigated", &i.Mitigated}, {"causedBy", &i.CausedBy},
		{"artifact", &i.Artifact}, {"version", &i.Version}, {"severity", &i.Severity}, {"noticedBy", &i.NoticedBy}}...)
}

// append writes the member with a comma before it, nothing where it is zero.
func (m member) append(dst []byte) []byte {
	switch v := m.to.(type) {
	case *string:
		if *v != "" {
			return appendText(m.begin(dst), *v)
		}
	case *time.Time:
		if !v.IsZero() {
			return append(v.AppendFormat(append(m.begin(dst), '"'), time.RFC3339Nano), '"')
		}
	case *uint64:
		if *v != 0 {
			return strconv.AppendUint(m.begin(dst), *v, 10)
		}
	case *bool:
		if *v {
			return append(m.begin(dst), "true"...)
		}
	case *float64:
		if *v != 0 {
			return strconv.AppendFloat(m.begin(dst), *v, 'g', -1, 64)
		}
	case *release.Digest:
		if !v.IsZero() {
			return appendText(m.begin(dst), v.String())
		}
	case *release.Tier:
		if *v != 0 {
			return appendText(m.begin(dst), v.String())
		}
	case *DeploymentOutcome:
		if *v != 0 {
			return appendText(m.begin(dst), v.String())
		}
	case *Planned:
		if *v != 0 {
			return appendText(m.begin(dst), v.String())
		}
	case *Ref:
		if !v.IsZero() {
			return appendRef(m.begin(dst), *v)
		}
	case *[]Ref:
		if len(*v) == 0 {
			return dst
		}
		dst = append(m.begin(dst), '[')
		for i, r := range *v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendRef(dst, r)
		}
		return append(dst, ']')
	case *Dims:
		if len(*v) == 0 {
			return dst
		}
		dst = append(m.begin(dst), '{')
		for i, k := range slices.Sorted(maps.Keys(*v)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendText(append(appendText(dst, k), ':'), (*v)[k])
		}
		return append(dst, '}')
	}
	return dst
}

func (m member) begin(dst []byte) []byte {
	return append(append(append(dst, `,"`...), m.name...), `":`...)
}

// appendText quotes a text that [checkText] has let pass: only two of its
// characters need an escape.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

func appendRef(dst []byte, r Ref) []byte {
	dst = appendText(append(dst, `{"source":`...), r.Source)
	return append(appendText(append(dst, `,"id":`...), r.ID), '}')
}

var factLimits = strictjson.Limits{Package: "json", Bytes: MaxFactJSON, Depth: 3, Names: 1 << 18, Elements: 1, Entries: 1}

// parseFact reads without judging what the fact says. The kind may stand anywhere,
// so that it is looked for first.
func parseFact(b []byte) (Fact, error) {
	kind, err := kindOf(b)
	if err != nil {
		return nil, err
	}
	s, err := strictjson.NewScanner(b, factLimits)
	if err != nil {
		return nil, err
	}
	switch kind {
	case KindDeployment:
		var d Deployment
		if err := readMembers(s, d.members()); err != nil {
			return nil, err
		}
		return d, nil
	case KindChange:
		var c Change
		if err := readMembers(s, c.members()); err != nil {
			return nil, err
		}
		return c, nil
	case KindIncident:
		var i Incident
		if err := readMembers(s, i.members()); err != nil {
			return nil, err
		}
		return i, nil
	}
	return nil, errors.New("it says no kind")
}

func kindOf(b []byte) (FactKind, error) {
	s, err := strictjson.NewScanner(b, factLimits)
	if err != nil {
		return 0, err
	}
	kind := KindUnknown
	err = s.Object(func(name []byte) error {
		if string(name) != "kind" {
			_, err := s.Value()
			return err
		}
		text, err := s.Str()
		if err == nil {
			if kind, err = ParseFactKind(text); err != nil || kind == KindUnknown {
				err = s.Errorf("%s is no kind of fact", strictjson.Quoted(text))
			}
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return kind, s.End()
}

func readMembers(s *strictjson.Scanner, members []member) error {
	return s.Object(func(name []byte) error {
		if string(name) == "kind" {
			_, err := s.Value()
			return err
		}
		for _, m := range members {
			if m.name == string(name) {
				return m.read(s)
			}
		}
		return s.Errorf("no fact of this kind has a member %s", strictjson.Quoted(name))
	})
}

func (m member) read(s *strictjson.Scanner) error {
	switch v := m.to.(type) {
	case *string:
		return readText(s, v)
	case *time.Time:
		return readTime(s, v)
	case *uint64:
		return readNumber(s, "a whole number from 0 to 2^64-1", func(text string) (err error) {
			*v, err = strconv.ParseUint(text, 10, 64)
			return err
		})
	case *float64:
		return readNumber(s, "a number that is not 0", func(text string) (err error) {
			if *v, err = strconv.ParseFloat(text, 64); err == nil && *v == 0 {
				err = strconv.ErrRange
			}
			return err
		})
	case *bool:
		from := s.Offset()
		if k, err := s.Value(); err != nil || k != strictjson.Bool {
			return or(err, s, from, "true or false must stand here")
		}
		*v = bytes.HasSuffix(s.Since(from), []byte("true"))
		return nil
	case encoding.TextUnmarshaler:
		return readWord(s, v)
	case *Ref:
		return readRef(s, v)
	case *[]Ref:
		return s.Array(func(int) error {
			var r Ref
			if err := readRef(s, &r); err != nil {
				return err
			}
			*v = append(*v, r)
			return nil
		})
	case *Dims:
		*v = Dims{}
		return s.Object(func(name []byte) error {
			key, value := string(name), ""
			err := readText(s, &value)
			(*v)[key] = value
			return err
		})
	}
	return s.Errorf("member %q cannot be read", m.name)
}

func or(err error, s *strictjson.Scanner, from int, reason string) error {
	if err != nil {
		return err
	}
	return s.ErrorfAt(from, "%s", reason)
}

func readText(s *strictjson.Scanner, to *string) (err error) {
	*to, err = s.Str()
	return err
}

func readWord(s *strictjson.Scanner, to encoding.TextUnmarshaler) error {
	raw, _, err := s.Bytes()
	if err != nil {
		return err
	}
	if err := to.UnmarshalText(raw); err != nil {
		return s.Errorf("%v", err)
	}
	return nil
}

// readTime is RFC 3339 without loss: package time cuts what follows the ninth digit
// of the fraction.
func readTime(s *strictjson.Scanner, to *time.Time) error {
	raw, _, err := s.Bytes()
	if err != nil {
		return err
	}
	if err := to.UnmarshalText(raw); err != nil {
		return s.Errorf("%s is no time of RFC 3339", strictjson.Quoted(raw))
	}
	if _, fraction, ok := bytes.Cut(raw, []byte{'.'}); ok {
		if bytes.IndexFunc(fraction, func(r rune) bool { return r < '0' || r > '9' }) > 9 {
			return s.Errorf("%s is finer than a nanosecond", strictjson.Quoted(raw))
		}
	}
	if to.IsZero() {
		return s.Errorf("%s is the time that stands for none", strictjson.Quoted(raw))
	}
	return nil
}

func readNumber(s *strictjson.Scanner, what string, parse func(string) error) error {
	s.Space()
	from := s.Offset()
	if k, err := s.Value(); err != nil || k != strictjson.Number {
		return or(err, s, from, what+" must stand here")
	}
	if text := s.Since(from); parse(string(text)) != nil {
		return s.ErrorfAt(from, "%s is not %s", strictjson.Quoted(text), what)
	}
	return nil
}

func readRef(s *strictjson.Scanner, to *Ref) error {
	return s.Object(func(name []byte) error {
		switch string(name) {
		case "source":
			return readText(s, &to.Source)
		case "id":
			return readText(s, &to.ID)
		}
		return s.Errorf("no reference has a member %s", strictjson.Quoted(name))
	})
}
