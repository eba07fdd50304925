package gitlab

import (
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/metrics"
)

// The defaults of Options.
const (
	DefaultMaxBytes  = 25 << 20
	DefaultMaxPieces = 10_000_000
)

// TokenHeader is the name of the HTTP header that [VerifyToken] takes.
const TokenHeader = "X-Gitlab-Token"

// VerifyToken reports whether header, the delivery's X-Gitlab-Token, is the webhook's
// secret token, compared in constant time. An empty token verifies nothing. The token
// says who sent, and not what: it signs no body, so use it over TLS alone.
func VerifyToken(token []byte, header string) bool {
	return len(token) > 0 && subtle.ConstantTimeCompare(token, []byte(header)) == 1
}

// Item is what a host is asked about: the thing that a fact is of.
type Item struct {
	// Kind is "deployment" or "incident".
	Kind string
	// Project is "group/project".
	Project string
	// Environment and Tier are a deployment's: Tier is GitLab's word, such as
	// "production", "" where it is not told.
	Environment, Tier string
	// Ref is the branch or the tag that a deployment is of.
	Ref string
}

// Options says how a [Joiner] reads. The zero value is ready to use. The functions must
// give equal answers to equal questions, or facts would depend on when they are asked.
type Options struct {
	// Source is the source of the facts. If empty, "gitlab".
	Source string
	// Service names the service of a deployment or incident. If nil, the project. An item
	// for which it is "" is skipped.
	Service func(Item) string
	// Environment names the environment of a deployment or incident. If nil, that of the
	// deployment; an incident has none then. A deployment for which it is "" is skipped.
	Environment func(Item) string
	// Failure is what a failure means that no success came before:
	// [metrics.DeploymentFailed] if users may have been exposed,
	// [metrics.DeploymentNotExposed] if the host knows that its pipeline exposes nobody
	// before it succeeds. If zero, DeploymentFailed.
	Failure metrics.DeploymentOutcome
	// MaxBytes is the size of the largest payload. If zero, DefaultMaxBytes.
	MaxBytes int
	// MaxPieces is how many parts of facts a Joiner holds. If zero, DefaultMaxPieces.
	MaxPieces int
}

func (o Options) withDefaults() (Options, error) {
	var errs []error
	if o.Source == "" {
		o.Source = "gitlab"
	}
	if o.Service == nil {
		o.Service = func(i Item) string { return i.Project }
	}
	if o.Environment == nil {
		o.Environment = func(i Item) string { return i.Environment }
	}
	if o.Failure == metrics.DeploymentUnknown {
		o.Failure = metrics.DeploymentFailed
	}
	if o.Failure != metrics.DeploymentFailed && o.Failure != metrics.DeploymentNotExposed {
		errs = append(errs, fmt.Errorf("gitlab: a failure cannot mean %q", o.Failure))
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxPieces == 0 {
		o.MaxPieces = DefaultMaxPieces
	}
	if o.MaxBytes < 0 || o.MaxPieces < 0 {
		errs = append(errs, errors.New("gitlab: a limit is below zero"))
	}
	return o, errors.Join(errs...)
}
