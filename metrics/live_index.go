package metrics

import (
	"slices"
	"time"
)

// liveIndex says which facts a service rests on, and which services a fact reaches.
// It may say too many, never too few.
type liveIndex struct {
	parts map[string]*livePart // by service
	// listed are the parts whose deployments list a change, wanted those that name a
	// deployment, each by the hash of the name.
	listed, wanted liveUses
	incidents      int                  // how many are known
	everywhere     bool                 // an incident names an artifact and no service
	latest         time.Time            // when a fact was last seen
	lastSeen       map[string]time.Time // of each source of deployments: see Snapshot
	unheard        bool                 // lastSeen is out of date
}

// livePart is a service.
type livePart struct {
	service string
	anchors []uint32 // of its deployments and incidents, in any revision
	// root stands for the services that are computed together, its members.
	root    *livePart
	members []*livePart
	report  *liveReport // of a root, nil where it is stale
}

// liveUses are parts by hash: nearly always one.
type liveUses struct {
	first map[uint64]*livePart
	more  map[uint64][]*livePart
}

func (u *liveUses) add(hash uint64, p *livePart) {
	switch first := u.first[hash]; {
	case first == nil:
		u.first[hash] = p
	case first != p && !slices.Contains(u.more[hash], p):
		u.more[hash] = append(u.more[hash], p)
	}
}

func (u *liveUses) each(hash uint64, do func(*livePart)) {
	if p := u.first[hash]; p != nil {
		do(p)
		for _, p := range u.more[hash] {
			do(p)
		}
	}
}

func (x *liveIndex) init() {
	*x = liveIndex{parts: map[string]*livePart{}, lastSeen: map[string]time.Time{},
		listed: liveUses{map[uint64]*livePart{}, map[uint64][]*livePart{}}, wanted: liveUses{map[uint64]*livePart{}, map[uint64][]*livePart{}}}
}

func (x *liveIndex) part(service string) *livePart {
	p := x.parts[service]
	if p == nil {
		service = string(append([]byte(nil), service...)) // of its own: it may be part of a large text
		p = &livePart{service: service}
		p.root, p.members = p, []*livePart{p}
		x.parts[service] = p
	}
	return p
}

// join makes two services one part.
func (x *liveIndex) join(p, o *livePart) {
	p, o = p.root, o.root
	if p == o {
		return
	}
	if len(p.members) < len(o.members) {
		p, o = o, p
	}
	for _, m := range o.members {
		m.root = p
	}
	p.members = append(p.members, o.members...)
	p.report, o.report, o.members = nil, nil, nil
}

// liveOld is what the log held of a fact before another one of its name came.
type liveOld struct {
	found    bool
	services []string // of all revisions
	alive    bool
}

// look is what the log holds of a fact.
func (x *liveIndex) look(s *logStore, kind FactKind, m *Meta) (out liveOld) {
	key := s.key(kind, m)
	anchor, found := s.find(&key)
	if !found {
		return out
	}
	out.found = true
	for _, at := range s.revisions(anchor) {
		f := s.read(at).meta()
		out.services, out.alive = append(out.services, f.Service), !f.Deleted
	}
	return out
}

// note takes note of a fact that has changed the log. Where it took the place of
// another one, that one may have been the last that was heard of its source.
func (x *liveIndex) note(s *logStore, f Fact, old *liveOld, replaced bool) {
	m := f.meta()
	key := s.key(f.kind(), m)
	anchor, _ := s.find(&key)
	if m.Seen.After(x.latest) {
		x.latest = m.Seen.UTC().Round(0)
	}
	if f.kind() == KindChange {
		x.listed.each(key.hash, func(p *livePart) { p.root.report = nil })
		return
	}
	p := x.part(m.Service)
	if !old.found || !slices.Contains(p.anchors, anchor) {
		p.anchors = append(p.anchors, anchor)
	}
	p.root.report = nil
	for _, service := range old.services {
		x.part(service).root.report = nil
	}
	switch v := f.(type) {
	case Deployment:
		if x.unheard = x.unheard || replaced; m.Seen.After(x.lastSeen[m.Source]) {
			x.lastSeen[m.Source] = m.Seen.UTC().Round(0)
		}
		for _, ref := range v.Changes {
			x.listed.add(s.hash(KindChange, ref), p)
		}
		x.want(s, v.RollbackOf, p)
		x.wanted.each(key.hash, func(o *livePart) { x.join(p, o) })
	case Incident:
		x.want(s, v.CausedBy, p)
		x.everywhere = x.everywhere || v.Service == "" && v.Artifact != ""
		if old.alive {
			x.incidents--
		}
		if x.look(s, KindIncident, m).alive {
			x.incidents++
		}
	}
}

// want takes note that a fact of a part names a deployment.
func (x *liveIndex) want(s *logStore, ref Ref, p *livePart) {
	if ref.IsZero() {
		return
	}
	x.wanted.add(s.hash(KindDeployment, ref), p)
	for _, service := range x.look(s, KindDeployment, &Meta{Source: ref.Source, ID: ref.ID}).services {
		x.join(p, x.part(service))
	}
}

// hash is that of the name of a fact.
func (s *logStore) hash(kind FactKind, ref Ref) uint64 {
	return s.key(kind, &Meta{Source: ref.Source, ID: ref.ID}).hash
}

// rebuild makes the index anew, after the log was packed anew.
func (x *liveIndex) rebuild(s *logStore) {
	x.init()
	s.facts(func(anchor uint32, _ uint64, _ *logFact) {
		old := liveOld{}
		for _, at := range s.revisions(anchor) {
			f := s.read(at)
			x.note(s, f, &old, false)
			old = liveOld{found: true}
		}
	})
	// Each incident was counted once for each of its revisions: count them as they are.
	x.incidents = 0
	s.facts(func(anchor uint32, _ uint64, f *logFact) {
		if f.kind == KindIncident {
			revs := s.revisions(anchor)
			if !s.read(revs[len(revs)-1]).meta().Deleted {
				x.incidents++
			}
		}
	})
}

// hear brings up to date when sources were last heard of.
func (x *liveIndex) hear(s *logStore) {
	if !x.unheard {
		return
	}
	x.unheard = false
	clear(x.lastSeen)
	s.facts(func(anchor uint32, _ uint64, f *logFact) {
		if f.kind != KindDeployment {
			return
		}
		for _, at := range s.revisions(anchor) {
			if m := s.read(at).meta(); m.Seen.After(x.lastSeen[m.Source]) {
				x.lastSeen[m.Source] = m.Seen
			}
		}
	})
}

// snapshot is what is known of a part, and of the changes that it lists, at a moment at
// which all facts had been seen.
func (x *liveIndex) snapshot(s *logStore, root *livePart, asOf time.Time) *Snapshot {
	out := &Snapshot{asOf: asOf, lastSeen: x.lastSeen}
	var anchors []uint32
	for _, p := range root.members {
		anchors = append(anchors, p.anchors...)
	}
	slices.Sort(anchors)
	for _, anchor := range slices.Compact(anchors) {
		revs := s.revisions(anchor)
		f := s.read(revs[len(revs)-1])
		if m := f.meta(); m.Deleted || x.parts[m.Service].root != root {
			continue
		}
		switch v := f.(type) {
		case Deployment:
			out.deployments = append(out.deployments, v)
		case Incident:
			out.incidents = append(out.incidents, v)
		}
	}
	met := map[uint32]bool{}
	for i := range out.deployments {
		for _, ref := range out.deployments[i].Changes {
			key := s.key(KindChange, &Meta{Source: ref.Source, ID: ref.ID})
			if anchor, ok := s.find(&key); ok && !met[anchor] {
				met[anchor] = true
				revs := s.revisions(anchor)
				if c := s.read(revs[len(revs)-1]).(Change); !c.Deleted {
					out.changes = append(out.changes, c)
				}
			}
		}
	}
	slices.SortFunc(out.deployments, func(a, b Deployment) int { return a.Meta.compare(&b.Meta) })
	slices.SortFunc(out.changes, func(a, b Change) int { return a.Meta.compare(&b.Meta) })
	slices.SortFunc(out.incidents, func(a, b Incident) int { return a.Meta.compare(&b.Meta) })
	return out
}
