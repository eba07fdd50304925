package manifest

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// Diff compares two directories; nil is one that does not exist. See [Compare].
func Diff(before, after fs.FS, o Options) release.ChangeSet {
	read := func(fsys fs.FS) *Set {
		if fsys == nil {
			return nil
		}
		s := ReadFS(fsys, o)
		return &s
	}
	return Compare(read(before), read(after))
}

// Compare compares two sets; nil is one that does not exist, and nothing else: what
// could not be found or read is a set with a gap. The result has Resources by
// address, Gaps, Sources, and the coverage of [release.KindInfrastructure]: missing if
// nothing of a side could be read, partial if there are gaps, complete otherwise.
func Compare(before, after *Set) release.ChangeSet {
	c := comparer{before: orEmpty(before), after: orEmpty(after), labelers: label.Compile(), budget: MaxPaths}
	coverage := release.CoverageComplete
	for _, s := range []*Set{c.before, c.after} {
		c.out.Gaps = append(c.out.Gaps, s.Gaps...)
		c.out.Sources = append(c.out.Sources, s.Sources...)
		switch {
		case len(s.unread) > 0 && len(s.objects) == 0:
			coverage = release.CoverageMissing
		case len(s.Gaps) > 0:
			coverage = min(coverage, release.CoveragePartial)
		}
	}
	slices.SortStableFunc(c.out.Gaps, compareGaps)
	c.out.Gaps = slices.Compact(c.out.Gaps)
	slices.SortStableFunc(c.out.Sources, func(a, b release.Source) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), strings.Compare(a.Digest.String(), b.Digest.String()))
	})
	c.out.Sources = slices.Compact(c.out.Sources)

	keys := slices.Collect(maps.Keys(c.before.objects))
	for k := range c.after.objects {
		if c.before.objects[k] == nil {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.address(), b.address()), cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	for _, k := range keys {
		c.object(c.before.objects[k], c.after.objects[k])
	}
	c.out.Coverage = map[release.Kind]release.Coverage{release.KindInfrastructure: coverage}
	return c.out
}

func orEmpty(s *Set) *Set {
	if s == nil {
		return &Set{}
	}
	return s
}

type comparer struct {
	before, after *Set
	labelers      *label.Set
	out           release.ChangeSet
	budget        int // bytes of paths that are still listed
}

// hidden reports whether an object that is not in one set may stand in a file that
// could not be read there, and that is not the same file on the other side.
func hidden(in, other *Set) bool {
	for p, d := range in.unread {
		if d.IsZero() || other.unread[p] != d {
			return true
		}
	}
	return false
}

// object compares one object; one of the two may be nil.
func (c *comparer) object(before, after *object) {
	var is *object
	rc := release.ResourceChange{Op: release.OpModified}
	ch := change{before: before, after: after, was: find(before), is: find(after)}
	switch {
	case after == nil:
		is, rc.Op, ch.removed = before, release.OpRemoved, true
		if hidden(c.after, c.before) {
			rc.Op = release.OpUnknown
			ch.details = append(ch.details, "it may stand in a file that could not be read")
		}
	case before == nil:
		is, rc.Op = after, release.OpAdded
		if hidden(c.before, c.after) {
			rc.Op = release.OpUnknown
			ch.details = append(ch.details, "it may have stood in a file that could not be read")
		}
	default:
		is = after
		p := paths{budget: &c.budget, note: ch.touched}
		p.diff("", "", before.root, after.root)
		if len(p.out)+p.more == 0 {
			return
		}
		if p.more > 0 {
			ch.details = append(ch.details, fmt.Sprintf("%d more attributes", p.more))
		}
		slices.Sort(p.out)
		rc.Attributes = slices.Compact(p.out)
	}
	rc.File, rc.Address, rc.Type = is.file, is.address(), is.typ()
	ch.look()
	rc.Labels = append(ch.labels, c.labelers.Resource(release.ResourceChange{Type: rc.Type})...)
	if ch.destroys(rc.Op, rc.Labels) {
		rc.Labels = append(rc.Labels, release.LabelStateful, release.LabelDestructive)
	}
	slices.Sort(rc.Labels)
	rc.Labels = slices.Compact(rc.Labels)
	slices.Sort(ch.details)
	rc.Detail = strings.Join(slices.Compact(ch.details), "; ")
	c.out.Resources = append(c.out.Resources, rc)
}

// change is one object on both sides, and what there is to say of it.
type change struct {
	before, after *object
	was, is       finder // what they run
	removed       bool
	claims        bool // what volumes it makes differs
	labels        []release.Label
	details       []string
}

func (c *change) label(labels ...release.Label) {
	for _, l := range labels {
		if !slices.Contains(c.labels, l) {
			c.labels = append(c.labels, l)
		}
	}
}

func (c *change) say(label release.Label, text string) {
	c.label(label)
	c.details = append(c.details, text)
}

func (c *change) look() {
	was, is := factsOf(c.before, c.was), factsOf(c.after, c.is)
	had := c.losses(was)
	for text, f := range is {
		if _, ok := was[text]; !ok && (!f.absence || c.before != nil && had(f)) {
			c.say(f.label, text)
		}
	}
	c.version()
	c.images()
	c.numbers()
	c.whole()
	if migrates(c.before, c.was.found) || migrates(c.after, c.is.found) {
		c.label(release.LabelMigration)
	}
}

// losses reports whether what a fact says is missing was there before. A container
// that was there had it, or the fact would not be new. One that was not lost nothing,
// unless it came in the place of one that is gone and had it.
func (c *change) losses(was facts) func(fact) bool {
	before, after := map[string]bool{}, map[string]bool{}
	for _, k := range c.was.found {
		before[k.name] = true
	}
	for _, k := range c.is.found {
		after[k.name] = true
	}
	type loss struct{ kind, what string }
	gone := map[loss]bool{} // as far as it was asked for
	return func(f fact) bool {
		if f.container == "" || before[f.container] {
			return true
		}
		l := loss{container{name: f.container}.kind(), f.what}
		lost, asked := gone[l]
		if !asked {
			lost = slices.ContainsFunc(c.was.found, func(k container) bool {
				_, lacked := was[k.name+" "+f.what]
				return !k.loose && !after[k.name] && k.kind() == l.kind && !lacked
			})
			gone[l] = lost
		}
		return lost
	}
}

func (c *change) version() {
	if c.before != nil && c.after != nil && c.before.version != c.after.version {
		c.details = append(c.details, text("API version "+c.before.version+" to "+c.after.version))
	}
}

// images says which images differ, and marks those that are new and by tag.
func (c *change) images() {
	was := map[string]container{}
	for _, k := range c.was.found {
		was[k.name] = k
	}
	for _, k := range c.is.found {
		of := "image"
		if k.name != "" {
			of = "image of " + text(k.name)
		}
		old, had := was[k.name]
		switch {
		case had && old.image == k.image:
			continue
		case had:
			c.details = append(c.details, of+": "+imageChange(old.reference(), k.reference()))
		default:
			c.details = append(c.details, of+": "+describe(k.reference()))
		}
		if unpinned(k.image) {
			c.label(release.LabelUnpinned)
		}
	}
}

// counts are numbers that keep something up, with what Kubernetes takes where there
// is none.
var counts = []struct {
	path     []string
	name     string
	missing  string
	kindPart string
}{
	{[]string{"spec", "replicas"}, "replicas", "1", ""},
	{[]string{"spec", "minReplicas"}, "minimum of replicas", "1", "Autoscaler"},
	{[]string{"spec", "maxReplicas"}, "maximum of replicas", "", "Autoscaler"},
	{[]string{"spec", "minAvailable"}, "minimum available", "", "PodDisruptionBudget"},
}

func (c *change) numbers() {
	if c.before == nil || c.after == nil {
		return
	}
	for _, n := range counts {
		if !strings.Contains(c.after.kind, n.kindPart) {
			continue
		}
		was, is := cmp.Or(value(c.before.root, n.path...), n.missing), cmp.Or(value(c.after.root, n.path...), n.missing)
		if was == is {
			continue
		}
		text := fmt.Sprintf("%s %s to %s", n.name, amount(was), amount(is))
		a, okBefore := quantity(was)
		b, okAfter := quantity(is)
		if okBefore && okAfter && b.Cmp(a) > 0 {
			c.details = append(c.details, text)
		} else {
			c.say(release.LabelAvailability, text)
		}
	}
}

// amount is a number or percentage as it may be shown.
func amount(s string) string {
	if _, ok := quantity(s); !ok {
		return "none"
	}
	return s
}

func quantity(s string) (*big.Rat, bool) {
	n, err := strconv.ParseInt(strings.TrimSuffix(s, "%"), 10, 32)
	if err != nil || len(s) > 12 {
		return nil, false
	}
	return big.NewRat(n, 1), true
}

// whole labels an object as a whole.
func (c *change) whole() {
	o := cmp.Or(c.after, c.before)
	switch o.kind {
	case "PodDisruptionBudget", "HorizontalPodAutoscaler", "PriorityClass":
		if c.before != nil {
			c.label(release.LabelAvailability)
		}
	case "NetworkPolicy":
		if c.removed {
			c.details = append(c.details, "network policy removed")
		}
	case "LimitRange", "ResourceQuota":
		c.label(release.LabelAvailability)
	}
	if c.removed && len(c.was.pods) > 0 {
		c.label(release.LabelAvailability)
	}
}

// touched labels what lies at a path that differs. It sees all of them, listed or not.
func (c *change) touched(p string) {
	last := p[strings.LastIndexByte(p, '.')+1:]
	switch {
	case strings.HasPrefix(p, "spec.volumeClaimTemplates"):
		c.claims = true
	case strings.Contains(p, "ecretKeyRef"), strings.Contains(p, "ecretRef"), strings.Contains(p, "secretName"), strings.Contains(p, ".secret"), strings.Contains(p, "imagePullSecrets"):
		c.label(release.LabelSecrets)
	case strings.Contains(p, "serviceAccount"), strings.Contains(p, "ecurityContext"), strings.Contains(p, "hostPath"), strings.Contains(p, "pod-security.kubernetes.io"):
		c.label(release.LabelAccess)
	case strings.HasPrefix(last, "host"):
		c.label(release.LabelAccess, release.LabelNetwork)
	case strings.Contains(p, "Probe"), strings.Contains(p, ".resources"), strings.Contains(p, "affinity"), strings.Contains(p, "topologySpread"), strings.HasPrefix(p, "spec.strategy"), strings.HasPrefix(p, "spec.updateStrategy"), strings.Contains(p, "terminationGracePeriod"):
		if len(c.is.pods) > 0 {
			c.label(release.LabelAvailability)
		}
	case strings.HasPrefix(p, "spec.tls"):
		c.label(release.LabelCrypto)
	}
}

// destroys reports whether stored data may go: what keeps data is removed, or is
// changed in a way that only making it anew allows.
func (c *change) destroys(op release.Op, labels []release.Label) bool {
	o := cmp.Or(c.before, c.after)
	gone := op == release.OpRemoved || op == release.OpUnknown
	switch o.kind {
	case "Namespace", "CustomResourceDefinition":
		return gone
	case "StatefulSet":
		return gone || c.claims
	}
	return gone && slices.Contains(labels, release.LabelStateful)
}
