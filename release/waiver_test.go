package release_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
)

var bob = release.Actor{Kind: release.ActorHuman, ID: "email:bob@example.com", Name: "Bob"}

func goodWaiver() release.Waiver {
	return release.Waiver{ID: "w1", Rule: "gap", Subject: "go.sum", Floor: release.TierLow, Owner: ada, Second: bob,
		Reason: "the file is empty by design", From: at, Expires: at.Add(24 * time.Hour)}
}

func goodGlass() release.BreakGlass {
	return release.BreakGlass{ID: "g1", Changes: release.DigestOf([]byte("c")), By: ada, Second: bob, Reason: "the shop is down", At: at, Expires: at.Add(time.Hour)}
}

func TestWaiverValidate(t *testing.T) {
	t.Parallel()
	w := goodWaiver()
	require.NoError(t, w.Validate())
	for name, change := range map[string]func(*release.Waiver){
		"no subject: of the whole release": func(w *release.Waiver) { w.Subject = "" },
		"a subject as findings quote it":   func(w *release.Waiver) { w.Subject = `"a\n.go" key` },
		"an override":                      func(w *release.Waiver) { w.Changes = release.DigestOf(nil) },
		"an override of the table":         func(w *release.Waiver) { w.Rule, w.Subject, w.Changes = "table", "", release.DigestOf(nil) },
		"critical, and it says so":         func(w *release.Waiver) { w.UpTo, w.Floor = release.TierCritical, release.TierHigh },
		"another zone":                     func(w *release.Waiver) { w.From = w.From.In(time.FixedZone("x", 5*3600+1800)) },
	} {
		w := goodWaiver()
		change(&w)
		require.NoError(t, w.Validate(), name)
	}
	long := strings.Repeat("x", 1<<15)
	for want, change := range map[string]func(*release.Waiver){
		"no id":                             func(w *release.Waiver) { w.ID = "" },
		"the id cannot be read":             func(w *release.Waiver) { w.ID = "w\x001" },
		"id cannot be read:  w":             func(w *release.Waiver) { w.ID = " w" },
		"the id has more":                   func(w *release.Waiver) { w.ID = long },
		"no rule":                           func(w *release.Waiver) { w.Rule = "" },
		"the rule cannot":                   func(w *release.Waiver) { w.Rule = "g\xffp" },
		"subject that no finding":           func(w *release.Waiver) { w.Subject = "a\xff" },
		"subject that no finding has":       func(w *release.Waiver) { w.Subject = "a\u202eb" },
		"subject that no finding has: it":   func(w *release.Waiver) { w.Subject = long },
		"subject that no finding has: it i": func(w *release.Waiver) { w.Subject = "a\ufffdb" },
		"the floor is unknown":              func(w *release.Waiver) { w.Floor = 0 },
		"the floor is release.Tier(77)":     func(w *release.Waiver) { w.Floor = 77 },
		"up to release.Tier(9)":             func(w *release.Waiver) { w.UpTo = 9 },
		"lowers nothing":                    func(w *release.Waiver) { w.Floor = release.TierHigh },
		"up to low and lowers":              func(w *release.Waiver) { w.UpTo = release.TierLow },
		"only for one change set":           func(w *release.Waiver) { w.Rule, w.Subject = "table", "" },
		"has no subject":                    func(w *release.Waiver) { w.Rule, w.Changes = "table", release.DigestOf(nil) },
		"owner is unknown and not human":    func(w *release.Waiver) { w.Owner = release.Actor{ID: "email:x@example.com"} },
		"owner is bot":                      func(w *release.Waiver) { w.Owner.Kind = release.ActorBot },
		"person is agent":                   func(w *release.Waiver) { w.Second.Kind = release.ActorAgent },
		"person is release.ActorKind(9)":    func(w *release.Waiver) { w.Second.Kind = 9 },
		"owner has no identity":             func(w *release.Waiver) { w.Owner.ID = "" },
		"second person has no identity":     func(w *release.Waiver) { w.Second = release.Actor{Kind: release.ActorHuman, Name: "Bob"} },
		"identity that is none":             func(w *release.Waiver) { w.Owner.ID = "ada" },
		"identity that is none: email:":     func(w *release.Waiver) { w.Owner.ID = "email:" },
		"identity that is none: \"":         func(w *release.Waiver) { w.Owner.ID = "email:a\x00@example.com" },
		"identity that is none: email:a ":   func(w *release.Waiver) { w.Owner.ID = "email:a b@example.com" },
		"too long":                          func(w *release.Waiver) { w.Owner.ID = "email:" + long },
		"are the same":                      func(w *release.Waiver) { w.Second = w.Owner },
		"second person are the same":        func(w *release.Waiver) { w.Second.ID = "Email:ADA@example.com" },
		"no reason":                         func(w *release.Waiver) { w.Reason = "" },
		"reason of more":                    func(w *release.Waiver) { w.Reason = release.Text(long) },
		"no time at which it begins":        func(w *release.Waiver) { w.From = time.Time{} },
		"no time at which it ends":          func(w *release.Waiver) { w.Expires = time.Time{} },
		"which it ends":                     func(w *release.Waiver) { w.Expires = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) },
		"at which it begins":                func(w *release.Waiver) { w.From = w.From.In(time.FixedZone("x", 7)) },
		"ends before it begins":             func(w *release.Waiver) { w.Expires = w.From },
	} {
		w := goodWaiver()
		change(&w)
		require.ErrorContains(t, w.Validate(), want)
	}
	for _, empty := range []release.Text{" ", "\x00", "\u200b\u200b", "...", "\xff\xfe", "\ufffd"} {
		w := goodWaiver()
		w.Reason = empty
		require.ErrorContains(t, w.Validate(), "no reason", "%q", empty)
	}

	err := release.Waiver{ID: "\x1b[2J" + long}.Validate()
	var invalid *release.InvalidError
	require.True(t, errors.As(err, &invalid))
	require.Equal(t, "waiver", invalid.Kind)
	require.GreaterOrEqual(t, len(invalid.Problems), 8, "all at once: %v", invalid.Problems)
	require.Less(t, len(err.Error()), 2000)
	require.NotContains(t, err.Error(), "\x1b")
	require.NotContains(t, err.Error(), "\n")
}

// Each field is part of the digest, and what Validate accepts has one.
func TestWaiverDigest(t *testing.T) {
	t.Parallel()
	w := goodWaiver()
	want, err := w.Digest()
	require.NoError(t, err)
	seen := map[release.Digest]bool{want: true}
	for name, change := range map[string]func(*release.Waiver){
		"id": func(w *release.Waiver) { w.ID = "w2" }, "rule": func(w *release.Waiver) { w.Rule = "x" }, "subject": func(w *release.Waiver) { w.Subject = "x" },
		"floor": func(w *release.Waiver) { w.Floor++ }, "up to": func(w *release.Waiver) { w.UpTo = release.TierCritical }, "changes": func(w *release.Waiver) { w.Changes[0] = 1 },
		"owner": func(w *release.Waiver) { w.Owner.ID += "x" }, "second": func(w *release.Waiver) { w.Second.Name = "x" }, "reason": func(w *release.Waiver) { w.Reason += "x" },
		"from": func(w *release.Waiver) { w.From = w.From.Add(1) }, "expires": func(w *release.Waiver) { w.Expires = w.Expires.Add(1) },
	} {
		v := goodWaiver()
		change(&v)
		require.NoError(t, v.Validate(), name)
		d, err := v.Digest()
		require.NoError(t, err)
		require.False(t, seen[d], name)
		seen[d] = true
		b, err := json.Marshal(v)
		require.NoError(t, err)
		var back release.Waiver
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, v, back)
	}
}

func TestBreakGlassValidate(t *testing.T) {
	t.Parallel()
	g := goodGlass()
	require.NoError(t, g.Validate())
	d, err := g.Digest()
	require.NoError(t, err)
	g.ID = "g2"
	e, err := g.Digest()
	require.NoError(t, err)
	require.NotEqual(t, d, e)
	for want, change := range map[string]func(*release.BreakGlass){
		"no id":                         func(g *release.BreakGlass) { g.ID = "" },
		"no change set":                 func(g *release.BreakGlass) { g.Changes = release.Digest{} },
		"asks is service":               func(g *release.BreakGlass) { g.By.Kind = release.ActorService },
		"second person has no":          func(g *release.BreakGlass) { g.Second.ID = "" },
		"are the same":                  func(g *release.BreakGlass) { g.Second = g.By },
		"no reason":                     func(g *release.BreakGlass) { g.Reason = "!" },
		"no time at which it was":       func(g *release.BreakGlass) { g.At = time.Time{} },
		"no time at which it ends":      func(g *release.BreakGlass) { g.Expires = time.Time{} },
		"ends before it was said":       func(g *release.BreakGlass) { g.Expires = g.At },
		"break-glass \"\\x00\": the id": func(g *release.BreakGlass) { g.ID = "\x00" },
	} {
		g := goodGlass()
		change(&g)
		require.ErrorContains(t, g.Validate(), want)
	}
}
