package prom

import (
	"math"

	"github.com/sallyport-dev/sallyport/metrics"
)

// family is one metric family: its name is the stem, the part and the unit.
type family struct {
	stem, part, unit, help string
	metric                 metrics.Metric // unknown: of all
	value                  func(metrics.Result) float64
}

func (f *family) name() string {
	n := f.stem + f.part
	if f.unit != "" {
		n += "_" + f.unit
	}
	return n
}

// families are all of them, in the order in which they are written.
func families() []family {
	var out []family
	for _, m := range []struct {
		metric           metrics.Metric
		stem, unit, help string
	}{
		{metrics.LeadTime, "dora_change_lead_time", "seconds", "time from commit to production"},
		{metrics.Frequency, "dora_deployment_frequency", "per_week", "deployments per week of seven civil days"},
		{metrics.RecoveryTime, "dora_failed_deployment_recovery_time", "seconds", "time from a failed deployment to recovery"},
		{metrics.FailRate, "dora_change_fail", "ratio", "share of deployments that failed"},
		{metrics.ReworkRate, "dora_deployment_rework", "ratio", "share of deployments that were unplanned repairs"},
	} {
		middle := ""
		if m.unit == "seconds" {
			middle = "Median "
		}
		for _, p := range []struct {
			part, help string
			value      func(metrics.Result) float64
		}{
			{"", middle + m.help, func(r metrics.Result) float64 { return r.Value }},
			{"_lower", "Lower bound of the interval: " + m.help, func(r metrics.Result) float64 { return r.Lo }},
			{"_upper", "Upper bound of the interval: " + m.help, func(r metrics.Result) float64 { return r.Hi }},
		} {
			out = append(out, family{stem: m.stem, part: p.part, unit: m.unit, help: p.help, metric: m.metric, value: p.value})
		}
	}
	return append(out,
		family{stem: "dora_sample_size", help: "What a value rests on: deployments, changes or failures", value: func(r metrics.Result) float64 { return float64(r.N) }},
		family{stem: "dora_censored", help: "Those of the sample that may still change", value: func(r metrics.Result) float64 { return float64(r.Censored) }},
		family{stem: "dora_partial", help: "Whether the window was observed in part only", value: func(r metrics.Result) float64 {
			if r.Partial {
				return 1
			}
			return 0
		}},
		family{stem: "dora_status", help: "What a value is worth, by the label status", value: func(metrics.Result) float64 { return 1 }},
	)
}

// sample is the family's value of a result, false where there is none.
func (f *family) sample(r metrics.Result) (float64, bool) {
	if f.metric != metrics.MetricUnknown && f.metric != r.Metric {
		return 0, false
	}
	v := f.value(r)
	return v, !math.IsNaN(v)
}
