package layout

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/release"
)

// plan is a layout that its owners signed and that makes sense.
type plan struct {
	layout  in_toto.Layout
	expires time.Time
	keys    map[string]key // by the key id under which the layout lists them
}

// parameter is a marker that SubstituteParameters would have replaced.
var parameter = regexp.MustCompile(`\{[a-zA-Z0-9_-]+\}`)

// newPlan puts parameters into l and checks it. Most of what it refuses the
// library would let pass in silence: a rule that it cannot match is a rule that
// forbids nothing.
func newPlan(l in_toto.Layout, parameters map[string]string) (plan, error) {
	if len(l.Steps) == 0 {
		return plan{}, errors.New("the layout has no steps: it would prove nothing")
	}
	if len(l.Steps) > maxSteps || len(l.Inspect) > maxSteps || len(l.Keys) > maxKeys {
		return plan{}, fmt.Errorf("%d steps, %d inspections, %d keys: more than %d, %d, %d",
			len(l.Steps), len(l.Inspect), len(l.Keys), maxSteps, maxSteps, maxKeys)
	}
	for _, s := range l.Steps {
		// An empty rule makes the library's own validation panic.
		if slices.ContainsFunc(slices.Concat(s.ExpectedMaterials, s.ExpectedProducts), func(r []string) bool { return len(r) == 0 }) {
			return plan{}, fmt.Errorf("step %q has an empty rule", s.Name)
		}
	}
	for _, name := range names(l) {
		if release.Text(name).String() != name {
			return plan{}, fmt.Errorf("step or inspection %q has a name that cannot be printed", name)
		}
	}
	err := contain(func() (err error) {
		if l, err = in_toto.SubstituteParameters(l, parameters); err != nil {
			return err
		}
		return in_toto.ValidateMetablock(in_toto.Metablock{Signed: l})
	})
	if err != nil {
		return plan{}, err
	}
	p := plan{layout: l, keys: map[string]key{}}
	if p.expires, err = time.Parse(in_toto.ISO8601DateSchema, l.Expires); err != nil {
		return plan{}, err
	}
	for _, id := range slices.Sorted(maps.Keys(l.Keys)) {
		if p.keys[id], err = layoutKey(l.Keys[id]); err != nil {
			return plan{}, fmt.Errorf("key %.16q: %w", id, err)
		}
	}
	for _, s := range l.Steps {
		if err := p.checkStep(s); err != nil {
			return plan{}, fmt.Errorf("step %q: %w", s.Name, err)
		}
	}
	return p, nil
}

func names(l in_toto.Layout) (out []string) {
	for _, s := range l.Steps {
		out = append(out, s.Name)
	}
	for _, i := range l.Inspect {
		out = append(out, i.Name)
	}
	return out
}

func (p plan) checkStep(s in_toto.Step) error {
	if s.Threshold < 1 {
		return fmt.Errorf("threshold %d would let anyone do it", s.Threshold)
	}
	for i, id := range s.PubKeys {
		if _, ok := p.keys[id]; !ok {
			return fmt.Errorf("key %.16q is not among the layout's keys", id)
		}
		if slices.Contains(s.PubKeys[:i], id) {
			return fmt.Errorf("key %.16q stands twice", id)
		}
	}
	for _, rules := range [][][]string{s.ExpectedMaterials, s.ExpectedProducts} {
		if len(rules) > maxRules {
			return fmt.Errorf("%d rules are more than %d", len(rules), maxRules)
		}
		for _, r := range rules {
			if err := p.checkRule(r); err != nil {
				return fmt.Errorf("rule %q: %w", r, err)
			}
		}
	}
	return nil
}

// checkRule refuses rules that can never match, which the library takes for
// rules that happen not to match.
func (p plan) checkRule(r []string) error {
	if m := parameter.FindString(strings.Join(r, " ")); m != "" {
		return fmt.Errorf("parameter %s is not given", m)
	}
	f, err := in_toto.UnpackRule(r)
	if err != nil {
		return errors.New("it is of no known form")
	}
	if err := checkPattern(f["pattern"]); err != nil {
		return fmt.Errorf("pattern %q: %w", f["pattern"], err)
	}
	if f["type"] == "require" && path.Clean(f["pattern"]) != f["pattern"] {
		return fmt.Errorf("%q is not a clean path", f["pattern"])
	}
	if f["type"] != "match" {
		return nil
	}
	if clean := path.Clean(f["pattern"]); folder(f["srcPrefix"]) != "" && (clean[0] == '/' || clean == ".." || strings.HasPrefix(clean, "../")) {
		return fmt.Errorf("pattern %q is not below %q", f["pattern"], f["srcPrefix"])
	}
	if f["dstType"] != "materials" && f["dstType"] != "products" {
		return fmt.Errorf("%q is neither materials nor products", f["dstType"])
	}
	known := func(s in_toto.Step) bool { return s.Name == f["dstName"] }
	if !slices.ContainsFunc(p.layout.Steps, known) {
		return fmt.Errorf("there is no step %q", f["dstName"])
	}
	return nil
}
