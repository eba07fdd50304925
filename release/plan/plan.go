package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// Read reads a plan. The result has Resources and Drift (by address), Deviations,
// Gaps, Sources, and the coverage of [release.KindInfrastructure]: missing if the plan
// could not be read, partial if there are gaps, complete otherwise.
func Read(path release.Path, b []byte) release.ChangeSet {
	r := &reader{path: path, labelers: label.Compile(), words: lexicon{}, budget: 4 << 20}
	var doc document
	source := release.Source{Path: path, Format: "terraform-plan", Digest: release.DigestOf(b)}
	if kind, why := decode(b, &doc); why != "" {
		return release.ChangeSet{
			Sources:  []release.Source{source},
			Gaps:     []release.Gap{{Kind: kind, Subject: path.String(), Detail: why}},
			Coverage: map[release.Kind]release.Coverage{release.KindInfrastructure: release.CoverageMissing},
		}
	}
	source.Format += "/" + doc.FormatVersion
	source.Tool, source.Version = "terraform", release.Text(cut(doc.TerraformVersion))
	source.At, _ = time.Parse(time.RFC3339, doc.Timestamp)
	r.read(&doc)

	cs := release.ChangeSet{Resources: r.resources, Drift: r.drift, Deviations: r.deviations, Gaps: r.gaps, Sources: []release.Source{source}}
	coverage := release.CoverageComplete
	if len(r.gaps) > 0 {
		coverage = release.CoveragePartial
	}
	cs.Coverage = map[release.Kind]release.Coverage{release.KindInfrastructure: coverage}
	return cs
}

// decode reads the text and says why it is not a plan that this package can read.
func decode(b []byte, doc *document) (release.GapKind, string) {
	if len(b) > MaxBytes {
		return release.GapTooLarge, fmt.Sprintf("%d bytes are more than %d", len(b), MaxBytes)
	}
	if tooMany(b) {
		return release.GapTooLarge, fmt.Sprintf("more than %d changes", MaxResources)
	}
	if err := strictjson.Unmarshal(b, doc, limits); err != nil {
		return release.GapUnreadable, place(err)
	}
	major, minor, ok := strings.Cut(doc.FormatVersion, ".")
	switch {
	case doc.FormatVersion == "":
		return release.GapUnreadable, "it has no format_version, as a plan has"
	case !ok || !digits(major) || !digits(minor):
		return release.GapUnreadable, "its format_version is no version"
	case major != "1":
		return release.GapUnsupported, "format_version " + doc.FormatVersion + "; this package reads 1.x"
	case !bool(doc.Planned) && !doc.Configuration.set:
		if doc.Values {
			return release.GapUnsupported, "it is a state and no plan"
		}
		return release.GapUnreadable, "it has no planned_values and no configuration, as a plan has"
	}
	return "", ""
}

// tooMany reports whether the lists of a plan have more than MaxResources elements
// together, before there is room made for any. Whether they are lists is for others to say.
func tooMany(b []byte) bool {
	s, err := strictjson.NewScanner(b, limits)
	if err != nil {
		return false
	}
	left := MaxResources
	count := func() error {
		if left--; left < 0 {
			return s.Errorf("more than %d changes", MaxResources)
		}
		return skip(s)
	}
	_ = object(s, []string{"output_changes", "resource_changes", "resource_drift", "deferred_changes", "checks", "action_invocations", "deferred_action_invocations"}, func(i int) error {
		if i > 0 {
			return list(s, count)
		}
		if k, err := s.Peek(); err != nil || k == strictjson.Null {
			return errors.Join(err, skip(s))
		}
		return s.Object(func([]byte) error { return count() })
	})
	return left < 0
}

// place is where a text is wrong, without what stands there: it may be a secret.
func place(err error) string {
	if e, ok := errors.AsType[*strictjson.SyntaxError](err); ok {
		if strings.Contains(e.Reason, "stands twice") {
			return "a name stands twice in one object" // of several, which one is found first is left to chance
		}
		return fmt.Sprintf("line %d, column %d: it is not the JSON that it must be, or beyond a limit", e.Line, e.Column)
	}
	return "a value is of another type than the format has"
}

func digits(s string) bool {
	return s != "" && len(s) < 6 && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func cut(s string) string { return s[:min(len(s), 100)] }

// reader collects the parts of one plan.
type reader struct {
	path             release.Path
	labelers         *label.Set
	words            lexicon
	runs             map[string][]string // provisioners, see configuration
	budget           int                 // bytes of paths that are still listed
	resources, drift []release.ResourceChange
	deviations       []release.Deviation
	gaps             []release.Gap
}

func (r *reader) gap(kind release.GapKind, subject, detail string) {
	r.gaps = append(r.gaps, release.Gap{Kind: kind, Subject: subject, Detail: detail})
}

func (r *reader) read(doc *document) {
	r.runs = doc.Configuration.runs
	if doc.Configuration.odd {
		r.gap(release.GapUnsupported, r.path.String(), "its configuration is not all of the form that this package reads")
	}
	seen := map[string]bool{}
	for i := range doc.Changes {
		res := &doc.Changes[i]
		if id := res.Mode + "\x00" + res.Address + "\x00" + res.Deposed; seen[id] {
			r.gap(release.GapAmbiguous, text(res.Address), "it stands twice in the plan")
		} else {
			seen[id] = true
		}
		if rc, keep := r.resource(res, false); keep {
			r.resources = append(r.resources, rc)
		}
	}
	for i := range doc.Drift {
		if rc, keep := r.resource(&doc.Drift[i], true); keep {
			r.drift = append(r.drift, rc)
		}
	}
	r.later(doc)
	for _, name := range slices.Sorted(maps.Keys(doc.Outputs)) {
		r.output(name, doc.Outputs[name])
	}
	for _, a := range doc.Actions {
		r.resources = append(r.resources, release.ResourceChange{File: r.path, Address: text(a.Address), Type: text(a.Type),
			Labels: r.labelers.Resource(release.ResourceChange{Type: text(a.Type)}), Detail: "an action that the provider runs; no plan says what it does"})
	}
	r.checks(doc.Checks)
	slices.SortStableFunc(r.resources, byAddress)
	slices.SortStableFunc(r.drift, byAddress)
	slices.SortStableFunc(r.gaps, func(a, b release.Gap) int { return strings.Compare(a.String(), b.String()) })
	r.gaps = slices.Compact(r.gaps)
}

// later is what the plan says it does not have.
func (r *reader) later(doc *document) {
	for i := range doc.Deferred {
		d := &doc.Deferred[i]
		if rc, keep := r.resource(&d.Change, false); keep {
			rc.Deferred = true
			r.resources = append(r.resources, rc)
		}
	}
	if n := len(doc.Deferred) + len(doc.DeferredActions); n > 0 {
		r.gap(release.GapIncomplete, r.path.String(), fmt.Sprintf("%d changes are deferred to a later plan", n))
	}
	if doc.Complete != nil && !*doc.Complete {
		r.gap(release.GapIncomplete, r.path.String(), "the plan says that it is not complete")
	}
	if doc.Errored {
		r.gap(release.GapIncomplete, r.path.String(), "planning ended with an error")
	}
}

// output reads the change of an output value of the root module.
func (r *reader) output(name string, c change) {
	rc := release.ResourceChange{File: r.path, Address: "output." + text(name), Type: "output"}
	a, known := actionOf(c.Actions)
	if a.nothing {
		return
	}
	if !known || a.read || a.op == release.OpForgotten {
		r.gap(release.GapUnsupported, rc.Address, "an action that is not known")
		a = action{detail: "an action that is not known"}
	}
	rc.Op, rc.Detail = a.op, a.detail
	f, err := r.compare(&c, a)
	if err != nil {
		r.gap(release.GapTooLarge, rc.Address, "its value is too large or nested too deep")
	}
	if len(f.unknown) > 0 {
		rc.Unknown = []string{"value"}
	} else if rc.Op == release.OpModified {
		rc.Attributes = []string{"value"}
	}
	rc.Labels = f.labels
	if slices.ContainsFunc(f.says, func(s saying) bool { return s.text == revealedText }) {
		rc.Detail = "it was sensitive and will be shown"
	}
	slices.Sort(rc.Labels)
	rc.Labels = slices.Compact(rc.Labels)
	r.resources = append(r.resources, rc)
}

// checks reports the conditions that do not hold or could not be looked at. Whether
// others do may be known only when the plan is applied. Messages are not kept.
func (r *reader) checks(checks []check) {
	for _, c := range checks {
		at := text(c.Address.Display)
		switch c.Status {
		case "fail":
			r.deviations = append(r.deviations, release.Deviation{Kind: "check-failed", Change: release.KindInfrastructure, Subject: at,
				Detail: "a condition of the configuration does not hold"})
		case "pass", "unknown":
		default:
			r.gap(release.GapIncomplete, at, "a condition of the configuration could not be looked at")
		}
	}
	slices.SortStableFunc(r.deviations, func(a, b release.Deviation) int { return strings.Compare(a.Subject, b.Subject) })
	r.deviations = slices.Compact(r.deviations)
}
