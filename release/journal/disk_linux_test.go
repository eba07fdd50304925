package journal_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// A directory stands for the names in it only on file systems that are known for it: not
// where they come from a network or from another program.
func TestTimesOfDirectories(t *testing.T) {
	t.Parallel()
	for _, other := range []string{"/proc", "/sys", "/no/such"} {
		require.False(t, journal.TimesNames(other), other)
	}
	known := map[uint32]bool{0xEF53: true, 0x58465342: true, 0x01021994: true, 0x794C7630: true}
	for _, dir := range []string{t.TempDir(), "/dev/shm"} {
		var st syscall.Statfs_t
		if _, err := os.Stat(dir); err == nil && syscall.Statfs(dir, &st) == nil && known[uint32(st.Type)] {
			require.True(t, journal.TimesNames(dir), dir)
		}
	}
}
