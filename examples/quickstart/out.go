package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// runID is what a run is about. A run is gone on with only by one that is about
// the same.
type runID struct {
	Repository release.Path `json:"repository"`
	Base       string       `json:"base"`
	Head       string       `json:"head"`
	Regress    bool         `json:"regress"`
}

// outDir is the output directory: journals, evidence, reports, and the simulated
// world.
type outDir struct {
	dir string
	// runs lists the runs, each started and most of them finished. Its lock keeps a
	// second program out of the directory until close.
	runs    *journal.File
	version uint64 // of the stream of runs
	number  int    // of this run, from 1
	resumed bool
}

// The records of runs.
const (
	runsStream  = "runs"
	runStarted  = "started"
	runFinished = "finished"
)

// setAsideNames are what belongs to one run; keys and what was learned stay.
var setAsideNames = []string{"journal", "world.json", "record.json", "report.md", "report.html", "bundles", artifactName}

// openOut makes the directory ready for a run. An unfinished run of the same is
// gone on with; what a finished one left is set aside under its number. Anything
// else in the way is an error.
func openOut(ctx context.Context, dir string, id runID) (*outDir, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	o := &outDir{dir: dir}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(o.path(runsStream)); errors.Is(err, fs.ErrNotExist) && len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty and holds no run of this program; choose another -out", dir)
	}
	if o.runs, err = journal.Open(o.path(runsStream), &journal.Options{Preallocate: 4096}); errors.Is(err, journal.ErrLocked) {
		return nil, fmt.Errorf("another quickstart is running in %s; let it end, or choose another -out", dir)
	} else if err != nil {
		return nil, err
	}
	if err := o.begin(ctx, id, len(entries) > 1); err != nil {
		return nil, errors.Join(err, o.close())
	}
	return o, nil
}

// begin reads the list of runs and decides whether this one goes on with the last.
func (o *outDir) begin(ctx context.Context, id runID, used bool) error {
	var last journal.Record
	var was runID
	for rec, err := range o.runs.Load(ctx, runsStream, 0) {
		if err != nil {
			return err
		}
		if last = rec; rec.Kind == runStarted {
			o.number++
			if err := json.Unmarshal(rec.Data, &was); err != nil {
				return fmt.Errorf("%s: run %d: %w", o.path(runsStream), o.number, err)
			}
		}
	}
	o.version = last.Seq
	if o.number == 0 && used {
		return fmt.Errorf("%s has lost records, for the directory is not empty; choose another -out", o.path(runsStream))
	}
	switch {
	case last.Kind == runStarted && was != id:
		return fmt.Errorf("%s holds an unfinished run; go on with it by %s, or choose another -out", o.dir, was)
	case last.Kind == runStarted:
		o.resumed = true
		return nil
	}
	// If this is interrupted, the next start does the rest of it.
	if o.number > 0 {
		if err := o.setAside(); err != nil {
			return err
		}
	}
	o.number++
	return o.note(ctx, runStarted, id)
}

// String is the flags that make such a run again.
func (id runID) String() string {
	s := fmt.Sprintf("-repo %s -head %s", id.Repository, release.Text(id.Head))
	if id.Base != "" {
		s += fmt.Sprintf(" -base %s", release.Text(id.Base))
	}
	if id.Regress {
		s += " -regress"
	}
	return s
}

// setAside keeps what the last run left, under its number.
func (o *outDir) setAside() error {
	old := o.path(fmt.Sprintf("run-%d", o.number))
	if err := os.MkdirAll(old, 0o755); err != nil {
		return err
	}
	for _, name := range setAsideNames {
		from, to := o.path(name), filepath.Join(old, name)
		if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
			continue // it was never made, or set aside before an interruption
		}
		if _, err := os.Lstat(to); err == nil {
			return fmt.Errorf("%s is there already, so %s cannot be set aside; choose another -out", to, from)
		}
		if err := os.Rename(from, to); err != nil {
			return err
		}
	}
	return nil
}

// note appends to the list of runs.
func (o *outDir) note(ctx context.Context, kind string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	recs, err := o.runs.Append(ctx, journal.Append{Stream: runsStream, Expect: o.version,
		Entries: []journal.Entry{{At: now(), Actor: requester.ID, Kind: kind, Data: data}}})
	if err != nil {
		return err
	}
	o.version = recs[0].Seq
	return nil
}

// finish says that the run is over.
func (o *outDir) finish(ctx context.Context, code int) error {
	return o.note(ctx, runFinished, map[string]int{"exitCode": code})
}

func (o *outDir) close() error { return o.runs.Close() }

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

// writeFile writes a file whole or not at all: a kill in between leaves what was
// there before, and a file that the next writing takes for its own.
func writeFile(path string, data []byte, mode fs.FileMode) error {
	half := filepath.Join(filepath.Dir(path), ".half-"+filepath.Base(path))
	f, err := os.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(half, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(half))
	}
	return nil
}
