package risk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

func exploitedRule() Rule {
	return Rule{ID: "exploited", Version: 1,
		Doc: "Critical when the release brings in, or may bring in, a flaw that is listed as exploited: whoever attacks has the means already, and the list " +
			"(CISA KEV) is short and made by people. No waiver lowers it. That somebody says it does not matter here (VEX) is told.",
		Run: func(facts *Facts) []Finding {
			return advisories(facts, func(a *release.AdvisoryChange) bool {
				return a.Exploited == release.AnswerYes && a.Effect != release.EffectFixed && a.Effect != release.EffectCarried
			}, func(b *briefing, f *Finding) {
				f.Floor = release.TierCritical
				f.Text += fmt.Sprintf(", and is listed as exploited; %s", b.urgency())
			})
		}}
}

func carriedRule() Rule {
	return Rule{ID: "exploited-carried", Version: 1,
		Doc: "High when the release goes on with a flaw that is listed as exploited: it makes nothing worse, and sends out once more what should be mended.",
		Run: func(facts *Facts) []Finding {
			return advisories(facts, func(a *release.AdvisoryChange) bool {
				return a.Exploited == release.AnswerYes && a.Effect == release.EffectCarried
			}, func(b *briefing, f *Finding) {
				f.Floor = release.TierHigh
				f.Text += fmt.Sprintf(", and is listed as exploited; %s", b.urgency())
			})
		}}
}

func advisoryRule() Rule {
	return Rule{ID: "advisory", Version: 2,
		Doc: "For a flaw that the release brings in, or may bring in, the floor that the policy has for what its table of advisories says (CISA BOD 26-04 in the default " +
			"policy: exploited, exposed, automatable, technical impact). What is not known counts as the most dangerous, but that exploitation is not known makes high at most; with a downgrade it is high at least. " +
			"A flaw that it goes on with, or mends, is told. That it is unlikely to be exploited, or that somebody says it does not matter here, lowers nothing. Those that are listed as exploited have rules of their own.",
		Run: func(facts *Facts) []Finding {
			return advisories(facts, func(a *release.AdvisoryChange) bool {
				return a.Exploited != release.AnswerYes || a.Effect == release.EffectFixed
			}, func(b *briefing, f *Finding) {
				f.Floor = release.TierLow
				switch b.advisory.Effect {
				case release.EffectFixed:
				case release.EffectCarried:
					if b.advisory.Exploited != release.AnswerNo {
						f.Text += "; whether it is exploited is not known"
					}
				default:
					f.Floor = b.floor()
					f.Text += "; " + b.urgency()
					if d := b.downgrade(); d != nil {
						f.Floor = f.Floor.Raise(release.TierHigh)
						f.Text += fmt.Sprintf("; it comes with the way back from %s to %s", release.Text(d.Before), release.Text(d.After))
					}
				}
			})
		}}
}

// advisories makes one finding for each advisory that is meant: the words that all rules on
// advisories have in common, and those that judge adds.
func advisories(facts *Facts, meant func(*release.AdvisoryChange) bool, judge func(*briefing, *Finding)) []Finding {
	var out []Finding
	var b *briefing
	for i := range facts.Changes.Advisories {
		a := &facts.Changes.Advisories[i]
		if !meant(a) {
			continue
		}
		if b == nil {
			b = facts.briefing()
		}
		b.advisory = a
		f := Finding{Subject: release.Text(a.ID).String(), Text: effectText(a)}
		judge(b, &f)
		if n := len(a.Suppressions); n > 0 {
			f.Text += fmt.Sprintf("; %d statements say that it does not matter here, the first by %s", n, a.Suppressions[0].Author)
		}
		out = append(out, f)
	}
	return out
}

// effectText says what the release does about an advisory.
func effectText(a *release.AdvisoryChange) string {
	in, after := release.Text(a.Package), release.Text(versions(a.After))
	switch a.Effect {
	case release.EffectFixed:
		return fmt.Sprintf("it is mended in %s", in)
	case release.EffectCarried:
		return fmt.Sprintf("it stays in %s %s", in, after)
	case release.EffectIntroduced:
		return fmt.Sprintf("it comes in with %s %s", in, after)
	}
	return fmt.Sprintf("it may come in with %s %s", in, after)
}

func outdatedRule() Rule {
	return Rule{ID: "outdated", Version: 1,
		Doc: "Moderate for a component that its makers took back, deprecated or no longer maintain. One that newer versions of exist is told.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
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
