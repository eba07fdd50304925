package predicate_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// negative are the predicates of this file, with a valid value each.
var negative = []struct {
	uri, schema string
	value       predicate.Predicate
	read        func(raw json.RawMessage) (predicate.Predicate, error)
}{
	{predicate.TypeRevocation, predicate.RevocationSchema, revocation(), func(raw json.RawMessage) (predicate.Predicate, error) {
		return predicate.Read[predicate.Revocation](predicate.TypeRevocation, raw)
	}},
	{predicate.TypeCheckpoint, predicate.CheckpointSchema, checkpoint(), func(raw json.RawMessage) (predicate.Predicate, error) {
		return predicate.Read[predicate.Checkpoint](predicate.TypeCheckpoint, raw)
	}},
}

func digest(s string) release.Digest { return release.DigestOf([]byte(s)) }

func revocation() predicate.Revocation {
	return predicate.Revocation{Reason: predicate.ReasonCompromisedKey, Comment: "lost laptop", EffectiveFrom: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
		Targets: []predicate.RevocationTarget{{Key: digest("key")}, {Principal: &predicate.RevokedPrincipal{Issuer: "https://accounts.example.com", Subject: "ada@example.com"}}}}
}

func checkpoint() predicate.Checkpoint {
	c := predicate.Checkpoint{Release: digest("release"), Evidence: []release.Digest{digest("1"), digest("2")}, Sequence: 7, Issued: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	slices.SortFunc(c.Evidence, release.Digest.Compare)
	c.EvidenceSet = predicate.SetDigest(c.Evidence)
	return c
}

func negativeSchema(t testing.TB, uri, text string) *jsonschema.Schema {
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

func valid(t require.TestingT, s *jsonschema.Schema, b []byte) bool {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	require.NoError(t, err)
	return s.Validate(v) == nil
}

func object(t require.TestingT, v any) map[string]any {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, json.Unmarshal(b, &out))
	return out
}

func TestNegativeSchemasHaveTheFieldsOfTheirTypes(t *testing.T) {
	t.Parallel()
	for _, n := range negative {
		var s struct {
			ID         string         `json:"$id"`
			Properties map[string]any `json:"properties"`
			Required   []string       `json:"required"`
		}
		require.NoError(t, json.Unmarshal([]byte(n.schema), &s))
		require.Equal(t, n.uri, s.ID)
		var names, required []string
		for f := range reflect.TypeOf(n.value).Fields() {
			name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
			if names = append(names, name); opts == "" {
				required = append(required, name)
			}
		}
		require.ElementsMatch(t, names, slices.Collect(maps.Keys(s.Properties)))
		require.ElementsMatch(t, required, s.Required)
		require.True(t, valid(t, negativeSchema(t, n.uri, n.schema), must(t, n.value)))
		require.NoError(t, n.value.Validate())
		require.Equal(t, n.uri, n.value.PredicateType())
	}
	// The reasons of the schema are those of the type.
	for r := predicate.ReasonCompromisedKey; r <= predicate.ReasonRetired; r++ {
		require.Contains(t, predicate.RevocationSchema, `"`+r.String()+`"`)
		got, err := predicate.ParseRevocationReason(r.String())
		require.NoError(t, err)
		require.Equal(t, r, got)
	}
	require.Equal(t, 7, strings.Count(predicate.RevocationSchema[strings.Index(predicate.RevocationSchema, `"enum"`):strings.Index(predicate.RevocationSchema, `"comment"`)], `", "`)+1)
}

func must(t require.TestingT, v any) []byte {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// TestNegativeSchemasAgreeWithTheirTypes: what the schema refuses, the type refuses.
// The type refuses more, and says what: a digest of a set that is another's, lists
// out of order, the zero time, times with a leap second.
func TestNegativeSchemasAgreeWithTheirTypes(t *testing.T) {
	t.Parallel()
	d, e := digest("x").String(), digest("y").String()
	set := predicate.SetDigest([]release.Digest{digest("x")}).String()
	empty := predicate.SetDigest(nil).String()
	principal := map[string]any{"issuer": "i", "subject": "s"}
	envelope := map[string]any{"digest": d, "statement": e, "key": d}
	targets := []any{map[string]any{"key": d}, map[string]any{"artifact": d}, map[string]any{"envelope": envelope}, map[string]any{"principal": principal},
		map[string]any{"key": d, "artifact": e}, map[string]any{}, map[string]any{"key": ""}, map[string]any{"key": nil}, map[string]any{"principal": map[string]any{}},
		map[string]any{"principal": map[string]any{"issuer": "i"}}, map[string]any{"principal": nil}, map[string]any{"principal": map[string]any{"issuer": "", "subject": "s"}},
		map[string]any{"principal": map[string]any{"issuer": "i", "subject": strings.Repeat("ä", 4097)}}, map[string]any{"principal": map[string]any{"issuer": "i", "subject": strings.Repeat("ä", 4096)}},
		map[string]any{"purl": "pkg:npm/x"}, map[string]any{"envelope": d}, map[string]any{"envelope": map[string]any{"digest": d}}, map[string]any{"envelope": map[string]any{"digest": d, "statement": "", "key": d}},
		map[string]any{"Key": d}, "x", nil, map[string]any{"key": strings.ToUpper(d)}, map[string]any{"key": e}}
	values := []any{"vulnerable", "unknown", "Vulnerable", d, e, "", nil, 0, 1, -1, 1.5, predicate.MaxSequence, uint64(predicate.MaxSequence) + 1, []any{}, []any{d}, []any{d, d}, []any{nil}, map[string]any{}, set, empty,
		"2026-03-01T12:00:00Z", "2026-03-01T12:00:00+01:00", "2026-03-01", "0001-01-01T00:00:00Z", strings.Repeat("ä", 4096), strings.Repeat("ä", 4097)}
	for _, n := range negative {
		schema := negativeSchema(t, n.uri, n.schema)
		names := append(slices.Sorted(maps.Keys(object(t, n.value))), "future", "Release")
		counts := map[bool]int{}
		agree := func(t *rapid.T) {
			doc := object(t, n.value)
			if n.uri == predicate.TypeCheckpoint {
				doc["evidence"], doc["evidenceSet"] = []any{d}, set
			}
			for range rapid.IntRange(0, 2).Draw(t, "edits") {
				name := rapid.SampledFrom(names).Draw(t, "name")
				switch {
				case rapid.IntRange(0, 4).Draw(t, "drop") == 0:
					delete(doc, name)
				case name == "targets" && rapid.IntRange(0, 9).Draw(t, "targets") > 0:
					doc[name] = rapid.SliceOfN(rapid.SampledFrom(targets), 0, 3).Draw(t, "targets")
				default:
					doc[name] = rapid.SampledFrom(values).Draw(t, "value")
				}
			}
			b := must(t, doc)
			_, err := n.read(b)
			ok := valid(t, schema, b)
			more := doc["effectiveFrom"] == "0001-01-01T00:00:00Z" || doc["issued"] == "0001-01-01T00:00:00Z"
			if list, isList := doc["evidence"].([]any); isList {
				more = more || len(list) == 1 && doc["evidenceSet"] != set || len(list) == 0 && doc["evidenceSet"] != empty
			}
			counts[ok && !more]++
			if ok && !more {
				require.NoError(t, err, "%s", b)
			} else {
				require.Error(t, err, "%s", b)
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			for range 20 {
				agree(t)
			}
		})
		require.Greater(t, min(counts[true], counts[false]), 50, n.uri)
	}
}

func TestRevocationRefuses(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(r *predicate.Revocation){
		"no targets":                func(r *predicate.Revocation) { r.Targets = nil },
		"too many targets":          func(r *predicate.Revocation) { r.Targets = make([]predicate.RevocationTarget, 4097) },
		"a target without anything": func(r *predicate.Revocation) { r.Targets = append(r.Targets, predicate.RevocationTarget{}) },
		"a target of two things":    func(r *predicate.Revocation) { r.Targets[0].Artifact = digest("a") },
		"twice":                     func(r *predicate.Revocation) { r.Targets = append(r.Targets, r.Targets[0]) },
		"one principal twice": func(r *predicate.Revocation) {
			p := *r.Targets[1].Principal
			r.Targets = append(r.Targets, predicate.RevocationTarget{Principal: &p})
		},
		"half a principal": func(r *predicate.Revocation) { r.Targets[1].Principal = &predicate.RevokedPrincipal{Issuer: "x"} },
		"a principal of bad text": func(r *predicate.Revocation) {
			r.Targets[1].Principal = &predicate.RevokedPrincipal{Issuer: "x", Subject: "\xff"}
		},
		"half an envelope": func(r *predicate.Revocation) {
			r.Targets[0] = predicate.RevocationTarget{Envelope: &predicate.RevokedEnvelope{Digest: digest("e")}}
		},
		"no reason":                  func(r *predicate.Revocation) { r.Reason = 0 },
		"an unknown reason":          func(r *predicate.Revocation) { r.Reason = 99 },
		"an artifact from a time on": func(r *predicate.Revocation) { r.Targets[0] = predicate.RevocationTarget{Artifact: digest("a")} },
		"an envelope from a time on": func(r *predicate.Revocation) {
			r.Targets[0] = predicate.RevocationTarget{Envelope: &predicate.RevokedEnvelope{Digest: digest("e"), Statement: digest("s"), Key: digest("k")}}
		},
		"a long comment": func(r *predicate.Revocation) { r.Comment = strings.Repeat("x", 4097) },
	} {
		r := revocation()
		require.NoError(t, r.Validate())
		edit(&r)
		require.Error(t, r.Validate(), name)
	}
}

func TestCheckpointRefuses(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(c *predicate.Checkpoint){
		"no release":   func(c *predicate.Checkpoint) { c.Release = release.Digest{} },
		"nil evidence": func(c *predicate.Checkpoint) { c.Evidence, c.EvidenceSet = nil, predicate.SetDigest(nil) },
		"out of order": func(c *predicate.Checkpoint) {
			slices.Reverse(c.Evidence)
			c.EvidenceSet = predicate.SetDigest(c.Evidence)
		},
		"twice": func(c *predicate.Checkpoint) {
			c.Evidence[1] = c.Evidence[0]
			c.EvidenceSet = predicate.SetDigest(c.Evidence)
		},
		"another's set":  func(c *predicate.Checkpoint) { c.Evidence = c.Evidence[:1] },
		"no sequence":    func(c *predicate.Checkpoint) { c.Sequence = 0 },
		"large sequence": func(c *predicate.Checkpoint) { c.Sequence = predicate.MaxSequence + 1 },
		"no time":        func(c *predicate.Checkpoint) { c.Issued = time.Time{} },
	} {
		c := checkpoint()
		require.NoError(t, c.Validate())
		edit(&c)
		require.Error(t, c.Validate(), name)
	}
}

// FuzzNegative checks that what is read is written and read again as the same value,
// that the schema accepts it, and that an error comes with nothing.
func FuzzNegative(f *testing.F) {
	schemas := make([]*jsonschema.Schema, len(negative))
	for i, n := range negative {
		schemas[i] = negativeSchema(f, n.uri, n.schema)
		f.Add(must(f, n.value))
	}
	f.Add([]byte(`{"targets":[{"envelope":{"digest":"` + digest("d").String() + `","statement":"` + digest("s").String() + `","key":"` + digest("k").String() + `"}}],"reason":"mistaken"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for i, n := range negative {
			p, err := n.read(b)
			if err != nil {
				require.True(t, reflect.ValueOf(p).IsZero(), "a value came with an error")
				continue
			}
			out := must(t, p) // encoding/json reads hours of one digit, and writes two
			require.True(t, valid(t, schemas[i], out), "%s", b)
			again, err := n.read(out)
			require.NoError(t, err)
			require.Equal(t, string(out), string(must(t, again)))
		}
	})
}
