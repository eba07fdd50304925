package cdevents

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// ErrNotCarried says that events of CDEvents 0.5 cannot say what a fact says, and that
// what they could say would mean something else.
var ErrNotCarried = errors.New("cdevents: no event can say this")

// encodedSpec is the version of the specification that is written.
const encodedSpec = "0.5.0"

// outEvent is an event as it is written. The order of the fields is that of the text.
type outEvent struct {
	Context struct {
		SpecVersion string    `json:"specversion"`
		ID          string    `json:"id"`
		Source      string    `json:"source"`
		Type        string    `json:"type"`
		Timestamp   time.Time `json:"timestamp"`
		Links       []outLink `json:"links,omitempty"`
	} `json:"context"`
	Subject struct {
		ID      string     `json:"id"`
		Source  string     `json:"source,omitempty"`
		Content outContent `json:"content"`
	} `json:"subject"`
}

type outLink struct {
	LinkType string `json:"linkType"`
	LinkKind string `json:"linkKind"`
	Target   struct {
		ContextID string `json:"contextId"`
	} `json:"target"`
}

type outContent struct {
	Environment *outReference `json:"environment,omitempty"`
	Service     *outReference `json:"service,omitempty"`
	ArtifactID  string        `json:"artifactId,omitempty"`
}

type outReference struct {
	ID string `json:"id"`
}

// The kinds of the links that are written. The specification leaves them open.
const (
	linkChange   = "CHANGE"   // from a deployment to the merging of a change that it brought
	linkRollback = "ROLLBACK" // from a deployment to the one that it takes back
	linkCause    = "CAUSE"    // from an incident to the deployment that caused it
)

// Encode writes a fact as events of CDEvents 0.5, one JSON text each, in the order of
// their times.
//
//	Deployment that succeeded   service.deployed; service.rolledback if RollbackOf is set
//	Change                      change.merged, behind change.created and change.reviewed where their times are known
//	Incident                    incident.detected, and incident.resolved once it is
//
// A deployment's event has the fact's source and ID as its own, so that a [Joiner]
// makes the same fact of it. The others have those of their fact in the subject. The
// changes of a deployment, what it takes back and what caused an incident are links of the
// kinds CHANGE, ROLLBACK and CAUSE, which a Joiner follows if it was told the events at
// their ends, too, and no two sources use one id. A deployment without Artifact is one of
// pkg:generic/SERVICE@VERSION.
//
// These are lost, since no event has them: Rev, Seen, Dims and a change's Service and
// Environment; of a deployment Started, Release, Follows, Commit, Tier, Risk, Planned, Fixes,
// and a Version that is not its artifact's; of a change FirstCommit, Approved, Commit and
// RevertOf; of an incident Mitigated, Severity, NoticedBy and a Version that is not its artifact's.
//
// Refused with [ErrNotCarried] is what would become another fact: a tombstone; a
// deployment that did not succeed, or of which neither artifact nor version is known; a
// change that is not known to be merged, or was committed at another time; an incident without environment, or that was
// resolved before it began. So is a source that is no URI reference (RFC 3986, section
// 4.1), which the schemas demand, and a fact that no log takes.
func Encode(f metrics.Fact) ([][]byte, error) {
	// What a log refuses is no fact.
	if _, err := new(metrics.Log).Add(f); err != nil {
		return nil, err
	}
	var events []outEvent
	var err error
	switch f := f.(type) {
	case metrics.Deployment:
		events, err = encodeDeployment(&f)
	case *metrics.Deployment:
		events, err = encodeDeployment(f)
	case metrics.Change:
		events, err = encodeChange(&f)
	case *metrics.Change:
		events, err = encodeChange(f)
	case metrics.Incident:
		events, err = encodeIncident(&f)
	case *metrics.Incident:
		events, err = encodeIncident(f)
	}
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(events))
	for i := range events {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(&events[i]); err != nil {
			return nil, fmt.Errorf("cdevents: %w", err)
		}
		out[i] = bytes.TrimSuffix(b.Bytes(), newline)
	}
	return out, nil
}

func notCarried(kind string, m *metrics.Meta, why string) error {
	return fmt.Errorf("%w: %s %q: %s", ErrNotCarried, kind, m.Ref(), why)
}

// newEvent begins an event about a subject.
func newEvent(kind, source, id string, at time.Time) outEvent {
	var e outEvent
	e.Context.SpecVersion, e.Context.ID, e.Context.Source, e.Context.Timestamp = encodedSpec, id, source, at.UTC()
	e.Context.Type = "dev.cdevents." + kind
	return e
}

func (e *outEvent) link(kind, to string) {
	l := outLink{LinkType: "RELATION", LinkKind: kind}
	l.Target.ContextID = to
	e.Context.Links = append(e.Context.Links, l)
}

func encodeDeployment(d *metrics.Deployment) ([]outEvent, error) {
	refuse := func(why string) ([]outEvent, error) { return nil, notCarried("deployment", &d.Meta, why) }
	artifact := d.Artifact
	if artifact == "" && d.Version != "" {
		artifact = "pkg:generic/" + url.PathEscape(d.Service) + "@" + url.QueryEscape(d.Version)
	}
	switch {
	case d.Deleted:
		return refuse("it is a tombstone")
	case d.Outcome != metrics.DeploymentSucceeded:
		return refuse("its outcome is " + d.Outcome.String() + ", and service events tell of success alone")
	case artifact == "":
		return refuse("neither its artifact nor its version is known")
	case !isReference(d.Source):
		return refuse("its source is no URI reference")
	case len(d.Changes)+1 > maxLinks:
		return refuse("it has more changes than an event may have links")
	}
	kind := "service.deployed.0.3.0"
	if !d.RollbackOf.IsZero() {
		kind = "service.rolledback.0.3.0"
	}
	e := newEvent(kind, d.Source, d.ID, d.At)
	for _, c := range d.Changes {
		e.link(linkChange, mergedID(c))
	}
	if !d.RollbackOf.IsZero() {
		e.link(linkRollback, d.RollbackOf.ID)
	}
	e.Subject.ID = d.Service
	e.Subject.Content = outContent{Environment: &outReference{d.Environment}, ArtifactID: artifact}
	return []outEvent{e}, nil
}

// mergedID is the context id of the event that tells of a change's merging: the ids of
// changes are unique within their sources only.
func mergedID(c metrics.Ref) string { return c.String() + "/merged" }

func encodeChange(c *metrics.Change) ([]outEvent, error) {
	refuse := func(why string) ([]outEvent, error) { return nil, notCarried("change", &c.Meta, why) }
	switch {
	case c.Deleted:
		return refuse("it is a tombstone")
	case c.Merged.IsZero():
		return refuse("it is not known to be merged")
	case !c.Merged.Equal(c.At):
		return refuse("it was not committed when it was merged, and events have no time of the commit")
	case !isReference(c.Source):
		return refuse("its source is no URI reference")
	}
	var events []outEvent
	for _, t := range []struct {
		kind string
		id   string
		at   time.Time
	}{{"change.created.0.4.0", c.Ref().String() + "/created", c.Opened}, {"change.reviewed.0.3.0", c.Ref().String() + "/reviewed", c.FirstReview},
		{"change.merged.0.3.0", mergedID(c.Ref()), c.At}} {
		if t.at.IsZero() {
			continue
		}
		e := newEvent(t.kind, c.Source, t.id, t.at)
		e.Subject.ID, e.Subject.Source = c.ID, c.Source
		events = append(events, e)
	}
	return events, nil
}

func encodeIncident(n *metrics.Incident) ([]outEvent, error) {
	refuse := func(why string) ([]outEvent, error) { return nil, notCarried("incident", &n.Meta, why) }
	switch {
	case n.Deleted:
		return refuse("it is a tombstone")
	case n.Environment == "":
		return refuse("it has no environment")
	case !n.Resolved.IsZero() && n.Resolved.Before(n.At):
		return refuse("it was resolved before it began")
	case !isReference(n.Source):
		return refuse("its source is no URI reference")
	}
	content := outContent{Environment: &outReference{n.Environment}, ArtifactID: n.Artifact}
	if n.Service != "" {
		content.Service = &outReference{n.Service}
	}
	e := newEvent("incident.detected.0.3.0", n.Source, n.Ref().String()+"/detected", n.At)
	if !n.CausedBy.IsZero() {
		e.link(linkCause, n.CausedBy.ID)
	}
	e.Subject.ID, e.Subject.Source, e.Subject.Content = n.ID, n.Source, content
	events := []outEvent{e}
	if !n.Resolved.IsZero() {
		e := newEvent("incident.resolved.0.3.0", n.Source, n.Ref().String()+"/resolved", n.Resolved)
		e.Subject.ID, e.Subject.Source, e.Subject.Content = n.ID, n.Source, content
		events = append(events, e)
	}
	return events, nil
}

// isReference reports whether a text is a URI reference: RFC 3986, section 4.1 and
// appendix A.
func isReference(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z':
		case strings.IndexByte("-._~:/?#@!$&'()*+,;=", c) >= 0:
		case c == '[' || c == ']': // only around the address of a host, which url.Parse checks
		case c == '%':
			if i+2 >= len(s) {
				return false
			}
			if _, f := hex4([]byte("00" + s[i+1:i+3])); f != fine {
				return false
			}
		default:
			return false
		}
	}
	u, err := url.Parse(s)
	if err != nil || strings.Count(s, "#") > 1 {
		return false
	}
	return !strings.ContainsAny(u.EscapedPath()+u.RawQuery+u.EscapedFragment()+u.Opaque, "[]")
}
