package risk

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

func debtRule() Rule {
	return Rule{ID: "debt", Version: 1,
		Doc: "High while a debt of an earlier emergency is overdue: what went out then without the evidence that its tier demands still runs, and " +
			"is the base of this release. High and not moderate, because the two people who must agree then are those who can pay the debt, " +
			"and because of a service whose releases are mostly moderate nobody would ever pay. A debt that is not due yet is told.",
		Run: func(facts *Facts) []Finding {
			var out []Finding
			for i := range facts.Debts {
				d := &facts.Debts[i]
				f := Finding{Subject: release.Text(d.ID).String()}
				switch d.Status(facts.At) {
				case release.DebtPaid:
					continue
				case release.DebtOpen:
					f.Floor, f.Text = release.TierLow, fmt.Sprintf("an earlier emergency's debt of %s is due by %s", plural(len(d.Owed), "requirement"), d.Due.UTC().Format(time.RFC3339))
				default:
					f.Floor, f.Text = release.TierHigh, fmt.Sprintf("an earlier emergency's debt of %s is overdue since %s", plural(len(d.Owed), "requirement"), d.Due.UTC().Format(time.RFC3339))
					if d.Due.IsZero() || facts.At.Before(d.Due) {
						f.Text = fmt.Sprintf("an earlier emergency's debt of %s does not say all that it must, and counts as overdue", plural(len(d.Owed), "requirement"))
					}
				}
				out = append(out, f)
			}
			return out
		}}
}
