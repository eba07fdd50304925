package metrics

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// Fact is something that happened, as a source told it: a [Deployment], a
// [Change] or an [Incident].
type Fact interface {
	meta() *Meta
	kind() FactKind
	validate() []error
	// normal is a copy that shares nothing with the original, in the one form in
	// which equal facts compare equal: times in UTC, empty slices and maps nil.
	normal() Fact
}

// FactKind says which kind a fact is of.
type FactKind uint8

// The kinds of facts.
const (
	KindUnknown FactKind = iota
	KindDeployment
	KindChange
	KindIncident
)

var factKinds = enum.Table[FactKind]{Type: "metrics.FactKind", Names: []string{"unknown", "deployment", "change", "incident"}}

// String is the kind's name.
func (k FactKind) String() string { return factKinds.Text(k) }

// ParseFactKind reads a kind's name.
func ParseFactKind(s string) (FactKind, error) { return factKinds.Parse(s) }

// MarshalText is the kind's name.
func (k FactKind) MarshalText() ([]byte, error) { return factKinds.Marshal(k) }

// UnmarshalText reads a kind's name.
func (k *FactKind) UnmarshalText(b []byte) error { return factKinds.Unmarshal(k, b) }

// Ref names a fact of a known kind. IDs are unique within a source only: two
// trackers both have an issue 7.
type Ref struct {
	// Source is who told the fact, ID the source's name of it.
	Source string `json:"source"`
	ID     string `json:"id"`
}

// IsZero reports whether r names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// String is "source/id".
func (r Ref) String() string { return r.Source + "/" + r.ID }

// Compare orders by source, then by ID.
func (r Ref) Compare(o Ref) int {
	return cmp.Or(cmp.Compare(r.Source, o.Source), cmp.Compare(r.ID, o.ID))
}

// Dims are the host's own dimensions of a fact, such as "team": "payments". The
// dimensions "service" and "environment" are fields of [Meta].
type Dims map[string]string

// Meta is what all facts have.
type Meta struct {
	// Source and ID identify the fact within its kind; neither may be empty.
	Source string `json:"source"`
	ID     string `json:"id"`
	// Rev orders what a source says of the same fact: the highest counts. A
	// correction carries a higher one. Two different facts with the same Rev
	// contradict each other.
	Rev uint64 `json:"rev"`
	// At is when it happened: see each kind. It may be zero only in a tombstone.
	At time.Time `json:"at"`
	// Seen is when the log was told, by the host's clock; never zero. It is what
	// [Log.Snapshot] goes by.
	Seen time.Time `json:"seen"`
	// Deleted makes this a tombstone: from this Rev on there is no such fact.
	Deleted bool `json:"deleted,omitempty"`
	// Service and Environment say where. A deployment needs both. "production" is
	// what the preset [DORA] counts.
	Service     string `json:"service,omitempty"`
	Environment string `json:"environment,omitempty"`
	// Dims are the host's further dimensions, to group deployments by: see [Query.By].
	Dims Dims `json:"dims,omitempty"`
}

// Ref names the fact.
func (m *Meta) Ref() Ref { return Ref{Source: m.Source, ID: m.ID} }

// maxText bounds each text of a fact, in bytes.
const maxText = 4096

// Times lie between these years, so that the time between any two of them fits
// a [time.Duration]. Commits from before 1970 exist in real repositories.
const minYear, maxYear = 1900, 2190

func (m *Meta) validate() []error {
	var errs []error
	if m.Source == "" {
		errs = append(errs, errors.New("no source"))
	}
	if m.ID == "" {
		errs = append(errs, errors.New("no id"))
	}
	if m.Seen.IsZero() {
		errs = append(errs, errors.New("no time at which it was seen"))
	}
	if m.At.IsZero() && !m.Deleted {
		errs = append(errs, errors.New("no time at which it happened"))
	}
	errs = append(errs, checkTime("at", m.At), checkTime("seen", m.Seen))
	errs = append(errs, checkText("source", m.Source), checkText("id", m.ID),
		checkText("service", m.Service), checkText("environment", m.Environment))
	for _, k := range slices.Sorted(maps.Keys(m.Dims)) {
		errs = append(errs, checkText("dimension", k), checkText("dimension "+k, m.Dims[k]))
		if k == "" || k == DimService || k == DimEnvironment {
			errs = append(errs, fmt.Errorf("dimension %q cannot be set here", k))
		}
	}
	return errs
}

func (m Meta) normal() Meta {
	m.At, m.Seen = m.At.UTC().Round(0), m.Seen.UTC().Round(0)
	m.Dims = maps.Clone(m.Dims)
	if len(m.Dims) == 0 {
		m.Dims = nil
	}
	return m
}

func checkTime(name string, t time.Time) error {
	if t.IsZero() {
		return nil
	}
	if y := t.UTC().Year(); y < minYear || y > maxYear {
		return fmt.Errorf("%s is in the year %d, not between %d and %d", name, y, minYear, maxYear)
	}
	return nil
}

func checkText(name, s string) error {
	if len(s) > maxText {
		return fmt.Errorf("%s is %d bytes long, more than %d", name, len(s), maxText)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s %q is not valid UTF-8", name, s)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%s %q has an unprintable character", name, s)
		}
	}
	return nil
}

// sameFact reports whether two normal facts say the same. When they were seen
// is not part of what they say.
func sameFact(a, b Fact) bool { return reflect.DeepEqual(unseen(a), unseen(b)) }

func unseen(f Fact) Fact {
	switch v := f.(type) {
	case Deployment:
		v.Seen = time.Time{}
		return v
	case Change:
		v.Seen = time.Time{}
		return v
	case Incident:
		v.Seen = time.Time{}
		return v
	}
	return f
}

func checkRefs(name string, rs ...Ref) error {
	for _, r := range rs {
		if err := errors.Join(checkText(name, r.Source), checkText(name, r.ID)); err != nil {
			return err
		}
		if !r.IsZero() && (r.Source == "" || r.ID == "") {
			return fmt.Errorf("%s %q has no source or no id", name, r)
		}
	}
	return nil
}

func normalRefs(rs []Ref) []Ref {
	if len(rs) == 0 {
		return nil
	}
	out := slices.Clone(rs)
	slices.SortFunc(out, Ref.Compare)
	return slices.Compact(out)
}
