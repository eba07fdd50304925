package journal

// Disk is what a File needs of a disk, for tests that bring a failing one.
type Disk = backing

// OpenOn is Open on another disk.
func OpenOn(open func(path string) (Disk, error), path string, opts Options) (*File, error) {
	return openOn(open, path, opts)
}

// OpenDisk is where Open keeps a journal, for tests that put something wrong before it.
var OpenDisk = openFile

// Datasync is how a File syncs.
var Datasync = datasync

// Parts of the format that the tests place damage by.
const (
	HeaderSize = headerSize
	SectorSize = sectorSize
)

// NewFile is a file with one frame of this type and payload.
func NewFile(typ byte, payload []byte) []byte {
	id := [idSize]byte{1, 2, 3}
	frame := append(beginFrame(nil), payload...)
	return append(fileHeader(id, false), endFrame(frame, frameType(typ), id, headerSize)...)
}

// Item is a record as a frame holds it.
func Item(r Record) []byte {
	return appendItem(nil, r.Hash, appendBody(nil, r.Stream, r.Seq, r.Entry))
}

// MaxPayload bounds a frame.
const MaxPayload = maxPayload

// Abandon closes the file as a crash does.
func (f *File) Abandon() error { return f.seg.disk.Close() }

// Queued is how many appends wait for somebody to write them.
func (f *File) Queued() int { return f.group.Queued() }

// Fd is the descriptor of the file, and Dir the directory that is synced for it.
func (f *File) Fd() uintptr          { return f.seg.disk.(*osFile).Fd() }
func (f *File) Dir() (string, error) { return f.seg.disk.(*osFile).dir() }

// Retired is how many files loops still read that another has replaced.
func (f *File) Retired() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.retired)
}

// Beside is the name of the file that is written beside a journal.
func Beside(path string) string { return path + besideSuffix }
