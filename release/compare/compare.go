package compare

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/release/plan"
)

// The defaults of Options.
const (
	DefaultMaxFiles = 2_000
	DefaultMaxBytes = 256 << 20
)

// Options say what is read. The zero value reads all that this module knows.
type Options struct {
	// Readers are those that are asked. If nil, [Readers].
	Readers []Reader
	// Labelers are put on besides this module's, which always are.
	Labelers []label.Labeler
	// Skip reports whether a changed file is for no reader. If nil, those that are
	// labelled test or vendored, and no sensitive matter, are not.
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
	b := &batch{options: o, before: before, after: after, seen: map[release.Path]*loaded{}}
	coverage := map[release.Kind]release.Coverage{}
	start := release.CoverageComplete
	if r.Changes.Coverage[release.KindCode] != release.CoverageComplete {
		start = release.CoveragePartial // there may be files that nobody saw
	}
	for _, k := range kinds {
		coverage[k] = start
	}
	claimed := map[release.Path]bool{}
	var out release.ChangeSet
	for _, reader := range o.Readers {
		if _, ok := coverage[reader.Kind]; !ok {
			coverage[reader.Kind] = start
		}
		files, lost := b.needed(reader, r.Changes.Files, claimed)
		if lost {
			coverage[reader.Kind] = min(coverage[reader.Kind], release.CoveragePartial)
		}
		if len(files) == 0 {
			continue
		}
		part := reader.Run(files)
		for k, v := range part.Changes.Coverage {
			if was, ok := coverage[k]; ok {
				v = min(v, was)
			}
			coverage[k] = v
		}
		part.Changes.Coverage = nil
		out.Add(part.Changes)
		r.Inventories = append(r.Inventories, part.Inventories...)
	}
	out.Gaps = append(out.Gaps, b.gaps...)
	b.plans(&out, coverage, r.Changes.Files, claimed)
	b.unknown(&out, coverage, r.Changes.Files, claimed)
	out.Coverage = coverage
	label.Apply(&out, o.Labelers...)
	r.Changes.Add(out)
}

func orDefault(readers []Reader) []Reader {
	if readers == nil {
		return Readers()
	}
	return readers
}

// skip reports whether no reader gets the file.
func (o *Options) skip(f release.FileChange) bool {
	if o.Skip != nil {
		return o.Skip(f)
	}
	return slices.Contains(f.Labels, release.LabelTest) || slices.Contains(f.Labels, release.LabelVendored)
}

// batch loads files, each once.
type batch struct {
	options       Options
	before, after read
	seen          map[release.Path]*loaded
	bytes         int64
	gaps          []release.Gap
}

type loaded struct {
	file File
	bad  bool
}

// needed are the files that a reader needs, and whether any of them is lost.
func (b *batch) needed(reader Reader, changed []release.FileChange, claimed map[release.Path]bool) (out []File, lost bool) {
	wanted := map[release.Path]*loaded{}
	for i := range changed {
		f := &changed[i]
		needs := reader.Needs(f.Path)
		if len(needs) == 0 {
			continue
		}
		claimed[f.Path] = true
		if b.options.skip(*f) {
			continue
		}
		if f.Submodule() || f.OldMode == "120000" || f.NewMode == "120000" {
			b.gap(release.GapUnsupported, f.Path, "it is a symbolic link or a submodule, and is not followed")
			lost = true
			continue
		}
		group := make([]*loaded, 0, len(needs))
		bad := false
		for _, p := range needs {
			l := b.load(p)
			group, bad = append(group, l), bad || l.bad
		}
		if bad { // what stands beside it would be misread
			lost = true
			continue
		}
		for _, l := range group {
			wanted[l.file.Path] = l
		}
	}
	for _, p := range slices.Sorted(maps.Keys(wanted)) {
		if f := wanted[p].file; f.Before != nil || f.After != nil {
			out = append(out, f)
		}
	}
	return out, lost
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
func (b *batch) plans(out *release.ChangeSet, coverage map[release.Kind]release.Coverage, changed []release.FileChange, claimed map[release.Path]bool) {
	for _, p := range b.options.Plans {
		part := plan.Read(p.Path, p.JSON)
		coverage[release.KindInfrastructure] = min(coverage[release.KindInfrastructure], part.Coverage[release.KindInfrastructure])
		part.Coverage = nil
		out.Add(part)
	}
	for i := range changed {
		f := &changed[i]
		if !terraform(f.Path) || b.options.skip(*f) {
			continue
		}
		claimed[f.Path] = true
		if len(b.options.Plans) == 0 {
			out.Gaps = append(out.Gaps, release.Gap{Kind: release.GapUnsupported, Subject: f.Path.String(), Detail: "what it changes only a plan can tell, and there is none"})
			coverage[release.KindInfrastructure] = min(coverage[release.KindInfrastructure], release.CoveragePartial)
		}
	}
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

// FormatPinned is the format of a source that asks for dependencies and was not
// read, because a lock file says which of them are installed.
const FormatPinned = "pinned-by-lock"

// locks are the files that pin what others ask for, where they lie in the same
// directory or above: what is asked for alone changes nothing that is installed.
var locks = map[string][]string{
	"package.json":   {"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"},
	"pyproject.toml": {"poetry.lock", "uv.lock"},
	"Cargo.toml":     {"Cargo.lock"},
}

// locked reports whether a file that asks for dependencies has one beside it that
// pins them.
func (b *batch) locked(p release.Path) bool {
	dir, base := path.Split(string(p))
	for names := locks[base]; len(names) > 0; {
		for _, name := range names {
			if data, err := b.after(release.Path(dir + name)); err == nil && data != nil {
				return true
			}
		}
		if dir == "" {
			break
		}
		dir, _ = path.Split(strings.TrimSuffix(dir, "/"))
	}
	return false
}

// unknown tells of files that declare dependencies or infrastructure and that no
// reader claimed.
func (b *batch) unknown(out *release.ChangeSet, coverage map[release.Kind]release.Coverage, changed []release.FileChange, claimed map[release.Path]bool) {
	for i := range changed {
		f := &changed[i]
		if claimed[f.Path] || b.options.skip(*f) {
			continue
		}
		kind, detail := release.KindDependency, "it declares dependencies, and no reader knows it"
		switch {
		case slices.Contains(f.Labels, release.LabelDeps):
			if b.locked(f.Path) {
				out.Sources = append(out.Sources, release.Source{Path: f.Path, Format: FormatPinned})
				continue
			}
		case strings.EqualFold(path.Ext(string(f.Path)), ".bicep"):
			kind, detail = release.KindInfrastructure, "it declares infrastructure, and no reader knows it"
		default:
			continue
		}
		coverage[kind] = min(coverage[kind], release.CoveragePartial)
		out.Gaps = append(out.Gaps, release.Gap{Kind: release.GapUnsupported, Subject: f.Path.String(), Detail: detail})
	}
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
