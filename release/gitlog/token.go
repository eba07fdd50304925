package gitlog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxToken is the longest path or line that is read from git, in bytes.
const maxToken = 1 << 20

// readToken reads up to delim and returns what is before it. The bytes are valid
// until the next read. An input that ends before delim is io.ErrUnexpectedEOF; at
// the very end of the input the error is io.EOF.
func readToken(r *bufio.Reader, delim byte) ([]byte, error) {
	token, err := r.ReadSlice(delim)
	if errors.Is(err, bufio.ErrBufferFull) {
		long := append([]byte(nil), token...)
		for errors.Is(err, bufio.ErrBufferFull) {
			token, err = r.ReadSlice(delim)
			if long = append(long, token...); len(long) > maxToken {
				return nil, fmt.Errorf("a line or path of more than %d bytes", maxToken)
			}
		}
		token = long
	}
	if errors.Is(err, io.EOF) && len(token) > 0 {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return token[:len(token)-1], nil
}
