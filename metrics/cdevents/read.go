package cdevents

import (
	"bytes"
	"fmt"
	"strconv"
)

// Error is the reason with the place.
func (e *Error) Error() string {
	return "cdevents: line " + strconv.Itoa(e.Line) + ", byte " + strconv.FormatInt(e.Offset, 10) + ": " + e.Reason
}

// maxLinks is how many links an event may have.
const maxLinks = 256

// problem is what is wrong with an event that is well-formed JSON. The first counts.
type problem struct {
	at         int
	name, what string
}

func (p *problem) set(at int, name, what string) {
	if p.what == "" {
		*p = problem{at, name, what}
	}
}

// span is where a text stands: in the event, or, with the bit behind set, in the
// scratch. A text never begins at 0, so that one that is not there ends there.
type span struct{ from, to uint32 }

// behind marks a span of the scratch. No event is that large: see Decoder.max.
const behind = 1 << 31

// reader reads one event, in one pass over its bytes.
type reader struct {
	b       []byte
	event   Event
	scratch []byte // the texts that had escape sequences, behind one byte of nothing
	spans   [slots]span
	linked  [maxLinks][3]span
	nLinks  int

	hasContext, hasData    bool // the outermost object has what a CDEvent has, or what a CloudEvent has
	hasSubject, hasContent bool

	// What is wrong at any event; at one whose specification is known; and at one whose
	// content is read.
	never, outside, inside problem
}

// read reads the event that begins at b[0]. What it returns is its length, or the index of
// the fault.
func (r *reader) read(b []byte) (int, fault) {
	r.b = b
	r.scratch = append(r.scratch[:0], 0)
	r.spans = [slots]span{}
	r.nLinks = 0
	r.hasContext, r.hasData, r.hasSubject, r.hasContent = false, false, false, false
	r.never, r.outside, r.inside = problem{}, problem{}, problem{}
	return r.object(0, atTop, 0, 0)
}

var unread name

// object reads the object that begins at i, where depth others are open around it. base
// is the slot of a reference's id.
func (r *reader) object(i int, l level, depth int, base slot) (int, fault) {
	if depth >= maxDepth {
		return i, deep
	}
	b := r.b
	if i = space(b, i+1); i >= len(b) {
		return i, short
	}
	if b[i] == '}' {
		return i + 1, fine
	}
	known := &levels[l]
	var seen uint32
	for {
		if i >= len(b) {
			return i, short
		}
		if b[i] != '"' {
			return i, grammar
		}
		at := i
		var bad fault
		var n *name
		if i+5 < len(b) {
			n = &known.usual[hash(b[i+3], b[i+4])]
		}
		if n != nil && n.bit != 0 && i+1+len(n.quoted) <= len(b) && string(b[i+1:i+1+len(n.quoted)]) == n.quoted {
			i += 1 + len(n.quoted)
		} else {
			t := passString(b, i+1)
			if t.fault != fine {
				return t.to, t.fault
			}
			raw := b[i+1 : t.to]
			if t.escaped {
				raw = unescape(nil, raw)
			}
			if n = known.lookup(raw, t.escaped || t.to+1 >= len(b) || b[t.to+1] != ':' || i+5 >= len(b)); n == nil {
				n = &unread
			}
			if i, bad = colon(b, t.to+1); bad != fine {
				return i, bad
			}
		}
		if n.bit&seen != 0 {
			r.never.set(at, "", "a name stands twice in one object")
		}
		seen |= n.bit
		if i = space(b, i); i >= len(b) {
			return i, short
		}
		if c := b[i]; c == '"' && n.shape == aText {
			t := passString(b, i+1)
			if t.fault != fine {
				return t.to, t.fault
			}
			if t.to == i+1 {
				r.wrong(l).set(i, "", "a text is empty")
			}
			r.keep(n.slot+base, i+1, t.to, t.escaped)
			i = t.to + 1
		} else if i, bad = r.value(i, l, n, depth); bad != fine {
			return i, bad
		}
		if i = space(b, i); i >= len(b) {
			return i, short
		}
		if b[i] == '}' {
			return i + 1, fine
		}
		if b[i] != ',' {
			return i, grammar
		}
		i = space(b, i+1)
	}
}

// keep keeps the place of a text.
func (r *reader) keep(s slot, from, to int, escaped bool) {
	at := span{uint32(from), uint32(to)}
	if escaped {
		begin := len(r.scratch)
		r.scratch = unescape(r.scratch, r.b[from:to])
		at = span{uint32(begin) | behind, uint32(len(r.scratch))}
	}
	if s < slots {
		r.spans[s] = at
		return
	}
	link := &r.linked[r.nLinks-1][s-slots]
	if s == linkEvent && link.to != 0 {
		r.outside.set(from, "", "a link has two ends")
	}
	*link = at
}

// value reads the value of a name at level l, which begins at i and is not the text that
// it should be if it should be one.
func (r *reader) value(i int, l level, n *name, depth int) (int, fault) {
	b := r.b
	if l == atTop {
		r.hasContext = r.hasContext || n.level == inContext || n.level == inSubject && b[i] == '{'
		r.hasData = r.hasData || n.level == inData
	}
	switch c := b[i]; {
	case (n.shape == anObject || n.shape == aReference) && c == '{':
		switch n.level {
		case inSubject:
			r.hasSubject = true
		case inContent:
			r.hasContent = true
		}
		return r.object(i, n.level, depth+1, n.slot)
	case n.shape == theLinks && c == '[':
		return r.links(i, depth+1)
	case l == atTop && n.level == inSubject && c == '"': // of a CloudEvent
		t := passString(b, i+1)
		if t.fault != fine {
			return t.to, t.fault
		}
		r.keep(ceSubject, i+1, t.to, t.escaped)
		return t.to + 1, fine
	case n.shape == aText:
		r.wrong(l).set(i, "", "a text must stand here")
	case n.shape == anObject || n.shape == aReference:
		r.wrong(l).set(i, "", "an object must stand here")
	case n.shape == theLinks:
		r.wrong(l).set(i, "", "an array must stand here")
	}
	return pass(b, i, depth+1)
}

// wrong is where a problem at a level goes.
func (r *reader) wrong(l level) *problem {
	if l == inContent || l == inReference {
		return &r.inside
	}
	return &r.outside
}

// links reads the array of links that begins at i.
func (r *reader) links(i, depth int) (int, fault) {
	b := r.b
	if i = space(b, i+1); i >= len(b) {
		return i, short
	}
	if b[i] == ']' {
		return i + 1, fine
	}
	for {
		var bad fault
		if i = space(b, i); i >= len(b) {
			return i, short
		}
		switch {
		case b[i] != '{':
			r.outside.set(i, "", "a link must be an object")
			i, bad = pass(b, i, depth+1)
		case r.nLinks >= maxLinks:
			r.never.set(i, "", "the event has more than 256 links")
			i, bad = pass(b, i, depth+1)
		default:
			r.linked[r.nLinks] = [3]span{}
			r.nLinks++
			i, bad = r.object(i, inLink, depth+1, 0)
		}
		if bad != fine {
			return i, bad
		}
		if i = space(b, i); i >= len(b) {
			return i, short
		}
		if b[i] == ']' {
			return i + 1, fine
		}
		if b[i] != ',' {
			return i, grammar
		}
		i++
	}
}

// text is the text at a place, nil if there is none.
func (r *reader) text(s span) []byte {
	switch {
	case s.to == 0:
		return nil
	case s.from&behind != 0:
		return r.scratch[s.from&^behind : s.to : s.to]
	}
	return r.b[s.from:s.to:s.to]
}

func (r *reader) reference(id slot) Reference {
	return Reference{ID: r.text(r.spans[id]), Source: r.text(r.spans[id+1])}
}

// views makes the event of the places that were kept.
func (r *reader) views() {
	e := &r.event
	e.Kind, e.Verdict = KindUnknown, VerdictUnknown
	e.Type, e.SpecVersion = r.text(r.spans[contextType]), r.text(r.spans[contextSpec])
	e.ID, e.Source, e.ChainID = r.text(r.spans[contextID]), r.text(r.spans[contextSource]), r.text(r.spans[contextChain])
	e.Subject = r.reference(subjectID)
	e.Environment, e.Service = r.reference(environmentID), r.reference(serviceID)
	e.Change, e.Repository = r.reference(changeID), r.reference(repositoryID)
	e.ArtifactID, e.TicketURI = r.text(r.spans[artifactID]), r.text(r.spans[ticketURI])
	e.PipelineName, e.Outcome = r.text(r.spans[pipelineName]), r.text(r.spans[outcome])
	e.Requestor, e.Responder = r.text(r.spans[requestor]), r.text(r.spans[responder])
	e.Decision, e.Status = r.text(r.spans[decision]), r.text(r.spans[status])
	e.Resource, e.Details = r.text(r.spans[resource]), r.text(r.spans[details])
	e.Links = e.Links[:0]
	for _, l := range r.linked[:r.nLinks] {
		e.Links = append(e.Links, Link{Type: r.text(l[0]), Kind: r.text(l[1]), Event: r.text(l[2])})
	}
}

// judge decides what is made of the event that was read.
func (r *reader) judge() (problem, bool) {
	r.views()
	e := &r.event
	if r.never.what != "" {
		return r.never, false
	}
	foreign, p := r.unwrap()
	if p.what != "" {
		return p, false
	}
	if foreign {
		e.Verdict = SkippedForeign
		return problem{}, true
	}
	if e.Type == nil {
		r.outside.set(0, "context.type", "is missing")
		return r.outside, false
	}
	subject, kind, verdict := parseType(e.Type)
	version, timestamp, subjectIs := r.text(r.spans[contextVersion]), r.text(r.spans[contextTime]), r.text(r.spans[subjectType])
	if e.SpecVersion == nil {
		e.SpecVersion = version
	}
	if e.SpecVersion != nil && !knownSpec(e.SpecVersion) && verdict != SkippedForeign && verdict != SkippedCustom {
		verdict = SkippedSpec
	}
	var timely bool
	e.Time, timely = parseTime(timestamp)
	if e.Subject.Source == nil {
		e.Subject.Source = e.Source
	}
	if e.Verdict = verdict; verdict.Skipped() && verdict != SkippedNoFact {
		return problem{}, true
	}
	if r.outside.what != "" {
		return r.outside, false
	}
	switch {
	case e.SpecVersion == nil:
		return problem{0, "context.specversion", "is missing"}, false
	case version != nil && !bytes.Equal(e.SpecVersion, version):
		return problem{0, "context.version", "and specversion differ"}, false
	case e.ID == nil:
		return problem{0, "context.id", "is missing"}, false
	case e.Source == nil:
		return problem{0, "context.source", "is missing"}, false
	case timestamp == nil:
		return problem{0, "context.timestamp", "is missing"}, false
	case !timely:
		return problem{0, "context.timestamp", "is no date-time of RFC 3339"}, false
	case e.Time.Year() < minYear || e.Time.Year() > maxYear:
		return problem{0, "context.timestamp", "does not lie between the years 1900 and 2190"}, false
	case !r.hasSubject:
		return problem{0, "subject", "is missing"}, false
	case e.Subject.ID == nil:
		return problem{0, "subject.id", "is missing"}, false
	case !r.hasContent:
		return problem{0, "subject.content", "is missing"}, false
	case subjectIs != nil && !bytes.EqualFold(subjectIs, subject):
		return problem{0, "subject.type", "is not the one that context.type names"}, false
	}
	e.Kind = kind
	if verdict == SkippedNoFact {
		return problem{}, true
	}
	if r.inside.what != "" {
		return r.inside, false
	}
	if p := e.lacks(); p.what != "" {
		return p, false
	}
	return problem{}, true
}

// lacks is the first thing that an event of its kind must have and does not.
func (e *Event) lacks() problem {
	must := func(b []byte, name string) problem {
		if b == nil {
			return problem{0, name, "is missing"}
		}
		return problem{}
	}
	switch e.Kind {
	case ServiceDeployed, ServiceUpgraded, ServiceRolledBack:
		if p := must(e.Environment.ID, "subject.content.environment.id"); p.what != "" {
			return p
		}
		return must(e.ArtifactID, "subject.content.artifactId")
	case IncidentDetected, IncidentReported, IncidentResolved:
		if e.Service.ID == nil && e.Service.Source != nil {
			return must(nil, "subject.content.service.id")
		}
		if p := must(e.Environment.ID, "subject.content.environment.id"); p.what != "" || e.Kind != IncidentReported {
			return p
		}
		return must(e.TicketURI, "subject.content.ticketURI")
	case ArtifactPackaged:
		return must(e.Change.ID, "subject.content.change.id")
	case ApprovalCreated, ApprovalUpdated, ApprovalClosed:
		return e.lacksOfApproval()
	}
	return problem{}
}

// failure makes an error of a problem.
func (p problem) failure() string {
	if p.name == "" {
		return p.what
	}
	return fmt.Sprintf("%s %s", p.name, p.what)
}
