package faulty_test

import (
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
)

// Names that were changed since the directory was synced are lost from some change on:
// never one without those before it.
func TestNamesAreLostInOrder(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for seed := range uint64(60) {
		d := faulty.NewDisk()
		d.Put("old", []byte("1"))
		require.NoError(t, d.SyncDir())
		f, err := d.Create("new")
		require.NoError(t, err)
		_, err = d.Create("new")
		require.ErrorIs(t, err, fs.ErrExist)
		require.True(t, f.Is("new"))
		require.NoError(t, d.Rename("new", "old"))
		require.True(t, f.Is("old"))
		require.NoError(t, d.Remove("old"))
		require.ErrorIs(t, d.Remove("old"), fs.ErrNotExist)
		require.ErrorIs(t, d.Rename("old", "new"), fs.ErrNotExist)
		require.Empty(t, d.Names())
		d.PowerCut(rand.New(rand.NewPCG(seed, 1)))
		state := ""
		for _, n := range d.Names() {
			state += n + "=" + string(d.Bytes(n)) + " "
		}
		seen[state] = true
	}
	require.Equal(t, map[string]bool{"old=1 ": true, "new= old=1 ": true, "old= ": true, "": true}, seen)
}
