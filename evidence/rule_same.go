package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/jsonvalue"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// SameField demands that statements of several types agree: that there is one value
// which a statement of each type has in its field, and with which everything else
// that is required is met too. Statements of those types that have another value
// there, or none, count for nothing then, neither for requirements nor for other
// rules nor behind approvals. So a scan of one workflow run does not stand beside
// the provenance of another. What speaks against the release does so whatever it
// has in the field; a finding that only VEX documents with another value settle is
// not settled.
//
// Which value it is does not matter. Where several would do, [Decide] takes the one
// with which the release is allowed longest; several rules of this kind are met
// together, by a value for each. [MaxWorlds] says how many are tried.
//
// Values are compared exactly, as JSON: a string is never a number, numbers are
// compared as decimal numbers of whatever size, and the order of an object's members
// is none. A value that is absent, null, or an empty string, list or object is none.
type SameField struct {
	// Name says what the field is, for people: "workflow run".
	Name string
	// Fields says where it is, for each predicate type that must agree. At least one;
	// each type once.
	Fields []Field
}

// Field is a place in statements of a type.
type Field struct {
	// Type is the predicate type, exactly.
	Type string
	// Pointer is a JSON pointer into the predicate (RFC 6901), such as
	// "/runDetails/metadata/invocationId", or [FieldSigner].
	Pointer string
}

// FieldSigner is the principal who signed. Two principals of one person differ.
const FieldSigner = "signer"

// ID is "same" and the name.
func (r SameField) ID() string { return "same " + r.Name }

func (r SameField) validate() error {
	errs := []error{texts([]string{r.Name})}
	if r.Name == "" {
		errs = append(errs, errors.New("no name"))
	}
	if len(r.Fields) == 0 {
		errs = append(errs, errors.New("no field"))
	}
	seen := map[string]bool{}
	for i, f := range r.Fields {
		_, err := f.pointer()
		if err == nil {
			err = texts([]string{f.Type})
		}
		if f.Type == "" {
			err = errors.New("no predicate type")
		}
		if seen[f.Type] {
			err = fmt.Errorf("the predicate type %s stands twice", strictjson.Quoted(f.Type))
		}
		if seen[f.Type] = true; err != nil {
			errs = append(errs, fmt.Errorf("fields[%d]: %w", i, err))
		}
	}
	return errors.Join(errs...)
}

// pointer is nil for the signer.
func (f Field) pointer() (jsonvalue.Pointer, error) {
	if f.Pointer == FieldSigner {
		return nil, nil
	}
	return jsonvalue.ParsePointer(f.Pointer)
}

func (r SameField) policy() any { return r }

func (r SameField) demands() []demand {
	var out []demand
	for _, f := range r.Fields {
		out = append(out, demand{typ: f.Type, need: 1})
	}
	return out
}

func (r SameField) met(*outcome) (bool, time.Time) { return true, time.Time{} }

func (r SameField) result(o *outcome, own []int) Result {
	out := Result{Rule: r, Need: len(own), Status: StatusMet}
	var left []release.Reason
	for _, d := range own {
		part := o.result(d)
		if part.Status != StatusMet {
			left = append(left, part.Reasons...)
			out.Status = min(out.Status, part.Status)
			continue
		}
		out.Have++
		out.Used = append(out.Used, part.Used...)
		out.Until = sooner(out.Until, part.Until)
	}
	slices.SortFunc(out.Used, release.Digest.Compare)
	out.Used = slices.Compact(out.Used)
	reason := release.Reason{Subject: r.ID(), Refs: slices.Clone(out.Used), Text: fmt.Sprintf("%d of %d types of statements agree", out.Have, out.Need)}
	if v := o.choice[o.sameIndex(own)]; v != "" {
		reason.Text += " on " + valueText(v)
	}
	reason.Code = out.Status.code()
	if out.Status != StatusMet {
		out.Until = time.Time{}
	}
	out.Reasons = append([]release.Reason{reason}, left...)
	return out
}

// sameIndex is the place of a rule among those of SameField, by its demands.
func (j *judge) sameIndex(own []int) int {
	i := 0
	for _, a := range j.asks {
		if _, ok := a.rule.(SameField); ok && a.own[0] < own[0] {
			i++
		}
	}
	return i
}

// valueText is a value for people.
func valueText(exact string) string {
	var s string
	if json.Unmarshal([]byte(exact), &s) == nil {
		return strictjson.Quoted(s)
	}
	return strictjson.Quoted(exact)
}

// anyValue stands for every value. It is none itself: no JSON text is like it.
const anyValue = "*"

// value finds what the items have in the fields in which statements must agree.
func (j *judge) value() {
	for _, r := range j.q.Rules {
		if s, ok := r.(SameField); ok {
			j.same = append(j.same, s)
		}
	}
	for i, r := range j.same {
		for _, f := range r.Fields {
			p, _ := f.pointer() // validated
			for _, it := range j.items {
				if it.typ != f.Type {
					continue
				}
				if it.values == nil {
					it.values = slices.Repeat([]string{anyValue}, len(j.same))
				}
				it.values[i] = it.value(f, p)
				if it.values[i] == "" && it.barred == "" {
					it.barred = CodeNoValue
				}
			}
		}
	}
}

// value is what the item has in the field, "" for nothing.
func (it *item) value(f Field, p jsonvalue.Pointer) string {
	if f.Pointer == FieldSigner {
		return fmt.Sprintf("%q", []string{it.by.Principal.Issuer, it.by.Principal.Subject})
	}
	if it.statement.predicate == nil {
		return ""
	}
	raw, err := p.Find(it.statement.predicate, limits(MaxStatement))
	if err != nil || raw == nil {
		return ""
	}
	exact, err := jsonvalue.Exact(raw, limits(MaxStatement))
	if err != nil || slices.Contains([]string{"null", `""`, "[]", "{}"}, exact) {
		return ""
	}
	return exact
}
