package pagerduty_test

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/pagerduty"
)

// The resolution arrives before the beginning.
func Example() {
	j, err := pagerduty.NewJoiner(pagerduty.Options{
		Service: func(i pagerduty.Item) string { return map[string]string{"PF9KMXH": "shop"}[i.ServiceID] },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, body := range []string{
		`{"event":{"id":"2","event_type":"incident.resolved","occurred_at":"2026-06-01T09:40:00Z","data":{"id":"PGR0VU2","type":"incident","status":"resolved",
			"created_at":"2026-06-01T09:00:00Z","service":{"id":"PF9KMXH","summary":"Checkout"},"priority":{"id":"PSO75BM","summary":"P1"},"urgency":"high"}}}`,
		`{"event":{"id":"1","event_type":"incident.triggered","occurred_at":"2026-06-01T09:00:00Z","data":{"id":"PGR0VU2","type":"incident","status":"triggered",
			"created_at":"2026-06-01T09:00:00Z","service":{"id":"PF9KMXH","summary":"Checkout"},"priority":null,"urgency":"high"}}}`,
	} {
		told, err := j.Add([]byte(body), time.Date(2026, time.June, 1, 10, 0, 0, 0, time.UTC)) // after VerifySignature
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, f := range told.Facts {
			n := f.(metrics.Incident)
			fmt.Println(n.ID, n.Service, n.Severity, n.At.Format(time.TimeOnly), "to", n.Resolved.Format(time.TimeOnly))
		}
	}
	// Output:
	// PGR0VU2 shop P1 09:00:00 to 09:40:00
	// PGR0VU2 shop P1 09:00:00 to 09:40:00
}
