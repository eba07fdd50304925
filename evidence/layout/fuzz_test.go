package layout_test

import (
	"crypto"
	"encoding/json"
	"testing"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence/layout"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/stretchr/testify/require"
)

// The order of maps inside in-toto-golang makes coverage unsteady: fuzz with
// -fuzzminimizetime=1x.

// FuzzVerify gives any bytes as a layout and as a link. Nobody signed them, so
// the layout never holds, and the link never counts.
func FuzzVerify(f *testing.F) {
	c := newFixedChain(f)
	good, links := c.metablock(c.layout, c.owner), c.links()
	f.Add(good, links[0])
	f.Add(c.envelope(c.layout, c.owner), c.envelope(c.write, c.ada))
	f.Add([]byte(`{"signed":{"_type":"layout"},"signatures":[]}`), []byte(`{"signed":{"_type":"link"},"signatures":[{"keyid":"","sig":""}]}`))
	f.Add([]byte(`{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":""}]}`), []byte(`{"payload":"","signed":{}}`))
	opts := c.options()
	f.Fuzz(func(t *testing.T, l, link []byte) {
		r, err := layout.Verify(l, [][]byte{link}, opts)
		if err != nil {
			require.NotContains(t, err.Error(), "panicked")
			require.Zero(t, r)
		} else {
			require.False(t, r.Verdict.Allowed())
			require.NotEmpty(t, r.Reasons)
			if string(l) != string(good) && len(r.Steps) > 0 {
				requireSameContent(t, good, l)
			}
		}
		// The good layout with three good links and this one: at most it was the
		// fourth, or changes nothing.
		r, err = layout.Verify(good, [][]byte{links[1], links[2], links[3], link}, opts)
		require.NoError(t, err)
		if r.Verdict.Allowed() {
			requireSameContent(t, links[0], link)
		}
	})
}

// requireSameContent requires that two metablocks, or a metablock and an
// envelope, hold the same, whatever their signatures are called.
func requireSameContent(t *testing.T, a, b []byte) {
	t.Helper()
	content := func(b []byte) string {
		var m struct {
			Signed  json.RawMessage `json:"signed"`
			Payload []byte          `json:"payload"`
		}
		require.NoError(t, json.Unmarshal(b, &m))
		if m.Signed == nil {
			m.Signed = m.Payload
		}
		var v any
		require.NoError(t, json.Unmarshal(m.Signed, &v))
		out, err := json.Marshal(v)
		require.NoError(t, err)
		return string(out)
	}
	require.Equal(t, content(a), content(b))
}

// FuzzSigned gives any layout and any link, and signs both: now everything
// behind the signatures is reached. The result is the same in any order of the
// links, and never a panic.
func FuzzSigned(f *testing.F) {
	c := newFixedChain(f)
	ada := c.ada
	add := func(l in_toto.Layout, k in_toto.Link) {
		a, err := json.Marshal(l)
		require.NoError(f, err)
		b, err := json.Marshal(k)
		require.NoError(f, err)
		f.Add(a, b)
	}
	for _, rules := range [][][]string{{{"ALLOW", "*"}}, {{"CREATE", "src/*"}, {"DISALLOW", "*"}}, {{"REQUIRE", "a"}, {"MODIFY", "[a-z]"}, {"DELETE", "x?"}},
		{{"MATCH", "*", "IN", "a", "WITH", "MATERIALS", "IN", "b", "FROM", "write"}}, {{}}, {{"DISALLOW", "["}}} {
		l := c.layout
		l.Steps = l.Steps[:1:1]
		l.Steps[0].ExpectedProducts = rules
		l.Keys = map[string]in_toto.Key{ada.key.KeyID: ada.public()}
		l.Steps[0].PubKeys = []string{ada.key.KeyID}
		add(l, c.write)
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var l in_toto.Layout
		var k in_toto.Link
		if json.Unmarshal(a, &l) != nil || json.Unmarshal(b, &k) != nil {
			return
		}
		sign := func(v any, who person) []byte {
			mb := &in_toto.Metablock{Signed: v}
			if mb.Sign(who.key) != nil {
				return nil
			}
			out, err := json.Marshal(mb)
			require.NoError(t, err)
			return out
		}
		ls, ks := sign(l, c.owner), sign(k, ada)
		if ls == nil || ks == nil {
			return
		}
		opts := layout.Options{Owners: []crypto.PublicKey{c.owner.pub}, Now: c.now, Products: c.products}
		r, err := layout.Verify(ls, [][]byte{ks, []byte("{}")}, opts)
		again, err2 := layout.Verify(ls, [][]byte{[]byte("{}"), ks, ks}, opts)
		require.Equal(t, err == nil, err2 == nil)
		require.Equal(t, r, again)
		if err != nil {
			require.NotContains(t, err.Error(), "panicked")
			return
		}
		require.NotEqual(t, release.VerdictUnknown, r.Verdict)
		require.NotEmpty(t, r.Reasons)
		if r.Verdict.Allowed() {
			require.Equal(t, hash("TAR")["sha256"], k.Products["app.tar"]["sha256"])
			require.Empty(t, l.Inspect)
			require.True(t, c.now.Before(r.Until))
			require.False(t, r.Until.IsZero() || r.Until.After(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)))
		}
	})
}
