package risk

import (
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Facts are all that a [Rule] may look at. Rules change nothing in them and keep nothing of them.
type Facts struct {
	// Changes are what is changing. Its files, resources and settings carry their labels. It is not nil.
	Changes *release.ChangeSet
	// Features are those of this release.
	Features Features
	// Recent are the earlier releases of its component (see [Policy.Window]), in any order: what is sent
	// in ten small releases is to be seen as a whole.
	Recent []Past
	// Exposed is whether the service can be reached by the public, as the host declares it.
	Exposed release.Answer
	// Debts are what earlier releases of the service owe.
	Debts []release.Debt
	// At is the time of the assessment.
	At time.Time

	policy *Policy // the policy that the rules are of; nil where a rule is run by itself
	seen   seen    // of Changes, where they were looked at
}
