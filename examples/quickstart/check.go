package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// checkResult is what a real check of the revision's files found.
type checkResult struct {
	Name     string   // what ran: "go vet", "gofmt -l", "conflict markers"
	Note     string   // why it was this check, when it was not the first choice
	Findings []string // what it found, a line each; none is a pass
	Took     time.Duration
}

func (c checkResult) passed() bool { return len(c.Findings) == 0 }

// String says what ran and what it found.
func (c checkResult) String() string {
	s := c.Name + " passed"
	if !c.passed() {
		s = fmt.Sprintf("%s failed with %d findings, the first: %s", c.Name, len(c.Findings), c.Findings[0])
	}
	if c.Note != "" {
		s += " (" + c.Note + ")"
	}
	return s
}

// vetTimeout leaves the whole example well under a minute.
const vetTimeout = 25 * time.Second

// check runs the best check that can run here on a clean tree of the revision: go
// vet for a Go module whose dependencies are on this machine; else the
// formatting of its Go files; else, in a repository without Go, a search for
// merge conflict markers.
func check(ctx context.Context, dir string) (checkResult, error) {
	began := time.Now()
	res, err := chooseCheck(ctx, dir)
	res.Took = time.Since(began)
	return res, err
}

func chooseCheck(ctx context.Context, dir string) (checkResult, error) {
	goFiles, err := filesNamed(dir, ".go")
	if err != nil {
		return checkResult{}, err
	}
	if len(goFiles) == 0 {
		return conflictMarkers(dir)
	}
	note := "no go.mod, so go vet cannot run"
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		var res checkResult
		if res, note = vet(ctx, dir); note == "" {
			return res, nil
		}
		if ctx.Err() != nil {
			return checkResult{}, ctx.Err()
		}
	}
	res, err := gofmt(goFiles, dir)
	res.Note = note
	return res, err
}

// vet runs go vet without network. A note says why it could not run.
func vet(ctx context.Context, dir string) (res checkResult, note string) {
	program, err := exec.LookPath("go")
	if err != nil {
		return checkResult{}, "there is no go command here"
	}
	ctx, cancel := context.WithTimeout(ctx, vetTimeout)
	defer cancel()
	tool := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Dir = dir
		// Nothing is fetched, no other toolchain is started, and neither a
		// workspace nor cgo directives of the tree have a say.
		cmd.Env = append(os.Environ(), "GOPROXY=off", "GOTOOLCHAIN=local", "GOFLAGS=-mod=readonly", "GOWORK=off", "CGO_ENABLED=0")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		cmd.WaitDelay = time.Second
		err := cmd.Run()
		return out.String(), err
	}
	if out, err := tool("list", "-deps", "-test", "./..."); err != nil {
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

// firstLine is the first line that says more than that something is fetched.
func firstLine(s string) string {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "go: downloading ") {
			return line
		}
	}
	return "it said nothing"
}

// gofmt is `gofmt -l`, by the library that gofmt is made of.
func gofmt(files []string, dir string) (checkResult, error) {
	res := checkResult{Name: "gofmt -l"}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			return checkResult{}, err
		}
		if rel, _ := filepath.Rel(dir, name); slices.Contains(strings.Split(rel, string(filepath.Separator)), "testdata") {
			continue // go vet leaves it out too: it may be wrong on purpose
		}
		formatted, err := format.Source(src)
		if rel, _ := filepath.Rel(dir, name); err != nil || !bytes.Equal(src, formatted) {
			res.Findings = append(res.Findings, rel)
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
		text := "\n" + string(src)
		if strings.Contains(text, "\n<<<<<<< ") && strings.Contains(text, "\n>>>>>>> ") {
			rel, _ := filepath.Rel(dir, name)
			res.Findings = append(res.Findings, rel)
		}
	}
	return res, nil
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
