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
			c := a.cell(x.group, x.moment)
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
					}
				}
				if c != nil {
					c.leads = append(c.leads, l)
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
	l.change, l.start = at, a.leadStart(&a.s.changes[at])
	if l.start.IsZero() {
		l.why = fmt.Sprintf("the change has no time for %q", a.def.LeadFrom)
	}
	return l
}

func (a *analysis) leadStart(c *Change) time.Time {
	switch a.def.LeadFrom {
	case LeadFromFirstCommit:
		return c.FirstCommit
	case LeadFromOpened:
		return c.Opened
	case LeadFromMerge:
		return c.Merged
	}
	return c.At
}

// seconds is the lead time. It is negative where the clocks disagree, and is
// reported so.
func (a *analysis) seconds(l *lead) float64 { return a.deps[l.dep].moment.Sub(l.start).Seconds() }
