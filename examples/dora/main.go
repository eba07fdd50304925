// Command dora measures deployments: the five metrics of DORA for each service,
// each with an interval and what it rests on, and what was told apart on the way.
//
//	go run ./examples/dora [-deployments FILE [-incidents FILE]] [-out DIR]
//
// FILE is a .csv, .csv.gz, .jsonl or .jsonl.gz. A CSV file may begin with a line that
// names its columns; without one they are
//
//	deployments: time, environment, service, version
//	incidents:   time, environment, service, resolved
//
// and a header may name the other columns of package table too, such as id, started,
// outcome, planned and caused-by, and region. Times are Unix seconds or RFC 3339. The
// lines of a JSONL file are facts as package table writes them. Without
// -deployments the tags of the git repository that it stands in are taken for
// deployments. With -out, a chart of each metric by month is written to DIR as SVG.
//
// Exit codes: 0 measured, 1 there was nothing to measure, 2 wrong usage, or something
// could not be read or written.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

const (
	exitMeasured = 0
	exitNothing  = 1
	exitFailed   = 2
)

// errNothing says that there was nothing to measure.
var errNothing = errors.New("there is nothing to measure")

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// options are the flags.
type options struct{ deployments, incidents, out string }

const usage = "usage: dora [-deployments FILE [-incidents FILE]] [-out DIR]"

func parseFlags(args []string, help io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("dora", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.deployments, "deployments", "", "a file of deployments: .csv, .csv.gz, .jsonl or .jsonl.gz (default: the tags of this git repository)")
	f.StringVar(&o.incidents, "incidents", "", "a file of incidents")
	f.StringVar(&o.out, "out", "", "the directory that charts are written to (default: none are)")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(help, usage)
		f.SetOutput(help)
		f.PrintDefaults()
		return o, err
	case err != nil:
		return o, fmt.Errorf("%w; %s", err, usage)
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q; %s", f.Arg(0), usage)
	case o.incidents != "" && o.deployments == "":
		return o, fmt.Errorf("-incidents is of no use without -deployments; %s", usage)
	}
	return o, nil
}

func run(args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return exitMeasured
	}
	if err == nil {
		err = measureAll(o, stdout, &progress{w: stderr, begin: time.Now()})
	}
	if err != nil {
		fmt.Fprintf(stderr, "dora: %s\n", strings.TrimPrefix(err.Error(), "dora: "))
		if errors.Is(err, errNothing) {
			return exitNothing
		}
		return exitFailed
	}
	return exitMeasured
}

// progress tells a waiting reader what is going on.
type progress struct {
	w     io.Writer
	begin time.Time
}

func (p *progress) say(format string, args ...any) {
	fmt.Fprintf(p.w, "%6.1fs  %s\n", time.Since(p.begin).Seconds(), fmt.Sprintf(format, args...))
}
