package evidence_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// TestMain raises the number of random cases of each property. Those about
// decisions try several variations of each case besides, see [variations].
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "2000"); err != nil {
		panic(err)
	}
	os.Exit(m.Run()) // -rapid.checks on the command line still wins
}

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func shop() release.Release {
	return release.Release{
		Service: "shop", Version: "v1.4.0", Commit: "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3",
		Artifacts: []release.Artifact{
			{Name: "shop", Digest: release.DigestOf([]byte("binary"))},
			{Name: "shop.yaml", Digest: release.DigestOf([]byte("manifest"))},
		},
		Changes: release.DigestOf([]byte("changes")),
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return k
}

func person(name string) evidence.Principal {
	return evidence.Principal{Issuer: "test", Subject: name}
}

func keyOf(k crypto.Signer, name string) evidence.Key {
	return evidence.Key{Public: k.Public(), Principal: person(name), Kind: release.ActorHuman}
}

func ring(t testing.TB, keys ...evidence.Key) *evidence.Keyring {
	t.Helper()
	r, err := evidence.NewKeyring(keys...)
	require.NoError(t, err)
	return r
}

func statement(t testing.TB, r release.Release, p predicate.Predicate) evidence.Statement {
	t.Helper()
	st, err := evidence.For(r, p)
	require.NoError(t, err)
	return st
}

// puppet vouches for whatever it is told, so that many decisions can be tested
// without a signature each.
type puppet evidence.Identity

func (p puppet) Check(context.Context, evidence.Signed) (evidence.Identity, error) {
	return evidence.Identity(p), nil
}

// human is a person with one key, which is named after him.
func human(name string, roles ...string) puppet {
	return puppet{Principal: person(name), Kind: release.ActorHuman, Roles: roles, Key: release.DigestOf([]byte("key of " + name))}
}

func service(name string) puppet {
	p := human(name)
	p.Kind = release.ActorService
	return p
}

// at gives the identity trusted times.
func (p puppet) at(times ...time.Time) puppet {
	p.Times = nil
	for _, t := range times {
		p.Times = append(p.Times, evidence.Time{T: t, Source: "test"})
	}
	return p
}

// says makes a verified statement of raw statement bytes.
func (p puppet) says(t testing.TB, statement []byte) evidence.Verified {
	t.Helper()
	v, err := evidence.Verify(ctx, p, dsse(statement, "c2ln"))
	require.NoError(t, err)
	return v
}

func (p puppet) of(t testing.TB, r release.Release, pred predicate.Predicate) evidence.Verified {
	t.Helper()
	// The signer's name makes envelopes of different signers differ, as signatures would.
	sig := base64.StdEncoding.EncodeToString([]byte(p.Principal.Subject + p.Key.Hex() + fmt.Sprint(p.Times)))
	v, err := evidence.Verify(ctx, p, dsse(statement(t, r, pred).Bytes(), sig))
	require.NoError(t, err)
	return v
}

func dsse(payload []byte, sig string) []byte {
	return fmt.Appendf(nil, `{"payload":%q,"payloadType":%q,"signatures":[{"sig":%q}]}`,
		base64.StdEncoding.EncodeToString(payload), evidence.PayloadType, sig)
}

func passed() predicate.TestResult {
	return predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{}}
}

func failed() predicate.TestResult {
	r := passed()
	r.Result = predicate.TestFailed
	return r
}

func approval(t testing.TB, d predicate.ApprovalDecision, r release.Release, set ...evidence.Verified) predicate.Approval {
	t.Helper()
	a, err := evidence.NewApproval(d, r, set)
	require.NoError(t, err)
	return a
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// variations is how many changes of one random case are tried: with the number
// of cases, more than 10,000 for each property of decisions.
const variations = 6

var errBroken = errors.New("broken on purpose")
