package risk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

func resourceRule() Rule {
	return Rule{ID: "resource", Version: 1,
		Doc: "High for a changed resource of identity, access, keys, secrets or network, for one whose type or change is not known, and " +
			"when a stateful one is removed, replaced or moved; moderate for every other change of infrastructure.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			var out []Finding
			for i := range cs.Resources {
				out = resourceFindings(out, &cs.Resources[i])
			}
			return out
		}}
}

func resourceFindings(out []Finding, r *release.ResourceChange) []Finding {
	subject := resourceName(r)
	n := len(out)
	out = sensitiveFindings(out, subject, r.Labels)
	if r.Type == "" {
		out = append(out, Finding{release.TierHigh, subject, "what it is is not known"})
	}
	switch r.Op {
	case release.OpAdded, release.OpModified, release.OpListed, release.OpUnlisted:
	default:
		if !r.Op.Known() {
			out = append(out, Finding{release.TierHigh, subject, "what happens to it is not known"})
		}
		if r.Op != release.OpUnknown && slices.Contains(r.Labels, release.LabelStateful) {
			out = append(out, Finding{release.TierHigh, subject, fmt.Sprintf("it holds data and is %s", r.Op)})
		}
	}
	if len(out) == n {
		out = append(out, Finding{release.TierModerate, subject, fmt.Sprintf("infrastructure that is %s", r.Op)})
	}
	return out
}

// resourceName is the address, with the file in front where there is one: addresses
// such as a Dockerfile's "stage 0" say little by themselves.
func resourceName(r *release.ResourceChange) string {
	if r.File == "" {
		return release.Text(r.Address).String()
	}
	return pathName(r.File) + " " + release.Text(r.Address).String()
}

func settingRule() Rule {
	return Rule{ID: "setting", Version: 1,
		Doc: "Moderate for each changed setting, high for one whose change is not known: configuration causes about as many outages as code " +
			"(Google's SRE workbook, appendix C: 37 % by pushed binaries, 31 % by pushed configuration), and counts no lines.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			var out []Finding
			for i := range cs.Settings {
				f := Finding{release.TierModerate, settingName(cs.Settings[i]), fmt.Sprintf("a setting that is %s", cs.Settings[i].Op)}
				if !cs.Settings[i].Op.Known() {
					f.Floor, f.Text = release.TierHigh, "what happened to this setting is not known"
				}
				out = append(out, f)
			}
			return out
		}}
}

func settingName(s release.SettingChange) string {
	return pathName(s.File) + " " + release.Text(s.Key).String()
}

// pathName is a path in a subject. With a space in it, it stands in quotes: in the subject of a setting the first space is behind the
// file, and no file can be named so that a waiver for a setting is for the file too.
func pathName(p release.Path) string {
	s := p.String()
	if strings.HasPrefix(s, `"`) || !strings.Contains(s, " ") {
		return s
	}
	return strconv.QuoteToASCII(string(p))
}
