package version_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release/version"
)

// Whatever the texts are: what parses is ordered totally, and the same each time.
func FuzzOrder(f *testing.F) {
	for _, s := range [][3]string{{"1.0.0", "1.0.0-rc.1", "2"}, {"1:1.0~rc1-1", "1.0-1", "1.0+b"}, {"1.0.alpha", "1-bar", "1"}, {"1!1.0a1.post2.dev3+l.1", "1.0", "1.0.dev1"},
		{"1.0_p1-r2", "1.0.01", "1.0.1"}, {"1.22rc1", "go1.22", "v1.22.0+incompatible"}, {"1.0.pre", "1.0-1", "1.00"}, {"v1.0-RC1-dev", "1.0", "1.0.0.0-p1"}, {"cci.1", "1.a", "1-a+b"}} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for kind := range chains {
			o, _ := version.Of(kind)
			x, err := o.Parse(a)
			if err != nil {
				require.True(t, x.IsZero())
				continue
			}
			require.Zero(t, x.Compare(x))
			again, err := o.Parse(a)
			require.NoError(t, err)
			require.Zero(t, x.Compare(again))
			y, err := o.Parse(b)
			if err != nil {
				continue
			}
			xy := sign(x.Compare(y))
			require.Equal(t, -xy, sign(y.Compare(x)), "%s: %q %q", kind, a, b)
			if z, err := o.Parse(c); err == nil {
				yz, xz := sign(y.Compare(z)), sign(x.Compare(z))
				if xy == yz || yz == 0 {
					require.Equal(t, xy, xz, "%s: %q %q %q", kind, a, b, c)
				}
				if xy == 0 {
					require.Equal(t, yz, xz, "%s: %q %q %q", kind, a, b, c)
				}
			}
		}
	})
}

// No text takes long: what is longer than a version is refused unread. Not parallel:
// it measures.
func TestHostile(t *testing.T) {
	inputs := hostile.Texts()
	for _, s := range []string{"9", "1.", "1-", "a", "1a", "~", "0", "1_p", "1.a1b"} {
		text := ""
		for len(text)+len(s) <= version.MaxLength {
			text += s
		}
		inputs = append(inputs, hostile.Input{Name: "long of " + s, Text: []byte(text), Fine: true})
	}
	hostile.Check(t, inputs, func(b []byte) bool {
		text := string(b[:min(len(b), version.MaxLength+1)]) // the copy is the test's
		refused := true
		for kind := range chains {
			o, _ := version.Of(kind)
			v, err := o.Parse(text)
			if err == nil {
				refused = refused && v.Compare(v) != 0
			}
		}
		return refused
	})
}

// What a search in an advisory's ranges needs: the component parsed once, the events
// long before.
func BenchmarkVersion(b *testing.B) {
	for _, c := range [][3]string{{"golang", "v1.22.3", "1.22.4"}, {"npm", "1.22.3", "1.22.4"}, {"pypi", "1.22.3", "1.22.4rc1"}, {"maven", "1.22.3.Final", "1.22.4"}, {"deb", "1:1.22.3-1", "1:1.22.4-1"}, {"apk", "1.22.3-r1", "1.22.4-r0"}, {"rpm", "1.22.3-1.el9", "1.22.4-1.el9"}, {"gem", "1.22.3", "1.22.4.pre"}} {
		o, _ := version.Of(c[0])
		w, err := o.Parse(c[2])
		require.NoError(b, err)
		b.Run(c[0]+"/parse", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = o.Parse(c[1])
			}
		})
		v, err := o.Parse(c[1])
		require.NoError(b, err)
		b.Run(c[0]+"/compare", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if v.Compare(w) >= 0 {
					b.Fatal()
				}
			}
		})
	}
}
