package faulty

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
)

// sectorSize is the least that a disk writes whole or not at all.
const sectorSize = 512

// Disk is a disk in memory under an operating system that caches writes: what was
// written can be read at once, and is on the disk only after a sync. Its k-th
// operation can be made to fail ([Disk.Fail]), the process on it can die
// ([Disk.Restart]), and the power can go ([Disk.PowerCut]).
//
// After a sync that failed, the system takes the pages for clean although they
// never reached the disk, as Linux does: a second sync says yes and does nothing
// for them. Only writing them again helps.
//
// The zero value is not useful; see [NewDisk]. All methods may be called at once.
type Disk struct {
	mu      sync.Mutex
	names   map[string]*inode               // as programs see them
	durable map[string]*inode               // as they are after a power cut
	renames []func(names map[string]*inode) // what the directory does not have durably yet
	fault   Fault
	ops     int
	reached bool
	dead    bool
	process int // counts restarts, so that old handles are dead
}

// Fault says which operation of a disk fails, and how.
type Fault struct {
	// Op is the operation, counted from 1: open, create, read, write, truncate, sync,
	// sync of the directory, rename and remove. Zero is none.
	Op int
	// Mode is ModeBefore, ModeAfter, or ModeKilled: as before, and so does every
	// operation after it, until Restart or PowerCut. A disk never panics.
	Mode Mode
	// Part is how many bytes of a write are done before it fails, at most all.
	Part int
}

type inode struct {
	cache   []byte
	disk    []byte
	dirty   map[int]bool // sectors written since they were last synced
	resized bool         // the length changed since it was last synced
	locked  bool
}

// NewDisk is an empty disk.
func NewDisk() *Disk {
	return &Disk{names: map[string]*inode{}, durable: map[string]*inode{}}
}

// Fail sets the fault and begins to count operations anew.
func (d *Disk) Fail(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.ops, d.reached = f, 0, false
}

// Ops is how many operations there were since Fail.
func (d *Disk) Ops() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// Failed reports whether the fault was reached.
func (d *Disk) Failed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reached
}

// Restart is the death of the process: its files are closed and its locks gone;
// what it wrote is still in the cache. There is no fault any more.
func (d *Disk) Restart() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.restart()
}

func (d *Disk) restart() {
	d.process++
	d.dead, d.fault, d.ops = false, Fault{}, 0
	for _, n := range d.names {
		n.locked = false
	}
}

// PowerCut is the loss of power: of each file there is what was synced, and of the
// sectors, lengths and names since then whatever r chooses.
func (d *Disk) PowerCut(r *rand.Rand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Names change in order, so that some first of the changes may be there.
	durable := maps.Clone(d.durable)
	for _, change := range d.renames[:r.IntN(len(d.renames)+1)] {
		change(durable)
	}
	d.durable, d.renames = durable, nil
	all := map[*inode]bool{}
	for _, names := range []map[string]*inode{d.names, d.durable} {
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if n := names[name]; !all[n] {
				all[n] = true
				n.lose(r)
			}
		}
	}
	d.names = maps.Clone(d.durable)
	d.restart()
}

// lose keeps what was synced and a random part of the rest.
func (n *inode) lose(r *rand.Rand) {
	if n.resized && r.IntN(2) == 0 {
		n.resize()
	}
	keep := r.IntN(3) // none, all, or each by a coin
	for _, s := range slices.Sorted(maps.Keys(n.dirty)) {
		if keep == 1 || keep == 2 && r.IntN(2) == 0 {
			n.flush(s)
		}
	}
	n.cache, n.dirty, n.resized = slices.Clone(n.disk), map[int]bool{}, false
}

// resize makes the length durable.
func (n *inode) resize() {
	if grow := len(n.cache) - len(n.disk); grow > 0 {
		n.disk = append(n.disk, make([]byte, grow)...)
	}
	n.disk = n.disk[:len(n.cache)]
}

// flush makes one sector durable, as far as the file reaches on the disk.
func (n *inode) flush(sector int) {
	from := sector * sectorSize
	to := min(from+sectorSize, len(n.cache), len(n.disk))
	if from < to {
		copy(n.disk[from:to], n.cache[from:to])
	}
}

// Bytes is a copy of what programs see in a file, nil if there is none.
func (d *Disk) Bytes(name string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.names[name]; n != nil {
		return slices.Clone(n.cache)
	}
	return nil
}

// Put makes a file that holds b, durably.
func (d *Disk) Put(name string, b []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := &inode{cache: slices.Clone(b), disk: slices.Clone(b), dirty: map[int]bool{}}
	d.names[name], d.durable[name] = n, n
	d.renames = append(d.renames, func(names map[string]*inode) { names[name] = n })
}

// Unsynced reports whether anything in the file would be lost without power.
func (d *Disk) Unsynced(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.names[name]
	return n != nil && (len(n.dirty) > 0 || n.resized || d.durable[name] != n)
}

// begin counts an operation. part is how many bytes of it are done; more than it
// has means all.
func (d *Disk) begin(what string) (part int, err error) {
	d.ops++
	if d.dead {
		return 0, fmt.Errorf("%w: %s after the end", ErrInjected, what)
	}
	if d.ops != d.fault.Op {
		return all, nil
	}
	d.reached = true
	err = fmt.Errorf("%w: operation %d, %s", ErrInjected, d.ops, what)
	switch d.fault.Mode {
	case ModeBefore:
		return d.fault.Part, err
	case ModeKilled:
		d.dead = true
		return d.fault.Part, err
	case ModeAfter:
		return all, err
	}
	return all, nil
}

const all = int(^uint(0) >> 1)

// Open opens and locks a file, and makes it if it is not there.
func (d *Disk) Open(name string) (*File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	part, err := d.begin("open")
	if part == all && d.names[name] == nil {
		d.create(name)
	}
	if err != nil {
		return nil, err
	}
	n := d.names[name]
	if n.locked {
		return nil, fmt.Errorf("faulty: %q is locked", name)
	}
	n.locked = true
	return &File{disk: d, node: n, process: d.process}, nil
}

// create makes an empty file. d.mu is held.
func (d *Disk) create(name string) {
	n := &inode{dirty: map[int]bool{}}
	d.change(func(names map[string]*inode) { names[name] = n })
}

// change changes the names that programs see, and after a sync those on the disk.
func (d *Disk) change(do func(names map[string]*inode)) {
	do(d.names)
	d.renames = append(d.renames, do)
}

// Create makes and locks a file that must not be there.
func (d *Disk) Create(name string) (*File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] != nil {
		return nil, fs.ErrExist
	}
	part, err := d.begin("create")
	if part == all {
		d.create(name)
	}
	if err != nil {
		return nil, err
	}
	d.names[name].locked = true
	return &File{disk: d, node: d.names[name], process: d.process}, nil
}

// Rename renames a file, durably after the next SyncDir.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[from] == nil {
		return fs.ErrNotExist
	}
	part, err := d.begin("rename")
	if part == all {
		n := d.names[from]
		d.change(func(names map[string]*inode) {
			delete(names, from)
			names[to] = n
		})
	}
	return err
}

// Remove removes a file, durably after the next SyncDir.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] == nil {
		return fs.ErrNotExist
	}
	part, err := d.begin("remove")
	if part == all {
		d.change(func(names map[string]*inode) { delete(names, name) })
	}
	return err
}

// Names are the names of all files, sorted.
func (d *Disk) Names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.names))
}

// SyncDir makes the names durable.
func (d *Disk) SyncDir() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	part, err := d.begin("sync of the directory")
	if part == all {
		d.durable, d.renames = maps.Clone(d.names), nil
	}
	return err
}

// File is an open file of a Disk.
type File struct {
	disk    *Disk
	node    *inode
	process int
	closed  bool
}

// use begins an operation on an open file. f.disk.mu is held.
func (f *File) use(what string) (part int, err error) {
	if f.closed {
		return 0, fs.ErrClosed
	}
	if f.process != f.disk.process {
		return 0, fmt.Errorf("%w: %s by a process that has ended", ErrInjected, what)
	}
	return f.disk.begin(what)
}

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(b []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if _, err := f.use("read"); err != nil {
		return 0, err
	}
	if off >= int64(len(f.node.cache)) {
		return 0, io.EOF
	}
	n := copy(b, f.node.cache[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements io.WriterAt.
func (f *File) WriteAt(b []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	part, err := f.use("write")
	b = b[:min(part, len(b))]
	if len(b) == 0 {
		return 0, err
	}
	n, end := f.node, int(off)+len(b)
	if end > len(n.cache) {
		n.cache = append(n.cache, make([]byte, end-len(n.cache))...)
		n.resized = true
	}
	copy(n.cache[off:], b)
	for s := int(off) / sectorSize; s <= (end-1)/sectorSize; s++ {
		n.dirty[s] = true
	}
	return len(b), err
}

// Size is the length of the file. It does not count as an operation.
func (f *File) Size() (int64, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return int64(len(f.node.cache)), nil
}

// Truncate sets the length of the file.
func (f *File) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	part, err := f.use("truncate")
	if part != all {
		return err
	}
	n := f.node
	for int64(len(n.cache)) < size {
		n.cache = append(n.cache, 0)
	}
	// What comes back when the file grows again is zero in the cache; on the disk it
	// is whatever was there, until that is synced.
	for s := size / sectorSize; s*sectorSize < int64(len(n.cache)); s++ {
		n.dirty[int(s)] = true
	}
	n.cache = append([]byte(nil), n.cache[:size]...)
	n.resized = true
	return err
}

// Sync makes the file's content and length durable. When it fails without having
// been done, the written sectors count as clean from then on and are lost.
func (f *File) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	part, err := f.use("sync")
	n := f.node
	switch {
	case part == all:
		n.resize()
		for s := range n.dirty {
			n.flush(s)
		}
		n.dirty, n.resized = map[int]bool{}, false
	case err != nil && !f.disk.dead && !f.closed:
		n.dirty = map[int]bool{}
	}
	return err
}

// Is reports whether a name leads to the file. It does not count as an operation.
func (f *File) Is(name string) bool {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return f.disk.names[name] == f.node
}

// SyncDir makes the names of the disk durable.
func (f *File) SyncDir() error { return f.disk.SyncDir() }

// Close closes the file and gives up its lock. It never fails and is no operation.
func (f *File) Close() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.closed && f.process == f.disk.process {
		f.node.locked = false
	}
	f.closed = true
	return nil
}
