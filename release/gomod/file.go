package gomod

import (
	"bytes"
	"errors"
	"fmt"
	"go/version"
	"path"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/sallyport-dev/sallyport/release"
)

// Limits of what is read. The largest known files are far below.
const (
	MaxMod = 1 << 20 // bytes of a go.mod
	MaxSum = 8 << 20 // bytes of a go.sum
)

// maxLines bounds the lines of a go.mod: the parser keeps an error for each.
const maxLines = 20_000

// File is a go.mod with the go.sum beside it, as they are in one revision.
type File struct {
	// Path is go.mod's path in the repository, such as "go.mod" or "tools/go.mod".
	// If empty, it is "go.mod".
	Path release.Path
	// Mod and Sum are the contents. Nil means that there is no such file in this
	// revision. A file that is there and could not be read must not be given as nil:
	// report a gap instead.
	Mod, Sum []byte
}

func (f File) path() release.Path {
	if f.Path == "" {
		return "go.mod"
	}
	return f.Path
}

// sumPath is where the go.sum is.
func (f File) sumPath() release.Path {
	return release.Path(strings.TrimSuffix(string(f.path()), ".mod") + ".sum")
}

// sources are the files that there are, each with its digest.
func (f File) sources() []release.Source {
	var out []release.Source
	if f.Mod != nil {
		out = append(out, release.Source{Path: f.path(), Format: "go.mod", Digest: release.DigestOf(f.Mod)})
	}
	if f.Sum != nil {
		out = append(out, release.Source{Path: f.sumPath(), Format: "go.sum", Digest: release.DigestOf(f.Sum)})
	}
	return out
}

// source is both files as one.
func (f File) source() release.Source {
	out := release.Source{Path: f.path(), Format: "go.mod"}
	files := f.sources()
	switch {
	case f.Mod != nil && f.Sum != nil:
		out.Format, out.Digest = "go.mod+go.sum", both(files)
	case f.Mod != nil:
		out.Digest = files[0].Digest
	}
	return out
}

// both is the digest of a list of files with their digests, as sha256sum writes it.
func both(files []release.Source) release.Digest {
	var list []byte
	for _, file := range files {
		list = fmt.Appendf(list, "%x  %s\n", file.Digest[:], path.Base(string(file.Path)))
	}
	return release.DigestOf(list)
}

// require is one required module.
type require struct {
	version string
	direct  bool
}

// target is what a replace directive puts in place. A directory has no version.
type target struct{ path, version string }

func (t target) local() bool { return t.version == "" }

func (t target) String() string {
	if t.local() {
		return release.Text(t.path).String()
	}
	return t.path + " " + t.version
}

// contents is a go.mod with its go.sum, understood.
type contents struct {
	present    bool
	module     string
	golang     string // the go directive without "go", "" without one
	toolchain  string
	requires   map[string]require
	replaces   map[module.Version]target // the key's version is "" for all versions
	directives map[directive]bool
	sums       sums
}

// directive is one of the directives that are either there or not.
type directive struct {
	pkg  string // the module that it is about, "" for the own one
	text string
}

// read understands a file. Gaps say what could not be; ok is false if that was the
// go.mod.
func read(f File) (c contents, gaps []release.Gap, ok bool) {
	c = contents{requires: map[string]require{}, replaces: map[module.Version]target{}, directives: map[directive]bool{}}
	c.sums, gaps = readSums(f)
	if f.Mod == nil {
		return c, gaps, true
	}
	subject := f.path().String()
	if len(f.Mod) > MaxMod {
		return c, append(gaps, release.Gap{Kind: release.GapTooLarge, Subject: subject, Detail: fmt.Sprintf("%d bytes, more than %d", len(f.Mod), MaxMod)}), false
	}
	if n := bytes.Count(f.Mod, []byte("\n")); n > maxLines {
		return c, append(gaps, release.Gap{Kind: release.GapTooLarge, Subject: subject, Detail: fmt.Sprintf("%d lines, more than %d", n, maxLines)}), false
	}
	m, err := modfile.Parse("go.mod", f.Mod, nil)
	if err == nil {
		err = c.fill(m)
	}
	if err != nil {
		return c, append(gaps, release.Gap{Kind: release.GapUnreadable, Subject: subject, Detail: firstLine(err)}), false
	}
	return c, gaps, true
}

// firstLine is the first of the errors of a parser, safe to print and not long.
func firstLine(err error) string {
	if list, ok := errors.AsType[modfile.ErrorList](err); ok && len(list) > 0 {
		err = &list[0]
	}
	text := err.Error()
	const most = 300
	if len(text) > most {
		text = text[:most]
	}
	return release.Text(text).String()
}

// fill takes what a parsed go.mod says, and returns the first error.
func (c *contents) fill(m *modfile.File) error {
	if m.Module == nil {
		return errors.New("go.mod:1: no module directive")
	}
	at := func(l *modfile.Line, path string) error {
		if err := module.CheckImportPath(path); err != nil {
			return fmt.Errorf("go.mod:%d: %w", l.Start.Line, err)
		}
		return nil
	}
	errs := []error{at(m.Module.Syntax, m.Module.Mod.Path)}
	c.present, c.module = true, m.Module.Mod.Path
	if m.Go != nil {
		c.golang = m.Go.Version
	}
	if m.Toolchain != nil {
		c.toolchain = m.Toolchain.Name
	}
	for _, r := range m.Require {
		errs = append(errs, at(r.Syntax, r.Mod.Path))
		was := c.requires[r.Mod.Path] // go takes the highest of several
		if was.version == "" || semver.Compare(r.Mod.Version, was.version) > 0 {
			was.version = r.Mod.Version
		}
		c.requires[r.Mod.Path] = require{version: was.version, direct: was.direct || !r.Indirect}
	}
	for _, r := range m.Replace {
		errs = append(errs, at(r.Syntax, r.Old.Path))
		if r.New.Version != "" {
			errs = append(errs, at(r.Syntax, r.New.Path))
		}
		t := target{r.New.Path, r.New.Version}
		if was, ok := c.replaces[r.Old]; ok && was != t {
			errs = append(errs, fmt.Errorf("go.mod:%d: another replacement of the same module", r.Syntax.Start.Line))
		}
		c.replaces[r.Old] = t
	}
	for _, e := range m.Exclude {
		errs = append(errs, at(e.Syntax, e.Mod.Path))
		c.directives[directive{e.Mod.Path, "exclude " + e.Mod.Version}] = true
	}
	for _, r := range m.Retract {
		c.directives[directive{"", "retract [" + r.Low + ", " + r.High + "]"}] = true
	}
	for _, t := range m.Tool {
		c.directives[directive{"", "tool " + release.Text(t.Path).String()}] = true
	}
	for _, i := range m.Ignore {
		c.directives[directive{"", "ignore " + release.Text(i.Path).String()}] = true
	}
	for _, g := range m.Godebug {
		c.directives[directive{stdlib, "godebug " + release.Text(g.Key+"="+g.Value).String()}] = true
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// lists reports whether the file lists the modules of dependencies, as it has done
// since Go 1.17.
func (c *contents) lists() bool {
	return c.present && version.Compare("go"+c.golang, "go1.17") >= 0
}

// replaced is what stands in for a module in a version.
func (c *contents) replaced(path, v string) (target, bool) {
	if t, ok := c.replaces[module.Version{Path: path, Version: v}]; ok {
		return t, true
	}
	t, ok := c.replaces[module.Version{Path: path}]
	return t, ok
}
