package risk_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// agreed is what becomes of a waiver that these two give for what eve wrote.
func agreed(t *testing.T, owner, second string, same ...[]string) risk.WaiverUse {
	cs := writtenBy(login(), humanOf("email:eve@example.com"))
	w := testWaiver(func(w *release.Waiver) { w.Owner, w.Second = humanOf(owner), humanOf(second) })
	a := mustAssess(t, risk.Input{Changes: cs, Same: same, Waivers: []release.Waiver{w}})
	require.Equal(t, a.Waivers[0].Status == risk.WaiverFollowed, a.Tier == release.TierLow)
	return a.Waivers[0]
}

// One person who writes an identity in two ways is one person, or nobody knows.
func TestOnePersonInTwoSpellings(t *testing.T) {
	t.Parallel()
	known := []string{"email:eve@example.com", "github:eve", "gitlab:eve", "key:sha256:e"}
	const several, one = "can be written in several ways", "the two are one person"
	for _, c := range []struct{ owner, second, why string }{
		{"email:ada@example.com", "email:ada(x)@example.com", several},
		{"email:ada@example.com", `email:"ada"@example.com`, several},
		{"email:ada@example.com", "email:<ada@example.com>", several},
		{"email:ada@example.com", "email:mailto:ada@example.com", several},
		{"email:ada@example.com", "email:ada@@example.com", several},
		{"email:ada@example.com", "email:ada@[127.0.0.1]", several},
		{"email:ada@example.com", "email:ada", several},
		{"email:ada@example.com", "email:ａda@example.com", several},                    // wide
		{"email:jos\u00e9@example.com", "email:jose\u0301@example.com", several},       // composed and not
		{"email:ada@ex\u00e4mple.com", "email:ada@xn--exmple-cua.com", several},        // an internationalised host
		{"email:ada@example.com", "EMAIL:Ada+x@Example.com..", one},                    // a root, twice
		{"email:ada.l@gmail.com", "email:adal+x@googlemail.com", one},                  // Google counts no dots
		{"email:A.D.A+1@GMAIL.com", "email:ada@gmail.com.", one},                       //
		{"github:ada", "github:@ada", several},                                         //
		{"github:ada", "github:ada/", several},                                         //
		{"github:ada", "github:https://github.com/ada", several},                       //
		{"gitlab:ada", "gitlab::ada", several},                                         //
		{"github:ada", "email:1+Ada@users.noreply.github.com", one},                    //
		{"key:sha256:a", "key:SHA256:A", "are the same"},                               // the same digits
		{"key:sha256:a", "key:sha256:b", "nobody can tell whether they are two"},       // two keys of one person
		{"key:sha256:a", "email:bob@example.com", "named by key and the other by ema"}, //
	} {
		for _, pair := range [][2]string{{c.owner, c.second}, {c.second, c.owner}} {
			u := agreed(t, pair[0], pair[1], known)
			require.Equal(t, risk.WaiverRefused, u.Status, "%v", pair)
			if pair[0] == c.owner {
				require.Contains(t, u.Why, c.why)
			}
		}
	}
	for _, c := range []struct {
		owner, second string
		same          [][]string
	}{
		{"email:ada.l@example.com", "email:adal@example.com", nil}, // other hosts count dots
		{"email:ada@example.com", "email:ada@example.com.org", nil},
		{"github:ada", "github:bob", [][]string{known}},
		{"email:ada@example.com", "email:1+bob@users.noreply.github.com", nil},
		{"key:sha256:a", "key:sha256:b", [][]string{{"key:sha256:a", "email:ada@example.com"}, {"email:bob@example.com", "key:sha256:B"}}},
	} {
		require.Equal(t, risk.WaiverFollowed, agreed(t, c.owner, c.second, c.same...).Status, "%v", c)
	}
}

// Who cannot be told from an author may be that author.
func TestAuthorsOfUnclearIdentity(t *testing.T) {
	t.Parallel()
	for id, clear := range map[string]bool{
		"email:eve@example.com": true, "email:7+eve[bot]@users.noreply.github.com": true,
		"email:bøb@example.com": false, `email:"bob\u200b@example.com"`: false, "email:eve@box.(none)": false, " ": false, "\x000": false, "key:sha256:e": false,
	} {
		cs := writtenBy(login(), humanOf(id))
		for _, same := range [][][]string{nil, {{"", " "}, {"email:x@example.com", "email:y@example.com"}}} {
			a := mustAssess(t, risk.Input{Changes: cs, Same: same, Waivers: []release.Waiver{testWaiver()}})
			require.Equal(t, clear, a.Tier == release.TierLow, "%q: %s", id, a.Waivers[0].Why)
		}
		if id == " " {
			continue
		}
		// The host knows better.
		a := mustAssess(t, risk.Input{Changes: cs, Same: [][]string{{id, "email:eve@example.com"}}, Waivers: []release.Waiver{testWaiver()}})
		require.Equal(t, release.TierLow, a.Tier, "%q: %s", id, a.Waivers[0].Why)
		a = mustAssess(t, risk.Input{Changes: cs, Same: [][]string{{"email:bob@example.com", "key:b"}, {id, "key:B"}}, Waivers: []release.Waiver{testWaiver()}})
		require.Equal(t, "the second person is an author of the change", a.Waivers[0].Why, "%q", id)
	}
}

// Groups that overlap are one person, in whatever order they come, and however many there are.
func TestSameIsTransitive(t *testing.T) {
	t.Parallel()
	const n = 10_000
	var same [][]string
	for i := range n {
		same = append(same, []string{fmt.Sprintf("email:p%d@example.com", i), fmt.Sprintf("email:p%d@example.com", i+1)})
	}
	for _, groups := range [][][]string{same, reversed(same), append(same[n/2:n:n], same[:n/2]...)} {
		u := agreed(t, "email:p0@example.com", fmt.Sprintf("email:P%d@example.com", n), groups...)
		require.Equal(t, "the two are one person", u.Why)
		require.Equal(t, risk.WaiverFollowed, agreed(t, "email:p0@example.com", "email:bob@example.com", groups...).Status)
	}
	require.Equal(t, risk.WaiverFollowed, agreed(t, "email:p0@example.com", fmt.Sprintf("email:p%d@example.com", n), append(same[:n/2:n/2], same[n/2+1:]...)...).Status, "a link is missing")
}
