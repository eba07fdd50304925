package risk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

func dependencyRule() Rule {
	return Rule{ID: "dependency", Version: 3,
		Doc: "High for a dependency that is downgraded (what was fixed may come back, and the advisories that do are named), whose content comes from elsewhere under the same " +
			"version (a replacement, another hash), or whose change is not known. Moderate for one that is added, direct or not, for a new major version, and for another licence; high for one that begins to run code of its own when it is installed. " +
			"Other upgrades and removals are told and raise nothing; so is a file that merely began to list what was there all along.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			out := make([]Finding, 0, len(cs.Dependencies))
			var flaws map[release.PURL][]*release.AdvisoryChange // made for the first downgrade
			for i := range cs.Dependencies {
				f := dependencyFinding(&cs.Dependencies[i])
				if cs.Dependencies[i].Op == release.OpDowngraded {
					if flaws == nil {
						flaws = flawsOf(cs)
					}
					f.Text += comeBack(flaws[canonical(cs.Dependencies[i].Package)], &cs.Dependencies[i])
				}
				out = append(out, f)
			}
			return out
		}}
}

func dependencyFinding(d *release.DependencyChange) Finding {
	f := Finding{Floor: release.TierHigh, Subject: release.Text(d.Package).String()}
	if f.Subject == "" {
		f.Subject = d.File.String()
	}
	kind := "an indirect"
	if !d.Relation.Transitive() {
		kind = "a direct"
	}
	before, after := release.Text(d.Before), release.Text(d.After)
	switch d.Op {
	case release.OpAdded:
		f.Floor, f.Text = release.TierModerate, fmt.Sprintf("%s dependency is new, %s", kind, after)
	case release.OpRemoved:
		f.Floor, f.Text = release.TierLow, fmt.Sprintf("%s dependency is gone, was %s", kind, before)
	case release.OpUpgraded:
		f.Floor, f.Text = release.TierLow, fmt.Sprintf("%s dependency goes from %s up to %s", kind, before, after)
	case release.OpDowngraded:
		f.Text = fmt.Sprintf("%s dependency goes from %s back to %s: what was fixed may come back", kind, before, after)
	case release.OpReplaced:
		f.Text = fmt.Sprintf("the content of %s dependency comes from elsewhere now", kind)
	case release.OpListed, release.OpUnlisted:
		f.Floor, f.Text = release.TierLow, "only its mention in the file changed"
	case release.OpModified, release.OpMoved:
		f.Floor, f.Text = release.TierModerate, fmt.Sprintf("%s dependency is %s", kind, d.Op)
	default:
		f.Text = fmt.Sprintf("what happens to %s dependency is not known", kind)
	}
	if d.Major && f.Floor < release.TierModerate {
		f.Floor, f.Text = release.TierModerate, f.Text+", another major version"
	}
	if d.LicenseBefore != d.LicenseAfter && d.Op != release.OpAdded && d.Op != release.OpRemoved {
		f.Floor = f.Floor.Raise(release.TierModerate)
		f.Text += fmt.Sprintf(", its licence is %s and was %s", known(d.LicenseAfter), known(d.LicenseBefore))
	}
	if d.InstallScript && d.Op != release.OpRemoved {
		f.Floor, f.Text = release.TierHigh, f.Text+", installing it runs code of its own, which it did not before"
	}
	if d.Detail != "" {
		f.Text += " (" + release.Text(d.Detail).String() + ")"
	}
	return f
}

// maxTold is how many things a sentence names; of the rest it says how many there are.
const maxTold = 3

// flawsOf are the advisories of each package.
func flawsOf(cs *release.ChangeSet) map[release.PURL][]*release.AdvisoryChange {
	out := make(map[release.PURL][]*release.AdvisoryChange, len(cs.Advisories))
	for i := range cs.Advisories {
		p := canonical(cs.Advisories[i].Package)
		out[p] = append(out[p], &cs.Advisories[i])
	}
	return out
}

// comeBack names the advisories that a downgrade brings in, or may.
func comeBack(flaws []*release.AdvisoryChange, d *release.DependencyChange) string {
	var ids []string
	for _, a := range flaws {
		if brings(d, a) {
			ids = append(ids, release.Text(a.ID).String())
		}
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 0 {
		return ""
	}
	return "; it brings in " + named(ids)
}

// named lists sorted things as far as a sentence can hold them.
func named(things []string) string {
	if more := len(things) - maxTold; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(things[:maxTold], ", "), more)
	}
	return strings.Join(things, ", ")
}

// known is a licence, or that there is none to be seen.
func known(license string) string {
	if license == "" {
		return "not known"
	}
	return release.Text(license).String()
}
