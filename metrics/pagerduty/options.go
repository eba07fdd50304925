package pagerduty

import "errors"

// The defaults of Options.
const (
	DefaultMaxBytes  = 4 << 20
	DefaultMaxPieces = 10_000_000
)

// Item is what a host is asked about: the incident that a fact is of.
type Item struct {
	// ServiceID and Service are the id and the name of PagerDuty's service. The id
	// stays when the service is renamed.
	ServiceID, Service string
	// Urgency is "high" or "low", Priority the name of the priority, "" where it has
	// none.
	Urgency, Priority string
}

// Options says how a [Joiner] reads. The zero value is ready to use. The functions must
// give equal answers to equal questions, or facts would depend on when they are asked.
type Options struct {
	// Source is the source of the facts. If empty, "pagerduty".
	Source string
	// Service names the service of an incident. If nil, the name of PagerDuty's service.
	// An incident for which it is "" is skipped.
	Service func(Item) string
	// Environment names the environment of an incident. If nil, it has none, and is held
	// against the deployments of its service in all environments that count.
	Environment func(Item) string
	// MaxBytes is the size of the largest payload. If zero, DefaultMaxBytes.
	MaxBytes int
	// MaxPieces is how many events a Joiner holds. If zero, DefaultMaxPieces.
	MaxPieces int
}

func (o Options) withDefaults() (Options, error) {
	if o.Source == "" {
		o.Source = "pagerduty"
	}
	if o.Service == nil {
		o.Service = func(i Item) string { return i.Service }
	}
	if o.Environment == nil {
		o.Environment = func(Item) string { return "" }
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxPieces == 0 {
		o.MaxPieces = DefaultMaxPieces
	}
	if o.MaxBytes < 0 || o.MaxPieces < 0 {
		return o, errors.New("pagerduty: a limit is below zero")
	}
	return o, nil
}
