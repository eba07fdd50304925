package compare

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/release/plan"
)

// The defaults of Options.
const (
	DefaultMaxFiles = 5_000
	DefaultMaxBytes = 256 << 20
)

// Options say what is read. The zero value reads all that this module knows.
type Options struct {
	// Readers are those that are asked. If nil, [Readers].
	Readers []Reader
	// Labelers are put on besides this module's, which always are.
	Labelers []label.Labeler
	// Skip reports whether a changed file is for no reader, and that nothing tells of it.
	// If nil, those that are labelled test or vendored are left out, and a gap tells of
	// those in which a reader of dependencies or infrastructure would find a change.
	Skip func(release.FileChange) bool
	// Plans are Terraform plans in JSON, of what the head would change.
	Plans []Plan
	// MaxFiles is how many files are read on each side, MaxBytes how many bytes
	// together. If zero, DefaultMaxFiles and DefaultMaxBytes. What is beyond is a gap.
	MaxFiles int
	MaxBytes int64
}

// Plan is a Terraform plan: the output of "terraform show -json".
type Plan struct {
	Path release.Path // a name for people
	JSON []byte       // the plan
}

// Result is what two releases differ in.
type Result struct {
	// Changes is the change set, with labels.
	Changes release.ChangeSet
	// Inventories are the lists of components that changed, on both sides, for
	// advisories and lifecycles to be looked up.
	Inventories []Pair
	// Marks are the labels that the files' contents gave, and why.
	Marks []label.Mark
}

// read reads a file of one side; nil where there is none.
type read func(release.Path) ([]byte, error)

// kinds are those that the readers of this module know.
var kinds = []release.Kind{release.KindDependency, release.KindInfrastructure, release.KindConfiguration}

// files runs the readers over the changed files of r.Changes, which are labelled.
func (r *Result) files(before, after read, o Options) {
	o.Readers = orDefault(o.Readers)
	b := &batch{options: o, changed: r.Changes.Files, before: before, after: after,
		seen: map[release.Path]*loaded{}, claimed: map[claim]bool{}, coverage: map[release.Kind]release.Coverage{}}
	start := release.CoverageComplete
	if r.Changes.Coverage[release.KindCode] != release.CoverageComplete {
		start = release.CoveragePartial // there may be files that nobody saw
	}
	for _, reader := range o.Readers {
		b.coverage[reader.Kind] = start // a kind that has no reader is none that was read
	}
	for _, reader := range o.Readers {
		files, left := b.needed(reader)
		if len(files) > 0 {
			part := reader.Run(files)
			if _, ok := part.Changes.Coverage[reader.Kind]; !ok {
				b.atMost(reader.Kind, release.CoverageMissing)
			}
			for k, v := range part.Changes.Coverage {
				b.atMost(k, v)
			}
			part.Changes.Coverage = nil
			b.out.Add(part.Changes)
			r.Inventories = append(r.Inventories, part.Inventories...)
		}
		b.leftOut(reader, left)
	}
	b.plans()
	b.unknown()
	b.out.Gaps = append(b.out.Gaps, b.gaps...)
	b.out.Coverage = b.coverage
	o.label(&b.out)
	r.Changes.Add(b.out)
}

func orDefault(readers []Reader) []Reader {
	if readers == nil {
		return Readers()
	}
	return readers
}

// label puts this module's labels on what changed, and the host's besides.
func (o *Options) label(cs *release.ChangeSet) {
	label.Compile().With(o.Labelers...).Apply(cs)
}

// skip reports whether no reader gets the file.
func (o *Options) skip(f release.FileChange) bool {
	if o.Skip != nil {
		return o.Skip(f)
	}
	return slices.Contains(f.Labels, release.LabelTest) || slices.Contains(f.Labels, release.LabelVendored)
}

// batch loads files, each once, and collects what is made of them.
type batch struct {
	options       Options
	changed       []release.FileChange
	before, after read
	seen          map[release.Path]*loaded
	bytes         int64
	claimed       map[claim]bool
	coverage      map[release.Kind]release.Coverage
	gaps          []release.Gap
	out           release.ChangeSet
}

// claim says that a reader of a kind reads a file.
type claim struct {
	path release.Path
	kind release.Kind
}

type loaded struct {
	file File
	bad  bool
}

// atMost lowers a kind's coverage; what nobody began to read is not above it.
func (b *batch) atMost(k release.Kind, v release.Coverage) {
	if was, ok := b.coverage[k]; ok {
		v = min(v, was)
	}
	b.coverage[k] = v
}

// lose tells that something of a kind was not read. A kind that nobody reads stays so.
func (b *batch) lose(k release.Kind, kind release.GapKind, p release.Path, detail string) {
	b.coverage[k] = min(b.coverage[k], release.CoveragePartial)
	b.gap(kind, p, detail)
}

const notFollowed = "it is a symbolic link or a submodule, and is not followed"

// unfollowed reports whether a file stands for what lies elsewhere.
func unfollowed(f *release.FileChange) bool {
	return f.Submodule() || f.OldMode == "120000" || f.NewMode == "120000"
}

// needed are the files that a reader needs, each once, and those of every changed
// file that is left out.
func (b *batch) needed(reader Reader) (out []File, left [][]File) {
	wanted := map[release.Path]*loaded{}
	for i := range b.changed {
		f := &b.changed[i]
		needs := reader.Needs(f.Path)
		if len(needs) == 0 {
			continue
		}
		b.claimed[claim{f.Path, reader.Kind}] = true
		skip := b.options.skip(*f)
		if skip && (b.options.Skip != nil || reader.Kind == release.KindConfiguration) {
			continue
		}
		if unfollowed(f) {
			b.lose(reader.Kind, release.GapUnsupported, f.Path, notFollowed)
			continue
		}
		group := make([]*loaded, 0, len(needs))
		bad := false
		for _, p := range needs {
			l := b.load(p)
			group, bad = append(group, l), bad || l.bad
		}
		switch {
		case bad: // what stands beside it would be misread
			b.coverage[reader.Kind] = min(b.coverage[reader.Kind], release.CoveragePartial)
		case skip:
			var files []File
			for _, l := range group {
				if l.file.Before != nil || l.file.After != nil {
					files = append(files, l.file)
				}
			}
			left = append(left, files)
		default:
			for _, l := range group {
				wanted[l.file.Path] = l
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(wanted)) {
		if f := wanted[p].file; f.Before != nil || f.After != nil {
			out = append(out, f)
		}
	}
	return out, left
}

// leftOut tells of files that are called tests' data or copies, and in which the
// reader would find something. The build may use them: their names are the author's.
func (b *batch) leftOut(reader Reader, left [][]File) {
	n, first := 0, release.Path("")
	for _, files := range left {
		if len(files) == 0 {
			continue
		}
		cs := reader.Run(files).Changes
		if len(cs.Dependencies)+len(cs.Resources)+len(cs.Settings)+len(cs.Artifacts)+len(cs.Advisories)+len(cs.Gaps) == 0 {
			continue
		}
		if n++; n == 1 {
			first = files[0].Path
		}
	}
	b.tellLeft(reader.Kind, n, first)
}

func (b *batch) tellLeft(k release.Kind, n int, first release.Path) {
	if n > 0 {
		b.lose(k, release.GapUnsupported, first, fmt.Sprintf("%d files that are called tests' data or copies were left out, the first of them this: nobody knows whether the build uses them", n))
	}
}

func (b *batch) gap(kind release.GapKind, p release.Path, detail string) {
	g := release.Gap{Kind: kind, Subject: p.String(), Detail: detail}
	if !slices.Contains(b.gaps, g) {
		b.gaps = append(b.gaps, g)
	}
}

func (b *batch) load(p release.Path) *loaded {
	if l, ok := b.seen[p]; ok {
		return l
	}
	l := &loaded{file: File{Path: p}}
	b.seen[p] = l
	if len(b.seen) > cmp.Or(b.options.MaxFiles, DefaultMaxFiles) || b.bytes > cmp.Or(b.options.MaxBytes, DefaultMaxBytes) {
		b.gap(release.GapTooLarge, p, "more files or bytes than are read")
		l.bad = true
		return l
	}
	for _, s := range []struct {
		name string
		read read
		to   *[]byte
	}{{"before", b.before, &l.file.Before}, {"after", b.after, &l.file.After}} {
		data, err := s.read(p)
		if err != nil {
			b.gap(release.GapUnreadable, p, fmt.Sprintf("it cannot be read as it was %s: %s", s.name, release.Text(err.Error())))
			l.file, l.bad = File{Path: p}, true
			return l
		}
		*s.to = data
		b.bytes += int64(len(data))
	}
	return l
}

// plans reads the plans. A file that declares infrastructure in a way that only a
// plan can tell is a gap where there is none.
func (b *batch) plans() {
	const k = release.KindInfrastructure
	if _, ok := b.coverage[k]; !ok && len(b.options.Plans) > 0 {
		b.coverage[k] = release.CoveragePartial // plans are not all of it
	}
	for _, p := range b.options.Plans {
		part := plan.Read(p.Path, p.JSON)
		b.atMost(k, part.Coverage[k])
		part.Coverage = nil
		b.out.Add(part)
	}
	left, first := 0, release.Path("")
	for i := range b.changed {
		f := &b.changed[i]
		if !terraform(f.Path) || unfollowed(f) {
			continue
		}
		b.claimed[claim{f.Path, k}] = true
		switch skip := b.options.skip(*f); {
		case len(b.options.Plans) > 0, skip && b.options.Skip != nil:
		case skip:
			if left++; left == 1 {
				first = f.Path
			}
		default:
			b.lose(k, release.GapUnsupported, f.Path, "what it changes only a plan can tell, and there is none")
		}
	}
	b.tellLeft(k, left, first)
}

func terraform(p release.Path) bool {
	s := strings.ToLower(string(p))
	for _, ext := range []string{".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json", ".hcl"} {
		if strings.HasSuffix(s, ext) {
			return true
		}
	}
	return false
}

// unknown tells of files that declare dependencies or infrastructure and that no
// reader of that kind claimed, and of what stands for files that lie elsewhere.
func (b *batch) unknown() {
	left, first := 0, release.Path("")
	pins := pins{read: b.after, seen: map[release.Path][]byte{}}
	for i := range b.changed {
		f := &b.changed[i]
		skip := b.options.skip(*f)
		if skip && b.options.Skip != nil {
			continue
		}
		if unfollowed(f) { // a directory of anything
			for _, k := range kinds {
				b.lose(k, release.GapUnsupported, f.Path, notFollowed)
			}
			continue
		}
		if slices.Contains(f.Labels, release.LabelDeps) && !b.claimed[claim{f.Path, release.KindDependency}] {
			switch {
			case pins.locked(f.Path):
				b.out.Sources = append(b.out.Sources, release.Source{Path: f.Path, Format: FormatPinned})
			case skip:
				if left++; left == 1 {
					first = f.Path
				}
			default:
				b.lose(release.KindDependency, release.GapUnsupported, f.Path, "it declares dependencies, and no reader knows it")
			}
		}
		if !skip && declaresResources(f.Path) && !b.claimed[claim{f.Path, release.KindInfrastructure}] {
			b.lose(release.KindInfrastructure, release.GapUnsupported, f.Path, notKnown)
		}
	}
	b.tellLeft(release.KindDependency, left, first)
}

// validate reports every mistake of the options.
func (o *Options) validate() error {
	var errs []error
	seen := map[string]bool{}
	for i, r := range o.Readers {
		if r.ID == "" || r.Doc == "" || r.Version < 1 || r.Kind == "" || r.Needs == nil || r.Run == nil {
			errs = append(errs, fmt.Errorf("compare: readers[%d] %q lacks an id, doc, version, kind, needs or run", i, r.ID))
		}
		if seen[r.ID] {
			errs = append(errs, fmt.Errorf("compare: reader %q stands twice", r.ID))
		}
		seen[r.ID] = true
	}
	if o.MaxFiles < 0 || o.MaxBytes < 0 {
		errs = append(errs, errors.New("compare: a limit is below zero"))
	}
	return errors.Join(errs...)
}
