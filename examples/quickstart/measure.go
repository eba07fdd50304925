package main

import (
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

// measure records what happened as facts, prints the five metrics, and tells
// risk what became of the release.
func (s *story) measure() error {
	ended := s.events[len(s.events)-1].At
	var log metrics.Log
	if err := s.record(&log, ended); err != nil {
		return err
	}
	monday := weekOf(ended)
	// Nothing else was deployed to the simulated production this week, and nothing
	// failed there: this program made it, so it can vouch for that.
	report, err := metrics.Compute(log.Snapshot(ended), metrics.DORA(), metrics.Query{From: monday, To: monday.AddDate(0, 0, 7),
		Window: metrics.WindowWeek, ObservedFrom: monday, ObservedTo: ended, FailuresObserved: true})
	if err != nil {
		return err
	}
	s.item("week", "of %s, from this one release", monday.Format(time.DateOnly))
	for r := range report.All() {
		s.line("     %s", r)
	}
	return s.learn(&log, ended)
}

// weekOf is the Monday on which the ISO week of t begins.
func weekOf(t time.Time) time.Time {
	t = t.UTC()
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// record adds the commits, the deployment, and the incident if it failed.
func (s *story) record(log *metrics.Log, seen time.Time) error {
	var changes []metrics.Ref
	left := 0
	for _, c := range s.changes.Commits {
		if len(c.Parents) > 1 {
			continue // a merge brings nothing of its own
		}
		fact := metrics.Change{Meta: metrics.Meta{Source: "git", ID: c.ID.String(), Rev: 1, At: c.Committed, Seen: seen}, Commit: c.ID.String()}
		if _, err := log.Add(fact); err != nil {
			// Such as a commit dated in the year 1.
			if left++; left == 1 {
				s.item("left out", "commit %s: %s", c.ID.Short(), oneLine(err.Error()))
			}
			continue
		}
		changes = append(changes, fact.Ref())
	}
	if left > 1 {
		s.item("", "and %s more", count(left-1, "commit"))
	}
	for _, d := range metrics.FromEvents(s.events) {
		d.Changes, d.Planned = changes, metrics.PlannedYes
		if _, err := log.Add(d); err != nil {
			return err
		}
		if d.Outcome != metrics.DeploymentFailed {
			continue
		}
		_, err := log.Add(metrics.Incident{Meta: metrics.Meta{Source: "quickstart", ID: d.ID, Rev: 1, At: d.Detected, Seen: seen,
			Service: d.Service, Environment: d.Environment}, Resolved: d.Recovered, CausedBy: d.Ref()})
		if err != nil {
			return err
		}
	}
	return nil
}

// learn tells risk what became of the release. That it was fine can only be said
// after some time, which is simulated too.
func (s *story) learn(log *metrics.Log, ended time.Time) error {
	digest, err := s.release.Digest()
	if err != nil {
		return err
	}
	at := ended
	if s.events[len(s.events)-1].Kind == release.EventDeployed {
		at = ended.Add(s.learner.Horizon)
		s.item("later", "simulated: %.0f days pass without an incident", s.learner.Horizon.Hours()/24)
	}
	if s.outcome, err = log.Snapshot(at).Outcome(metrics.DORA(), metrics.OutcomeQuery{Release: digest, FailuresObserved: true}); err != nil {
		return err
	}
	s.item("outcome", "%s %s", s.outcome.Kind, release.Text(s.outcome.Cause))
	if s.outcome.Kind == release.OutcomeUnknown {
		return nil // nothing was exposed
	}
	if err := s.learner.Observe(s.assessment.Observed(s.outcome)); err != nil {
		return err
	}
	s.item("risk", "%s", s.learner.Counts())
	return s.dir.save("learner.json", &s.learner)
}
