package evidence_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/release"
)

// TestVerifiedCannotBeMade: no decoder makes a Verified, and no zero one passes.
func TestVerifiedCannotBeMade(t *testing.T) {
	t.Parallel()
	good := tests(t)
	text := mustJSON(t, good)
	require.Equal(t, "{}", string(text))
	var made evidence.Verified
	//lint:ignore SA9005 that it has nothing to decode into is what is shown
	require.NoError(t, json.Unmarshal([]byte(`{"v":{"statement":{"raw":"e30="}},"V":{}}`), &made))
	require.True(t, made.IsZero())
	require.Error(t, gob.NewEncoder(&bytes.Buffer{}).Encode(good))
	require.Equal(t, 1, reflect.TypeFor[evidence.Verified]().NumField())
	require.False(t, reflect.TypeFor[evidence.Verified]().Field(0).IsExported())
	for _, f := range []func(set) error{
		func(s set) error { _, err := evidence.Decide(question(needTests), s, noon); return err },
		func(s set) error { _, err := evidence.NewApproval(predicate.Approve, shop(), s); return err },
		func(s set) error { _, err := evidence.Supporting(shop(), s); return err },
	} {
		require.Error(t, f(set{good, made}))
	}
	twin := good // a copy is the same
	d := decide(t, question(needTests), set{twin, good})
	require.Equal(t, []release.Digest{good.Digest()}, d.Used)
}

// TestKeyPrincipalIsOfItsKey: no trust can pass one key off as another.
func TestKeyPrincipalIsOfItsKey(t *testing.T) {
	t.Parallel()
	p := human("ada")
	p.Principal = evidence.KeyPrincipal(release.DigestOf([]byte("another key")))
	v, err := evidence.Verify(ctx, p, dsse(statement(t, shop(), passed()).Bytes(), "c2ln"))
	require.ErrorContains(t, err, "another key")
	require.True(t, v.IsZero())
	p.Principal = evidence.KeyPrincipal(p.Key)
	_, err = evidence.Verify(ctx, p, dsse(statement(t, shop(), passed()).Bytes(), "c2ln"))
	require.NoError(t, err)
}

// resigned is a bundle with the signature changed to another valid one.
func resigned(t testing.TB, raw []byte, change func(sig []byte) []byte) []byte {
	t.Helper()
	from := bytes.Index(raw, []byte(`"sig":"`)) + len(`"sig":"`)
	to := from + bytes.IndexByte(raw[from:], '"')
	sig, err := base64.StdEncoding.DecodeString(string(raw[from:to]))
	require.NoError(t, err)
	return slices.Concat(raw[:from], []byte(base64.StdEncoding.EncodeToString(change(sig))), raw[to:])
}

// TestMalleableSignaturesCountOnce: ECDSA lets anyone make a second signature,
// and so a second envelope, of what somebody signed. It is the same person's.
func TestMalleableSignaturesCountOnce(t *testing.T) {
	t.Parallel()
	ci, ada := newKey(t), newKey(t)
	service := keyOf(ci, "ci")
	service.Kind = release.ActorService
	trust := ring(t, service, keyOf(ada, "ada"))
	verify := func(raw []byte) evidence.Verified {
		v, err := evidence.Verify(ctx, trust, raw)
		require.NoError(t, err)
		return v
	}
	raw, err := evidence.Sign(ctx, statement(t, shop(), passed()), ci)
	require.NoError(t, err)
	test := verify(raw)
	raw, err = evidence.Sign(ctx, statement(t, shop(), approval(t, predicate.Approve, shop(), test)), ada)
	require.NoError(t, err)
	type pair struct{ R, S *big.Int }
	other := func(sig []byte) (p pair) {
		_, err := asn1.Unmarshal(sig, &p)
		require.NoError(t, err)
		p.S.Sub(elliptic.P256().Params().N, p.S)
		return p
	}
	s := set{test, verify(raw),
		verify(resigned(t, raw, func(sig []byte) []byte { b, err := asn1.Marshal(other(sig)); require.NoError(t, err); return b })),
		verify(resigned(t, raw, func(sig []byte) []byte {
			p, out := other(sig), make([]byte, 64)
			p.R.FillBytes(out[:32])
			p.S.FillBytes(out[32:])
			return out
		}))}
	again := append([]byte(" "), raw...)
	s = append(s, verify(again))
	d := decide(t, question(needTests, needTwo), s)
	require.Equal(t, hold, d.Verdict)
	require.Equal(t, 1, d.Results[1].Have)
	// The numbers side by side, with bytes around, or of zero, are no signature.
	for _, bad := range []func([]byte) []byte{
		func(sig []byte) []byte { return make([]byte, 64) },
		func(sig []byte) []byte { return append(sig, 0) },
		func(sig []byte) []byte {
			p, out := other(sig), make([]byte, 66)
			p.R.FillBytes(out[:33])
			p.S.FillBytes(out[33:])
			return out
		},
		func(sig []byte) []byte {
			p, out := other(sig), make([]byte, 65)
			p.R.FillBytes(out[:32])
			p.S.FillBytes(out[32:64])
			return out
		},
	} {
		_, err := evidence.Verify(ctx, trust, resigned(t, raw, bad))
		require.ErrorIs(t, err, evidence.ErrUntrusted)
	}
}

// TestKeysOfNobody: with an Ed25519 key of small order one signature is good for
// many messages, so it proves nothing; and no point has two encodings.
func TestKeysOfNobody(t *testing.T) {
	t.Parallel()
	forged := 0
	for _, text := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000", // 1
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p-1
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"0000000000000000000000000000000000000000000000000000000000000000", // 0
		"0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // of order 8
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // 0 as p
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // 1 as p+1
		"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // 3 as p+3
	} {
		pub, err := hex.DecodeString(text)
		require.NoError(t, err)
		// R is the neutral point and S is 0: good whenever the hash is a multiple of the order.
		sig := make([]byte, 64)
		sig[0] = 1
		for i := range 100 {
			if ed25519.Verify(pub, []byte{byte(i)}, sig) {
				forged++
				break
			}
		}
		_, err = evidence.KeyDigest(ed25519.PublicKey(pub))
		require.Error(t, err, text)
		_, err = evidence.NewKeyring(evidence.Key{Public: ed25519.PublicKey(pub)})
		require.Error(t, err, text)
	}
	require.GreaterOrEqual(t, forged, 10, "the keys are what they are said to be")
	pub, _, err := ed25519.GenerateKey(crand.Reader)
	require.NoError(t, err)
	_, err = evidence.KeyDigest(pub)
	require.NoError(t, err)
	modulus := func(bits uint) *big.Int { return new(big.Int).SetBit(big.NewInt(1), int(bits)-1, 1) }
	for _, tt := range []struct {
		bits uint
		e    int
		ok   bool
	}{{2047, 65537, false}, {2048, 65537, true}, {8192, 65537, true}, {8193, 65537, false}, {2048, 0, false}, {2048, 1, false}, {2048, 2, false}, {2048, 65538, false}, {2048, -3, false}, {2048, 3, true}} {
		_, err := evidence.KeyDigest(&rsa.PublicKey{N: modulus(tt.bits), E: tt.e})
		require.Equal(t, tt.ok, err == nil, "%d bits, exponent %d: %v", tt.bits, tt.e, err)
	}
	off := newKey(t).PublicKey
	//lint:ignore SA1019 a point that is not on the curve cannot be made otherwise
	off.X = new(big.Int).Add(off.X, big.NewInt(1))
	_, err = evidence.KeyDigest(&off)
	require.Error(t, err)
}

// TestKeyringKeepsItsKeys: what the caller does to a key afterwards changes nothing.
func TestKeyringKeepsItsKeys(t *testing.T) {
	t.Parallel()
	edPub, edKey, err := ed25519.GenerateKey(crand.Reader)
	require.NoError(t, err)
	ec := newKey(t)
	ecPub := ec.PublicKey
	rsaKey, err := rsa.GenerateKey(crand.Reader, 2048)
	require.NoError(t, err)
	rsaPub := rsaKey.PublicKey
	edCopy := bytes.Clone(edPub)
	trust := ring(t, evidence.Key{Public: ed25519.PublicKey(edCopy)}, evidence.Key{Public: &ecPub}, evidence.Key{Public: &rsaPub})
	copy(edCopy, make([]byte, 32))
	ecPub, rsaPub = newKey(t).PublicKey, rsa.PublicKey{N: big.NewInt(15), E: 3}
	for _, key := range []crypto.Signer{edKey, ec, rsaKey} {
		raw, err := evidence.Sign(ctx, statement(t, shop(), passed()), key)
		require.NoError(t, err)
		_, err = evidence.Verify(ctx, trust, raw)
		require.NoError(t, err, "%T", key)
	}
}

func TestParsePublicKeyGivesNothingWithAnError(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(crand.Reader, 1024)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(&small.PublicKey)
	require.NoError(t, err)
	pub, err := evidence.ParsePublicKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	require.ErrorContains(t, err, "2048")
	require.Nil(t, pub)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), crand.Reader)
	require.NoError(t, err)
	_, err = evidence.KeyDigest(p224.Public())
	require.Error(t, err)
}

// TestErrorsAreShort: what a stranger wrote does not fill logs and reports.
func TestErrorsAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<15)
	for name, text := range map[string]string{
		"type":           `{"_type":"` + long + `"}`,
		"control":        `{"_type":"` + long + `\n"}`,
		"name twice":     `{"` + long + `":1,"` + long + `":2}`,
		"name elsewhere": `{"_type":1,"` + long + `":2}`,
	} {
		_, err := evidence.ParseStatement([]byte(text))
		require.Error(t, err, name)
		require.Less(t, len(err.Error()), 1000, name)
	}
	for name, text := range map[string]string{
		"media type":   `{"mediaType":"` + long + `"}`,
		"payload type": `{"payload":"e30=","signatures":[{"sig":"eA=="}],"payloadType":"` + long + `"}`,
	} {
		_, err := evidence.Verify(ctx, human("ada"), []byte(text))
		require.Error(t, err, name)
		require.Less(t, len(err.Error()), 1000, name)
	}
	subject := shop().Artifacts[0]
	for name, st := range map[string]string{
		"unreadable approval": `{"_type":"` + evidence.StatementType + `","predicateType":"` + predicate.TypeApproval + `","subject":[{"digest":{"sha256":"` + subject.Digest.Hex() + `"}}],"predicate":{"` + long + `":1}}`,
		"unreadable test":     `{"_type":"` + evidence.StatementType + `","predicateType":"` + predicate.TypeTestResult + `","subject":[{"digest":{"sha256":"` + subject.Digest.Hex() + `"}}],"predicate":{"result":"` + long + `"}}`,
		"many mistakes":       `{"_type":"` + evidence.StatementType + `","predicateType":"` + predicate.TypeVulns + `","subject":[{"digest":{"sha256":"` + subject.Digest.Hex() + `"}}],"predicate":{"scanner":{"result":[` + strings.Repeat(`{"id":""},`, 10000) + `{"id":""}]}}}`,
		"a long finding":      `{"_type":"` + evidence.StatementType + `","predicateType":"` + predicate.TypeVulns + `","subject":[{"digest":{"sha256":"` + subject.Digest.Hex() + `"}}],"predicate":{"scanner":{"uri":"u","db":{"lastUpdate":"2026-01-01T00:00:00Z"},"result":[{"id":"` + long + `"}]},"metadata":{"scanStartedOn":"2026-01-01T00:00:00Z","scanFinishedOn":"2026-01-01T00:00:00Z"}}}`,
	} {
		d := decide(t, question(needTests, needScan), set{service("ci").says(t, []byte(st))})
		require.False(t, d.Verdict.Allowed(), name)
		require.Less(t, len(mustJSON(t, d.Reasons)), 5000, name)
	}
}

// TestMemoryIsBounded: a text of 16 MiB does not become gigabytes, because the
// list of 3 bytes for each element ends early.
func TestMemoryIsBounded(t *testing.T) {
	head := `{"_type":"` + evidence.StatementType + `","predicateType":"` + predicate.TypeTestResult + `","subject":[{"digest":{"sha256":"` + shop().Artifacts[0].Digest.Hex() + `"}}],"predicate":{"result":"PASSED","configuration":[`
	st, err := evidence.ParseStatement([]byte(head + strings.Repeat("{},", predicate.MaxElements) + "{}]}}"))
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = evidence.As[predicate.TestResult](st)
	runtime.ReadMemStats(&after)
	require.ErrorContains(t, err, "more than")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20))
}

// TestDecideTouchesNothing: its arguments are as they were, and what it returns
// shares no memory with them.
func TestDecideTouchesNothing(t *testing.T) {
	t.Parallel()
	build := func() (evidence.Question, set) {
		q := question(needTests, role("owner"), needTwo)
		q.Requirements[1].Roles = []string{"owner", "security"}
		q.Same = [][]evidence.Principal{{person("ada"), person("x")}, {person("x"), person("y")}}
		q.Authors = append([]release.Actor{}, q.Authors...)
		return q, nil
	}
	s := append(approved(t, human("bob", "owner"), human("ada", "owner")), rejected(t, human("bob")))
	q, _ := build()
	want, _ := build()
	order := append(set{}, s...)
	d := decide(t, q, s)
	require.Equal(t, want, q)
	require.Equal(t, order, s)
	text := mustJSON(t, d)
	q.Requirements[1].Roles[0] = "changed"
	q.Release.Artifacts[0].Name = "changed"
	clear(q.Requirements)
	require.Equal(t, string(text), string(mustJSON(t, d)))
}

// TestApprovalIsBoundToItsRelease: the same artifacts are not the same release.
func TestApprovalIsBoundToItsRelease(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(r *release.Release){
		"service":     func(r *release.Release) { r.Service = "other" },
		"version":     func(r *release.Release) { r.Version = "v1.4.1" },
		"commit":      func(r *release.Release) { r.Commit = release.Revision(strings.Repeat("a", 40)) },
		"predecessor": func(r *release.Release) { r.Follows = release.DigestOf([]byte("x")) },
		"changes":     func(r *release.Release) { r.Changes = release.DigestOf([]byte("x")) },
		"no changes":  func(r *release.Release) { r.Changes = release.Digest{} },
		"package":     func(r *release.Release) { r.Artifacts[0].PURL = "pkg:generic/x@1" },
	} {
		q := question(needTests, needOne)
		edit(&q.Release)
		d := decide(t, q, approved(t, human("ada")))
		require.Equal(t, hold, d.Verdict, name)
		require.Equal(t, evidence.StatusMissing, d.Results[1].Status, name)
		// A rejection follows the artifacts.
		d = decide(t, q, append(approved(t, human("ada")), rejected(t, human("bob"))))
		require.Equal(t, deny, d.Verdict, name)
	}
}

// TestWhoCouldBeTheAuthor: by every way that two names can be one person.
func TestWhoCouldBeTheAuthor(t *testing.T) {
	t.Parallel()
	byKey := human("bob")
	byKey.Key = human("eve").Key // one key, two names
	eveSigned := human("eve").of(t, shop(), passed())
	second := human("eve")
	second.Key = human("bob").Key
	for name, tt := range map[string]struct {
		q    func(q *evidence.Question)
		by   puppet
		more set
	}{
		"a key that the author used too":                   {by: byKey, more: set{eveSigned}},
		"a key of the author's that signed something else": {by: human("bob"), more: set{second.of(t, shop(), passed())}},
		"a chain of names": {by: human("bob"), q: func(q *evidence.Question) {
			q.Same = [][]evidence.Principal{{person("bob"), person("b")}, {person("c"), person("b")}, {person("eve"), person("c")}}
		}},
		"two actors mapped to one": {by: human("bob"), q: func(q *evidence.Question) {
			q.Identities = map[string]evidence.Principal{eve.ID: person("bob"), rob.ID: person("bob"), olga.ID: person("olga")}
		}},
		"known to another issuer, and the host says so": {by: human("bob"), q: func(q *evidence.Question) {
			elsewhere := evidence.Principal{Issuer: "https://elsewhere.example", Subject: "bob"}
			q.Identities = map[string]evidence.Principal{eve.ID: elsewhere, rob.ID: person("rob"), olga.ID: person("olga")}
			q.Same = [][]evidence.Principal{{elsewhere, person("bob")}}
		}},
	} {
		q := question(needTests, needOne)
		if tt.q != nil {
			tt.q(&q)
		}
		s := append(approved(t, tt.by), tt.more...)
		require.Equal(t, hold, decide(t, q, s).Verdict, name)
		require.Equal(t, allow, decide(t, q, append(s, approved(t, human("carol"))...)).Verdict, name)
	}
}

// TestUntilAtRandomTimes: an allow holds until just before Until, at every moment
// on the way, and at Until itself it is over.
func TestUntilAtRandomTimes(t *testing.T) {
	t.Parallel()
	ended := 0
	random := rand.New(rand.NewPCG(1, 2))
	span := func(most time.Duration) time.Duration { return time.Duration(random.Int64N(int64(most))) }
	moment := func() time.Time { return noon.Add(-span(3 * time.Hour)) }
	for range 400 {
		var s set
		for _, name := range []string{"ci", "ci2", "ci3"} {
			s = append(s, service(name).at(moment()).of(t, shop(), passed()))
		}
		looks := append(set{}, s...)
		for _, name := range []string{"ada", "bob", "cyd"} {
			by := human(name).at(moment())
			a := approval(t, predicate.Approve, shop(), looks[:1+random.IntN(3)]...)
			if random.IntN(2) == 0 {
				a.Expires = noon.Add(1 + span(3*time.Hour))
			}
			s = append(s, by.of(t, shop(), a))
			if random.IntN(6) == 0 {
				s = append(s, rejected(t, by.at(moment())))
			}
		}
		ts, as := needTests, needOne
		ts.MaxAge, as.MaxAge = span(5*time.Hour), span(5*time.Hour)
		ts.Count, as.Count = 1+random.IntN(2), 1+random.IntN(2)
		q := question(ts, as)
		d := decide(t, q, s)
		if !d.Verdict.Allowed() || d.Until.IsZero() {
			continue
		}
		ended++
		for _, when := range []time.Time{noon.Add(span(d.Until.Sub(noon))), d.Until.Add(-1)} {
			later, err := evidence.Decide(q, s, when)
			require.NoError(t, err)
			require.Equal(t, allow, later.Verdict)
		}
		end, err := evidence.Decide(q, s, d.Until)
		require.NoError(t, err)
		require.NotEqual(t, allow, end.Verdict)
	}
	require.Greater(t, ended, 50)
}

// TestSetDigestIsCanonical: it is what approval.md says, by the general way.
func TestSetDigestIsCanonical(t *testing.T) {
	t.Parallel()
	s := set{}
	for _, name := range []string{"", "a", "b", "c"} {
		if name != "" {
			s = append(s, service(name).of(t, shop(), passed()))
		}
		ds := []release.Digest{}
		for _, v := range s {
			ds = append(ds, v.Digest())
		}
		slices.SortFunc(ds, release.Digest.Compare)
		want, err := canon.Digest("sallyport.evidence.set.v1", ds)
		require.NoError(t, err)
		require.Equal(t, release.Digest(want), evidence.SetDigest(s))
	}
}

// TestBase64HasOneReading: what some decoders pass over is refused.
func TestBase64HasOneReading(t *testing.T) {
	t.Parallel()
	st := statement(t, shop(), passed()).Bytes()
	for sig, ok := range map[string]bool{
		"eA==": true, "eA": true, "-_-_": true, "+/+/": true, "eHg=": true, "eHg": true,
		"eB==": false, "eB": false, "eHh": false, "eHh=": false, // bits of no byte
		"eA=": false, "eA===": false, "=eA=": false, "e": false, "eA==eA==": false, "====": false, "": false,
		"+_+_": false, "eA==\\n": false, "e\\rA==": false, " eA==": false, "eA==\\u0000": false, "ｅA==": false,
	} {
		raw := bytes.Replace(dsse(st, "SIG"), []byte("SIG"), []byte(sig), 1)
		_, err := evidence.Verify(ctx, human("ada"), raw)
		require.Equal(t, ok, err == nil, "%q: %v", sig, err)
	}
}

// TestEveryCharacterAtEveryPlace: strings are read eight bytes at a time, and
// each byte must be judged wherever it stands.
func TestEveryCharacterAtEveryPlace(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 18 {
			text := strings.Repeat("\x7e", at) + string([]byte{byte(c)}) + `"` + strings.Repeat("é", 18-at)
			require.NoError(t, agree([]byte(with(`{"x":1}`, `{"x":"`+text+`"}`))), "%q", text)
			text = strings.Repeat(" ", at) + string([]byte{byte(c)}) + strings.Repeat("\x20", 17-at)
			require.NoError(t, agree([]byte(with(`{"x":1}`, `{"x":"`+text+`","y":1}`))), "%q", text)
		}
	}
}
