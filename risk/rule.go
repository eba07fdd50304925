package risk

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// Rule looks at a change set for one kind of thing that calls for care. A rule is
// a value: it can be listed, documented, and run alone.
type Rule struct {
	// ID is stable and unique in a policy: lower-case words joined by dashes. Reasons
	// carry it as "risk/" + ID.
	ID string
	// Doc says in a sentence or two what it finds, which floor it sets, and why.
	Doc string
	// Version is at least 1 and rises whenever the same change set may give other
	// findings than before.
	Version int
	// Run is a pure function of the facts. Its findings must not depend on the
	// order of the slices in them; their own order does not matter. A panic in it is not
	// caught.
	Run func(*Facts) []Finding
}

// Finding is one thing that a rule found.
type Finding struct {
	// Floor is the least tier that it calls for. Unknown counts as critical; low
	// raises nothing and is only told.
	Floor release.Tier `json:"floor"`
	// Subject is what was found: a path, a purl, a resource. It is printable.
	Subject string `json:"subject,omitempty"`
	// Text is one sentence for people.
	Text string `json:"text"`
}

// Hit is a finding with the rule that made it.
type Hit struct {
	// Rule is the rule's ID, Version its version.
	Rule    string `json:"rule"`
	Version int    `json:"version"`
	Finding
	// Waived is the id of the waiver that lowered Floor, and From what it was lowered from.
	Waived string       `json:"waived,omitempty"`
	From   release.Tier `json:"from,omitzero"`
}

var ruleID = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// reservedIDs are the codes of reasons that come from no rule.
var reservedIDs = []string{"break-glass", "lane", "model", "owners", tableRule, "waiver"}

// lintRules says what keeps rules from being relied on.
func lintRules(rules []Rule) []Problem {
	var out []Problem
	if len(rules) == 0 {
		out = append(out, Problem{"rules", "there is none: nothing would set a floor"})
	}
	seen := make(map[string]bool, len(rules)+len(reservedIDs))
	for _, id := range reservedIDs {
		seen[id] = true
	}
	for i, r := range rules {
		at := func(field, text string) {
			out = append(out, Problem{fmt.Sprintf("rules[%d].%s", i, field), text})
		}
		if !ruleID.MatchString(r.ID) {
			at("id", fmt.Sprintf("%q is not lower-case words joined by dashes", r.ID))
		}
		if seen[r.ID] {
			at("id", fmt.Sprintf("%q stands twice or is reserved", r.ID))
		}
		seen[r.ID] = true
		if r.Doc == "" {
			at("doc", fmt.Sprintf("rule %q is not documented", r.ID))
		}
		if r.Version < 1 {
			at("version", fmt.Sprintf("rule %q has version %d; the first is 1", r.ID, r.Version))
		}
		if r.Run == nil {
			at("run", fmt.Sprintf("rule %q cannot run", r.ID))
		}
	}
	return append(out, lintOurs(rules)...)
}

// ours are the rules of this module, by what they look at: coverage first, because
// what was not read can be anything. Their Run captures nothing: see [same].
var ours = []Rule{
	revisionRule(), gapRule(), coverageRule(), unreadRule(),
	sensitiveRule(), pipelineRule(), policyRule(), migrationRule(), interfaceRule(),
	lossRule(), resourceRule(), driftRule(), settingRule(), unpinnedRule(),
	dependencyRule(), exploitedRule(), carriedRule(), advisoryRule(), outdatedRule(), artifactRule(), deviationRule(),
	sizeRule(), spreadRule(), opaqueRule(), testRule(), debtRule(),
}

// optional are those of ours that a policy may do without, because where they
// draw the line is a choice. The others are floors that no policy takes away.
var optional = []string{"interface", "outdated", "setting", "size", "spread", "test-removed", "unpinned"}

// Rules are the rules of the default policy. The caller owns the slice. A policy
// must have all of them but interface, outdated, setting, size, spread, test-removed
// and unpinned, and none of its own in their place.
func Rules() []Rule { return slices.Clone(ours) }

// lintOurs finds rules of this module that are not there, or run something else
// under its name: the digest of a policy tells rules apart by id and version alone.
func lintOurs(rules []Rule) []Problem {
	var out []Problem
	for _, o := range ours {
		i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == o.ID })
		switch {
		case i < 0 && !slices.Contains(optional, o.ID):
			out = append(out, Problem{"rules", fmt.Sprintf("there is no %q, which no policy may take away", o.ID)})
		case i >= 0 && rules[i].Run != nil && !same(rules[i], o):
			out = append(out, Problem{fmt.Sprintf("rules[%d].run", i), fmt.Sprintf("%q is the name of a rule of this module, and this is not it", o.ID)})
		}
	}
	return out
}

// same compares the code of two rules. It says all there is to say of functions
// that capture nothing.
func same(a, b Rule) bool {
	return a.Version == b.Version && reflect.ValueOf(a.Run).Pointer() == reflect.ValueOf(b.Run).Pointer()
}

// FirmRules are the ids of the rules of this module whose floors no policy lets a waiver lower. The
// caller owns the slice.
//
//   - debt: what went out in an emergency without its evidence is paid, not waived away.
//   - policy: whoever may waive a change of the rules may change the rules.
//   - revision: where nobody knows what is compared with what, nobody knows what is waived.
//   - exploited: a waiver says that a risk was weighed, and this one is not to be weighed at release
//     time by whoever wants the release. KEV lists what is used in attacks now, and the older version,
//     without the flaw, still runs.
//
// The list may be wrong for a release: matched by a name that it shares, or about code that is never
// reached. By day the facts are set right where they come from: the matching or the inventory, which
// the digests of the change set's sources show. At night there is break-glass: two people answer for
// it, what was left out is owed and not forgiven. What a release only goes on with (exploited-carried)
// can be waived, because there the risk runs already and the release adds nothing to it. A host whose
// scans look at one side alone has to show what was there before: without that nobody can tell the two
// apart, and the firm rule counts.
func FirmRules() []string { return []string{"debt", "exploited", "policy", "revision"} }
