package graph

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// EdgeKind says how a component needs another. The zero value is unknown, and counts
// as the kind that reaches farthest.
type EdgeKind uint8

// The kinds of edges.
const (
	EdgeUnknown EdgeKind = iota
	EdgeRuntime          // calls it, links it, runs on it
	EdgeBuild            // needs it to be built
	EdgeTest             // needs it to be tested, and for nothing else
	EdgeData             // reads what it wrote, some time later
	EdgePart             // has it as a part, or is the face of it: no step at all
)

const edgeKinds = int(EdgePart) + 1

var kinds = enum.Table[EdgeKind]{Type: "graph.EdgeKind", Names: []string{"unknown", "runtime", "build", "test", "data", "part"}}

// String is the kind's name.
func (k EdgeKind) String() string { return kinds.Text(k) }

// ParseEdgeKind reads a kind's name.
func ParseEdgeKind(s string) (EdgeKind, error) { return kinds.Parse(s) }

// MarshalText is the kind's name.
func (k EdgeKind) MarshalText() ([]byte, error) { return kinds.Marshal(k) }

// UnmarshalText reads a kind's name.
func (k *EdgeKind) UnmarshalText(b []byte) error { return kinds.Unmarshal(k, b) }

// Factors say how much of an impact an edge of each kind passes on, in (0, 1]. They
// are conventions and not measurements: their order matters more than their values.
// Edges of unknown kind have the greatest of the four, and [EdgePart] is always 1.
type Factors struct {
	// Runtime, Build, Test and Data are the factors of those kinds.
	Runtime, Build, Test, Data float64
}

// DefaultFactors are the factors of a [Builder] that was given none: 1 at run time, 0.6
// for builds, 0.3 for tests, 0.2 for data.
func DefaultFactors() Factors { return Factors{Runtime: 1, Build: 0.6, Test: 0.3, Data: 0.2} }

func (f Factors) validate() error {
	var errs []error
	for _, c := range []struct {
		kind  EdgeKind
		value float64
	}{{EdgeRuntime, f.Runtime}, {EdgeBuild, f.Build}, {EdgeTest, f.Test}, {EdgeData, f.Data}} {
		if !(c.value > 0 && c.value <= 1) { // NaN is neither
			errs = append(errs, fmt.Errorf("graph: factor %v of kind %q is not in (0, 1]", c.value, c.kind))
		}
	}
	return errors.Join(errs...)
}

// table is the factors by kind.
func (f Factors) table() [edgeKinds]float64 {
	return [edgeKinds]float64{
		EdgeUnknown: max(f.Runtime, f.Build, f.Test, f.Data),
		EdgeRuntime: f.Runtime, EdgeBuild: f.Build, EdgeTest: f.Test, EdgeData: f.Data,
		EdgePart: 1,
	}
}
