package cdevents_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/cdevents"
)

// A stream in which the deployment comes before what it is made of.
func Example() {
	stream := strings.NewReader(`
{"context":{"specversion":"0.5.0","id":"e3","source":"/cd","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"2026-06-01T12:30:00Z"},
 "subject":{"id":"shop","content":{"environment":{"id":"production"},"artifactId":"pkg:oci/shop@sha256%3Af00d"}}}
{"context":{"specversion":"0.5.0","id":"e2","source":"/ci","type":"dev.cdevents.artifact.packaged.0.3.0","timestamp":"2026-06-01T12:10:00Z"},
 "subject":{"id":"pkg:oci/shop@sha256%3Af00d","content":{"change":{"id":"42","source":"/git/shop"}}}}
{"context":{"specversion":"0.5.0","id":"e1","source":"/git/shop","type":"dev.cdevents.change.merged.0.3.0","timestamp":"2026-06-01T12:00:00Z"},
 "subject":{"id":"42","content":{}}}
{"context":{"specversion":"0.5.0","id":"e4","source":"/ci","type":"dev.cdevents.build.started.0.3.0","timestamp":"2026-06-01T12:01:00Z"},
 "subject":{"id":"b","content":{}}}
{"context":{"specversion":"0.5.0","id":"e5","source":"/cd","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"2026-06-01T13:00:00Z"},
 "subject":{"id":"shop","content":{"environment":{"id":"production"}}}}
`)
	j, err := cdevents.NewJoiner(cdevents.JoinerOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 6, 1, 14, 0, 0, 0, time.UTC)
	var log metrics.Log
	var d cdevents.Decoder
	d.Reset(stream)
	for e, err := range d.All() {
		if err != nil {
			fmt.Println(err)
			continue
		}
		told, err := j.Add(e, now)
		if err != nil {
			fmt.Println(err)
			return
		}
		if told.Verdict.Skipped() {
			fmt.Printf("%s: %s\n", e.Type, told.Verdict)
		}
		if _, err := log.Add(told.Facts...); err != nil {
			fmt.Println(err)
			return
		}
	}
	for d := range log.Snapshot(now).Deployments() {
		fmt.Println(d.Service, d.Environment, d.Version, d.Outcome, d.Changes)
	}
	// Output:
	// dev.cdevents.build.started.0.3.0: skipped-no-fact
	// cdevents: line 10, byte 855: subject.content.artifactId is missing
	// shop production sha256:f00d succeeded [/git/shop/42]
}

// A deployment of a rollout, told to others.
func ExampleEncode() {
	events, err := cdevents.Encode(metrics.Deployment{
		Meta: metrics.Meta{Source: "rollout", ID: "r7", Rev: 1, At: time.Date(2026, 6, 1, 12, 30, 0, 0, time.UTC),
			Seen: time.Date(2026, 6, 1, 12, 30, 0, 0, time.UTC), Service: "shop", Environment: "production"},
		Outcome: metrics.DeploymentSucceeded,
		Version: "1.4.0",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range events {
		fmt.Println(string(e))
	}
	// Output:
	// {"context":{"specversion":"0.5.0","id":"r7","source":"rollout","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"2026-06-01T12:30:00Z"},"subject":{"id":"shop","content":{"environment":{"id":"production"},"artifactId":"pkg:generic/shop@1.4.0"}}}
}
