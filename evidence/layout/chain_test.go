package layout_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"testing"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/layout"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/secure-systems-lab/go-securesystemslib/signerverifier"
	"github.com/stretchr/testify/require"
)

// person is somebody with a key, who signs with in-toto-golang's own functions.
type person struct {
	key    in_toto.Key
	pub    crypto.PublicKey
	signer crypto.Signer
}

func newPerson(t testing.TB, kind string) person {
	t.Helper()
	var k crypto.Signer
	var err error
	switch kind {
	case "ed25519":
		_, k, err = ed25519.GenerateKey(rand.Reader)
	case "p256":
		k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		k, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "p521":
		k, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "rsa":
		k, err = rsa.GenerateKey(rand.Reader, 2048)
	case "p224":
		k, err = ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	}
	require.NoError(t, err)
	return personOf(t, k)
}

func personOf(t testing.TB, k crypto.Signer) person {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(k)
	require.NoError(t, err)
	p := person{pub: k.Public(), signer: k}
	require.NoError(t, p.key.LoadKeyReaderDefaults(bytes.NewReader(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))))
	return p
}

func (p person) public() in_toto.Key {
	k := p.key
	k.KeyVal.Private = ""
	return k
}

func (p person) digest(t testing.TB) release.Digest {
	t.Helper()
	d, err := evidence.KeyDigest(p.pub)
	require.NoError(t, err)
	return d
}

// chain is a project of three steps: ada writes, bob and cyd both build, dan
// packages. Tests change it before it is signed.
type chain struct {
	t                         testing.TB
	owner, ada, bob, cyd, dan person
	layout                    in_toto.Layout
	write, build, pack        in_toto.Link
	now                       time.Time
	products                  map[string]release.Digest
}

func hash(s string) in_toto.HashObj {
	d := sha256.Sum256([]byte(s))
	return in_toto.HashObj{"sha256": hex.EncodeToString(d[:])}
}

func files(nameAndContent ...string) map[string]in_toto.HashObj {
	out := map[string]in_toto.HashObj{}
	for i := 0; i < len(nameAndContent); i += 2 {
		out[nameAndContent[i]] = hash(nameAndContent[i+1])
	}
	return out
}

func link(name string, in, out map[string]in_toto.HashObj) in_toto.Link {
	return in_toto.Link{Type: "link", Name: name, Materials: in, Products: out, Command: []string{name},
		ByProducts: map[string]any{"return-value": 0}, Environment: map[string]any{}}
}

func newChain(t testing.TB) *chain {
	t.Helper()
	return newChainOf(t, [5]person{newPerson(t, "p256"), newPerson(t, "ed25519"), newPerson(t, "p256"), newPerson(t, "p384"), newPerson(t, "ed25519")})
}

// newFixedChain has the same keys and signatures in every process, which a
// fuzzer needs.
func newFixedChain(t testing.TB) *chain {
	t.Helper()
	var who [5]person
	for i := range who {
		k := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(i)}, ed25519.SeedSize))
		who[i] = personOf(t, k)
	}
	return newChainOf(t, who)
}

func newChainOf(t testing.TB, who [5]person) *chain {
	t.Helper()
	c := &chain{t: t, owner: who[0], ada: who[1], bob: who[2], cyd: who[3], dan: who[4],
		now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	step := func(name string, threshold int, in, out [][]string, who ...person) in_toto.Step {
		s := in_toto.Step{Type: "step", Threshold: threshold, ExpectedCommand: []string{name},
			SupplyChainItem: in_toto.SupplyChainItem{Name: name, ExpectedMaterials: in, ExpectedProducts: out}}
		for _, p := range who {
			s.PubKeys = append(s.PubKeys, p.key.KeyID)
		}
		return s
	}
	c.layout = in_toto.Layout{
		Type: "layout", Expires: "2026-06-01T00:00:00Z", Readme: "three steps",
		Keys: map[string]in_toto.Key{},
		Steps: []in_toto.Step{
			step("write", 1, [][]string{{"DISALLOW", "*"}}, [][]string{{"CREATE", "src/*"}, {"DISALLOW", "*"}}, c.ada),
			step("build", 2, [][]string{{"MATCH", "src/*", "WITH", "PRODUCTS", "FROM", "write"}, {"DISALLOW", "*"}},
				[][]string{{"CREATE", "app"}, {"ALLOW", "src/*"}, {"DISALLOW", "*"}}, c.bob, c.cyd),
			step("package", 1, [][]string{{"MATCH", "app", "WITH", "PRODUCTS", "FROM", "build"}, {"DISALLOW", "*"}},
				[][]string{{"CREATE", "app.tar"}, {"ALLOW", "app"}, {"DISALLOW", "*"}}, c.dan),
		},
		Inspect: []in_toto.Inspection{},
	}
	for _, p := range []person{c.ada, c.bob, c.cyd, c.dan} {
		c.layout.Keys[p.key.KeyID] = p.public()
	}
	c.write = link("write", nil, files("src/main.go", "package main"))
	c.build = link("build", files("src/main.go", "package main"), files("src/main.go", "package main", "app", "ELF"))
	c.pack = link("package", files("app", "ELF"), files("app", "ELF", "app.tar", "TAR"))
	c.products = map[string]release.Digest{"app.tar": release.DigestOf([]byte("TAR"))}
	return c
}

// metablock signs v as a metablock, with in-toto-golang, and gives the file;
// envelope signs it as a DSSE envelope, with in-toto-golang's signing library.
func (c *chain) metablock(v any, who ...person) []byte {
	c.t.Helper()
	mb := &in_toto.Metablock{Signed: v, Signatures: []in_toto.Signature{}}
	for _, p := range who {
		require.NoError(c.t, mb.Sign(p.key))
	}
	b, err := json.Marshal(mb)
	require.NoError(c.t, err)
	return b
}

func (c *chain) envelope(v any, who person) []byte {
	c.t.Helper()
	k := signerverifier.SSLibKey{KeyID: who.key.KeyID, KeyVal: signerverifier.KeyVal{Public: who.key.KeyVal.Public, Private: who.key.KeyVal.Private}}
	var s dsse.Signer
	var err error
	switch who.key.KeyType {
	case "ed25519":
		s, err = signerverifier.NewED25519SignerVerifierFromSSLibKey(&k)
	case "ecdsa":
		s, err = signerverifier.NewECDSASignerVerifierFromSSLibKey(&k)
	case "rsa":
		s, err = signerverifier.NewRSAPSSSignerVerifierFromSSLibKey(&k)
	}
	require.NoError(c.t, err)
	signer, err := dsse.NewEnvelopeSigner(s)
	require.NoError(c.t, err)
	payload, err := json.Marshal(v)
	require.NoError(c.t, err)
	e, err := signer.SignPayload(context.Background(), in_toto.PayloadType, payload)
	require.NoError(c.t, err)
	b, err := json.Marshal(e)
	require.NoError(c.t, err)
	return b
}

func (c *chain) links() [][]byte {
	return [][]byte{c.metablock(c.write, c.ada), c.metablock(c.build, c.bob), c.metablock(c.build, c.cyd), c.metablock(c.pack, c.dan)}
}

func (c *chain) options() layout.Options {
	return layout.Options{Owners: []crypto.PublicKey{c.owner.pub}, Now: c.now, Products: c.products}
}

func (c *chain) verify(links ...[]byte) layout.Result {
	c.t.Helper()
	r, err := layout.Verify(c.metablock(c.layout, c.owner), links, c.options())
	require.NoError(c.t, err)
	return r
}

func codes(reasons []release.Reason) []string {
	var out []string
	for _, r := range reasons {
		out = append(out, r.Code)
	}
	return out
}
