package enum_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

type colour uint8

var colours = enum.Table[colour]{Type: "enum_test.colour", Names: []string{"unknown", "red"}}

func TestTable(t *testing.T) {
	t.Parallel()
	require.Equal(t, "red", colours.Text(1))
	b, err := colours.Marshal(1)
	require.NoError(t, err)
	var c colour
	require.NoError(t, colours.Unmarshal(&c, b))
	require.Equal(t, colour(1), c)

	require.Equal(t, "enum_test.colour(7)", colours.Text(7))
	_, err = colours.Marshal(7)
	require.ErrorContains(t, err, "7 has no name")
	require.ErrorContains(t, colours.Unmarshal(&c, []byte("Red")), `"Red" is not one of`)
	require.Equal(t, colour(1), c, "an error changes nothing")
	_, err = colours.Parse("enum_test.colour(7)")
	require.Error(t, err)
}
