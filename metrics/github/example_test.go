package github_test

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/github"
)

// A status that arrives before its deployment, as GitHub's deliveries do.
func Example() {
	deliveries := []struct{ event, body string }{
		{"deployment_status", `{"action":"created","repository":{"full_name":"acme/shop"},
			"deployment":{"id":7,"sha":"f95f852","environment":"production","created_at":"2026-06-01T15:00:00Z"},
			"deployment_status":{"id":2,"state":"success","environment":"production","created_at":"2026-06-01T15:04:00Z"}}`},
		{"deployment", `{"action":"created","repository":{"full_name":"acme/shop"},
			"deployment":{"id":7,"sha":"f95f852","environment":"production","created_at":"2026-06-01T15:00:00Z"}}`},
		{"star", `{"action":"created"}`},
	}
	j, err := github.NewJoiner(github.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 6, 1, 15, 5, 0, 0, time.UTC)
	for _, d := range deliveries {
		told, err := j.Add(d.event, []byte(d.body), now) // after VerifySignature
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, f := range told.Facts {
			d := f.(metrics.Deployment)
			fmt.Println(d.ID, d.Service, d.Environment, d.Version, d.Outcome, d.At.Format(time.TimeOnly))
		}
		if told.Skipped != "" {
			fmt.Println("skipped:", told.Skipped)
		}
	}
	// Output:
	// deployment/7 acme/shop production f95f852 succeeded 15:04:00
	// deployment/7 acme/shop production f95f852 succeeded 15:04:00
	// skipped: event "star" says nothing of a deployment, a change or an incident
}
