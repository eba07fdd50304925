package scope

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Merge makes one plan of several: of a release's pull requests, say. It declares
// what any of them declares; where one of them takes every subject of a kind, so
// does the result.
//
// Lists are merged one by one, so that the result takes combinations that none of
// the plans takes: the paths of one with the labels or components of another. Where
// that matters, check each pull request with its own plan, too. Reasons and outcomes stand one below the other; the fall-back is
// the last plan's. Merging nothing gives a plan that is not valid.
func Merge(plans ...Plan) Plan {
	var out Plan
	var reasons, outcomes []string
	for _, p := range plans {
		reasons, outcomes = append(reasons, p.Reason), append(outcomes, p.Outcome)
		out.Kinds, out.Labels = append(out.Kinds, p.Kinds...), append(out.Labels, p.Labels...)
		out.FallBack = p.FallBack
	}
	out.Reason, out.Outcome = strings.Join(compact(reasons), "\n"), strings.Join(compact(outcomes), "\n")
	out.Kinds, out.Labels = sorted(out.Kinds), sorted(out.Labels)
	merged := func(kind release.Kind, of func(*Plan) []string) []string {
		var all []string
		for i := range plans {
			if slices.Contains(plans[i].Kinds, kind) {
				patterns := of(&plans[i])
				if len(patterns) == 0 {
					return nil
				}
				all = append(all, patterns...)
			}
		}
		return sorted(all)
	}
	out.Components = merged(release.KindCode, func(p *Plan) []string { return p.Components })
	for i, l := range []*[]string{&out.Paths, &out.Dependencies, &out.Resources, &out.Settings, &out.Artifacts} {
		*l = merged(out.lists()[i].kind, func(p *Plan) []string { return p.lists()[i].patterns })
	}
	return out
}

func compact(s []string) []string {
	var out []string
	for _, x := range s {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func sorted[T ~string](s []T) []T {
	slices.Sort(s)
	return slices.Compact(s)
}

// Within lists what inner declares and outer does not, for a pull request's plan
// beside its release's. Patterns are compared as text, so a narrower pattern is
// inside only of one that it equals or that it, read as a subject, matches: the
// answer may call something outside that is not, never the other way round.
func Within(inner, outer *Plan) []release.Deviation {
	var out []release.Deviation
	add := func(kind string, of release.Kind, subject, format string, args ...any) {
		out = append(out, release.Deviation{Kind: kind, Change: of, Subject: subject, Detail: fmt.Sprintf(format, args...)})
	}
	for _, k := range inner.Kinds {
		if !slices.Contains(outer.Kinds, k) {
			add(OutsideKinds, k, string(k), "the outer plan does not declare this kind of change")
		}
	}
	for _, l := range inner.Labels {
		if !slices.Contains(outer.Labels, l) {
			add(OutsideLabels, "", string(l), "the outer plan does not declare it")
		}
	}
	subset := func(kind release.Kind, name, deviation string, in, of []string, inside func(outer, inner string) bool) {
		if len(of) == 0 || !slices.Contains(inner.Kinds, kind) || !slices.Contains(outer.Kinds, kind) {
			return
		}
		if len(in) == 0 {
			add(deviation, kind, "", "%s are any, and the outer plan names some", name)
		}
		for _, p := range in {
			if !slices.ContainsFunc(of, func(o string) bool { return inside(o, p) }) {
				add(deviation, kind, p, "%s of the outer plan do not have it", name)
			}
		}
	}
	theirs := outer.lists()
	for i, l := range inner.lists() {
		subset(l.kind, l.name, OutsideSubjects, l.patterns, theirs[i].patterns, covers)
	}
	subset(release.KindCode, "components", OutsideComponents, inner.Components, outer.Components, func(o, in string) bool { return o == in })
	return out
}

// covers reports whether outer surely matches all that inner does. Read as text,
// inner's "*" and "?" are single characters that are no slash, and its "**" two of
// them; only outer's "**" may stand for what can be a slash.
func covers(outer, inner string) bool {
	if outer == inner {
		return true
	}
	if !strings.ContainsAny(inner, "*?") {
		return Match(outer, inner)
	}
	// A plain beginning and "**" at the end take in whatever begins so.
	head, ok := strings.CutSuffix(outer, "**")
	return ok && !strings.ContainsAny(head, "*?") && strings.HasPrefix(inner, head)
}
