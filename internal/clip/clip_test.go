package clip_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/clip"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{"", 0, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc..."}, {"aü", 2, "a..."}, {"a\xff", 2, "a\xff"}, {"\xffab", 2, "a..."}, {"a", 0, "..."},
	} {
		require.Equal(t, c.want, clip.Text(c.in, c.most), "%q", c.in)
	}
}
