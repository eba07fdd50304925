package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// action is what a list of actions means.
type action struct {
	op          release.Op
	createFirst bool
	destroys    bool // the old object ceases to exist
	nothing     bool // no-op
	read        bool
	detail      string
}

// actionOf reads a list of actions. What it does not know may destroy anything.
func actionOf(actions []string) (a action, known bool) {
	switch strings.Join(actions, ",") {
	case "no-op":
		return action{nothing: true}, true
	case "read":
		return action{read: true}, true
	case "create":
		return action{op: release.OpAdded}, true
	case "update":
		return action{op: release.OpModified}, true
	case "delete":
		return action{op: release.OpRemoved, destroys: true}, true
	case "delete,create":
		return action{op: release.OpReplaced, destroys: true}, true
	case "create,delete":
		return action{op: release.OpReplaced, destroys: true, createFirst: true}, true
	case "forget":
		return action{op: release.OpForgotten, detail: "it goes on to exist, and is no longer managed"}, true
	case "create,forget", "forget,create": // the latter is OpenTofu's
		return action{op: release.OpReplaced, createFirst: actions[0] == "create", detail: "the old object goes on to exist, and is no longer managed"}, true
	}
	return action{destroys: true, detail: "an action that is not known"}, false
}

// reasons are the action_reasons that are worth a word; others are passed over, as
// the format asks.
var reasons = map[string]string{
	"replace_because_tainted":           "replaced because it is tainted",
	"replace_because_cannot_update":     "replaced because it cannot be changed in place",
	"replace_by_request":                "replaced on request",
	"replace_by_triggers":               "replaced because something that it names changes",
	"delete_because_no_resource_config": "its configuration is gone",
	"delete_because_no_module":          "its module is gone",
	"delete_because_wrong_repetition":   "count or for_each began or ceased to be used",
	"delete_because_count_index":        "its index is beyond count",
	"delete_because_each_key":           "its key is not in for_each any more",
	"delete_because_no_move_target":     "it moved to what does not exist",
	"delete_because_enabled_false":      "it is no longer enabled",

	"forgot_because_lifecycle_destroy_in_config": "its configuration says not to destroy it",
	"forgot_because_lifecycle_destroy_in_state":  "its configuration said not to destroy it",
}

// resource reads one change. keep is false for what changes nothing.
func (r *reader) resource(res *resource, drift bool) (rc release.ResourceChange, keep bool) {
	address := text(res.Address)
	if res.Mode == "ephemeral" && slices.Equal(res.Change.Actions, []string{"open"}) {
		return rc, false // it lasts as long as the run
	}
	rc = release.ResourceChange{File: r.path, Address: address, From: text(res.PreviousAddress), Type: text(res.Type)}
	a, known := actionOf(res.Change.Actions)
	if res.Mode == "data" && (known || drift) {
		if a.read && !drift && res.Type == "external" {
			rc.Labels, rc.Detail = []release.Label{release.LabelPipeline}, "a program that runs when the plan is applied"
			return rc, true
		}
		return rc, false // read, and never changed
	}
	if !known || a.read || res.Mode != "managed" || res.Address == "" || res.Type == "" {
		r.gap(release.GapUnsupported, address, "an action, a mode or a name that is not known")
		a = action{destroys: true, detail: "an action that is not known"}
	}
	var details []string
	if res.Deposed != "" {
		details = append(details, "deposed object "+text(res.Deposed))
	}
	details = append(details, a.detail, reasons[res.Reason])
	rc.Op, rc.CreateFirst = a.op, a.createFirst
	runs := r.runs[bare(res.Address)]
	if drift || a.nothing || a.op == release.OpModified || a.op == release.OpForgotten {
		runs = nil
	}
	if len(runs) > 0 {
		rc.Labels = append(rc.Labels, release.LabelPipeline)
		details = append(details, "runs code of the configuration: "+strings.Join(runs, ", "))
	}

	f, err := r.compare(&res.Change, a)
	if err != nil {
		r.gap(release.GapTooLarge, address, "its attributes are too many or nested too deep")
		details = append(details, "its attributes were not compared")
		f.about = access | network | crypto
	}
	moved := res.PreviousAddress != "" && res.PreviousAddress != res.Address
	if a.nothing {
		switch {
		case err != nil:
			rc.Op = release.OpUnknown
		case len(f.attributes)+len(f.unknown)+f.more > 0:
			rc.Op = release.OpModified
			r.gap(release.GapAmbiguous, address, "the action is no-op, and what is after it differs from what is before it")
		case bool(res.Change.Importing):
			rc.Op = release.OpImported
		case moved:
			rc.Op = release.OpMoved
		default:
			return rc, false
		}
	}
	if bool(res.Change.Importing) && rc.Op != release.OpImported {
		details = append(details, "imported")
	}
	if !moved {
		rc.From = ""
	}
	rc.Attributes, rc.Unknown = sorted(f.attributes), sorted(f.unknown)
	rc.Labels = slices.Concat(rc.Labels, f.about.labels(), f.labels)
	rc.Labels = r.labelers.Resource(rc)
	if (a.destroys || err != nil) && (slices.Contains(rc.Labels, release.LabelStateful) || f.holdsData) {
		rc.Labels = append(rc.Labels, release.LabelDestructive, release.LabelStateful)
		slices.Sort(rc.Labels)
		rc.Labels = slices.Compact(rc.Labels)
	}
	details = append(details, f.sentences()...)
	rc.Detail = strings.Join(slices.DeleteFunc(details, func(s string) bool { return s == "" }), "; ")
	return rc, true
}

// compare finds what differs between the sides of a change.
func (r *reader) compare(c *change, a action) (findings, error) {
	f := findings{budget: &r.budget, words: r.words, added: a.op == release.OpAdded, removed: a.op == release.OpRemoved || a.op == release.OpForgotten}
	left := MaxNodes
	var values [6]*value
	for i, raw := range [][]byte{c.Before, c.After, c.AfterUnknown, c.BeforeSensitive, c.AfterSensitive, c.ReplacePaths} {
		v, err := build(raw, &left)
		if err != nil {
			return f, err
		}
		values[i] = v
	}
	s := sides{values[0], values[1], values[2], values[3], values[4]}
	if f.removed {
		s.after, s.unknown = nil, nil
	}
	for _, side := range []*value{s.before, s.after} {
		f.outward = f.outward || side.leadsOut()
	}
	w := &walker{words: r.words}
	w.visit = func(a attribute) { f.visit(w.steps, a) }
	w.diff(s)
	f.replaced(values[5], s)
	f.holdsData = holdsData(s.before)
	return f, nil
}

// replaced says which attributes force a replacement, not below one that is sensitive.
func (f *findings) replaced(paths *value, all sides) {
	for i, p := range paths.list() {
		var steps []step
		at := all
		for j := range p.items {
			if at.hidBefore.is("true") || at.hidAfter.is("true") {
				break
			}
			if s := p.items[j]; s.kind == strictjson.String {
				steps = append(steps, step{name: s.text})
				at = at.get(s.text)
			} else {
				n := int(min(1<<20, position(s.text)))
				steps = append(steps, step{index: n})
				at = at.at(n)
			}
		}
		if len(steps) > 0 && i < 20 {
			f.say("forces replacement", path(steps), "")
		}
	}
}

func position(s string) (n int64) {
	_, _ = fmt.Sscanf(s, "%d", &n)
	return max(0, n)
}

// holdsData reports whether the attributes of a resource are those of one that keeps
// data, whatever its type.
func holdsData(v *value) bool {
	if v == nil {
		return false
	}
	return slices.ContainsFunc(v.members, func(m member) bool {
		t, ok := toggles[m.name]
		return !m.null() && (ok && t.label == release.LabelStateful && t.when != whenOff || m.name == "allocated_storage" || m.name == "final_snapshot_identifier" || m.name == "snapshot_identifier")
	})
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}

// text is untrusted text as people may see it, cut where it is long.
func text(s string) string {
	if len(s) > MaxAddress {
		s = s[:MaxAddress] + "..."
	}
	return release.Text(s).String()
}

func byAddress(a, b release.ResourceChange) int {
	return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Op, b.Op), cmp.Compare(a.Detail, b.Detail), cmp.Compare(a.From, b.From), cmp.Compare(a.Type, b.Type))
}
