package metrics

import (
	"fmt"
	"time"
)

// lead finds, for each deployment of a cell, the changes that it brought first.
func (a *analysis) lead() {
	for _, key := range a.order {
		brought := map[Ref]int{}
		for _, i := range a.streams[key] {
			x, d := &a.deps[i], &a.s.deployments[i]
			cells := a.cellsAt(x.group, x.moment)
			for _, ref := range d.Changes {
				l := a.leadOf(i, ref)
				by, again := brought[ref]
				switch {
				case x.why != "":
					l.why = "the deployment does not count: " + x.why
				case x.rollback:
					l.why = "the deployment takes another one back"
				case d.Outcome == DeploymentNotExposed, d.Outcome == DeploymentFailed && a.def.LeadTo == LeadToSuccess:
					l.why = "the deployment did not succeed"
				case again:
					l.why = fmt.Sprintf("deployment %q brought it before", a.s.deployments[by].Ref())
				default:
					brought[ref] = i
					if x.first && a.def.First == FirstExcluded {
						l.why = "the first known deployment: nobody knows what was before"
					} else if l.why == "" && a.def.Negative == NegativeDropped && a.seconds(&l) < 0 {
						l.why = "it is below zero: the definition leaves it out"
					}
				}
				for k := range cells {
					cells[k].leads = append(cells[k].leads, l)
				}
			}
		}
	}
}

// leadOf is the lead of one change that deployment i lists.
func (a *analysis) leadOf(i int, ref Ref) lead {
	l := lead{dep: i, change: -1, ref: ref}
	at, ok := a.changes[ref]
	if !ok {
		l.why = "the change is not known"
		return l
	}
	l.change, l.start = at, a.def.leadStart(&a.s.changes[at])
	if a.def.LeadSpan == LeadByStages && a.s.changes[at].Merged.IsZero() {
		l.why = "the change was not merged, by what is known"
	} else if l.start.IsZero() {
		l.why = fmt.Sprintf("the change has no time for %q", a.def.LeadFrom)
	}
	return l
}

// leadStart is when the lead time of a change begins, zero where that is not known.
func (d *Definition) leadStart(c *Change) time.Time {
	if d.LeadSpan == LeadByStages {
		return firstKnown(c.FirstCommit, c.Opened, c.Merged)
	}
	switch d.LeadFrom {
	case LeadFromFirstCommit:
		return c.FirstCommit
	case LeadFromOpened:
		return c.Opened
	case LeadFromMerge:
		return c.Merged
	}
	return c.At
}

// seconds is the lead time of a change that is known. It is negative where the
// clocks disagree, and is reported so unless the definition drops it.
func (a *analysis) seconds(l *lead) float64 {
	moment := a.deps[l.dep].moment
	return a.def.lead(&a.s.changes[l.change], moment).Seconds()
}

// lead is the lead time of a change that has a start by the definition.
func (d *Definition) lead(c *Change, deployed time.Time) time.Duration {
	if d.LeadSpan == LeadByStages {
		return d.sum(c.FirstCommit, c.Opened, c.Merged, deployed)
	}
	return d.LeadRounding.round(deployed.Sub(d.leadStart(c)))
}

// sum adds the spans between neighbouring times, each rounded: a span of which an
// end is not known, or that the definition drops, adds nothing.
func (d *Definition) sum(times ...time.Time) (out time.Duration) {
	for k, to := range times[1:] {
		from := times[k]
		if from.IsZero() || to.IsZero() {
			continue
		}
		if span := d.LeadRounding.round(to.Sub(from)); span >= 0 || d.Negative != NegativeDropped {
			out += span
		}
	}
	return out
}

// firstKnown is the first of times that is known.
func firstKnown(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// Lead is the lead time of one change by the definition, were it deployed at a
// moment; a zero moment leaves out the stages that a deployment would end. It is
// false where the change lacks what the definition needs, or drops it.
func (d *Definition) Lead(c Change, deployed time.Time) (time.Duration, bool) {
	start := d.leadStart(&c)
	if start.IsZero() || d.LeadSpan == LeadByStages && c.Merged.IsZero() || d.LeadSpan != LeadByStages && deployed.IsZero() {
		return 0, false
	}
	lead := d.lead(&c, deployed)
	return lead, lead >= 0 || d.Negative != NegativeDropped
}

// Stage is how long one change was in a stage by the definition's rounding and its
// rule for times below zero; false where a time is not known or the rule drops it.
// Both ends are the stage's own, wherever the lead time begins.
func (d *Definition) Stage(s Stage, c Change, deployed time.Time) (time.Duration, bool) {
	approved := firstKnown(c.Approved, c.Merged)
	ends := [...][2]time.Time{{}, {firstKnown(c.FirstCommit, c.At), c.Opened}, {c.Opened, c.FirstReview}, {c.FirstReview, approved},
		{c.Approved, c.Merged}, {c.Merged, deployed}}
	if s == StageUnknown || s >= StageUnattributed || ends[s][0].IsZero() || ends[s][1].IsZero() {
		return 0, false
	}
	took := d.LeadRounding.round(ends[s][1].Sub(ends[s][0]))
	return took, took >= 0 || d.Negative != NegativeDropped
}
