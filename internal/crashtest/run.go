//go:build unix

package crashtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Options say what [Run] kills and how the journal is opened.
type Options struct {
	// Writer is the name of the test function that calls [Writer].
	Writer string
	// Open opens the journal at Place in the test's own process. If Writers is 1, no
	// writer lives while it is open.
	Open  Open
	Place string
	// Writers is how many processes append at once; one of them is killed at a time. If
	// zero, 1.
	Writers int
	// Rounds is how often something is killed.
	Rounds int
	// Compact makes the writers forget most of their own streams all the time.
	Compact bool
	// Stop stops a writer for longer than its leases last, and lets it go on, in place of
	// killing it.
	Stop bool
	// Server, if not nil, kills the server and starts it again: alone in one round, in
	// the next not at all, and in the next together with a writer.
	Server func() error
	// Settle, if not nil, waits until nothing works for writers that were killed any
	// more: a server may go on for a while with what a dead client has sent.
	Settle func() error
	// Leave, if not nil, leaves the journal in every other round in place of Close: as a
	// process that ends without closing it.
	Leave func(journal.Journal) error
}

// Result says what happened.
type Result struct {
	// Rounds is how often something was killed or stopped; Acked how many appends were
	// acknowledged in all, and Fenced how many were refused because of their token.
	Rounds, Acked, Fenced int
}

// wholeEvery is how many rounds with several writers lie between two in which all are
// killed, so that what must be true when nobody writes is looked at.
const wholeEvery = 10

// patience bounds how long a writer may take for its next acknowledgement.
const patience = 30 * time.Second

// process is one writer.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when its pipe has been read to the end

	mu      sync.Mutex
	notices []Notice
	acks    int
}

// run is a test under way.
type run struct {
	Options
	t       *testing.T
	checker Checker
	writers []*process
	started int
	result  Result
	hold    bool
}

// Run starts writers, kills them at random moments as the options say, and checks the
// journal after each. It fails the test if anything that was acknowledged is not
// there, or anything else is as [Checker] says that it must not be.
func Run(t *testing.T, o Options) Result {
	o.Writers = max(o.Writers, 1)
	r := &run{Options: o, t: t, writers: make([]*process, o.Writers)}
	defer r.killAll()
	for r.result.Rounds = range o.Rounds {
		r.startAll()
		time.Sleep(rand.N(60 * time.Millisecond))
		quiet := r.strike(r.result.Rounds)
		r.check(quiet)
	}
	r.result.Rounds = o.Rounds
	r.killAll()
	r.settle()
	r.open(func(j journal.Journal) error {
		if err := r.checker.Check(t.Context(), j, true); err != nil {
			return err
		}
		return r.checker.Whole(t.Context(), j)
	})
	r.result.Acked = r.checker.Appends()
	require.NotZero(t, r.result.Acked, "no append was ever acknowledged")
	return r.result
}

// startAll starts the writers that do not live, and waits until each of them has had
// an append acknowledged.
func (r *run) startAll() {
	for i, p := range r.writers {
		if p == nil {
			r.writers[i] = r.start(fmt.Sprint("w", i))
		} else {
			p.mu.Lock()
			p.acks = 0
			p.mu.Unlock()
		}
	}
	for _, p := range r.writers {
		p.await(r.t)
	}
}

func (r *run) start(slot string) *process {
	r.started++
	text, err := json.Marshal(job{Place: r.Place, Slot: slot, ID: fmt.Sprint("p", r.started),
		MayFail: r.Server != nil || r.Stop, Compact: r.Compact, Hold: r.hold})
	require.NoError(r.t, err)
	p := &process{cmd: exec.Command(os.Args[0], "-test.run=^"+r.Writer+"$"), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), writerEnv+"="+string(text))
	p.cmd.SysProcAttr = bound()
	_, err = p.cmd.StdinPipe() // it ends when this process does, and the writer with it
	require.NoError(r.t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(r.t, err)
	var stderr strings.Builder
	p.cmd.Stderr = &stderr
	require.NoError(r.t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		readNotices(out, func(n Notice) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.notices = append(p.notices, n)
			if n.Kind == Acked {
				p.acks++
			}
		})
		// All of the pipe was read: now Wait may close it.
		err := p.cmd.Wait()
		if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.Exited() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.notices = append(p.notices, Notice{Kind: Broken, Text: fmt.Sprintf("it ended by itself: %v %s", err, stderr.String())})
		}
	}()
	return p
}

// await waits for an acknowledgement, or for the end of the writer, which the check
// then reports.
func (p *process) await(t *testing.T) {
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		p.mu.Lock()
		acks := p.acks
		p.mu.Unlock()
		select {
		case <-p.ended:
			return
		default:
		}
		if acks > 0 {
			return
		}
		require.True(t, time.Now().Before(deadline), "a writer had nothing acknowledged for %v", patience)
	}
}

// strike kills what is to be killed in a round, and reports whether no writer lives.
func (r *run) strike(round int) (quiet bool) {
	victim := rand.IntN(len(r.writers))
	switch {
	case r.Stop:
		p := r.writers[victim]
		require.NoError(r.t, p.cmd.Process.Signal(syscall.SIGSTOP))
		time.Sleep(leaseTTL + rand.N(leaseTTL))
		require.NoError(r.t, p.cmd.Process.Signal(syscall.SIGCONT))
	case r.Server != nil && round%3 == 0:
		require.NoError(r.t, r.Server())
	case r.Server != nil && round%3 == 2:
		gone := make(chan error, 1)
		go func() { gone <- r.Server() }()
		r.kill(victim)
		require.NoError(r.t, <-gone)
	default:
		r.kill(victim)
	}
	if round%wholeEvery == wholeEvery-1 {
		r.killAll()
	}
	for _, p := range r.writers {
		if p != nil {
			return false
		}
	}
	return true
}

// kill kills one writer and waits until all that it said was read.
func (r *run) kill(i int) {
	p := r.writers[i]
	if p == nil {
		return
	}
	p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.ended
	r.take(p)
	r.writers[i] = nil
}

func (r *run) killAll() {
	for i := range r.writers {
		r.kill(i)
	}
}

// take gives the checker what a writer has said until now.
func (r *run) take(p *process) {
	p.mu.Lock()
	notices := p.notices
	p.notices = nil
	p.mu.Unlock()
	for _, n := range notices {
		if n.Kind == Fenced {
			r.result.Fenced++
		}
		if err := r.checker.Note(n); err != nil {
			r.t.Errorf("round %d: %v", r.result.Rounds, err)
		}
	}
}

func (r *run) settle() {
	if r.Settle != nil {
		require.NoError(r.t, r.Settle())
	}
}

// check compares the journal with what was said before it was opened.
func (r *run) check(quiet bool) {
	for _, p := range r.writers {
		if p != nil {
			r.take(p)
		}
	}
	require.False(r.t, r.t.Failed())
	if quiet {
		r.settle()
	}
	r.open(func(j journal.Journal) error { return r.checker.Check(r.t.Context(), j, quiet) })
}

func (r *run) open(f func(journal.Journal) error) {
	j, err := r.Open(r.Place)
	require.NoError(r.t, err, "round %d: open after the crash", r.result.Rounds)
	err = f(j)
	leave := journal.Journal.Close
	if r.Leave != nil && r.result.Rounds%2 == 1 {
		leave = r.Leave
	}
	left := leave(j)
	require.NoError(r.t, err, "round %d", r.result.Rounds)
	require.NoError(r.t, left)
}
