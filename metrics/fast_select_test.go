package metrics_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/metrics"
)

// selectSame compares the values at the ranks with those of sorting.
func selectSame(t require.TestingT, values []int64, ranks []int32) {
	sorted, got := slices.Sorted(slices.Values(values)), slices.Clone(values)
	metrics.SelectRanks(got, ranks)
	for _, k := range ranks {
		require.Equal(t, sorted[k], got[k], "rank %d of %v", k, values)
	}
	slices.Sort(got)
	require.Equal(t, sorted, got, "the values are the same ones")
}

func TestSelectRanks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		r := rand.New(rand.NewPCG(seed, 1))
		values := make([]int64, 1+r.IntN(500))
		spread := int64(1 + r.IntN(400))
		for i := range values {
			values[i] = r.Int64N(spread) - spread/2
		}
		switch r.IntN(4) {
		case 0:
			slices.Sort(values)
		case 1:
			slices.Sort(values)
			slices.Reverse(values)
		}
		var ranks []int32
		for range r.IntN(9) {
			ranks = append(ranks, int32(r.IntN(len(values))))
		}
		slices.Sort(ranks)
		selectSame(t, values, slices.Compact(ranks))
	})
	selectSame(t, nil, nil)
	selectSame(t, slices.Repeat([]int64{7}, 10_000), []int32{0, 5000, 9999})
}

// TestSelectRanksIsNotQuadratic sets values so that each pivot is among the least
// of what is left: it must come back nevertheless.
func TestSelectRanksIsNotQuadratic(t *testing.T) {
	t.Parallel()
	const n = 200_000
	values := make([]int64, n)
	for i := range values {
		values[i] = int64(i ^ i>>3)
		if i%(n/8) < 4 {
			values[i] = int64(-i)
		}
	}
	selectSame(t, values, []int32{n / 2, n - 1})
}

func FuzzSelectRanks(f *testing.F) {
	f.Add([]byte{3, 1, 2, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 3}, uint16(1), uint16(2))
	f.Fuzz(func(t *testing.T, b []byte, i, j uint16) {
		var values []int64
		for k := 0; k < len(b); k++ {
			var x [8]byte
			x[0] = b[k]
			if b[k] > 200 {
				copy(x[:], b[k:])
			}
			values = append(values, int64(binary.LittleEndian.Uint64(x[:])))
		}
		if len(values) == 0 {
			return
		}
		ranks := []int32{int32(int(i) % len(values)), int32(int(j) % len(values))}
		slices.Sort(ranks)
		selectSame(t, values, slices.Compact(ranks))
	})
}
