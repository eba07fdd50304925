package kayenta_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health/kayenta"
)

// part is a metric that is made to come out as a class.
type part struct {
	class    kayenta.Class
	group    string
	critical bool
}

// judgeOf is a judge with the weights, and the series that give each part its class.
func judgeOf(weights map[string]float64, parts ...part) (kayenta.Judge, []kayenta.Series) {
	j := kayenta.Judge{GroupWeights: weights, Pass: 95, Marginal: 75}
	var series []kayenta.Series
	low, high := []float64{1, 2, 3, 4, 5, 6, 7, 8}, []float64{91, 92, 93, 94, 95, 96, 97, 98}
	for i, p := range parts {
		m := kayenta.Metric{Name: fmt.Sprint("metric ", i), Critical: p.critical, MustHaveData: p.class == kayenta.ClassNodataFailMetric}
		if p.group != "" {
			m.Groups = []string{p.group}
		}
		s := kayenta.Series{Metric: m.Name, Canary: low, Control: low}
		switch p.class {
		case kayenta.ClassHigh:
			s.Canary = high
		case kayenta.ClassLow:
			s.Control = high
		case kayenta.ClassNodata, kayenta.ClassNodataFailMetric:
			s.Canary = nil
		case kayenta.ClassError:
			s.Canary, s.Control = []float64{7}, []float64{3}
		}
		j.Metrics, series = append(j.Metrics, m), append(series, s)
	}
	return j, series
}

// The first thirteen are the cases of Kayenta's ScorerSuite, with its scores.
func TestScore(t *testing.T) {
	t.Parallel()
	const pass, high, low, nodata = kayenta.ClassPass, kayenta.ClassHigh, kayenta.ClassLow, kayenta.ClassNodata
	for _, test := range []struct {
		name    string
		weights map[string]float64
		parts   []part
		want    float64
		outcome kayenta.Outcome
	}{
		{"one passes", nil, []part{{pass, "a", false}}, 100, kayenta.OutcomePass},
		{"one is high", nil, []part{{high, "a", false}}, 0, kayenta.OutcomeFail},
		{"one without data", nil, []part{{nodata, "a", false}}, 0, kayenta.OutcomeFail},
		{"a group without data counts as whole", nil,
			[]part{{pass, "a", false}, {pass, "a", false}, {nodata, "b", false}}, 100, kayenta.OutcomePass},
		{"half of a group", nil, []part{{pass, "a", false}, {high, "a", false}}, 50, kayenta.OutcomeFail},
		{"a third of a group", nil, []part{{pass, "a", false}, {high, "a", false}, {low, "a", false}}, 33.33, kayenta.OutcomeFail},
		{"weights", map[string]float64{"a": 75, "b": 25},
			[]part{{pass, "a", false}, {pass, "a", false}, {high, "b", false}}, 75, kayenta.OutcomeMarginal},
		{"equal weights", map[string]float64{"a": 50, "b": 50},
			[]part{{pass, "a", false}, {high, "a", false}, {high, "b", false}}, 25, kayenta.OutcomeFail},
		{"equal weights, one without data", map[string]float64{"a": 50, "b": 50},
			[]part{{pass, "a", false}, {nodata, "a", false}, {high, "b", false}}, 50, kayenta.OutcomeFail},
		{"a critical one fails", nil, []part{{pass, "a", false}, {high, "a", true}}, 0, kayenta.OutcomeFail},
		{"a critical one passes", nil, []part{{low, "a", false}, {pass, "a", true}}, 50, kayenta.OutcomeFail},
		{"a critical one without data", nil, []part{{pass, "a", false}, {nodata, "a", true}}, 0, kayenta.OutcomeFail},
		{"unequal weights", map[string]float64{"a": 15, "b": 85},
			[]part{{high, "a", false}, {low, "a", false}, {pass, "a", false}, {high, "b", false}}, 5, kayenta.OutcomeFail},

		{"the rest of the weights is shared", map[string]float64{"a": 40},
			[]part{{high, "a", false}, {pass, "b", false}, {high, "c", false}}, 30, kayenta.OutcomeFail},
		{"the weight of a group that is not there is lost", map[string]float64{"a": 60, "b": 40},
			[]part{{pass, "a", false}}, 60, kayenta.OutcomeFail},
		{"rounded half up", map[string]float64{"a": 33.335, "b": 66.665},
			[]part{{pass, "a", false}, {high, "b", false}}, 33.34, kayenta.OutcomeFail},
		{"at the threshold", map[string]float64{"a": 95, "b": 5},
			[]part{{pass, "a", false}, {high, "b", false}}, 95, kayenta.OutcomePass},
		{"half without data", nil, []part{{pass, "a", false}, {nodata, "b", false}}, 0, kayenta.OutcomeFail},
		{"must have data", nil, []part{{pass, "a", false}, {kayenta.ClassNodataFailMetric, "a", false}}, 50, kayenta.OutcomeFail},
		{"half cannot be classified", nil, []part{{pass, "a", false}, {kayenta.ClassError, "b", false}}, 0, kayenta.OutcomeFail},
		{"a critical one cannot be classified", nil,
			[]part{{pass, "a", false}, {pass, "a", false}, {kayenta.ClassError, "b", true}}, 0, kayenta.OutcomeFail},
		{"in no group", nil, []part{{pass, "", false}}, 0, kayenta.OutcomeFail},
		{"critical in no group", nil, []part{{pass, "a", false}, {high, "", true}}, 0, kayenta.OutcomeFail},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			j, series := judgeOf(test.weights, test.parts...)
			report, err := j.Judge(series...)
			require.NoError(t, err)
			for i, r := range report.Results {
				require.Equal(t, test.parts[i].class, r.Class, "%s: %s", r.Metric, r.Reason)
			}
			require.Equal(t, test.want, report.Score, report)
			require.Equal(t, test.outcome, report.Outcome, report)
			require.Contains(t, report.String(), "no error control")
		})
	}
}

// What is muted is classified, and counts nothing; what has no series has no data.
func TestMutedAndMissing(t *testing.T) {
	t.Parallel()
	j, series := judgeOf(nil, part{kayenta.ClassPass, "a", false}, part{kayenta.ClassHigh, "a", true})
	j.Metrics[1].Muted = true
	report, err := j.Judge(series...)
	require.NoError(t, err)
	require.Equal(t, 100.0, report.Score)
	require.Equal(t, kayenta.ClassHigh, report.Results[1].Class)
	require.True(t, report.Results[1].Muted)

	j.Metrics[0].Muted = true
	report, err = j.Judge(series...)
	require.NoError(t, err)
	require.Equal(t, kayenta.OutcomeFail, report.Outcome, "nothing that counts")

	j, series = judgeOf(nil, part{kayenta.ClassPass, "a", false}, part{kayenta.ClassPass, "a", true})
	report, err = j.Judge(series[0])
	require.NoError(t, err)
	require.Equal(t, kayenta.ClassNodata, report.Results[1].Class)
	require.Equal(t, kayenta.OutcomeFail, report.Outcome, "the critical metric has no series")
	report, err = j.Judge()
	require.NoError(t, err)
	require.Equal(t, kayenta.OutcomeFail, report.Outcome)

	// Several series of a metric each count.
	j, series = judgeOf(nil, part{kayenta.ClassPass, "a", false})
	worse := series[0]
	worse.Canary = []float64{91, 92, 93, 94, 95, 96, 97, 98}
	report, err = j.Judge(series[0], worse)
	require.NoError(t, err)
	require.Equal(t, 50.0, report.Score)
}

// Every mistake is found, and all at once.
func TestRefused(t *testing.T) {
	t.Parallel()
	good := func() kayenta.Judge {
		return kayenta.Judge{Metrics: []kayenta.Metric{{Name: "errors", Groups: []string{"a"}}}, Pass: 95, Marginal: 75}
	}
	require.NoError(t, good().Validate())
	for want, change := range map[string]func(*kayenta.Judge){
		"no metrics":                           func(j *kayenta.Judge) { j.Metrics = nil },
		"stands twice":                         func(j *kayenta.Judge) { j.Metrics = append(j.Metrics, j.Metrics[0]) },
		"has no name":                          func(j *kayenta.Judge) { j.Metrics[0].Name = "" },
		"is no direction":                      func(j *kayenta.Judge) { j.Metrics[0].Direction = 3 },
		"is no effect":                         func(j *kayenta.Judge) { j.Metrics[0].Effect = 2 },
		"outlier factor -1":                    func(j *kayenta.Judge) { j.Metrics[0].OutlierFactor = -1 },
		"outlier factor NaN":                   func(j *kayenta.Judge) { j.Metrics[0].OutlierFactor = nan },
		"allowed increase -1":                  func(j *kayenta.Judge) { j.Metrics[0].AllowedIncrease = -1 },
		"allowed decrease NaN":                 func(j *kayenta.Judge) { j.Metrics[0].AllowedDecrease = nan },
		"critical increase +Inf":               func(j *kayenta.Judge) { j.Metrics[0].CriticalIncrease = inf },
		"critical decrease -Inf":               func(j *kayenta.Judge) { j.Metrics[0].CriticalDecrease = -inf },
		`group "" is empty`:                    func(j *kayenta.Judge) { j.Metrics[0].Groups = []string{""} },
		`group "b" is empty or stands twice`:   func(j *kayenta.Judge) { j.Metrics[0].Groups = []string{"b", "b"} },
		"thresholds marginal 75 and pass 0":    func(j *kayenta.Judge) { j.Pass = 0 },
		"thresholds marginal 0 and pass 95":    func(j *kayenta.Judge) { j.Marginal = 0 },
		"thresholds marginal 96 and pass 95":   func(j *kayenta.Judge) { j.Marginal = 96 },
		"thresholds marginal 75 and pass 101":  func(j *kayenta.Judge) { j.Pass = 101 },
		"thresholds marginal NaN and pass 95":  func(j *kayenta.Judge) { j.Marginal = nan },
		"tolerance 1.1":                        func(j *kayenta.Judge) { j.Tolerance = 1.1 },
		"tolerance NaN":                        func(j *kayenta.Judge) { j.Tolerance = nan },
		"confidence 1 ":                        func(j *kayenta.Judge) { j.Confidence = 1 },
		"confidence -0.5":                      func(j *kayenta.Judge) { j.Confidence = -0.5 },
		`group "x": weight -1`:                 func(j *kayenta.Judge) { j.GroupWeights = map[string]float64{"x": -1} },
		`group "x": weight NaN`:                func(j *kayenta.Judge) { j.GroupWeights = map[string]float64{"x": nan} },
		"group weights add up to 110, more th": func(j *kayenta.Judge) { j.GroupWeights = map[string]float64{"x": 60, "y": 50} },
	} {
		j := good()
		change(&j)
		require.ErrorContains(t, j.Validate(), want)
		report, err := j.Judge()
		require.Error(t, err, want)
		require.Zero(t, report, want)
	}
	all := kayenta.Judge{Tolerance: 2, Confidence: 2, Pass: -1}
	err := all.Validate()
	for _, want := range []string{"tolerance 2", "confidence 2", "no metrics", "thresholds"} {
		require.ErrorContains(t, err, want)
	}
	_, err = good().Judge(kayenta.Series{Metric: "latency"})
	require.ErrorContains(t, err, `no metric "latency"`)
}
