package evidence_test

import (
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
		"zero decision":         func(d *evidence.Decision, _ *evidence.SummaryOptions) { *d = evidence.Decision{} },
		"no verdict":            func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Verdict = release.VerdictUnknown },
		"verdict of no meaning": func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Verdict = 9 },
		"allow of nothing":      func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Results = nil },
		"allow with a hole":     func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Results = []evidence.Result{{}} },
		"no time":               func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.At = time.Time{} },
		"no policy":             func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Policy = release.Digest{} },
		"no release":            func(d *evidence.Decision, _ *evidence.SummaryOptions) { d.Release = release.Release{} },
		"no verifier":           func(_ *evidence.Decision, o *evidence.SummaryOptions) { o.VerifierID = "" },
		"no resource":           func(_ *evidence.Decision, o *evidence.SummaryOptions) { o.ResourceURI = "" },
	} {
		d, o := good, gate
		f(&d, &o)
		st, err := evidence.VSA(d, o)
		require.Error(t, err, name)
		require.True(t, st.IsZero(), name)
	}
}

func TestDeployment(t *testing.T) {
	t.Parallel()
	r := shop()
	ref, err := r.Ref()
	require.NoError(t, err)
	ev := release.Event{ID: "1", Kind: release.EventDeployed, At: noon, Release: ref, Environment: "production", Rollout: "r", Percent: 100,
		Actor: release.Actor{Kind: release.ActorService, ID: "service:rollout"}}
	st, err := evidence.NewDeployment(r, ev, release.DigestOf([]byte("vsa")))
	require.NoError(t, err)
	require.NoError(t, st.MatchAll(r))
	d, err := evidence.As[predicate.Deployment](st)
	require.NoError(t, err)
	require.Equal(t, predicate.Deployment{Event: ev, Decisions: []release.Digest{release.DigestOf([]byte("vsa"))}}, d)

	for name, f := range map[string]func(e *release.Event){
		"no id":            func(e *release.Event) { e.ID = "" },
		"unknown kind":     func(e *release.Event) { e.Kind = "promoted" },
		"no time":          func(e *release.Event) { e.At = time.Time{} },
		"another release":  func(e *release.Event) { e.Release.Version = "x" },
		"no environment":   func(e *release.Event) { e.Environment = "" },
		"too many percent": func(e *release.Event) { e.Percent = 101 },
	} {
		bad := ev
		f(&bad)
		_, err := evidence.NewDeployment(r, bad)
		require.Error(t, err, name)
	}
	_, err = evidence.NewDeployment(r, ev, release.Digest{})
	require.Error(t, err)
	_, err = evidence.NewDeployment(release.Release{}, ev)
	require.Error(t, err)
}
