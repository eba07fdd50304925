package evidence_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

func example(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	require.NoError(t, err)
	return string(b)
}

func as[T predicate.Predicate](t testing.TB, text string) (T, error) {
	t.Helper()
	st, err := evidence.ParseStatement([]byte(text))
	require.NoError(t, err)
	return evidence.As[T](st)
}

func TestPredicatesAreLossless(t *testing.T) {
	t.Parallel()
	vsa, err := as[predicate.VSA](t, example(t, "vsa"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"gate": "0.3.0"}, vsa.Verifier.Version)
	require.Equal(t, uint64(18446744073709551615), vsa.DependencyLevels["SLSA_BUILD_LEVEL_1"], "counts are numbers")

	a, err := as[predicate.Approval](t, example(t, "approval"))
	require.NoError(t, err)
	require.Equal(t, predicate.Approve, a.Decision)
	require.Equal(t, time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC), a.Expires)

	// What was read is written with nothing lost.
	for name, v := range map[string]predicate.Predicate{"vsa": vsa, "approval": a} {
		var was struct{ Predicate any }
		require.NoError(t, json.Unmarshal([]byte(example(t, name)), &was))
		require.JSONEq(t, string(mustJSON(t, was.Predicate)), string(mustJSON(t, v)), name)
	}
}

func TestPredicatesRefuse(t *testing.T) {
	t.Parallel()
	parse := map[string]func(string) error{
		"vsa":      func(s string) error { _, err := as[predicate.VSA](t, s); return err },
		"approval": func(s string) error { _, err := as[predicate.Approval](t, s); return err },
	}
	for _, tt := range []struct{ file, old, new, want string }{
		{"vsa", `"PASSED"`, `"ALLOWED"`, "neither PASSED nor FAILED"},
		{"vsa", `"SLSA_BUILD_LEVEL_2", "SLSA_SOURCE`, `"SLSA_BUILD_LEVEL_2", "SLSA_BUILD_LEVEL_3", "SLSA_SOURCE`, "two levels of the track"},
		{"vsa", `"ORG_REVIEWED"`, `"FAILED"`, "at the level FAILED"},
		{"vsa", `"verifiedLevels"`, `"other"`, "no verifiedLevels"},
		{"vsa", `"resourceUri"`, `"other"`, "no resourceUri"},
		{"vsa", `"id": "https://gate`, `"x": "https://gate`, "no verifier.id"},
		{"vsa", `"policy": {"uri": "https://example.com/policy", "digest"`, `"policy": {"x"`, "no policy"},
		{"vsa", `5}`, `"5"}`, "cannot unmarshal"},
		{"vsa", `"uri": "https://example.com/policy", `, ``, "no policy.uri"},
		{"vsa", `"uri": "https://example.com/811.json", "digest"`, `"uri": "https://example.com/811.json", "x"`, "has no digest"},
		{"vsa", `"ORG_REVIEWED"`, `""`, "an empty one"},
		{"vsa", `"1.2"`, `"1"`, "is not like 1.2"},
		{"vsa", `"1.2"`, `"v1.2"`, "is not like 1.2"},
	} {
		text := example(t, tt.file)
		require.Contains(t, text, tt.old)
		require.ErrorContains(t, parse[tt.file](strings.Replace(text, tt.old, tt.new, 1)), tt.want, "%s: %s", tt.file, tt.new)
	}
	for file := range parse {
		for _, p := range []string{"", `,"predicate":null`, `,"predicate":"PASSED"`, `,"predicate":{}`} {
			text := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"a":"b"}}],"predicateType":"` + typeOf(t, file) + `"` + p + `}`
			require.Error(t, parse[file](text), "%s %s", file, p)
		}
		// A field that the specification does not know.
		err := parse[file](strings.Replace(example(t, file), `"predicate": {`, `"predicate": {"future": {"x": 1},`, 1))
		if file == "approval" {
			require.ErrorContains(t, err, `unknown name "future"`, "it might be a condition")
		} else {
			require.NoError(t, err)
		}
	}
}

func typeOf(t testing.TB, file string) string {
	st, err := evidence.ParseStatement([]byte(example(t, file)))
	require.NoError(t, err)
	return st.PredicateType()
}

func TestKinds(t *testing.T) {
	t.Parallel()
	require.Equal(t, release.EvidenceTest, evidence.KindOf(predicate.TypeTestResult))
	require.Equal(t, release.EvidenceApproval, evidence.KindOf(predicate.TypeApproval))
	require.Equal(t, release.EvidenceProvenance, evidence.KindOf(predicate.TypeProvenance))
	require.Equal(t, release.EvidenceScan, evidence.KindOf(predicate.TypeVulns))
	for _, old := range []string{predicate.TypeProvenanceV02, predicate.TypeProvenanceV01, predicate.TypeInTotoProvenanceV01} {
		require.Equal(t, release.EvidenceProvenance, evidence.KindOf(old))
	}
	require.Equal(t, release.EvidenceScan, evidence.KindOf(predicate.TypeVulnsV01))
	for _, other := range []string{"", predicate.TypeVSA, predicate.TypeDeployment, predicate.TypeProvenance + ".1", strings.ToUpper(predicate.TypeApproval), "https://slsa.dev/provenance/v0.3"} {
		require.Empty(t, evidence.KindOf(other))
	}
	for _, d := range []predicate.ApprovalDecision{predicate.Approve, predicate.Reject, predicate.Abstain} {
		got, err := predicate.ParseApprovalDecision(d.String())
		require.NoError(t, err)
		require.Equal(t, d, got)
	}
	for _, s := range []evidence.Status{evidence.StatusFailed, evidence.StatusMissing, evidence.StatusStale, evidence.StatusMet} {
		got, err := evidence.ParseStatus(s.String())
		require.NoError(t, err)
		require.Equal(t, s, got)
	}
	got, err := predicate.ParseTestOutcome("FAILED")
	require.NoError(t, err)
	require.Equal(t, predicate.TestFailed, got)
	_, err = predicate.ParseTestOutcome("SKIPPED")
	require.Error(t, err)
}

// schema is the part of JSON Schema that approval.schema.json uses; its keywords
// are checked to be no others.
type schema struct {
	Schema      string             `json:"$schema"`
	ID          string             `json:"$id"`
	Title       string             `json:"title"`
	Description string             `json:"description"`
	Type        string             `json:"type"`
	Required    []string           `json:"required"`
	Additional  *bool              `json:"additionalProperties"`
	Properties  map[string]*schema `json:"properties"`
	Items       *schema            `json:"items"`
	Unique      bool               `json:"uniqueItems"`
	Enum        []string           `json:"enum"`
	Pattern     string             `json:"pattern"`
	MinLength   int                `json:"minLength"`
	MaxLength   *int               `json:"maxLength"`
	Format      string             `json:"format"`
}

func readSchema(t testing.TB) *schema {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(predicate.ApprovalSchema))
	d.DisallowUnknownFields()
	var s schema
	require.NoError(t, d.Decode(&s))
	return &s
}

func (s *schema) valid(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if s.Type != "object" {
			return false
		}
		for _, r := range s.Required {
			if _, ok := v[r]; !ok {
				return false
			}
		}
		for name, value := range v {
			p, ok := s.Properties[name]
			if (!ok && s.Additional != nil && !*s.Additional) || (ok && !p.valid(value)) {
				return false
			}
		}
		return true
	case []any:
		seen := map[any]bool{}
		for _, item := range v {
			if s.Type != "array" || !s.Items.valid(item) || (s.Unique && seen[item]) {
				return false
			}
			seen[item] = true
		}
		return s.Type == "array"
	case string:
		_, timeErr := time.Parse(time.RFC3339, v)
		return s.Type == "string" && (s.Enum == nil || slices.Contains(s.Enum, v)) &&
			(s.Pattern == "" || regexp.MustCompile(s.Pattern).MatchString(v)) &&
			utf8.RuneCountInString(v) >= s.MinLength &&
			(s.MaxLength == nil || utf8.RuneCountInString(v) <= *s.MaxLength) &&
			(s.Format != "date-time" || timeErr == nil)
	}
	return false
}

func TestSchemaHasTheFieldsOfTheType(t *testing.T) {
	t.Parallel()
	s := readSchema(t)
	require.Equal(t, predicate.TypeApproval, s.ID)
	require.Equal(t, "https://json-schema.org/draft/2020-12/schema", s.Schema)
	var names, required []string
	for f := range reflect.TypeFor[predicate.Approval]().Fields() {
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
		if opts == "" {
			required = append(required, name)
		}
	}
	require.ElementsMatch(t, names, slices.Collect(maps.Keys(s.Properties)))
	require.ElementsMatch(t, required, s.Required)
	for _, d := range s.Properties["decision"].Enum {
		_, err := predicate.ParseApprovalDecision(d)
		require.NoError(t, err)
	}
	require.Len(t, s.Properties["decision"].Enum, 3)
}

// TestSchemaAgreesWithTheType: what the schema refuses, the type refuses. The
// type refuses more: lists out of order, an evidenceSet that is another's, the
// zero time.
func TestSchemaAgreesWithTheType(t *testing.T) {
	t.Parallel()
	s := readSchema(t)
	digest := release.DigestOf([]byte("x")).String()
	empty := evidence.SetDigest(nil).String()
	values := []any{"approve", "reject", "maybe", digest, strings.ToUpper(digest), digest[:70], empty, "", nil, 1.0, []any{}, []any{digest, digest}, []any{nil}, map[string]any{},
		"2026-03-01T12:00:00Z", "2026-03-01T12:00:00+01:00", "2026-03-01", "0001-01-01T00:00:00Z", strings.Repeat("ä", 4096), strings.Repeat("ä", 4097)}
	names := []string{"decision", "release", "changes", "evidence", "evidenceSet", "role", "environment", "comment", "expires", "future", "Role"}
	counts := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		doc := map[string]any{"decision": "approve", "release": digest, "evidence": []any{}, "evidenceSet": empty}
		for range rapid.IntRange(0, 2).Draw(t, "edits") {
			name := rapid.SampledFrom(names).Draw(t, "name")
			if v := rapid.SampledFrom(values).Draw(t, "value"); rapid.IntRange(0, 4).Draw(t, "drop") == 0 {
				delete(doc, name)
			} else {
				doc[name] = v
			}
		}
		b, err := json.Marshal(doc)
		require.NoError(t, err)
		st, err := evidence.NewStatement(predicate.TypeApproval, evidence.SubjectsOf(shop()), json.RawMessage(b))
		require.NoError(t, err)
		_, err = evidence.As[predicate.Approval](st)
		valid := s.valid(doc)
		counts[valid]++
		more := doc["expires"] == "0001-01-01T00:00:00Z" || doc["evidenceSet"] != empty
		if valid && !more {
			require.NoError(t, err, "%s", b)
		} else {
			require.Error(t, err, "%s", b)
		}
	})
	require.Greater(t, counts[true], 100)
	require.Greater(t, counts[false], 100)
}

func TestApprovalRefuses(t *testing.T) {
	t.Parallel()
	d1, d2 := release.DigestOf([]byte("1")), release.DigestOf([]byte("2"))
	if d1.Compare(d2) > 0 {
		d1, d2 = d2, d1
	}
	good := approval(t, predicate.Approve, shop(), tests(t), service("s").of(t, shop(), scan()))
	require.Len(t, good.Evidence, 2)
	for name, f := range map[string]func(a *predicate.Approval){
		"no decision":      func(a *predicate.Approval) { a.Decision = 0 },
		"unknown decision": func(a *predicate.Approval) { a.Decision = 9 },
		"no release":       func(a *predicate.Approval) { a.Release = release.Digest{} },
		"nil evidence":     func(a *predicate.Approval) { a.Evidence = nil },
		"less evidence":    func(a *predicate.Approval) { a.Evidence = a.Evidence[:1] },
		"other evidence":   func(a *predicate.Approval) { a.Evidence = []release.Digest{d1, d2} },
		"out of order":     func(a *predicate.Approval) { a.Evidence = []release.Digest{a.Evidence[1], a.Evidence[0]} },
		"long":             func(a *predicate.Approval) { a.Comment = strings.Repeat("x", 4097) },
	} {
		a := good
		f(&a)
		require.Error(t, a.Validate(), name)
		_, err := evidence.For(shop(), a)
		require.Error(t, err, name)
	}
	require.NoError(t, good.Validate())
	_, err := evidence.NewApproval(predicate.Approve, release.Release{}, nil)
	require.Error(t, err)
	_, err = evidence.NewApproval(predicate.DecisionUnknown, shop(), nil)
	require.Error(t, err)
}

// FuzzPredicates checks that what is read and valid is written and read again as
// the same value.
func FuzzPredicates(f *testing.F) {
	for _, name := range []string{"vsa", "approval"} {
		st, err := evidence.ParseStatement([]byte(example(f, name)))
		require.NoError(f, err)
		f.Add([]byte(st.Predicate()))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		again[predicate.VSA](t, b)
		again[predicate.Approval](t, b)
		again[predicate.Deployment](t, b)
	})
}

func again[T predicate.Predicate](t *testing.T, b []byte) {
	var zero T
	head := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"a":"b"}}],"predicateType":"` + zero.PredicateType() + `","predicate":`
	st, err := evidence.ParseStatement([]byte(head + string(b) + "}"))
	if err != nil {
		return
	}
	p, err := evidence.As[T](st)
	if err != nil {
		if !reflect.DeepEqual(p, zero) {
			t.Fatal("a value came with an error")
		}
		return
	}
	out, err := evidence.NewStatement(p.PredicateType(), st.Subjects(), p)
	if err != nil {
		t.Fatalf("cannot be written: %v", err)
	}
	q, err := evidence.As[T](out)
	if err != nil || string(mustJSON(t, p)) != string(mustJSON(t, q)) {
		t.Fatalf("%+v became %+v (%v)", p, q, err)
	}
}
