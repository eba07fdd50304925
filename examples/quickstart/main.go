// Command quickstart runs the whole loop on a real git repository, offline: what
// changes, how careful to be, what is missing, real evidence, a decision, a
// rollout in stages, the five DORA metrics, and what was learned.
//
//	go run ./examples/quickstart [-repo DIR] [-base REV] [-head REV] [-out DIR] [-regress]
//
// The change set, the check, the artifact, the signatures and the decisions are
// real. The policy and the waivers (.sallyport/policy.yaml, .sallyport/waivers.yaml) and
// the code owners that the release is judged by are those of its base; with a policy
// that cannot be read there is no verdict. The approvers' keys are demonstration keys
// that the program makes, and the deployment, its traffic and the time that passes are
// simulated; the program says so where it happens. Kill it in mid-rollout and run it
// again: it goes on where it was.
//
// Exit codes: 0 allowed and rolled out, 1 denied or rolled back, 2 wrong usage or
// could not evaluate, 3 hold.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/evidence"
)

const (
	exitRolledOut = evidence.ExitAllow
	exitDenied    = evidence.ExitDeny
	exitNoVerdict = evidence.ExitNoVerdict
	exitHold      = evidence.ExitHold
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the flags.
type options struct {
	repo, base, head, out string
	regress               bool
}

const usage = `usage: quickstart [-repo DIR] [-base REV] [-head REV] [-out DIR] [-regress]`

func parseFlags(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.repo, "repo", ".", "the git repository")
	f.StringVar(&o.base, "base", "", "the revision to start from (default: the nearest tag before -head, else nothing)")
	f.StringVar(&o.head, "head", "HEAD", "the revision to release")
	f.StringVar(&o.out, "out", "", "where to keep journal, evidence and reports (default: out/SERVICE)")
	f.BoolVar(&o.regress, "regress", false, "let the new version err, so that it is rolled back")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		var b strings.Builder
		b.WriteString(usage + "\n")
		f.SetOutput(&b)
		f.PrintDefaults()
		return options{}, helpWanted(strings.TrimRight(b.String(), "\n"))
	case err != nil:
		return options{}, fmt.Errorf("%w; %s", err, usage)
	case f.NArg() > 0:
		return options{}, fmt.Errorf("unexpected argument %q; %s", f.Arg(0), usage)
	}
	return o, nil
}

// helpWanted is the text of -h.
type helpWanted string

func (h helpWanted) Error() string { return string(h) }

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args)
	if h, ok := errors.AsType[helpWanted](err); ok {
		fmt.Fprintln(stdout, h)
		return 0
	}
	if err == nil {
		var code int
		if code, err = tell(ctx, o, newPrinter(stdout)); err == nil {
			return code
		}
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted; run the same command again and it goes on where it was")
	}
	fmt.Fprintln(stderr, "quickstart: "+oneLine(err.Error()))
	return exitNoVerdict
}

// oneLine keeps an error on one line, whatever it quotes, and lets nothing in it
// steer the terminal.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, s)
}

// serviceName is what the example calls the thing that it releases: the
// repository's name, as far as it is made of letters, digits, "." and "-".
func serviceName(repository string) string {
	name := strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '_' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '-'
	}, repository)
	if strings.Trim(name, ".-_") == "" {
		return "service"
	}
	return name[:min(len(name), 100)]
}
