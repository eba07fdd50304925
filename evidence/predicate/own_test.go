package predicate_test

import (
	"encoding"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "2500"); err != nil {
		panic(err)
	}
	os.Exit(m.Run()) // -rapid.checks on the command line still wins
}

// own are this module's own predicates, which come with a document and a schema.
var own = []struct {
	name    string
	schema  string
	example predicate.Predicate
	read    func(raw json.RawMessage) error
	// beyond is what errors say of texts that the schema allows, because a schema
	// has no way to refuse them.
	beyond []string
}{
	{"approval", predicate.ApprovalSchema, predicate.Approval{Decision: predicate.Approve, Release: digests[0], Changes: digests[1], Evidence: digests[:2],
		EvidenceSet: predicate.SetDigest(digests[:2]), Role: "owner", Environment: "production", Comment: "ok", Expires: noon}, reads[predicate.Approval],
		[]string{"stands twice or is out of order", "is not the digest of", "is of nothing", zeroTime}},
	{"decision", predicate.DecisionSchema, decision, reads[predicate.Decision],
		[]string{"stands twice or is out of order", "is not in used", "out of order", "of an allow alone", "of what is met alone", "its results say", "is met by", "an allow without",
			"no id", "maxAge", zeroTime, wholeNumber}},
	{"deployment", predicate.DeploymentSchema, deployment, reads[predicate.Deployment], []string{"stands twice or is out of order", zeroTime, wholeNumber}},
}

const (
	zeroTime    = "stands where a value must"
	wholeNumber = "cannot unmarshal number"
)

var (
	noon    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	digests = func() (out []release.Digest) {
		for _, s := range []string{"a", "b", "c"} {
			out = append(out, release.DigestOf([]byte(s)))
		}
		slices.SortFunc(out, release.Digest.Compare)
		return out
	}()
	reason   = release.Reason{Code: "evidence/met", Version: 2, Subject: "tests", Text: "1 of 1", Refs: digests[:1]}
	decision = predicate.Decision{Verdict: release.VerdictAllow, Release: digests[0], Changes: digests[1], Environment: "production", Policy: digests[2],
		EvidenceSet: predicate.SetDigest(digests[:1]), Used: digests[:2], Reasons: []release.Reason{reason}, At: noon, Until: noon.Add(time.Hour),
		Results: []predicate.DecisionResult{
			{ID: "tests", Requirement: &predicate.DecisionRequirement{Evidence: release.EvidenceTest, Count: 1, MaxAge: "24h0m0s", Independent: true, Roles: []string{"ci"}, Why: "so"},
				Status: predicate.DecisionMet, Have: 1, Need: 1, Used: digests[:1], Reasons: []release.Reason{reason}, Until: noon.Add(time.Hour)},
			{ID: "level", Status: predicate.DecisionMet, Have: 2, Need: 1, Levels: []string{"SLSA_BUILD_LEVEL_2"}, Used: digests[:2], Reasons: []release.Reason{reason}},
		}}
	deployment = predicate.Deployment{EvidenceSet: predicate.SetDigest(nil), Decisions: digests[:2], Event: release.Event{ID: "1", Kind: release.EventDeployed, At: noon,
		Release: release.Ref{Service: "shop", Version: "v2", Digest: digests[0]}, Previous: release.Ref{Service: "shop", Version: "v1", Digest: digests[1]},
		Environment: "production", Rollout: "r", Stage: "all", Percent: 12.5, Actor: release.Actor{Kind: release.ActorService, ID: "service:x", Name: "X"},
		Reason: reason, Started: noon.Add(-time.Hour)}}
)

func reads[T predicate.Predicate](raw json.RawMessage) error {
	var zero T
	_, err := predicate.Read[T](zero.PredicateType(), raw)
	return err
}

// schema is the part of JSON Schema that these use; a keyword that is not here is
// an error of the test.
type schema struct {
	Schema      string             `json:"$schema"`
	ID          string             `json:"$id"`
	Ref         string             `json:"$ref"`
	Defs        map[string]*schema `json:"$defs"`
	Title       string             `json:"title"`
	Description string             `json:"description"`
	Type        string             `json:"type"`
	Required    []string           `json:"required"`
	Additional  *bool              `json:"additionalProperties"`
	Properties  map[string]*schema `json:"properties"`
	Items       *schema            `json:"items"`
	MinItems    int                `json:"minItems"`
	Unique      bool               `json:"uniqueItems"`
	Enum        []string           `json:"enum"`
	Pattern     string             `json:"pattern"`
	MinLength   int                `json:"minLength"`
	MaxLength   *int               `json:"maxLength"`
	Format      string             `json:"format"`
	Minimum     *float64           `json:"minimum"`
	Maximum     *float64           `json:"maximum"`
	Not         *struct {
		Const string `json:"const"`
	} `json:"not"`
}

func readSchema(t testing.TB, text string) *schema {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	var s schema
	require.NoError(t, d.Decode(&s))
	s.resolve(t, s.Defs)
	return &s
}

// resolve puts what is referred to in the place of each reference.
func (s *schema) resolve(t testing.TB, defs map[string]*schema) {
	if s.Ref != "" {
		to := defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
		require.NotNil(t, to, s.Ref)
		*s = *to
	}
	for _, p := range s.Properties {
		p.resolve(t, defs)
	}
	if s.Items != nil {
		s.Items.resolve(t, defs)
	}
}

// compiled is a schema as an independent library understands it.
func compiled(t testing.TB, uri, text string) *jsonschema.Schema {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource(uri, v))
	s, err := c.Compile(uri)
	require.NoError(t, err)
	return s
}

func asMap(t testing.TB, p predicate.Predicate) map[string]any {
	t.Helper()
	b, err := json.Marshal(p)
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(b, &doc))
	return doc
}

// The example of each has every field, so that every field is tried below.
func TestOwnSchemasHaveTheFieldsOfTheirTypes(t *testing.T) {
	t.Parallel()
	for _, o := range own {
		s := readSchema(t, o.schema)
		require.Equal(t, o.example.PredicateType(), s.ID)
		require.Equal(t, "https://json-schema.org/draft/2020-12/schema", s.Schema)
		require.NoError(t, o.example.Validate())
		doc := asMap(t, o.example)
		require.NoError(t, compiled(t, s.ID, o.schema).Validate(doc), o.name)
		sameFields(t, s, reflect.TypeOf(o.example), doc, o.name)
	}
}

func sameFields(t *testing.T, s *schema, typ reflect.Type, example any, at string) {
	t.Helper()
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	text := reflect.PointerTo(typ).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	switch {
	case text || typ.Kind() == reflect.String:
		require.Equal(t, "string", s.Type, at)
		require.Equal(t, typ == reflect.TypeFor[time.Time](), s.Format == "date-time", at)
		require.Equal(t, typ == reflect.TypeFor[release.Digest](), s.Pattern != "", at)
	case typ.Kind() == reflect.Struct:
		require.Equal(t, "object", s.Type, at)
		require.False(t, *s.Additional, at)
		var names, required []string
		for f := range typ.Fields() {
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			names = append(names, name)
			if options == "" {
				required = append(required, name)
			}
			inner, ok := example.(map[string]any)[name]
			if list, first := example.(map[string]any)["results"].([]any); first && name == "results" {
				inner, ok = both(list), true
			}
			require.True(t, ok, "the example has no %s.%s", at, name)
			require.Contains(t, s.Properties, name, at)
			sameFields(t, s.Properties[name], f.Type, inner, at+"."+name)
		}
		require.Len(t, s.Properties, len(names), at)
		require.ElementsMatch(t, required, s.Required, at)
	case typ.Kind() == reflect.Slice:
		require.Equal(t, "array", s.Type, at)
		require.NotEmpty(t, example, at)
		sameFields(t, s.Items, typ.Elem(), example.([]any)[0], at+"[]")
	default:
		want := map[reflect.Kind]string{reflect.Bool: "boolean", reflect.Int: "integer", reflect.Float64: "number"}[typ.Kind()]
		require.Equal(t, want, s.Type, at)
	}
}

// both is a list of one, with the members of all.
func both(list []any) any {
	all := map[string]any{}
	for _, v := range list {
		for name, value := range v.(map[string]any) {
			all[name] = value
		}
	}
	return []any{all}
}

func TestOwnDocumentsNameEveryField(t *testing.T) {
	t.Parallel()
	for _, o := range own {
		b, err := os.ReadFile(o.name + ".md")
		require.NoError(t, err)
		text := string(b)
		require.Contains(t, text, "Type URI: `"+o.example.PredicateType()+"`")
		require.Contains(t, text, "("+o.name+".schema.json)")
		require.Contains(t, text, "Go type: `predicate."+reflect.TypeOf(o.example).Name()+"`")
		for name := range names(readSchema(t, o.schema)) {
			require.Contains(t, text, "`"+name+"`", o.name)
		}
	}
}

// names are those of all properties and all words of enumerations.
func names(s *schema) map[string]bool {
	out := map[string]bool{}
	var walk func(s *schema)
	walk = func(s *schema) {
		for _, e := range s.Enum {
			out[e] = true
		}
		for name, p := range s.Properties {
			out[name] = true
			walk(p)
		}
		if s.Items != nil {
			walk(s.Items)
		}
	}
	walk(s)
	return out
}

// What a schema refuses, the type refuses; what it allows, the type reads, but for
// what the schema cannot say.
func TestOwnSchemasAgreeWithTheirTypes(t *testing.T) {
	t.Parallel()
	for _, o := range own {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			s := compiled(t, o.example.PredicateType(), o.schema)
			counts := map[string]int{}
			rapid.Check(t, func(t *rapid.T) {
				var doc any
				b, err := json.Marshal(o.example)
				require.NoError(t, err)
				require.NoError(t, json.Unmarshal(b, &doc))
				for range rapid.IntRange(0, 2).Draw(t, "edits") {
					doc = edited(t, doc)
				}
				b, err = json.Marshal(doc)
				require.NoError(t, err)
				valid, err := s.Validate(doc) == nil, o.read(b)
				switch beyond := slices.IndexFunc(o.beyond, func(text string) bool { return err != nil && strings.Contains(err.Error(), text) }); {
				case !valid:
					counts["refused"]++
					require.Error(t, err, "%s", b)
				case err == nil:
					counts["read"]++
				default:
					counts["beyond"]++
					require.GreaterOrEqual(t, beyond, 0, "%s\n%s", err, b)
				}
			})
			total := counts["refused"] + counts["read"] + counts["beyond"]
			require.Greater(t, 5*counts["refused"], total, "%v", counts)
			require.Greater(t, 5*counts["read"], total, "%v", counts)
		})
	}
}

// values are put in the place of others.
func values() []any {
	d, zero := digests[0].String(), "sha256:"+strings.Repeat("0", 64)
	return []any{"approve", "allow", "hold", "deny", "met", "failed", "deployed", "human", "unknown", "maybe", "", d, strings.ToUpper(d), d[:70], digests[2].String(), "sha256:",
		zero, nil, 0.0, 1.0, -1.0, 1.5, 100.0, 101.0, 1e20, true, false, []any{}, []any{d}, []any{d, d}, []any{nil}, []any{""}, map[string]any{}, "24h0m0s", "24h", "0s",
		"2026-03-01T12:00:00Z", "2026-03-01T13:00:00+01:00", "2026-03-01", "0001-01-01T00:00:00Z", "2026-03-01T11:00:00Z", strings.Repeat("ä", 4096), strings.Repeat("ä", 4097)}
}

// edited changes one place of v.
func edited(t *rapid.T, v any) any {
	inside := rapid.IntRange(0, 3).Draw(t, "inside") > 0
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			break
		}
		var all []string
		for name := range v {
			all = append(all, name)
		}
		sort.Strings(all)
		name := rapid.SampledFrom(all).Draw(t, "name")
		switch value := v[name]; rapid.IntRange(0, 9).Draw(t, "how") {
		case 0:
			delete(v, name)
		case 1:
			v["future"] = value
		case 2:
			delete(v, name)
			v[strings.ToUpper(name[:1])+name[1:]] = value
		default:
			v[name] = edited(t, value)
		}
		return v
	case []any:
		if len(v) == 0 || !inside {
			break
		}
		i := rapid.IntRange(0, len(v)-1).Draw(t, "i")
		switch rapid.IntRange(0, 4).Draw(t, "how") {
		case 0:
			return slices.Delete(slices.Clone(v), i, i+1)
		case 1:
			return append(slices.Clone(v), v[i])
		case 2:
			slices.Reverse(v)
		default:
			v[i] = edited(t, v[i])
		}
		return v
	}
	return rapid.SampledFrom(values()).Draw(t, "value")
}

// What is missing is refused at any depth, and never read as nothing.
func TestOwnPredicatesAreComplete(t *testing.T) {
	t.Parallel()
	removed := 0
	for _, o := range own {
		s := readSchema(t, o.schema)
		var walk func(s *schema, v any, at string, root func() ([]byte, error))
		walk = func(s *schema, v any, at string, root func() ([]byte, error)) {
			switch v := v.(type) {
			case map[string]any:
				for name, p := range s.Properties {
					value, ok := v[name]
					if !ok {
						continue
					}
					if slices.Contains(s.Required, name) {
						removed++
						delete(v, name)
						b, err := root()
						require.NoError(t, err)
						require.Error(t, o.read(b), "%s without %s.%s", o.name, at, name)
						v[name] = value
					}
					walk(p, value, at+"."+name, root)
				}
			case []any:
				for _, item := range v {
					walk(s.Items, item, at+"[]", root)
				}
			}
		}
		doc := asMap(t, o.example)
		walk(s, doc, o.name, func() ([]byte, error) { return json.Marshal(doc) })
		b, err := json.Marshal(doc)
		require.NoError(t, err)
		require.NoError(t, o.read(b))
	}
	require.Greater(t, removed, 50)
}

// Of a predicate that may be absent, nothing is missing.
func TestAbsentPredicate(t *testing.T) {
	t.Parallel()
	for _, raw := range []json.RawMessage{nil, json.RawMessage("null"), json.RawMessage("{}")} {
		_, err := predicate.Read[predicate.PyPIPublish](predicate.TypePyPIPublish, raw)
		require.NoError(t, err, "%q", raw)
		for _, o := range own {
			require.Error(t, o.read(raw), "%s %q", o.name, raw)
		}
	}
}

// A decision's record has what was asked for, as it was asked for.
func TestDecisionRecord(t *testing.T) {
	t.Parallel()
	r := decision.Record()
	require.Equal(t, []release.Requirement{{ID: "tests", Evidence: release.EvidenceTest, Count: 1, MaxAge: 24 * time.Hour, Independent: true, Roles: []string{"ci"}, Why: "so"}}, r.Requirements)
	require.Equal(t, predicate.NewDecisionRequirement(r.Requirements[0]), *decision.Results[0].Requirement)
	require.Equal(t, release.VerdictAllow, r.Verdict)
	r.Reasons[0].Refs[0], r.Used[0], r.Requirements[0].Roles[0] = release.Digest{}, release.Digest{}, "x"
	require.NoError(t, decision.Validate(), "nothing is shared")
	require.Equal(t, "ci", decision.Results[0].Requirement.Roles[0])
}

// TestApprovalConditions: a condition that is written and empty is none that was
// meant.
func TestApprovalConditions(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"role", "environment"} {
		doc := object(t, own[0].example)
		doc[name] = ""
		require.ErrorContains(t, reads[predicate.Approval](must(t, doc)), name+" is empty")
		delete(doc, name)
		require.NoError(t, reads[predicate.Approval](must(t, doc)))
		p, err := predicate.Read[predicate.Approval](predicate.TypeApproval, must(t, doc))
		require.NoError(t, err)
		require.Equal(t, doc, object(t, p), "what is left out stays so")
	}
}
