package advisory

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// record is one advisory as OSV writes it, as far as it is used (OSV schema, "Format
// Overview").
type record struct {
	SchemaVersion string     `json:"schema_version"`
	ID            string     `json:"id"`
	Modified      string     `json:"modified"`
	Published     string     `json:"published"`
	Withdrawn     string     `json:"withdrawn"`
	Aliases       []string   `json:"aliases"`
	Upstream      []string   `json:"upstream"`
	Summary       string     `json:"summary"`
	Severity      []severity `json:"severity"`
	Affected      []affected `json:"affected"`
}

type severity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type affected struct {
	Package  packageName `json:"package"`
	Severity []severity  `json:"severity"`
	Ranges   []versions  `json:"ranges"`
	Versions []string    `json:"versions"`
	Specific specific    `json:"ecosystem_specific"`
}

type packageName struct {
	Ecosystem string `json:"ecosystem"`
	Name      string `json:"name"`
	PURL      string `json:"purl"`
}

// versions is one range.
type versions struct {
	Type   string  `json:"type"`
	Repo   string  `json:"repo"`
	Events []event `json:"events"`
}

type event struct {
	Introduced   *string `json:"introduced"`
	Fixed        *string `json:"fixed"`
	LastAffected *string `json:"last_affected"`
	Limit        *string `json:"limit"`
}

// specific is what an ecosystem adds. Only custom_ranges of the Go database has a
// meaning here; each ecosystem may give any name another one.
type specific struct{ custom bool }

// UnmarshalJSON looks for ranges and keeps nothing else.
func (s *specific) UnmarshalJSON(b []byte) error {
	var v struct {
		Custom json.RawMessage `json:"custom_ranges"`
	}
	if k := strings.TrimSpace(string(b[:min(len(b), 1)])); k != "{" {
		return nil
	}
	if err := strictjson.Unmarshal(b, &v, limits); err != nil {
		return err
	}
	text := strings.TrimSpace(string(v.Custom))
	s.custom = text != "" && text != "null" && text != "[]"
	return nil
}

// named is what is read of a record whose rest is not as it must be: which packages it
// concerns.
type named struct {
	ID       string          `json:"id"`
	Affected []namedAffected `json:"affected"`
}

type namedAffected struct {
	Package packageName `json:"package"`
	Ranges  []struct {
		Repo string `json:"repo"`
	} `json:"ranges"`
}

var errNoPackage = errors.New("an entry of affected names no package")

// parse reads one record. On an error the record may still have its ID and packages,
// which then are all that is known of it.
func parse(raw []byte) (*record, error) {
	var r record
	err := strictjson.Unmarshal(raw, &r, limits)
	if err == nil {
		err = r.check()
	}
	if err == nil {
		return &r, nil
	}
	return salvage(raw), err
}

// salvage is the ID and the packages of a record of which nothing else is used; nil where
// they cannot be read, or may not be all.
func salvage(raw []byte) *record {
	var n named
	if strictjson.Unmarshal(raw, &n, limits) != nil || !validID(n.ID) || len(n.Affected) == 0 || len(n.Affected) > MaxPackage {
		return nil
	}
	var v struct {
		SchemaVersion string `json:"schema_version"`
	}
	if strictjson.Unmarshal(raw, &v, limits) != nil || !knownSchema(v.SchemaVersion) {
		return nil
	}
	r := &record{ID: n.ID}
	for _, a := range n.Affected {
		b := affected{Package: a.Package, Ranges: make([]versions, len(a.Ranges))}
		for i := range a.Ranges {
			b.Ranges[i].Repo = a.Ranges[i].Repo
		}
		if len(places(b)) == 0 {
			return nil
		}
		r.Affected = append(r.Affected, b)
	}
	return r
}

// check reports what keeps a record from being used at all.
func (r *record) check() error {
	if !knownSchema(r.SchemaVersion) {
		return fmt.Errorf("schema version %s is not 1.x", strictjson.Quoted(r.SchemaVersion))
	}
	if !validID(r.ID) {
		return fmt.Errorf("%s is no id", strictjson.Quoted(r.ID))
	}
	if len(r.Aliases) > MaxPackage || len(r.Upstream) > MaxPackage || len(r.Affected) > MaxPackage || len(r.Severity) > MaxPackage {
		return fmt.Errorf("more than %d names, entries or scores", MaxPackage)
	}
	for _, id := range append(r.Aliases[:len(r.Aliases):len(r.Aliases)], r.Upstream...) {
		if !validID(id) {
			return fmt.Errorf("%s is no id", strictjson.Quoted(id))
		}
	}
	points := 0
	for i := range r.Affected {
		a := &r.Affected[i]
		points += len(a.Versions) + len(a.Severity)
		for j := range a.Ranges {
			points += 1 + len(a.Ranges[j].Events)
		}
		if len(places(*a)) == 0 {
			return errNoPackage
		}
	}
	if points > MaxPoints {
		return fmt.Errorf("%d versions and events are more than %d", points, MaxPoints)
	}
	return nil
}

// stub reports whether a record only names an advisory, as an index does. That no package is
// affected is written as an empty list.
func (r *record) stub() bool { return r.Affected == nil && r.Withdrawn == "" }

// knownSchema reports whether a schema version is 1.x; none means 1.0.0.
func knownSchema(v string) bool { return v == "" || v == "1" || strings.HasPrefix(v, "1.") }

// validID reports whether an id can stand in a report: printable ASCII without spaces.
func validID(id string) bool {
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return id != "" && len(id) <= MaxID
}

// when reads a time. It is zero where there is none, or none that can be read, or the
// one of the year 1 that databases write for "none".
func when(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t.UTC()
}

// summary is one line, cut where it is long.
func summary(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if len(s) <= MaxSummary {
		return s
	}
	cut := MaxSummary
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// quoted is text of an advisory in a reason: printable and short.
func quoted(s string) string {
	if len(s) > 80 {
		s = s[:80]
		return strconv.QuoteToASCII(s) + "…"
	}
	return strconv.QuoteToASCII(s)
}
