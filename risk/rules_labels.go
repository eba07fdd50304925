package risk

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// sensitive are the labels whose changes are high wherever they stand, with the
// words for people.
var sensitive = []sensitivity{
	{release.LabelIdentity, "who somebody is: identity, authentication or sessions"},
	{release.LabelAccess, "what somebody may do: authorisation or roles"},
	{release.LabelCrypto, "cryptography, keys or certificates"},
	{release.LabelSecrets, "where secrets are kept or read"},
	{release.LabelPayment, "money"},
	{release.LabelNetwork, "who can reach what"},
}

type sensitivity struct {
	label release.Label
	what  string
}

// sensitiveFindings are the findings for one changed thing with the given labels.
func sensitiveFindings(out []Finding, subject string, labels []release.Label) []Finding {
	for _, s := range sensitive {
		if slices.Contains(labels, s.label) {
			out = append(out, Finding{release.TierHigh, subject, "it is about " + s.what})
		}
	}
	return out
}

// isSensitive reports whether there is such a finding.
func isSensitive(labels []release.Label) bool {
	return slices.ContainsFunc(labels, func(l release.Label) bool {
		return slices.ContainsFunc(sensitive, func(s sensitivity) bool { return s.label == l })
	})
}

func sensitiveRule() Rule {
	return Rule{ID: "sensitive", Version: 1,
		Doc: "High for a file or setting labelled identity, access, crypto, secrets, payment or network: a mistake there opens " +
			"the door to others, however small the change. One line of it in a release full of documentation counts the same.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			var out []Finding
			if facts.someSensitiveFile() {
				for i := range cs.Files {
					if f := &cs.Files[i]; isSensitive(f.Labels) { // most are not, and names cost time
						out = sensitiveFindings(out, pathName(f.Path), f.Labels)
					}
				}
			}
			for i := range cs.Settings {
				out = sensitiveFindings(out, settingName(cs.Settings[i]), cs.Settings[i].Labels)
			}
			return out
		}}
}

// labelled makes one finding for each file, setting or resource with the label.
func labelled(facts *Facts, label release.Label, tier release.Tier, text string) []Finding {
	cs := facts.Changes
	var out []Finding
	if facts.someFile(label) {
		for i := range cs.Files {
			if slices.Contains(cs.Files[i].Labels, label) {
				out = append(out, Finding{tier, pathName(cs.Files[i].Path), text})
			}
		}
	}
	for i := range cs.Settings {
		if slices.Contains(cs.Settings[i].Labels, label) {
			out = append(out, Finding{tier, settingName(cs.Settings[i]), text})
		}
	}
	for i := range cs.Resources {
		if slices.Contains(cs.Resources[i].Labels, label) {
			out = append(out, Finding{tier, resourceName(&cs.Resources[i]), text})
		}
	}
	return out
}

func pipelineRule() Rule {
	return Rule{ID: "pipeline", Version: 1,
		Doc: "High for what builds, tests, signs or deploys: whoever controls it can forge the evidence that the release is judged by.",
		Run: func(facts *Facts) []Finding {
			return labelled(facts, release.LabelPipeline, release.TierHigh, "it builds, tests, signs or deploys, so it can forge evidence")
		}}
}

func policyRule() Rule {
	return Rule{ID: "policy", Version: 1,
		Doc: "Critical for the rules that a release is judged by, and for code owners: an author must not lower the bar in the same release.",
		Run: func(facts *Facts) []Finding {
			return labelled(facts, release.LabelPolicy, release.TierCritical, "releases are judged by it")
		}}
}

// destructive are words in a migration's name that speak of data going away.
var destructive = []string{"drop", "delete", "truncate", "remove", "destroy", "purge", "rename", "alter", "irreversible", "wipe"}

func migrationRule() Rule {
	return Rule{ID: "migration", Version: 1,
		Doc: "Moderate for each migration of stored data: a release can be rolled back and its data cannot. High when it looks " +
			"destructive by its name (drop, delete, rename, …) and when a migration that was there is changed or removed, because it may have run already. " +
			"What stands in it is for the labels that contents give: see the rule loss.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			if !facts.someFile(release.LabelMigration) {
				return nil
			}
			var out []Finding
			for i := range cs.Files {
				f := &cs.Files[i]
				if !slices.Contains(f.Labels, release.LabelMigration) {
					continue
				}
				name := migrationName(f.Path)
				word := slices.IndexFunc(destructive, func(w string) bool { return strings.Contains(name, w) })
				switch {
				case word >= 0:
					out = append(out, Finding{release.TierHigh, f.Path.String(),
						fmt.Sprintf("a migration whose name says %q: data may be lost", destructive[word])})
				case !ascii(name):
					out = append(out, Finding{release.TierHigh, f.Path.String(), "a migration whose name has letters that may look like others: it may be destructive"})
				case f.Op != release.OpAdded:
					out = append(out, Finding{release.TierHigh, f.Path.String(),
						fmt.Sprintf("a migration that was there before is %s: it may have run already", f.Op)})
				default:
					out = append(out, Finding{release.TierModerate, f.Path.String(), "it changes stored data or its schema"})
				}
			}
			return out
		}}
}

// migrationName is the name of a migration in small letters: the file's, with its
// directory's, because some tools call every file migration.sql.
func migrationName(p release.Path) string {
	dir, base := path.Split(string(p))
	return strings.ToLower(path.Base(dir) + "/" + base)
}

// ascii reports whether a reviewer sees the letters that are there.
func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func interfaceRule() Rule {
	return Rule{ID: "interface", Version: 1,
		Doc: "Moderate for a changed interface definition: others depend on it.",
		Run: func(facts *Facts) []Finding {
			return labelled(facts, release.LabelAPI, release.TierModerate, "it defines an interface that others depend on")
		}}
}
