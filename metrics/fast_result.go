package metrics

import (
	"math"

	"github.com/sallyport-dev/sallyport/release"
)

// fastResults are results without what they share: by group, window and metric.
type fastResults struct {
	digest    release.Digest
	windows   []Window
	keys      [][]string
	level     float64
	results   []fastResult
	quantiles []QuantileValue // of each cell those of the lead time, then those of the recovery time
	perCell   int             // how many quantiles a cell has
	// unreached are the results whose median is not reached.
	unreached map[int]fastUnreached
}

type fastUnreached struct{ restrictedMean, horizon float64 }

type fastResult struct {
	value, lo, hi float64
	n             int32
	censored      int32
	odd           int32 // Assumed of the rework rate, Negative of all others
	status        Status
	reason        fastReason
	partial       bool
}

// fastReason is a reason of a status.
type fastReason uint8

const (
	fastOK fastReason = iota
	fastNothing
	fastNoDeployment
	fastNoFailure
	fastNoSource
	fastNoPlan
	fastNoLead
	fastNoChange
	fastFewValues
	fastFewRecoveries
	fastUnreachedMedian
	fastEdges
	fastAround
	fastMinSample
)

var fastReasons = [...]string{
	fastOK:              "",
	fastNothing:         "nothing was observed",
	fastNoDeployment:    "no deployment",
	fastNoFailure:       "no deployment failed",
	fastNoSource:        "no failure was ever recorded: is their source connected?",
	fastNoPlan:          "of no deployment it is known whether it was planned",
	fastNoLead:          "of no change the lead time is known",
	fastNoChange:        "no deployment says what it brought",
	fastFewValues:       "too few values for an interval",
	fastFewRecoveries:   "too few recoveries for an interval",
	fastUnreachedMedian: "fewer than half have recovered yet",
	fastEdges:           "only deployments with which the observed time begins or ends",
	fastAround:          "nothing is known of the time around",
	fastMinSample:       "fewer than the definition asks for",
}

var fastMethods = [...]string{LeadTime: MethodOrder, Frequency: MethodGarwood, RecoveryTime: MethodKaplanMeier, FailRate: MethodWilson, ReworkRate: MethodWilson}

// fastMetrics is how many results a cell has.
const fastMetrics = int(ReworkRate)

func (o *fastResults) init(f *fast, groups int) {
	cells := groups * len(f.windows)
	o.digest, o.windows, o.level = f.digest, f.windows, f.q.Level
	o.keys = make([][]string, 0, groups)
	o.results = make([]fastResult, 0, cells*fastMetrics)
	o.perCell = 2 * len(f.q.Quantiles)
	o.quantiles = make([]QuantileValue, cells*o.perCell)
}

// at is the k-th result.
func (o *fastResults) at(k int) Result {
	x, cell := &o.results[k], k/fastMetrics
	nan := math.NaN()
	r := Result{Metric: Metric(k%fastMetrics) + LeadTime, Key: o.keys[cell/len(o.windows)], Window: o.windows[cell%len(o.windows)],
		Partial: x.partial, Status: x.status, Reason: fastReasons[x.reason], Value: x.value, Lo: x.lo, Hi: x.hi, Level: o.level,
		N: int(x.n), Censored: int(x.censored), RestrictedMean: nan, Horizon: nan, Definition: o.digest}
	r.Method = fastMethods[r.Metric]
	if r.Metric == ReworkRate {
		r.Assumed = int(x.odd)
	} else {
		r.Negative = int(x.odd)
	}
	if n := o.perCell / 2; n > 0 && r.N > 0 {
		q := o.quantiles[cell*o.perCell : (cell+1)*o.perCell : (cell+1)*o.perCell]
		switch r.Metric {
		case LeadTime:
			r.Quantiles = q[:n:n]
		case RecoveryTime:
			r.Quantiles = q[n:]
		}
	}
	if u, ok := o.unreached[k]; ok {
		r.RestrictedMean, r.Horizon = u.restrictedMean, u.horizon
	}
	return r
}
