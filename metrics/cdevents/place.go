package cdevents

import (
	"cmp"
	"slices"
)

// place is a service in an environment. An environment's source tells clusters apart; a
// subject's does not matter, since one tool may deploy and another one roll back.
type place struct{ service, environment, source string }

func (h *held) place() place { return place{h.service, h.environment.ID, h.environment.Source} }

// brought is a list of the deployments that brought what a place runs, and what it would
// run again if they were taken back, the last first. Lists share their tails.
type brought struct {
	by    *held
	below *brought
}

// order is the order of deployments in a place.
func order(a, b *held) int { return cmp.Or(a.at.Compare(b.at), a.name.Compare(b.name)) }

// settle adds a deployment to its place, and marks the rollbacks behind it: what they take
// back may be another one now. In the order of time nothing lies behind.
func (j *Joiner) settle(h *held, changed map[fact]bool) {
	line := j.places[h.place()]
	i, _ := slices.BinarySearchFunc(line, h, order)
	line = slices.Insert(line, i, h)
	j.places[h.place()] = line
	for ; i < len(line); i++ {
		var before *brought
		line[i].until = line[i].seen
		if i > 0 {
			before = line[i-1].stack
			if line[i-1].until.After(line[i].until) {
				line[i].until = line[i-1].until
			}
		}
		line[i].stack = before.after(line[i])
		if line[i].kind == ServiceRolledBack {
			changed[line[i].own()] = true
		}
	}
}

// after is what a place runs behind a deployment.
func (s *brought) after(h *held) *brought {
	if h.kind != ServiceRolledBack {
		return &brought{h, s}
	}
	for t := s; t != nil; t = t.below {
		if t.by.artifact == h.artifact {
			return t // it is as it was
		}
	}
	if s != nil {
		s = s.below
	}
	return &brought{h, s}
}

// takenBack is the deployment that a rollback takes back: what its place ran before, nil
// where that is not known or was the same artifact. n is how many deployments lie before it.
func (j *Joiner) takenBack(h *held) (target *held, n int) {
	line := j.places[h.place()]
	i, _ := slices.BinarySearchFunc(line, h, order)
	if i == 0 || line[i-1].stack == nil || line[i-1].stack.by.artifact == h.artifact {
		return nil, i
	}
	return line[i-1].stack.by, i
}
