package gitlab_test

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/gitlab"
)

func Example() {
	j, err := gitlab.NewJoiner(gitlab.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, body := range []string{
		`{"object_kind":"deployment","status":"success","status_changed_at":"2026-06-01 11:04:00 +0200","deployment_id":15,"environment":"production",
			"project":{"path_with_namespace":"acme/shop"},"short_sha":"279484c0","commit_url":"https://git.example.org/acme/shop/-/commit/279484c09fbe69ededfced8c1bb6e6d24616b468","ref":"1.0"}`,
		`{"object_kind":"merge_request","project":{"path_with_namespace":"acme/shop"},"object_attributes":{"iid":7,"state":"merged","action":"merge",
			"created_at":"2026-06-01 07:00:00 UTC","updated_at":"2026-06-01 08:30:00 UTC","merge_commit_sha":"279484c09fbe69ededfced8c1bb6e6d24616b468","title":"Faster search"}}`,
		`{"object_kind":"note"}`,
	} {
		told, err := j.Add([]byte(body), time.Date(2026, time.June, 1, 10, 0, 0, 0, time.UTC)) // after VerifyToken
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, f := range told.Facts {
			switch f := f.(type) {
			case metrics.Deployment:
				fmt.Println(f.ID, f.Service, f.Environment, f.Version[:8], f.Outcome, f.At.Format(time.TimeOnly))
			case metrics.Change:
				fmt.Println(f.ID, f.Commit[:8], f.Opened.Format(time.TimeOnly), f.Merged.Format(time.TimeOnly))
			}
		}
		if told.Skipped != "" {
			fmt.Println("skipped:", told.Skipped)
		}
	}
	// Output:
	// deployment/15 acme/shop production 279484c0 succeeded 09:04:00
	// acme/shop!7 279484c0 07:00:00 08:30:00
	// skipped: a "note" says nothing of a deployment, a change or an incident
}
