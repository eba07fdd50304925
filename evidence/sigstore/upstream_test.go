package sigstore_test

import (
	"strings"
	"testing"
	"time"

	vsa "github.com/in-toto/attestation/go/predicates/vsa/v1"
	attestation "github.com/in-toto/attestation/go/v1"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// in-toto's own Go types read our statements and summaries as what they are, and
// refuse what they have no field for.
func TestUpstreamReadsSummaries(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 500, time.UTC)
	input := release.DigestOf([]byte("an envelope"))
	met := []release.Reason{{Code: evidence.CodeMet, Subject: "build", Text: "1 of 1", Refs: []release.Digest{input}}}
	d := evidence.Decision{
		Verdict: release.VerdictAllow, At: at, Policy: release.DigestOf([]byte("policy")), Evidence: release.DigestOf([]byte("evidence")),
		Used: []release.Digest{input}, Reasons: met,
		Release: release.Release{Service: "shop", Version: "v1", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3",
			Artifacts: []release.Artifact{{Name: "shop", Digest: release.DigestOf([]byte("binary"))}}},
		Results: []evidence.Result{{Requirement: release.Requirement{ID: "build"}, Status: evidence.StatusMet, Have: 1, Need: 1, Reasons: met, Levels: []string{"SLSA_BUILD_LEVEL_3"}}},
	}
	o := evidence.SummaryOptions{VerifierID: "https://gate.example.com", ResourceURI: "pkg:generic/shop@v1", PolicyURI: "https://example.com/policy",
		Properties: map[string]string{"build": "ACME_BUILT"}, InputURI: func(release.Digest) string { return "https://example.com/1.json" }}
	st, err := evidence.VSA(d, o)
	require.NoError(t, err)
	var theirs attestation.Statement
	require.NoError(t, protojson.Unmarshal(st.Bytes(), &theirs))
	require.NoError(t, theirs.Validate())
	require.Equal(t, predicate.TypeVSA, theirs.PredicateType)
	require.Equal(t, d.Release.Artifacts[0].Digest.Hex(), theirs.Subject[0].Digest["sha256"])

	var got vsa.VerificationSummary
	require.NoError(t, protojson.Unmarshal(st.Predicate(), &got))
	require.Equal(t, o.VerifierID, got.Verifier.Id)
	require.Equal(t, at, got.TimeVerified.AsTime())
	require.Equal(t, o.ResourceURI, got.ResourceUri)
	require.Equal(t, o.PolicyURI, got.Policy.Uri)
	require.Equal(t, d.Policy.Hex(), got.Policy.Digest["sha256"])
	require.Len(t, got.InputAttestations, 1)
	require.Equal(t, "https://example.com/1.json", got.InputAttestations[0].Uri)
	require.Equal(t, input.Hex(), got.InputAttestations[0].Digest["sha256"])
	require.Equal(t, "PASSED", got.VerificationResult)
	require.Equal(t, []string{"ACME_BUILT", "SLSA_BUILD_LEVEL_3"}, got.VerifiedLevels)
	require.Equal(t, "1.2", got.SlsaVersion)

	// What they lack: verifier.version, which they refuse, or drop where they are
	// told to; and counts, which they write as text.
	o.VerifierVersion = map[string]string{"gate": "0.3.0"}
	st, err = evidence.VSA(d, o)
	require.NoError(t, err)
	require.ErrorContains(t, protojson.Unmarshal(st.Predicate(), &got), "unknown field")
	require.NoError(t, protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(st.Predicate(), &got))
	counted := proto.Clone(&got).(*vsa.VerificationSummary)
	counted.DependencyLevels = map[string]uint64{"SLSA_BUILD_LEVEL_1": 5}
	text, err := protojson.Marshal(counted)
	require.NoError(t, err)
	require.Contains(t, strings.ReplaceAll(string(text), " ", ""), `"SLSA_BUILD_LEVEL_1":"5"`)
	_, err = predicate.Read[predicate.VSA](predicate.TypeVSA, text)
	require.ErrorContains(t, err, "dependencyLevels", "SLSA says that a count is an integer")
	text, err = protojson.Marshal(&got)
	require.NoError(t, err)
	back, err := predicate.Read[predicate.VSA](predicate.TypeVSA, text)
	require.NoError(t, err)
	require.Equal(t, got.VerifiedLevels, back.VerifiedLevels)

	// Of the simple verification result they have version 0.1 alone; as a statement
	// it is one.
	st, err = evidence.SVR(d, o)
	require.NoError(t, err)
	require.NoError(t, protojson.Unmarshal(st.Bytes(), &theirs))
	require.NoError(t, theirs.Validate())
	require.Equal(t, []any{map[string]any{"uri": o.PolicyURI, "digest": map[string]any{"sha256": d.Policy.Hex()}}},
		theirs.Predicate.AsMap()["verifier"].(map[string]any)["policies"])
}
