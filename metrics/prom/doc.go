// Package prom writes results of package metrics in the Prometheus text exposition
// format 0.0.4 and in OpenMetrics 1.0.
//
// A metric is a gauge in base units: dora_change_lead_time_seconds,
// dora_deployment_frequency_per_week, dora_failed_deployment_recovery_time_seconds,
// dora_change_fail_ratio, dora_deployment_rework_ratio. A week is one of seven civil
// days, which has no fixed number of seconds, so that the frequency is not converted.
// The bounds of the interval are gauges with _lower and _upper before the unit; a bound
// that is not there is an infinity. dora_sample_size and dora_censored say what a value
// rests on, dora_partial whether its window was observed in part only, dora_status what
// it is worth: one series for each result, with the value 1 and the status as a label.
//
// No data is the absence of the value beside its dora_status: never 0, never NaN.
//
// The labels are the dimensions of the results, the window, its kind, and the digest of
// the definition. A dimension's name that is no label's name is refused where a change
// to one would make it equal to another's.
package prom
