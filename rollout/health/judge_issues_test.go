package health_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
	"github.com/sallyport-dev/sallyport/rollout/health/kayenta"
)

// judgeIssues are the five cases whose series people have published because the judge
// let them pass, or might. The figures are from the issues. Series of whole values
// count as errors.
var judgeIssues = []struct {
	judgeCase
	judge         kayenta.Class
	usual, strict health.Kind // with tolerance 1.2 at alpha .01, with none at .05
}{
	{judgeCase{Name: "spinnaker/kayenta#426", Direction: "increase", // an error or two, against none
		Canary: []float64{0, 1, 2, 1, 0, 0}, Control: []float64{0, 0, 0, 0, 0, 0}},
		kayenta.ClassPass, health.KindUndecided, health.KindUndecided},
	{judgeCase{Name: "spinnaker/kayenta#799", Direction: "increase", // errors in each minute, against none
		Canary: []float64{1, 4, 2, 3, 1}, Control: []float64{0, 0, 0, 0, 0}},
		kayenta.ClassHigh, health.KindUndecided, health.KindRegressed},
	{judgeCase{Name: "spinnaker/kayenta#799, as stored", Direction: "increase", // the same, with minutes that have no value
		Canary:  []float64{1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0},
		Control: make([]float64, 25)},
		kayenta.ClassPass, health.KindUndecided, health.KindRegressed},
	{judgeCase{Name: "spinnaker/kayenta#780", Direction: "either", // two series of quite other shapes
		Canary:  []float64{10, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 17, 17.1, 17.2, 17.3, 17.4, 17.5, 17.6, 17.7},
		Control: []float64{1, 100, 4, 101, 5, 102, 6, 103, 7, 104, 8, 105, 9, 106, 17}},
		kayenta.ClassPass, health.KindUndecided, health.KindUndecided},
	{judgeCase{Name: "spinnaker/spinnaker#6278", Direction: "increase", // seven of ten values a hundred times as high
		Canary:  []float64{100, 100, 100, 100, 100, 100, 100, 1, 1, 1},
		Control: []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		kayenta.ClassPass, health.KindRegressed, health.KindRegressed},
}

// None of them is healthy: two verdicts are not enough where the evidence is neither.
func TestJudgeIssues(t *testing.T) {
	t.Parallel()
	require.Len(t, judgeIssues, 5)
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nissue\tjudge\talpha .01, tolerance 1.2\talpha .05, tolerance 1\te\texact p")
	for _, issue := range judgeIssues {
		c := issue.judgeCase
		c.Allowed, c.Measure = [2]float64{1, 1}, "meanRatio"
		direction, err := kayenta.ParseDirection(c.Direction)
		require.NoError(t, err)
		class := kayenta.Judge{}.Classify(kayenta.Metric{Name: "m", Direction: direction}, c.Canary, c.Control).Class

		usual := c.policy()
		strict := c.policy()
		strict.Alpha = 0.05
		for i := range strict.Metrics {
			strict.Metrics[i].Tolerance = 1
		}
		a, b := c.judge(t, usual), c.judge(t, strict)
		exact := "-"
		if c.counts() {
			exact = fmt.Sprintf("%.3g", c.exact())
		}
		fmt.Fprintf(w, "%s\t%v\t%v\t%v\t%.3g\t%s\n", c.Name, class, a.Kind, b.Kind, math.Exp(b.LogE), exact)
		require.NotEqual(t, health.KindHealthy, a.Kind, c.Name)
		require.NotEqual(t, health.KindHealthy, b.Kind, c.Name)
		require.Equal(t, issue.judge, class, c.Name)
		require.Equal(t, issue.usual, a.Kind, c.Name)
		require.Equal(t, issue.strict, b.Kind, c.Name)
	}
	require.NoError(t, w.Flush())
	t.Log(table.String())
}
