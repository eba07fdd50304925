package layout_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence/layout"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/stretchr/testify/require"
)

func TestAllowsThreeSteps(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	r := c.verify(c.links()...)
	require.Equal(t, release.VerdictAllow, r.Verdict, "%v", r.Reasons)
	require.Equal(t, []string{"layout/met"}, codes(r.Reasons))
	require.Empty(t, r.Notes)
	require.Equal(t, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), r.Until)
	require.Len(t, r.Steps, 3)
	require.Equal(t, []release.Digest{c.ada.digest(t)}, r.Steps[0].By)
	both := []release.Digest{c.bob.digest(t), c.cyd.digest(t)}
	slices.SortFunc(both, release.Digest.Compare)
	require.Equal(t, layout.Step{Name: "build", Threshold: 2, By: both, Links: r.Steps[1].Links, Met: true}, r.Steps[1])

	rec := r.Record()
	require.Equal(t, release.VerdictAllow, rec.Verdict)
	require.Equal(t, r.Layout, rec.Policy)
	require.Len(t, rec.Used, 4)
	require.Equal(t, r.Until, rec.Until)
}

func TestAllowsEnvelopesAndEveryKindOfKey(t *testing.T) {
	t.Parallel()
	for _, owner := range []string{"ed25519", "p256", "p384", "rsa"} {
		t.Run(owner, func(t *testing.T) {
			t.Parallel()
			c := newChain(t)
			c.owner = newPerson(t, owner)
			r, err := layout.Verify(c.envelope(c.layout, c.owner), [][]byte{c.envelope(c.write, c.ada), c.envelope(c.build, c.bob),
				c.envelope(c.build, c.cyd), c.metablock(c.pack, c.dan)}, c.options())
			require.NoError(t, err)
			require.Equal(t, release.VerdictAllow, r.Verdict, "%v", r.Reasons)
		})
	}
}

// in-toto-golang writes line feeds unescaped into the strings of an envelope's
// payload, so a layout with a PEM key in it is no JSON, and it cannot read it
// back either. Its links, and its layouts with Ed25519 keys alone, can be read.
func TestAllowsEnvelopesByInToto(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	c.bob, c.cyd = newPerson(t, "ed25519"), newPerson(t, "ed25519")
	c.layout.Keys = map[string]in_toto.Key{}
	for _, p := range []person{c.ada, c.bob, c.cyd, c.dan} {
		c.layout.Keys[p.key.KeyID] = p.public()
	}
	c.layout.Steps[1].PubKeys = []string{c.bob.key.KeyID, c.cyd.key.KeyID}
	write := func(v any, who person) []byte {
		e := &in_toto.Envelope{}
		require.NoError(t, e.SetPayload(v))
		require.NoError(t, e.Sign(who.key))
		file := filepath.Join(t.TempDir(), "e")
		require.NoError(t, e.Dump(file))
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		return b
	}
	r, err := layout.Verify(write(c.layout, c.owner), [][]byte{write(c.write, c.ada), write(c.build, c.bob),
		write(c.build, c.cyd), write(c.pack, c.dan)}, c.options())
	require.NoError(t, err)
	require.Equal(t, release.VerdictAllow, r.Verdict, "%v", r.Reasons)
}

func TestOneLinkSignedByTwo(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	r := c.verify(c.metablock(c.write, c.ada), c.metablock(c.build, c.bob, c.cyd), c.metablock(c.pack, c.dan))
	require.Equal(t, release.VerdictAllow, r.Verdict, "%v", r.Reasons)

	r = c.verify(c.metablock(c.build, c.bob, c.bob), c.metablock(c.build, c.bob))
	require.Equal(t, []release.Digest{c.bob.digest(t)}, r.Steps[1].By, "a key counts once, however often it signs")
	require.False(t, r.Steps[1].Met)
}

// sub replaces old by new once in the bytes of a file.
func sub(t *testing.T, b []byte, old, new string) []byte {
	t.Helper()
	require.Contains(t, string(b), old)
	return bytes.Replace(b, []byte(old), []byte(new), 1)
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	hold, deny := release.VerdictHold, release.VerdictDeny
	tests := []struct {
		name    string
		links   func(t *testing.T, c *chain) [][]byte // changes c, gives the links
		verdict release.Verdict
		reasons []string
		notes   []string
	}{
		{"no links", func(t *testing.T, c *chain) [][]byte { return nil }, hold,
			[]string{"layout/step-missing", "layout/step-missing", "layout/step-missing"}, nil},
		{"expired", func(t *testing.T, c *chain) [][]byte {
			c.now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
			return c.links()
		}, hold, []string{"layout/expired"}, nil},
		{"missing step", func(t *testing.T, c *chain) [][]byte { return c.links()[1:] }, hold, []string{"layout/step-missing"}, nil},
		{"threshold not reached", func(t *testing.T, c *chain) [][]byte { return slices.Delete(c.links(), 1, 2) }, hold,
			[]string{"layout/step-missing"}, nil},
		{"the same link twice", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			l[2] = l[1]
			return l
		}, hold, []string{"layout/step-missing"}, nil},
		{"the same key signs two links", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			l[2] = c.metablock(c.build, c.bob) // another signature, another digest
			return l
		}, hold, []string{"layout/step-missing"}, nil},
		{"the same key under two ids", func(t *testing.T, c *chain) [][]byte {
			again := c.bob
			again.key.KeyID = strings.Repeat("ab", 32)
			c.layout.Keys[again.key.KeyID] = again.public()
			c.layout.Steps[1].PubKeys = append(c.layout.Steps[1].PubKeys, again.key.KeyID)
			return [][]byte{c.metablock(c.write, c.ada), c.metablock(c.build, c.bob), c.metablock(c.build, again), c.metablock(c.pack, c.dan)}
		}, hold, []string{"layout/step-missing"}, nil},
		{"only one key in two ids may do it", func(t *testing.T, c *chain) [][]byte {
			again := c.bob
			again.key.KeyID = strings.Repeat("ab", 32)
			c.layout.Keys[again.key.KeyID] = again.public()
			c.layout.Steps[1].PubKeys = []string{c.bob.key.KeyID, again.key.KeyID}
			return [][]byte{c.metablock(c.write, c.ada), c.metablock(c.build, c.bob), c.metablock(c.build, again), c.metablock(c.pack, c.dan)}
		}, deny, []string{"layout/threshold-unreachable"}, nil},
		{"material changed between steps", func(t *testing.T, c *chain) [][]byte {
			c.build.Materials = files("src/main.go", "package evil")
			return c.links()
		}, deny, []string{"layout/artifact-rule"}, nil},
		{"product that no rule allows", func(t *testing.T, c *chain) [][]byte {
			c.pack.Products["backdoor"] = hash("x")
			return c.links()
		}, deny, []string{"layout/artifact-rule"}, nil},
		{"links of a step disagree", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			c.build.Products["app"] = hash("other ELF")
			l[2] = c.metablock(c.build, c.cyd)
			return l
		}, deny, []string{"layout/links-disagree"}, nil},
		{"one signer says two things", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			c.write.Products = files("src/main.go", "package evil")
			return append(l, c.metablock(c.write, c.ada))
		}, deny, []string{"layout/links-disagree"}, nil},
		{"another product", func(t *testing.T, c *chain) [][]byte {
			c.products = map[string]release.Digest{"app.tar": release.DigestOf([]byte("another TAR"))}
			return c.links()
		}, deny, []string{"layout/product"}, nil},
		{"the right digest under another name", func(t *testing.T, c *chain) [][]byte {
			c.products = map[string]release.Digest{"app2.tar": release.DigestOf([]byte("TAR"))}
			return c.links()
		}, deny, []string{"layout/product"}, nil},
		{"unsigned link", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			l[0] = c.metablock(c.write)
			return l
		}, hold, []string{"layout/step-missing"}, []string{"layout/link-unauthorized"}},
		{"link signed by someone else", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			l[0] = c.metablock(c.write, c.dan)
			return l
		}, hold, []string{"layout/step-missing"}, []string{"layout/link-unauthorized"}},
		{"link signed by the owner", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			l[0] = c.metablock(c.write, c.owner)
			return l
		}, hold, []string{"layout/step-missing"}, []string{"layout/link-unauthorized"}},
		{"link for another step", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			c.write.Name = "build" // ada may not build
			l[0] = c.metablock(c.write, c.ada)
			return l
		}, hold, []string{"layout/step-missing"}, []string{"layout/link-unauthorized"}},
		{"link for a step that is not there", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			c.write.Name = "review"
			l[0] = c.metablock(c.write, c.ada)
			return l
		}, hold, []string{"layout/step-missing"}, []string{"layout/link-of-no-step"}},
		{"signature without a key id", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			c.ada.key.KeyID = ""
			l[0] = c.metablock(c.write, c.ada)
			return l
		}, hold, []string{"layout/step-missing"}, []string{"layout/link-unauthorized"}},
		{"tampered link", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			l[0] = sub(t, l[0], hash("package main")["sha256"], hash("package evil")["sha256"])
			return l
		}, deny, []string{"layout/step-forged"}, []string{"layout/link-forged"}},
		{"signature under another's key id", func(t *testing.T, c *chain) [][]byte {
			mallory := newPerson(t, "ed25519")
			mallory.key.KeyID = c.ada.key.KeyID
			l := c.links()
			l[0] = c.metablock(c.write, mallory)
			return l
		}, deny, []string{"layout/step-forged"}, []string{"layout/link-forged"}},
		{"artifacts without digests", func(t *testing.T, c *chain) [][]byte {
			c.write.Products["src/main.go"] = in_toto.HashObj{}
			c.build.Materials["src/main.go"] = in_toto.HashObj{} // equal to the above
			return c.links()
		}, hold, []string{"layout/step-missing", "layout/step-missing"},
			[]string{"layout/link-invalid", "layout/link-invalid", "layout/link-invalid"}},
		{"artifacts by MD5", func(t *testing.T, c *chain) [][]byte {
			md5 := in_toto.HashObj{"md5": "d41d8cd98f00b204e9800998ecf8427e"}
			c.write.Products["src/main.go"], c.build.Materials["src/main.go"] = md5, md5
			return c.links()
		}, hold, []string{"layout/step-missing", "layout/step-missing"},
			[]string{"layout/link-invalid", "layout/link-invalid", "layout/link-invalid"}},
		{"two paths that are one", func(t *testing.T, c *chain) [][]byte {
			c.write.Products["./src/main.go"] = hash("package evil")
			return c.links()
		}, hold, []string{"layout/step-missing"}, []string{"layout/link-invalid"}},
		{"a layout in the place of a link", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			l[0] = c.metablock(c.layout, c.ada)
			return l
		}, hold, []string{"layout/step-missing"}, []string{"layout/sublayout"}},
		{"not a link at all", func(t *testing.T, c *chain) [][]byte {
			l := c.links()
			l[0] = []byte(`{"signed":{"_type":"link"`)
			return l
		}, hold, []string{"layout/step-missing"}, []string{"layout/link-unreadable"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newChain(t)
			links := tt.links(t, c)
			r := c.verify(links...)
			require.Equal(t, tt.verdict, r.Verdict, "%v %v", r.Reasons, r.Notes)
			require.Equal(t, tt.reasons, codes(r.Reasons), "%v", r.Reasons)
			require.Equal(t, tt.notes, codes(r.Notes), "%v", r.Notes)
			require.True(t, r.Record().Until.IsZero(), "only an allow has an end")
		})
	}
}

func TestNamesTheBrokenRule(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	c.build.Materials = files("src/main.go", "package evil")
	r := c.verify(c.links()...)
	require.Equal(t, "build", r.Reasons[0].Subject)
	require.Equal(t, `the materials break the rule "DISALLOW *"`, r.Reasons[0].Text)
	c = newChain(t)
	c.layout.Steps[2].ExpectedProducts = [][]string{{"ALLOW", "app"}, {"REQUIRE", "app.tar"}, {"REQUIRE", "app.sig"}, {"ALLOW", "*"}}
	r = c.verify(c.links()...)
	require.Equal(t, `the products break the rule "REQUIRE app.sig"`, r.Reasons[0].Text)
}

// A forged link is worth nothing, in both directions: beside enough good ones
// it changes nothing.
func TestForgedLinkBesideGoodOnes(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	l := c.links()
	forged := sub(t, l[0], hash("package main")["sha256"], hash("package evil")["sha256"])
	r := c.verify(append(l, forged, []byte("junk"))...)
	require.Equal(t, release.VerdictAllow, r.Verdict, "%v", r.Reasons)
	require.ElementsMatch(t, []string{"layout/link-forged", "layout/link-unreadable"}, codes(r.Notes))
}

func TestPeopleWithTwoKeys(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	opts := c.options()
	l := c.metablock(c.layout, c.owner)
	opts.People = map[release.Digest]string{c.bob.digest(t): "bob", c.cyd.digest(t): "bob"}
	r, err := layout.Verify(l, c.links(), opts)
	require.NoError(t, err)
	require.Equal(t, []string{"layout/threshold-unreachable"}, codes(r.Reasons))
	require.Equal(t, release.VerdictDeny, r.Verdict)

	opts.People = map[release.Digest]string{c.bob.digest(t): "bob", c.cyd.digest(t): "cyd"}
	r, err = layout.Verify(l, c.links(), opts)
	require.NoError(t, err)
	require.Equal(t, release.VerdictAllow, r.Verdict)

	// A person whose name is the text of a key is not that key.
	opts.People = map[release.Digest]string{c.bob.digest(t): "key " + c.cyd.digest(t).String()}
	r, err = layout.Verify(l, c.links(), opts)
	require.NoError(t, err)
	require.Equal(t, release.VerdictAllow, r.Verdict)
}

func TestOwners(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	second, stranger := newPerson(t, "ed25519"), newPerson(t, "p256")
	borrowed := newPerson(t, "p256")
	borrowed.key.KeyID = c.owner.key.KeyID
	good := c.metablock(c.layout, c.owner)
	tests := []struct {
		name   string
		layout []byte
		owners []crypto.PublicKey
	}{
		{"signed by a stranger", c.metablock(c.layout, stranger), []crypto.PublicKey{c.owner.pub}},
		{"signed by a functionary", c.metablock(c.layout, c.ada), []crypto.PublicKey{c.owner.pub}},
		{"signed under the owner's key id", c.metablock(c.layout, borrowed), []crypto.PublicKey{c.owner.pub}},
		{"not signed", c.metablock(c.layout), []crypto.PublicKey{c.owner.pub}},
		{"signed by one of two", good, []crypto.PublicKey{c.owner.pub, second.pub}},
		{"tampered", sub(t, good, `"threshold":2`, `"threshold":1`), []crypto.PublicKey{c.owner.pub}},
		{"tampered envelope", sub(t, c.envelope(c.layout, c.owner), `"payload":"`, `"payload":"ICAg`), []crypto.PublicKey{c.owner.pub}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			opts := c.options()
			opts.Owners = tt.owners
			r, err := layout.Verify(tt.layout, c.links(), opts)
			require.NoError(t, err)
			require.Equal(t, release.VerdictDeny, r.Verdict)
			require.Equal(t, []string{"layout/owner-signature"}, codes(r.Reasons))
			require.Empty(t, r.Steps)
			require.True(t, r.Until.IsZero(), "what nobody signed has no end")
		})
	}
	t.Run("both of two", func(t *testing.T) {
		t.Parallel()
		opts := c.options()
		opts.Owners = []crypto.PublicKey{c.owner.pub, second.pub}
		r, err := layout.Verify(c.metablock(c.layout, second, c.owner), c.links(), opts)
		require.NoError(t, err)
		require.Equal(t, release.VerdictAllow, r.Verdict)
	})
}

func TestInspectionsAreNeverRun(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	marker := filepath.Join(t.TempDir(), "marker")
	c.layout.Inspect = []in_toto.Inspection{{Type: "inspection", Run: []string{"touch", marker},
		SupplyChainItem: in_toto.SupplyChainItem{Name: "look", ExpectedMaterials: [][]string{}, ExpectedProducts: [][]string{{"ALLOW", "*"}}}}}
	r := c.verify(c.links()...)
	require.Equal(t, release.VerdictHold, r.Verdict)
	require.Equal(t, []string{"layout/inspection-not-run"}, codes(r.Reasons))
	require.Equal(t, "look", r.Reasons[0].Subject)
	require.NoError(t, exec.Command("touch", marker+".control").Run())
	require.FileExists(t, marker+".control", "the command works where it is run")
	require.True(t, r.Steps[2].Met, "the rest is checked")
	for _, links := range [][][]byte{nil, c.links()[1:], c.links()} {
		c.verify(links...)
		require.NoFileExists(t, marker)
	}
	c.build.Materials = files("src/main.go", "package evil")
	require.Equal(t, release.VerdictDeny, c.verify(c.links()...).Verdict, "deny outweighs hold")
}

func TestParameters(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	c.layout.Steps[2].ExpectedProducts = [][]string{{"DISALLOW", "{FORBIDDEN}"}, {"ALLOW", "*"}}
	l := c.metablock(c.layout, c.owner)
	opts := c.options()
	_, err := layout.Verify(l, c.links(), opts)
	require.ErrorContains(t, err, "parameter {FORBIDDEN} is not given")
	opts.Parameters = map[string]string{"FORBIDDEN": "*.exe"}
	r, err := layout.Verify(l, c.links(), opts)
	require.NoError(t, err)
	require.Equal(t, release.VerdictAllow, r.Verdict)
	opts.Parameters = map[string]string{"FORBIDDEN": "*.tar"}
	r, err = layout.Verify(l, c.links(), opts)
	require.NoError(t, err)
	require.Equal(t, release.VerdictDeny, r.Verdict)
	opts.Parameters = map[string]string{"FORBIDDEN": "[", "x}": "y"}
	_, err = layout.Verify(l, c.links(), opts)
	require.Error(t, err)
}

// Whoever signs them, such layouts prove less than they seem to.
func TestLayoutsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	rule := func(r ...string) func(*in_toto.Layout) {
		return func(l *in_toto.Layout) { l.Steps[0].ExpectedProducts = [][]string{r} }
	}
	tests := []struct {
		name   string
		change func(*in_toto.Layout)
		want   string
	}{
		{"no steps", func(l *in_toto.Layout) { l.Steps = nil }, "no steps"},
		{"threshold 0", func(l *in_toto.Layout) { l.Steps[0].Threshold = 0 }, "threshold 0"},
		{"threshold -1", func(l *in_toto.Layout) { l.Steps[0].Threshold = -1 }, "threshold -1"},
		{"two steps of one name", func(l *in_toto.Layout) { l.Steps[1].Name = "write" }, "non unique"},
		{"no name", func(l *in_toto.Layout) { l.Steps[1].Name = "" }, "name cannot be empty"},
		{"unprintable name", func(l *in_toto.Layout) { l.Steps[1].Name = "a\x1b[2J" }, "cannot be printed"},
		{"unknown key", func(l *in_toto.Layout) { l.Steps[0].PubKeys = []string{"abcd"} }, "not among the layout's keys"},
		{"key twice", func(l *in_toto.Layout) { l.Steps[0].PubKeys = slices.Repeat(l.Steps[0].PubKeys, 2) }, "stands twice"},
		{"bad expiry", func(l *in_toto.Layout) { l.Expires = "tomorrow" }, "expiry"},
		{"empty rule", func(l *in_toto.Layout) { l.Steps[0].ExpectedProducts = [][]string{{}} }, "empty rule"},
		{"unknown rule", rule("PERMIT", "*"), "Wrong rule format"},
		{"pattern that cannot match", rule("DISALLOW", "[*"), "class"},
		{"pattern cut in two by cleaning", rule("DISALLOW", "[a/../[]"), "class"},
		{"empty pattern", rule("DISALLOW", ""), "empty"},
		{"file that no clean path names", rule("REQUIRE", "./a"), "clean path"},
		{"pattern that leaves its folder", rule("MATCH", "../*", "IN", "src", "WITH", "PRODUCTS", "FROM", "write"), "not below"},
		{"pattern outside its folder", rule("MATCH", "/etc/*", "IN", "src", "WITH", "PRODUCTS", "FROM", "write"), "not below"},
		{"match against what is no side", rule("MATCH", "*", "WITH", "STUFF", "FROM", "write"), "neither materials nor products"},
		{"match against no step", rule("MATCH", "*", "WITH", "PRODUCTS", "FROM", "wirte"), `no step "wirte"`},
		{"key under another id", func(l *in_toto.Layout) {
			for id, k := range l.Keys {
				k.KeyID = "abcd"
				l.Keys[id] = k
			}
		}, "invalid key"},
		{"key of another type", func(l *in_toto.Layout) {
			for id, k := range l.Keys {
				k.KeyType, k.Scheme = "rsa", "rsassa-pss-sha256"
				l.Keys[id] = k
			}
		}, "key"},
		{"key that is no key", func(l *in_toto.Layout) {
			for id, k := range l.Keys {
				k.KeyVal.Public = "00"
				l.Keys[id] = k
			}
		}, "key"},
		{"too many rules", func(l *in_toto.Layout) {
			l.Steps[0].ExpectedProducts = slices.Repeat([][]string{{"ALLOW", "*"}}, 200)
		}, "200 rules"},
		{"too many steps", func(l *in_toto.Layout) { l.Steps = slices.Repeat(l.Steps[:1], 300) }, "300 steps"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newChain(t)
			links := c.links()
			tt.change(&c.layout)
			r, err := layout.Verify(c.metablock(c.layout, c.owner), links, c.options())
			require.ErrorContains(t, err, tt.want)
			require.Zero(t, r)
		})
	}
}

func TestFilesThatTwoReadersReadInTwoWays(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	good := c.metablock(c.layout, c.owner)
	plain, err := json.Marshal(c.layout)
	require.NoError(t, err)
	twice := json.RawMessage(sub(t, plain, `"_type":"layout"`, `"_type":"layout","expires":"2099-01-01T00:00:00Z"`))
	tests := []struct {
		name string
		b    []byte
		want string
	}{
		{"duplicate member in an envelope", c.envelope(twice, c.owner), "twice"},
		{"duplicate member", sub(t, good, `"_type":"layout"`, `"_type":"layout","expires":"2099-01-01T00:00:00Z"`), "twice"},
		{"another case", sub(t, good, `"expires":`, `"Expires":`), "case"},
		{"unknown member", sub(t, good, `"_type":"layout"`, `"_type":"layout","extra":1`), "unknown field"},
		{"something follows", append(slices.Clone(good), '{'), "follows"},
		{"both kinds at once", sub(t, good, `"signed":`, `"payload":"","payloadType":"","signed":`), "neither"},
		{"another payload type", sub(t, c.envelope(c.layout, c.owner), "vnd.in-toto+json", "vnd.in-toto2+json"), "payload type"},
		{"a link", c.metablock(c.write, c.owner), "not a layout"},
		{"empty", nil, "ends"},
		{"an array", []byte("[]"), "object"},
		{"too deep", []byte(strings.Repeat("[", 5000)), "deeper"},
		{"too long", bytes.Repeat([]byte(" "), 5<<20), "bytes are more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := layout.Verify(tt.b, c.links(), c.options())
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestOptionsAreRequired(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	l := c.metablock(c.layout, c.owner)
	_, err := layout.Verify(l, c.links(), layout.Options{})
	for _, want := range []string{"no owners", "no time", "no products"} {
		require.ErrorContains(t, err, want)
	}
	tests := []struct {
		name   string
		change func(*layout.Options)
		want   string
	}{
		{"weak owner", func(o *layout.Options) { o.Owners = []crypto.PublicKey{newPerson(t, "p224").pub} }, "P-256"},
		{"nil owner", func(o *layout.Options) { o.Owners = []crypto.PublicKey{nil} }, "owner 1"},
		{"nil ECDSA owner", func(o *layout.Options) { o.Owners = []crypto.PublicKey{(*ecdsa.PublicKey)(nil)} }, "owner 1"},
		{"nil RSA owner", func(o *layout.Options) { o.Owners = []crypto.PublicKey{(*rsa.PublicKey)(nil)} }, "owner 1"},
		{"short owner", func(o *layout.Options) { o.Owners = []crypto.PublicKey{ed25519.PublicKey("short")} }, "bytes"},
		{"private owner", func(o *layout.Options) { o.Owners = []crypto.PublicKey{ed25519.NewKeyFromSeed(make([]byte, 32))} }, "ed25519.PrivateKey"},
		{"product without digest", func(o *layout.Options) { o.Products = map[string]release.Digest{"a": {}} }, "no digest"},
		{"product path", func(o *layout.Options) { o.Products = map[string]release.Digest{"./a": {1}} }, "clean path"},
		{"nameless person", func(o *layout.Options) { o.People = map[release.Digest]string{{1}: ""} }, "without a name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := c.options()
			tt.change(&opts)
			_, err := layout.Verify(l, c.links(), opts)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// Deleting links never turns a no into a yes, except a link with which an
// authorized signer contradicts another.
func TestFewerLinksNeverHelp(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	links := append(c.links(), c.metablock(c.write, c.dan), []byte("junk"))
	l, opts := c.metablock(c.layout, c.owner), c.options()
	allowed := map[string]bool{}
	for mask := range 1 << len(links) {
		var some [][]byte
		good := 0
		for i := range links {
			if mask&(1<<i) != 0 {
				some = append(some, links[i])
				if i < 4 {
					good++
				}
			}
		}
		r, err := layout.Verify(l, some, opts)
		require.NoError(t, err)
		require.Equal(t, good == 4, r.Verdict.Allowed(), "mask %b", mask)
		allowed[fmt.Sprint(r.Verdict)] = true
	}
	require.Equal(t, map[string]bool{"allow": true, "hold": true}, allowed)
}

func TestTooManyLinks(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	_, err := layout.Verify(c.metablock(c.layout, c.owner), make([][]byte, 5000), c.options())
	require.ErrorContains(t, err, "5000 links")
}

// One flipped bit anywhere in a link or a layout never makes a yes of another
// content: what is still accepted has the same payload, and differs in a key id
// or in how something unsigned is written.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	l, links, opts := c.envelope(c.layout, c.owner), c.links(), c.options()
	links[3] = c.envelope(c.pack, c.dan)
	payload := func(b []byte) string {
		var e dsse.Envelope
		require.NoError(t, json.Unmarshal(b, &e))
		p, err := e.DecodeB64Payload()
		require.NoError(t, err)
		return string(p)
	}
	step := 101
	if testing.Short() {
		step = 331
	}
	flip := func(good []byte, verify func(b []byte) (layout.Result, error)) (accepted int) {
		for i := 0; i < len(good)*8; i += step {
			b := slices.Clone(good)
			b[i/8] ^= 1 << (i % 8)
			if r, err := verify(b); err == nil && r.Verdict.Allowed() {
				accepted++
				require.Equal(t, payload(good), payload(b), "bit %d", i)
				require.Greater(t, i/8, bytes.Index(good, []byte(`"signatures"`)), "bit %d", i)
			}
		}
		return accepted
	}
	n := flip(links[3], func(b []byte) (layout.Result, error) {
		return layout.Verify(l, [][]byte{links[0], links[1], links[2], b}, opts)
	})
	require.Less(t, n, 64*8/step, "more is accepted than a key id has bits")
	flip(l, func(b []byte) (layout.Result, error) { return layout.Verify(b, links, opts) })
}
