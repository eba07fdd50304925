package advisory

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release/version"
)

// A range is compiled to the versions at which its answer changes. A flip is such a
// place: at a version, or right behind it; before is the one in front of all.
type flip struct {
	v      version.Version
	behind bool
	before bool
}

// flips are the places where the answer changes from no to yes, back, and so on.
// Both readings are the same slice but where events contradict each other.
type flips struct{ least, most []flip }

// step is one event of a range.
type step struct {
	kind stepKind
	v    version.Version
	zero bool // introduced "0"
}

type stepKind uint8

const (
	introduced stepKind = iota
	fixed
	lastAffected
)

// compile reads a range's events (OSV schema, "affected[].ranges[].events fields" and
// "Evaluation"). An error says why nobody can tell what it means.
func compile(events []event, o version.Order) (flips, error) {
	var steps []step
	var limit version.Version
	limited, unlimited, begins := false, false, false
	for _, e := range events {
		text, s, isLimit, err := e.step()
		if err != nil {
			return flips{}, err
		}
		if isLimit && strings.Contains(text, "*") {
			unlimited = true
			continue
		}
		if s.zero = !isLimit && s.kind == introduced && text == "0"; !s.zero {
			if s.v, err = o.Parse(text); err != nil {
				return flips{}, fmt.Errorf("its range has %s, which is no version", quoted(text))
			}
		}
		if isLimit {
			if !limited || s.v.Compare(limit) > 0 {
				limit, limited = s.v, true
			}
			continue
		}
		begins = begins || s.kind == introduced
		steps = append(steps, s)
	}
	if !begins {
		return flips{}, errors.New("its range begins nowhere")
	}
	written := slices.IsSortedFunc(steps, compareSteps)
	slices.SortStableFunc(steps, compareSteps)
	out := flips{least: sweep(steps)}
	out.most = out.least
	if !written && contradict(steps) {
		out.least = sweep(ties(steps, true))
		out.most = sweep(ties(steps, false))
	}
	if limited && !unlimited {
		out.least, out.most = cut(out.least, limit), cut(out.most, limit)
	}
	return out, nil
}

// step is what an event says; it must say one thing.
func (e event) step() (text string, s step, limit bool, err error) {
	n := 0
	for i, p := range []*string{e.Introduced, e.Fixed, e.LastAffected, e.Limit} {
		if p != nil {
			n++
			text, s.kind, limit = *p, stepKind(i), i == 3
		}
	}
	if n != 1 {
		return "", s, false, fmt.Errorf("an event of its range says %d things", n)
	}
	return text, s, limit, nil
}

func compareSteps(a, b step) int {
	switch {
	case a.zero && b.zero:
		return 0
	case a.zero:
		return -1
	case b.zero:
		return 1
	}
	return a.v.Compare(b.v)
}

// contradict reports whether one version is given as introduced and as an end.
func contradict(steps []step) bool {
	for i := 1; i < len(steps); i++ {
		if compareSteps(steps[i-1], steps[i]) == 0 && (steps[i-1].kind == introduced) != (steps[i].kind == introduced) {
			return true
		}
	}
	return false
}

// ties orders what is of one version: what introduces first, or last.
func ties(steps []step, first bool) []step {
	out := slices.Clone(steps)
	slices.SortStableFunc(out, func(a, b step) int {
		if c := compareSteps(a, b); c != 0 || (a.kind == introduced) == (b.kind == introduced) {
			return c
		}
		if (a.kind == introduced) == first {
			return -1
		}
		return 1
	})
	return out
}

// sweep goes through sorted events. The last of those that speak about a version
// decides: introduced and fixed do from their version on, last_affected behind it.
func sweep(steps []step) []flip {
	var out []flip
	affected := false
	turn := func(to bool, f flip) {
		if affected != to {
			out = append(out, f)
			affected = to
		}
	}
	for len(steps) > 0 {
		n := 1
		for n < len(steps) && compareSteps(steps[0], steps[n]) == 0 {
			n++
		}
		at, behind := affected, affected
		for _, s := range steps[:n] {
			if s.kind != lastAffected {
				at = s.kind == introduced
			}
			behind = s.kind == introduced
		}
		f := flip{v: steps[0].v, before: steps[0].zero}
		turn(at, f)
		f.behind = true
		turn(behind, f)
		steps = steps[n:]
	}
	return out
}

// cut ends what is affected at a limit.
func cut(in []flip, limit version.Version) []flip {
	n := 0
	for n < len(in) && (in[n].before || in[n].v.Compare(limit) < 0) {
		n++
	}
	out := slices.Clone(in[:n])
	if n%2 == 1 {
		out = append(out, flip{v: limit})
	}
	return out
}
