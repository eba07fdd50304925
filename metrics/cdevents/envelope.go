package cdevents

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// envelope is what a CloudEvent says of the event within it. CloudEvents 1.0.2, and the
// CloudEvents binding of CDEvents.
type envelope struct {
	specVersion, id, source, kind, time, subject, contentType, base64 []byte
}

func (r *reader) envelope() envelope {
	return envelope{specVersion: r.text(r.spans[ceSpecVersion]), id: r.text(r.spans[ceID]), source: r.text(r.spans[ceSource]),
		kind: r.text(r.spans[ceType]), time: r.text(r.spans[ceTime]), subject: r.text(r.spans[ceSubject]),
		contentType: r.text(r.spans[ceContentType]), base64: r.text(r.spans[ceBase64])}
}

// unwrap checks the CloudEvent around the CDEvent, if there is one, and reports whether
// it carries something else.
func (r *reader) unwrap() (foreign bool, p problem) {
	if !r.hasData && r.spans[ceBase64].to == 0 && (r.hasContext || r.spans[ceType].to == 0) {
		if r.spans[ceSubject].to != 0 {
			r.outside.set(0, "subject", "must be an object")
		}
		return false, problem{}
	}
	v := r.envelope()
	switch {
	case r.hasContext:
		return false, problem{0, "data", "and context stand in one object: this is no CDEvent and no CloudEvent"}
	case string(v.specVersion) != "1.0":
		return false, problem{0, "specversion", "of the CloudEvent is not 1.0"}
	case v.kind == nil || v.id == nil || v.source == nil:
		return false, problem{0, "type, id or source", "of the CloudEvent is missing"}
	}
	if _, _, verdict := parseType(v.kind); verdict == SkippedForeign {
		r.event = Event{Links: r.event.Links[:0], Type: v.kind, ID: v.id, Source: v.source}
		return true, problem{}
	}
	switch {
	case v.base64 != nil:
		return false, problem{0, "data_base64", "is not read: the binding of CDEvents asks for JSON"}
	case !r.hasData:
		return false, problem{0, "data", "is missing"}
	case v.contentType != nil && !isJSON(string(v.contentType)):
		return false, problem{0, "datacontenttype", "is not application/json"}
	}
	return false, r.agrees(&v)
}

// agrees checks that the envelope says the same as the event: the binding of CDEvents
// demands it, and two readers must not take one message for two different events.
func (r *reader) agrees(v *envelope) problem {
	e := &r.event
	switch {
	case !bytes.Equal(v.kind, e.Type):
		return problem{0, "context.type", "is not the CloudEvent's type"}
	case !bytes.Equal(v.id, e.ID):
		return problem{0, "context.id", "is not the CloudEvent's id"}
	case !bytes.Equal(v.source, e.Source):
		return problem{0, "context.source", "is not the CloudEvent's source"}
	case v.subject != nil && !bytes.Equal(v.subject, e.Subject.ID):
		return problem{0, "subject.id", "is not the CloudEvent's subject"}
	}
	if v.time != nil {
		a, okA := parseTime(v.time)
		b, okB := parseTime(r.text(r.spans[contextTime]))
		if !okA || !okB || !a.Equal(b) {
			return problem{0, "context.timestamp", "is not the CloudEvent's time"}
		}
	}
	return problem{}
}

func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.TrimSpace(kind)
	return strings.EqualFold(kind, "application/json")
}

// Decode reads one event: a CDEvent, or a CloudEvent in structured mode around one.
// Nothing but white space may follow it.
func (d *Decoder) Decode(b []byte) (*Event, error) {
	from := space(b, 0)
	body := b[from:]
	if len(body) == 0 {
		return nil, wrong(b, from, true, faults[short])
	}
	if body[0] != '{' {
		return nil, wrong(b, from, true, "an event must begin here")
	}
	if len(body) > d.max() {
		body = body[:d.max()]
	}
	n, f := d.read(body)
	if f == short && len(body) == d.max() {
		return nil, wrong(b, from, true, d.tooLarge())
	}
	if f != fine {
		return nil, wrong(b, from+n, true, faults[f])
	}
	if after := space(b, from+n); after < len(b) {
		return nil, wrong(b, after, true, "something follows the event")
	}
	if p, ok := d.judge(); !ok {
		return nil, wrong(b, from+p.at, false, p.failure())
	}
	d.event.Offset, d.event.Line = int64(from), bytes.Count(b[:from], newline)+1
	return &d.event, nil
}

// DecodeHTTP reads the event of an HTTP request, in the binary or the structured
// content mode of CloudEvents: HTTP protocol binding 1.0.2, section 3. header is the
// request's http.Header; the case of its names does not matter. Of the binary mode's
// headers type, id, source and specversion must be there, and what they say must be
// what the body says. A batch is for [Decoder.Reset].
func (d *Decoder) DecodeHTTP(header map[string][]string, body []byte) (*Event, error) {
	h := map[string]string{}
	for name, values := range header {
		name = strings.ToLower(name)
		if name != "content-type" && !strings.HasPrefix(name, "ce-") {
			continue
		}
		if _, twice := h[name]; twice || len(values) != 1 {
			return nil, errors.New("cdevents: header " + name + " does not stand there once")
		}
		h[name] = values[0]
	}
	kind, _, _ := strings.Cut(h["content-type"], ";")
	switch kind = strings.ToLower(strings.TrimSpace(kind)); kind {
	case "application/cloudevents+json":
		e, err := d.Decode(body)
		if err == nil && d.spans[ceType].to == 0 {
			return nil, errors.New("cdevents: the body is no CloudEvent, though its content type says so")
		}
		return e, err
	case "application/json":
	default:
		return nil, fmt.Errorf("cdevents: content type %.100q is not read", kind)
	}
	if h["ce-specversion"] != "1.0" {
		return nil, errors.New("cdevents: header ce-specversion is not 1.0")
	}
	for _, name := range []string{"ce-type", "ce-id", "ce-source"} {
		if h[name] == "" {
			return nil, errors.New("cdevents: header " + name + " is missing")
		}
	}
	if _, _, verdict := parseType([]byte(h["ce-type"])); verdict == SkippedForeign {
		d.event = Event{Links: d.event.Links[:0], Verdict: SkippedForeign,
			Type: []byte(h["ce-type"]), ID: []byte(h["ce-id"]), Source: []byte(h["ce-source"])}
		return &d.event, nil
	}
	e, err := d.Decode(body)
	if err != nil {
		return nil, err
	}
	if d.hasData {
		return nil, errors.New("cdevents: the body is a CloudEvent of its own")
	}
	for _, c := range []struct {
		name string
		in   []byte
	}{{"ce-type", e.Type}, {"ce-id", e.ID}, {"ce-source", e.Source}, {"ce-subject", e.Subject.ID}} {
		if says, there := h[c.name]; there && says != string(c.in) && decodePercent(says) != string(c.in) {
			return nil, fmt.Errorf("cdevents: header %s and the body differ", c.name)
		}
	}
	if says, there := h["ce-time"]; there {
		if t, ok := parseTime([]byte(says)); !ok || !t.Equal(e.Time) {
			return nil, errors.New("cdevents: header ce-time and the body differ")
		}
	}
	return e, nil
}

// decodePercent decodes a header's value: HTTP protocol binding, section 3.1.3.2. A
// sequence that is none stays as it is.
func decodePercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if r, f := hex4([]byte("00" + s[i+1:i+3])); f == fine {
				out = append(out, byte(r))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
