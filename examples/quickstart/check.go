package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// checkResult is what a real check of the revision's files found.
type checkResult struct {
	Name     string   // what ran: "go vet", "gofmt -l", "conflict markers"
	Note     string   // why it was this check, when it was not the first choice
	Findings []string // what it found, a line each; none is a pass
}

func (c checkResult) passed() bool { return len(c.Findings) == 0 }

// String says what ran and what it found.
func (c checkResult) String() string {
	s := c.Name + " passed"
	if !c.passed() {
		s = fmt.Sprintf("%s failed with %s, the first: %s", c.Name, count(len(c.Findings), "finding"), clip(c.Findings[0]))
	}
	if c.Note != "" {
		s += " (" + clip(c.Note) + ")"
	}
	return s
}

// clip keeps a line that a tool wrote, and that a file of the tree may have a say
// in, short enough to be read and recorded.
func clip(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// The checks end in time to leave the whole example well under a minute.
const (
	vetTimeout   = 25 * time.Second
	gofmtTimeout = 10 * time.Second
)

// errNoResult says that a check found out nothing.
var errNoResult = errors.New("no result")

// check runs the best check that can run here on a clean tree of the revision: go
// vet for a Go module whose dependencies are on this machine; else the
// formatting of its Go files; else, in a repository without Go, a search for
// merge conflict markers.
func check(ctx context.Context, dir string) (checkResult, error) {
	goFiles, err := filesNamed(dir, ".go")
	if err != nil {
		return checkResult{}, err
	}
	if len(goFiles) == 0 {
		return conflictMarkers(dir)
	}
	note := "no go.mod, so go vet cannot run"
	if _, err := os.Lstat(filepath.Join(dir, "go.mod")); err == nil {
		var res checkResult
		if res, note = vet(ctx, dir, goFiles); note == "" {
			return res, nil
		}
		if ctx.Err() != nil {
			return checkResult{}, ctx.Err()
		}
	}
	res, err := gofmt(ctx, goFiles, dir)
	res.Note = note
	return res, err
}

// vet runs go vet without network. A note says why it could not run.
func vet(ctx context.Context, dir string, goFiles []string) (res checkResult, note string) {
	program, err := exec.LookPath("go")
	if err != nil {
		return checkResult{}, "there is no go command here"
	}
	if usesCgo(goFiles) {
		return checkResult{}, "go vet would have to run a C compiler as the tree says"
	}
	ctx, cancel := context.WithTimeout(ctx, vetTimeout)
	defer cancel()
	env, err := quietEnv(ctx, program, dir)
	if err != nil {
		return checkResult{}, "go vet cannot run here: " + err.Error()
	}
	tool := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Dir, cmd.Env = dir, env
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it cleans up
		cmd.WaitDelay = 2 * time.Second
		err := cmd.Run()
		return out.String(), err
	}
	if out, err := tool("list", "-deps", "-test", "./..."); err != nil && ctx.Err() == nil {
		return checkResult{}, "go vet cannot run here without network: " + firstLine(out)
	}
	out, err := tool("vet", "./...")
	if ctx.Err() != nil {
		return checkResult{}, fmt.Sprintf("go vet did not end within %s", vetTimeout)
	}
	res.Name = "go vet ./..."
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			res.Findings = append(res.Findings, line)
		}
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return checkResult{}, "go vet could not be started: " + err.Error()
	} else if ok && len(res.Findings) == 0 {
		res.Findings = []string{exit.String()}
	}
	if err == nil {
		res.Findings = nil // what it says on success is not a finding
	}
	return res, ""
}

// quietEnv is an environment in which a go command fetches nothing, starts no
// other program than its own tools, and gives the same answer whatever the
// host's settings are: of those only the places of the caches count. Nothing in
// the tree has a say: no workspace, toolchain line, or cgo directive.
func quietEnv(ctx context.Context, program, dir string) ([]string, error) {
	var env []string
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); !strings.HasPrefix(name, "GO") && !strings.HasPrefix(name, "CGO_") {
			env = append(env, v)
		}
	}
	caches := []string{"GOCACHE", "GOMODCACHE", "GOPATH"}
	cmd := exec.CommandContext(ctx, program, append([]string{"env"}, caches...)...)
	cmd.Dir, cmd.Env = filepath.VolumeName(dir)+string(filepath.Separator), append(os.Environ(), "GOTOOLCHAIN=local", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	for i, value := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		if i < len(caches) {
			env = append(env, caches[i]+"="+strings.TrimSuffix(value, "\r"))
		}
	}
	// GOPROXY does not count for what GONOPROXY or GOPRIVATE match, so it takes all
	// of these to be offline.
	env = append(env, "GOENV=off", "GOPROXY=off", "GONOPROXY=none", "GOSUMDB=off", "GOVCS=*:off", "GOTOOLCHAIN=local",
		"GOWORK=off", "CGO_ENABLED=0")
	if _, err := os.Lstat(filepath.Join(dir, "vendor", "modules.txt")); err == nil {
		return append(env, "GOFLAGS=-mod=vendor"), nil
	}
	return append(env, "GOFLAGS=-mod=readonly"), nil
}

// usesCgo reports whether a file imports "C". Without cgo such files are left
// out, and what they declare would seem to be missing.
func usesCgo(goFiles []string) bool {
	for _, name := range goFiles {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err == nil && slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"C"` }) {
			return true
		}
	}
	return false
}

// firstLine is the first line that says more than that something is fetched.
func firstLine(s string) string {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "go: downloading ") {
			return line
		}
	}
	return "it said nothing"
}

// gofmt is `gofmt -l`, by the library that gofmt is made of. It leaves testdata
// out, as go vet does: that may be wrong on purpose. When there is more than it can
// read in time, the error is errNoResult: part of a check is neither a pass nor a
// failure.
func gofmt(ctx context.Context, files []string, dir string) (checkResult, error) {
	res := checkResult{Name: "gofmt -l"}
	began := time.Now()
	for _, name := range files {
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return checkResult{}, err
		}
		if slices.Contains(strings.Split(rel, string(filepath.Separator)), "testdata") {
			continue
		}
		if ctx.Err() != nil {
			return checkResult{}, ctx.Err()
		}
		if time.Since(began) > gofmtTimeout {
			return checkResult{}, fmt.Errorf("%w: gofmt -l did not end within %s", errNoResult, gofmtTimeout)
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return checkResult{}, err
		}
		if formatted, err := format.Source(src); err != nil || !bytes.Equal(src, formatted) {
			res.Findings = append(res.Findings, release.Path(rel).String())
		}
	}
	return res, nil
}

func conflictMarkers(dir string) (checkResult, error) {
	res := checkResult{Name: "search for merge conflict markers", Note: "there is no Go here"}
	files, err := filesNamed(dir, "")
	if err != nil {
		return checkResult{}, err
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			return checkResult{}, err
		}
		if startsLine(src, "<<<<<<< ") && startsLine(src, ">>>>>>> ") {
			rel, _ := filepath.Rel(dir, name)
			res.Findings = append(res.Findings, release.Path(rel).String())
		}
	}
	return res, nil
}

// startsLine reports whether a line of text starts with prefix.
func startsLine(text []byte, prefix string) bool {
	return bytes.HasPrefix(text, []byte(prefix)) || bytes.Contains(text, []byte("\n"+prefix))
}

// filesNamed lists the regular files below dir whose names end in suffix.
func filesNamed(dir, suffix string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, suffix) {
			out = append(out, path)
		}
		return err
	})
	return out, err
}
