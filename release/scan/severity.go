package scan

import (
	"math"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release"
)

// Severity is how bad a finding is, after the scanner. The zero value is unknown,
// which may be anything. The package comment has the table of words.
type Severity uint8

// The severities, in rising order.
const (
	SeverityUnknown Severity = iota
	SeverityLow
	SeverityMedium
	SeverityHigh
	SeverityCritical
)

var severities = enum.Table[Severity]{Type: "scan.Severity", Names: []string{"unknown", "low", "medium", "high", "critical"}}

// String is the severity's name.
func (s Severity) String() string { return severities.Text(s) }

// ParseSeverity reads a severity's name, and no scanner's word for one.
func ParseSeverity(s string) (Severity, error) { return severities.Parse(s) }

// MarshalText is the severity's name.
func (s Severity) MarshalText() ([]byte, error) { return severities.Marshal(s) }

// UnmarshalText reads a severity's name.
func (s *Severity) UnmarshalText(b []byte) error { return severities.Unmarshal(s, b) }

var severityWords = map[string]Severity{
	"negligible": SeverityLow, "info": SeverityLow, "informational": SeverityLow, "note": SeverityLow, "minor": SeverityLow, "low": SeverityLow,
	"medium": SeverityMedium, "moderate": SeverityMedium, "warning": SeverityMedium,
	"high": SeverityHigh, "important": SeverityHigh, "major": SeverityHigh, "error": SeverityHigh,
	"critical": SeverityCritical, "blocker": SeverityCritical,
}

// severityOf is the severity of a scanner's word.
func severityOf(word string) Severity { return severityWords[strings.ToLower(strings.TrimSpace(word))] }

// severityOfScore is the qualitative rating of a CVSS base score (CVSS 3.1, section
// 5). A score of 0 counts as low: somebody found something.
func severityOfScore(s release.Score) Severity {
	switch {
	case !s.Known:
		return SeverityUnknown
	case s.Value >= 9:
		return SeverityCritical
	case s.Value >= 7:
		return SeverityHigh
	case s.Value >= 4:
		return SeverityMedium
	}
	return SeverityLow
}

// scoreOf is a score from 0 to 10; any other number is unknown.
func scoreOf(v float64, by string) release.Score {
	if math.IsNaN(v) || v < 0 || v > 10 {
		return release.Score{}
	}
	return release.Score{Known: true, Value: v, By: by}
}

// higher is the higher score, a known one before an unknown one; of equal ones a.
func higher(a, b release.Score) release.Score {
	if b.Known && (!a.Known || b.Value > a.Value) {
		return b
	}
	return a
}
