package cdevents_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics/cdevents"
)

// textAt is the text at a path of what encoding/json made of an event, "" where there is
// none. Names are compared exactly, as the specification has them.
func textAt(v any, path ...string) string {
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	s, _ := v.(string)
	return s
}

// oracle is what encoding/json reads of an event, by the names of the fields of
// [cdevents.Event]; what is not there or empty is left out.
func oracle(t testing.TB, text []byte) map[string]string {
	t.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&v), "%s", text)
	_, err := d.Token()
	require.Equal(t, io.EOF, err, "%s", text)
	out := map[string]string{}
	set := func(name, s string) {
		if s != "" {
			out[name] = s
		}
	}
	top, _ := v.(map[string]any)
	_, data := top["data"]
	_, base64 := top["data_base64"]
	if _, kind := top["type"]; data || base64 || kind && top["context"] == nil {
		if kind := textAt(v, "type"); !strings.HasPrefix(kind, "dev.cdevents.") && !strings.HasPrefix(kind, "dev.cdeventsx.") {
			set("Type", kind)
			set("ID", textAt(v, "id"))
			set("Source", textAt(v, "source"))
			return out
		}
		v = top["data"]
	}
	for field, path := range map[string][]string{
		"Type": {"context", "type"}, "ID": {"context", "id"}, "Source": {"context", "source"}, "ChainID": {"context", "chainId"},
		"SpecVersion": {"context", "specversion"},
		"Subject.ID":  {"subject", "id"}, "Subject.Source": {"subject", "source"},
		"Environment.ID": {"subject", "content", "environment", "id"}, "Environment.Source": {"subject", "content", "environment", "source"},
		"Service.ID": {"subject", "content", "service", "id"}, "Service.Source": {"subject", "content", "service", "source"},
		"Change.ID": {"subject", "content", "change", "id"}, "Change.Source": {"subject", "content", "change", "source"},
		"Repository.ID": {"subject", "content", "repository", "id"}, "Repository.Source": {"subject", "content", "repository", "source"},
		"ArtifactID": {"subject", "content", "artifactId"}, "TicketURI": {"subject", "content", "ticketURI"},
		"PipelineName": {"subject", "content", "pipelineName"}, "Outcome": {"subject", "content", "outcome"},
		"Requestor": {"subject", "content", "requestor"}, "Responder": {"subject", "content", "responder"},
		"Decision": {"subject", "content", "decision"}, "Status": {"subject", "content", "status"},
		"Resource": {"subject", "content", "resourceTargetUrl"}, "Details": {"subject", "content", "approvalDetailsUrl"},
	} {
		set(field, textAt(v, path...))
	}
	if out["SpecVersion"] == "" {
		set("SpecVersion", textAt(v, "context", "version"))
	}
	if out["Subject.Source"] == "" {
		set("Subject.Source", out["Source"])
	}
	if at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(textAt(v, "context", "timestamp"))); err == nil {
		set("Time", at.UTC().Format(time.RFC3339Nano))
	}
	object, _ := v.(map[string]any)
	context, _ := object["context"].(map[string]any)
	links, _ := context["links"].([]any)
	n := 0
	for _, l := range links {
		if _, ok := l.(map[string]any); !ok {
			continue
		}
		set(fmt.Sprintf("Links[%d].Type", n), textAt(l, "linkType"))
		set(fmt.Sprintf("Links[%d].Kind", n), textAt(l, "linkKind"))
		set(fmt.Sprintf("Links[%d].Event", n), textAt(l, "target", "contextId")+textAt(l, "from", "contextId"))
		n++
	}
	return out
}

// fields are an event's, by the same names.
func fields(e *cdevents.Event) map[string]string {
	out := map[string]string{}
	for name, text := range map[string][]byte{
		"Type": e.Type, "ID": e.ID, "Source": e.Source, "ChainID": e.ChainID, "SpecVersion": e.SpecVersion,
		"Subject.ID": e.Subject.ID, "Subject.Source": e.Subject.Source, "Environment.ID": e.Environment.ID, "Environment.Source": e.Environment.Source,
		"Service.ID": e.Service.ID, "Service.Source": e.Service.Source, "Change.ID": e.Change.ID, "Change.Source": e.Change.Source,
		"Repository.ID": e.Repository.ID, "Repository.Source": e.Repository.Source, "ArtifactID": e.ArtifactID, "TicketURI": e.TicketURI,
		"PipelineName": e.PipelineName, "Outcome": e.Outcome, "Requestor": e.Requestor, "Responder": e.Responder,
		"Decision": e.Decision, "Status": e.Status, "Resource": e.Resource, "Details": e.Details,
	} {
		if len(text) > 0 {
			out[name] = string(text)
		}
	}
	if !e.Time.IsZero() {
		out["Time"] = e.Time.Format(time.RFC3339Nano)
	}
	for i, l := range e.Links {
		for name, text := range map[string][]byte{"Type": l.Type, "Kind": l.Kind, "Event": l.Event} {
			if len(text) > 0 {
				out[fmt.Sprintf("Links[%d].%s", i, name)] = string(text)
			}
		}
	}
	return out
}
