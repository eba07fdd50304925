package metrics

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/internal/stats"
)

// Stage is a part of the lead time of a change.
type Stage uint8

// The stages, in their order. Each ends where the next begins.
const (
	StageUnknown      Stage = iota
	StageCoding             // from the start of the lead time, the first commit, to opened
	StagePickup             // from opened to the first review
	StageReview             // from the first review to the last approval, or to the merge where no approval is known
	StageMerge              // from the last approval to the merge
	StageDeploy             // from the merge to the deployment
	StageUnattributed       // between two known moments where one between them is not known: nobody can say which stage it was
)

var stageNames = enum.Table[Stage]{Type: "metrics.Stage", Names: []string{"unknown", "coding", "pickup", "review", "merge", "deploy", "unattributed"}}

// String is the stage's name.
func (s Stage) String() string { return stageNames.Text(s) }

// ParseStage reads a stage's name.
func ParseStage(s string) (Stage, error) { return stageNames.Parse(s) }

// MarshalText is the stage's name.
func (s Stage) MarshalText() ([]byte, error) { return stageNames.Marshal(s) }

// UnmarshalText reads a stage's name.
func (s *Stage) UnmarshalText(b []byte) error { return stageNames.Unmarshal(s, b) }

// Span is how long one change was in one stage.
type Span struct {
	// Stage is which one.
	Stage Stage `json:"stage"`
	// From and To bound it, To not after From where clocks disagree.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Took is from From to To, below zero where To is before From.
	Took time.Duration `json:"took"`
}

// ChangeStages is one change's way to production.
type ChangeStages struct {
	// Change was brought by Deployment.
	Change     Ref `json:"change"`
	Deployment Ref `json:"deployment"`
	// Lead is from the start of the lead time to the deployment, unrounded.
	Lead time.Duration `json:"lead"`
	// Spans are the stages of which the times are known, in their order: they follow
	// each other without a gap, and together are Lead.
	Spans []Span `json:"spans"`
}

// StageResult is one stage of all changes behind a lead time.
type StageResult struct {
	// Stage is which one.
	Stage Stage `json:"stage"`
	// Status says what Value is worth, Reason why it is not ok.
	Status Status `json:"status"`
	Reason string `json:"reason,omitempty"`
	// N is how many changes are known to have been in the stage how long, Missing of
	// how many a time is missing, Negative those of N below zero, which are kept.
	N        int `json:"n"`
	Missing  int `json:"missing"`
	Negative int `json:"negative,omitempty"`
	// Value is the type-7 median of N in seconds, from Lo to Hi at the Level of the
	// result: an interpolated order-statistic interval. NaN and infinite where there is none.
	Value float64 `json:"value"`
	Lo    float64 `json:"lo"`
	Hi    float64 `json:"hi"`
	// Total is the sum of N in nanoseconds, and Share its part of the sum of all lead times; the
	// shares of all stages are 1 together. Share is NaN where that sum is not above
	// zero, and it can be below 0 or above 1 where times are negative. It says where
	// the time goes: medians of stages do not add up to the median of lead times.
	Total time.Duration `json:"total"`
	Share float64       `json:"share"`
}

// MarshalJSON writes numbers that are not finite as null.
func (o StageResult) MarshalJSON() ([]byte, error) {
	type plain StageResult
	return json.Marshal(struct {
		plain
		Value *float64 `json:"value"`
		Lo    *float64 `json:"lo"`
		Hi    *float64 `json:"hi"`
		Share *float64 `json:"share"`
	}{plain(o), finite(o.Value), finite(o.Lo), finite(o.Hi), finite(o.Share)})
}

// finite is nil for what is not a number or infinite.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// Stages splits the lead times behind a result of this report: all stages in
// their order, [StageUnattributed] last. A lead time that begins later, at the
// merge, has no earlier stages. The times are not rounded, and negative ones stand
// whatever the definition makes of them.
func (r *Report) Stages(res Result) ([]StageResult, error) {
	changes, err := r.ChangeStages(res)
	if err != nil {
		return nil, err
	}
	var lead time.Duration
	var seconds [StageUnattributed][]float64
	out := make([]StageResult, 0, StageUnattributed)
	for s := StageCoding; s <= StageUnattributed; s++ {
		out = append(out, StageResult{Stage: s})
	}
	for _, c := range changes {
		lead += c.Lead
		for k := range out {
			out[k].add(c.Spans, &seconds[k])
		}
	}
	out[StageUnattributed-1].Missing = 0 // it is no stage that a change must have
	for k := range out {
		o := &out[k]
		o.Share = math.NaN()
		if k < r.analysis().def.skipped() {
			o.Missing = 0
		}
		if lead > 0 {
			o.Share = float64(o.Total) / float64(lead)
		}
		o.median(seconds[k], r.analysis().q.Level)
	}
	return out, nil
}

// add takes one change's time in the stage.
func (o *StageResult) add(spans []Span, seconds *[]float64) {
	var took time.Duration
	known := false
	for _, s := range spans {
		if s.Stage == o.Stage {
			took, known = took+s.Took, true
		}
	}
	if !known {
		o.Missing++
		return
	}
	if took < 0 {
		o.Negative++
	}
	o.Total += took
	*seconds = append(*seconds, took.Seconds())
}

func (o *StageResult) median(values []float64, level float64) {
	o.N, o.Value, o.Lo, o.Hi = len(values), math.NaN(), math.NaN(), math.NaN()
	if o.N == 0 {
		o.Status, o.Reason = StatusNoData, "of no change the times are known"
		return
	}
	slices.Sort(values)
	ok := false
	o.Status, o.Value = StatusOK, stats.Quantile(values, 0.5)
	if o.Lo, o.Hi, ok = orderInterval(values, 0.5, level); !ok {
		o.Status, o.Reason = StatusTooFew, "too few values for an interval"
	}
}

// ChangeStages are the stages of each change whose lead time counts in a result
// of this report, in the order of [Report.Explain]; with [LeadPerDeployment] those
// of the change that the deployment's value is of.
func (r *Report) ChangeStages(res Result) ([]ChangeStages, error) {
	if res.Metric != LeadTime {
		return nil, fmt.Errorf("metrics: a result %s has no stages", res.Metric)
	}
	e, err := r.Explain(res)
	if err != nil {
		return nil, err
	}
	var out []ChangeStages
	for _, c := range e.Contributions {
		if c.Use != UseValue {
			continue
		}
		change, moment := &r.analysis().s.changes[r.analysis().changes[c.Ref]], r.analysis().deps[r.analysis().byRef[c.Deployment]].moment
		out = append(out, ChangeStages{Change: c.Ref, Deployment: c.Deployment,
			Lead: moment.Sub(r.analysis().def.leadStart(change)), Spans: r.analysis().def.spans(change, moment)})
	}
	return out, nil
}

// begins is the place of the start of the lead time among the moments of a change:
// the first commit, opened, the first review, approved, merged, deployed.
func (d *Definition) begins(c *Change) int {
	switch {
	case d.LeadSpan == LeadByStages && c.FirstCommit.IsZero() && c.Opened.IsZero():
		return 4
	case d.LeadSpan == LeadByStages && c.FirstCommit.IsZero():
		return 1
	case d.LeadSpan == LeadByStages:
		return 0
	}
	return d.skipped()
}

// skipped is how many stages no lead time by the definition has.
func (d *Definition) skipped() int {
	switch {
	case d.LeadSpan == LeadByStages:
		return 0
	case d.LeadFrom == LeadFromOpened:
		return int(StagePickup) - 1
	case d.LeadFrom == LeadFromMerge:
		return int(StageDeploy) - 1
	}
	return 0
}

// spans are the stages of a change from the start of its lead time. Neighbours
// meet, so that they add up to it.
func (d *Definition) spans(c *Change, deployed time.Time) []Span {
	approved := c.Approved
	if approved.IsZero() {
		approved = c.Merged
	}
	times := []time.Time{d.leadStart(c), c.Opened, c.FirstReview, approved, c.Merged, deployed}
	var out []Span
	last := d.begins(c)
	for k := last + 1; k < len(times); k++ {
		if times[k].IsZero() {
			continue
		}
		if Stage(k) != StageMerge || !c.Approved.IsZero() {
			s := Span{Stage: Stage(k), From: times[last], To: times[k], Took: times[k].Sub(times[last])}
			if k > last+1 {
				s.Stage = StageUnattributed
			}
			out = append(out, s)
		}
		last = k
	}
	return out
}
