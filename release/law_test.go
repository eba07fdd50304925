package release_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
)

// All values of a byte, those without a name too: the laws hold for what a bug or
// a newer version puts there.
func allBytes(yield func(uint8)) {
	for i := range 256 {
		yield(uint8(i))
	}
}

func TestVerdictLaws(t *testing.T) {
	t.Parallel()
	allBytes(func(a uint8) {
		v := release.Verdict(a)
		require.Equal(t, v == release.VerdictAllow, v.Allowed())
		require.Equal(t, release.VerdictUnknown, v.And(release.VerdictUnknown), "unknown absorbs")
		if v <= release.VerdictAllow {
			require.Equal(t, v, v.And(v), "idempotent")
			require.Equal(t, v, v.And(release.VerdictAllow), "allow adds nothing")
		}
		allBytes(func(b uint8) {
			w := release.Verdict(b)
			if v.And(w) != w.And(v) {
				t.Fatalf("not commutative: %v, %v", v, w)
			}
			if v.And(w).Allowed() != (v.Allowed() && w.Allowed()) {
				t.Fatalf("%v and %v is %v", v, w, v.And(w))
			}
			for _, x := range []release.Verdict{0, 1, 2, 3, 4, 255} {
				if v.And(w).And(x) != v.And(w.And(x)) {
					t.Fatalf("not associative: %v, %v, %v", v, w, x)
				}
			}
		})
	})
	require.Equal(t, release.VerdictDeny, release.VerdictDeny.And(release.VerdictHold), "waiting does not help")
}

func TestTierLaws(t *testing.T) {
	t.Parallel()
	allBytes(func(a uint8) {
		v := release.Tier(a)
		e := v.Effective()
		require.True(t, e >= release.TierLow && e <= release.TierCritical)
		require.Equal(t, e, e.Effective())
		require.Equal(t, e, v.Raise(v))
		require.Equal(t, e, v.Raise(release.TierLow), "low adds nothing")
		require.Equal(t, release.TierCritical, v.Raise(release.TierUnknown), "unknown absorbs")
		require.Equal(t, release.TierCritical, v.Raise(release.TierCritical))
		allBytes(func(b uint8) {
			w := release.Tier(b)
			up := v.Raise(w)
			if up != w.Raise(v) || up < e || up < w.Effective() || (up != e && up != w.Effective()) {
				t.Fatalf("%v raised to %v is %v", v, w, up)
			}
			for _, x := range []release.Tier{0, 1, 2, 3, 4, 5, 255} {
				if up.Raise(x) != v.Raise(w.Raise(x)) {
					t.Fatalf("not associative: %v, %v, %v", v, w, x)
				}
			}
		})
	})
}
