package lockfile_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/lockfile"
)

var update = flag.Bool("update", false, "rewrite testdata/*/want.txt, to be reviewed as a diff")

// text is an inventory in lines. Hashes are cut.
func text(inv release.Inventory) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, root %s\n", inv.Source.Format, inv.Coverage, inv.Root)
	for _, c := range inv.Components {
		fmt.Fprintf(&b, "%s %s %s", c.PURL, c.Relation, c.Scope)
		if c.License != "" {
			fmt.Fprintf(&b, " %s", c.License)
		}
		if c.InstallScript {
			b.WriteString(" script")
		}
		for _, h := range strings.Fields(c.Integrity) {
			fmt.Fprintf(&b, " %.14s", h)
		}
		if c.Origin != "" {
			fmt.Fprintf(&b, " from %s", c.Origin)
		}
		b.WriteString("\n")
	}
	for _, e := range inv.Edges {
		fmt.Fprintf(&b, "%s -> %s\n", e.From, e.To)
	}
	for _, g := range inv.Gaps {
		fmt.Fprintf(&b, "gap %s\n", g)
	}
	return b.String()
}

// A file of each format, written after those that the tools write, gives what stands
// beside it.
func TestFiles(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob("testdata/*/want.txt")
	require.NoError(t, err)
	all, err := filepath.Glob("testdata/*/*")
	require.NoError(t, err)
	formats := map[string]bool{}
	for _, file := range all {
		if strings.HasSuffix(file, "want.txt") {
			continue
		}
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		inv := lockfile.Read(release.Path(filepath.Base(file)), b)
		formats[strings.Split(inv.Source.Format, "/")[0]] = true
		require.Equal(t, release.DigestOf(b), inv.Source.Digest)
		require.NotContains(t, text(inv), "hunter2")
		require.NotContains(t, text(inv), "x-oauth")
		require.NotContains(t, text(inv), "secret")
		want := filepath.Join(filepath.Dir(file), "want.txt")
		if *update {
			require.NoError(t, os.WriteFile(want, []byte(text(inv)), 0o644))
		}
		golden, err := os.ReadFile(want)
		require.NoError(t, err)
		require.Equal(t, string(golden), text(inv), file)
	}
	require.True(t, *update || len(dirs) == 13)
	require.Len(t, formats, len(lockfile.Formats()))
}
