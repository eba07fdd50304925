package gitlab

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
var ErrFull = errors.New("gitlab: as many parts of facts as may be held")

// Told is what became of one payload.
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
	deployments map[string]*payload.Pieces[deployment]
	changes     map[string]*payload.Pieces[attributes]
	issues      map[string]*payload.Pieces[attributes]
}

// NewJoiner is a joiner that holds nothing yet. The error says everything that is wrong
// with the options.
func NewJoiner(options Options) (*Joiner, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Joiner{options: o, deployments: map[string]*payload.Pieces[deployment]{}, changes: map[string]*payload.Pieces[attributes]{},
		issues: map[string]*payload.Pieces[attributes]{}}, nil
}

// Add takes the body of one webhook delivery, and when the host was told, which becomes
// [metrics.Meta.Seen]. The caller has checked the token. An error means that the
// payload is not what GitLab sends; nothing is held of it.
func (j *Joiner) Add(body []byte, seen time.Time) (Told, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r, err := j.open(body, seen)
	if err != nil {
		return Told{}, err
	}
	kind, err := kindOf(r)
	if err != nil {
		return Told{}, err
	}
	switch kind {
	case "":
		return Told{}, errors.New("gitlab: the delivery does not say what it is of")
	case "deployment", "merge_request", "issue", "work_item":
	default:
		return Told{Skipped: fmt.Sprintf("a %.40q says nothing of a deployment, a change or an incident", kind)}, nil
	}
	if r, err = j.open(body, seen); err != nil {
		return Told{}, err
	}
	d, err := scan(r, kind)
	switch {
	case err != nil:
		return Told{}, err
	case d.project == "":
		return Told{}, fmt.Errorf("gitlab: the %s names no project", kind)
	case kind == "deployment":
		return j.take(1, func(int) (Told, error) { return j.deployment(d.project, d.deployment, seen) })
	case kind == "merge_request":
		if d.attributes.merged.IsZero() && d.attributes.state == "merged" && d.attributes.action == "merge" {
			d.attributes.merged = d.attributes.updated
		}
		return j.take(1, func(int) (Told, error) { return j.change(d.project, d.attributes, seen) })
	}
	return j.take(1, func(int) (Told, error) { return j.issue(d.project, d.attributes, seen) })
}

// AddDeployments takes the API's list of deployments of a project, "group/project". Each
// is what it was when it was last updated.
func (j *Joiner) AddDeployments(project string, body []byte, seen time.Time) (Told, error) {
	return addList(j, project, body, seen, scanDeployments, j.deployment)
}

// AddMergeRequests takes the API's list of merge requests of a project,
// "group/project".
func (j *Joiner) AddMergeRequests(project string, body []byte, seen time.Time) (Told, error) {
	return addList(j, project, body, seen, scanList, j.change)
}

// AddIssues takes the API's list of issues of a project, "group/project".
func (j *Joiner) AddIssues(project string, body []byte, seen time.Time) (Told, error) {
	return addList(j, project, body, seen, scanList, j.issue)
}

func addList[T any](j *Joiner, project string, body []byte, seen time.Time, scan func(payload.Reader) ([]T, error), take func(string, T, time.Time) (Told, error)) (Told, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r, err := j.open(body, seen)
	if err != nil {
		return Told{}, err
	}
	all, err := scan(r)
	switch {
	case err != nil:
		return Told{}, err
	case project == "":
		return Told{}, errors.New("gitlab: no project is named")
	case len(all) == 0:
		return Told{Skipped: "the list is empty"}, nil
	}
	return j.take(len(all), func(i int) (Told, error) { return take(project, all[i], seen) })
}

func (j *Joiner) open(body []byte, seen time.Time) (payload.Reader, error) {
	if seen.IsZero() {
		return payload.Reader{}, errors.New("gitlab: no time at which the payload was seen")
	}
	return payload.Open("gitlab", body, j.options.MaxBytes)
}

// take takes n things one by one. After an error, those before it are held.
func (j *Joiner) take(n int, one func(i int) (Told, error)) (Told, error) {
	var out Told
	for i := range n {
		told, err := one(i)
		if err != nil {
			if n > 1 {
				err = fmt.Errorf("%w (number %d of the list)", err, i+1)
			}
			return Told{}, err
		}
		out.Facts = append(out.Facts, told.Facts...)
		out.Skipped = told.Skipped
	}
	if len(out.Facts) > 0 {
		out.Skipped = ""
	}
	return out, nil
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

// deployment takes what a deployment was at one time.
func (j *Joiner) deployment(project string, d deployment, seen time.Time) (Told, error) {
	item := Item{Kind: "deployment", Project: project, Environment: d.environment, Tier: d.tier, Ref: d.ref}
	service, environment := j.options.Service(item), j.options.Environment(item)
	switch {
	case d.id == "" || d.at.IsZero():
		return Told{}, errors.New("gitlab: the deployment has no id or no time of its status")
	case d.environment == "":
		return Told{}, fmt.Errorf("gitlab: deployment %s has no environment", d.id)
	case !slices.Contains([]string{"created", "running", "success", "failed", "canceled", "skipped", "blocked"}, d.status):
		return Told{}, fmt.Errorf("gitlab: deployment %s has the status %.40q", d.id, d.status)
	case service == "" || environment == "":
		return Told{Skipped: "nothing says what the deployment is of"}, nil
	}
	id := "deployment/" + d.id // unique in an instance of GitLab
	p, err := hold(j, j.deployments, id, d, d.at, seen)
	if err != nil {
		return Told{}, err
	}
	order := make([]deployment, 0, p.Len())
	for o := range p.All() {
		order = append(order, o)
	}
	slices.SortFunc(order, deployment.compare)
	f := metrics.Deployment{Meta: meta(j, id, p)}
	succeeded := false
	for _, o := range order {
		switch o.status {
		case "success":
			if f.Outcome != metrics.DeploymentSucceeded {
				f.Outcome, f.At, f.Detected = metrics.DeploymentSucceeded, o.at, time.Time{}
			}
			succeeded = true
		case "failed":
			if f.Outcome != metrics.DeploymentFailed {
				f.Outcome, f.At = metrics.DeploymentFailed, o.at
				if !succeeded {
					f.Outcome = j.options.Failure
				}
				if f.Detected = o.at; f.Outcome == metrics.DeploymentNotExposed {
					f.Detected = time.Time{}
				}
			}
		}
		if o.sha != "" && len(o.sha) >= len(f.Commit) { // the whole one rather than its abbreviation
			f.Commit = o.sha
		}
	}
	if f.At.IsZero() { // it is under way, or was given up
		f.At = order[len(order)-1].at
	}
	f.Version, f.Service, f.Environment = f.Commit, service, environment
	if !isHex(f.Commit) { // an abbreviation names no commit for ever
		f.Commit = ""
	}
	return Told{Facts: []metrics.Fact{f}}, nil
}

// compare orders statuses by time; of those of one moment a failure comes last.
func (d deployment) compare(o deployment) int {
	rank := func(s string) int {
		return slices.Index([]string{"created", "blocked", "running", "skipped", "canceled", "success", "failed"}, s)
	}
	return cmp.Or(d.at.Compare(o.at), cmp.Compare(rank(d.status), rank(o.status)), cmp.Compare(d.sha, o.sha), cmp.Compare(d.environment, o.environment),
		cmp.Compare(d.tier, o.tier), cmp.Compare(d.ref, o.ref), d.created.Compare(o.created))
}

// change takes what a merge request was at one time.
func (j *Joiner) change(project string, a attributes, seen time.Time) (Told, error) {
	switch {
	case a.iid == "" || a.created.IsZero() || a.updated.IsZero():
		return Told{}, errors.New("gitlab: the merge request has no iid or no time")
	case a.merged.IsZero():
		return Told{Skipped: "the merge request is not merged, or does not say when"}, nil
	case a.merged.Before(a.created):
		return Told{}, fmt.Errorf("gitlab: merge request !%s was merged before it was created", a.iid)
	}
	id := project + "!" + a.iid
	a.action, a.kind, a.severity, a.state, a.closed = "", "", "", "", time.Time{}
	p, err := hold(j, j.changes, id, a, a.updated, seen)
	if err != nil {
		return Told{}, err
	}
	last, merged := a, a.merged
	for o := range p.All() {
		if o.compare(last) > 0 {
			last = o
		}
		if o.merged.Before(merged) { // it is merged once: what says later heard of a later update
			merged = o.merged
		}
	}
	f := metrics.Change{Meta: meta(j, id, p), Opened: last.created, Merged: merged, Commit: last.sha}
	f.At = merged
	if last.revert && last.reverts != "" && last.reverts != last.iid {
		f.RevertOf = metrics.Ref{Source: j.options.Source, ID: project + "!" + last.reverts}
	}
	return Told{Facts: []metrics.Fact{f}}, nil
}

func (a attributes) compare(o attributes) int {
	truth := func(a, b bool) int {
		switch {
		case a == b:
			return 0
		case a:
			return 1
		}
		return -1
	}
	return cmp.Or(a.updated.Compare(o.updated), a.merged.Compare(o.merged), truth(a.closed.IsZero(), o.closed.IsZero()), a.closed.Compare(o.closed), cmp.Compare(a.sha, o.sha), truth(a.revert, o.revert),
		cmp.Compare(a.reverts, o.reverts), cmp.Compare(a.severity, o.severity), cmp.Compare(a.kind, o.kind), cmp.Compare(a.state, o.state), a.created.Compare(o.created))
}

// issue takes what an issue was at one time. It is an incident as long as it is of that
// type.
func (j *Joiner) issue(project string, a attributes, seen time.Time) (Told, error) {
	switch {
	case a.iid == "" || a.created.IsZero() || a.updated.IsZero():
		return Told{}, errors.New("gitlab: the issue has no iid or no time")
	case a.state == "closed" && a.closed.IsZero():
		return Told{}, fmt.Errorf("gitlab: issue #%s is closed and does not say when", a.iid)
	}
	id := project + "#" + a.iid
	a.kind, a.severity = strings.ToLower(a.kind), strings.ToLower(a.severity)
	if a.state != "closed" {
		a.closed = time.Time{} // GitLab may keep the time of an earlier end
	}
	a.action, a.sha, a.merged, a.revert, a.reverts = "", "", time.Time{}, false, ""
	p, err := hold(j, j.issues, id, a, a.updated, seen)
	if err != nil {
		return Told{}, err
	}
	last, ever := a, false
	for o := range p.All() {
		if o.compare(last) > 0 {
			last = o
		}
		ever = ever || o.kind == "incident"
	}
	if !ever {
		return Told{Skipped: "the issue is no incident"}, nil
	}
	item := Item{Kind: "incident", Project: project}
	m := meta(j, id, p)
	service := j.options.Service(item)
	if service == "" || last.kind != "incident" {
		m.Deleted = true
		return Told{Facts: []metrics.Fact{metrics.Incident{Meta: m}}}, nil
	}
	m.At, m.Service, m.Environment = last.created, service, j.options.Environment(item)
	f := metrics.Incident{Meta: m, Resolved: last.closed, Severity: last.severity}
	if f.Severity == "unknown" {
		f.Severity = ""
	}
	return Told{Facts: []metrics.Fact{f}}, nil
}
