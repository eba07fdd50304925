package graph

import (
	"errors"
	"fmt"
	"math"
)

// What an impact analysis does where [Options] say nothing. With runtime calls all the
// way, the floor lies just behind the fourth hop.
const (
	DefaultDecay = 0.5
	DefaultFloor = 0.05
	DefaultHops  = 4
)

// Unbounded as Hops or Floor of [Options] takes that bound away.
const Unbounded = -1

// Options say how far an impact reaches. The zero value is the defaults.
type Options struct {
	// Decay is what is left of an impact after each hop, in (0, 1]. If zero, it is
	// DefaultDecay.
	Decay float64
	// Floor is the least strength, in (0, 1], that a reached node may have. If zero, it
	// is DefaultFloor. Unbounded goes to the end.
	Floor float64
	// Hops is the most hops that a path may have. If zero, it is DefaultHops. Unbounded
	// goes to the end. A search may take time and memory in proportion to a bound that is
	// smaller than the number of nodes, times that of edges.
	Hops int
}

func (o Options) resolved() (Options, error) {
	var errs []error
	if o.Decay == 0 {
		o.Decay = DefaultDecay
	}
	if !(o.Decay > 0 && o.Decay <= 1) {
		errs = append(errs, fmt.Errorf("graph: decay %v is not in (0, 1]", o.Decay))
	}
	switch {
	case o.Floor == 0:
		o.Floor = DefaultFloor
	case o.Floor == Unbounded:
		o.Floor = 0
	case !(o.Floor > 0 && o.Floor <= 1):
		errs = append(errs, fmt.Errorf("graph: floor %v is neither in (0, 1] nor Unbounded", o.Floor))
	}
	switch {
	case o.Hops == 0:
		o.Hops = DefaultHops
	case o.Hops == Unbounded:
		o.Hops = math.MaxInt32
	case o.Hops < 0:
		errs = append(errs, fmt.Errorf("graph: %d hops are neither a number of hops nor Unbounded", o.Hops))
	}
	o.Hops = min(o.Hops, math.MaxInt32)
	return o, errors.Join(errs...)
}
