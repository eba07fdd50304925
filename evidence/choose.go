package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// MaxWorlds is how many choices of values [Decide] tries for the rules of
// [SameField], after those that cannot meet the requirements are left out; the
// search goes from the choices that would last longest to the others. A question
// that needs more has no verdict: [ErrWorlds]. Were the answer a no, then taking
// evidence away could turn it into a yes.
const MaxWorlds = 256

// ErrWorlds is returned by [Decide] when more than [MaxWorlds] choices of values
// would have to be tried. Ask with fewer rules of [SameField], or leave out the
// statements of runs that are not to be released.
var ErrWorlds = fmt.Errorf("evidence: decide: more than %d choices of values in which statements could agree", MaxWorlds)

// best is the world in which everything that is required is met and stays so
// longest, and of several such the first. If there is none, it is the one of the
// values that are most promising by themselves.
func (j *judge) best() (*outcome, error) {
	if len(j.same) == 0 {
		return j.vote(nil), nil
	}
	s := search{judge: j, choice: slices.Repeat([]string{anyValue}, len(j.same))}
	first := make([]string, len(j.same))
	possible := true
	for i := range j.same {
		cs := j.candidates(i)
		s.candidates = append(s.candidates, cs)
		if len(cs) > 0 {
			first[i] = cs[0].value
		}
		possible = possible && len(cs) > 0 && cs[0].missing == 0
	}
	if possible {
		// What is not met although every value counts is met with none of them.
		if ok, most := j.vote(s.choice).all(); ok {
			s.most = most
			if err := s.descend(0); err != nil {
				return nil, err
			}
		}
	}
	if s.found != nil {
		return s.found, nil
	}
	return j.vote(first), nil
}

// search goes through the choices, rule by rule (branch and bound): what fails while
// the rules to come are open fails however they are chosen, and cannot last longer
// than it does then.
type search struct {
	*judge
	candidates [][]*candidate // by rule
	choice     []string
	most       time.Time // no choice lasts longer
	worlds     int
	found      *outcome
	until      time.Time
}

// candidate is a value for one rule.
type candidate struct {
	value   string
	missing int       // how many demands cannot be met with it
	until   time.Time // until when they can be, at most
}

func (s *search) descend(rule int) error {
	defer func() { s.choice[rule] = anyValue }()
	for _, c := range s.candidates[rule] {
		if c.missing > 0 || s.found != nil && latest(c.until, s.until) >= 0 {
			return nil // the candidates are sorted: none that follow are better
		}
		if s.worlds++; s.worlds > MaxWorlds {
			return ErrWorlds
		}
		s.choice[rule] = c.value
		o := s.vote(slices.Clone(s.choice))
		ok, until := o.all()
		if !ok || s.found != nil && latest(until, s.until) >= 0 {
			continue
		}
		if rule < len(s.same)-1 {
			if err := s.descend(rule + 1); err != nil {
				return err
			}
		} else {
			s.found, s.until = o, until
		}
		if s.found != nil && latest(s.until, s.most) <= 0 {
			return nil
		}
	}
	return nil
}

// candidates are the values for one rule, the most promising first: by the demands
// that could be met with each, and by how long.
func (j *judge) candidates(rule int) []*candidate {
	own := j.same[rule]
	found := map[string]*candidate{}
	var demands []int
	for i := range j.demands {
		touched := false
		for _, e := range j.entries[i] {
			if e.it.values == nil || e.it.values[rule] == anyValue {
				continue
			}
			touched = true
			if j.demands[i].rule != nil && j.demands[i].id == own.ID() && found[e.it.values[rule]] == nil {
				found[e.it.values[rule]] = &candidate{value: e.it.values[rule]}
			}
		}
		if touched {
			demands = append(demands, i)
		}
	}
	for _, i := range demands {
		tallies := map[string]*tally{}
		open := &tally{ends: map[person]time.Time{}} // those who count with each value
		for _, e := range j.entries[i] {
			t := open
			if e.it.values != nil && e.it.values[rule] != anyValue {
				if t = tallies[e.it.values[rule]]; t == nil {
					t = &tally{need: j.demands[i].need, ends: map[person]time.Time{}}
					tallies[e.it.values[rule]] = t
				}
			}
			t.add(e.who, e.end)
		}
		for value, c := range found {
			t := tallies[value]
			if t == nil {
				t = &tally{need: j.demands[i].need}
			}
			more := len(open.ends)
			for who := range t.ends {
				if _, twice := open.ends[who]; twice {
					more--
				}
			}
			switch {
			case len(t.ends)+more < t.need:
				c.missing++
			case len(open.ends) == 0:
				c.until = sooner(c.until, t.until())
			}
		}
	}
	j.approved(rule, found)
	return slices.SortedFunc(maps.Values(found), func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(a.missing, b.missing), latest(a.until, b.until), cmp.Compare(a.value, b.value))
	})
}

// approved takes account of approvals: one counts with a value only if, of each type
// of the rule, a statement with the value is among what its signer looked at.
func (j *judge) approved(rule int, found map[string]*candidate) {
	var types []string
	for _, f := range j.same[rule].Fields {
		if supportsType(f.Type) {
			types = append(types, f.Type)
		}
	}
	if len(types) == 0 {
		return
	}
	looked := map[release.Digest][]string{} // by evidence set: the values that each type has
	for i := range j.demands {
		if !j.demands[i].approval() {
			continue
		}
		approvers := map[string]map[person]bool{}
		for _, e := range j.entries[i] {
			values, ok := looked[e.it.approval.EvidenceSet]
			if !ok {
				values = j.valuesIn(e.it.approval, rule, types)
				looked[e.it.approval.EvidenceSet] = values
			}
			for _, v := range values {
				if approvers[v] == nil {
					approvers[v] = map[person]bool{}
				}
				approvers[v][e.it.who] = true
			}
		}
		for v, c := range found {
			if len(approvers[v]) < j.demands[i].need {
				c.missing++
			}
		}
	}
}

// valuesIn are those that every one of the types has among the evidence behind an
// approval.
func (j *judge) valuesIn(a *predicate.Approval, rule int, types []string) []string {
	seen := map[string]map[string]bool{} // by value
	var out []string
	for _, it := range j.looked(a).items {
		if it.values == nil || !slices.Contains(types, it.typ) {
			continue
		}
		v := it.values[rule]
		if seen[v] == nil {
			seen[v] = map[string]bool{}
		}
		if seen[v][it.typ] {
			continue
		}
		if seen[v][it.typ] = true; len(seen[v]) == len(types) {
			out = append(out, v)
		}
	}
	return out
}
