//go:build !race

package journal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Every record is sealed when it is appended and when it is read. Not parallel: it counts
// what is allocated, of which the race detector adds some.
func TestSealAllocatesAtMostOnce(t *testing.T) {
	for size, want := range map[int]float64{0: 0, 400: 0, 4000: 1, 1 << 20: 1} {
		e := journal.Entry{Actor: "a", Kind: "k", Reason: "r", Data: make([]byte, size)}
		n := testing.AllocsPerRun(100, func() { journal.Seal(journal.Head{Stream: "s"}, e) })
		require.Equal(t, want, n, "%d bytes of data", size)
	}
}
