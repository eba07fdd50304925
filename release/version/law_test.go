package version_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release/version"
)

// alphabets are the pieces that random versions of a type are made of: few, so that
// versions collide, and all that its grammar makes something of.
var alphabets = map[string][]string{
	"golang":   {"v", "go", "0", "1", "2", "10", "21", "22", ".", ".", ".", "-", "+", "rc", "beta", "rc.1", "-0", "+incompatible", "a"},
	"npm":      {"v", "0", "1", "2", "10", ".", ".", ".", "-", "+", "rc", "a", "B", "alpha.1", "1a"},
	"cargo":    {"0", "1", "2", "10", ".", ".", ".", "-", "+", "rc", "a", "B", "alpha.1", "1a"},
	"hex":      {"0", "1", "2", "10", ".", ".", ".", "-", "+", "rc", "a", "B", "alpha.1", "1a"},
	"julia":    {"0", "1", "2", "10", ".", ".", ".", "-", "+", "rc", "a", "B", "alpha.1", "1a"},
	"nuget":    {"0", "1", "2", "10", "01", ".", ".", ".", "-", "+", "rc", "RC", "a", "B", "alpha.1", "1a", "3000000000"},
	"pub":      {"0", "1", "2", "9", "10", ".", ".", ".", "-", "+", "+", "rc", "a", "B", "alpha.1", "1a"},
	"pypi":     {"0", "1", "2", "10", "01", ".", ".", "-", "_", "!", "+", "a", "b", "rc", "post", "dev", "alpha", "r", "c"},
	"gem":      {"0", "1", "2", "10", "00", ".", ".", ".", "-", "a", "b", "rc", "pre", "B", "1a"},
	"bitnami":  {"0", "1", "2", "10", ".", ".", ".", "-", "+", "a", "1a"},
	"composer": {"v", "0", "1", "2", "10", ".", ".", ".", "-", "a", "beta", "RC", "dev", "patch", "stable", "+x"},
	"deb":      {"0", "1", "2", "10", "01", ".", ".", ":", "-", "~", "+", "a", "B", "rc"},
	"rpm":      {"0", "1", "2", "10", "01", ".", ".", ":", "-", "~", "^", "+", "_", "a", "B", "el"},
	"apk":      {"0", "1", "2", "10", "01", "00", ".", ".", "a", "b", "_alpha", "_p", "_git", "_rc", "-r", "~a1", "_p1"},
	"hackage":  {"0", "1", "2", "10", "01", "00", ".", ".", "."},
	"cran":     {"0", "1", "2", "10", "01", "00", ".", "-", "."},
	"conan":    {"0", "1", "2", "10", "01", ".", ".", "-", "+", "a", "cci", "B", "1w"},
	"maven":    {"0", "1", "2", "10", "01", ".", ".", "-", "-", "a", "alpha", "b", "rc", "cr", "SNAPSHOT", "ga", "final", "sp", "foo", "x", "_", "m", "release", "bar"},
}

// types are the types of alphabets, sorted.
func types() []string {
	var out []string
	for kind := range alphabets {
		out = append(out, kind)
	}
	slices.Sort(out)
	return out
}

// drawVersion is a version that parses.
func drawVersion(t *rapid.T, kind, label string) version.Version {
	o, ok := version.Of(kind)
	require.True(t, ok)
	return rapid.Custom(func(t *rapid.T) version.Version {
		parts := rapid.SliceOfN(rapid.SampledFrom(alphabets[kind]), 0, 6).Draw(t, "parts")
		v, err := o.Parse("1" + strings.Join(parts, ""))
		if err != nil {
			v, err = o.Parse(strings.Join(parts, ""))
		}
		if err != nil {
			t.Skip("no version")
		}
		return v
	}).Draw(t, label)
}

func sign(n int) int { return max(-1, min(1, n)) }

// Each order is total: reflexive, antisymmetric, transitive, and equal versions are
// equal in all comparisons.
func TestOrdersAreTotal(t *testing.T) {
	t.Parallel()
	for _, kind := range types() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				a, b, c := drawVersion(t, kind, "a"), drawVersion(t, kind, "b"), drawVersion(t, kind, "c")
				require.Zero(t, a.Compare(a), "%s", a)
				ab, bc, ac := sign(a.Compare(b)), sign(b.Compare(c)), sign(a.Compare(c))
				require.Equal(t, -ab, sign(b.Compare(a)), "%s %s", a, b)
				switch {
				case ab == 0:
					require.Equal(t, bc, ac, "%s = %s, but not to %s", a, b, c)
				case ab == bc, bc == 0:
					require.Equal(t, ab, ac, "%s %d %s %d %s", a, ab, b, bc, c)
				}
			})
		})
	}
}

// Versions that are sorted are sorted in every pair: an order with a cycle
// anywhere among them cannot pass.
func TestSortedIsSortedInEveryPair(t *testing.T) {
	t.Parallel()
	for _, kind := range types() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o, _ := version.Of(kind)
			random := rand.New(rand.NewPCG(1, 2))
			seen := map[string]bool{}
			var all []version.Version
			for range 40_000 {
				text := []string{"", "1", "1.0", "2.1"}[random.IntN(4)]
				for range random.IntN(6) {
					text += alphabets[kind][random.IntN(len(alphabets[kind]))]
				}
				if v, err := o.Parse(text); err == nil && !seen[text] {
					seen[text] = true
					all = append(all, v)
				}
				if len(all) == 250 {
					break
				}
			}
			require.GreaterOrEqual(t, len(all), 100)
			slices.SortFunc(all, version.Version.Compare)
			for i, v := range all {
				for j, w := range all[i:] {
					if v.Compare(w) > 0 || w.Compare(v) < 0 {
						t.Fatalf("%s is sorted before %s, %d places", v, w, j)
					}
					if v.Compare(w) == 0 {
						for _, x := range all[i : i+j] {
							require.Zero(t, v.Compare(x), "%s = %s, and %s lies between", v, w, x)
						}
					}
				}
			}
		})
	}
}
