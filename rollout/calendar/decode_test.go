package calendar_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

// What encoding/json would pass over in silence would open what was meant to be closed.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no freezes by that name": `{"zone":"UTC","freeze":[{"name":"x","from":"2026-12-20T00:00","to":"2027-01-04T00:00"}]}`,
		"another case":            `{"zone":"UTC","Freezes":[]}`,
		"twice":                   `{"zone":"UTC","freezes":[{"name":"x","from":"2026-12-20T00:00","to":"2027-01-04T00:00"}],"freezes":[]}`,
		"twice, within":           `{"zone":"UTC","open":[{"days":"mon","days":"mon-fri","from":"09:00","to":"17:00"}]}`,
		"unknown, within":         `{"zone":"UTC","open":[{"days":"mon","from":"09:00","to":"17:00","except":"public holidays"}]}`,
		"null, within":            `{"zone":"UTC","freezes":null}`,
		"a null freeze":           `{"zone":"UTC","freezes":[null]}`,
		"no days by that name":    `{"zone":"UTC","open":[{"days":"weekdays","from":"09:00","to":"17:00"}]}`,
		"days as a list":          `{"zone":"UTC","open":[{"days":["mon"],"from":"09:00","to":"17:00"}]}`,
		"a number":                `{"zone":"UTC","open":[{"days":"mon","from":9,"to":17}]}`,
		"a list":                  `[]`,
		"null":                    `null`,
		"lone surrogate":          `{"zone":"UTC","freezes":[{"name":"\ud800","from":"2026-12-20T00:00","to":"2027-01-04T00:00"}]}`,
		"many":                    `{"zone":"UTC","freezes":[` + strings.Repeat("{},", calendar.MaxFreezes) + `{}]}`,
		"long":                    `{"zone":"` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		was := calendar.Calendar{Zone: "Europe/Berlin"}
		c := was
		require.Error(t, json.Unmarshal([]byte(text), &c), name)
		require.Equal(t, was, c, name)
		var plan struct {
			Calendar calendar.Calendar `json:"calendar"`
		}
		require.Error(t, json.Unmarshal([]byte(`{"calendar":`+text+`}`), &plan), name)
	}
	var plan struct {
		Calendar *calendar.Calendar `json:"calendar,omitempty"`
	}
	require.NoError(t, json.Unmarshal([]byte(`{"calendar":{"zone":"UTC","freezes":[]}}`), &plan))
	require.NoError(t, plan.Calendar.Validate())
}
