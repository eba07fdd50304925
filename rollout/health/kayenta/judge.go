package kayenta

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Judge is what a canary configuration and its thresholds say. It keeps no state and
// may be used by several goroutines at once.
type Judge struct {
	// Metrics are what is judged.
	Metrics []Metric
	// GroupWeights are the weights of the groups in the score, in percent: none below 0,
	// together at most 100. Groups that are not named share the rest.
	GroupWeights map[string]float64
	// Pass is the score from which on the canary passes, Marginal that below which it
	// fails: 0 < Marginal <= Pass <= 100. There is no default.
	Pass, Marginal float64
	// Tolerance is the part of the estimated difference above which the interval must
	// lie. From 0 to 1; 0 means [DefaultTolerance].
	Tolerance float64
	// Confidence is that of the interval, for one metric at one look. Between 0 and 1; 0
	// means [DefaultConfidence].
	Confidence float64
}

// Series are the values of one metric.
type Series struct {
	// Metric is the name of one of the judge's metrics. Several series may have it, such
	// as one of each region: each counts.
	Metric string
	// Canary and Control are the values, one of each time; NaN stands for no value.
	Canary, Control []float64
}

// Group is a group's score.
type Group struct {
	// Name is the group's name.
	Name string
	// Score is the percentage of the group's metrics that pass, of those with data.
	Score float64
	// NoData says that none has data. Score is then 0, and counts as 100.
	NoData bool
}

// Report is what is said of the canary. It has no error control: see the package
// comment.
type Report struct {
	// Outcome is what the thresholds make of the score.
	Outcome Outcome
	// Score is from 0 to 100, rounded half up to two decimals.
	Score float64
	// Reason says why the score is 0 whatever the groups say; otherwise it is empty. It
	// may change from version to version.
	Reason string
	// Groups are by name.
	Groups []Group
	// Results are in the order of the series; then come the metrics without one.
	Results []Result
}

// String is one line for people. It says that there is no error control.
func (r Report) String() string {
	s := fmt.Sprintf("%v: score %v of 100, no error control", r.Outcome, r.Score)
	if r.Reason != "" {
		s += ": " + r.Reason
	}
	return s
}

// defaults is the judge with zero fields replaced by their defaults.
func (j Judge) defaults() Judge {
	if j.Tolerance == 0 {
		j.Tolerance = DefaultTolerance
	}
	if j.Confidence == 0 {
		j.Confidence = DefaultConfidence
	}
	return j
}

// levels checks what classification needs of the judge, with defaults in place.
func (j Judge) levels() error {
	var errs []error
	if !(j.Tolerance > 0 && j.Tolerance <= 1) {
		errs = append(errs, fmt.Errorf("kayenta: tolerance %v is not from 0 to 1", j.Tolerance))
	}
	if !(j.Confidence > 0 && j.Confidence < 1) {
		errs = append(errs, fmt.Errorf("kayenta: confidence %v is not between 0 and 1", j.Confidence))
	}
	return errors.Join(errs...)
}

// Validate reports every mistake, with defaults in place.
func (j Judge) Validate() error {
	j = j.defaults()
	errs := []error{j.levels()}
	if len(j.Metrics) == 0 {
		errs = append(errs, errors.New("kayenta: no metrics: nothing would be judged"))
	}
	seen := map[string]bool{}
	for _, m := range j.Metrics {
		errs = append(errs, m.defaults().validate())
		if seen[m.Name] {
			errs = append(errs, fmt.Errorf("kayenta: metric %q stands twice", m.Name))
		}
		seen[m.Name] = true
	}
	if !(j.Marginal > 0 && j.Marginal <= j.Pass && j.Pass <= 100) {
		errs = append(errs, fmt.Errorf("kayenta: thresholds marginal %v and pass %v are not 0 < marginal <= pass <= 100", j.Marginal, j.Pass))
	}
	sum := 0.0
	for _, name := range j.weighted() {
		w := j.GroupWeights[name]
		if !(w >= 0 && w <= 100) {
			errs = append(errs, fmt.Errorf("kayenta: group %q: weight %v is not from 0 to 100", name, w))
		}
		sum += w
	}
	if sum > 100+1e-9 {
		errs = append(errs, fmt.Errorf("kayenta: group weights add up to %v, more than 100", sum))
	}
	return errors.Join(errs...)
}

// weighted are the names of the groups with a weight, in order.
func (j Judge) weighted() []string {
	names := make([]string, 0, len(j.GroupWeights))
	for name := range j.GroupWeights {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Judge classifies every metric and scores the canary. An error means that there is no
// report: the judge is not valid, or a series is of no metric of it.
func (j Judge) Judge(series ...Series) (Report, error) {
	if err := j.Validate(); err != nil {
		return Report{}, err
	}
	byName := make(map[string]Metric, len(j.Metrics))
	for _, m := range j.Metrics {
		byName[m.Name] = m
	}
	var report Report
	groups := map[string]*tally{}
	count := func(m Metric, r Result) {
		report.Results = append(report.Results, r)
		if m.Muted {
			return
		}
		for _, g := range m.Groups {
			if groups[g] == nil {
				groups[g] = &tally{}
			}
			groups[g].add(r.Class)
		}
	}
	given := map[string]bool{}
	for i, s := range series {
		m, ok := byName[s.Metric]
		if !ok {
			return Report{}, fmt.Errorf("kayenta: series %d: the judge has no metric %q", i, s.Metric)
		}
		given[s.Metric] = true
		count(m, j.Classify(m, s.Canary, s.Control))
	}
	for _, m := range j.Metrics {
		if !given[m.Name] {
			count(m, j.Classify(m, nil, nil))
		}
	}
	for name, t := range groups {
		report.Groups = append(report.Groups, t.group(name))
	}
	slices.SortFunc(report.Groups, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	report.Score, report.Reason = j.score(report)
	switch {
	case report.Score >= j.Pass:
		report.Outcome = OutcomePass
	case report.Score >= j.Marginal:
		report.Outcome = OutcomeMarginal
	default:
		report.Outcome = OutcomeFail
	}
	return report, nil
}

// tally counts a group's metrics.
type tally struct{ pass, all int }

func (t *tally) add(c Class) {
	switch c {
	case ClassPass:
		t.pass++
		t.all++
	case ClassHigh, ClassLow, ClassNodataFailMetric:
		t.all++
	}
}

func (t *tally) group(name string) Group {
	if t.all == 0 {
		return Group{Name: name, NoData: true}
	}
	return Group{Name: name, Score: 100 * (float64(t.pass) / float64(t.all))}
}

// score is the canary's score, and why it is 0 if it is so for a reason of its own.
func (j Judge) score(r Report) (float64, string) {
	var critical []string
	counted, without := 0, 0
	for _, m := range r.Results {
		if m.Muted {
			continue
		}
		counted++
		if m.Critical {
			critical = append(critical, m.Reason)
		}
		if m.Class == ClassNodata || m.Class == ClassError {
			without++
		}
	}
	switch {
	case len(critical) > 0:
		return 0, "critical: " + critical[0]
	case counted == 0:
		return 0, "all metrics are muted"
	case 2*without >= counted:
		return 0, fmt.Sprintf("%d of %d metrics have no data", without, counted)
	case len(r.Groups) == 0:
		return 0, "no metric is in a group"
	}
	rest, unnamed := 100.0, 0
	for _, name := range j.weighted() {
		rest -= j.GroupWeights[name]
	}
	for _, g := range r.Groups {
		if _, ok := j.GroupWeights[g.Name]; !ok {
			unnamed++
		}
	}
	sum := 0.0
	for _, g := range r.Groups {
		w, ok := j.GroupWeights[g.Name]
		if !ok {
			w = rest / float64(unnamed)
		}
		s := g.Score
		if g.NoData {
			s = 100
		}
		sum += float64(s * (w / 100))
	}
	return hundredths(sum), ""
}

// hundredths rounds a score half up to two decimals, of its shortest decimal form.
func hundredths(v float64) float64 {
	whole, part, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	if len(part) <= 2 {
		return v
	}
	n, err := strconv.ParseInt(whole+part[:2], 10, 64)
	if err != nil {
		return 0
	}
	if part[2] >= '5' {
		n++
	}
	return float64(n) / 100
}
