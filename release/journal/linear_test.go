package journal_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	linearity "github.com/sallyport-dev/sallyport/internal/linear"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Appends, reads, claims, renewals and releases of many callers at once are those of a
// journal that does one thing at a time.
func TestMemoryIsLinear(t *testing.T) {
	t.Parallel()
	linearity.Test(t, &linearity.Options{Patience: time.Millisecond}, new(journal.Memory))
}

func TestFileIsLinear(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		f, err := journal.Open(filepath.Join(t.TempDir(), name), nil)
		require.NoError(t, err)
		defer f.Close()
		linearity.Test(t, &linearity.Options{Seed: seed, Patience: 3 * time.Millisecond}, f)
	}
}
