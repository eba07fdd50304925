package manifest

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/internal/strictyaml"
	"github.com/sallyport-dev/sallyport/release"
)

// What files may have. Larger ones are gaps.
const (
	// MaxBytes is the size of the largest file.
	MaxBytes = 8 << 20
	// MaxNodes is how many mappings, lists, keys and values one file may have, and
	// MaxDepth how deep they may be nested.
	MaxNodes = 1 << 17
	MaxDepth = 60
	// MaxDocuments is how many documents one file may have.
	MaxDocuments = 5000
	// MaxFiles and MaxTotal are how many files a directory may have, and how many bytes
	// and nodes (counted as bytes, 64 each) they may have together.
	MaxFiles = 10_000
	MaxTotal = 32 << 20
	// MaxAttributes is how many paths are listed of one object. Detail says how many
	// more there are.
	MaxAttributes = 200
	// MaxPaths is how many bytes the paths of all objects may have together.
	MaxPaths = 4 << 20
)

var limits = strictyaml.Limits{Package: "manifest", Bytes: MaxBytes, Nodes: MaxNodes, Depth: MaxDepth, Documents: MaxDocuments}

// Options are how directories are read. The zero value reads all files that end in
// .yaml, .yml or .json.
type Options struct {
	// Skip reports whether a file is left out, by its path from the top. If nil, none is.
	Skip func(release.Path) bool
	// Namespace is where objects are put that name no namespace; "" where that is not
	// known. It matters only where some objects name it and others do not.
	Namespace string
}

// Set is what was read of one side of a comparison.
type Set struct {
	// Gaps are what could not be read.
	Gaps []release.Gap
	// Sources are the files that objects were read from.
	Sources []release.Source

	objects map[key]*object
	unread  map[release.Path]release.Digest // files that may have objects, by their content
	total   int
	o       Options
}

// key identifies an object.
type key struct{ group, kind, namespace, name string }

func (k key) address() string {
	out := k.kind
	if k.group != "" {
		out += "." + k.group
	}
	if k.namespace != "" {
		out += "/" + k.namespace
	}
	return text(out + "/" + k.name)
}

// object is one object of a set.
type object struct {
	key
	file    release.Path
	version string
	root    *yaml.Node
}

func (o *object) typ() string {
	return text(strings.TrimPrefix(o.group+"/"+o.version+"/"+o.kind, "/"))
}

// Len is how many objects were read.
func (s *Set) Len() int { return len(s.objects) }

// Read reads one file. What cannot be read is a gap of the set.
func Read(p release.Path, b []byte) Set {
	s := newSet(Options{})
	s.file(p, b)
	s.finish()
	return s
}

// File is a file's path and content.
type File struct {
	Path release.Path // a name, from the top of the repository
	Data []byte       // its content
}

// ReadFiles reads some files as one side, in the order of their paths.
func ReadFiles(files []File, o Options) Set {
	s := newSet(o)
	for _, f := range slices.SortedStableFunc(slices.Values(files), func(a, b File) int { return cmp.Compare(a.Path, b.Path) }) {
		if o.Skip == nil || !o.Skip(f.Path) {
			s.file(f.Path, f.Data)
		}
	}
	s.finish()
	return s
}

// ReadFS reads a directory and all below it.
func ReadFS(fsys fs.FS, o Options) Set {
	s := newSet(o)
	files := 0
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		p := release.Path(name)
		switch {
		case err != nil:
			s.lost(p, release.Digest{}, release.GapUnreadable, "it cannot be opened")
			return nil
		case d.IsDir() || o.Skip != nil && o.Skip(p):
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			s.lost(p, release.Digest{}, release.GapUnsupported, "it is a symbolic link, which is not followed")
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		switch strings.ToLower(path.Ext(name)) {
		case ".yaml", ".yml", ".json":
		default:
			return nil
		}
		if files++; files > MaxFiles {
			s.lost(".", release.Digest{}, release.GapTooLarge, fmt.Sprintf("more than %d files", MaxFiles))
			return fs.SkipAll
		}
		b, err := readFile(fsys, name)
		if err != nil {
			s.lost(p, release.Digest{}, release.GapUnreadable, "it cannot be read")
			return nil
		}
		s.file(p, b)
		return nil
	})
	if err != nil {
		s.lost(".", release.Digest{}, release.GapUnreadable, "the directory cannot be read")
	}
	s.finish()
	return s
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxBytes+1))
}

func newSet(o Options) Set {
	return Set{objects: map[key]*object{}, unread: map[release.Path]release.Digest{}, o: o}
}

func (s *Set) finish() {
	slices.SortStableFunc(s.Gaps, compareGaps)
	s.Gaps = slices.Compact(s.Gaps)
}

func compareGaps(a, b release.Gap) int {
	return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Detail, b.Detail))
}

func (s *Set) gap(kind release.GapKind, p release.Path, detail string) {
	s.Gaps = append(s.Gaps, release.Gap{Kind: kind, Subject: p.String(), Detail: detail})
}

// lost is a gap about a file that may hold objects which are not in the set.
func (s *Set) lost(p release.Path, d release.Digest, kind release.GapKind, detail string) {
	s.gap(kind, p, detail)
	s.unread[p] = d
}

// text is untrusted text as people may see it, cut where it is long.
func text(s string) string {
	const most = 500
	if len(s) > most {
		s = s[:most] + "..."
	}
	return release.Text(s).String()
}
