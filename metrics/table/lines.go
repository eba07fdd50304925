package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/sallyport-dev/sallyport/metrics"
)

// ReadLines yields the fact of each line, as [metrics.ParseFact] reads it. Empty
// lines are none. An error is the last that is yielded; those about lines are an
// [*Error].
func ReadLines(r io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, metrics.MaxFactJSON+2)
		line := 0
		for lines.Scan() {
			line++
			text := bytes.TrimSpace(lines.Bytes())
			if len(text) == 0 {
				continue
			}
			f, err := metrics.ParseFact(text)
			if err != nil {
				yield(Row{}, &Error{Line: line, Err: err})
				return
			}
			if !yield(Row{line, f}, nil) {
				return
			}
		}
		if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
			yield(Row{}, &Error{Line: line + 1, Err: fmt.Errorf("a line of more than %d bytes", metrics.MaxFactJSON)})
		} else if err != nil {
			yield(Row{}, err)
		}
	}
}

// WriteLines writes facts, one a line, as [metrics.AppendFact] does. What it cannot
// write is an error, and no line of it is written.
func WriteLines(w io.Writer, facts iter.Seq[metrics.Fact]) error {
	b := bufio.NewWriterSize(w, 1<<16)
	var line []byte
	for f := range facts {
		var err error
		if line, err = metrics.AppendFact(line[:0], f); err != nil {
			return errors.Join(err, b.Flush())
		}
		if _, err := b.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return b.Flush()
}
