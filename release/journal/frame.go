package journal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// The layout of the file; the comment of [File] tells it whole.
const (
	magic         = "sallyportjournal"
	formatVersion = 1

	idSize     = 16
	headerSize = 64
	headerEnd  = 0xA5 // last byte of the file header

	frameStart      = 0xA7 // first byte of a frame
	frameHeaderEnd  = 0x5A // last byte of a frame's header
	frameEnd        = 0xA5 // last byte of a frame
	frameHeaderSize = 15
	frameTailSize   = 5

	// sectorSize is the least that a disk writes whole or not at all.
	sectorSize = 512

	// batchBytes is where a commit stops taking in more appends; one append more
	// may still be in it, and an append's encoding is larger than its texts.
	batchBytes   = 4 << 20
	batchAppends = 1024
	maxPayload   = 2*MaxAppend + batchBytes

	// maxAhead is the most that can follow the last frame of a journal: one that is
	// unfinished, and what was preallocated.
	maxAhead = maxPreallocate + frameHeaderSize + maxPayload + frameTailSize
)

type frameType uint8

const (
	frameRecords frameType = 1
	frameMark    frameType = 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fileHeader is the first bytes of a journal. anew says that the file was written to take
// the place of another.
func fileHeader(id [idSize]byte, anew bool) []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, magic...)
	b = binary.BigEndian.AppendUint32(b, formatVersion)
	b = append(b, id[:]...)
	if anew {
		b = append(b, 1)
	}
	b = b[:headerSize-5]
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	return append(b, headerEnd)
}

// beginFrame is an empty frame with room for its header; append the payload and
// call endFrame.
func beginFrame(buf []byte) []byte {
	return append(buf[:0], make([]byte, frameHeaderSize)...)
}

// endFrame completes the frame in b, which will stand at offset off.
func endFrame(b []byte, typ frameType, id [idSize]byte, off int64) []byte {
	payload := b[frameHeaderSize:]
	b[0], b[1] = frameStart, byte(typ)
	binary.BigEndian.PutUint32(b[2:], uint32(len(payload)))
	b[frameHeaderSize-1] = frameHeaderEnd
	zeros, _ := zeroSectors(b, off)
	binary.BigEndian.PutUint32(b[6:], zeros)
	sum := headerSum(b, id, off)
	binary.BigEndian.PutUint32(b[10:], sum)
	b = binary.BigEndian.AppendUint32(b, crc32.Update(sum, castagnoli, payload))
	return append(b, frameEnd)
}

// headerSum binds a frame's header to this file and to its place in it, so that
// a frame that somebody appended as data is never taken for a frame.
func headerSum(header []byte, id [idSize]byte, off int64) uint32 {
	var b [idSize + 8 + 10]byte
	copy(b[:], id[:])
	binary.BigEndian.PutUint64(b[idSize:], uint64(off))
	copy(b[idSize+8:], header[:10])
	return crc32.Checksum(b[:], castagnoli)
}

// parseHeader reads the header of the frame at off: its type, and how long its
// payload is.
func parseHeader(b []byte, id [idSize]byte, off int64) (typ frameType, n int, ok bool) {
	if b[0] != frameStart || b[frameHeaderSize-1] != frameHeaderEnd ||
		binary.BigEndian.Uint32(b[10:]) != headerSum(b, id, off) {
		return 0, 0, false
	}
	length := binary.BigEndian.Uint32(b[2:])
	return frameType(b[1]), int(length), length <= maxPayload
}

// intact reports whether the payload and the tail of a frame are what its header
// announced. rest begins after the header.
func intact(header, rest []byte) bool {
	n := len(rest) - frameTailSize
	sum := crc32.Update(binary.BigEndian.Uint32(header[10:]), castagnoli, rest[:n])
	return binary.BigEndian.Uint32(rest[n:]) == sum && rest[n+4] == frameEnd
}

// unwritten reports whether a frame that begins at off can be what a write left
// that was cut short: its end is still zero, or a whole sector of it is that was not
// meant to be. The space was zero before, so what was not written still is.
func unwritten(frame []byte, off int64) bool {
	if frame[len(frame)-1] == 0 {
		return true
	}
	zeros, n := zeroSectors(frame[:len(frame)-frameTailSize], off)
	if zeros > binary.BigEndian.Uint32(frame[6:]) {
		return true
	}
	for frame = frame[n:]; len(frame) > 0; frame = frame[min(sectorSize, len(frame)):] {
		if zero(frame[:min(sectorSize, len(frame))]) {
			return true // it holds a part of the frame's sum, which happens to be zero, or is not there
		}
	}
	return false
}

// zeroSectors counts the sectors of a file that end in b, which stands at off, and
// are zero in it. n is where the last of all that end in b ends.
func zeroSectors(b []byte, off int64) (zeros uint32, n int) {
	for next := sectorSize - int(off%sectorSize); next <= len(b); next += sectorSize {
		if zero(b[n:next]) {
			zeros++
		}
		n = next
	}
	return zeros, n
}

// zero reports whether all of b is zero: its first byte is, and each is like the one
// before it.
func zero(b []byte) bool { return len(b) == 0 || b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1]) }
