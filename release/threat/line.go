package threat

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// limited reads no more than left bytes, and says when there were more.
type limited struct {
	in   io.Reader
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, errTooLarge
	}
	if len(p) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.in.Read(p)
	if l.left -= n; l.left < 0 {
		return n + l.left, errTooLarge
	}
	return n, err
}

// lineReader reads short lines.
type lineReader struct {
	in     *bufio.Reader
	number int
}

// next is the next line without its end, or io.EOF.
func (l *lineReader) next() (string, error) {
	l.number++
	b, err := l.in.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", errors.New("the line is too long")
	case err == io.EOF && len(b) > 0: // the last line has no end
	case err != nil:
		return "", err
	}
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	if !utf8.Valid(b) {
		return "", errors.New("it is not UTF-8")
	}
	return string(b), nil
}

func (l *lineReader) errorf(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("line %d: %w", l.number, err)
}
