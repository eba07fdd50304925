package control_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/control"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// puppet vouches for whatever it is told: what is tested here is what becomes of verified
// statements.
type puppet evidence.Identity

func (p puppet) Check(context.Context, evidence.Signed) (evidence.Identity, error) {
	return evidence.Identity(p), nil
}

func signer(name string, kind release.ActorKind, times ...time.Time) puppet {
	p := puppet{Principal: evidence.Principal{Issuer: "test", Subject: name}, Kind: kind, Key: release.DigestOf([]byte("key of " + name))}
	for _, at := range times {
		p.Times = append(p.Times, evidence.Time{T: at, Source: "test"})
	}
	return p
}

func (p puppet) signs(t require.TestingT, st evidence.Statement) evidence.Verified {
	sig := base64.StdEncoding.EncodeToString(fmt.Append(nil, p.Principal.Subject, p.Times))
	v, err := evidence.Verify(context.Background(), p, fmt.Appendf(nil, `{"payload":%q,"payloadType":%q,"signatures":[{"sig":%q}]}`,
		base64.StdEncoding.EncodeToString(st.Bytes()), evidence.PayloadType, sig))
	require.NoError(t, err)
	return v
}

func (p puppet) says(t require.TestingT, r release.Release, what predicate.Predicate) evidence.Verified {
	st, err := evidence.For(r, what)
	require.NoError(t, err)
	return p.signs(t, st)
}

func record(t require.TestingT, version string) release.Record {
	rec := release.Record{Changes: release.ChangeSet{Head: release.Revision("8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3"), FromNothing: true,
		Coverage: map[release.Kind]release.Coverage{release.KindDependency: release.CoverageComplete, release.KindInfrastructure: release.CoveragePartial}}}
	changes, err := rec.Changes.Digest()
	require.NoError(t, err)
	rec.Release = release.Release{Service: "shop", Version: version, Commit: rec.Changes.Head, Changes: changes,
		Artifacts: []release.Artifact{{Name: "shop", Digest: release.DigestOf([]byte("binary " + version))}, {Name: "shop.yaml", Digest: release.DigestOf([]byte("manifest"))}}}
	rec.Assessment = release.AssessmentRecord{Tier: release.TierHigh, Changes: changes, Reasons: []release.Reason{{Code: "risk/identity", Text: "identity"}}}
	return rec
}

// pieces is one statement of each kind that is told apart, about a release, by name.
func pieces(t require.TestingT, rec release.Record, at ...time.Time) map[string]evidence.Verified {
	r := rec.Release
	ref, err := r.Ref()
	require.NoError(t, err)
	ci, ada := signer("ci", release.ActorService, at...), signer("ada", release.ActorHuman, at...)
	empty := predicate.SetDigest(nil)
	approval, err := evidence.NewApproval(predicate.Approve, r, nil)
	require.NoError(t, err)
	reject, err := evidence.NewApproval(predicate.Reject, r, nil)
	require.NoError(t, err)
	decision := func(v release.Verdict, changes release.Digest) predicate.Decision {
		status := map[release.Verdict]string{release.VerdictAllow: predicate.DecisionMet, release.VerdictHold: predicate.DecisionMissing, release.VerdictDeny: predicate.DecisionFailed}[v]
		results := []predicate.DecisionResult{{ID: "tests", Status: status, Used: []release.Digest{}, Reasons: []release.Reason{{Code: "evidence/" + status, Text: "t"}}}}
		return predicate.Decision{Verdict: v, Release: ref.Digest, Changes: changes, Policy: release.DigestOf([]byte("policy")), EvidenceSet: empty,
			Used: []release.Digest{}, Results: results, Reasons: []release.Reason{{Code: "evidence/met", Text: "t"}}, At: noon}
	}
	step := func(k release.EventKind) predicate.Deployment {
		return predicate.Deployment{EvidenceSet: empty, Event: release.Event{ID: string(k), Kind: k, At: noon, Release: ref, Environment: "production", Percent: 5,
			Actor: release.Actor{Kind: release.ActorService, ID: "service:deploy"}}}
	}
	review := predicate.Review{Forge: "github", Change: "https://forge.example/1", Head: r.Commit, Merged: r.Commit, Contributors: []release.Actor{{Kind: release.ActorHuman, ID: "github:eve"}}, Complete: true,
		Approvals: []predicate.ReviewApproval{{By: release.Actor{Kind: release.ActorHuman, ID: "github:ada"}, ID: "1", Commit: r.Commit, At: noon, Counts: true}}, Objections: []predicate.ReviewObjection{}, Sources: []release.Source{{Path: "reviews.json", Format: "github-reviews", Tool: "gh", Version: "1", At: noon, Digest: release.DigestOf([]byte("answer"))}}}
	objected := review
	objected.Objections = []predicate.ReviewObjection{{By: release.Actor{Kind: release.ActorHuman, ID: "github:bob"}, ID: "2", Commit: r.Commit, At: noon}}
	uncounted := review
	uncounted.Approvals = []predicate.ReviewApproval{{By: release.Actor{Kind: release.ActorHuman, ID: "github:ada"}, ID: "1", Commit: r.Commit, At: noon, Why: []string{"by an author"}}}
	test := func(o predicate.TestOutcome) predicate.TestResult {
		return predicate.TestResult{Result: o, Configuration: []predicate.Resource{}}
	}
	return map[string]evidence.Verified{
		"test": ci.says(t, r, test(predicate.TestPassed)), "failed test": ci.says(t, r, test(predicate.TestFailed)), "warned test": ci.says(t, r, test(predicate.TestWarned)),
		"approval": ada.says(t, r, approval), "rejection": ada.says(t, r, reject), "approval by a program": ci.says(t, r, approval),
		"allow": ci.says(t, r, decision(release.VerdictAllow, r.Changes)), "deny": ci.says(t, r, decision(release.VerdictDeny, r.Changes)), "hold": ci.says(t, r, decision(release.VerdictHold, r.Changes)),
		"allow of other changes": ci.says(t, r, decision(release.VerdictAllow, release.DigestOf([]byte("other")))), "allow of no changes": ci.says(t, r, decision(release.VerdictAllow, release.Digest{})),
		"exposed": ci.says(t, r, step(release.EventExposed)), "rolled back": ci.says(t, r, step(release.EventRolledBack)), "started": ci.says(t, r, step(release.EventStarted)),
		"review": ci.says(t, r, review), "review with an objection": ci.says(t, r, objected), "review that nobody counts": ci.says(t, r, uncounted),
		"scan": ci.signs(t, scan(t, r)), "unknown type": ci.signs(t, unknown(t, r)), "part": ci.signs(t, part(t, r)),
	}
}

func scan(t require.TestingT, r release.Release) evidence.Statement {
	st, err := evidence.NewStatement(predicate.TypeVulns, evidence.SubjectsOf(r), map[string]any{
		"scanner":  map[string]any{"uri": "pkg:generic/scanner", "version": "1", "db": map[string]any{"uri": "https://db.example", "lastUpdate": "2026-11-24T09:00:00Z"}, "result": []any{}},
		"metadata": map[string]any{"scanStartedOn": "2026-11-24T10:00:00Z", "scanFinishedOn": "2026-11-24T10:01:00Z"}})
	require.NoError(t, err)
	return st
}

func unknown(t require.TestingT, r release.Release) evidence.Statement {
	st, err := evidence.NewStatement("https://example.com/own/v1", evidence.SubjectsOf(r), map[string]any{"a": 1})
	require.NoError(t, err)
	return st
}

// part is about one of the two artifacts.
func part(t require.TestingT, r release.Release) evidence.Statement {
	st, err := evidence.NewStatement(predicate.TypeTestResult, evidence.SubjectsOf(r)[:1], predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{}})
	require.NoError(t, err)
	return st
}

func cover(t require.TestingT, c control.Catalog, in control.Input) control.Coverage {
	got, err := control.Cover(c, in, noon, nil)
	require.NoError(t, err)
	require.Len(t, got.Findings, len(c.Controls))
	return got
}

// one is a catalogue of one control.
func one(kind control.Kind) control.Catalog {
	return control.Catalog{Name: "own", Version: "1", Title: "Own", Controls: []control.Control{{ID: "X", Title: "x", Kinds: []control.Kind{kind}, Fit: control.FitPrimary}}}
}

func TestWorldIsSound(t *testing.T) {
	t.Parallel()
	for name, v := range pieces(t, record(t, "1")) {
		if name != "unknown type" {
			_, err := predicate.Parse(v.Statement().PredicateType(), v.Statement().Predicate())
			require.NoError(t, err, name)
		}
	}
}
