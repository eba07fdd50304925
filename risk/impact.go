package risk

import "github.com/sallyport-dev/sallyport/internal/enum"

// Impact says how bad a failure of the release would be, on five steps. The host
// declares it for the service; nothing is learned about it. The zero value is
// unknown: see [Policy.UnknownImpact].
type Impact uint8

// The impacts, in rising order.
const (
	ImpactUnknown    Impact = iota
	ImpactNegligible        // nobody would notice
	ImpactMinor             // a nuisance to some users
	ImpactModerate          // a feature is lost for a while
	ImpactMajor             // the service is lost for a while, or data of some users is exposed
	ImpactSevere            // data is lost, many users are exposed, or people or money come to harm
)

var impacts = enum.Table[Impact]{Type: "risk.Impact", Names: []string{"unknown", "negligible", "minor", "moderate", "major", "severe"}}

// String is the impact's name.
func (i Impact) String() string { return impacts.Text(i) }

// ParseImpact reads an impact's name.
func ParseImpact(s string) (Impact, error) { return impacts.Parse(s) }

// MarshalText is the impact's name.
func (i Impact) MarshalText() ([]byte, error) { return impacts.Marshal(i) }

// UnmarshalText reads an impact's name.
func (i *Impact) UnmarshalText(b []byte) error { return impacts.Unmarshal(i, b) }

// Level is a step of likelihood: the policy's cuts divide probabilities into
// four. The zero value, unknown, counts as high.
type Level uint8

// The levels, in rising order.
const (
	LevelUnknown Level = iota
	LevelMinimal
	LevelLow
	LevelMedium
	LevelHigh
)

var levels = enum.Table[Level]{Type: "risk.Level", Names: []string{"unknown", "minimal", "low", "medium", "high"}}

// String is the level's name.
func (l Level) String() string { return levels.Text(l) }

// ParseLevel reads a level's name.
func ParseLevel(s string) (Level, error) { return levels.Parse(s) }

// MarshalText is the level's name.
func (l Level) MarshalText() ([]byte, error) { return levels.Marshal(l) }

// UnmarshalText reads a level's name.
func (l *Level) UnmarshalText(b []byte) error { return levels.Unmarshal(l, b) }
