package hostile_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
)

func TestFlips(t *testing.T) {
	t.Parallel()
	text := `{"a": [1, {"b":"xy"}], "c":true}`
	all := 0
	tried, by := hostile.Flips([]byte(text), 1, func(b []byte) bool { all++; return true })
	require.Equal(t, 8*len(text), tried)
	require.Equal(t, tried, all)
	require.Equal(t, map[string]int{"/a name": 24, "/a/0": 8, "/a/1/b name": 24, "/a/1/b": 32, "/c name": 24, "/c": 32, "": 8 * (len(text) - 18)}, by)
	// The text is whole again after each.
	tried, by = hostile.Flips([]byte(text), 5, func(b []byte) bool {
		different := 0
		for i := range b {
			if b[i] != text[i] {
				different++
			}
		}
		require.Equal(t, 1, different)
		return json.Valid(b)
	})
	require.Equal(t, 8*len(text)/5+1, tried)
	require.Positive(t, by["/a name"]+by["/a/1/b"])
}
