package github

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/internal/payload"
)

// deploymentPiece is a deployment as it was made, or one of its statuses. Neither ever
// changes at GitHub.
type deploymentPiece struct {
	repository string
	base       deployment
	status     status
}

// states are the statuses that GitHub knows, and whether they decide.
var states = map[string]bool{"success": true, "failure": true, "error": true, "inactive": false, "queued": false, "pending": false,
	"in_progress": false, "waiting": false, "requested": false}

func (j *Joiner) addDeployment(d *delivery, seen time.Time) (Told, error) {
	told := d.status.id != ""
	if told {
		if err := d.status.check(); err != nil {
			return Told{}, err
		}
	}
	if err := j.holdBase(d.repository, d.deployment, seen); err != nil {
		return Told{}, err
	}
	if told {
		if err := j.holdStatus(d.deployment.id, d.status, seen); err != nil {
			return Told{}, err
		}
	}
	return j.deployment(d.deployment.id), nil
}

func (j *Joiner) holdBase(repository string, d deployment, seen time.Time) error {
	if d.id == "" || d.sha == "" || d.created.IsZero() {
		return errors.New("github: the deployment has no id, no commit or no time")
	}
	// Its environment may be changed by statuses, which say so themselves.
	d.environment, d.original = cmp.Or(d.original, d.environment), ""
	_, err := hold(j, j.deployments, d.id, deploymentPiece{repository: repository, base: d}, d.created, seen)
	return err
}

func (s *status) check() error {
	if s.id == "" || s.created.IsZero() {
		return errors.New("github: the deployment status has no id or no time")
	}
	if _, known := states[s.state]; !known {
		return fmt.Errorf("github: a deployment status cannot be %.40q", s.state)
	}
	return nil
}

func (j *Joiner) holdStatus(id string, s status, seen time.Time) error {
	_, err := hold(j, j.deployments, id, deploymentPiece{status: s}, s.created, seen)
	return err
}

// deployment is the fact that follows from what is held of a deployment.
func (j *Joiner) deployment(id string) Told {
	p := j.deployments[id]
	var base deploymentPiece
	var statuses []status
	environments := []string{}
	for piece := range p.All() {
		if piece.status.id != "" {
			statuses = append(statuses, piece.status)
			environments = append(environments, piece.status.environment)
			continue
		}
		if base.base.id == "" || piece.compare(base) > 0 {
			base = piece
		}
		environments = append(environments, piece.base.environment)
	}
	if base.base.id == "" {
		return Told{Skipped: "the deployment itself has not been told yet"}
	}
	slices.SortFunc(statuses, func(a, b status) int {
		return cmp.Or(a.created.Compare(b.created), byID(a.id, b.id), cmp.Compare(a.state, b.state), cmp.Compare(a.environment, b.environment))
	})
	item := Item{Event: "deployment", Repository: base.repository, Environment: base.base.environment, Task: base.base.task,
		Production: base.base.production, Transient: base.base.transient}
	for _, s := range statuses {
		item.Environment = cmp.Or(s.environment, item.Environment)
	}
	f := metrics.Deployment{Meta: meta(j, "deployment/"+id, p), Version: base.base.sha, Commit: base.base.sha}
	f.At, f.Service, f.Environment = base.base.created, j.options.Service(item), j.options.Environment(item)
	if f.Service == "" || f.Environment == "" {
		for _, e := range environments { // as something else it may have been told before
			item.Environment = e
			if e != "" && j.options.Service(item) != "" && j.options.Environment(item) != "" {
				return Told{Facts: []metrics.Fact{metrics.Deployment{Meta: metrics.Meta{Source: f.Source, ID: f.ID, Rev: f.Rev, Seen: f.Seen, Deleted: true}}}}
			}
		}
		return Told{Skipped: "the deployment is of no service or environment of the host"}
	}
	j.decide(&f, statuses)
	return Told{Facts: []metrics.Fact{f}}
}

// decide ends a deployment by its statuses, which are in the order of their times.
func (j *Joiner) decide(f *metrics.Deployment, statuses []status) {
	var exposed time.Time
	var good, bad bool
	for _, s := range statuses {
		switch {
		case s.state == "success":
			if !good {
				good, bad, f.At = true, false, s.created
			}
			if exposed.IsZero() {
				exposed = s.created
			}
		case states[s.state]:
			if !bad {
				good, bad, f.At = false, true, s.created
			}
		}
	}
	if exposed.Before(f.At) {
		f.Started = exposed
	}
	switch {
	case good:
		f.Outcome = metrics.DeploymentSucceeded
	case bad && !exposed.IsZero():
		f.Outcome, f.Detected = metrics.DeploymentFailed, f.At
	case bad:
		if f.Outcome = j.options.Failure; f.Outcome == metrics.DeploymentFailed {
			f.Detected = f.At
		}
	}
}

// compare puts accounts of one deployment that differ into some order.
func (p deploymentPiece) compare(o deploymentPiece) int {
	truth := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(p.base.created.Compare(o.base.created), cmp.Compare(p.repository, o.repository), cmp.Compare(p.base.sha, o.base.sha),
		cmp.Compare(p.base.environment, o.base.environment), cmp.Compare(p.base.task, o.base.task),
		truth(p.base.production)-truth(o.base.production), truth(p.base.transient)-truth(o.base.transient))
}

// AddDeployments takes an answer of the REST API: the list of a repository's
// deployments. The repository is "owner/name". What was read before an error
// stays held.
func (j *Joiner) AddDeployments(repository string, body []byte, seen time.Time) (Told, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if repository == "" {
		return Told{}, errors.New("github: no repository")
	}
	var ids []string
	err := j.list(body, seen, func(r payload.Reader) error {
		var d deployment
		if err := d.scan(r); err != nil {
			return err
		}
		ids = append(ids, d.id)
		return j.holdBase(repository, d, seen)
	})
	if err != nil {
		return Told{}, err
	}
	slices.SortFunc(ids, byID)
	var told Told
	for _, id := range slices.Compact(ids) {
		t := j.deployment(id)
		told.Facts = append(told.Facts, t.Facts...)
		told.Skipped = cmp.Or(t.Skipped, told.Skipped)
	}
	switch {
	case len(told.Facts) > 0:
		told.Skipped = ""
	case told.Skipped == "":
		told.Skipped = "the list is empty"
	}
	return told, nil
}

// AddStatuses takes an answer of the REST API: the list of the statuses of the
// deployment with that ID, a number.
func (j *Joiner) AddStatuses(id string, body []byte, seen time.Time) (Told, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !isNumber(id) {
		return Told{}, fmt.Errorf("github: %.40q is no deployment", id)
	}
	err := j.list(body, seen, func(r payload.Reader) error {
		var s status
		if err := s.scan(r); err != nil {
			return err
		}
		if err := s.check(); err != nil {
			return err
		}
		return j.holdStatus(id, s, seen)
	})
	switch {
	case err != nil:
		return Told{}, err
	case j.deployments[id] == nil:
		return Told{Skipped: "the list is empty"}, nil
	}
	return j.deployment(id), nil
}

func (j *Joiner) list(body []byte, seen time.Time, visit func(payload.Reader) error) error {
	if seen.IsZero() {
		return errors.New("github: no time at which the list was seen")
	}
	r, err := payload.Open("github", body, j.options.MaxBytes)
	if err != nil {
		return err
	}
	if err := r.Each(func() error { return visit(r) }); err != nil {
		return err
	}
	return r.End()
}
