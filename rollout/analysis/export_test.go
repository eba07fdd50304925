package analysis

import (
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// PartPolicy is the policy of a record that begins a part, and whether that is a watch.
func PartPolicy(rec journal.Record) (health.Policy, bool) {
	var d partData
	if err := decode(rec, &d); err != nil {
		return health.Policy{}, false
	}
	return d.Policy, d.Watch != nil
}
