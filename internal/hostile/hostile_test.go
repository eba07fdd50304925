package hostile_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// The strict reader that the module's parsers stand on.
func TestStrictJSON(t *testing.T) {
	limits := strictjson.Limits{Package: "test", Bytes: 16 << 20, Depth: 100, Names: 1 << 18, Elements: 1 << 17}
	hostile.Check(t, hostile.Texts(), func(b []byte) bool {
		var v struct {
			A json.RawMessage `json:"a"`
		}
		err := strictjson.Unmarshal(b, &v, limits)
		var syntax *strictjson.SyntaxError
		require.True(t, err == nil || errors.As(err, &syntax), "%v", err)
		return err != nil
	})
}
