package lockfile

import (
	"errors"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/stricttoml"
	"github.com/sallyport-dev/sallyport/release"
)

var tomlLimits = stricttoml.Limits{Package: "toml", Bytes: MaxBytes, Lines: MaxLines + 1, Depth: 32, Values: 600_000}

// toml reads a file into v, or fails.
func (l *list) toml(b []byte, v any) bool {
	if l.failed {
		return false
	}
	err := stricttoml.Unmarshal(b, v, tomlLimits)
	if at, ok := errors.AsType[*stricttoml.SyntaxError](err); ok && at.TooLarge {
		l.fail(release.GapTooLarge, "%v", err)
	} else if err != nil {
		l.fail(release.GapUnreadable, "%v", err)
	}
	return err == nil
}

type cargoFile struct {
	Version  int               `toml:"version"`
	Package  []cargoPackage    `toml:"package"`
	Root     *cargoPackage     `toml:"root"`
	Metadata map[string]string `toml:"metadata"`
}

type cargoPackage struct {
	Name         string   `toml:"name"`
	Version      string   `toml:"version"`
	Source       string   `toml:"source"`
	Checksum     string   `toml:"checksum"`
	Dependencies []string `toml:"dependencies"`
	Replace      string   `toml:"replace"`
}

// CargoLock reads Cargo.lock, versions 1 to 4
// (https://doc.rust-lang.org/cargo/reference/resolver.html and the source of Cargo's
// package core::resolver::encode).
//
// Crates without a source are directories; the file does not say which, so that one
// outside the repository cannot be told from one of its own. What they ask for is
// direct. The file does not tell what is needed to build or to test only.
func CargoLock(file release.Path, b []byte) release.Inventory {
	l := newList(file, "cargo", b)
	l.inv.Source.Format = "cargo"
	var f cargoFile
	if l.toml(b, &f) {
		r := cargoReader{list: l, file: f, byName: map[string][]int{}}
		r.read()
	}
	return l.done()
}

type cargoReader struct {
	*list
	file   cargoFile
	byName map[string][]int // of packages
	purls  []release.PURL
	steps  int
}

func (r *cargoReader) read() {
	f := &r.file
	if f.Version == 0 {
		f.Version = 1
		for _, p := range f.Package { // what version 1 has in metadata, version 2 has in the package
			if p.Checksum != "" {
				f.Version = 2
			}
		}
	}
	if f.Version < 1 || f.Version > 4 {
		r.fail(release.GapUnsupported, "version %d", f.Version)
		return
	}
	r.inv.Source.Format += "/" + strconv.Itoa(f.Version)
	if f.Root != nil {
		f.Package = append(f.Package, *f.Root)
	}
	if len(f.Package) > MaxComponents {
		r.fail(release.GapTooLarge, "more than %d packages", MaxComponents)
		return
	}
	var own []int
	for i, p := range f.Package {
		r.byName[p.Name] = append(r.byName[p.Name], i)
		if p.Source == "" {
			own = append(own, i)
		}
	}
	direct := map[int]bool{}
	needs := make([][]int, len(f.Package))
	total := 0
	for i, p := range f.Package {
		for _, d := range p.Dependencies {
			to := r.find(d)
			if r.failed {
				return
			}
			if to < 0 {
				r.gap(release.GapUnreadable, p.Name, "it needs %s, which is not listed once", short(cleanURL(d)))
				continue
			}
			if total++; total > MaxEdges {
				r.fail(release.GapTooLarge, "more than %d relations", MaxEdges)
				return
			}
			needs[i] = append(needs[i], to)
			if p.Source == "" {
				direct[to] = true
			}
		}
	}
	r.purls = make([]release.PURL, len(f.Package))
	if len(own) == 1 {
		r.inv.Root, _ = r.purl(f.Package[own[0]].Name, f.Package[own[0]].Version)
		r.purls[own[0]] = r.inv.Root
	}
	for i, p := range f.Package {
		relation := release.RelationTransitive
		if len(own) == 0 {
			relation = release.RelationUnknown
		} else if direct[i] {
			relation = release.RelationDirect
		}
		r.component(i, p, relation)
		if r.failed {
			return
		}
	}
	for i, to := range needs {
		for _, j := range to {
			r.edge(r.purls[i], r.purls[j])
		}
	}
}

// find is the package that a dependency names: "name", "name version" or "name version
// (source)", as much as it takes to name one; -1 where it does not.
func (r *cargoReader) find(d string) int {
	parts := strings.SplitN(d, " ", 3)
	found := -1
	const most = 5_000_000 // steps for a whole file
	for _, i := range r.byName[parts[0]] {
		if r.steps++; r.steps > most {
			r.fail(release.GapTooLarge, "too many packages of one name")
			return -1
		}
		p := &r.file.Package[i]
		if len(parts) > 1 && p.Version != parts[1] || len(parts) > 2 && "("+p.Source+")" != parts[2] {
			continue
		}
		switch {
		case found < 0, len(parts) == 2 && p.Source == "" && r.file.Package[found].Source != "": // a directory has no source to be named by
			found = i
		case len(parts) != 2 || p.Source == "" || r.file.Package[found].Source != "":
			return -1
		}
	}
	return found
}

func (r *cargoReader) component(i int, p cargoPackage, relation release.Relation) {
	if p.Replace != "" {
		r.gap(release.GapDependencyOrigin, p.Name, "it is replaced by %s", short(cleanURL(p.Replace)))
	}
	if p.Source == "" {
		if p.Checksum != "" {
			r.gap(release.GapAmbiguous, p.Name, "a directory with a checksum")
		}
		return
	}
	purl, ok := r.purl(p.Name, p.Version)
	if !ok {
		return
	}
	r.purls[i] = purl
	if !semverLike(p.Version) {
		r.gap(release.GapUnpinned, string(purl), "%q is no version", p.Version)
	}
	sum := p.Checksum
	if old, ok := r.file.Metadata["checksum "+p.Name+" "+p.Version+" ("+p.Source+")"]; ok && old != "<none>" {
		if sum != "" && sum != old {
			r.gap(release.GapAmbiguous, string(purl), "it has two checksums")
		}
		sum = old
	}
	c := release.Component{PURL: purl, Relation: relation}
	if sum != "" {
		c.Integrity = "sha256:" + sum
		c.Digest, _ = release.ParseDigest(c.Integrity)
		if c.Digest.IsZero() {
			r.gap(release.GapUnreadable, string(purl), "its checksum is no SHA-256")
			c.Integrity = ""
		}
	}
	kind, address, _ := strings.Cut(p.Source, "+")
	switch {
	case p.Source == "registry+https://github.com/rust-lang/crates.io-index" || p.Source == "sparse+https://index.crates.io/":
	case kind == "git" && !pinsCommit(address):
		r.gap(release.GapUnpinned, string(purl), "%s has no commit", short(cleanURL(address)))
		fallthrough
	case kind == "git":
		c.Origin = originOf(address)
	case kind == "registry" || kind == "sparse" || kind == "local-registry" || kind == "directory":
		c.Origin = originOf(address)
		if sum == "" {
			r.gap(release.GapUnpinned, string(purl), "%s is another registry, and there is no checksum", short(cleanURL(address)))
		}
	default:
		c.Origin = originOf(p.Source)
		r.gap(release.GapUnsupported, string(purl), "a source that is not known: %s", short(kind))
	}
	r.add(c)
}
