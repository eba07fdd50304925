package lifecycle_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/lifecycle"
)

var update = flag.Bool("update", false, "rewrite testdata/outdated.golden.json")

// What is said of the two files in testdata stays the same.
func TestGolden(t *testing.T) {
	t.Parallel()
	dates := lifecycle.Join(
		lifecycle.Read("dates.json", []byte(read(t, "dates.json"))),
		lifecycle.ReadGoList("golist.json", []byte(read(t, "golist.json")), lifecycle.GoList{Collected: collected, Upgrades: true}),
	)
	part := dates.Outdated(inventory("pkg:npm/left-pad@1.1.0", "pkg:npm/left-pad@1.4.0", "pkg:npm/left-pad@2.0.0-rc.1", "pkg:npm/right-pad@1.0.0", "pkg:npm/left-pad@0.9.0",
		"pkg:golang/example.com/behind@v1.2.0", "pkg:golang/example.com/newest@v0.5.0", "pkg:golang/example.com/retracted@v1.0.0", "pkg:golang/example.com/fork@v1.0.0"), asOf, lifecycle.Options{})
	got, err := json.MarshalIndent(part, "", "  ")
	require.NoError(t, err)
	const name = "testdata/outdated.golden.json"
	if *update {
		require.NoError(t, os.WriteFile(name, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got)+"\n")
}
