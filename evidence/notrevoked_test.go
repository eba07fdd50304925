package evidence_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

func checkpointOf(t testing.TB, issued time.Time, sequence uint64, s ...evidence.Verified) predicate.Checkpoint {
	t.Helper()
	c, err := evidence.NewCheckpoint(shop(), s, sequence, issued)
	require.NoError(t, err)
	return c
}

// store signs checkpoints, stamped as they are made.
func store(t testing.TB, at time.Time, sequence uint64, s ...evidence.Verified) evidence.Verified {
	t.Helper()
	return service("store").at(at).of(t, shop(), checkpointOf(t, at, sequence, s...))
}

var byStore = evidence.NotRevoked{By: []evidence.Principal{person("store")}, MaxAge: time.Hour}

func TestNotRevoked(t *testing.T) {
	t.Parallel()
	lately, yesterday := noon.Add(-time.Minute), noon.Add(-24*time.Hour)
	ok := tests(t)
	no := rejected(t, human("bob"))
	fail := service("x").of(t, shop(), failed())
	rev := service("security").revokes(t, ever, key("zoe"))
	other := shop()
	other.Version = "v2"
	otherCheckpoint, err := evidence.NewCheckpoint(other, set{ok, no}, 9, lately)
	require.NoError(t, err)
	part := shop()
	part.Artifacts = part.Artifacts[:1]
	for _, c := range []struct {
		name string
		rule evidence.NotRevoked
		set  set
		want release.Verdict
		code string
	}{
		{"all is there", byStore, set{ok, store(t, lately, 1, ok)}, allow, evidence.CodeMet},
		{"more is there", byStore, set{ok, rev, store(t, lately, 1, ok)}, allow, evidence.CodeMet},
		{"nothing is known", byStore, set{ok, store(t, lately, 1)}, allow, evidence.CodeMet},
		{"no checkpoint", byStore, set{ok}, hold, evidence.CodeMissing},
		{"a rejection is withheld", byStore, set{ok, store(t, lately, 1, ok, no)}, hold, evidence.CodeIncomplete},
		{"a rejection is there", byStore, set{ok, no, store(t, lately, 1, ok, no)}, deny, evidence.CodeRejected},
		{"a failed test is withheld", byStore, set{ok, store(t, lately, 1, ok, fail)}, hold, evidence.CodeIncomplete},
		{"a revocation of a key is withheld", byStore, set{ok, store(t, lately, 1, ok, rev)}, hold, evidence.CodeIncomplete},
		{"evidence in favour is withheld", byStore, set{ok, store(t, lately, 1, ok, service("ci2").of(t, shop(), passed()))}, hold, evidence.CodeIncomplete},
		{"an old checkpoint", byStore, set{ok, store(t, yesterday, 1, ok)}, hold, evidence.CodeStale},
		{"just too old", byStore, set{ok, store(t, noon.Add(-time.Hour), 1, ok)}, hold, evidence.CodeStale},
		{"an old one that lists what is withheld, and a young one that does not", byStore, set{ok, store(t, yesterday, 1, ok, no), store(t, lately, 2, ok)}, hold, evidence.CodeIncomplete},
		{"a young one, and an old one", byStore, set{ok, store(t, yesterday, 1, ok), store(t, lately, 2, ok)}, allow, evidence.CodeMet},
		{"issued long ago, stamped lately", byStore, set{ok, service("store").at(lately).of(t, shop(), checkpointOf(t, yesterday, 1, ok))}, hold, evidence.CodeStale},
		{"issued lately, says the store, stamped long ago", byStore, set{ok, service("store").at(yesterday).of(t, shop(), checkpointOf(t, lately, 1, ok))}, hold, evidence.CodeStale},
		{"never stamped", byStore, set{ok, service("store").of(t, shop(), checkpointOf(t, lately, 1, ok))}, hold, evidence.CodeNoTrustedTime},
		{"from the future", byStore, set{ok, store(t, noon.Add(time.Second), 1, ok)}, hold, evidence.CodeFuture},
		{"by somebody else", byStore, set{ok, service("ci").at(lately).of(t, shop(), checkpointOf(t, lately, 1, ok))}, hold, evidence.CodeSigner},
		{"somebody else lists what is not there", byStore, set{ok, store(t, lately, 1, ok), service("ci").at(lately).of(t, shop(), checkpointOf(t, lately, 9, ok, no))}, allow, evidence.CodeMet},
		{"in a role", evidence.NotRevoked{Roles: []string{"store"}, MaxAge: time.Hour}, set{ok, human("s", "store").at(lately).of(t, shop(), checkpointOf(t, lately, 1, ok))}, allow, evidence.CodeMet},
		{"in another role", evidence.NotRevoked{Roles: []string{"store"}, MaxAge: time.Hour}, set{ok, human("s", "ci").at(lately).of(t, shop(), checkpointOf(t, lately, 1, ok))}, hold, evidence.CodeRole},
		{"by the right one in the wrong role", evidence.NotRevoked{By: byStore.By, Roles: []string{"store"}, MaxAge: time.Hour}, set{ok, store(t, lately, 1, ok)}, hold, evidence.CodeRole},
		{"of another release with the same artifacts", byStore, set{ok, service("store").at(lately).of(t, shop(), otherCheckpoint)}, hold, evidence.CodeOtherRelease},
		{"another release misses something, this one does not", byStore, set{ok, store(t, lately, 1, ok), service("store").at(lately).of(t, shop(), otherCheckpoint)}, allow, evidence.CodeMet},
		{"about one artifact of two", byStore, set{ok, service("store").at(lately).of(t, part, checkpointOf(t, lately, 1, ok))}, hold, evidence.CodeNotWhole},
		{"about one artifact, but it lists what is withheld", byStore, set{ok, store(t, lately, 1, ok), service("store").at(lately).of(t, part, checkpointOf(t, lately, 1, no))}, hold, evidence.CodeIncomplete},
		{"revoked", byStore, set{ok, store(t, lately, 1, ok), service("security").revokes(t, ever, principal("store"))}, hold, evidence.CodeRevoked},
		{"revoked, but it lists what is withheld", byStore, set{ok, store(t, lately, 1, ok), store(t, lately, 2, ok, no), service("security").revokes(t, ever, envelope(t, store(t, lately, 2, ok, no)))}, hold, evidence.CodeIncomplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := question(needTests)
			q.Rules = []evidence.Rule{c.rule}
			d := decide(t, q, c.set)
			require.Equal(t, c.want, d.Verdict, "%v", d.Reasons)
			requireSaid(t, d, c.code)
			require.Equal(t, c.rule, d.Results[1].Rule)
			if c.want == allow {
				require.Equal(t, lately.Add(time.Hour), d.Until)
				require.Len(t, d.Results[1].Used, 1)
				at, err := evidence.Decide(q, c.set, d.Until)
				require.NoError(t, err)
				require.Equal(t, hold, at.Verdict)
			}
		})
	}
}

// What is missing is named, for programs, and the checkpoint that lists it.
func TestWhatIsWithheldIsNamed(t *testing.T) {
	t.Parallel()
	no, rev := rejected(t, human("bob")), service("security").revokes(t, ever, artifact(0))
	c := store(t, noon.Add(-time.Minute), 3, tests(t), no, rev)
	d := decide(t, ruled(byStore), set{tests(t), c})
	var named []string
	for _, r := range d.Results[0].Reasons[1:] {
		require.Equal(t, evidence.CodeIncomplete, r.Code)
		require.Equal(t, []release.Digest{c.Digest()}, r.Refs)
		named = append(named, r.Subject)
	}
	require.ElementsMatch(t, []string{no.Digest().String(), rev.Digest().String()}, named)
	require.Equal(t, evidence.StatusMissing, d.Results[0].Status)
	require.Equal(t, "2 envelopes are withheld that a checkpoint lists", d.Results[0].Reasons[0].Text)
}

// Approvers do not look at checkpoints, which come after them.
func TestApprovalsDoNotRestOnCheckpoints(t *testing.T) {
	t.Parallel()
	q := question(needTests, needOne)
	q.Rules = []evidence.Rule{byStore}
	s := approved(t, human("ada"))
	require.Equal(t, hold, decide(t, q, s).Verdict)
	require.Equal(t, allow, decide(t, q, append(s, store(t, noon.Add(-1), 1, s...))).Verdict)
}

// Other rules say what counts for this one too.
func TestFreshHoldsForCheckpoints(t *testing.T) {
	t.Parallel()
	fresh := evidence.Fresh{Type: predicate.TypeCheckpoint, MaxAge: 10 * time.Minute}
	d := decide(t, ruled(byStore, fresh), set{tests(t), store(t, noon.Add(-20*time.Minute), 1, tests(t))})
	require.Equal(t, evidence.StatusStale, d.Results[0].Status, "%v", d.Reasons)
	s := set{tests(t), store(t, noon.Add(-5*time.Minute), 2, tests(t)), store(t, noon.Add(-time.Minute), 1, tests(t))}
	d = decide(t, ruled(byStore, fresh), s)
	require.Equal(t, allow, d.Verdict)
	require.Equal(t, noon.Add(9*time.Minute), d.Until)
	require.Equal(t, []release.Digest{s[1].Digest()}, d.Results[0].Used, "the highest number")
}

// Two rules demand two stores.
func TestTwoStores(t *testing.T) {
	t.Parallel()
	second := evidence.NotRevoked{By: []evidence.Principal{person("second")}, MaxAge: time.Hour}
	one := store(t, noon.Add(-1), 1, tests(t))
	two := service("second").at(noon.Add(-1)).of(t, shop(), checkpointOf(t, noon.Add(-1), 1, tests(t)))
	require.Equal(t, hold, decide(t, ruled(byStore, second), set{tests(t), one}).Verdict)
	require.Equal(t, allow, decide(t, ruled(byStore, second), set{tests(t), one, two}).Verdict)
}

// What a store lists is what concerns the release, whatever it says.
func TestNewCheckpoint(t *testing.T) {
	t.Parallel()
	other := shop()
	other.Artifacts = []release.Artifact{{Name: "x", Digest: release.DigestOf([]byte("x"))}}
	sec := service("security")
	vsa := predicate.VSA{Verifier: predicate.Verifier{ID: "https://example.com"}, ResourceURI: "x", Policy: predicate.Resource{URI: "x"}, VerificationResult: predicate.ResultFailed, VerifiedLevels: []string{predicate.LevelFailed}}
	in := set{
		tests(t), service("x").of(t, shop(), failed()), approved(t, human("ada"))[1], rejected(t, human("bob")),
		human("bob").of(t, other, approval(t, predicate.Reject, shop())), // by digest alone
		service("gate").of(t, shop(), vsa),
		sec.revokes(t, ever, artifact(1)), sec.revokes(t, ever, key("nobody here")), sec.revokes(t, ever, principal("nobody here")),
		sec.revokes(t, ever, envelope(t, tests(t))), sec.revokes(t, ever, envelope(t, service("not held").of(t, shop(), passed()))),
	}
	elsewhere := service("ci").of(t, other, passed())
	out := set{
		elsewhere, human("bob").of(t, other, approval(t, predicate.Reject, other)), store(t, noon, 1),
		sec.revokes(t, ever, predicate.RevocationTarget{Artifact: other.Artifacts[0].Digest}), sec.revokes(t, ever, envelope(t, elsewhere)),
	}
	c := checkpointOf(t, noon, 4, append(append(set{}, in...), out...)...)
	var want []release.Digest
	for _, v := range in {
		want = append(want, v.Digest())
	}
	require.ElementsMatch(t, want, c.Evidence)
	require.Equal(t, uint64(4), c.Sequence)
	for _, bad := range []func() (predicate.Checkpoint, error){
		func() (predicate.Checkpoint, error) { return evidence.NewCheckpoint(release.Release{}, in, 1, noon) },
		func() (predicate.Checkpoint, error) { return evidence.NewCheckpoint(shop(), in, 0, noon) },
		func() (predicate.Checkpoint, error) { return evidence.NewCheckpoint(shop(), in, 1, time.Time{}) },
		func() (predicate.Checkpoint, error) { return evidence.NewCheckpoint(shop(), set{{}}, 1, noon) },
	} {
		_, err := bad()
		require.Error(t, err)
	}
	// One that nobody can read concerns every release.
	st, err := evidence.NewStatement("https://example.com/x", evidence.SubjectsOf(other), json.RawMessage(`{"reason":"?"}`))
	require.NoError(t, err)
	odd := sec.says(t, replaced(st, "https://example.com/x", predicate.TypeRevocation))
	require.Equal(t, []release.Digest{odd.Digest()}, checkpointOf(t, noon, 1, odd).Evidence)
}

func TestNotRevokedIsRefused(t *testing.T) {
	t.Parallel()
	for _, r := range []evidence.NotRevoked{{MaxAge: 1}, {By: byStore.By}, {By: byStore.By, MaxAge: -1}, {By: []evidence.Principal{{}}, MaxAge: 1},
		{Roles: []string{""}, MaxAge: 1}, {Roles: []string{"\xff"}, MaxAge: 1}} {
		_, err := evidence.Decide(ruled(r), nil, noon)
		require.ErrorContains(t, err, "rule 0", "%+v", r)
	}
}

// A checkpoint that cannot be understood may be the newest.
func TestAnUnreadableCheckpointHolds(t *testing.T) {
	t.Parallel()
	st := statement(t, shop(), checkpointOf(t, noon.Add(-1), 2))
	odd := service("store").at(noon.Add(-1)).says(t, replaced(st, `"sequence":2`, `"sequence":2,"except":"x"`))
	d := decide(t, ruled(byStore), set{tests(t), store(t, noon.Add(-1), 1), odd})
	require.Equal(t, hold, d.Verdict)
	requireSaid(t, d, evidence.CodeUnreadable)
}
