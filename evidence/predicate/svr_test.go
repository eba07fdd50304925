package predicate_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
)

// The three forms that the specification of version 0.2 shows, with values of our
// own: no policy to refer to, a property with a term, a policy by URI and digest.
var svrs = []string{
	`{"verifier":{"id":"https://verifier.example/publication/v2","policies":[]},"timeCreated":"2026-03-01T12:00:00.52Z","properties":["SLSA_BUILD_LEVEL_3","SLSA_SOURCE_LEVEL_3","ORG_SOURCE_LINTED","ACME_RELEASE_APPROVED"]}`,
	`{"verifier":{"id":"https://verifier.example/scanner/v3","policies":[]},"timeCreated":"2026-03-01T10:30:00Z","properties":["ACME_SCANNED_1","ACME_NOTHING_CRITICAL"]}`,
	`{"verifier":{"id":"https://verifier.example/engine/v1","policies":[{"uri":"https://verifier.example/policies/production","digest":{"sha256":"789abc"}}]},"timeCreated":"2026-03-01T14:22:00Z","properties":["SLSA_BUILD_LEVEL_3","ACME_DEPLOYABLE"]}`,
}

func TestSVRReads(t *testing.T) {
	t.Parallel()
	for _, text := range svrs {
		v, err := predicate.Read[predicate.SVR](predicate.TypeSVR, json.RawMessage(text))
		require.NoError(t, err)
		b, err := json.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, text, string(b), "nothing is lost, and no empty list left out")
	}
	v, err := predicate.Parse(predicate.TypeSVR, json.RawMessage(strings.Replace(svrs[2], `"uri"`, `"extension":{"a":1},"uri"`, 1)))
	require.NoError(t, err, "what the type does not know is ignored")
	require.Equal(t, time.Date(2026, 3, 1, 14, 22, 0, 0, time.UTC), v.(predicate.SVR).TimeCreated)
	require.Equal(t, "789abc", v.(predicate.SVR).Verifier.Policies[0].Digest["sha256"])
}

func TestSVRRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, want string }{
		{`,"policies":[{"uri":"https://verifier.example/policies/production","digest":{"sha256":"789abc"}}]`, ``, "no verifier.policies"},
		{`[{"uri":"https://verifier.example/policies/production","digest":{"sha256":"789abc"}}]`, `null`, "no verifier.policies"},
		{`"policies":[{`, `"Policies":[{`, "some parsers take"},
		{`"uri":"https://verifier.example/policies/production","digest"`, `"name"`, "cannot unmarshal"},
		{`"uri":"https://verifier.example/policies/production","digest"`, `"other"`, "none of uri, digest and content"},
		{`"id":"https://verifier.example/engine/v1"`, `"id":""`, "no verifier.id"},
		{`"id"`, `"di"`, "no verifier.id"},
		{`"timeCreated"`, `"other"`, "no timeCreated"},
		{`2026-03-01T14:22:00Z`, `2026-03-01`, "parsing time"},
		{`"properties":["SLSA_BUILD_LEVEL_3","ACME_DEPLOYABLE"]`, `"properties":null`, "no properties"},
		{`"properties"`, `"other"`, "no properties"},
		{`"ACME_DEPLOYABLE"`, `""`, "properties[1] is empty"},
		{`"ACME_DEPLOYABLE"`, `{"name":"ACME_DEPLOYABLE"}`, "cannot unmarshal"},
		{`"properties":["SLSA`, `"properties":[],"properties":["SLSA`, "twice"},
	} {
		require.Contains(t, svrs[2], c.old)
		_, err := predicate.Read[predicate.SVR](predicate.TypeSVR, json.RawMessage(strings.Replace(svrs[2], c.old, c.new, 1)))
		require.ErrorContains(t, err, c.want, "%s", c.new)
	}
	// Version 0.1 has no policies, and is another type.
	_, err := predicate.Read[predicate.SVR](predicate.TypeSVRV01, json.RawMessage(svrs[0]))
	require.Error(t, err)
	require.Error(t, predicate.SVR{}.Validate())
}

// FuzzOutputs checks that what is read is written and read again as the same
// value.
func FuzzOutputs(f *testing.F) {
	for _, text := range svrs {
		f.Add([]byte(text))
	}
	for _, o := range own {
		b, err := json.Marshal(o.example)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add([]byte(`{"verifier":{"id":"https://v.example"},"resourceUri":"pkg:x/y","policy":{"uri":"https://v.example/p"},"verificationResult":"PASSED","verifiedLevels":["X"],"dependencyLevels":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		again[predicate.SVR](t, raw)
		again[predicate.VSA](t, raw)
		again[predicate.Approval](t, raw)
		again[predicate.Decision](t, raw)
		again[predicate.Deployment](t, raw)
	})
}

func again[T predicate.Predicate](t *testing.T, raw []byte) {
	var zero T
	p, err := predicate.Read[T](zero.PredicateType(), raw)
	if err != nil {
		return
	}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatalf("cannot be written: %v", err)
	}
	q, err := predicate.Read[T](zero.PredicateType(), b)
	if err != nil {
		t.Fatalf("%s became %s: %v", raw, b, err)
	}
	if c, err := json.Marshal(q); err != nil || string(b) != string(c) {
		t.Fatalf("%s became %s (%v)", b, c, err)
	}
}
