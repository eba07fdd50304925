package layout_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/layout"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/stretchr/testify/require"
)

// Hundreds of orders, with repetitions, and 1,000 for functionaries by key and by
// certificate: one result, to the byte.
func TestDeterministic(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]release.Verdict{"met": release.VerdictAllow, "disagreeing": release.VerdictDeny, "forged": release.VerdictDeny,
		"mixed": release.VerdictDeny, "statements": release.VerdictAllow} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newFixedChain(t)
			links, opts := c.links(), c.options()
			switch name {
			case "disagreeing":
				c.build.Products["app"] = hash("other ELF")
				links = append(links, c.metablock(c.build, c.cyd))
			case "forged":
				links[0] = sub(t, links[0], hash("package main")["sha256"], hash("package evil")["sha256"])
				links = append(links, []byte("{}"), c.metablock(c.write, c.dan))
			case "mixed":
				links[2] = c.metablock(c.build, c.byCertificate(t))
			case "statements":
				opts.Statements = []evidence.Verified{c.statement(t, c.build, c.bob), c.statement(t, c.build, c.cyd), c.statement(t, c.pack, c.ada)}
				links = append(links[:2], links[3])
			}
			l := c.metablock(c.layout, c.owner)
			first, err := layout.Verify(l, links, opts)
			require.NoError(t, err)
			require.Equal(t, want, first.Verdict, "%v", first.Reasons)
			wanted, err := json.Marshal(first)
			require.NoError(t, err)
			rng := mathrand.New(mathrand.NewPCG(1, 2))
			runs := 200
			if name == "mixed" && !testing.Short() {
				runs = 1000
			}
			for range runs {
				shuffled, stated := shuffle(rng, links), shuffle(rng, opts.Statements)
				opts := opts
				opts.Statements = stated
				r, err := layout.Verify(l, shuffled, opts)
				require.NoError(t, err)
				got, err := json.Marshal(r)
				require.NoError(t, err)
				require.Equal(t, string(wanted), string(got))
			}
		})
	}
}

// shuffle is all in another order, and some twice.
func shuffle[T any](rng *mathrand.Rand, all []T) []T {
	out := slices.Concat(all, all[:rng.IntN(len(all)+1)])
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// byCertificate makes somebody who may build by a certificate, in cyd's place.
func (c *chain) byCertificate(t *testing.T) person {
	t.Helper()
	cert := func(template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) (*x509.Certificate, string) {
		template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		template.BasicConstraintsValid = true
		if parent == nil {
			parent = template
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
		require.NoError(t, err)
		out, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		return out, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	newKey := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		return k
	}
	rootKey, leafKey := newKey(), newKey()
	root, rootPEM := cert(&x509.Certificate{Subject: pkix.Name{CommonName: "root"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}, nil, rootKey, rootKey)
	_, leafPEM := cert(&x509.Certificate{Subject: pkix.Name{CommonName: "cyd"}, KeyUsage: x509.KeyUsageDigitalSignature}, root, leafKey, rootKey)
	who := personOf(t, leafKey)
	who.key.KeyVal.Certificate = leafPEM
	var ca in_toto.Key
	require.NoError(t, ca.LoadKeyReaderDefaults(strings.NewReader(rootPEM)))
	c.layout.RootCas = map[string]in_toto.Key{ca.KeyID: ca}
	c.layout.Steps[1].PubKeys = []string{c.bob.key.KeyID}
	c.layout.Steps[1].CertificateConstraints = []in_toto.CertificateConstraint{{CommonName: "cyd", DNSNames: []string{"*"}, Emails: []string{"*"},
		Organizations: []string{"*"}, Roots: []string{"*"}, URIs: []string{"*"}}}
	return who
}

// One functionary by key and one by certificate, of whom both must build.
// in-toto-golang's own counting says yes or no to that as the order of a map
// falls: it takes the second for authorized once the first was. Ours says no each
// time, because functionaries by certificate are not counted (see the package's
// documentation), and yes when two by key are there.
func TestInTotoCountsByTheOrderOfAMap(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	cyd := c.byCertificate(t)
	links := map[string]map[string]in_toto.Metadata{"build": {}}
	for _, p := range []person{c.bob, cyd} {
		mb := &in_toto.Metablock{Signed: c.build, Signatures: []in_toto.Signature{}}
		require.NoError(t, mb.Sign(p.key))
		links["build"][p.key.KeyID] = mb
	}
	only := c.layout
	only.Steps = only.Steps[1:2]
	roots, intermediates, err := in_toto.LoadLayoutCertificates(only, nil)
	require.NoError(t, err)
	theirs := map[bool]int{}
	for range 400 {
		_, err := in_toto.VerifyLinkSignatureThesholds(only, links, roots, intermediates)
		theirs[err == nil]++
	}
	t.Logf("in-toto-golang on one input: %d times yes, %d times no", theirs[true], theirs[false])
	require.Len(t, theirs, 2, "in-toto-golang decides alike now: the package's documentation says otherwise")

	all := [][]byte{c.metablock(c.write, c.ada), c.metablock(c.build, c.bob), c.metablock(c.build, cyd), c.metablock(c.pack, c.dan)}
	for range 20 {
		r := c.verify(all...)
		require.Equal(t, []string{"layout/threshold-unreachable"}, codes(r.Reasons))
		require.Contains(t, r.Reasons[0].Text, "by certificate are not counted")
		slices.Reverse(all)
	}
	c.layout.Steps[1].PubKeys = append(c.layout.Steps[1].PubKeys, c.cyd.key.KeyID)
	r := c.verify(append(all, c.metablock(c.build, c.cyd))...)
	require.Equal(t, release.VerdictAllow, r.Verdict, "%v", r.Reasons)
}

// A layout holds until its end, and not at it, whoever asks from wherever.
func TestExpiry(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	end := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for now, want := range map[time.Time]release.Verdict{
		end.Add(-1):                        release.VerdictAllow,
		end:                                release.VerdictHold,
		end.Add(time.Hour):                 release.VerdictHold,
		end.In(time.FixedZone("", 9*3600)): release.VerdictHold,
		end.Add(-1).In(time.FixedZone("", 9*3600)): release.VerdictAllow,
	} {
		c.now = now
		r := c.verify(c.links()...)
		require.Equal(t, want, r.Verdict, now)
		require.True(t, end.Equal(r.Until))
		require.Equal(t, want.Allowed(), !r.Record().Until.IsZero())
	}
	// An expired layout that was not followed is denied: waiting helps neither.
	c.now, c.build.Materials = end, files("src/main.go", "package evil")
	r := c.verify(c.links()...)
	require.Equal(t, release.VerdictDeny, r.Verdict)
	require.Equal(t, []string{"layout/expired", "layout/artifact-rule"}, codes(r.Reasons))
}

// A sublayout does not count, though it is signed by one who may do the step and
// its own links are there.
func TestSublayoutsDoNotCount(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	inner := newChain(t)
	inner.layout.Steps = inner.layout.Steps[:1]
	links := append(c.links()[1:], c.metablock(inner.layout, c.ada), inner.metablock(inner.write, inner.ada))
	r := c.verify(links...)
	require.Equal(t, release.VerdictHold, r.Verdict)
	require.Equal(t, []string{"layout/step-missing"}, codes(r.Reasons))
	require.ElementsMatch(t, []string{"layout/sublayout", "layout/link-unauthorized"}, codes(r.Notes))
	require.True(t, bytes.Contains([]byte(r.Reasons[0].Text), []byte("0 of 1")))
}

// What a link says of itself fits on a screen when it comes out in a note.
func TestNotesAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x\x1b", 1<<16)
	for name, f := range map[string]func(c *chain) []byte{
		"step":    func(c *chain) []byte { c.write.Name = long; return c.metablock(c.write, c.ada) },
		"command": func(c *chain) []byte { c.write.Command = []string{long}; return c.metablock(c.write, c.ada) },
		"path":    func(c *chain) []byte { c.write.Products[long] = hash("x"); return c.metablock(c.write, c.ada) },
		"path of 4,000": func(c *chain) []byte {
			c.write.Products[long[:4000]] = in_toto.HashObj{}
			return c.metablock(c.write, c.ada)
		},
		"field": func(c *chain) []byte {
			return sub(t, c.metablock(c.write, c.ada), `"_type":"link"`, `"_type":"link","`+strings.Repeat("x", 1<<16)+`":1`)
		},
		"type": func(c *chain) []byte {
			return sub(t, c.metablock(c.write, c.ada), `"_type":"link"`, `"_type":"`+strings.Repeat("x", 1<<16)+`"`)
		},
		"twice": func(c *chain) []byte {
			n := `"` + strings.Repeat("x", 1<<16) + `":1,`
			return []byte("{" + n + n + `"signed":1}`)
		},
		"statement": nil,
	} {
		c := newChain(t)
		opts, links := c.options(), [][]byte(nil)
		if f == nil {
			c.write.Name = long
			opts.Statements = []evidence.Verified{c.statement(t, c.write, c.ada)}
		} else {
			links = append(links, f(c))
		}
		r, err := layout.Verify(c.metablock(c.layout, c.owner), links, opts)
		require.NoError(t, err, name)
		require.Len(t, r.Notes, 1, name)
		require.Less(t, len(r.Notes[0].Text), 1200, name)
		require.NotContains(t, r.Notes[0].Text, "\x1b", name)
	}
}
