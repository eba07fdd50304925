package health

import (
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// Monitor gathers the evidence of one rollout. Keep one Monitor across all stages:
// Alpha is spent once. It is not safe for use by several goroutines at once. The
// zero Monitor has no policy and only [Monitor.UnmarshalBinary] makes it useful.
type Monitor struct {
	policy Policy // with defaults
	index  map[string]int
	most   float64 // the logarithm at which certificates stop growing
	tests  []test  // by policy.Metrics
	track  []track
	seen   map[key]mark
	// window is the ID of the window that came last, windows counts them.
	window  string
	windows uint64
	found   finding
	// broken says what was impossible about a sample, or what the checks found. It stays.
	broken string

	fresh []entry // of the call of Add that is under way
	// others is the evidence of all processes as it was before that call, not a logarithm.
	others float64
	// doubted says that the evidence of a check has changed since it was looked at.
	doubted bool
}

// An entry is a sample of a call that did not come before: its index and its key.
type entry struct {
	at  int
	key key
}

// A test is what does not change of a metric.
type test struct {
	bets     bets
	share    float64 // of Alpha; those of all metrics add up to 1
	logShare float64
	logMDE   float64
	certAt   int // the process whose certificate counts; -1 is none
	// The scales of the mixtures of means.
	worseRho, certRho float64
}

// A track is what a Monitor knows of one metric.
type track struct {
	Processes []process `json:"processes,omitempty"` // one, or one for each edge
	// Means has the windows of a metric of means, StageMeans those since the stage began.
	Means      *means `json:"means,omitempty"`
	StageMeans *means `json:"stageMeans,omitempty"`
	Checks     checks `json:"checks"`
	// Window is the ID of the metric's window that came last; Windows counts them, Stage
	// the stage's, from the first one in which the canary has requests.
	Window  string `json:"window,omitempty"`
	Windows uint64 `json:"windows,omitempty"`
	Stage   uint64 `json:"stage,omitempty"`
	// Compared is the number, among the Monitor's windows, of the last one in which the
	// two sides both had requests in some stratum; 0 is none.
	Compared uint64 `json:"compared,omitempty"`
	// Silent are the control's requests since the canary's last one. Heard says that the
	// canary has had one in the window that came last.
	Silent uint64 `json:"silent,omitempty"`
	Heard  bool   `json:"heard,omitempty"`
	// Canary and Control count requests; of a metric with one process, bad ones too.
	Canary  Count `json:"canary"`
	Control Count `json:"control"`

	logE  []float64 // of each process, or of the means, as it is
	stake []float64 // what each was worth before the call of Add that is under way
	term  float64   // the metric's evidence with its share, when it was averaged last
	doubt float64   // evidence of checks
}

// A finding is a regression that was found. It stays.
type finding struct {
	// Metric is the index of the metric with most evidence plus one; 0 is no finding.
	Metric int `json:"metric,omitempty"`
	// Peak is the most evidence that was reached.
	Peak float64 `json:"peak,omitempty"`
	// Guilty are the indexes of the metrics that e-BH named, when it was found.
	Guilty []int `json:"guilty,omitempty"`
	// Asymptotic says that the bound was not reached without metrics of means.
	Asymptotic bool `json:"asymptotic,omitempty"`
}

// New makes a Monitor that has seen nothing. The error lists every mistake of
// the policy.
func New(p Policy) (*Monitor, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	m := &Monitor{policy: p.Defaults(), index: map[string]int{}, seen: map[key]mark{}}
	m.most = -2 * math.Log(m.policy.Beta)
	total := 0.0
	for _, metric := range m.policy.Metrics {
		total += metric.Weight
	}
	for i := range m.policy.Metrics {
		metric := &m.policy.Metrics[i]
		m.index[metric.Name] = i
		t := test{bets: betsOf(metric.Tolerance, metric.MDE), share: metric.Weight / total, logShare: math.Log(metric.Weight / total), logMDE: math.Log(metric.MDE), certAt: -1}
		if !metric.RegressionOnly {
			t.certAt = max(0, slices.Index(metric.Edges, metric.CertifyAt))
		}
		tr := track{Checks: newChecks(), logE: make([]float64, max(1, metric.processes()))}
		if metric.Mean {
			tr.Means, tr.StageMeans = new(means), new(means)
			t.worseRho, t.certRho = rhoOf(m.policy.Alpha*t.share, meanHorizon), rhoOf(m.policy.Beta, meanHorizon)
		}
		for range metric.processes() {
			tr.Processes = append(tr.Processes, newProcess(m.policy.WarmUp > 0))
		}
		tr.stake = make([]float64, len(tr.logE))
		m.tests, m.track = append(m.tests, t), append(m.track, tr)
	}
	return m, nil
}

// Policy is the policy, with its defaults in place. The caller owns it.
func (m *Monitor) Policy() Policy { return m.policy.Defaults() }

// Add takes closed windows in, in the order of time. Give all metrics and strata of
// a window in one call: evidence is looked at once, after the last sample, and the
// bound over several metrics holds for looks between windows, not between metrics.
// Samples of one metric and window that follow each other in several calls give the
// same as in one.
//
// A window in which nothing was counted is a sample without requests. What is not
// added at all is noticed only where another metric goes on: see Policy.Stale.
//
// A sample that was added before counts once. An error means that nothing was
// added: a metric that is not in the policy, a sample without an ID, or an ID that
// came before with other counts. Counts that are impossible are no error; they
// make the verdict invalid, and do not count. Add keeps nothing of the samples.
func (m *Monitor) Add(samples ...Sample) error {
	if len(m.track) == 0 {
		return fmt.Errorf("health: the monitor has no policy")
	}
	m.fresh = m.fresh[:0]
	for i := range samples {
		if err := m.remember(i, &samples[i]); err != nil {
			for _, e := range m.fresh {
				delete(m.seen, e.key)
			}
			return err
		}
	}
	m.stakes()
	for _, e := range m.fresh {
		m.take(&samples[e.at])
	}
	m.look()
	return nil
}

// remember notes that the call's i-th sample has come, or why it cannot.
func (m *Monitor) remember(i int, s *Sample) error {
	if s.ID == "" {
		return fmt.Errorf("health: sample %d of metric %q has no ID", i, s.Metric)
	}
	if !utf8.ValidString(s.ID) {
		return fmt.Errorf("health: sample %d of metric %q: the ID %q is not UTF-8", i, s.Metric, s.ID)
	}
	if _, ok := m.index[s.Metric]; !ok {
		return fmt.Errorf("health: sample %q: metric %q is not in the policy", s.ID, s.Metric)
	}
	k, now := s.key(), s.mark()
	was, ok := m.seen[k]
	if ok && was != now {
		return fmt.Errorf("health: sample %q of metric %q, stratum %q came before with other counts: a window must be closed before it is added", s.ID, s.Metric, s.Stratum)
	}
	if !ok {
		m.seen[k] = now
		m.fresh = append(m.fresh, entry{i, k})
	}
	return nil
}

// Recertify begins a new certificate of health and a new warm-up, as a stage does
// that exposes the release to other users: Beta then holds from here on. The
// evidence of a regression goes on. Call it between windows, and only when a stage
// begins: each call is another chance of Beta, and as long as instances warm up only
// a regression of ten times or more is gathered evidence of.
func (m *Monitor) Recertify() {
	for i := range m.track {
		t := &m.track[i]
		t.Stage = 0
		for j := range t.Processes {
			t.Processes[j].Certificate = newCertificate(m.policy.WarmUp > 0)
		}
		if t.StageMeans != nil {
			*t.StageMeans = means{}
		}
	}
}
