package hostile_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
)

// TestPeakCountsWhatIsHeld: garbage in any amount is not what a parser holds at once,
// and what it holds is seen both ways.
func TestPeakCountsWhatIsHeld(t *testing.T) {
	var sink []byte
	garbage := func([]byte) bool {
		for range 400 {
			sink = make([]byte, 1<<20)
		}
		return true
	}
	holds := func([]byte) bool {
		var all [][]byte
		for range 100 {
			sink = make([]byte, 1<<20)
			all = append(all, sink)
		}
		time.Sleep(20 * time.Millisecond) // samples see it, and not the last lines of a loop
		runtime.KeepAlive(all)
		return true
	}
	for _, collect := range []bool{false, true} {
		require.Greater(t, hostile.Peak(nil, holds, collect), uint64(90<<20))
	}
	require.Less(t, min(hostile.Peak(nil, garbage, false), hostile.Peak(nil, garbage, true)), uint64(hostile.MaxBytes))
}
