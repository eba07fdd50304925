package health

import "github.com/sallyport-dev/sallyport/internal/enum"

// Kind is what a [Verdict] says. The zero value, undecided, promotes nothing.
type Kind uint8

// The kinds of verdicts.
const (
	KindUndecided Kind = iota // not enough evidence for either; Verdict.NoData says if there is none at all
	KindHealthy               // every metric is certified to be better than its MDE
	KindRegressed             // the canary is worse than tolerated
	KindInvalid               // the measurement is broken, so it says nothing about the release
)

var kinds = enum.Table[Kind]{Type: "health.Kind", Names: []string{"undecided", "healthy", "regressed", "invalid"}}

// String is the kind's name.
func (k Kind) String() string { return kinds.Text(k) }

// ParseKind reads a kind's name.
func ParseKind(s string) (Kind, error) { return kinds.Parse(s) }

// MarshalText is the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return kinds.Marshal(k) }

// UnmarshalText reads a kind's name.
func (k *Kind) UnmarshalText(b []byte) error { return kinds.Unmarshal(k, b) }
