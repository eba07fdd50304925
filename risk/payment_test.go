package risk_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// signer vouches for whoever it is, at a moment, so that evidence needs no keys here.
type signer evidence.Identity

func (s signer) Check(context.Context, evidence.Signed) (evidence.Identity, error) {
	return evidence.Identity(s), nil
}

func principalOf(name string) evidence.Principal {
	return evidence.Principal{Issuer: "test", Subject: name}
}

// statedBy is what somebody says of a release, verified.
func statedBy(t *testing.T, who string, kind release.ActorKind, at time.Time, rel release.Release, p predicate.Predicate) evidence.Verified {
	t.Helper()
	st, err := evidence.For(rel, p)
	require.NoError(t, err)
	envelope := fmt.Appendf(nil, `{"payload":%q,"payloadType":%q,"signatures":[{"sig":%q}]}`, base64.StdEncoding.EncodeToString(st.Bytes()),
		evidence.PayloadType, base64.StdEncoding.EncodeToString([]byte(who)))
	v, err := evidence.Verify(context.Background(), signer{Principal: principalOf(who), Kind: kind, Key: release.DigestOf([]byte(who)),
		Times: []evidence.Time{{T: at, Source: "test"}}}, envelope)
	require.NoError(t, err)
	return v
}

// proofOf is the evidence that the default policy asks of a high release, approved by these people.
func proofOf(t *testing.T, at time.Time, rel release.Release, approvers ...string) []evidence.Verified {
	t.Helper()
	set := []evidence.Verified{
		statedBy(t, "ci", release.ActorService, at, rel, predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{}}),
		statedBy(t, "scanner", release.ActorService, at, rel, predicate.Vulns{Scanner: predicate.Scanner{URI: "pkg:generic/scan", DB: predicate.ScannerDB{LastUpdate: at}, Result: []predicate.VulnFound{}},
			Metadata: predicate.ScanMetadata{ScanStartedOn: at, ScanFinishedOn: at}}),
		statedBy(t, "builder", release.ActorService, at, rel, predicate.Provenance{
			BuildDefinition: predicate.BuildDefinition{BuildType: "https://example.com/make/v1", ResolvedDependencies: []predicate.Resource{
				{URI: "git+https://example.com/shop", Digest: map[string]string{"gitCommit": string(rel.Commit)}}}},
			RunDetails: predicate.RunDetails{Builder: predicate.Builder{ID: "https://example.com/ci"}}}),
	}
	yes, err := evidence.NewApproval(predicate.Approve, rel, set)
	require.NoError(t, err)
	for _, who := range approvers {
		set = append(set, statedBy(t, who, release.ActorHuman, at, rel, yes))
	}
	return set
}

func shopRelease(changes release.Digest) release.Release {
	return release.Release{Service: "shop", Version: "v1.4.1", Commit: head, Changes: changes,
		Artifacts: []release.Artifact{{Name: "shop.tar", Digest: release.DigestOf([]byte("what is deployed"))}}}
}

func decideOn(t *testing.T, rel release.Release, rs []release.Requirement, set []evidence.Verified, at time.Time) release.DecisionRecord {
	t.Helper()
	d, err := evidence.Decide(evidence.Question{Release: rel, Requirements: rs, Authors: []release.Actor{eve}, Requester: eve,
		Identities: map[string]evidence.Principal{eve.ID: principalOf("eve")}}, set, at)
	require.NoError(t, err)
	return d.Record()
}

// From the broken glass to the payment, with decisions of package evidence.
func TestDebtIsPaidByEvidence(t *testing.T) {
	t.Parallel()
	cs := login()
	a := mustAssess(t, risk.Input{Changes: cs, BreakGlass: testGlass(cs)})
	rel := shopRelease(a.Changes)

	// In the night one person who did not write it agrees, and that is enough for now.
	night := proofOf(t, now, rel, "bob")
	require.Equal(t, release.VerdictAllow, decideOn(t, rel, a.Requirements, night, now).Verdict)
	debt := a.Debts[0]
	full := mustAssess(t, risk.Input{Changes: cs}).Requirements

	// The decision that let it out does not pay, nor does one that holds.
	at := now.Add(5 * time.Hour)
	_, err := debt.Pay(decideOn(t, rel, a.Requirements, night, now), at)
	require.ErrorContains(t, err, "did not ask for approval/independent")
	held := decideOn(t, rel, debt.Owed, night, at)
	require.Equal(t, release.VerdictHold, held.Verdict)
	_, err = debt.Pay(held, at)
	require.ErrorContains(t, err, "the decision says hold")

	// Nor does one on another release, however good, or one from before.
	other := shopRelease(release.DigestOf([]byte("another change set")))
	good := decideOn(t, other, debt.Owed, proofOf(t, at, other, "ada", "bob"), at)
	require.Equal(t, release.VerdictAllow, good.Verdict)
	_, err = debt.Pay(good, at)
	require.ErrorContains(t, err, "not on what went out")
	before := debt.Opened.Add(-time.Minute)
	early := decideOn(t, rel, debt.Owed, proofOf(t, before, rel, "ada", "bob"), before)
	require.Equal(t, release.VerdictAllow, early.Verdict)
	_, err = debt.Pay(early, at)
	require.ErrorContains(t, err, "before the debt was made")
	// Nor does one that the authors gave each other, or an allow that has ended.
	own := decideOn(t, rel, debt.Owed, proofOf(t, at, rel, "bob", "eve"), at)
	_, err = debt.Pay(own, at)
	require.ErrorContains(t, err, "the decision says hold")

	for name, rs := range map[string][]release.Requirement{"what is owed": debt.Owed, "the tier's whole demand": full} {
		d := decideOn(t, rel, rs, proofOf(t, at, rel, "ada", "bob"), at)
		require.Equal(t, release.VerdictAllow, d.Verdict, "%s: %v", name, d.Reasons)
		paid, err := debt.Pay(d, at)
		require.NoError(t, err, name)
		require.Equal(t, d.Used, paid.PaidBy)
		_, err = paid.Pay(d, at)
		require.ErrorContains(t, err, "it was paid before")
		if !d.Until.IsZero() {
			_, err = debt.Pay(d, d.Until)
			require.ErrorContains(t, err, "does not hold at that time")
		}

		debts, err := release.MergeDebts(a.Debts, []release.Debt{paid})
		require.NoError(t, err)
		later, err := risk.Assess(risk.Input{Changes: changes(), Debts: debts}, at)
		require.NoError(t, err)
		require.Empty(t, later.Debts)
	}

	// Where the two said which release they meant, another of the same change set does not pay, however well it was shown.
	bound, err := rel.Digest()
	require.NoError(t, err)
	a = mustAssess(t, risk.Input{Changes: cs, BreakGlass: testGlass(cs, func(b *release.BreakGlass) { b.Release = bound })})
	rel.Artifacts[0].Digest = release.DigestOf([]byte("harmless"))
	_, err = a.Debts[0].Pay(decideOn(t, rel, debt.Owed, proofOf(t, at, rel, "ada", "bob"), at), at)
	require.ErrorContains(t, err, "not on what went out")
	_, err = a.Debts[0].Pay(decideOn(t, shopRelease(a.Changes), debt.Owed, proofOf(t, at, shopRelease(a.Changes), "ada", "bob"), at), at)
	require.NoError(t, err)

	// Unpaid, it is told of long after.
	later, err := risk.Assess(risk.Input{Changes: changes(), Debts: a.Debts}, now.Add(2000*time.Hour))
	require.NoError(t, err)
	require.Equal(t, release.DebtOverdue, later.Debts[0].Status(later.At))
	require.True(t, strings.HasPrefix(later.Debts[0].ID, "inc-7"))
}
