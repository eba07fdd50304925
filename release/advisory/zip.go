package advisory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// zipIndex refuses an archive whose directory is larger than MaxIndex, before anything is
// built of it (APPNOTE.TXT, 4.3.14 to 4.3.16).
func zipIndex(r io.ReaderAt, size int64) error {
	const end, locator, end64 = 22, 20, 56
	if size < end {
		return errNoZip
	}
	tail := make([]byte, min(size, locator+end+1<<16))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for i := len(tail) - end; i >= 0; i-- {
		if string(tail[i:i+4]) != "PK\x05\x06" {
			continue
		}
		index := uint64(binary.LittleEndian.Uint32(tail[i+12:]))
		if i >= locator && string(tail[i-locator:i-locator+4]) == "PK\x06\x07" {
			at := binary.LittleEndian.Uint64(tail[i-locator+8:])
			b := make([]byte, end64)
			if at > uint64(size)-end {
				return errNoZip
			}
			if _, err := r.ReadAt(b, int64(at)); err != nil || string(b[:4]) != "PK\x06\x06" {
				return errNoZip
			}
			index = binary.LittleEndian.Uint64(b[40:])
		}
		if index > MaxIndex {
			return fmt.Errorf("its directory of %d bytes is larger than %d", index, MaxIndex)
		}
		return nil
	}
	return errNoZip
}

var errNoZip = errors.New("it is no zip archive")
