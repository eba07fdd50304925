package cdevents_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics/cdevents"
)

// deployed is a well-formed event, the context and the content with more in them.
func deployed(context, content string) string {
	return `{"context":{"specversion":"0.5.0","id":"1","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"2026-03-01T10:00:00Z"` + context +
		`},"subject":{"id":"api","content":{"environment":{"id":"production"},"artifactId":"pkg:oci/api@1"` + content + `}}}`
}

// event is one of a type, with the content given.
func event(kind, content string) string {
	return `{"context":{"specversion":"0.5.0","id":"1","source":"/ci","type":"dev.cdevents.` + kind + `","timestamp":"2026-03-01T10:00:00Z"},"subject":{"id":"x","content":` + content + `}}`
}

func swap(old, new string) string {
	text := deployed("", "")
	if strings.Count(text, old) != 1 {
		panic(old)
	}
	return strings.Replace(text, old, new, 1)
}

// What is refused, with what is said and where, and whether the next event can be found.
func TestRefused(t *testing.T) {
	t.Parallel()
	nest := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	links := func(n int) string {
		return `,"links":[` + strings.TrimSuffix(strings.Repeat(`{"linkType":"PATH"},`, n), ",") + `]`
	}
	ce := func(more string) string {
		return `{"specversion":"1.0","id":"1","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0"` + more + `,"data":` + deployed("", "") + `}`
	}
	for _, c := range []struct {
		name, text, says string
		at               int // -1: not looked at
		fatal            bool
	}{
		{"nothing", "", "the text ends", 0, true},
		{"white space", " \n\t", "the text ends", 3, true},
		{"a BOM", "\uFEFF" + deployed("", ""), "must begin here", 0, true},
		{"a zero before", "\x00" + deployed("", ""), "must begin here", 0, true},
		{"a zero behind", deployed("", "") + "\x00", "something follows", len(deployed("", "")), true},
		{"two events", deployed("", "") + " " + deployed("", ""), "something follows", 1 + len(deployed("", "")), true},
		{"an array", "[" + deployed("", "") + "]", "must begin here", 0, true},
		{"null", "null", "must begin here", 0, true},
		{"a string", `"dev.cdevents"`, "must begin here", 0, true},
		{"a comma too many", `{"a":1,}`, "not JSON", 7, true},
		{"a comma too few", `{"a":1 "b":2}`, "not JSON", 7, true},
		{"no colon", `{"a" 1}`, "not JSON", 5, true},
		{"a name that is none", `{a:1}`, "not JSON", 1, true},
		{"no value", `{"a":}`, "not JSON", 5, true},
		{"the wrong bracket", `{"a":[1}`, "not JSON", 7, true},
		{"the wrong bracket within", `{"a":{"b":[{"c":1]}]}}`, "not JSON", 17, true},
		{"a comma before a bracket", `{"a":[1,]}`, "not JSON", 8, true},
		{"a comment", `{"a":1/*x*/}`, "not JSON", 6, true},
		{"a number with a zero before", `{"a":01}`, "not JSON", 6, true},
		{"a number with a plus", `{"a":+1}`, "not JSON", 5, true},
		{"a number that ends in a dot", `{"a":1.}`, "not JSON", 7, true},
		{"a number without an exponent", `{"a":1e}`, "not JSON", 7, true},
		{"a minus alone", `{"a":-}`, "not JSON", 6, true},
		{"not a number", `{"a":NaN}`, "not JSON", 5, true},
		{"a word", `{"a":trux}`, "not JSON", 8, true},
		{"a word with a tail", `{"a":nulls}`, "not JSON", 9, true},
		{"a line end in a string", "{\"a\":\"x\ny\"}", "control character", 7, true},
		{"a zero in a string", "{\"a\":\"x\x00y\"}", "control character", 7, true},
		{"a control character far into a string", "{\"a\":\"0123456789abcdef\x1f\"}", "control character", 22, true},
		{"an escape that is none", `{"a":"\x"}`, "no escape", 6, true},
		{"an escape of too few digits", `{"a":"\u12g4"}`, "no escape", 6, true},
		{"half a pair", `{"a":"\ud800"}`, "lone surrogate", 6, true},
		{"a pair the wrong way around", `{"a":"\udc00\ud800"}`, "lone surrogate", 6, true},
		{"the other half alone", `{"a":"\udc00"}`, "lone surrogate", 6, true},
		{"half a pair and what is no half", `{"a":"\ud800\ue000"}`, "lone surrogate", 6, true},
		{"half a pair twice", `{"a":"\udbff\udbff"}`, "lone surrogate", 6, true},
		{"half a pair and another escape", `{"a":"\ud800\n"}`, "lone surrogate", 6, true},
		{"half a pair and a letter", `{"a":"\ud800\u0041"}`, "lone surrogate", 6, true},
		{"a byte that is no UTF-8", "{\"a\":\"\xff\"}", "UTF-8", 6, true},
		{"an overlong encoding", "{\"a\":\"\xc0\xaf\"}", "UTF-8", 6, true},
		{"an encoded surrogate", "{\"a\":\"\xed\xa0\x80\"}", "UTF-8", 6, true},
		{"half a character before an escape", "{\"a\":\"\xe2\x82\\n\"}", "UTF-8", 6, true},
		{"UTF-8 that is wrong far into a string", "{\"a\":\"0123456789abcdef\xe2\x28\xa1 and more of it\"}", "UTF-8", 6, true},
		{"UTF-8 that is wrong in a name", "{\"\xff\":1}", "UTF-8", 2, true},
		{"nested too deep", `{"a":` + nest(64) + `}`, "deeper than 64", 5 + 63, true},
		{"objects nested too deep", strings.Repeat(`{"a":`, 65), "deeper than 64", 64 * 5, true},
		{"nested too deep in what is read", deployed("", `,"x":`+nest(62)), "deeper than 64", -1, true},

		{"no context", `{"subject":{}}`, "context.type is missing", 0, false},
		{"nothing in it", `{}`, "context.type is missing", 0, false},
		{"no type", swap(`,"type":"dev.cdevents.service.deployed.0.3.0"`, ``), "context.type is missing", 0, false},
		{"a type that is a number", swap(`"dev.cdevents.service.deployed.0.3.0"`, `7`), "a text must stand here", 65, false},
		{"a type that is null", swap(`"dev.cdevents.service.deployed.0.3.0"`, `null`), "a text must stand here", 65, false},
		{"no id", swap(`"id":"1",`, ``), "context.id is missing", 0, false},
		{"an empty id", swap(`"id":"1"`, `"id":""`), "a text is empty", 39, false},
		{"an id that is an object", swap(`"id":"1"`, `"id":{}`), "a text must stand here", -1, false},
		{"no source", swap(`"source":"/ci",`, ``), "context.source is missing", 0, false},
		{"no version", swap(`"specversion":"0.5.0",`, ``), "context.specversion is missing", 0, false},
		{"two versions that differ", swap(`"specversion":"0.5.0"`, `"specversion":"0.5.0","version":"0.4.1"`), "differ", 0, false},
		{"no timestamp", swap(`,"timestamp":"2026-03-01T10:00:00Z"`, ``), "context.timestamp is missing", 0, false},
		{"no subject", `{"context":{"specversion":"0.5.0","id":"1","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"2026-03-01T10:00:00Z"}}`, "subject is missing", 0, false},
		{"a subject that is a text", strings.Replace(event("service.deployed.0.3.0", "{}"), `{"id":"x","content":{}}`, `"x"`, 1), "subject must be an object", 0, false},
		{"a subject without id", swap(`"id":"api",`, ``), "subject.id is missing", 0, false},
		{"a subject of another type", swap(`"id":"api",`, `"id":"api","type":"change",`), "is not the one", 0, false},
		{"no content", `{"context":{"specversion":"0.5.0","id":"1","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"2026-03-01T10:00:00Z"},"subject":{"id":"x"}}`, "subject.content is missing", 0, false},
		{"a content that is an array", event("change.merged.0.3.0", "[]"), "an object must stand here", -1, false},
		{"a context that is an array", `{"context":[],"subject":{}}`, "an object must stand here", 11, false},
		{"no environment", event("service.deployed.0.3.0", `{"artifactId":"a"}`), "environment.id is missing", 0, false},
		{"an environment that is a text", event("service.upgraded.0.3.0", `{"environment":"production","artifactId":"a"}`), "an object must stand here", -1, false},
		{"an environment without id", event("service.rolledback.0.3.0", `{"environment":{"source":"s"},"artifactId":"a"}`), "environment.id is missing", 0, false},
		{"no artifact", event("service.deployed.0.3.0", `{"environment":{"id":"production"}}`), "artifactId is missing", 0, false},
		{"an artifact that is a number", event("service.deployed.0.3.0", `{"environment":{"id":"production"},"artifactId":1}`), "a text must stand here", -1, false},
		{"an artifact that is empty", event("service.deployed.0.3.0", `{"environment":{"id":"production"},"artifactId":""}`), "a text is empty", -1, false},
		{"an incident nowhere", event("incident.detected.0.3.0", `{}`), "environment.id is missing", 0, false},
		{"a report without a ticket", event("incident.reported.0.3.0", `{"environment":{"id":"production"}}`), "ticketURI is missing", 0, false},
		{"a service without id", event("incident.resolved.0.3.0", `{"environment":{"id":"production"},"service":{"source":"s"}}`), "service.id is missing", 0, false},
		{"a package of no change", event("artifact.packaged.0.3.0", `{}`), "change.id is missing", 0, false},
		{"an approval without details", event("approval.created.0.1.0", `{"resourceTargetUrl":"r","requestor":"p"}`), "approvalDetailsUrl is missing", 0, false},
		{"an approval of nothing", event("approval.created.0.1.0", `{"approvalDetailsUrl":"d","requestor":"p"}`), "resourceTargetUrl is missing", 0, false},
		{"an approval that nobody asked for", event("approval.created.0.1.0", `{"approvalDetailsUrl":"d","resourceTargetUrl":"r"}`), "requestor is missing", 0, false},
		{"an answer of nobody", event("approval.updated.0.1.0", `{"approvalDetailsUrl":"d","resourceTargetUrl":"r","decision":"approved"}`), "responder is missing", 0, false},
		{"an answer that is none", event("approval.updated.0.1.0", `{"approvalDetailsUrl":"d","resourceTargetUrl":"r","responder":"p","decision":"unknown"}`), "decision is none that is known", 0, false},
		{"no answer", event("approval.updated.0.1.0", `{"approvalDetailsUrl":"d","resourceTargetUrl":"r","responder":"p"}`), "decision is none that is known", 0, false},
		{"an end that is none", event("approval.closed.0.1.0", `{"approvalDetailsUrl":"d","resourceTargetUrl":"r","responder":"p","decision":"approved","status":"Approved"}`), "status is none that is known", 0, false},

		{"a name twice", deployed(`,"id":"2"`, ""), "stands twice", -1, false},
		{"a name twice, once escaped", deployed(`,"\u0069d":"2"`, ""), "stands twice", -1, false},
		{"a name twice, once with white space behind", deployed(`,"id" :"2"`, ""), "stands twice", -1, false},
		{"two contexts", strings.Replace(deployed("", ""), `{"context"`, `{"context":{},"context"`, 1), "stands twice", -1, false},
		{"two subjects", strings.Replace(deployed("", ""), `"subject"`, `"subject":{"id":"x"},"subject"`, 1), "stands twice", -1, false},
		{"an artifact twice", deployed("", `,"artifactId":"b"`), "stands twice", -1, false},
		{"a name twice in what is skipped", strings.Replace(deployed(`,"id":"2"`, ""), "service.deployed", "service.published", 1), "stands twice", -1, false},
		{"links that are an object", deployed(`,"links":{}`, ""), "an array must stand here", -1, false},
		{"a link that is a text", deployed(`,"links":["x"]`, ""), "a link must be an object", -1, false},
		{"a link of two ends", deployed(`,"links":[{"linkType":"PATH","from":{"contextId":"a"},"target":{"contextId":"b"}}]`, ""), "two ends", -1, false},
		{"a link's type that is a number", deployed(`,"links":[{"linkType":1}]`, ""), "a text must stand here", -1, false},
		{"too many links", deployed(links(257), ""), "more than 256 links", -1, false},

		{"a CloudEvent of another version", strings.Replace(ce(""), `"1.0"`, `"0.3"`, 1), "specversion of the CloudEvent is not 1.0", 0, false},
		{"a CloudEvent of another id", strings.Replace(ce(""), `"id":"1"`, `"id":"2"`, 1), "context.id is not the CloudEvent's id", 0, false},
		{"a CloudEvent without id", strings.Replace(ce(""), `"id":"1",`, ``, 1), "of the CloudEvent is missing", 0, false},
		{"a CloudEvent of another source", strings.Replace(ce(""), `"/ci"`, `"/other"`, 1), "context.source is not the CloudEvent's source", 0, false},
		{"a CloudEvent of another type", strings.Replace(ce(""), `deployed`, `upgraded`, 1), "context.type is not the CloudEvent's type", 0, false},
		{"a CloudEvent of another time", ce(`,"time":"2026-03-01T10:00:01Z"`), "context.timestamp is not the CloudEvent's time", 0, false},
		{"a CloudEvent of no time", ce(`,"time":"yesterday"`), "context.timestamp is not the CloudEvent's time", 0, false},
		{"a CloudEvent of another subject", ce(`,"subject":"web"`), "subject.id is not the CloudEvent's subject", 0, false},
		{"a CloudEvent in XML", ce(`,"datacontenttype":"application/xml"`), "not application/json", 0, false},
		{"a CloudEvent with base64 of it", `{"specversion":"1.0","id":"1","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0","data_base64":"e30="}`, "data_base64 is not read", 0, false},
		{"a CloudEvent with nothing in it", `{"specversion":"1.0","id":"1","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0"}`, "data is missing", 0, false},
		{"a CloudEvent with a text in it", `{"specversion":"1.0","id":"1","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0","data":"x"}`, "context.type is not the CloudEvent's type", 0, false},
		{"a CloudEvent that is a CDEvent too", strings.Replace(ce(""), `{`, `{"context":{},`, 1), "no CDEvent and no CloudEvent", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var d cdevents.Decoder
			e, err := d.Decode([]byte(c.text))
			require.Nil(t, e)
			var at *cdevents.Error
			require.ErrorAs(t, err, &at)
			require.Contains(t, at.Reason, c.says)
			require.Equal(t, c.fatal, at.Fatal)
			if c.at >= 0 {
				require.EqualValues(t, c.at, at.Offset, err)
			}
			require.LessOrEqual(t, at.Offset, int64(len(c.text)))
			require.Equal(t, fmt.Sprintf("cdevents: line %d, byte %d: %s", at.Line, at.Offset, at.Reason), err.Error())

			// The same Decoder reads the next one as if nothing had been.
			e, err = d.Decode([]byte(deployed("", "")))
			require.NoError(t, err)
			require.Equal(t, oracle(t, []byte(deployed("", ""))), fields(e))
		})
	}
}

// What stands at the edge of what is refused is read.
func TestAccepted(t *testing.T) {
	t.Parallel()
	nest := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, c := range []struct {
		name, text string
		kind       cdevents.Kind
		verdict    cdevents.Verdict
	}{
		{"the least", deployed("", ""), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"white space around", " \r\n\t" + deployed("", "") + "\n \t\r", cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"as deep as may be", deployed("", `,"x":`+nest(61)), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"numbers of any size", deployed("", `,"x":[0,-0,1e999,-1.50E-7,123456789012345678901234567890]`), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"every escape sequence", deployed(`,"chainId":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 end"`, ""), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"a quote at each place of a word", deployed(`,"chainId":"\"a\"bb\"ccc\"dddd\"eeeee\"ffffff\"ggggggg\"hhhhhhhh"`, ""), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"characters of two, three and four bytes", deployed(`,"chainId":"é€😀 é€😀 é€😀"`, ""), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"an unknown name twice", deployed(`,"x":1,"x":2`, ""), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"names that almost are known", deployed(`,"ID":"2","idd":"3","chainid":"c","":0`, ""), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"links", deployed(`,"links":[{"linkType":"PATH","from":{"contextId":"a"}},{"linkType":"RELATION","linkKind":"TRIGGER","target":{"contextId":"b"}},{}]`, ""), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"as many links as may be", deployed(`,"links":[`+strings.TrimSuffix(strings.Repeat(`{"linkType":"PATH"},`, 256), ",")+`]`, ""), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"a custom event of a specification to come", strings.Replace(swap("dev.cdevents.service", "dev.cdeventsx.acme"), "0.5.0", "0.9.0", 1), 0, cdevents.SkippedCustom},
		{"something else with a version of its own", strings.Replace(swap("dev.cdevents.service.deployed.0.3.0", "com.example.thing"), "0.5.0", "0.9.0", 1), 0, cdevents.SkippedForeign},
		{"no links", deployed(`,"links":[]`, ""), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"a subject's type in camel case", strings.Replace(event("pipelinerun.finished.0.3.0", "{}"), `"id":"x"`, `"id":"x","type":"pipelineRun"`, 1), cdevents.PipelineRunFinished, cdevents.VerdictFact},
		{"version 0.3", `{"context":{"version":"0.3.0","id":"1","source":"/ci","type":"dev.cdevents.service.deployed.0.1.1","timestamp":"2026-03-01T10:00:00Z"},"subject":{"id":"api","source":"/k8s","type":"service","content":{"environment":{"id":"production"},"artifactId":"pkg:oci/api@1"}},"customData":{},"customDataContentType":"application/json"}`, cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"a version to come", swap("deployed.0.3.0", "deployed.0.12.345-draft"), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"the draft", swap(`"0.5.0"`, `"0.6.0-draft"`), cdevents.ServiceDeployed, cdevents.VerdictFact},
		{"an approval", event("approval.closed.0.1.0", `{"approvalDetailsUrl":"d","resourceTargetUrl":"r","responder":"p","decision":"rejected","status":"expired"}`), cdevents.ApprovalClosed, cdevents.VerdictApproval},

		{"a specification to come", swap(`"0.5.0"`, `"0.7.0"`), 0, cdevents.SkippedSpec},
		{"a specification of the past", swap(`"0.5.0"`, `"0.2.0"`), 0, cdevents.SkippedSpec},
		{"a specification of two digits", swap(`"0.5.0"`, `"0.50.0"`), 0, cdevents.SkippedSpec},
		{"a specification 1", swap(`"0.5.0"`, `"1.5.0"`), 0, cdevents.SkippedSpec},
		{"a type 1", swap("deployed.0.3.0", "deployed.1.0.0"), 0, cdevents.SkippedType},
		{"a type without version", swap("deployed.0.3.0", "deployed"), 0, cdevents.SkippedType},
		{"a type of half a version", swap("deployed.0.3.0", "deployed.0.3"), 0, cdevents.SkippedType},
		{"a type with a zero before", swap("deployed.0.3.0", "deployed.0.03.0"), 0, cdevents.SkippedType},
		{"a predicate to come", swap("deployed.0.3.0", "teleported.0.3.0"), 0, cdevents.SkippedPredicate},
		{"a subject to come", swap("service.deployed", "portal.opened"), 0, cdevents.SkippedSubject},
		{"a custom event", swap("dev.cdevents.service", "dev.cdeventsx.acme"), 0, cdevents.SkippedCustom},
		{"something else", swap("dev.cdevents.service.deployed.0.3.0", "com.example.thing"), 0, cdevents.SkippedForeign},
		{"a CloudEvent around something else", `{"specversion":"1.0","id":"1","source":"/s","type":"com.example","data":{"id":5}}`, 0, cdevents.SkippedForeign},
		{"a custom event with anything in it", `{"context":{"type":"dev.cdeventsx.acme.thing-made.0.1.0","id":5},"subject":{"content":[]}}`, 0, cdevents.SkippedCustom},
		{"a known event that says nothing of use, with a content of its own", event("build.finished.0.3.0", `{"artifactId":5}`), 0, cdevents.SkippedNoFact},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var d cdevents.Decoder
			e, err := d.Decode([]byte(c.text))
			require.NoError(t, err)
			require.Equal(t, c.verdict, e.Verdict)
			require.Equal(t, c.kind, e.Kind)
			require.Equal(t, c.verdict != cdevents.VerdictFact && c.verdict != cdevents.VerdictApproval, e.Verdict.Skipped())
			require.Equal(t, oracle(t, []byte(c.text)), fields(e))
		})
	}
}

// The size of an event is bounded, to the byte.
func TestMaxEvent(t *testing.T) {
	t.Parallel()
	text := deployed("", "")
	d := cdevents.Decoder{MaxEvent: len(text)}
	_, err := d.Decode([]byte("  " + text + "  "))
	require.NoError(t, err)
	d.Reset(strings.NewReader("  " + text + "\n" + text))
	for range 2 {
		_, err = d.Next()
		require.NoError(t, err)
	}
	d.MaxEvent--
	for _, read := range []func() (*cdevents.Event, error){
		func() (*cdevents.Event, error) { return d.Decode([]byte("  " + text)) },
		func() (*cdevents.Event, error) { d.Reset(strings.NewReader("  " + text)); return d.Next() },
	} {
		e, err := read()
		require.Nil(t, e)
		var at *cdevents.Error
		require.ErrorAs(t, err, &at)
		require.EqualValues(t, 2, at.Offset)
		require.True(t, at.Fatal)
		require.Contains(t, err.Error(), fmt.Sprintf("larger than %d bytes", len(text)-1))
	}
	// The default is as the documentation says.
	var plain cdevents.Decoder
	fill := strings.Repeat("x", cdevents.DefaultMaxEvent-len(deployed(`,"chainId":""`, "")))
	_, err = plain.Decode([]byte(deployed(`,"chainId":"`+fill+`"`, "")))
	require.NoError(t, err)
	_, err = plain.Decode([]byte(deployed(`,"chainId":"`+fill+`x"`, "")))
	require.ErrorContains(t, err, "larger than 1048576 bytes")
}

// Times are read as package time reads RFC 3339, and what is none is refused.
func TestTimestamps(t *testing.T) {
	t.Parallel()
	read := func(text string) (*cdevents.Event, error) {
		var d cdevents.Decoder
		return d.Decode([]byte(swap("2026-03-01T10:00:00Z", text)))
	}
	for _, text := range []string{"2026-03-01T10:00:00Z", "2026-03-01t10:00:00z", "2024-02-29T23:59:59.999999999+23:59", "2000-02-29T00:00:00-00:00",
		"1900-01-01T00:00:00Z", "2190-12-31T23:59:59.9Z", "1969-12-31T23:59:59.5Z", "2026-12-31T23:30:00.120-01:30", "1900-12-31T23:59:59Z", "1999-03-01T00:00:00+05:45"} {
		e, err := read(text)
		require.NoError(t, err, text)
		require.Equal(t, oracle(t, []byte(swap("2026-03-01T10:00:00Z", text)))["Time"], fields(e)["Time"], text)
		require.NotEmpty(t, fields(e)["Time"])
	}
	e, err := read("2026-03-01T10:00:00.1234567891Z")
	require.NoError(t, err)
	require.Equal(t, 123456789, e.Time.Nanosecond(), "what is behind the nanosecond is cut off")
	for _, text := range []string{"2026-02-29T10:00:00Z", "2100-02-29T10:00:00Z", "2026-13-01T10:00:00Z", "2026-00-01T10:00:00Z", "2026-04-31T10:00:00Z", "2026-03-00T10:00:00Z",
		"2026-03-01T24:00:00Z", "2026-03-01T10:60:00Z", "2026-06-30T23:59:60Z", "2026-03-01T10:00:00", "2026-03-01 10:00:00Z", "2026-03-01", "2026-03-01T10:00:00.Z",
		"2026-03-01T10:00:00,5Z", "2026-03-01T10:00:00+24:00", "2026-03-01T10:00:00+01:60", "2026-03-01T10:00:00+0100", "2026-03-01T10:00:00+01", "2026-03-01T10:00:00ZZ",
		" 2026-03-01T10:00:00Z", "26-03-01T10:00:00Z", "2026-3-1T10:00:00Z", "-026-03-01T10:00:00Z", "２０26-03-01T10:00:00Z", "1772359200", "0000000000T00:00:00Z",
		"2026-03-01T10:00:00." + strings.Repeat("0", 60) + "Z", "2026-03-01T1:000:00Z"} {
		e, err := read(text)
		require.Nil(t, e, text)
		require.ErrorContains(t, err, "context.timestamp is no date-time", text)
	}
	for _, text := range []string{"1899-12-31T23:59:59Z", "2191-01-01T00:00:00Z", "1900-01-01T00:00:00+00:01", "2190-12-31T23:59:59-00:01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"} {
		_, err := read(text)
		require.ErrorContains(t, err, "between the years 1900 and 2190", text)
	}
}
