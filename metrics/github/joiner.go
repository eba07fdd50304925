package github

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/internal/payload"
)

// ErrFull says that a [Joiner] holds as many parts as it may. What it held stays.
var ErrFull = errors.New("github: as many parts of facts as may be held")

// Told is what became of one delivery.
type Told struct {
	// Facts are the facts that it completed or changed, for [metrics.Log.Add]. The
	// caller owns the slice.
	Facts []metrics.Fact
	// Skipped says why there are none, for people; empty where there are some.
	Skipped string
}

// Joiner makes facts of parts of them, which may come in any order and any number of
// times. All methods may be called at once from many goroutines.
type Joiner struct {
	options Options

	mu          sync.Mutex
	held        int
	deployments map[string]*payload.Pieces[deploymentPiece]
	runs        map[string]*payload.Pieces[run]
	releases    map[string]*payload.Pieces[release]
	changes     map[string]*payload.Pieces[changePiece]
	issues      map[string]*payload.Pieces[issuePiece]
	pushes      map[string][]push // by repository@commit that the branch was at afterwards
}

// NewJoiner is a joiner that holds nothing yet. The error says everything that is wrong
// with the options.
func NewJoiner(options Options) (*Joiner, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Joiner{
		options:     o,
		deployments: map[string]*payload.Pieces[deploymentPiece]{},
		runs:        map[string]*payload.Pieces[run]{},
		releases:    map[string]*payload.Pieces[release]{},
		changes:     map[string]*payload.Pieces[changePiece]{},
		issues:      map[string]*payload.Pieces[issuePiece]{},
		pushes:      map[string][]push{},
	}, nil
}

// Add takes one webhook delivery: its X-GitHub-Event, its body, and when the host was
// told, which becomes [metrics.Meta.Seen]. The caller has checked the signature. An
// error means that the payload is not what GitHub sends; nothing is held of it;
// after [ErrFull] a part of it may be.
func (j *Joiner) Add(event string, body []byte, seen time.Time) (Told, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var take func(*delivery, time.Time) (Told, error)
	switch event {
	case "deployment", "deployment_status":
		take = j.addDeployment
	case "workflow_run":
		take = j.addRun
	case "release":
		take = j.addRelease
	case "pull_request", "pull_request_review":
		take = j.addPull
	case "push":
		take = j.addPush
	case "issues":
		take = j.addIssue
	default:
		return Told{Skipped: fmt.Sprintf("event %.40q says nothing of a deployment, a change or an incident", event)}, nil
	}
	if seen.IsZero() {
		return Told{}, errors.New("github: no time at which the delivery was seen")
	}
	r, err := payload.Open("github", body, j.options.MaxBytes)
	if err != nil {
		return Told{}, err
	}
	d, err := scan(r)
	switch {
	case err != nil:
		return Told{}, err
	case d.repository == "":
		return Told{}, fmt.Errorf("github: the %s names no repository", event)
	case event == "deployment_status" && d.status.id == "":
		return Told{}, errors.New("github: the deployment status has no id")
	case event == "pull_request_review" && d.review.id == "":
		return Told{}, errors.New("github: the review has no id")
	}
	return take(&d, seen)
}

// hold adds a piece to a thing.
func hold[P comparable](j *Joiner, things map[string]*payload.Pieces[P], id string, piece P, at, seen time.Time) (*payload.Pieces[P], error) {
	p := things[id]
	if p == nil {
		p = &payload.Pieces[P]{}
	}
	if _, known := p.All()[piece]; !known && j.held >= j.options.MaxPieces {
		return nil, ErrFull
	}
	if p.Add(piece, at, seen) {
		j.held++
	}
	things[id] = p
	return p, nil
}

func meta[P comparable](j *Joiner, id string, p *payload.Pieces[P]) metrics.Meta {
	return metrics.Meta{Source: j.options.Source, ID: id, Rev: p.Rev(), Seen: p.Seen()}
}

// byID orders the numbers that GitHub gives things.
func byID(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// addRun takes a run of a workflow.
func (j *Joiner) addRun(d *delivery, seen time.Time) (Told, error) {
	n := d.run
	item := Item{Event: "workflow_run", Repository: d.repository, Workflow: n.name, Path: n.path, Branch: n.branch, Trigger: n.trigger}
	service, environment := j.options.Service(item), j.options.Environment(item)
	switch {
	case n.id == "" || n.updated.IsZero():
		return Told{}, errors.New("github: the workflow's run has no id or no time")
	case d.action != "completed" || n.status != "completed":
		return Told{Skipped: "the workflow's run is not over"}, nil
	case service == "" || environment == "":
		return Told{Skipped: "nothing says what the workflow's run deployed to"}, nil
	}
	if _, err := j.conclusion(n.conclusion); err != nil {
		return Told{}, err
	}
	p, err := hold(j, j.runs, n.id, n, n.updated, seen)
	if err != nil {
		return Told{}, err
	}
	for m := range p.All() { // of several attempts the last one counts
		if cmp.Or(m.updated.Compare(n.updated), cmp.Compare(m.conclusion, n.conclusion), cmp.Compare(m.sha, n.sha)) > 0 {
			n = m
		}
	}
	f := metrics.Deployment{Meta: meta(j, "run/"+n.id, p), Version: n.sha, Commit: n.sha}
	f.At, f.Service, f.Environment = n.updated, service, environment
	f.Outcome, _ = j.conclusion(n.conclusion)
	if f.Outcome == metrics.DeploymentFailed {
		f.Detected = f.At
	}
	return Told{Facts: []metrics.Fact{f}}, nil
}

func (j *Joiner) conclusion(s string) (metrics.DeploymentOutcome, error) {
	switch s {
	case "success":
		return metrics.DeploymentSucceeded, nil
	case "failure", "timed_out":
		return j.options.Failure, nil
	case "startup_failure", "skipped", "action_required":
		return metrics.DeploymentNotExposed, nil // no job ran
	case "cancelled", "neutral", "stale":
		return metrics.DeploymentUnknown, nil
	}
	return 0, fmt.Errorf("github: a workflow's run cannot conclude with %.40q", s)
}

// addRelease takes a release.
func (j *Joiner) addRelease(d *delivery, seen time.Time) (Told, error) {
	l := d.release
	item := Item{Event: "release", Repository: d.repository, Tag: l.tag, Prerelease: l.prerelease}
	service, environment := j.options.Service(item), j.options.Environment(item)
	switch {
	case l.id == "" || l.tag == "":
		return Told{}, errors.New("github: the release has no id or no tag")
	case d.action != "published":
		return Told{Skipped: "only the publishing of a release deploys it"}, nil
	case l.draft || l.published.IsZero():
		return Told{Skipped: "the release is not published"}, nil
	case service == "" || environment == "":
		return Told{Skipped: "nothing says what the release is deployed to"}, nil
	}
	p, err := hold(j, j.releases, l.id, l, l.published, seen)
	if err != nil {
		return Told{}, err
	}
	for m := range p.All() {
		if cmp.Or(m.published.Compare(l.published), cmp.Compare(m.tag, l.tag)) > 0 {
			l = m
		}
	}
	f := metrics.Deployment{Meta: meta(j, "release/"+l.id, p), Version: l.tag, Outcome: metrics.DeploymentSucceeded}
	f.At, f.Service, f.Environment = l.published, service, environment
	return Told{Facts: []metrics.Fact{f}}, nil
}

// issuePiece is what an issue was at one time.
type issuePiece struct {
	created, updated, closed time.Time
	incident, gone           bool
	labels                   string // joined by zeros, which no label holds
}

func (p issuePiece) compare(o issuePiece) int {
	truth := func(a, b bool) int {
		switch {
		case a == b:
			return 0
		case a:
			return 1
		}
		return -1
	}
	return cmp.Or(truth(p.gone, o.gone), p.updated.Compare(o.updated), p.closed.Compare(o.closed), truth(p.incident, o.incident),
		cmp.Compare(p.labels, o.labels), p.created.Compare(o.created))
}

// addIssue takes an issue. It is an incident as long as it has the label.
func (j *Joiner) addIssue(d *delivery, seen time.Time) (Told, error) {
	n := d.issue
	switch {
	case n.number == "" || n.created.IsZero() || n.updated.IsZero():
		return Told{}, errors.New("github: the issue has no number or no time")
	case n.pull:
		return Told{Skipped: "the issue is a pull request"}, nil
	}
	id := d.repository + "#" + n.number
	piece := issuePiece{created: n.created, updated: n.updated, closed: n.closed, labels: strings.Join(n.labels, "\x00"),
		gone:     d.action == "deleted" || d.action == "transferred",
		incident: slices.ContainsFunc(n.labels, func(l string) bool { return slices.Contains(j.options.IncidentLabels, l) })}
	p, err := hold(j, j.issues, id, piece, n.updated, seen)
	if err != nil {
		return Told{}, err
	}
	last, ever := piece, false
	for o := range p.All() {
		if o.compare(last) > 0 {
			last = o
		}
		ever = ever || o.incident
	}
	if !ever {
		return Told{Skipped: "the issue has no label of an incident"}, nil
	}
	item := Item{Event: "issues", Repository: d.repository}
	if last.labels != "" {
		item.Labels = strings.Split(last.labels, "\x00")
	}
	f := metrics.Incident{Meta: meta(j, id, p), Resolved: last.closed}
	f.At, f.Service, f.Environment = last.created, j.options.Service(item), j.options.Environment(item)
	if f.Service == "" || last.gone || !last.incident {
		f = metrics.Incident{Meta: metrics.Meta{Source: f.Source, ID: id, Rev: f.Rev, Seen: f.Seen, Deleted: true}}
	}
	return Told{Facts: []metrics.Fact{f}}, nil
}
