package metrics

import "github.com/sallyport-dev/sallyport/internal/enum"

// LinkRule is one way to find the deployment that caused an incident.
type LinkRule uint8

// The ways to link, the surest first.
const (
	LinkUnknown  LinkRule = iota
	LinkExplicit          // [Incident.CausedBy] names it
	LinkArtifact          // the latest deployment of [Incident.Artifact] before the incident
	LinkVersion           // the latest deployment of [Incident.Version] of the service before the incident
	LinkRevert            // the deployment of a change that was reverted while the incident was open, or at most [Definition.LinkWithin] after
	LinkRollback          // the deployment that was taken back while the incident was open
	LinkWindow            // the latest deployment of the service at most [Definition.LinkWithin] before
	LinkLast              // the last deployment before that succeeded, of any service with the same [DimProject], however long ago
)

var linkRules = enum.Table[LinkRule]{Type: "metrics.LinkRule", Names: []string{"unknown", "explicit", "artifact", "version", "revert", "rollback", "window", "last"}}

// String is the value's name.
func (l LinkRule) String() string { return linkRules.Text(l) }

// ParseLinkRule reads a value's name.
func ParseLinkRule(s string) (LinkRule, error) { return linkRules.Parse(s) }

// MarshalText is the value's name.
func (l LinkRule) MarshalText() ([]byte, error) { return linkRules.Marshal(l) }

// UnmarshalText reads a value's name.
func (l *LinkRule) UnmarshalText(b []byte) error { return linkRules.Unmarshal(l, b) }

// Confidence says how sure a link is. It is an order and no probability: nobody
// has measured one.
type Confidence uint8

// The confidences, in rising order.
const (
	ConfidenceUnknown Confidence = iota
	ConfidenceGuess              // it happened soon after
	ConfidenceLikely             // what was running, or what was done about it, says so
	ConfidenceStated             // somebody said so
)

var confidences = enum.Table[Confidence]{Type: "metrics.Confidence", Names: []string{"unknown", "guess", "likely", "stated"}}

// String is the value's name.
func (c Confidence) String() string { return confidences.Text(c) }

// ParseConfidence reads a value's name.
func ParseConfidence(s string) (Confidence, error) { return confidences.Parse(s) }

// MarshalText is the value's name.
func (c Confidence) MarshalText() ([]byte, error) { return confidences.Marshal(c) }

// UnmarshalText reads a value's name.
func (c *Confidence) UnmarshalText(b []byte) error { return confidences.Unmarshal(c, b) }
