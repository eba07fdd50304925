package risk

import (
	"bytes"
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// Limits of a policy's text. They keep what [Policy.Lint] compares with each other small.
const (
	maxNamed        = 1000 // rules, and labelers
	maxAxes         = 8
	maxValues       = 100 // of one axis
	maxTextCells    = 4096
	maxDemands      = 16
	maxRequirements = 64 // of one tier
	maxRoles        = 32 // of one requirement
)

var policyLimits = strictjson.Limits{Package: "risk", Bytes: MaxPolicyBytes, Depth: 16, Names: 1000, Elements: maxTextCells}

// policyReader reads the text of a policy in one pass and notes what is wrong. Its
// readers return an error only where reading cannot go on.
type policyReader struct {
	b        []byte
	s        *strictjson.Scanner
	rules    map[string][]Rule
	labelers map[string][]label.Labeler

	places   map[string]int // where values begin, by pointer
	mistakes []placed
	more     int

	doubts map[string]bool // pointers of values that could not be read
	around map[string]bool // and of what is around those
}

// placed is a mistake with the number of bytes before it; -1 is no place.
type placed struct {
	Mistake
	offset int
}

// read fills p as far as it can be read.
func (r *policyReader) read(p *Policy) {
	var err error
	if r.s, err = strictjson.NewScanner(r.b, policyLimits); err == nil {
		if err = r.policy(p); err == nil {
			err = r.s.End()
		}
	}
	if err == nil {
		return
	}
	offset, text := -1, err.Error()
	if e, ok := errors.AsType[*strictjson.SyntaxError](err); ok {
		offset, text = e.Offset, e.Reason
	}
	r.note("", offset, "%s", text)
	r.doubt("") // what comes after is not known
}

// note keeps a mistake.
func (r *policyReader) note(at string, offset int, format string, args ...any) {
	if len(r.mistakes) == MaxMistakes {
		r.more++
		return
	}
	r.mistakes = append(r.mistakes, placed{Mistake{Pointer: at, Text: fmt.Sprintf(format, args...)}, offset})
}

// wrong is a mistake of the value at a pointer, or of what stands nearest around it.
func (r *policyReader) wrong(at, format string, args ...any) {
	near := at
	for near != "" {
		if _, ok := r.places[near]; ok {
			break
		}
		near = near[:strings.LastIndexByte(near, '/')]
	}
	r.note(at, r.places[near], format, args...)
}

// unread is wrong for a value that has to be left out.
func (r *policyReader) unread(at, format string, args ...any) error {
	r.wrong(at, format, args...)
	r.doubt(at)
	return nil
}

func (r *policyReader) doubt(at string) {
	r.doubts[at] = true
	for at != "" && !r.around[at[:strings.LastIndexByte(at, '/')]] {
		at = at[:strings.LastIndexByte(at, '/')]
		r.around[at] = true
	}
}

// error is all mistakes in the order of the text.
func (r *policyReader) error() *PolicyError {
	slices.SortStableFunc(r.mistakes, func(a, b placed) int { return cmp.Compare(a.offset, b.offset) })
	e := &PolicyError{More: r.more}
	for _, m := range r.mistakes {
		if m.offset >= 0 {
			before := r.b[:min(m.offset, len(r.b))]
			m.Line, m.Column = bytes.Count(before, []byte{'\n'})+1, len(before)-bytes.LastIndexByte(before, '\n')
		}
		e.Mistakes = append(e.Mistakes, m.Mistake)
	}
	return e
}

// reader reads the value at a pointer.
type reader func(at string) error

func (r *policyReader) policy(p *Policy) error {
	var schema string
	err := r.object("",
		member{name: "schema", read: r.text(&schema)},
		member{name: "id", read: r.text(&p.ID)},
		member{name: "rules", read: r.array(maxNamed, func(at string) error { return r.rule(at, p) })},
		member{name: "labelers", optional: true, read: r.array(maxNamed, func(at string) error { return r.labeler(at, p) })},
		member{name: "cuts", read: r.cuts(&p.Cuts)},
		member{name: "unknownImpact", read: r.word(&p.UnknownImpact)},
		member{name: "table", read: r.table(&p.Table)},
		member{name: "demands", read: r.array(maxDemands, func(at string) error { return r.demand(at, p) })},
	)
	if err == nil && schema != "" && schema != PolicySchema {
		r.wrong("/schema", "%s is not %q: this build does not know the shape", strictjson.Quoted(schema), PolicySchema)
	}
	return err
}

// rule finds the rule that is named. Where there is none, another stands in for it,
// so that the rest can be looked at.
func (r *policyReader) rule(at string, p *Policy) error {
	n, err := r.name(at)
	rule := Rule{ID: fmt.Sprintf("unread-%d", len(p.Rules)), Doc: "-", Version: 1, Run: func(*release.ChangeSet) []Finding { return nil }}
	if found := r.rules[n.ID]; len(found) > 0 {
		rule = found[0]
		var versions []int
		for _, q := range found {
			if versions = append(versions, q.Version); q.Version == n.Version {
				rule = q
			}
		}
		r.version(at, "rule", n, rule.Version, versions)
	} else if n.ID != "" {
		err = cmp.Or(err, r.unread(at+"/id", "there is no rule %s in this build", strictjson.Quoted(n.ID)))
	}
	p.Rules = append(p.Rules, rule)
	return err
}

func (r *policyReader) labeler(at string, p *Policy) error {
	n, err := r.name(at)
	l := label.Labeler{ID: fmt.Sprintf("\x00unread-%d", len(p.Labelers)), Doc: "-", Version: 1}
	if found := r.labelers[n.ID]; len(found) > 0 {
		l = found[0]
		var versions []int
		for _, q := range found {
			if versions = append(versions, q.Version); q.Version == n.Version {
				l = q
			}
		}
		r.version(at, "labeler", n, l.Version, versions)
	} else if n.ID != "" {
		text := "there is no labeler %s of the host's"
		if slices.ContainsFunc(label.Default(), func(l label.Labeler) bool { return l.ID == n.ID }) {
			text = "%s is a default labeler: those always apply and are not named"
		}
		err = cmp.Or(err, r.unread(at+"/id", text, strictjson.Quoted(n.ID)))
	}
	p.Labelers = append(p.Labelers, l)
	return err
}

// version notes that code of that name has other versions here.
func (r *policyReader) version(at, kind string, n codeName, got int, versions []int) {
	if at += "/version"; got != n.Version && !r.doubts[at] {
		_ = r.unread(at, "%s %s is not in this build, which has version %s", kind, n, strings.Trim(fmt.Sprint(versions), "[]"))
	}
}

func (r *policyReader) name(at string) (codeName, error) {
	var n codeName
	return n, r.object(at, member{name: "id", read: r.text(&n.ID)}, member{name: "version", read: r.whole(&n.Version, 0)})
}

func (r *policyReader) cuts(cuts *[3]float64) reader {
	return func(at string) error {
		n := 0
		err := r.array(len(cuts), func(at string) error {
			n++
			return r.number(&cuts[n-1])(at)
		})(at)
		if err == nil && n < len(cuts) && !r.doubts[at] {
			return r.unread(at, "%d cuts stand here, and %d must", n, len(cuts))
		}
		return err
	}
}

func (r *policyReader) table(t *Table) reader {
	return func(at string) error {
		return r.object(at,
			member{name: "axes", read: r.array(maxAxes, func(at string) error {
				var a Axis
				err := r.object(at, member{name: "name", read: r.text(&a.Name)}, member{name: "values", read: r.texts(&a.Values, maxValues)})
				t.Axes = append(t.Axes, a)
				return err
			})},
			member{name: "tiers", read: r.array(maxTextCells, func(at string) error {
				var tier release.Tier
				err := r.word(&tier)(at)
				t.Tiers = append(t.Tiers, tier)
				return err
			})})
	}
}

func (r *policyReader) demand(at string, p *Policy) error {
	var d Demand
	err := r.object(at,
		member{name: "tier", read: r.word(&d.Tier)},
		member{name: "requirements", read: r.array(maxRequirements, func(at string) error {
			var q release.Requirement
			err := r.requirement(at, &q)
			d.Requirements = append(d.Requirements, q)
			return err
		})},
		member{name: "rollout", read: func(at string) error { return r.rollout(at, &d.Rollout) }})
	p.Demands = append(p.Demands, d)
	return err
}

func (r *policyReader) requirement(at string, q *release.Requirement) error {
	var evidence string
	err := r.object(at,
		member{name: "id", read: r.text(&q.ID)},
		member{name: "evidence", read: r.text(&evidence)},
		member{name: "count", read: r.whole(&q.Count, 1)},
		member{name: "maxAge", optional: true, read: r.duration(&q.MaxAge, 1, "any age will do")},
		member{name: "independent", optional: true, read: r.boolean(&q.Independent)},
		member{name: "roles", optional: true, read: func(at string) error {
			if err := r.texts(&q.Roles, maxRoles)(at); err != nil || len(q.Roles) > 0 || r.doubts[at] {
				return err
			}
			return r.unread(at, "an empty list of roles; leave it out, and any role will do")
		}},
		member{name: "why", read: r.text(&q.Why)})
	q.Evidence = release.EvidenceKind(evidence)
	return err
}

func (r *policyReader) rollout(at string, q *release.RolloutRequirement) error {
	return r.object(at,
		member{name: "minStages", read: r.whole(&q.MinStages, 1)},
		member{name: "minBake", read: r.duration(&q.MinBake, 0, "")},
		member{name: "maxFirstPercent", optional: true, read: func(at string) error {
			err := r.number(&q.MaxFirstPercent)(at)
			if p := q.MaxFirstPercent; err == nil && !(p > 0 && p <= 100) && !r.doubts[at] {
				return r.unread(at, "%v is not above 0 and at most 100; leave it out, and any share will do", p)
			}
			return err
		}},
		member{name: "why", optional: true, read: r.text(&q.Why)})
}

// member is one member of an object.
type member struct {
	name     string
	optional bool
	read     reader
}

// plainName are the names of others that a pointer may show.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

func (r *policyReader) object(at string, members ...member) error {
	if ok, err := r.expect(at, strictjson.Object, "an object"); !ok {
		return err
	}
	known, seen := make([][]string, len(members)), make([]bool, len(members))
	for i, m := range members {
		known[i] = []string{m.name}
	}
	err := r.s.Object(func(name []byte) error {
		i, err := r.s.Field(name, known)
		if err == nil && i >= 0 {
			seen[i] = true
			return members[i].read(at + "/" + members[i].name)
		}
		here := at
		if plainName.Match(name) {
			here += "/" + string(name)
		}
		text := fmt.Sprintf("there is no member %s here", strictjson.Quoted(name))
		if e, ok := errors.AsType[*strictjson.SyntaxError](err); ok {
			text = e.Reason
		}
		r.s.Space()
		r.note(here, r.s.Offset(), "%s", text)
		_, err = r.s.Value()
		return err
	})
	for i, m := range members {
		if err == nil && !seen[i] && !m.optional {
			r.wrong(at, "%q is missing", m.name)
			r.doubt(at + "/" + m.name)
		}
	}
	return err
}

var jsonKinds = map[strictjson.Kind]string{strictjson.Object: "an object", strictjson.Array: "an array", strictjson.String: "text",
	strictjson.Number: "a number", strictjson.Bool: "a boolean", strictjson.Null: "null"}

// expect passes over a value of another kind than it must be.
func (r *policyReader) expect(at string, kind strictjson.Kind, what string) (bool, error) {
	r.s.Space()
	r.places[at] = r.s.Offset()
	k, err := r.s.Peek()
	if err != nil || k == kind {
		return err == nil, err
	}
	if _, err := r.s.Value(); err != nil {
		return false, err
	}
	return false, r.unread(at, "%s stands where %s must", jsonKinds[k], what)
}

func (r *policyReader) array(most int, each reader) reader {
	return func(at string) error {
		if ok, err := r.expect(at, strictjson.Array, "an array"); !ok {
			return err
		}
		n := 0
		err := r.s.Array(func(i int) error {
			if n++; i < most {
				return each(at + "/" + strconv.Itoa(i))
			}
			_, err := r.s.Value()
			return err
		})
		if err == nil && n > most {
			return r.unread(at, "%d elements are more than %d", n, most)
		}
		return err
	}
}

func (r *policyReader) texts(out *[]string, most int) reader {
	return r.array(most, func(at string) error {
		var s string
		err := r.text(&s)(at)
		*out = append(*out, s)
		return err
	})
}

// text reads text that is not empty.
func (r *policyReader) text(out *string) reader {
	return func(at string) error {
		if ok, err := r.expect(at, strictjson.String, "text"); !ok {
			return err
		}
		b, _, err := r.s.Bytes()
		if *out = string(b); err == nil && len(b) == 0 {
			return r.unread(at, "the text is empty")
		}
		return err
	}
}

// word reads one of a set of words, and not the one for what nobody knows.
func (r *policyReader) word(out encoding.TextUnmarshaler) reader {
	return func(at string) error {
		if ok, err := r.expect(at, strictjson.String, "text"); !ok {
			return err
		}
		b, _, err := r.s.Bytes()
		if err != nil {
			return err
		}
		if err := out.UnmarshalText(b); err != nil || string(b) == "unknown" {
			return r.unread(at, "%s is no word for this", strictjson.Quoted(b))
		}
		return nil
	}
}

func (r *policyReader) boolean(out *bool) reader {
	return func(at string) error {
		if ok, err := r.expect(at, strictjson.Bool, "true or false"); !ok {
			return err
		}
		_, err := r.s.Value()
		*out = string(r.s.Since(r.places[at])) == "true"
		return err
	}
}

// literal is a number as it stands in the text.
func (r *policyReader) literal(at, what string) (string, error) {
	if ok, err := r.expect(at, strictjson.Number, what); !ok {
		return "", err
	}
	_, err := r.s.Value()
	return string(r.s.Since(r.places[at])), err
}

func (r *policyReader) number(out *float64) reader {
	return func(at string) error {
		text, err := r.literal(at, "a number")
		if err != nil || text == "" {
			return err
		}
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !finite(x) {
			return r.unread(at, "%s is too large", strictjson.Quoted(text))
		}
		*out = x
		return nil
	}
}

// maxWhole keeps whole numbers what they are in every reader of JSON, and in an int.
const maxWhole = math.MaxInt32

func (r *policyReader) whole(out *int, least int) reader {
	return func(at string) error {
		text, err := r.literal(at, "a whole number")
		if err != nil || text == "" {
			return err
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > maxWhole || strings.HasPrefix(text, "-") {
			return r.unread(at, "%s is not a whole number from %d to %d, in digits", strictjson.Quoted(text), least, maxWhole)
		}
		*out = n
		return nil
	}
}

// duration reads a duration as [time.Duration.String] writes it, with or without
// units at the end that are zero.
func (r *policyReader) duration(out *time.Duration, least time.Duration, without string) reader {
	return func(at string) error {
		if ok, err := r.expect(at, strictjson.String, `a duration such as "24h" as text`); !ok {
			return err
		}
		b, _, err := r.s.Bytes()
		if err != nil {
			return err
		}
		d, err := time.ParseDuration(string(b))
		full := d.String()
		short := full
		for _, zero := range []string{"m0s", "h0m"} {
			if strings.HasSuffix(short, zero) {
				short = short[:len(short)-2]
			}
		}
		switch {
		case err != nil:
			return r.unread(at, `%s is no duration such as "24h" or "1h30m"`, strictjson.Quoted(b))
		case string(b) != full && string(b) != short:
			return r.unread(at, "the duration %s is written %q", strictjson.Quoted(b), short)
		case d < 0:
			return r.unread(at, "%s is below zero", d)
		case d < least:
			return r.unread(at, "%s; leave it out, and %s", d, without)
		}
		*out = d
		return nil
	}
}
