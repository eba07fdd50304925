package health

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Verdict is what the windows so far say, as of the newest window or the time of
// [Watch.Advance], whichever is later.
//
// Kind is regressed once anything was found, and stays so; invalid if a count was
// impossible or a metric went silent; healthy only if WatchPolicy.Beta asks for it;
// and undecided otherwise, with NoData set while some metric has no data. Metric is
// the one that the verdict rests on, and Canary all that was counted of it: there is
// no Control, and no interval of a ratio to it. LogE is the logarithm of the
// detector's statistic, which is compared with log(ARL), 0 while it is below; it is
// the highest that was reached once the detector has alarmed. LogCertificate is that
// of the weakest metric, 0 if no certificate is asked for.
func (w *Watch) Verdict() Verdict {
	if len(w.metrics) == 0 {
		return Verdict{NoData: true, Why: "the watch has no policy"}
	}
	var v Verdict
	logE, closest := w.evidence()
	v.LogE = max(logE, w.peak)
	weakest := w.certificate(&v)
	dry := w.firstDry()
	v.NoData = dry >= 0
	silent := w.firstSilent()
	// The worst first: what was found stays found, whatever broke afterwards.
	switch needC := w.certificateNeed(); {
	case len(w.alarms) > 0:
		v.Kind = KindRegressed
		w.about(&v, w.alarms[0].Metric)
		v.Why = w.why(w.alarms[0])
		if n := len(w.alarms) - 1; n > 0 {
			v.Why += fmt.Sprintf("; and %d more", n)
		}
	case w.broken != nil:
		v.Kind = KindInvalid
		w.about(&v, w.broken.Metric)
		v.Why = fmt.Sprintf("the measurement is broken: window %s of %s has %s",
			Window{Start: time.Unix(0, w.broken.Start), End: time.Unix(0, w.broken.End)}.ID(), v.Metric, watchFault(w.broken.Count))
	case silent >= 0:
		v.Kind = KindInvalid
		w.about(&v, silent)
		v.Why = fmt.Sprintf("%s: %s, while other metrics counted %d", v.Metric, w.dry(silent), w.total-w.metrics[silent].Heard)
	case dry >= 0:
		w.about(&v, dry)
		v.Why = fmt.Sprintf("no data: %s: %s", v.Metric, w.dry(dry))
	case needC > 0 && v.LogCertificate >= needC:
		v.Kind = KindHealthy
		w.about(&v, weakest)
		b := w.metrics[weakest].bets.baseline
		v.Why = fmt.Sprintf("every metric with a known rate is below its mde; the weakest is %s: %s, below %v times that; certificate %.2f reached %.2f (beta %v)",
			v.Metric, w.compared(weakest, v.Canary), b.MDE, v.LogCertificate, needC, w.policy.Beta)
	default:
		w.about(&v, closest)
		v.Why = fmt.Sprintf("nothing found: %s: %s; evidence %.2f of %.2f", v.Metric, w.compared(closest, v.Canary), v.LogE, w.policy.need())
		if needC > 0 {
			v.Why += fmt.Sprintf("; certificate of %s %.2f of %.2f", w.metrics[weakest].name, v.LogCertificate, needC)
		}
		if len(w.policy.Metrics) == 0 {
			v.Why = fmt.Sprintf("no burn rate is too fast: %s: %s", v.Metric, w.compared(closest, v.Canary))
		}
	}
	return v
}

// Alarms are all that were found, in the order in which they were: the detector's at
// most once, and each rule at most once. The caller owns them.
func (w *Watch) Alarms() []Alarm {
	out := make([]Alarm, 0, len(w.alarms))
	for _, a := range w.alarms {
		m := &w.metrics[a.Metric]
		alarm := Alarm{Metric: m.name, At: time.Unix(0, a.At).UTC(), Severity: SeverityPage, LogE: a.LogE, Count: a.Sum, Why: w.why(a)}
		if a.Rule != ruleDetector {
			rule := m.objective.Rules[a.Rule]
			alarm.Rule, alarm.Severity, alarm.Count = &rule, rule.Severity, a.Long
		}
		out = append(out, alarm)
	}
	return out
}

// certificate fills in LogCertificate, and says of which metric it is.
func (w *Watch) certificate(v *Verdict) (weakest int) {
	if w.policy.Beta == 0 {
		return 0
	}
	v.LogCertificate = math.Inf(1)
	for i := range w.metrics {
		if w.metrics[i].bets == nil {
			continue
		}
		if c := round(w.metrics[i].Detector.LogC); c < v.LogCertificate {
			v.LogCertificate, weakest = c, i
		}
	}
	return weakest
}

// firstDry is the first metric without data, or -1.
func (w *Watch) firstDry() int {
	for i := range w.metrics {
		if m := &w.metrics[i]; !m.Data || w.quiet(m) {
			return i
		}
	}
	return -1
}

// firstSilent is the first metric that others show to be broken, or -1.
func (w *Watch) firstSilent() int {
	for i := range w.metrics {
		if m := &w.metrics[i]; w.quiet(m) && w.total-m.Heard >= w.policy.Silence {
			return i
		}
	}
	return -1
}

// quiet reports whether the metric's last request, or the beginning, is too long ago.
func (w *Watch) quiet(m *watched) bool {
	since := m.Fed
	if !m.Data {
		since = w.began
	}
	return w.started && elapsed(since, w.now) > w.policy.Stale
}

// dry says since when a metric has no requests.
func (w *Watch) dry(i int) string {
	m := &w.metrics[i]
	if !m.Data {
		return "no window with requests so far"
	}
	return fmt.Sprintf("no requests since %s, %v before now (stale after %v)",
		time.Unix(0, m.Fed).UTC().Format(time.RFC3339Nano), elapsed(m.Fed, w.now), w.policy.Stale)
}

// about fills in which metric the verdict is about.
func (w *Watch) about(v *Verdict, i int) { v.Metric, v.Canary = w.metrics[i].name, w.metrics[i].Sum }

// compared says what was counted, beside what is known of it.
func (w *Watch) compared(i int, c Count) string {
	m := &w.metrics[i]
	if m.bets == nil || c.Total == 0 {
		return fmt.Sprintf("%d bad of %d", c.Bad, c.Total)
	}
	rate := m.bets.baseline.Rate
	return fmt.Sprintf("%d bad of %d, %.2f times the known rate %s", c.Bad, c.Total,
		float64(c.Bad)/float64(c.Total)/rate, strconv.FormatFloat(rate, 'g', 4, 64))
}

// why is an alarm in words.
func (w *Watch) why(a alarm) string {
	m := &w.metrics[a.Metric]
	at := time.Unix(0, a.At).UTC().Format(time.RFC3339Nano)
	if a.Rule == ruleDetector {
		return fmt.Sprintf("%s is worse than known: %s since the watch began; evidence %.2f reached %.2f at %s (one false alarm in %v windows)",
			m.name, w.compared(a.Metric, a.Sum), a.LogE, w.policy.need(), at, w.policy.ARL)
	}
	r := m.objective.Rules[a.Rule]
	return fmt.Sprintf("%s burns its error budget too fast: %d bad of %d in %v and %d of %d in %v are %.1f and %.1f times what an SLO of %v allows, limit %v, at %s: %v",
		m.name, a.Long.Bad, a.Long.Total, r.Long, a.Short.Bad, a.Short.Total, r.Short,
		burnRate(m.objective.SLO, a.Long), burnRate(m.objective.SLO, a.Short), m.objective.SLO, r.Burn, at, r.Severity)
}
