package metrics

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// check says where a result contradicts itself.
func (r *Result) check() error {
	errs := []error{r.checkNames(), r.Window.check(), r.checkCounts(), r.checkQuantiles(),
		checkInterval("the value", r.Value, r.Lo, r.Hi)}
	if !(r.Level > 0) || !(r.Level < 1) {
		errs = append(errs, fmt.Errorf("the level %v is not between 0 and 1", r.Level))
	}
	return errors.Join(append(errs, r.checkStatus(), r.checkRange())...)
}

func (r *Result) checkNames() error {
	var errs []error
	if r.Metric == MetricUnknown || r.Metric > ReworkRate {
		errs = append(errs, fmt.Errorf("there is no metric %q", r.Metric))
	}
	if r.Definition.IsZero() {
		errs = append(errs, errors.New("it has no definition"))
	}
	if r.Method == "" {
		errs = append(errs, errors.New("it has no method"))
	}
	errs = append(errs, checkText("method", r.Method), checkText("reason", r.Reason))
	for _, k := range r.Key {
		errs = append(errs, checkText("key", k))
	}
	return errors.Join(errs...)
}

func (r *Result) checkStatus() error {
	value, bounds := !math.IsNaN(r.Value), !math.IsNaN(r.Lo)
	if (r.Status == StatusOK) != (r.Reason == "") {
		return fmt.Errorf("the status is %s and the reason %q", r.Status, r.Reason)
	}
	switch r.Status {
	case StatusOK:
		if !value || !bounds {
			return errors.New("the status is ok without a value and an interval")
		}
	case StatusNoData:
		if value || bounds || len(r.Quantiles) > 0 {
			return errors.New("the status is no-data with a value, an interval or quantiles")
		}
	case StatusUndefined:
		if value {
			return errors.New("the status is undefined with a value")
		}
	case StatusTooFew:
	default:
		return fmt.Errorf("the status is %s", r.Status)
	}
	if restricted := !math.IsNaN(r.RestrictedMean); restricted != !math.IsNaN(r.Horizon) ||
		restricted && (r.Metric != RecoveryTime || r.Status != StatusUndefined) {
		return errors.New("a restricted mean and a horizon stand where the median recovery time is not reached, both or none")
	}
	return nil
}

func (r *Result) checkCounts() error {
	if r.N < 0 {
		return fmt.Errorf("it rests on %d, or on nobody knows how many", r.N)
	}
	for _, n := range []int{r.Censored, r.Negative, r.Assumed} {
		if n < 0 || n > r.N {
			return fmt.Errorf("%d of %d are censored, negative or assumed", n, r.N)
		}
	}
	return nil
}

// checkRange refuses what no such metric can be: times may be below zero, and
// incidents per deployment above 1.
func (r *Result) checkRange() error {
	for _, v := range []float64{r.RestrictedMean, r.Horizon, r.Value} {
		if math.IsInf(v, 0) {
			return errors.New("a value is infinite")
		}
	}
	if r.Metric == LeadTime || r.Metric == RecoveryTime {
		return nil
	}
	if r.Value < 0 || r.Method == MethodWilson && r.Value > 1 {
		return fmt.Errorf("%s is %v", r.Metric, r.Value)
	}
	return nil
}

func (r *Result) checkQuantiles() error {
	last := 0.0
	if len(r.Quantiles) > 0 && r.Metric != LeadTime && r.Metric != RecoveryTime {
		return fmt.Errorf("%s has quantiles", r.Metric)
	}
	for _, q := range r.Quantiles {
		if !(q.P > last) || !(q.P < 1) {
			return fmt.Errorf("the quantile %v is not above %v and below 1", q.P, last)
		}
		if last = q.P; math.IsInf(q.Value, 0) {
			return fmt.Errorf("the quantile %v is infinite", q.P)
		}
		if err := checkInterval(fmt.Sprintf("the quantile %v", q.P), q.Value, q.Lo, q.Hi); err != nil {
			return err
		}
	}
	return nil
}

func checkInterval(what string, v, lo, hi float64) error {
	switch {
	case math.IsNaN(lo) != math.IsNaN(hi):
		return fmt.Errorf("%s has one bound", what)
	case lo > hi || math.IsInf(lo, 1) || math.IsInf(hi, -1):
		return fmt.Errorf("%s lies between %v and %v", what, lo, hi)
	case v < lo || v > hi:
		return fmt.Errorf("%s %v does not lie between %v and %v", what, v, lo, hi)
	}
	return nil
}

func (w Window) check() error {
	if w.Kind == WindowUnknown || w.Kind > WindowSprint {
		return fmt.Errorf("there is no window %q", w.Kind)
	}
	if !w.From.Before(w.To) {
		return fmt.Errorf("the window from %q to %q is empty", w.From, w.To)
	}
	for _, t := range []time.Time{w.From, w.To} {
		if t.IsZero() {
			return errors.New("the window has no bound")
		}
		if _, offset := t.Zone(); offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 {
			return fmt.Errorf("the window's offset of %d s is none of RFC 3339", offset)
		}
	}
	return errors.Join(checkTime("from", w.From), checkTime("to", w.To))
}
