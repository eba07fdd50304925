package pagerduty

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/internal/payload"
)

// ErrFull says that a [Joiner] holds as many events as it may. What it held stays.
var ErrFull = errors.New("pagerduty: as many events as may be held")

// Told is what became of one payload.
type Told struct {
	// Facts are the facts that it completed or changed, for [metrics.Log.Add]. The
	// caller owns the slice.
	Facts []metrics.Fact
	// Skipped says why there are none, for people; empty where there are some.
	Skipped string
	// More says that a list of the REST API goes on: ask for the next page.
	More bool
}

// Joiner makes incidents of events, which may come in any order and any number of
// times. All methods may be called at once from many goroutines.
type Joiner struct {
	options Options

	mu        sync.Mutex
	held      int
	incidents map[string]*payload.Pieces[piece]
}

// piece is what an incident was after an event.
type piece struct {
	at, created        time.Time
	resolved           time.Time // where its status is resolved
	serviceID, service string
	urgency, priority  string
}

// compare orders pieces by time. Of several of one moment, one that is open comes last:
// a failure is not over because two events share a second.
func (p piece) compare(o piece) int {
	open := func(p piece) int {
		if p.resolved.IsZero() {
			return 1
		}
		return 0
	}
	return cmp.Or(p.at.Compare(o.at), cmp.Compare(open(p), open(o)), p.resolved.Compare(o.resolved), cmp.Compare(p.priority, o.priority),
		cmp.Compare(p.urgency, o.urgency), cmp.Compare(p.serviceID, o.serviceID), cmp.Compare(p.service, o.service), p.created.Compare(o.created))
}

// NewJoiner is a joiner that holds nothing yet.
func NewJoiner(options Options) (*Joiner, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Joiner{options: o, incidents: map[string]*payload.Pieces[piece]{}}, nil
}

// Add takes the body of one webhook delivery, and when the host was told, which becomes
// [metrics.Meta.Seen]. The caller has checked the signature. An error means that the
// payload is not what PagerDuty sends; nothing is held of it.
func (j *Joiner) Add(body []byte, seen time.Time) (Told, error) {
	r, err := j.open(body, seen)
	if err != nil {
		return Told{}, err
	}
	e, err := scan(r)
	switch {
	case err != nil:
		return Told{}, err
	case e.id == "" || e.kind == "" || e.at.IsZero():
		return Told{}, errors.New("pagerduty: the event has no id, no type or no time")
	case !strings.HasPrefix(e.kind, "incident."):
		return Told{Skipped: fmt.Sprintf("event %.40q is not of an incident", e.kind)}, nil
	case e.incident.kind != "incident": // a note, a subscriber, a change of a field
		return Told{Skipped: fmt.Sprintf("event %.40q is of a %.40q of an incident, not of the incident itself", e.kind, e.incident.kind)}, nil
	}
	return j.take([]incident{e.incident}, []time.Time{e.at}, seen)
}

// AddIncidents takes the answer of the REST API's list of incidents: an object with
// the member "incidents". It is what was true when each was last updated. An incident
// that is listed as resolved needs the time: "resolved_at", or else that of its last
// change of status.
func (j *Joiner) AddIncidents(body []byte, seen time.Time) (Told, error) {
	r, err := j.open(body, seen)
	if err != nil {
		return Told{}, err
	}
	all, more, err := scanList(r)
	if err != nil {
		return Told{}, err
	}
	times := make([]time.Time, len(all))
	for i, n := range all {
		if times[i] = n.updated; times[i].IsZero() {
			times[i] = n.changed
		}
		if times[i].IsZero() {
			return Told{}, fmt.Errorf("pagerduty: incident %q of the list does not say when it was updated", n.id)
		}
	}
	told, err := j.take(all, times, seen)
	told.More = more
	return told, err
}

func (j *Joiner) open(body []byte, seen time.Time) (payload.Reader, error) {
	if seen.IsZero() {
		return payload.Reader{}, errors.New("pagerduty: no time at which the payload was seen")
	}
	return payload.Open("pagerduty", body, j.options.MaxBytes)
}

// take holds what incidents were at their times, or none of it.
func (j *Joiner) take(all []incident, at []time.Time, seen time.Time) (Told, error) {
	pieces := make([]piece, len(all))
	for i, n := range all {
		p, err := pieceOf(n, at[i])
		if err != nil {
			return Told{}, err
		}
		pieces[i] = p
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	fresh := 0
	for i, n := range all {
		known := false
		if p := j.incidents[n.id]; p != nil {
			_, known = p.All()[pieces[i]]
		}
		if !known {
			fresh++
		}
	}
	if j.held+fresh > j.options.MaxPieces {
		return Told{}, ErrFull
	}
	var told Told
	done := map[string]int{} // where an incident's fact stands
	for i, n := range all {
		p := j.incidents[n.id]
		if p == nil {
			p = &payload.Pieces[piece]{}
			j.incidents[n.id] = p
		}
		if p.Add(pieces[i], pieces[i].at, seen) {
			j.held++
		}
		f, ok := j.fact(n.id, p)
		if k, again := done[n.id]; again {
			told.Facts[k] = f
		} else if ok {
			done[n.id] = len(told.Facts)
			told.Facts = append(told.Facts, f)
		}
	}
	if len(told.Facts) == 0 {
		told.Skipped = "nothing says which service the incident is of"
		if len(all) == 0 {
			told.Skipped = "the list is empty"
		}
	}
	return told, nil
}

func pieceOf(n incident, at time.Time) (piece, error) {
	p := piece{at: at, created: n.created, serviceID: n.serviceID, service: n.service, urgency: n.urgency, priority: n.priority}
	if n.id == "" || n.created.IsZero() {
		return piece{}, errors.New("pagerduty: the incident has no id or no time of creation")
	}
	switch n.status {
	case "triggered", "acknowledged":
	case "resolved":
		if p.resolved = n.resolved; p.resolved.IsZero() {
			p.resolved = n.changed
		}
		if p.resolved.IsZero() {
			p.resolved = at
		}
		if p.resolved.Before(n.created) {
			return piece{}, fmt.Errorf("pagerduty: incident %q was resolved before it was created", n.id)
		}
	default:
		return piece{}, fmt.Errorf("pagerduty: incident %q has the status %.40q", n.id, n.status)
	}
	return p, nil
}

// fact is what follows from all that is held of an incident. It is not ok where no
// piece of it has ever been of a service.
func (j *Joiner) fact(id string, p *payload.Pieces[piece]) (metrics.Fact, bool) {
	var last piece
	first := true
	ever := false
	for o := range p.All() {
		if first || o.compare(last) > 0 {
			last, first = o, false
		}
		ever = ever || j.options.Service(o.item()) != ""
	}
	if !ever {
		return nil, false
	}
	// While it stays resolved, later events of other things do not move the time.
	resolved := last.resolved
	if !resolved.IsZero() {
		var open piece // the last one that was open
		for o := range p.All() {
			if o.resolved.IsZero() && o.compare(open) > 0 {
				open = o
			}
		}
		for o := range p.All() {
			if !o.resolved.IsZero() && o.compare(open) > 0 && o.resolved.Before(resolved) {
				resolved = o.resolved
			}
		}
	}
	m := metrics.Meta{Source: j.options.Source, ID: id, Rev: p.Rev(), Seen: p.Seen()}
	service := j.options.Service(last.item())
	if service == "" { // it was given to a service that is not ours
		m.Deleted = true
		return metrics.Incident{Meta: m}, true
	}
	m.At, m.Service, m.Environment = last.created, service, j.options.Environment(last.item())
	severity := last.priority
	if severity == "" {
		severity = last.urgency
	}
	return metrics.Incident{Meta: m, Resolved: resolved, Severity: severity}, true
}

func (p piece) item() Item {
	return Item{ServiceID: p.serviceID, Service: p.service, Urgency: p.urgency, Priority: p.priority}
}
