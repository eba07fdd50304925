package evidence_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

const shopResource = "pkg:oci/shop@v1.4.0"

func vsa(result string, levels ...string) predicate.VSA {
	return predicate.VSA{Verifier: predicate.Verifier{ID: "https://verify.example.com"}, TimeVerified: noon.Add(-time.Minute), ResourceURI: shopResource,
		Policy: predicate.Resource{URI: "https://example.com/policy"}, VerificationResult: result, VerifiedLevels: levels}
}

func summarized() evidence.Summarized {
	return evidence.Summarized{
		Verifiers:   []evidence.Verifier{{ID: "https://verify.example.com", By: []evidence.Principal{person("verifier")}}, {ID: "https://second.example.com", By: []evidence.Principal{person("second")}}},
		ResourceURI: shopResource,
		Levels:      []string{"SLSA_BUILD_LEVEL_2"},
	}
}

// The steps of SLSA's "How to verify" are in the names.
func TestSummarized(t *testing.T) {
	t.Parallel()
	v := service("verifier")
	good := vsa("PASSED", "SLSA_BUILD_LEVEL_2")
	change := func(f func(s *predicate.VSA)) predicate.VSA {
		s := good
		f(&s)
		return s
	}
	rule := func(f func(r *evidence.Summarized)) evidence.Summarized {
		r := summarized()
		f(&r)
		return r
	}
	part := v.says(t, []byte(strings.Replace(string(statement(t, shop(), good).Bytes()), shop().Artifacts[0].Digest.Hex(), strings.Repeat("0", 64), 1)))
	aged := rule(func(r *evidence.Summarized) { r.MaxAge = time.Hour })
	failed := vsa("FAILED", "FAILED")
	for _, c := range []struct {
		name   string
		rule   evidence.Summarized
		set    set
		want   release.Verdict
		levels []string
		code   string
	}{
		{"all of it", summarized(), set{v.of(t, shop(), good)}, allow, []string{"SLSA_BUILD_LEVEL_2"}, ""},
		{"a higher level", summarized(), set{v.of(t, shop(), vsa("PASSED", "SLSA_SOURCE_LEVEL_1", "SLSA_BUILD_LEVEL_3"))}, allow, []string{"SLSA_BUILD_LEVEL_3"}, ""},
		{"the second verifier", summarized(), set{service("second").of(t, shop(), change(func(s *predicate.VSA) { s.Verifier.ID = "https://second.example.com" }))}, allow, []string{"SLSA_BUILD_LEVEL_2"}, ""},
		{"two tracks", rule(func(r *evidence.Summarized) { r.Levels = append(r.Levels, "SLSA_SOURCE_LEVEL_1", "ORG_SOURCE_OK") }),
			set{v.of(t, shop(), vsa("PASSED", "SLSA_SOURCE_LEVEL_4", "SLSA_BUILD_LEVEL_2", "ORG_SOURCE_OK"))}, allow, []string{"SLSA_BUILD_LEVEL_2", "SLSA_SOURCE_LEVEL_4"}, ""},
		{"unevaluated", rule(func(r *evidence.Summarized) { r.Levels = []string{predicate.LevelUnevaluated} }), set{v.of(t, shop(), vsa("PASSED", predicate.LevelUnevaluated))}, allow, nil, ""},
		{"the policy", rule(func(r *evidence.Summarized) { r.PolicyURI = "https://example.com/policy" }), set{v.of(t, shop(), good)}, allow, []string{"SLSA_BUILD_LEVEL_2"}, ""},
		{"young", aged, set{v.at(noon.Add(-time.Minute)).of(t, shop(), good)}, allow, []string{"SLSA_BUILD_LEVEL_2"}, ""},
		{"failed for another resource", summarized(), set{v.of(t, shop(), good), v.of(t, shop(), change(func(s *predicate.VSA) { s.VerificationResult, s.ResourceURI = "FAILED", "pkg:oci/other" }))}, allow, []string{"SLSA_BUILD_LEVEL_2"}, ""},
		{"failed by a verifier that nobody asked", summarized(), set{v.of(t, shop(), good), v.of(t, shop(), change(func(s *predicate.VSA) { s.VerificationResult, s.Verifier.ID = "FAILED", "https://example.org" }))}, allow, []string{"SLSA_BUILD_LEVEL_2"}, ""},
		{"failed and passed later", summarized(), set{v.at(noon.Add(-2*time.Hour)).of(t, shop(), failed), v.at(noon.Add(-time.Hour)).of(t, shop(), good)}, allow, []string{"SLSA_BUILD_LEVEL_2"}, ""},

		{"none", summarized(), nil, hold, nil, evidence.CodeMissing},
		{"step 2: some artifacts", summarized(), set{part}, hold, nil, evidence.CodeNotWhole},
		{"step 3: another type", summarized(), set{v.of(t, shop(), provenanceOK)}, hold, nil, evidence.CodeMissing},
		{"step 4: another signer", summarized(), set{service("mallory").of(t, shop(), good)}, hold, nil, evidence.CodeVerifier},
		{"step 4: another verifier's signer", summarized(), set{service("second").of(t, shop(), good)}, hold, nil, evidence.CodeVerifier},
		{"step 4: another verifier", summarized(), set{v.of(t, shop(), change(func(s *predicate.VSA) { s.Verifier.ID = "https://verify.example.com/" }))}, hold, nil, evidence.CodeVerifier},
		{"step 5: another resource", summarized(), set{v.of(t, shop(), change(func(s *predicate.VSA) { s.ResourceURI = "pkg:oci/shop@v1.3.0" }))}, hold, nil, evidence.CodeResource},
		{"step 6: failed", summarized(), set{v.of(t, shop(), failed)}, deny, nil, evidence.CodeNotPassed},
		{"step 7: too low", summarized(), set{v.of(t, shop(), vsa("PASSED", "SLSA_BUILD_LEVEL_1"))}, hold, nil, evidence.CodeLevel},
		{"step 7: another track", summarized(), set{v.of(t, shop(), vsa("PASSED", "SLSA_SOURCE_LEVEL_3"))}, hold, nil, evidence.CodeLevel},
		{"step 7: no number", summarized(), set{v.of(t, shop(), vsa("PASSED", "SLSA_BUILD_LEVEL_03"))}, hold, nil, evidence.CodeLevel},
		{"step 7: a level that no track has", summarized(), set{v.of(t, shop(), vsa("PASSED", "SLSA_BUILD_LEVEL_1000"))}, hold, nil, evidence.CodeLevel},
		{"step 7: a level of small letters", summarized(), set{v.of(t, shop(), vsa("PASSED", "SLSA_build_LEVEL_2"))}, hold, nil, evidence.CodeLevel},
		{"step 7: a level below none", summarized(), set{v.of(t, shop(), vsa("PASSED", "SLSA_BUILD_LEVEL_-2"))}, hold, nil, evidence.CodeLevel},
		{"step 7: unevaluated", summarized(), set{v.of(t, shop(), vsa("PASSED", predicate.LevelUnevaluated))}, hold, nil, evidence.CodeLevel},
		{"another policy", rule(func(r *evidence.Summarized) { r.PolicyURI = "https://example.com/other" }), set{v.of(t, shop(), good)}, hold, nil, evidence.CodePolicy},
		{"old", aged, set{v.at(noon.Add(-time.Hour)).of(t, shop(), good)}, hold, nil, evidence.CodeStale},
		{"no trusted time", aged, set{v.of(t, shop(), good)}, hold, nil, evidence.CodeNoTrustedTime},
		{"passed and failed, no times", summarized(), set{v.of(t, shop(), good), v.of(t, shop(), failed)}, deny, nil, evidence.CodeNotPassed},
		{"failed and passed at one time", summarized(), set{v.at(noon).of(t, shop(), failed), v.at(noon).of(t, shop(), good)}, deny, nil, evidence.CodeNotPassed},
		{"passed, then failed", summarized(), set{v.at(noon.Add(-2*time.Hour)).of(t, shop(), good), v.at(noon.Add(-time.Hour)).of(t, shop(), failed)}, deny, nil, evidence.CodeNotPassed},
		{"failed, then passed for less", summarized(), set{v.at(noon.Add(-2*time.Hour)).of(t, shop(), failed), v.at(noon.Add(-time.Hour)).of(t, shop(), vsa("PASSED", "SLSA_BUILD_LEVEL_1"))}, deny, nil, evidence.CodeNotPassed},
		{"failed, then passed by another", summarized(), set{v.at(noon.Add(-2*time.Hour)).of(t, shop(), failed),
			service("second").at(noon.Add(-time.Hour)).of(t, shop(), change(func(s *predicate.VSA) { s.Verifier.ID = "https://second.example.com" }))}, deny, nil, evidence.CodeNotPassed},
		{"failed by any signer", summarized(), set{v.of(t, shop(), good), service("mallory").of(t, shop(), failed)}, deny, nil, evidence.CodeNotPassed},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decide(t, ruled(c.rule), c.set)
			require.Equal(t, c.want, d.Verdict, "%v", d.Reasons)
			require.Equal(t, c.levels, d.Results[0].Levels)
			requireWhy(t, d, c.code)
			if c.want == allow {
				_, err := evidence.VSA(d, gate)
				require.NoError(t, err)
			}
		})
	}
}

// An approval does not look at summaries, and still counts beside the rule.
func TestSummariesAndApprovals(t *testing.T) {
	t.Parallel()
	q := question(needTests, needOne)
	q.Rules = []evidence.Rule{summarized()}
	s := append(approved(t, human("ada")), service("verifier").of(t, shop(), vsa("PASSED", "SLSA_BUILD_LEVEL_2")))
	require.Equal(t, allow, decide(t, q, s).Verdict)
	require.Equal(t, hold, decide(t, q, s[:2]).Verdict)
}

// An allow ends with the summary that took a failure back.
func TestLiftedFailureComesBack(t *testing.T) {
	t.Parallel()
	v := service("verifier")
	r := summarized()
	r.MaxAge = 2 * time.Hour
	s := set{v.at(noon.Add(-3*time.Hour)).of(t, shop(), vsa("FAILED", "FAILED")), v.at(noon.Add(-time.Hour)).of(t, shop(), vsa("PASSED", "SLSA_BUILD_LEVEL_2")),
		service("second").at(noon).of(t, shop(), func() predicate.VSA {
			p := vsa("PASSED", "SLSA_BUILD_LEVEL_2")
			p.Verifier.ID = "https://second.example.com"
			return p
		}())}
	d := decide(t, ruled(r), s)
	require.Equal(t, allow, d.Verdict)
	require.Equal(t, noon.Add(time.Hour), d.Until)
	d, err := evidence.Decide(ruled(r), s, d.Until)
	require.NoError(t, err)
	require.Equal(t, deny, d.Verdict)
}

// A summary that is asked for by its type alone must say PASSED too.
func TestRequiredSummaryMustPass(t *testing.T) {
	t.Parallel()
	v, require1 := service("verifier"), evidence.Require{Type: predicate.TypeVSA}
	require.Equal(t, allow, decide(t, ruled(require1), set{v.of(t, shop(), vsa("PASSED", "X"))}).Verdict)
	d := decide(t, ruled(require1), set{v.of(t, shop(), vsa("FAILED", "FAILED"))})
	require.Equal(t, hold, d.Verdict)
	requireWhy(t, d, evidence.CodeNotPassed)
}

func TestSummariesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(r *evidence.Summarized){
		"no verifier":    func(r *evidence.Summarized) { r.Verifiers = nil },
		"no verifier id": func(r *evidence.Summarized) { r.Verifiers[0].ID = "" },
		"no signer":      func(r *evidence.Summarized) { r.Verifiers[1].By = nil },
		"nobody":         func(r *evidence.Summarized) { r.Verifiers[1].By = []evidence.Principal{{Issuer: "x"}} },
		"no resource":    func(r *evidence.Summarized) { r.ResourceURI = "" },
		"no level":       func(r *evidence.Summarized) { r.Levels = nil },
		"an empty level": func(r *evidence.Summarized) { r.Levels = []string{"A", ""} },
		"FAILED":         func(r *evidence.Summarized) { r.Levels = []string{"FAILED"} },
		"negative age":   func(r *evidence.Summarized) { r.MaxAge = -1 },
		"not UTF-8":      func(r *evidence.Summarized) { r.PolicyURI = "\xff" },
	} {
		r := summarized()
		change(&r)
		_, err := evidence.Decide(ruled(r), nil, noon)
		require.ErrorContains(t, err, "rule 0", name)
	}
}
