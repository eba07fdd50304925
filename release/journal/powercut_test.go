package journal_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/syncack"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// TestPowerCut cuts the power at random moments of what strace saw [TestAckWriter] do:
// of what was not flushed some is there, some is not, and some is torn. All that was
// acknowledged is there, and no image is taken for a damaged journal.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	h, report := syncack.Cut(t, "TestAckWriter", syncack.Rules{})
	require.Equal(t, ackCount, report.Acks)
	n := 40
	if *long {
		n = 3000
	}
	h.Each(t, n, func(folder string, acked int) {
		// Each compaction was acknowledged too.
		appends := acked - acked/(compactEvery+1)
		j, err := journal.Open(filepath.Join(folder, name), &small)
		require.NoError(t, err)
		defer j.Close()
		head, err := journal.Base(t.Context(), j, "s")
		require.NoError(t, err)
		head, err = journal.Verify(head, j.Load(t.Context(), "s", head.Seq))
		require.NoError(t, err)
		require.GreaterOrEqual(t, int(head.Seq), appends, "acknowledged records are lost")
		require.NoError(t, appendTo(j, "s", head.Seq, "more"))
	})
}
