package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// runID is what a run is about. A run is gone on with only by one that is about
// the same.
type runID struct {
	Repository string `json:"repository"`
	Base       string `json:"base"`
	Head       string `json:"head"`
	Regress    bool   `json:"regress"`
}

// runFile is what run.json holds.
type runFile struct {
	Run      runID `json:"run"`
	Finished bool  `json:"finished"`
	ExitCode int   `json:"exitCode"`
	// Number counts the runs in this directory.
	Number int `json:"number"`
}

// outDir is the output directory: journal, evidence, reports, and the simulated
// world.
type outDir struct {
	dir     string
	run     runFile
	resumed bool
}

// openOut makes the directory ready for a run. An unfinished run of the same is
// gone on with; a finished one's journal and world are set aside under its
// number. Anything else in the way is an error.
func openOut(dir string, id runID) (*outDir, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	o := &outDir{dir: dir}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	switch err := o.load("run.json", &o.run); {
	case err != nil:
		return nil, err
	case o.run.Number == 0 && len(entries) > 0:
		return nil, fmt.Errorf("%s is not empty and holds no run of this program; choose another -out", dir)
	case o.run.Number > 0 && !o.run.Finished && o.run.Run != id:
		return nil, fmt.Errorf("%s holds an unfinished run of %s at %.12s (-regress=%v); finish that one, or choose another -out",
			dir, o.run.Run.Repository, o.run.Run.Head, o.run.Run.Regress)
	case o.run.Number > 0 && !o.run.Finished:
		o.resumed = true
		return o, nil
	}
	if o.run.Number > 0 {
		if err := o.setAside("journal", "world.json", "record.json", "report.md", "bundles"); err != nil {
			return nil, err
		}
	}
	o.run = runFile{Run: id, Number: o.run.Number + 1}
	return o, o.save("run.json", o.run)
}

// setAside keeps what an earlier run left, under that run's number.
func (o *outDir) setAside(names ...string) error {
	old := o.path(fmt.Sprintf("run-%d", o.run.Number))
	if err := os.MkdirAll(old, 0o755); err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Rename(o.path(name), filepath.Join(old, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (o *outDir) path(name string) string { return filepath.Join(o.dir, name) }

// load reads a JSON file into v; if there is none, v stays as it is.
func (o *outDir) load(name string, v any) error {
	text, err := os.ReadFile(o.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", o.path(name), err)
	}
	return nil
}

// save writes v as a JSON file, whole or not at all.
func (o *outDir) save(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(o.path(name), append(text, '\n'), 0o644)
}

// finish says that the run is over.
func (o *outDir) finish(code int) error {
	o.run.Finished, o.run.ExitCode = true, code
	return o.save("run.json", o.run)
}
