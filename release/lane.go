package release

import "github.com/sallyport-dev/sallyport/internal/enum"

// Lane is the way by which a release goes out: what is demanded of its tier
// depends on it. The zero value is the normal one, and demands the most.
type Lane uint8

// The lanes.
const (
	LaneNormal     Lane = iota
	LaneExpedite        // a release that does nothing but mend published flaws: waiting is a risk too
	LaneBreakGlass      // an emergency: people answer for it now, and what is left out is owed (see [Debt])
)

var lanes = enum.Table[Lane]{Type: "release.Lane", Names: []string{"normal", "expedite", "break-glass"}}

// String is the lane's name.
func (l Lane) String() string { return lanes.Text(l) }

// ParseLane reads a lane's name.
func ParseLane(s string) (Lane, error) { return lanes.Parse(s) }

// MarshalText is the lane's name.
func (l Lane) MarshalText() ([]byte, error) { return lanes.Marshal(l) }

// UnmarshalText reads a lane's name.
func (l *Lane) UnmarshalText(b []byte) error { return lanes.Unmarshal(l, b) }
