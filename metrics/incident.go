package metrics

import "time"

// Incident is one episode of degraded service. At is when it was detected or
// declared. An incident that is reopened is the same fact with a higher Rev and
// another time of resolution.
type Incident struct {
	Meta
	// Resolved is when service was restored; zero while it is open.
	Resolved time.Time `json:"resolved,omitzero"`
	// Mitigated is when users no longer felt it, though it was not resolved yet; zero
	// where that is not known.
	Mitigated time.Time `json:"mitigated,omitzero"`
	// CausedBy is the deployment that caused it, where somebody says so. Artifact and
	// Version are what was running, where the report says so.
	CausedBy Ref    `json:"causedBy,omitzero"`
	Artifact string `json:"artifact,omitempty"`
	Version  string `json:"version,omitempty"`
	// Severity is the source's word for it. Nothing is computed from it.
	Severity string `json:"severity,omitempty"`
	// NoticedBy is what noticed it, in the source's words: an alert, a health verdict, a
	// user. It is no person.
	NoticedBy string `json:"noticedBy,omitempty"`
}

func (i Incident) meta() *Meta    { return &i.Meta }
func (i Incident) kind() FactKind { return KindIncident }

func (i Incident) validate() []error {
	return append(i.Meta.validate(), checkTime("resolved", i.Resolved), checkText("artifact", i.Artifact),
		checkText("version", i.Version), checkText("severity", i.Severity), checkText("noticed by", i.NoticedBy),
		checkTime("mitigated", i.Mitigated),
		checkRefs("caused by", i.CausedBy))
}

func (i Incident) normal() Fact {
	i.Meta = i.Meta.normal()
	i.Resolved, i.Mitigated = i.Resolved.UTC().Round(0), i.Mitigated.UTC().Round(0)
	return i
}

// open reports whether the incident was unresolved at a moment. A resolution
// that lies ahead has not happened.
func (i *Incident) open(asOf time.Time) bool { return i.Resolved.IsZero() || i.Resolved.After(asOf) }
