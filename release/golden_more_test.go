package release_test

import (
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// goldenMore is a golden record with the fields of waivers, debts and decisions that came after the others.
func goldenMore(r release.Record) release.Record {
	requirements := []release.Requirement{{ID: "approval", Evidence: release.EvidenceApproval, Count: 2, MaxAge: time.Hour, Independent: true, Roles: []string{"sre"}, Why: "w"}}
	r.Assessment.Waivers[0].UpTo = release.TierHigh
	r.Assessment.Debts[0].Release = release.DigestOf([]byte("r"))
	d := &r.Decisions[0]
	d.Release, d.Changes, d.Requirements = release.DigestOf([]byte("r")), release.DigestOf([]byte("c")), requirements
	return r
}
