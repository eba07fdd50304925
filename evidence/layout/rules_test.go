package layout_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/layout"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/stretchr/testify/require"
)

// What rules mean, by the in-toto specification v1.0, section 4.3.3: the rules of
// a side are applied in order to a queue of its artifacts, a rule takes what it
// matches out of the queue, and DISALLOW fails for what is left and matches.
func TestRules(t *testing.T) {
	t.Parallel()
	type rules = [][]string
	none := in_toto.HashObj{"md5": strings.Repeat("0", 32)}
	tests := []struct {
		name      string
		first     map[string]in_toto.HashObj // products of the step before
		in, out   map[string]in_toto.HashObj // of the step
		materials rules
		products  rules
		want      string // code of the reason; empty for allow
	}{
		{"ALLOW before DISALLOW", nil, nil, files("a", "1"), nil, rules{{"ALLOW", "a"}, {"DISALLOW", "*"}}, ""},
		{"DISALLOW before ALLOW", nil, nil, files("a", "1"), nil, rules{{"DISALLOW", "*"}, {"ALLOW", "a"}}, "layout/artifact-rule"},
		{"no rules allow all", nil, nil, files("a", "1"), nil, nil, ""},
		{"ALLOW takes only what it matches", nil, nil, files("a", "1", "b", "2"), nil, rules{{"ALLOW", "a"}, {"DISALLOW", "*"}}, "layout/artifact-rule"},
		{"REQUIRE there", nil, nil, files("a", "1"), nil, rules{{"REQUIRE", "a"}, {"ALLOW", "*"}}, ""},
		{"REQUIRE missing", nil, nil, files("b", "1"), nil, rules{{"REQUIRE", "a"}, {"ALLOW", "*"}}, "layout/artifact-rule"},
		{"REQUIRE after it is taken", nil, nil, files("a", "1"), nil, rules{{"ALLOW", "a"}, {"REQUIRE", "a"}}, "layout/artifact-rule"},
		{"REQUIRE takes nothing", nil, nil, files("a", "1"), nil, rules{{"REQUIRE", "a"}, {"DISALLOW", "*"}}, "layout/artifact-rule"},
		{"CREATE what is new", nil, files("b", "1"), files("a", "1"), nil, rules{{"CREATE", "a"}, {"DISALLOW", "*"}}, ""},
		{"CREATE what was there", nil, files("a", "1"), files("a", "1"), nil, rules{{"CREATE", "a"}, {"DISALLOW", "*"}}, "layout/artifact-rule"},
		{"MODIFY what changed", nil, files("a", "1"), files("a", "2"), nil, rules{{"MODIFY", "a"}, {"DISALLOW", "*"}}, ""},
		{"MODIFY what stayed", nil, files("a", "1"), files("a", "1"), nil, rules{{"MODIFY", "a"}, {"DISALLOW", "*"}}, "layout/artifact-rule"},
		{"MODIFY what is new", nil, nil, files("a", "1"), nil, rules{{"MODIFY", "a"}, {"DISALLOW", "*"}}, "layout/artifact-rule"},
		{"DELETE what is gone", nil, files("a", "1"), nil, rules{{"DELETE", "a"}, {"DISALLOW", "*"}}, nil, ""},
		{"DELETE what stayed", nil, files("a", "1"), files("a", "1"), rules{{"DELETE", "a"}, {"DISALLOW", "*"}}, nil, "layout/artifact-rule"},
		{"keywords in any case", nil, nil, files("a", "1"), nil, rules{{"allow", "a"}, {"Disallow", "*"}}, ""},
		{"* matches /", nil, nil, files("x/y/z", "1"), nil, rules{{"DISALLOW", "x*"}}, "layout/artifact-rule"},
		{"patterns know case", nil, nil, files("A", "1"), nil, rules{{"ALLOW", "a"}, {"DISALLOW", "*"}}, "layout/artifact-rule"},
		{"./a is a", files("a", "1"), files("./a", "1"), nil, rules{{"MATCH", "a", "WITH", "PRODUCTS", "FROM", "first"}, {"DISALLOW", "*"}}, nil, ""},
		{"a backslash is no slash", files("d/a", "1"), files(`d\a`, "1"), nil, rules{{"MATCH", "d/*", "WITH", "PRODUCTS", "FROM", "first"}, {"DISALLOW", "*"}}, nil, "layout/artifact-rule"},
		{"é is not e and an accent", files("\u00e9", "1"), files("e\u0301", "1"), nil, rules{{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "first"}, {"DISALLOW", "*"}}, nil, "layout/artifact-rule"},
		{"MATCH", files("a", "1"), files("a", "1"), nil, rules{{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "first"}, {"DISALLOW", "*"}}, nil, ""},
		{"MATCH another content", files("a", "1"), files("a", "2"), nil, rules{{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "first"}, {"DISALLOW", "*"}}, nil, "layout/artifact-rule"},
		{"MATCH the wrong side", files("a", "1"), files("a", "1"), nil, rules{{"MATCH", "*", "WITH", "MATERIALS", "FROM", "first"}, {"DISALLOW", "*"}}, nil, "layout/artifact-rule"},
		{"MATCH without any digest but MD5", map[string]in_toto.HashObj{"a": none}, map[string]in_toto.HashObj{"a": none}, nil,
			rules{{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "first"}, {"DISALLOW", "*"}}, nil, "layout/step-missing"},
		{"MATCH a digest that is too short", map[string]in_toto.HashObj{"a": {"sha256": "ab"}}, map[string]in_toto.HashObj{"a": {"sha256": "ab"}}, nil,
			rules{{"MATCH", "*", "WITH", "PRODUCTS", "FROM", "first"}, {"DISALLOW", "*"}}, nil, "layout/step-missing"},
		{"MATCH IN", files("dist/a", "1"), files("src/a", "1"), nil, rules{{"MATCH", "*", "IN", "src", "WITH", "PRODUCTS", "IN", "dist", "FROM", "first"}, {"DISALLOW", "*"}}, nil, ""},
		{"MATCH IN with slashes", files("dist/a", "1"), files("src/a", "1"), nil, rules{{"MATCH", "*", "IN", "./src/", "WITH", "PRODUCTS", "IN", "dist/", "FROM", "first"}, {"DISALLOW", "*"}}, nil, ""},
		{"MATCH IN the source alone", files("a", "1"), files("src/a", "1"), nil, rules{{"MATCH", "a", "IN", "src", "WITH", "PRODUCTS", "FROM", "first"}, {"DISALLOW", "*"}}, nil, ""},
		{"MATCH IN the destination alone", files("dist/a", "1"), files("a", "1"), nil, rules{{"MATCH", "a", "WITH", "PRODUCTS", "IN", "dist", "FROM", "first"}, {"DISALLOW", "*"}}, nil, ""},
		{"MATCH IN takes nothing from elsewhere", files("dist/a", "1"), files("a", "1"), nil, rules{{"MATCH", "*", "IN", "src", "WITH", "PRODUCTS", "IN", "dist", "FROM", "first"}, {"DISALLOW", "*"}}, nil, "layout/artifact-rule"},
		{"MATCH IN takes nothing from a folder of a longer name", files("dist/a", "1"), files("src2/a", "1"), nil, rules{{"MATCH", "*", "IN", "src", "WITH", "PRODUCTS", "IN", "dist", "FROM", "first"}, {"DISALLOW", "*"}}, nil, "layout/artifact-rule"},
		{"MATCH IN finds nothing outside the destination", files("a", "1"), files("src/a", "1"), nil, rules{{"MATCH", "*", "IN", "src", "WITH", "PRODUCTS", "IN", "dist", "FROM", "first"}, {"DISALLOW", "*"}}, nil, "layout/artifact-rule"},
		{"MATCH IN is left by no ..", files("a", "1"), files("../a", "1"), nil, rules{{"MATCH", "*", "WITH", "PRODUCTS", "IN", "dist", "FROM", "first"}, {"DISALLOW", "*"}}, nil, "layout/artifact-rule"},
		{"MATCH IN is left by no absolute path", files("dist/etc/a", "1"), files("/etc/a", "1"), nil, rules{{"MATCH", "*", "WITH", "PRODUCTS", "IN", "dist", "FROM", "first"}, {"DISALLOW", "*"}}, nil, "layout/artifact-rule"},
		{"MATCH IN a folder with a pattern's characters", files("dist/a", "1"), files("s/a", "1"), nil, rules{{"MATCH", "*", "IN", "[rs]", "WITH", "PRODUCTS", "IN", "dist", "FROM", "first"}, {"DISALLOW", "*"}}, nil, "layout/artifact-rule"},
		{"MATCH IN a folder of a pattern's characters", files("dist/a", "1"), files("[rs]*/a", "1"), nil, rules{{"MATCH", "*", "IN", "[rs]*", "WITH", "PRODUCTS", "IN", "dist", "FROM", "first"}, {"DISALLOW", "*"}}, nil, ""},
		{"MATCH IN the folder itself", files("a", "1"), files("a", "1"), nil, rules{{"MATCH", "*", "IN", ".", "WITH", "PRODUCTS", "IN", ".", "FROM", "first"}, {"DISALLOW", "*"}}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newChain(t)
			step := func(name string, materials, products rules, who person) in_toto.Step {
				return in_toto.Step{Type: "step", Threshold: 1, PubKeys: []string{who.key.KeyID},
					SupplyChainItem: in_toto.SupplyChainItem{Name: name, ExpectedMaterials: materials, ExpectedProducts: products}}
			}
			c.layout.Steps = []in_toto.Step{step("first", nil, nil, c.ada), step("second", tt.materials, tt.products, c.bob), step("last", nil, nil, c.dan)}
			r := c.verify(c.metablock(link("first", nil, tt.first), c.ada), c.metablock(link("second", tt.in, tt.out), c.bob),
				c.metablock(link("last", nil, files("app.tar", "TAR")), c.dan))
			if tt.want == "" {
				require.Equal(t, release.VerdictAllow, r.Verdict, "%v", r.Reasons)
				return
			}
			require.False(t, r.Verdict.Allowed())
			require.Contains(t, codes(r.Reasons), tt.want, "%v", r.Reasons)
		})
	}
}

// A parameter's value is put in once, into the token where it stands; it makes no
// new tokens and names no other parameter.
func TestParametersDoNotNest(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	c.layout.Steps[2].ExpectedProducts = [][]string{{"ALLOW", "{WHAT}"}, {"DISALLOW", "*"}}
	l := c.metablock(c.layout, c.owner)
	for value, allowed := range map[string]bool{"app*": true, "app": false, "app*\", \"x": false, "app FROM write": false} {
		opts := c.options()
		opts.Parameters = map[string]string{"WHAT": value}
		r, err := layout.Verify(l, c.links(), opts)
		require.NoError(t, err)
		require.Equal(t, allowed, r.Verdict.Allowed(), value)
	}
	opts := c.options()
	opts.Parameters = map[string]string{"WHAT": "{OTHER}", "OTHER": "*"}
	_, err := layout.Verify(l, c.links(), opts)
	require.ErrorContains(t, err, "{OTHER} is not given")
}

// Keys that no signature can be checked with are refused, not used.
func TestBrokenOwners(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	n := new(big.Int).SetBit(big.NewInt(1), 2047, 1)
	//lint:ignore SA1019 a broken key is what is wanted
	off := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	for name, pub := range map[string]crypto.PublicKey{
		"no point":            &ecdsa.PublicKey{Curve: elliptic.P256()},
		"point off the curve": off,
		"exponent 1":          &rsa.PublicKey{N: n, E: 1},
		"even exponent":       &rsa.PublicKey{N: n, E: 4},
	} {
		opts := c.options()
		opts.Owners = append(opts.Owners, pub)
		_, err := layout.Verify(c.metablock(c.layout, c.owner), c.links(), opts)
		require.ErrorContains(t, err, "owner 2", name)
		_, err = evidence.KeyDigest(pub)
		require.Error(t, err, name)
	}
}

func TestOwnerOnP521(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	c.owner = newPerson(t, "p521")
	r, err := layout.Verify(c.envelope(c.layout, c.owner), c.links(), c.options())
	require.NoError(t, err)
	require.Equal(t, release.VerdictAllow, r.Verdict, "%v", r.Reasons)
}
