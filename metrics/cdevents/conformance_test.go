package cdevents_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/metrics/cdevents"
)

// wanted is what is made of each conformance example: its kind where it says something,
// and KindUnknown where it is skipped as one that says nothing a fact is made of.
var wanted = map[string]cdevents.Kind{
	"service_deployed": cdevents.ServiceDeployed, "service_upgraded": cdevents.ServiceUpgraded, "service_rolledback": cdevents.ServiceRolledBack,
	"change_created": cdevents.ChangeCreated, "change_reviewed": cdevents.ChangeReviewed, "change_merged": cdevents.ChangeMerged,
	"artifact_packaged": cdevents.ArtifactPackaged, "pipelinerun_finished": cdevents.PipelineRunFinished,
	"incident_detected": cdevents.IncidentDetected, "incident_reported": cdevents.IncidentReported, "incident_resolved": cdevents.IncidentResolved,

	"service_published": 0, "service_removed": 0, "change_updated": 0, "change_abandoned": 0,
	"artifact_published": 0, "artifact_signed": 0, "artifact_downloaded": 0, "artifact_deleted": 0,
	"branch_created": 0, "branch_deleted": 0, "build_queued": 0, "build_started": 0, "build_finished": 0,
	"environment_created": 0, "environment_modified": 0, "environment_deleted": 0, "pipelinerun_queued": 0, "pipelinerun_started": 0,
	"repository_created": 0, "repository_modified": 0, "repository_deleted": 0, "taskrun_started": 0, "taskrun_finished": 0,
	"testcaserun_queued": 0, "testcaserun_started": 0, "testcaserun_finished": 0, "testcaserun_skipped": 0, "testoutput_published": 0,
	"testsuiterun_queued": 0, "testsuiterun_started": 0, "testsuiterun_finished": 0, "ticket_created": 0, "ticket_updated": 0, "ticket_closed": 0,
}

// examples are the conformance examples of one version, by name.
func examples(t testing.TB, version string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(realdata.Path(t, "cdevents/"+version+"/conformance"), "*.json"))
	require.NoError(t, err)
	out := map[string][]byte{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		out[strings.TrimSuffix(filepath.Base(f), ".json")] = text
	}
	return out
}

// long makes the tests that search further do so.
var long = flag.Bool("long", false, "search further: minutes instead of seconds")

var versions = []string{"v0.4.1", "v0.5.0"}

// structured is the CloudEvent in structured mode around an event.
func structured(t testing.TB, text []byte) []byte {
	t.Helper()
	h := binary(t, text)
	out, err := json.Marshal(map[string]any{"specversion": "1.0", "id": h.Get("ce-id"), "source": h.Get("ce-source"), "type": h.Get("ce-type"),
		"time": h.Get("ce-time"), "subject": h.Get("ce-subject"), "datacontenttype": "application/json", "data": json.RawMessage(text)})
	require.NoError(t, err)
	return out
}

// binary is the header of the CloudEvent in binary mode around an event.
func binary(t testing.TB, text []byte) http.Header {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(text, &v))
	h := http.Header{}
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("ce-specversion", "1.0")
	for name, path := range map[string][]string{"ce-id": {"context", "id"}, "ce-source": {"context", "source"}, "ce-type": {"context", "type"},
		"ce-time": {"context", "timestamp"}, "ce-subject": {"subject", "id"}} {
		h.Set(name, textAt(v, path...))
	}
	return h
}

// Every conformance example of every version is read, as what it is, the same by each
// way in, and with the fields that encoding/json finds.
func TestConformanceExamples(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		texts := examples(t, version)
		require.Len(t, texts, len(wanted), version)
		for name, text := range texts {
			t.Run(version+"/"+name, func(t *testing.T) {
				t.Parallel()
				kind, known := wanted[name]
				require.True(t, known)
				verdict := cdevents.VerdictFact
				if kind == cdevents.KindUnknown {
					verdict = cdevents.SkippedNoFact
				}
				want := oracle(t, text)
				check := func(e *cdevents.Event, err error) {
					t.Helper()
					require.NoError(t, err)
					require.Equal(t, kind, e.Kind)
					require.Equal(t, verdict, e.Verdict)
					require.Equal(t, want, fields(e))
					require.Equal(t, strings.TrimPrefix(version, "v"), string(e.SpecVersion))
					_, approves := e.Approval()
					require.False(t, approves)
				}
				var d cdevents.Decoder
				check(d.Decode(text))
				check(d.Decode(structured(t, text)))
				check(d.DecodeHTTP(binary(t, text), text))
				check(d.DecodeHTTP(http.Header{"Content-Type": {"application/cloudevents+json; charset=UTF-8"}}, structured(t, text)))
				d.Reset(bytes.NewReader(text))
				check(d.Next())
				_, err := d.Next()
				require.Equal(t, io.EOF, err)

				var compact bytes.Buffer
				require.NoError(t, json.Compact(&compact, text))
				check(d.Decode(compact.Bytes()))
				// Every character of every text as an escape sequence says the same.
				check(d.Decode(escaped(text)))
			})
		}
	}
}

// escaped is a JSON text with each letter and digit within its strings written as an
// escape sequence.
func escaped(text []byte) []byte {
	var out bytes.Buffer
	within := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			within = !within
			out.WriteByte(c)
		case within && c == '\\':
			out.Write(text[i : i+2])
			i++
		case within && (c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'):
			const hex = "0123456789aBcDeF"
			out.WriteString(`\u00` + string(hex[c>>4]) + string(hex[c&15]))
		default:
			out.WriteByte(c)
		}
	}
	return out.Bytes()
}

// Of every example any beginning is refused, with the place where the text ends, and
// nothing that encoding/json refuses is read.
func TestTruncatedAtEveryByte(t *testing.T) {
	t.Parallel()
	var d cdevents.Decoder
	for _, version := range versions {
		for name, text := range examples(t, version) {
			text = bytes.TrimSpace(text)
			if !*long && wanted[name] == cdevents.KindUnknown {
				continue
			}
			for n := range text {
				e, err := d.Decode(text[:n])
				require.Nil(t, e, "%s to %d", name, n)
				var at *cdevents.Error
				require.ErrorAs(t, err, &at)
				require.True(t, at.Fatal)
				require.Equal(t, int64(n), at.Offset, "%s: %s", name, err)
				require.Equal(t, 1+bytes.Count(text[:n], []byte("\n")), at.Line)
				require.Contains(t, err.Error(), "the text ends within an event")

				d.Reset(bytes.NewReader(text[:n]))
				if e, err = d.Next(); n == 0 {
					require.Equal(t, io.EOF, err)
					continue
				}
				require.Nil(t, e)
				require.ErrorAs(t, err, &at)
				require.Equal(t, int64(n), at.Offset)
				_, again := d.Next()
				require.Equal(t, err, again, "an error that is fatal stays")
			}
		}
	}
}
