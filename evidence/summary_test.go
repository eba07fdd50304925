package evidence_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

var gate = evidence.SummaryOptions{VerifierID: "https://gate.example.com", ResourceURI: "pkg:generic/shop@v1.4.0", PolicyURI: "https://example.com/policy"}

func TestVSA(t *testing.T) {
	t.Parallel()
	s := approved(t, human("ada"))
	d, err := evidence.Decide(question(needTests, needOne), s, noon)
	require.NoError(t, err)
	st, err := evidence.VSA(d, gate)
	require.NoError(t, err)
	require.NoError(t, st.MatchAll(shop()))
	v, err := evidence.As[predicate.VSA](st)
	require.NoError(t, err)
	require.Equal(t, "PASSED", v.VerificationResult)
	require.Equal(t, []string{"SLSA_BUILD_LEVEL_UNEVALUATED"}, v.VerifiedLevels, "no level is claimed that nobody verified")
	require.Equal(t, noon, v.TimeVerified)
	require.Equal(t, gate.ResourceURI, v.ResourceURI)
	require.Equal(t, d.Policy.Hex(), v.Policy.Digest["sha256"])
	got := map[string]bool{}
	for _, in := range v.InputAttestations {
		got[in.Digest["sha256"]] = true
	}
	require.Equal(t, map[string]bool{s[0].Digest().Hex(): true, s[1].Digest().Hex(): true}, got)

	// A summary is no evidence for a decision, and does not make one.
	key := newKey(t)
	raw, err := evidence.Sign(ctx, st, key)
	require.NoError(t, err)
	summary, err := evidence.Verify(ctx, ring(t, keyOf(key, "gate")), raw)
	require.NoError(t, err)
	require.Equal(t, "PASSED", summary.Record().Summary)
	again, err := evidence.Decide(question(needTests, needOne), set{summary}, noon)
	require.NoError(t, err)
	require.Equal(t, hold, again.Verdict)

	d, err = evidence.Decide(question(needTests, needOne), append(s, rejected(t, human("bob"))), noon)
	require.NoError(t, err)
	st, err = evidence.VSA(d, gate)
	require.NoError(t, err)
	v, err = evidence.As[predicate.VSA](st)
	require.NoError(t, err)
	require.Equal(t, "FAILED", v.VerificationResult)
	require.Equal(t, []string{"FAILED"}, v.VerifiedLevels)
	require.Len(t, v.InputAttestations, 3, "the rejection is among what it rests on")

	d, err = evidence.Decide(question(needTests, needTwo), s, noon)
	require.NoError(t, err)
	_, err = evidence.VSA(d, gate)
	require.ErrorIs(t, err, evidence.ErrHold)
}

func TestVSARefuses(t *testing.T) {
	t.Parallel()
	good, err := evidence.Decide(question(needTests), set{tests(t)}, noon)
	require.NoError(t, err)
	for name, f := range map[string]func(d *evidence.Decision, o *evidence.SummaryOptions){
		"a level in two forms": func(d *evidence.Decision, _ *evidence.SummaryOptions) {
			d.Results[0].Levels = []string{"SLSA_BUILD_LEVEL_03"}
		},
		"zero decision":                     func(d *evidence.Decision, _ *evidence.SummaryOptions) { *d = evidence.Decision{} },
		"no verdict":                        func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Verdict = release.VerdictUnknown },
		"verdict of no meaning":             func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Verdict = 9 },
		"allow of nothing":                  func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Results = nil },
		"allow with a hole":                 func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Results = []evidence.Result{{}} },
		"no time":                           func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.At = time.Time{} },
		"no policy":                         func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Policy = release.Digest{} },
		"no release":                        func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Release = release.Release{} },
		"a verifier that JSON would change": func(_ *evidence.Decision, o *evidence.SummaryOptions) { o.VerifierID = "https://gate\xff.example" },
		"a policy that JSON would change":   func(_ *evidence.Decision, o *evidence.SummaryOptions) { o.PolicyURI = "\xff" },
		"no verifier":                       func(_ *evidence.Decision, o *evidence.SummaryOptions) { o.VerifierID = "" },
		"no resource":                       func(_ *evidence.Decision, o *evidence.SummaryOptions) { o.ResourceURI = "" },
		"a level that is none":              func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Results[0].Levels = []string{"GOOD"} },
		"a level of no number": func(d *evidence.Decision, _ *evidence.SummaryOptions) {
			d.Results[0].Levels = []string{predicate.LevelUnevaluated}
		},
		"a level as a property": func(_ *evidence.Decision, o *evidence.SummaryOptions) {
			o.Properties = map[string]string{"tests": "SLSA_BUILD_LEVEL_3"}
		},
		"a level in small letters": func(_ *evidence.Decision, o *evidence.SummaryOptions) {
			o.Properties = map[string]string{"other": "slsa_build_level_3"}
		},
		"a result as a property": func(_ *evidence.Decision, o *evidence.SummaryOptions) {
			o.Properties = map[string]string{"tests": "Failed"}
		},
		"a property with a line feed": func(_ *evidence.Decision, o *evidence.SummaryOptions) {
			o.Properties = map[string]string{"tests": "A\nSLSA_BUILD_LEVEL_3"}
		},
		"a nameless property": func(_ *evidence.Decision, o *evidence.SummaryOptions) { o.Properties = map[string]string{"tests": ""} },
	} {
		d, o := good, gate
		d.Results = slices.Clone(good.Results)
		f(&d, &o)
		st, err := evidence.VSA(d, o)
		require.Error(t, err, name)
		require.True(t, st.IsZero(), name)
		if name == "no resource" {
			continue // an SVR has no place for it
		}
		st, err = evidence.SVR(d, o)
		require.Error(t, err, name)
		require.True(t, st.IsZero(), name)
	}
}

// What only a VSA has a place for must be text as well.
func TestVSARefusesWhatJSONWouldChange(t *testing.T) {
	t.Parallel()
	d := decide(t, question(needTests), set{tests(t)})
	for name, f := range map[string]func(o *evidence.SummaryOptions){
		"resource":        func(o *evidence.SummaryOptions) { o.ResourceURI = "\xff" },
		"component":       func(o *evidence.SummaryOptions) { o.VerifierVersion = map[string]string{"\xff": "1"} },
		"version":         func(o *evidence.SummaryOptions) { o.VerifierVersion = map[string]string{"v": "\xff"} },
		"place of inputs": func(o *evidence.SummaryOptions) { o.InputURI = func(release.Digest) string { return "\xff" } },
	} {
		o := gate
		f(&o)
		st, err := evidence.VSA(d, o)
		require.ErrorContains(t, err, "UTF-8", name)
		require.True(t, st.IsZero(), name)
	}
}
