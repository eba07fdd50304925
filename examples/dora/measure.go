package main

import (
	"fmt"
	"io"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// story is what was read and what came of it.
type story struct {
	definition metrics.Definition
	facts      map[metrics.FactKind]int
	from, to   time.Time
	snapshot   *metrics.Snapshot
	services   *metrics.Report // one window, by service
	months     *metrics.Report // by month, all services together
	tags       bool
	outcomes   bool // some deployment did not succeed: the source tells outcomes
}

func measureAll(o options, stdout io.Writer, p *progress) error {
	s := &story{definition: metrics.DORA(), facts: map[metrics.FactKind]int{}, tags: o.deployments == ""}
	log := &metrics.Log{}
	add := func(kind metrics.FactKind, f metrics.Fact) error {
		if _, err := log.Add(f); err != nil {
			return err
		}
		s.facts[kind]++
		return nil
	}
	if s.tags {
		if err := readTags(p, func(f metrics.Fact) error { return s.meet(f, add) }); err != nil {
			return err
		}
	} else if err := readFile(o.deployments, metrics.KindDeployment, p, func(f metrics.Fact) error { return s.meet(f, add) }); err != nil {
		return err
	}
	if o.incidents != "" {
		if err := readFile(o.incidents, metrics.KindIncident, p, func(f metrics.Fact) error { return s.meet(f, add) }); err != nil {
			return err
		}
	}
	s.snapshot = log.Snapshot(s.to)
	p.say("%d facts in order", log.Len())
	if err := s.compute(); err != nil {
		return err
	}
	p.say("measured: %d results", s.services.Len()+s.months.Len())
	if s.services.Len() == 0 {
		return fmt.Errorf("no deployment went to %v: %w", s.definition.Environments, errNothing)
	}
	if err := s.print(stdout); err != nil {
		return err
	}
	if o.out != "" {
		return s.draw(o.out, stdout, p)
	}
	return nil
}

// meet adds a fact and widens what is known by it.
func (s *story) meet(f metrics.Fact, add func(metrics.FactKind, metrics.Fact) error) error {
	switch v := f.(type) {
	case metrics.Deployment:
		if s.from.IsZero() || v.At.Before(s.from) {
			s.from = v.At
		}
		s.until(v.At)
		s.until(v.Seen)
		s.outcomes = s.outcomes || v.Outcome != metrics.DeploymentSucceeded
		return add(metrics.KindDeployment, v)
	case metrics.Incident:
		s.until(v.At)
		s.until(v.Resolved)
		s.until(v.Seen)
		return add(metrics.KindIncident, v)
	}
	return add(metrics.KindChange, f)
}

// until moves the moment of the snapshot: everything that was told has been seen.
func (s *story) until(t time.Time) {
	if t.After(s.to) {
		s.to = t
	}
}

func (s *story) compute() (err error) {
	q := metrics.Query{From: s.from, To: s.to.Add(time.Nanosecond), Window: metrics.WindowWhole, By: []string{metrics.DimService}}
	if s.services, err = metrics.Compute(s.snapshot, s.definition, q); err != nil {
		return err
	}
	q.Window, q.By = metrics.WindowMonth, []string{}
	s.months, err = metrics.Compute(s.snapshot, s.definition, q)
	return err
}
