package lockfile_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/lockfile"
)

// Each format with 2,000 packages that need three others each.
func BenchmarkRead(b *testing.B) {
	ps := make([]pack, 2000)
	for i := range ps {
		ps[i] = pack{name: fmt.Sprintf("package%d", i), version: "1.2.3", needs: []int{(i + 1) % 2000, (i + 7) % 2000, (i + 50) % 2000}}
	}
	for i, k := range kinds {
		b.Run(fmt.Sprint(i, " ", k.file), func(b *testing.B) {
			text := []byte(k.write(ps))
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				require.Len(b, lockfile.Read(release.Path(k.file), text).Components, len(ps))
			}
		})
	}
}
