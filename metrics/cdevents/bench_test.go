package cdevents_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/metrics/cdevents"
)

// wire is a stream of n events as a bus carries them, one a line: each has a chain and
// links, and its own id and time.
func wire(n int) []byte {
	var b bytes.Buffer
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		at = at.Add(1234567 * time.Microsecond)
		kind, content := "", ""
		switch i % 4 {
		case 0:
			kind = "change.merged.0.3.0"
			content = fmt.Sprintf(`{"repository":{"id":"org/service-%d","source":"https://git.example.org"}}`, i%97)
		case 1:
			kind = "artifact.packaged.0.3.0"
			content = fmt.Sprintf(`{"change":{"id":"change-%d","source":"https://git.example.org/org/service-%d"},"sbom":{"uri":"https://sbom.example.org/%x.sbom"}}`, i, i%97, i)
		case 2:
			kind = "service.deployed.0.3.0"
			content = fmt.Sprintf(`{"environment":{"id":"production","source":"/clusters/eu-1"},"artifactId":"pkg:oci/service-%d@sha256%%3A%064x"}`, i%97, i)
		case 3:
			kind = "incident.detected.0.3.0"
			content = fmt.Sprintf(`{"description":"response time above 100 ms","environment":{"id":"production","source":"/clusters/eu-1"},"service":{"id":"service-%d","source":"/clusters/eu-1"},"artifactId":"pkg:oci/service-%d@sha256%%3A%064x"}`, i%97, i%97, i)
		}
		link := fmt.Sprintf("5328c37f-bb7e-4bb7-84ea-%012x", i)
		fmt.Fprintf(&b, `{"context":{"specversion":"0.5.0","id":"271069a8-fc18-44f1-b38f-%012x","chainId":"4c8cb7dd-3448-41de-8768-eec704e2829b","source":"/event/source/%d","type":"dev.cdevents.%s","timestamp":%q,"schemaUri":"https://example.org/schema/custom",`+
			`"links":[{"linkType":"RELATION","linkKind":"TRIGGER","target":{"contextId":%q},"tags":{"team":"payments","run":"%d"}},{"linkType":"PATH","from":{"contextId":%q}}]},"subject":{"id":"subject-%d","source":"/event/source/%d","content":%s}}`+"\n",
			i, i%13, kind, at.Format(time.RFC3339Nano), link, i, link, i, i%13, content)
	}
	return b.Bytes()
}

// benchEvent is what encoding/json is asked for: the fields that the Decoder reads.
type benchEvent struct {
	Context struct {
		SpecVersion, ID, ChainID, Source, Type string
		Timestamp                              time.Time
		Links                                  []struct {
			LinkType, LinkKind string
			Target, From       struct{ ContextID string }
		}
	}
	Subject struct {
		ID, Source string
		Content    struct {
			Environment, Service, Change, Repository struct{ ID, Source string }
			ArtifactID, TicketURI                    string
			PipelineName, Outcome                    string
		}
	}
}

// BenchmarkDecodeCDEvents reads 4,000 events with the Decoder, and as a baseline with
// encoding/json in the same run: each gets one line at a time, which it need not look for.
func BenchmarkDecodeCDEvents(b *testing.B) {
	text := wire(4000)
	lines := bytes.SplitAfter(bytes.TrimSpace(text), []byte("\n"))
	var d cdevents.Decoder
	source := bytes.NewReader(nil)
	stream := func() int {
		n := 0
		source.Reset(text)
		d.Reset(source)
		for {
			e, err := d.Next()
			if err == io.EOF {
				return n
			}
			if err != nil || e.Verdict != cdevents.VerdictFact {
				b.Fatal(err, e)
			}
			n++
		}
	}
	if n := stream(); n != 4000 {
		b.Fatal(n)
	}
	var own, theirs time.Duration
	var ownRuns, theirRuns int
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		begin := time.Now()
		stream()
		own += time.Since(begin)
		ownRuns++
		// One run in eight is compared, outside of the time that is reported.
		if ownRuns%8 == 1 {
			b.StopTimer()
			begin = time.Now()
			for _, line := range lines {
				var e benchEvent
				if err := json.Unmarshal(line, &e); err != nil {
					b.Fatal(err)
				}
			}
			theirs += time.Since(begin)
			theirRuns++
			b.StartTimer()
		}
	}
	b.ReportMetric(float64(theirs)/float64(theirRuns)/(float64(own)/float64(ownRuns)), "x-encoding/json")
	b.ReportMetric(float64(own)/float64(ownRuns)/4000, "ns/event")
	b.ReportMetric(float64(testing.AllocsPerRun(20, func() { stream() })), "steady-allocs")
}

// BenchmarkJoin makes facts of 4,000 events and reports what the Joiner holds of each.
func BenchmarkJoin(b *testing.B) {
	text := bytes.ReplaceAll(wire(4000), []byte(`"chainId":"4c8cb7dd-3448-41de-8768-eec704e2829b",`), nil)
	var joiners []*cdevents.Joiner
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		j, err := cdevents.NewJoiner(cdevents.JoinerOptions{})
		if err != nil {
			b.Fatal(err)
		}
		var d cdevents.Decoder
		d.Reset(bytes.NewReader(text))
		for e, err := range d.All() {
			if err != nil {
				b.Fatal(err)
			}
			if _, err := j.Add(e, e.Time); err != nil {
				b.Fatal(err)
			}
		}
		joiners = append(joiners[:min(len(joiners), 3)], j)
	}
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/4000, "ns/event")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/4000/float64(len(joiners)), "held-B/event")
	runtime.KeepAlive(joiners)
}
