package cdevents_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics/cdevents"
)

// What a request may say, in either content mode, and what it may not.
func TestDecodeHTTP(t *testing.T) {
	t.Parallel()
	text := deployed("", "")
	spaced := swap(`"id":"1"`, `"id":"a b \u00e9%41"`)
	for _, c := range []struct {
		name, body string
		change     func(http.Header)
		says       string // "" where it is read
	}{
		{"binary", text, func(http.Header) {}, ""},
		{"binary without what may be missing", text, func(h http.Header) { h.Del("ce-time"); h.Del("ce-subject") }, ""},
		{"a type in capitals", text, func(h http.Header) { h.Set("content-type", "Application/JSON") }, ""},
		{"an extension", text, func(h http.Header) { h.Set("ce-traceparent", "x") }, ""},
		{"another time of the same moment", text, func(h http.Header) { h.Set("ce-time", "2026-03-01T11:00:00.000+01:00") }, ""},
		{"an id in percent encoding", spaced, func(h http.Header) { h.Set("ce-id", "a%20b%20%C3%a9%2541") }, ""},
		{"an id as it is", spaced, func(h http.Header) { h.Set("ce-id", "a b é%41") }, ""},
		{"a header's name that is not canonical", text, func(h http.Header) { h["cE-iD"] = h["Ce-Id"]; h.Del("ce-id") }, ""},

		{"no content type", text, func(h http.Header) { h.Del("content-type") }, `content type "" is not read`},
		{"a batch", "[" + text + "]", func(h http.Header) { h.Set("content-type", "application/cloudevents-batch+json") }, "is not read"},
		{"a text", text, func(h http.Header) { h.Set("content-type", "text/plain") }, "is not read"},
		{"a type that only begins well", text, func(h http.Header) { h.Set("content-type", "application/jsonl") }, "is not read"},
		{"no version", text, func(h http.Header) { h.Del("ce-specversion") }, "ce-specversion is not 1.0"},
		{"another version", text, func(h http.Header) { h.Set("ce-specversion", "0.3") }, "ce-specversion is not 1.0"},
		{"no id", text, func(h http.Header) { h.Del("ce-id") }, "ce-id is missing"},
		{"an empty id", text, func(h http.Header) { h.Set("ce-id", "") }, "ce-id is missing"},
		{"no type", text, func(h http.Header) { h.Del("ce-type") }, "ce-type is missing"},
		{"no source", text, func(h http.Header) { h.Del("ce-source") }, "ce-source is missing"},
		{"two ids", text, func(h http.Header) { h.Add("ce-id", "2") }, "ce-id does not stand there once"},
		{"two ids of two cases", text, func(h http.Header) { h["CE-ID"] = []string{"1"} }, "ce-id does not stand there once"},
		{"a header of no value", text, func(h http.Header) { h["Ce-Id"] = nil }, "ce-id does not stand there once"},
		{"another id", text, func(h http.Header) { h.Set("ce-id", "2") }, "ce-id and the body differ"},
		{"another source", text, func(h http.Header) { h.Set("ce-source", "/cd") }, "ce-source and the body differ"},
		{"another type", text, func(h http.Header) { h.Set("ce-type", "dev.cdevents.service.upgraded.0.3.0") }, "ce-type and the body differ"},
		{"another subject", text, func(h http.Header) { h.Set("ce-subject", "web") }, "ce-subject and the body differ"},
		{"another time", text, func(h http.Header) { h.Set("ce-time", "2026-03-01T10:00:00+01:00") }, "ce-time and the body differ"},
		{"no time", text, func(h http.Header) { h.Set("ce-time", "now") }, "ce-time and the body differ"},
		{"percent encoding that is none", spaced, func(h http.Header) { h.Set("ce-id", "a%2b%") }, "ce-id and the body differ"},
		{"a CloudEvent in binary mode", string(structured(t, []byte(text))), func(http.Header) {}, "a CloudEvent of its own"},
		{"no body", "", func(http.Header) {}, "the text ends"},
		{"two bodies", text + text, func(http.Header) {}, "something follows"},
		{"a CDEvent that claims to be a CloudEvent", text, func(h http.Header) { h.Set("content-type", "application/cloudevents+json") }, "the body is no CloudEvent"},
		{"a wrong event in structured mode", "{}", func(h http.Header) { h.Set("content-type", "application/cloudevents+json") }, "context.type is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := binary(t, []byte(text))
			c.change(h)
			var d cdevents.Decoder
			e, err := d.DecodeHTTP(h, []byte(c.body))
			if c.says != "" {
				require.ErrorContains(t, err, c.says)
				require.Nil(t, e)
				return
			}
			require.NoError(t, err)
			require.Equal(t, cdevents.ServiceDeployed, e.Kind)
			require.Equal(t, oracle(t, []byte(c.body)), fields(e))
		})
	}
}

// An event of somebody else is skipped by its header, whatever its body is.
func TestDecodeHTTPForeign(t *testing.T) {
	t.Parallel()
	var d cdevents.Decoder
	_, err := d.Decode([]byte(deployed("", "")))
	require.NoError(t, err)
	h := binary(t, []byte(deployed("", "")))
	h.Set("ce-type", "com.example.thing")
	e, err := d.DecodeHTTP(h, []byte("not JSON"))
	require.NoError(t, err)
	require.Equal(t, cdevents.SkippedForeign, e.Verdict)
	require.Equal(t, map[string]string{"Type": "com.example.thing", "ID": "1", "Source": "/ci"}, fields(e))
}

// A server that takes events over HTTP, asked by a client.
func TestDecodeHTTPServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, cdevents.DefaultMaxEvent)); err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		var d cdevents.Decoder
		e, err := d.DecodeHTTP(r.Header, body.Bytes())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = w.Write(e.Subject.ID)
	}))
	defer server.Close()
	for text, want := range map[string]int{deployed("", ""): http.StatusOK, "{}": http.StatusBadRequest} {
		r, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader(text))
		require.NoError(t, err)
		r.Header = binary(t, []byte(deployed("", "")))
		answer, err := server.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, want, answer.StatusCode)
	}
}
