package pagerduty

import (
	"time"

	"github.com/sallyport-dev/sallyport/metrics/internal/payload"
)

// event is what is read of a delivery.
type event struct {
	id, kind string
	at       time.Time
	incident incident
}

// incident is one as it was at one time.
type incident struct {
	id, kind, status           string
	created                    time.Time
	serviceID, service         string
	urgency, priority          string
	updated, changed, resolved time.Time
}

var (
	topNames   = payload.Names("event")
	listNames  = payload.Names("incidents", "more")
	eventNames = payload.Names("id", "event_type", "occurred_at", "data")
	dataNames  = payload.Names("id", "type", "status", "created_at", "service", "urgency", "priority", "updated_at", "last_status_change_at", "resolved_at")
	thingNames = payload.Names("id", "summary")
)

func scan(r payload.Reader) (event, error) {
	var e event
	err := r.Object(topNames, func(int) error {
		return r.Object(eventNames, func(i int) error {
			switch i {
			case 0:
				return r.Name(&e.id)
			case 1:
				return r.Name(&e.kind)
			case 2:
				return r.Time(&e.at)
			}
			return e.incident.scan(r)
		})
	})
	if err == nil {
		err = r.End()
	}
	return e, err
}

func (n *incident) scan(r payload.Reader) error {
	return r.Object(dataNames, func(i int) error {
		switch i {
		case 0:
			return r.Name(&n.id)
		case 1:
			return r.Name(&n.kind)
		case 2:
			return r.Name(&n.status)
		case 3:
			return r.Time(&n.created)
		case 4:
			return thing(r, &n.serviceID, &n.service)
		case 5:
			return r.Name(&n.urgency)
		case 6:
			var id string
			return thing(r, &id, &n.priority)
		case 7:
			return r.Time(&n.updated)
		case 8:
			return r.Time(&n.changed)
		}
		return r.Time(&n.resolved)
	})
}

// thing reads a reference to something: its id and its name.
func thing(r payload.Reader, id, name *string) error {
	return r.Object(thingNames, func(i int) error {
		if i == 0 {
			return r.Name(id)
		}
		return r.Name(name)
	})
}

// scanList reads incidents of the REST API.
func scanList(r payload.Reader) (all []incident, more bool, err error) {
	err = r.Object(listNames, func(i int) error {
		if i == 1 {
			return r.Bool(&more)
		}
		return r.Each(func() error {
			var n incident
			err := n.scan(r)
			all = append(all, n)
			return err
		})
	})
	if err == nil {
		err = r.End()
	}
	return all, more, err
}
