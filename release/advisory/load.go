package advisory

import (
	"archive/zip"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Load reads all files of a tree whose names end in .json, .jsonl or .json.gz, but for those in
// directories that begin with a dot. Each has one advisory or many, as [LoadFile] reads
// them. Others are passed over, and so is JSON that has nothing of an advisory: the index
// of a database, records in another format. One gap says how many files have such. A file
// that cannot be read is a gap; an error means that the tree cannot be, or that there is
// nothing in it ([ErrEmpty]).
func Load(fsys fs.FS, opts *Options) (*DB, error) {
	b := newBuilder()
	b.tree = true
	files, total := 0, int64(MaxBytes)
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			b.fileGap(release.Path(name), err)
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() && name != "." && d.Name()[0] == '.':
			return fs.SkipDir
		case d.IsDir() || !wanted(name):
			return nil
		}
		if files++; files > MaxRecords {
			return fmt.Errorf("more than %d files", MaxRecords)
		}
		if !d.Type().IsRegular() {
			b.fileGap(release.Path(name), errors.New("it is no regular file"))
			return nil
		}
		f, err := fsys.Open(name)
		if err != nil {
			b.fileGap(release.Path(name), err)
			return nil
		}
		defer f.Close()
		return b.file(release.Path(name), &budget{r: f, left: &total})
	})
	if err != nil {
		return nil, fmt.Errorf("advisory: %s: %w", opts.path(), err)
	}
	return b.db(opts)
}

// LoadZip reads a zip archive of size bytes as [Load] reads a tree. Files that its
// directory says are too large, together or by themselves, are an error before
// anything is unpacked. Names only say what to read: nothing is written.
func LoadZip(r io.ReaderAt, size int64, opts *Options) (*DB, error) {
	fail := func(err error) (*DB, error) { return nil, fmt.Errorf("advisory: %s: %w", opts.path(), err) }
	if err := zipIndex(r, size); err != nil {
		return fail(err)
	}
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return fail(err)
	}
	most := min(uint64(MaxBytes), MaxSlack+MaxRatio*uint64(max(size, 0)))
	sum := uint64(0)
	for _, f := range z.File {
		if sum += f.UncompressedSize64; sum > most || f.UncompressedSize64 > most {
			return fail(fmt.Errorf("it unpacks to more than %d bytes", most))
		}
	}
	b := newBuilder()
	b.tree = true
	total := int64(most)
	for _, f := range z.File {
		if hidden(f.Name) || !wanted(f.Name) || strings.HasSuffix(f.Name, "/") {
			continue
		}
		if !f.Mode().IsRegular() {
			b.fileGap(release.Path(f.Name), errors.New("it is no regular file"))
			continue
		}
		in, err := f.Open()
		if err != nil {
			b.fileGap(release.Path(f.Name), err)
			continue
		}
		err = b.file(release.Path(f.Name), &budget{r: in, left: &total})
		in.Close()
		if err != nil {
			return fail(err)
		}
	}
	return b.db(opts)
}

// LoadFile reads one file with many advisories: a JSON array, a JSON object by id, one
// advisory, or one a line; compressed with gzip or not. An advisory that cannot be read
// is a gap; an error means that the file as a whole cannot be.
func LoadFile(r io.Reader, opts *Options) (*DB, error) {
	b := newBuilder()
	total := int64(MaxBytes)
	if err := b.stream("", &budget{r: r, left: &total}); err != nil {
		return nil, fmt.Errorf("advisory: %s: %w", opts.path(), err)
	}
	return b.db(opts)
}

// wanted reports whether a file is one of advisories, by its name.
func wanted(name string) bool {
	switch name = strings.TrimSuffix(strings.ToLower(name), ".gz"); path.Ext(name) {
	case ".json", ".jsonl":
		return true
	}
	return false
}

// hidden reports whether a directory of the path begins with a dot.
func hidden(name string) bool {
	dir := path.Dir(name)
	return dir != "." && (strings.HasPrefix(dir, ".") || strings.Contains(dir, "/."))
}

// errBudget ends a load; the other errors of a file are a gap.
var errBudget = fmt.Errorf("more than %d bytes, or %d times what was read", int64(MaxBytes), MaxRatio)

// budget is a reader of which all files together may use so much.
type budget struct {
	r    io.Reader
	left *int64
}

func (b *budget) Read(p []byte) (int, error) {
	if *b.left <= 0 {
		return 0, errBudget
	}
	n, err := b.r.Read(p[:min(int64(len(p)), *b.left)])
	*b.left -= int64(n)
	return n, err
}

// file reads one of many files. An error ends all.
func (b *builder) file(name release.Path, r *budget) error {
	err := b.stream(name, r)
	if errors.Is(err, errBudget) || errors.Is(err, errRecords) || errors.Is(err, errUnread) || errors.Is(err, errStrays) {
		return err
	}
	if err != nil {
		b.fileGap(name, err)
	}
	if b.unread > MaxGaps {
		return errUnread
	}
	return nil
}

// These end a load: there is more than may be, or it is no collection of advisories.
var (
	errRecords = fmt.Errorf("more than %d advisories", MaxRecords)
	errUnread  = fmt.Errorf("more than %d of them cannot be read at all", MaxGaps)
	errStrays  = fmt.Errorf("more than %d things in it are no advisories", MaxStrays)
)

// stream reads a file that is compressed or not.
func (b *builder) stream(name release.Path, r *budget) error {
	if b.in == nil {
		b.in, b.room = bufio.NewReaderSize(nil, 32<<10), make([]byte, 64<<10)
	}
	in := b.in
	in.Reset(r)
	defer in.Reset(nil)
	visit := func(id string, raw []byte, large bool) error { return b.add(name, id, raw, large) }
	if magic, _ := in.Peek(2); string(magic) != "\x1f\x8b" {
		return records(b.splitter(in), visit)
	}
	packed := &counter{r: in}
	z, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	return records(b.splitter(&ratio{r: z, packed: packed}), visit)
}

func (b *builder) splitter(r io.Reader) *splitter { return &splitter{r: r, buf: b.room, any: b.tree} }

// counter counts what was read.
type counter struct {
	r *bufio.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// ReadByte keeps gzip from reading ahead through a buffer of its own.
func (c *counter) ReadByte() (byte, error) {
	x, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return x, err
}

// ratio bounds what is unpacked of a byte.
type ratio struct {
	r      io.Reader
	packed *counter
	n      int64
}

func (r *ratio) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if r.n += int64(n); r.n > MaxSlack+MaxRatio*r.packed.n {
		return 0, errBudget
	}
	return n, err
}

// fileGap notes a file of which nobody knows what it has.
func (b *builder) fileGap(name release.Path, err error) {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err // the digest must not depend on names
	}
	b.gap(release.GapUnreadable, name.String(), err, unread([]byte(err.Error())), true)
}
