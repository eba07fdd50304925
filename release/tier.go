package release

import "github.com/sallyport-dev/sallyport/internal/enum"

// Tier says how careful to be. The zero value is unknown, and unknown is treated
// as critical: see [Tier.Effective].
type Tier uint8

// The tiers, in rising order.
const (
	TierUnknown Tier = iota
	TierLow
	TierModerate
	TierHigh
	TierCritical
)

var tiers = enum.Table[Tier]{Type: "release.Tier", Names: []string{"unknown", "low", "moderate", "high", "critical"}}

// String is the tier's name.
func (t Tier) String() string { return tiers.Text(t) }

// ParseTier reads a tier's name.
func ParseTier(s string) (Tier, error) { return tiers.Parse(s) }

// MarshalText is the tier's name.
func (t Tier) MarshalText() ([]byte, error) { return tiers.Marshal(t) }

// UnmarshalText reads a tier's name.
func (t *Tier) UnmarshalText(b []byte) error { return tiers.Unmarshal(t, b) }

// Effective is the tier to act on: critical for unknown and for any value
// outside the scale, the tier itself otherwise.
func (t Tier) Effective() Tier {
	if t == TierUnknown || t > TierCritical {
		return TierCritical
	}
	return t
}

// Raise is the more careful of the two, unknown being critical.
func (t Tier) Raise(to Tier) Tier { return max(t.Effective(), to.Effective()) }
