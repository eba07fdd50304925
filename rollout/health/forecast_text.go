package health

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// text are the sentences of a forecast.
func (f *Forecast) text(p Policy, bake Bake, traffic []Traffic) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	certifies := false
	for i, m := range f.Metrics {
		c := courseOf(p, traffic[i])
		certifies = certifies || c.certifies
		name := m.Metric
		if len(p.metric(m.Metric).Edges) > 0 {
			name += fmt.Sprintf(" above %v", m.Edge)
		}
		r := m.Regressions[0]
		line := fmt.Sprintf("%s: a regression to %v times is found %s", name, r.Ratio, bake.wait(r.Found))
		line += fmt.Sprintf(", after %.0f bad events that the control's rate does not explain (at most %.0f in 95 of 100 runs)", r.Excess, r.MostExcess)
		if c.certifies {
			line += fmt.Sprintf("; a good release is certified %s", bake.wait(m.Certify))
		}
		out = append(out, line)
		switch {
		case r.Limit.Windows > float64(bake.Windows):
			say("%s: this traffic cannot show %v times within %s: no method can in less than %s on average",
				name, r.Ratio, bake.span(float64(bake.Windows)), bake.span(r.Limit.Windows))
		case r.Found.Chance < sure:
			say("%s: this traffic does not show %v times within %s for sure: the chance is %s",
				name, r.Ratio, bake.span(float64(bake.Windows)), percent(r.Found.Chance))
		}
		if c.certifies && m.Certify.Chance < sure {
			say("%s: within %s the chance to certify a good release is %s", name, bake.span(float64(bake.Windows)), percent(m.Certify.Chance))
		}
		if r.Found.Chance < sure || c.certifies && m.Certify.Chance < sure {
			if help := m.Remedies.text(&c, bake, len(p.Metrics)); help != "" {
				say("%s: enough would be, each alone: %s", name, help)
			} else {
				say("%s: no single change would be enough", name)
			}
		}
	}
	for _, m := range p.Metrics {
		if m.Mean {
			say("%s: it is of means, of which nothing is forecast", m.Name)
		}
	}
	switch {
	case !certifies:
		say("no metric has a certificate: no release is ever called healthy")
	case len(f.Metrics) > 1:
		say("all metrics together: a good release is certified %s", bake.wait(f.Certify))
	}
	return out
}

// metric is the metric of a name; the zero Metric if there is none.
func (p *Policy) metric(name string) Metric {
	for _, m := range p.Metrics {
		if m.Name == name {
			return m
		}
	}
	return Metric{}
}

// text lists the remedies that there are.
func (r Remedies) text(c *course, bake Bake, metrics int) string {
	var all []string
	say := func(ok bool, format string, args ...any) {
		if ok {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	say(r.Share > 0, "a canary of %s of the requests instead of %s", percent(r.Share), percent(c.share()))
	say(r.Windows > 0, "a bake of %s instead of %s", bake.span(float64(r.Windows)), bake.span(float64(bake.Windows)))
	say(r.MDE > 0, "an mde of %v instead of %v", r.MDE, c.mde)
	say(r.Metrics > 0, "%d metrics of equal weight instead of %d", r.Metrics, metrics)
	say(r.Alpha > 0, "an alpha of %v instead of %v", r.Alpha, c.alpha)
	say(r.Tolerance > 0, "a tolerance of %v instead of %v", r.Tolerance, c.bets.tolerance)
	say(r.Traffic > 0, "%v times the requests, by judging strata or slices together", r.Traffic)
	return strings.Join(all, "; ")
}

func (b Bake) wait(w Wait) string {
	switch {
	case w.Median == 0:
		return fmt.Sprintf("in less than half of the runs within %s", b.span(horizon))
	case w.Most == 0:
		return fmt.Sprintf("within %s in half of the runs, and in less than 95 of 100 within %s", b.span(float64(w.Median)), b.span(horizon))
	}
	return fmt.Sprintf("within %s in half of the runs and %s in 95 of 100", b.span(float64(w.Median)), b.span(float64(w.Most)))
}

// span says how long some windows are.
func (b Bake) span(windows float64) string {
	// Beyond a hundred years a number of windows says more than a time that overflows.
	if d := windows * float64(b.Length); b.Length > 0 && d < float64(100*365*24*time.Hour) {
		unit := time.Minute
		if b.Length%time.Minute != 0 {
			unit = time.Second
		}
		if r := time.Duration(d).Round(unit); r > 0 {
			return short(r)
		}
	}
	if windows == 1 {
		return "1 window"
	}
	return fmt.Sprintf("%.0f windows", windows)
}

// short is a duration without parts that are 0.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// percent rounds down, so that what is not sure does not look so.
func percent(p float64) string {
	return fmt.Sprintf("%v %%", math.Floor(p*1000+1e-9)/10)
}
