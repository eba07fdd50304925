package scan

import (
	"cmp"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release"
)

// Finding is one thing that a scanner found.
type Finding struct {
	// Kind says what sort of thing it is.
	Kind Kind `json:"kind"`
	// ID is the advisory's or the rule's, such as "GO-2024-2687" or "G101"; Aliases are
	// the other names of the same, sorted.
	ID      string   `json:"id"`
	Aliases []string `json:"aliases,omitempty"`
	// Package is the affected package in its version; empty where it is not about a
	// package, or where the file does not say enough to name it. Named is the package
	// as the scanner writes it.
	Package release.PURL `json:"package,omitempty"`
	Named   release.Text `json:"named,omitempty"`
	// FixedIn are the versions that mend it, in the file's order; none where none is
	// told.
	FixedIn []string `json:"fixedIn,omitempty"`
	// Path is the file that it was found in, relative to what was scanned where the
	// report tells; Line counts from 1 and is 0 where there is none.
	Path release.Path `json:"path,omitempty"`
	Line int          `json:"line,omitempty"`
	// Severity is how bad it is, Word the scanner's own word for that, Score the number
	// from 0 to 10 that it was told with.
	Severity Severity      `json:"severity"`
	Word     release.Text  `json:"word,omitempty"`
	Score    release.Score `json:"score,omitzero"`
	// Likelihood is an EPSS probability (0 to 1), Exploited whether it is listed as
	// exploited (CISA KEV). Where the scanner does not say, both are unknown.
	Likelihood release.Score  `json:"likelihood,omitzero"`
	Exploited  release.Answer `json:"exploited,omitzero"`
	// Reach is how far into the program the affected code is needed, where the scanner
	// looked. Reachable says whether it is called: no only where a scan that can see
	// calls ran to its end and saw none.
	Reach     Reach          `json:"reach,omitzero"`
	Reachable release.Answer `json:"reachable,omitzero"`
	// Certain is yes where the scanner says that it is so, and unknown where it leaves
	// that to people.
	Certain release.Answer `json:"certain"`
	// State compares it with an earlier scan, where the scanner did.
	State State `json:"state,omitzero"`
	// Suppressions are what was said against it. They take nothing away.
	Suppressions []Suppression `json:"suppressions,omitempty"`
	// Message is the scanner's sentence about it, on one line and cut where it is long;
	// of a secret, the rule's title alone.
	Message release.Text `json:"message,omitempty"`
	// Fingerprint is the same for the same finding in two scans by the same tool: it
	// does not depend on the package's version, the line, the severity or the message.
	// Two findings of one report may share it.
	Fingerprint release.Digest `json:"fingerprint"`
}

// Suppression is what somebody said against a finding: a comment in the source, an
// ignore rule, a VEX statement.
type Suppression struct {
	// Kind is the mechanism in the format's words: "inSource", "external", "ignore rule",
	// "vex".
	Kind string `json:"kind"`
	// Accepted says whether it stands: no where it was rejected, unknown while it is
	// under review or in words that are not known here.
	Accepted release.Answer `json:"accepted"`
	// Status is the format's own word for that.
	Status release.Text `json:"status,omitempty"`
	// Justification is why, in the words of whoever said it. It may be empty.
	Justification release.Text `json:"justification,omitempty"`
	// By is who or what said so, where the file tells: a file, a document.
	By release.Text `json:"by,omitempty"`
}

// Suppressed reports whether something stands against the finding, and nothing that
// was said against it is rejected, under review or unknown (SARIF 2.1.0, section
// 3.27.23). Whether that is worth anything, a policy says.
func (f *Finding) Suppressed() bool {
	return len(f.Suppressions) > 0 && !slices.ContainsFunc(f.Suppressions, func(s Suppression) bool { return s.Accepted != release.AnswerYes })
}

// Kind is a sort of finding. The zero value is unknown.
type Kind uint8

// The kinds.
const (
	KindUnknown          Kind = iota
	KindVulnerability         // a published advisory that affects a package
	KindCode                  // a rule of static analysis
	KindMisconfiguration      // a rule about infrastructure or configuration
	KindSecret                // something that looks like a credential
	KindLicense               // a licence that a policy of the scanner does not allow
	KindDeprecated            // a package that its makers gave up
)

var kinds = enum.Table[Kind]{Type: "scan.Kind", Names: []string{"unknown", "vulnerability", "code", "misconfiguration", "secret", "license", "deprecated"}}

// String is the kind's name.
func (k Kind) String() string { return kinds.Text(k) }

// ParseKind reads a kind's name.
func ParseKind(s string) (Kind, error) { return kinds.Parse(s) }

// MarshalText is the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return kinds.Marshal(k) }

// UnmarshalText reads a kind's name.
func (k *Kind) UnmarshalText(b []byte) error { return kinds.Unmarshal(k, b) }

// State is what became of a finding since an earlier scan, after the scanner
// (SARIF's baselineState). The zero value is unknown: it may be new.
type State uint8

// The states.
const (
	StateUnknown State = iota
	StateNew
	StateUnchanged
	StateUpdated
	StateAbsent // it was there before and is no longer
)

var states = enum.Table[State]{Type: "scan.State", Names: []string{"unknown", "new", "unchanged", "updated", "absent"}}

// String is the state's name.
func (s State) String() string { return states.Text(s) }

// ParseState reads a state's name.
func ParseState(s string) (State, error) { return states.Parse(s) }

// MarshalText is the state's name.
func (s State) MarshalText() ([]byte, error) { return states.Marshal(s) }

// UnmarshalText reads a state's name.
func (s *State) UnmarshalText(b []byte) error { return states.Unmarshal(s, b) }

// Reach is how far into a program affected code is needed. The zero value is unknown.
type Reach uint8

// The reaches, in rising order.
const (
	ReachUnknown  Reach = iota
	ReachRequired       // the module is in the build list
	ReachImported       // the affected package is imported
	ReachCalled         // the affected function is called, or is in the binary
)

var reaches = enum.Table[Reach]{Type: "scan.Reach", Names: []string{"unknown", "required", "imported", "called"}}

// String is the reach's name.
func (r Reach) String() string { return reaches.Text(r) }

// ParseReach reads a reach's name.
func ParseReach(s string) (Reach, error) { return reaches.Parse(s) }

// MarshalText is the reach's name.
func (r Reach) MarshalText() ([]byte, error) { return reaches.Marshal(r) }

// UnmarshalText reads a reach's name.
func (r *Reach) UnmarshalText(b []byte) error { return reaches.Unmarshal(r, b) }

// compare orders findings for a report.
func compare(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Named, b.Named),
		cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), a.Fingerprint.Compare(b.Fingerprint), cmp.Compare(a.Message, b.Message))
}
