package risk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

func advisoryRule() Rule {
	return Rule{ID: "advisory", Version: 1,
		Doc: "Critical when the release brings in, or may bring in, a flaw that is listed as exploited; high when it brings in any other, when " +
			"nobody can tell whether it does, and when it goes on with one that is exploited. One that it goes on with otherwise, or mends, is told. " +
			"That it is unlikely to be exploited, or that somebody says it does not matter here, lowers nothing.",
		Run: func(cs *release.ChangeSet) []Finding {
			out := make([]Finding, 0, len(cs.Advisories))
			for i := range cs.Advisories {
				out = append(out, advisoryFinding(&cs.Advisories[i]))
			}
			return out
		}}
}

func advisoryFinding(a *release.AdvisoryChange) Finding {
	f := Finding{Floor: release.TierHigh, Subject: release.Text(a.ID).String()}
	in := release.Text(a.Package).String()
	after := release.Text(versions(a.After))
	exploited := a.Exploited == release.AnswerYes
	switch a.Effect {
	case release.EffectFixed:
		f.Floor, f.Text = release.TierLow, "it is mended in "+in
	case release.EffectCarried:
		f.Text = fmt.Sprintf("it stays in %s %s", in, after)
		if !exploited {
			f.Floor = release.TierLow
		}
	case release.EffectIntroduced:
		f.Text = fmt.Sprintf("it comes in with %s %s", in, after)
	default:
		f.Text = fmt.Sprintf("it may come in with %s %s", in, after)
	}
	if exploited && a.Effect != release.EffectFixed {
		f.Text += ", and is listed as exploited"
		if a.Effect != release.EffectCarried {
			f.Floor = release.TierCritical
		}
	}
	if n := len(a.Suppressions); n > 0 {
		f.Text += fmt.Sprintf("; %d statements say that it does not matter here, the first by %s", n, a.Suppressions[0].Author)
	}
	return f
}

func outdatedRule() Rule {
	return Rule{ID: "outdated", Version: 1,
		Doc: "Moderate for a component that its makers took back, deprecated or no longer maintain. One that newer versions of exist is told.",
		Run: func(cs *release.ChangeSet) []Finding {
			out := make([]Finding, 0, len(cs.Outdated))
			for i := range cs.Outdated {
				o := &cs.Outdated[i]
				f := Finding{Floor: release.TierModerate, Subject: release.Text(o.Component).String()}
				switch {
				case o.Retracted == release.AnswerYes:
					f.Text = "its makers took this version back"
				case o.EndOfLife == release.AnswerYes:
					f.Text = "nobody maintains this version any longer"
				case o.Deprecated == release.AnswerYes:
					f.Text = "its makers advise against it"
				default:
					f.Floor, f.Text = release.TierLow, behind(o)
				}
				out = append(out, f)
			}
			return out
		}}
}

// behind says how far a component is behind, as far as that is known.
func behind(o *release.Outdated) string {
	switch releases, days := fmt.Sprintf("%d newer versions", o.Releases), fmt.Sprintf("%.0f days behind", o.Days); {
	case o.ReleasesKnown && o.DaysKnown:
		return releases + ", " + days
	case o.ReleasesKnown:
		return releases
	case o.DaysKnown:
		return days
	}
	return "how old it is is not known"
}

// versions are a list of versions as one text.
func versions(list []string) string {
	out := slices.Clone(list)
	if i := slices.Index(out, ""); i >= 0 {
		out[i] = "(in a version that nobody told)"
	}
	return strings.Join(out, ", ")
}
