package risk

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
)

func deviationRule() Rule {
	return Rule{ID: "deviation", Version: 1,
		Doc: "Moderate for each thing in which the release is not what was declared, and high where that is a sensitive matter that nobody " +
			"announced (outside-labels) or a kind of change that nobody did (outside-kinds).",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			var out []Finding
			for _, d := range cs.Deviations {
				f := Finding{release.TierModerate, release.Text(d.Subject).String(), fmt.Sprintf("%s: %s", release.Text(d.Kind), release.Text(d.Detail))}
				if d.Kind == "outside-labels" || d.Kind == "outside-kinds" || d.Kind == "" {
					f.Floor = release.TierHigh
				}
				out = append(out, f)
			}
			return out
		}}
}

func driftRule() Rule {
	return Rule{ID: "drift", Version: 1,
		Doc: "Moderate for each resource that was changed behind the back of its definition, and high where that is about identity, access, " +
			"keys, secrets or network: the release will undo it or build on it, and nobody reviewed it.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			var out []Finding
			for i := range cs.Drift {
				r := &cs.Drift[i]
				subject := resourceName(r)
				n := len(out)
				if out = sensitiveFindings(out, subject, r.Labels); len(out) == n {
					out = append(out, Finding{release.TierModerate, subject, fmt.Sprintf("it was %s behind the back of its definition", r.Op)})
				}
			}
			return out
		}}
}

func artifactRule() Rule {
	return Rule{ID: "artifact", Version: 1,
		Doc: "High for an artifact whose change is not known, and for one that differs although nothing that it is made of does: code, " +
			"dependencies and configuration. Other changes of artifacts are what a release is, and are told.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			var out []Finding
			same := len(cs.Files)+len(cs.Dependencies)+len(cs.Settings)+len(cs.Resources) == 0
			for _, a := range cs.Artifacts {
				f := Finding{release.TierLow, release.Text(a.Name).String(), fmt.Sprintf("an artifact that is %s", a.Op)}
				switch {
				case !a.Op.Known():
					f.Floor, f.Text = release.TierHigh, "what happens to this artifact is not known"
				case same && a.Op != release.OpRemoved:
					f.Floor, f.Text = release.TierHigh, fmt.Sprintf("an artifact that is %s, and nothing that it is made of is known to differ", a.Op)
				}
				out = append(out, f)
			}
			return out
		}}
}

func lossRule() Rule {
	return Rule{ID: "loss", Version: 1,
		Doc: "High for what takes stored data away: a rollback does not bring it back.",
		Run: func(facts *Facts) []Finding {
			return labelled(facts, release.LabelDestructive, release.TierHigh, "it takes stored data away, or may")
		}}
}

func unpinnedRule() Rule {
	return Rule{ID: "unpinned", Version: 1,
		Doc: "Moderate for content that is named by what can move: what was tested need not be what is deployed.",
		Run: func(facts *Facts) []Finding {
			return labelled(facts, release.LabelUnpinned, release.TierModerate, "it names content by what can move")
		}}
}
