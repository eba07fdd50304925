package evidence_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// verified is a statement that the puppet has signed.
func (p puppet) verified(t testing.TB, st evidence.Statement) evidence.Verified {
	t.Helper()
	v, err := evidence.Verify(ctx, p, dsse(st.Bytes(), base64.StdEncoding.EncodeToString([]byte(p.Principal.Subject+p.Key.Hex()+fmt.Sprint(p.Times)))))
	require.NoError(t, err)
	return v
}

// revokes is a revocation by the puppet. The zero from is from ever.
func (p puppet) revokes(t testing.TB, from time.Time, targets ...predicate.RevocationTarget) evidence.Verified {
	t.Helper()
	st, err := evidence.NewRevocation(predicate.Revocation{Targets: targets, Reason: predicate.ReasonMistaken, EffectiveFrom: from})
	require.NoError(t, err)
	return p.verified(t, st)
}

func envelope(t testing.TB, v evidence.Verified) predicate.RevocationTarget {
	t.Helper()
	out, err := evidence.TargetOf(v)
	require.NoError(t, err)
	return out
}

func key(name string) predicate.RevocationTarget {
	return predicate.RevocationTarget{Key: human(name).Key}
}

func principal(name string) predicate.RevocationTarget {
	return predicate.RevocationTarget{Principal: &predicate.RevokedPrincipal{Issuer: "test", Subject: name}}
}

func artifact(i int) predicate.RevocationTarget {
	return predicate.RevocationTarget{Artifact: shop().Artifacts[i].Digest}
}

var ever time.Time

func TestRevocations(t *testing.T) {
	t.Parallel()
	sec := service("security")
	ada, bob := human("ada"), human("bob")
	both := []release.Requirement{needTests, needOne}
	for _, c := range []struct {
		name string
		reqs []release.Requirement
		set  set
		want release.Verdict
		code string
	}{
		{"an envelope that is needed", both, append(approved(t, ada), sec.revokes(t, ever, envelope(t, tests(t)))), hold, evidence.CodeRevoked},
		{"the approval", both, append(approved(t, ada), sec.revokes(t, ever, envelope(t, approved(t, ada)[1]))), hold, evidence.CodeRevoked},
		{"one approval of two", both, append(approved(t, ada, bob), sec.revokes(t, ever, envelope(t, approved(t, ada)[1]))), allow, ""},
		{"an envelope that is not here", both, append(approved(t, ada), sec.revokes(t, ever, envelope(t, service("x").of(t, shop(), passed())))), allow, ""},
		{"an approval that rests on it falls, though other evidence is enough", both, func() set {
			s := set{tests(t), service("ci2").of(t, shop(), passed())}
			return append(s, ada.of(t, shop(), approval(t, predicate.Approve, shop(), s...)), sec.revokes(t, ever, envelope(t, s[1])))
		}(), hold, evidence.CodeRevoked},
		{"a new approval passes over what is revoked", both, func() set {
			s := set{tests(t), service("ci2").of(t, shop(), passed())}
			s = append(s, sec.revokes(t, ever, envelope(t, s[1])))
			return append(s, ada.of(t, shop(), approval(t, predicate.Approve, shop(), s...)))
		}(), allow, ""},
		{"an envelope that is not here, which the approval rests on", both, append(approved(t, ada)[1:], service("ci2").of(t, shop(), passed()), sec.revokes(t, ever, envelope(t, tests(t)))), hold, evidence.CodeRevoked},
		{"the key of the tester", both, append(approved(t, ada), sec.revokes(t, ever, key("ci"))), hold, evidence.CodeRevoked},
		{"the key of the approver", both, append(approved(t, ada), sec.revokes(t, ever, key("ada"))), hold, evidence.CodeRevoked},
		{"the key of somebody else", both, append(approved(t, ada), sec.revokes(t, ever, key("bob"))), allow, ""},
		{"the approver", both, append(approved(t, ada), sec.revokes(t, ever, principal("ada"))), hold, evidence.CodeRevoked},
		{"another of that name", both, append(approved(t, ada), sec.revokes(t, ever, predicate.RevocationTarget{Principal: &predicate.RevokedPrincipal{Issuer: "else", Subject: "ada"}})), allow, ""},
		{"the principal that is a key", both, append(approved(t, ada), sec.revokes(t, ever, predicate.RevocationTarget{Principal: &predicate.RevokedPrincipal{Issuer: "key", Subject: human("ada").Key.String()}})), hold, evidence.CodeRevoked},
		{"a second key of the approver stays", both, func() set {
			second := ada
			second.Key = release.DigestOf([]byte("second"))
			return append(approved(t, second), sec.revokes(t, ever, key("ada")))
		}(), allow, ""},
		{"from later on than a trusted time", both, append(approved(t, ada.at(noon.Add(-2))), sec.revokes(t, noon.Add(-1), principal("ada"))), allow, ""},
		{"from between two trusted times on", both, append(approved(t, ada.at(noon.Add(-1), noon.Add(-3))), sec.revokes(t, noon.Add(-2), principal("ada"))), allow, ""},
		{"from a trusted time on", both, append(approved(t, ada.at(noon.Add(-1))), sec.revokes(t, noon.Add(-1), principal("ada"))), hold, evidence.CodeRevoked},
		{"without a trusted time", both, append(approved(t, ada), sec.revokes(t, noon.Add(time.Hour), principal("ada"))), hold, evidence.CodeRevoked},
		{"two revocations, of which the later is from ever", both, append(approved(t, ada.at(noon.Add(-2))), sec.revokes(t, noon.Add(-1), principal("ada")), bob.revokes(t, ever, principal("ada"))), hold, evidence.CodeRevoked},
		{"an artifact", both, append(approved(t, ada), sec.revokes(t, ever, artifact(1))), deny, evidence.CodeRevoked},
		{"another artifact", both, append(approved(t, ada), sec.revokes(t, ever, predicate.RevocationTarget{Artifact: release.DigestOf([]byte("other"))})), allow, ""},
		{"an artifact, by the author", both, append(approved(t, ada), human("eve").revokes(t, ever, artifact(0))), deny, evidence.CodeRevoked},
		{"an artifact, signed after the decision", both, append(approved(t, ada), sec.at(noon.Add(time.Hour)).revokes(t, ever, artifact(0))), deny, evidence.CodeRevoked},

		// What speaks against a release is not revoked away.
		{"a rejection", both, append(approved(t, ada), rejected(t, bob), sec.revokes(t, ever, envelope(t, rejected(t, bob)), key("bob"), principal("bob"))), deny, evidence.CodeRejected},
		{"a failed test", both, append(approved(t, ada), service("x").of(t, shop(), failed()), sec.revokes(t, ever, key("x"), envelope(t, service("x").of(t, shop(), failed())))), deny, evidence.CodeFailed},
		{"findings", []release.Requirement{needScan}, set{service("s").of(t, shop(), scan()), service("x").of(t, shop(), scan("X-1")), sec.revokes(t, ever, key("x"))}, deny, evidence.CodeFailed},
		{"a revocation", both, append(approved(t, ada), sec.revokes(t, ever, artifact(0)), bob.revokes(t, ever, key("security"), envelope(t, sec.revokes(t, ever, artifact(0))))), deny, evidence.CodeRevoked},
		{"a revocation, by its own signer later", both, append(approved(t, ada), sec.at(noon.Add(-2)).revokes(t, ever, artifact(0)),
			sec.at(noon.Add(-1)).revokes(t, ever, envelope(t, sec.at(noon.Add(-2)).revokes(t, ever, artifact(0))))), deny, evidence.CodeRevoked},
		{"each other", both, append(approved(t, ada, bob), ada.revokes(t, ever, principal("bob")), bob.revokes(t, ever, principal("ada"))), hold, evidence.CodeRevoked},
		{"an abstention", both, append(approved(t, ada.at(noon.Add(-2))), ada.at(noon.Add(-1)).of(t, shop(), approval(t, predicate.Abstain, shop())),
			sec.revokes(t, ever, envelope(t, ada.at(noon.Add(-1)).of(t, shop(), approval(t, predicate.Abstain, shop()))))), hold, evidence.CodeWithdrawn},
		{"the approval that took a rejection back", both, append(approved(t, ada.at(noon.Add(-1)), bob), rejected(t, ada.at(noon.Add(-2))),
			sec.revokes(t, ever, envelope(t, approved(t, ada.at(noon.Add(-1)))[1]))), deny, evidence.CodeRejected},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decide(t, question(c.reqs...), c.set)
			require.Equal(t, c.want, d.Verdict, "%v", d.Reasons)
			if c.code != "" {
				requireSaid(t, d, c.code)
			}
		})
	}
}

func requireSaid(t testing.TB, d evidence.Decision, code string) {
	t.Helper()
	for _, r := range d.Reasons {
		if r.Code == code {
			return
		}
	}
	require.Fail(t, "no reason "+code, "%v", d.Reasons)
}

// A signature covers the statement and nothing around it: an envelope that is written
// in another way is revoked too, whether or not the first is there.
func TestACopyOfARevokedEnvelopeIsRevoked(t *testing.T) {
	t.Parallel()
	ada := human("ada")
	s := approved(t, ada)
	raw := s[1].Raw()
	again, err := evidence.Verify(ctx, ada, append([]byte(" \n"), raw...))
	require.NoError(t, err)
	require.NotEqual(t, s[1].Digest(), again.Digest())
	r := service("security").revokes(t, ever, envelope(t, s[1]))
	q := question(needTests, needOne)
	require.Equal(t, allow, decide(t, q, set{s[0], again}).Verdict)
	require.Equal(t, hold, decide(t, q, set{s[0], again, r}).Verdict)
	require.Equal(t, hold, decide(t, q, set{s[0], s[1], again, r}).Verdict)
	// The same words by somebody else are somebody else's.
	bob, err := evidence.Verify(ctx, human("bob"), raw)
	require.NoError(t, err)
	copied, err := evidence.Verify(ctx, human("bob"), append([]byte(" "), raw...))
	require.NoError(t, err)
	require.Equal(t, allow, decide(t, q, set{s[0], copied, r}).Verdict)
	require.Equal(t, hold, decide(t, q, set{s[0], bob, r}).Verdict, "the very bytes that were revoked")
	_, err = evidence.TargetOf(evidence.Verified{})
	require.Error(t, err)
}

// The subjects of a revocation lead to it, and are not what it revokes.
func TestSubjectsOfARevocation(t *testing.T) {
	t.Parallel()
	st, err := evidence.NewRevocation(predicate.Revocation{Reason: predicate.ReasonRetired,
		Targets: []predicate.RevocationTarget{envelope(t, tests(t)), artifact(0), key("ada"), principal("ada")}})
	require.NoError(t, err)
	var names []string
	for _, s := range st.Subjects() {
		require.Len(t, s.Digests, 1)
		kind, digest, _ := strings.Cut(s.Name, ":")
		names = append(names, kind)
		require.True(t, s.Matches("sha256", strings.TrimPrefix(digest, "sha256:")))
	}
	require.Equal(t, []string{"envelope", "artifact", "key", "principal"}, names)
	require.True(t, st.Subjects()[0].Matches("sha256", tests(t).Digest().Hex()))
	require.True(t, st.Subjects()[2].Matches("sha256", human("ada").Key.Hex()))

	// Signed about the release, but revoking something else; and the other way round.
	about := func(subjects []evidence.Subject, target predicate.RevocationTarget) evidence.Verified {
		st, err := evidence.NewStatement(predicate.TypeRevocation, subjects, predicate.Revocation{Reason: predicate.ReasonRetired, Targets: []predicate.RevocationTarget{target}})
		require.NoError(t, err)
		return service("security").verified(t, st)
	}
	q := question(needTests)
	other := []evidence.Subject{{Name: "x", Digests: []evidence.SubjectDigest{{Algorithm: "sha256", Value: release.DigestOf([]byte("x")).Hex()}}}}
	require.Equal(t, allow, decide(t, q, set{tests(t), about(evidence.SubjectsOf(shop()), key("ada"))}).Verdict)
	require.Equal(t, hold, decide(t, q, set{tests(t), about(other, key("ci"))}).Verdict)
	require.Equal(t, deny, decide(t, q, set{tests(t), about(other, artifact(0))}).Verdict)

	_, err = evidence.NewRevocation(predicate.Revocation{})
	require.Error(t, err)
}

// Nobody knows what a revocation revokes that cannot be understood.
func TestAnUnreadableRevocationHolds(t *testing.T) {
	t.Parallel()
	x := []evidence.Subject{{Name: "x", Digests: []evidence.SubjectDigest{{Algorithm: "sha256", Value: release.DigestOf([]byte("x")).Hex()}}}}
	for _, body := range []string{`{}`, `{"targets":[],"reason":"retired"}`, `{"targets":[{"purl":"pkg:npm/x"}],"reason":"retired"}`, `"retired"`,
		`{"targets":[{"key":"` + human("z").Key.String() + `"}],"reason":"new-reason"}`, `{"targets":[{"key":"` + human("z").Key.String() + `"}],"reason":"retired","unless":"x"}`} {
		st, err := evidence.NewStatement(predicate.TypeRevocation+"x", x, json.RawMessage(body))
		require.NoError(t, err)
		v := service("security").says(t, []byte(strings.Replace(string(st.Bytes()), predicate.TypeRevocation+"x", predicate.TypeRevocation, 1)))
		d := decide(t, question(needTests), set{tests(t), v})
		require.Equal(t, hold, d.Verdict, body)
		requireSaid(t, d, evidence.CodeUnreadable)
	}
}

// Revocations and checkpoints are nothing that an approver looks at, and no support
// in any other way.
func TestNegativeEvidenceSupportsNothing(t *testing.T) {
	t.Parallel()
	r := service("security").revokes(t, ever, artifact(0))
	c := service("store").of(t, shop(), checkpointOf(t, noon, 1, tests(t)))
	s := set{tests(t), r, c}
	looked, err := evidence.Supporting(shop(), s)
	require.NoError(t, err)
	require.Len(t, looked, 1)
	require.Equal(t, tests(t).Digest(), looked[0].Digest())
	require.Equal(t, evidence.SetDigest(set{tests(t)}), evidence.SetDigest(s))
	require.Empty(t, evidence.KindOf(predicate.TypeRevocation))
	require.Empty(t, evidence.KindOf(predicate.TypeCheckpoint))
	d := decide(t, ruled(evidence.Require{Type: predicate.TypeRevocation}), set{service("security").revokes(t, ever, key("zoe"))})
	require.Equal(t, hold, d.Verdict)
	require.Equal(t, "mistaken", r.Record().Summary)
	require.Equal(t, "1 envelopes", c.Record().Summary)

	looked, err = evidence.Supporting(shop(), set{tests(t), service("security").revokes(t, ever, key("ci"))})
	require.NoError(t, err)
	require.Empty(t, looked)
	// A decision names the evidence that an approver would look at.
	d = decide(t, question(needTests), set{tests(t), service("security").revokes(t, ever, key("ci"))})
	require.Equal(t, evidence.SetDigest(nil), d.Evidence)
}

// replaced are the bytes of a statement with some text replaced.
func replaced(st evidence.Statement, old, new string) []byte {
	return []byte(strings.Replace(string(st.Bytes()), old, new, 1))
}
