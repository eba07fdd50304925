package release

import "github.com/sallyport-dev/sallyport/internal/enum"

// Verdict is the outcome of a decision. The zero value is unknown: no verdict was
// reached, and callers treat it as no.
type Verdict uint8

// The verdicts, from the worst: [Verdict.And] takes the lower of two.
const (
	VerdictUnknown Verdict = iota
	VerdictDeny            // something failed, was rejected or was forged; waiting will not help
	VerdictHold            // something is missing or stale; it may become allow by itself
	VerdictAllow
)

var verdicts = enum.Table[Verdict]{Type: "release.Verdict", Names: []string{"unknown", "deny", "hold", "allow"}}

// String is the verdict's name.
func (v Verdict) String() string { return verdicts.Text(v) }

// ParseVerdict reads a verdict's name.
func ParseVerdict(s string) (Verdict, error) { return verdicts.Parse(s) }

// MarshalText is the verdict's name.
func (v Verdict) MarshalText() ([]byte, error) { return verdicts.Marshal(v) }

// UnmarshalText reads a verdict's name.
func (v *Verdict) UnmarshalText(b []byte) error { return verdicts.Unmarshal(v, b) }

// Allowed reports whether v says yes. Nothing but allow does.
func (v Verdict) Allowed() bool { return v == VerdictAllow }

// And is the verdict of two conditions that must both hold: unknown if either is
// unknown, else deny if either denies, else hold if either holds.
func (v Verdict) And(w Verdict) Verdict {
	if v > VerdictAllow || w > VerdictAllow {
		return VerdictUnknown
	}
	return min(v, w)
}

// Reason is one thing that a tier, a verdict or a rollback came from.
type Reason struct {
	// Code is stable and made for programs: "risk/identity", "evidence/approval-missing".
	Code string `json:"code"`
	// Version is that of the rule that Code names; 0 where none is named.
	Version int `json:"version,omitempty"`
	// Subject is what it is about: a path, a purl, a requirement, a stage.
	Subject string `json:"subject,omitempty"`
	// Text is one sentence for people; it may change from version to version.
	Text string `json:"text"`
	// Refs are the digests of the evidence that it rests on.
	Refs []Digest `json:"refs,omitempty"`
}

// String is "code subject: text".
func (r Reason) String() string {
	if r.Subject == "" {
		return r.Code + ": " + r.Text
	}
	return r.Code + " " + r.Subject + ": " + r.Text
}
