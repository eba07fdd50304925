package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/gittags"
	"github.com/sallyport-dev/sallyport/metrics/table"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

// deploymentsSource is the source of all deployments, so that incidents can name
// them by their ID.
const deploymentsSource = "deployments"

// maxRows bounds the rows of one file.
const maxRows = 20_000_000

// plain are the columns of a file without a header.
var plain = map[metrics.FactKind][]string{
	metrics.KindDeployment: {"time", "environment", "service", "version"},
	metrics.KindIncident:   {"time", "environment", "service", "resolved"},
}

// readFile reads the facts of a file and gives each to add.
func readFile(path string, kind metrics.FactKind, p *progress, add func(f metrics.Fact) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var in io.Reader = f
	name, zipped := strings.CutSuffix(path, ".gz")
	if zipped {
		if in, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	var rows iter.Seq2[table.Row, error]
	switch filepath.Ext(name) {
	case ".csv":
		rows = readCSV(in, kind)
	case ".jsonl":
		rows = table.ReadLines(in)
	default:
		return fmt.Errorf("%s: its name ends with none of .csv, .csv.gz, .jsonl, .jsonl.gz", path)
	}
	facts := 0
	for row, err := range rows {
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if facts++; facts > maxRows {
			return fmt.Errorf("%s: line %d: more than %d rows", path, row.Line, maxRows)
		}
		if err := add(row.Fact); err != nil {
			return fmt.Errorf("%s: line %d: %w", path, row.Line, err)
		}
		if facts%25_000 == 0 {
			p.say("%s: %d rows read", path, facts)
		}
	}
	p.say("%s: %d %ss read", path, facts, kind)
	if facts == 0 && kind == metrics.KindDeployment {
		return fmt.Errorf("%s holds no %s: %w", path, kind, errNothing)
	}
	return nil
}

// readCSV reads rows whose columns the first of them may name.
func readCSV(in io.Reader, kind metrics.FactKind) iter.Seq2[table.Row, error] {
	o := table.Options{Kind: kind, Source: kind.String() + "s", RefSource: deploymentsSource, Outcome: metrics.DeploymentSucceeded,
		Dims: []string{"region"}, Names: map[string]string{"causedby": "caused-by"}}
	r := bufio.NewReader(in)
	begin, err := r.Peek(64)
	if len(begin) == 0 && errors.Is(err, io.EOF) {
		return func(func(table.Row, error) bool) {}
	}
	cell, _, _ := strings.Cut(string(begin), ",")
	if _, err := table.Time(cell); err == nil { // a time is no name of a column
		o.Header = plain[kind]
	}
	return table.ReadCSV(r, o)
}

// readTags takes each tag of the repository for a deployment of it.
func readTags(p *progress, add func(f metrics.Fact) error) error {
	ctx := context.Background()
	repo, err := gitlog.Open(ctx, ".")
	if err != nil {
		return fmt.Errorf("no -deployments, and no tags to take their place: %w", err)
	}
	service := repo.Name()
	facts, gaps, err := gittags.Read(ctx, repo, gittags.Options{Service: service, Source: deploymentsSource})
	if err != nil {
		return err
	}
	for _, g := range gaps {
		p.say("not known: %s", g.Detail)
	}
	for _, f := range facts {
		if err := add(f); err != nil {
			return err
		}
	}
	p.say("%d facts of the tags of %s read", len(facts), service)
	if len(facts) == 0 {
		return fmt.Errorf("the git repository %s has no tags: %w (name a file with -deployments)", service, errNothing)
	}
	return nil
}
