package kayenta_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/rollout/health/kayenta"
)

// judged is one of the judge's own cases.
type judged struct {
	Name       string     `json:"name"`
	Experiment []float64  `json:"experiment"`
	Control    []float64  `json:"control"`
	Tolerance  float64    `json:"tolerance"`
	Confidence float64    `json:"confLevel"`
	Allowed    [2]float64 `json:"effectSize"` // decrease, increase
	Limits     [2]float64 `json:"criticalThresholds"`
	Measure    string     `json:"measure"`
	Direction  string     `json:"direction"`
	NaN        string     `json:"nan"`
	Critical   bool       `json:"critical"`
	Required   bool       `json:"required"`
	Want       *string    `json:"want"` // null: only a reason is asked for
	WantFail   *bool      `json:"wantCritical"`
}

func (c judged) metric(t *testing.T) kayenta.Metric {
	direction, err := kayenta.ParseDirection(c.Direction)
	require.NoError(t, err)
	effect, err := kayenta.ParseEffect(c.Measure)
	require.NoError(t, err)
	require.Contains(t, []string{"remove", "replace"}, c.NaN)
	return kayenta.Metric{
		Name: c.Name, Direction: direction, Effect: effect, ReplaceNaN: c.NaN == "replace",
		Critical: c.Critical, MustHaveData: c.Required,
		AllowedDecrease: c.Allowed[0], AllowedIncrease: c.Allowed[1],
		CriticalDecrease: c.Limits[0], CriticalIncrease: c.Limits[1],
	}
}

// All 34 cases of the judge's own suite come out as there.
func TestJudgesOwnCases(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(realdata.Path(t, "rollout/kayenta_classifier_cases.json"))
	require.NoError(t, err)
	var cases []judged
	require.NoError(t, json.Unmarshal(b, &cases))
	require.Len(t, cases, 34)
	agree := 0
	for _, c := range cases {
		j := kayenta.Judge{Tolerance: c.Tolerance, Confidence: c.Confidence}
		r := j.Classify(c.metric(t), c.Experiment, c.Control)
		ok := true
		if c.Want != nil {
			ok = r.Class.String() == *c.Want
		} else {
			ok = r.Reason != ""
		}
		if c.WantFail != nil {
			ok = ok && r.Critical == *c.WantFail
		}
		if ok {
			agree++
		} else {
			t.Errorf("%s: %v, critical %v (%s, %+v)", c.Name, r.Class, r.Critical, r.Reason, r.Shift)
		}
	}
	t.Logf("%d of %d cases agree", agree, len(cases))
}
