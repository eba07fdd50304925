package sallyport_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var textBlock = regexp.MustCompile("(?s)```text\n(.*?)```")

// What the README shows of an output is an example's, and that one is a test.
func TestReadmeShowsOutputsOfExamples(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	files, err := filepath.Glob("risk/*example*_test.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var examples strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		examples.WriteString(strings.ReplaceAll(string(text), "\t// ", ""))
	}
	blocks := textBlock.FindAllSubmatch(readme, -1)
	require.Len(t, blocks, 1)
	require.Contains(t, examples.String(), "Output:\n"+string(blocks[0][1])+"}")
	require.Contains(t, strings.Join(strings.Fields(string(readme)), " "), "split auth/login.go and 2 other files out, and the rest is low")
	require.Contains(t, examples.String(), "split auth/login.go and 2 other files out, and the rest is low")
}
