package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// flagSet is where the flags of a document are.
type flagSet struct {
	at    []part            // their path
	flags map[string]*value // by key
	keyed string            // the name by which a list of them is keyed, "" of a mapping
}

// flagFormat is the format of two documents if they hold flags, else "".
func (d *differ) flagFormat(b, a *value) Format {
	switch d.format {
	case FormatFlagd, FormatFlags:
		return d.format
	case FormatJSON, FormatYAML:
		if isFlagd(b) && (a == nil || isFlagd(a)) || isFlagd(a) && b == nil {
			return FormatFlagd
		}
	}
	return ""
}

// isFlagd is true for a mapping with "flags", a mapping of at least one flag, all of
// which have a state and variants (flagd.dev/schema/v0/flags.json).
func isFlagd(v *value) bool {
	flags := v.get("flags")
	if flags == nil || flags.kind != kindMap || len(flags.items) == 0 {
		return false
	}
	return !slices.ContainsFunc(flags.items, func(f *value) bool { return f.get("state") == nil || f.get("variants") == nil })
}

// flagsOf finds the flags of a document.
func flagsOf(v *value, f Format) (flagSet, bool) {
	set := flagSet{flags: map[string]*value{}}
	if v == nil {
		return set, true
	}
	in := v
	for _, name := range []string{"flags", "features", "featureFlags", "feature_flags", "toggles"} {
		if x := v.get(name); x != nil && (x.kind == kindMap || x.kind == kindList) {
			in, set.at = x, []part{{kind: partName, name: name}}
			break
		}
		if f == FormatFlagd {
			break
		}
	}
	if f == FormatFlagd && set.at == nil {
		return set, false
	}
	switch in.kind {
	case kindMap:
		for i, n := range in.names {
			set.flags[n] = in.items[i]
		}
		return set, true
	case kindList:
		for _, key := range []string{"key", "name", "id"} {
			if flagKeys(in, key) {
				set.keyed = key
				for _, x := range in.items {
					set.flags[x.get(key).text] = x
				}
				return set, true
			}
		}
	}
	return set, false
}

func flagKeys(v *value, key string) bool {
	seen := map[string]bool{}
	for _, x := range v.items {
		k := x.get(key)
		if k == nil || k.kind != kindText || seen[k.text] || len(k.text) > MaxName {
			return false
		}
		seen[k.text] = true
	}
	return true
}

// flags compares two documents of flags: one change for each flag. What is no flag
// is compared like any other setting.
func (d *differ) flags(at []part, b, a *value, f Format) {
	was, ok1 := flagsOf(b, f)
	is, ok2 := flagsOf(a, f)
	path := cmpParts(is.at, was.at)
	if !ok1 || !ok2 || b != nil && a != nil && (len(was.at) != len(is.at) || len(path) > 0 && was.at[0] != is.at[0] || was.keyed != is.keyed) {
		d.values(at, b, a, "") // not what it was said to be: nothing is passed over
		return
	}
	shared := changedEvaluators(b, a)
	for _, name := range slices.Sorted(maps.Keys(both(was.flags, is.flags))) {
		p := part{kind: partName, name: name}
		if keyed := cmp.Or(was.keyed, is.keyed); keyed != "" {
			p = part{kind: partKeyed, name: keyed, value: name}
		}
		d.flag(slices.Concat(at, path, []part{p}), was.flags[name], is.flags[name], shared)
	}
	if len(path) == 0 {
		return // the document is its flags
	}
	rest := func(v *value) *value {
		if v == nil {
			return nil
		}
		out := &value{kind: v.kind, form: v.form}
		for i, n := range v.names {
			if n != path[0].name {
				out.names, out.items = append(out.names, n), append(out.items, v.items[i])
			}
		}
		return out
	}
	rb, ra, from := rest(b), rest(a), len(d.cs.Settings)
	if v := cmp.Or(rb, ra); rb != nil && ra != nil || v != nil && len(v.items) > 0 {
		d.values(at, rb, ra, "")
	}
	for i := range d.cs.Settings[from:] {
		s := &d.cs.Settings[from+i]
		s.Labels = append(s.Labels, release.LabelFlag)
		slices.Sort(s.Labels)
		s.Labels = slices.Compact(s.Labels)
	}
}

func cmpParts(x, y []part) []part {
	if len(x) > 0 {
		return x
	}
	return y
}

func both(x, y map[string]*value) map[string]bool {
	out := make(map[string]bool, len(x)+len(y))
	for k := range x {
		out[k] = true
	}
	for k := range y {
		out[k] = true
	}
	return out
}

// flagParts are what a flag's fields are about, in the words of flagd, of the
// OpenFeature flag manifest, GO Feature Flag, Unleash and LaunchDarkly. The order is that of the
// detail.
var flagParts = []struct {
	what  string
	names []string
}{
	{"state", []string{"state", "enabled", "disabled", "disable", "active", "on", "archived", "status"}},
	{"default variant", []string{"defaultVariant", "defaultValue", "default", "defaultRule", "fallthrough", "offVariation", "default_value"}},
	{"targeting", []string{"targeting", "rules", "rollout", "rollouts", "rolloutPercentage", "percentage", "percentages", "scheduledRollout", "experimentation", "targets", "contextTargets", "strategies", "segments", "prerequisites", "conditions", "environments", "constraints"}},
	{"variants", []string{"variants", "variations", "values"}},
}

// flag compares one flag.
func (d *differ) flag(at []part, b, a *value, shared map[string]bool) {
	switch {
	case b == nil:
		d.emit(at, release.OpAdded, nil, nil, "a new flag"+stateWords(a), release.LabelFlag)
		d.flagSecret(at, a)
		return
	case a == nil:
		d.emit(at, release.OpRemoved, nil, nil, "the flag is gone", release.LabelFlag)
		d.flagSecret(at, b)
		return
	}
	if b.kind != kindMap || a.kind != kindMap {
		if !equal(b, a) {
			d.emit(at, release.OpModified, nil, nil, "the flag's value changed", release.LabelFlag)
			d.flagSecret(at, b)
			d.flagSecret(at, a)
		}
		return
	}
	var said []string
	known := map[string]bool{}
	for _, p := range flagParts {
		differs := false
		for _, n := range p.names {
			known[n] = true
			differs = differs || !equal(b.get(n), a.get(n))
		}
		switch {
		case p.what == "targeting" && (differs || refersTo(a, shared)):
			said = append(said, "targeting changed")
			if !differs {
				said[len(said)-1] = "targeting changed through an evaluator that it refers to"
			}
		case !differs:
		case p.what == "state":
			said = append(said, switched(stateOf(b), stateOf(a)))
		case p.what == "variants":
			said = append(said, "variants changed")
		default:
			said = append(said, p.what+" changed")
		}
	}
	others := slices.Sorted(maps.Keys(both(index(b), index(a))))
	for _, n := range others {
		if !known[n] && !equal(b.get(n), a.get(n)) {
			said = append(said, d.masks.name(n)+" changed")
		}
	}
	if b.form != a.form {
		said = append(said, "its tag changed")
	}
	if len(said) > 0 {
		d.emit(at, release.OpModified, nil, nil, strings.Join(said, "; "), release.LabelFlag)
		d.flagSecret(at, a)
	}
}

// flagSecret labels the last change where the flag holds what looks like a secret.
func (d *differ) flagSecret(at []part, v *value) {
	if d.cut || len(d.cs.Settings) == 0 || !holdsSecret(v) {
		return
	}
	s := &d.cs.Settings[len(d.cs.Settings)-1]
	if !slices.Contains(s.Labels, release.LabelSecrets) {
		s.Labels = append(s.Labels, release.LabelSecrets)
		slices.Sort(s.Labels)
		s.Detail += "; a value in it looks like a secret"
	}
}

func holdsSecret(v *value) bool {
	return v != nil && (seemsSecret(v) != "" || slices.ContainsFunc(v.items, holdsSecret))
}

func index(v *value) map[string]*value {
	out := make(map[string]*value, len(v.names))
	for i, n := range v.names {
		out[n] = v.items[i]
	}
	return out
}

// equal compares two values and all below; nil is not there.
func equal(b, a *value) bool {
	if b == nil || a == nil {
		return b == a
	}
	return b.same(a) && slices.Equal(b.names, a.names) && slices.EqualFunc(b.items, a.items, equal)
}

// state is whether a flag is on; unknown where its fields say so in no way that is
// known here.
type state uint8

const (
	stateUnknown state = iota
	stateOff
	stateOn
)

func stateOf(v *value) state {
	for _, n := range flagParts[0].names {
		x := v.get(n)
		if x == nil || x.container() {
			continue
		}
		on := stateUnknown
		switch strings.ToLower(x.text) {
		case "true", "enabled", "on", "active":
			on = stateOn
		case "false", "disabled", "off", "inactive", "archived":
			on = stateOff
		}
		if n == "disable" || n == "disabled" || n == "archived" {
			on = map[state]state{stateOn: stateOff, stateOff: stateOn}[on]
		}
		return on
	}
	return stateUnknown
}

func switched(was, is state) string {
	switch {
	case is == stateOn && was != stateOn:
		return "switched on"
	case is == stateOff && was != stateOff:
		return "switched off"
	}
	return "state changed"
}

func stateWords(v *value) string {
	switch stateOf(v) {
	case stateOn:
		return ", switched on"
	case stateOff:
		return ", switched off"
	}
	return ""
}

// changedEvaluators are the names of flagd's shared rules ("$evaluators") that differ,
// and of those that refer to them.
func changedEvaluators(b, a *value) map[string]bool {
	was, is := b.get("$evaluators"), a.get("$evaluators")
	out := map[string]bool{}
	if is == nil || is.kind != kindMap {
		return out
	}
	for i, n := range is.names {
		if !equal(was.get(n), is.items[i]) {
			out[n] = true
		}
	}
	for range 64 { // what refers to a changed one changes too; all of them are told themselves
		grown := false
		for i, n := range is.names {
			if !out[n] && refersTo(is.items[i], out) {
				out[n], grown = true, true
			}
		}
		if !grown {
			break
		}
	}
	return out
}

// refersTo reports whether {"$ref": name} with one of the names stands in a value.
func refersTo(v *value, names map[string]bool) bool {
	if v == nil || len(names) == 0 {
		return false
	}
	if ref := v.get("$ref"); ref != nil && names[ref.text] {
		return true
	}
	return slices.ContainsFunc(v.items, func(x *value) bool { return refersTo(x, names) })
}
