package stricttoml_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stricttoml"
)

// What is accepted is what the library reads, and what is refused is refused with a
// place, or by a limit or for its case alone.
func FuzzUnmarshal(f *testing.F) {
	for _, s := range []string{"", "name='a'", "a.b.c=[{x=1}]", "[[package]]\nname=\"\"\"x\"\"\"\"\"\n", "x=[1,\n#]\n2]", "Name=1", "[a]\n[a]", "x='''\r\n'''", "\"\\u0041\"=1979-05-27"} {
		f.Add(s)
	}
	small := stricttoml.Limits{Package: "test", Bytes: 4 << 10, Lines: 100, Depth: 8}
	f.Fuzz(func(t *testing.T, s string) {
		var got, want map[string]any
		err := stricttoml.Unmarshal([]byte(s), &got, small)
		theirs := toml.Unmarshal([]byte(s), &want)
		if err == nil {
			require.NoError(t, theirs)
			require.Equal(t, len(want), len(got))
			require.LessOrEqual(t, depth(got), small.Depth+1)
		} else {
			at, ok := errors.AsType[*stricttoml.SyntaxError](err)
			require.True(t, ok)
			require.Positive(t, at.Line)
			require.Positive(t, at.Column)
			require.True(t, theirs != nil || at.TooLarge || strings.Contains(at.Reason, "UTF-8"), "%v", err)
		}
		var st file
		if stricttoml.Unmarshal([]byte(s), &st, small) == nil {
			require.NoError(t, toml.Unmarshal([]byte(s), &st))
		}
	})
}

func depth(v any) int {
	most := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			most = max(most, depth(e))
		}
		return most + 1
	case []any:
		for _, e := range v {
			most = max(most, depth(e))
		}
		return most + 1
	}
	return 0
}
