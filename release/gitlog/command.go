package gitlog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// maxStderr is how much of git's complaints is kept, in bytes.
const maxStderr = 2 << 10

// process is a git command that is being read from. Whoever starts one calls
// close, which leaves no process and no goroutine behind.
type process struct {
	name   string
	ctx    context.Context // the caller's
	limit  context.Context // the caller's, with the time limit
	cancel context.CancelFunc
	stop   func() bool
	cmd    *exec.Cmd
	in     io.WriteCloser // of converse
	out    *bufio.Reader
	stderr prefix
}

// start runs git in the sandbox. Input is read to its end or until git ends.
func (b *sandbox) start(ctx context.Context, input io.Reader, args ...string) (*process, error) {
	p := b.process(ctx, args)
	p.cmd.Stdin = input
	return p, p.begin(b.repo.options.MaxBytes)
}

// converse is start for a command that answers what is written to p.in, which
// close closes.
func (b *sandbox) converse(ctx context.Context, args ...string) (*process, error) {
	p := b.process(ctx, args)
	in, err := p.cmd.StdinPipe()
	if err != nil {
		p.cancel()
		return nil, fmt.Errorf("gitlog: git %s: %w", p.name, err)
	}
	p.in = in
	return p, p.begin(b.repo.options.MaxBytes)
}

func (b *sandbox) process(ctx context.Context, args []string) *process {
	p := &process{name: args[0], ctx: ctx}
	p.limit, p.cancel = context.WithTimeout(ctx, b.repo.options.Timeout)
	p.cmd = exec.CommandContext(p.limit, b.repo.program, append([]string{"--no-pager"}, args...)...)
	p.cmd.Dir = b.dir
	p.cmd.Env = b.env()
	p.cmd.Stderr = &p.stderr
	// A child of git's that outlives it must not keep us waiting.
	p.cmd.WaitDelay = time.Second
	return p
}

func (p *process) begin(maxBytes int64) error {
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		if late := p.late(); late != nil { // before git was even started
			err = late
		}
		p.cancel()
		return fmt.Errorf("gitlog: git %s: %w", p.name, err)
	}
	// Killing git ends a read, unless something that it started holds the pipe.
	p.stop = context.AfterFunc(p.limit, func() { _ = out.Close() })
	p.out = bufio.NewReaderSize(&limited{r: out, left: maxBytes}, 1<<16)
	return nil
}

// close ends the command. Err is what the reader of its output met, nil if it has
// read everything. The result is nil only if git succeeded and said no more than
// was read; otherwise it is the cause that lies deepest.
func (p *process) close(err error) error {
	if p.in != nil {
		_ = p.in.Close() // git may be gone already; its status says why
	}
	if err == nil {
		if c, e := p.out.ReadByte(); e == nil {
			err = fmt.Errorf("output goes on with byte %q", c)
		} else if !errors.Is(e, io.EOF) {
			err = e
		}
	}
	ended := err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if !ended {
		p.cancel() // we have no more use for it
	}
	waited := p.cmd.Wait()
	late := p.late() // before our own cancel below
	p.stop()
	p.cancel()
	switch {
	case late != nil:
		return fmt.Errorf("gitlog: git %s: %w", p.name, late)
	case !ended:
		return fmt.Errorf("gitlog: git %s: %w", p.name, err)
	case waited != nil:
		return &CommandError{Command: p.name, Status: waited.Error(), Stderr: string(p.stderr)}
	case err != nil:
		return fmt.Errorf("gitlog: git %s: output ends early: %w", p.name, cutShort(err))
	}
	return nil
}

// late is the end of the caller's context or of the time allowed, if one has come.
func (p *process) late() error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	if err := p.limit.Err(); errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("not done in the time allowed: %w", err)
	}
	return nil
}

// output runs git and returns everything that it wrote.
func (b *sandbox) output(ctx context.Context, args ...string) ([]byte, error) {
	p, err := b.start(ctx, nil, args...)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(p.out)
	if err := p.close(err); err != nil {
		return nil, err
	}
	return out, nil
}

// limited is a reader that fails with ErrTooLarge when there is more than left.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(b []byte) (int, error) {
	if l.left < 0 {
		return 0, ErrTooLarge
	}
	n, err := l.r.Read(b)
	if l.left -= int64(n); l.left < 0 {
		return n + int(l.left), ErrTooLarge
	}
	return n, err
}

// prefix is a writer that keeps the beginning of what is written.
type prefix []byte

func (p *prefix) Write(b []byte) (int, error) {
	*p = append(*p, b[:min(len(b), max(0, maxStderr-len(*p)))]...)
	return len(b), nil
}
