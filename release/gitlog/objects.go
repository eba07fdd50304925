package gitlog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// object is one answer of "git cat-file --batch".
type object struct {
	id   release.Revision
	kind string // commit, tree, blob, tag
	size int64
	data []byte // the content, or the beginning of it if it is longer than asked for
	// absent says why there is no object: "missing" or "ambiguous".
	absent string
}

// header reads the line before an object's content: "<id> <kind> <size>", or
// "<the name asked for> missing". A name asked for never has a space in it.
func (f hashFormat) header(line string) (object, error) {
	fields := strings.Split(line, " ")
	if len(fields) == 2 && (fields[1] == "missing" || fields[1] == "ambiguous") {
		return object{absent: fields[1]}, nil
	}
	if len(fields) != 3 {
		return object{}, fmt.Errorf("object header %q", line)
	}
	id, err := f.parse(fields[0])
	if err != nil {
		return object{}, fmt.Errorf("object header %q: %w", line, err)
	}
	switch fields[1] {
	case "commit", "tree", "blob", "tag":
	default:
		return object{}, fmt.Errorf("object header %q: kind %q", line, fields[1])
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || size < 0 {
		return object{}, fmt.Errorf("object header %q: size %q", line, fields[2])
	}
	return object{id: id, kind: fields[1], size: size}, nil
}

// readObject reads one answer. The framing is by length, so no content can be
// taken for anything else, and the content must hash to the id. Of the content at
// most keep bytes are returned.
func (f hashFormat) readObject(r *bufio.Reader, keep int64) (object, error) {
	line, err := readToken(r, '\n')
	if err != nil {
		return object{}, err
	}
	o, err := f.header(string(line))
	if err != nil || o.absent != "" {
		return o, err
	}
	h := f.object(o.kind, o.size)
	o.data = make([]byte, 0, min(o.size, keep, 1<<16))
	for left := o.size; left > 0; {
		chunk, err := r.Peek(int(min(left, int64(r.Size()))))
		if len(chunk) == 0 {
			return object{}, cutShort(err)
		}
		h.Write(chunk)
		o.data = append(o.data, chunk[:min(int64(len(chunk)), keep-int64(len(o.data)))]...)
		left -= int64(len(chunk))
		if _, err := r.Discard(len(chunk)); err != nil {
			return object{}, cutShort(err)
		}
	}
	if c, err := r.ReadByte(); err != nil {
		return object{}, cutShort(err)
	} else if c != '\n' {
		return object{}, fmt.Errorf("object %s: %q after its content", o.id, c)
	}
	if got := sum(h); got != o.id {
		return object{}, fmt.Errorf("object %s: its content is that of %s", o.id, got)
	}
	return o, nil
}

// check asks what names stand for, without the contents.
func (b *sandbox) check(ctx context.Context, names []string) ([]object, error) {
	input := strings.Join(append(slices.Clip(names), ""), "\n")
	p, err := b.start(ctx, strings.NewReader(input), "cat-file", "--batch-check", "--buffer")
	if err != nil {
		return nil, err
	}
	objects := make([]object, 0, len(names))
	for range names {
		var line []byte
		if line, err = readToken(p.out, '\n'); err != nil {
			err = cutShort(err)
			break
		}
		var o object
		if o, err = b.repo.format.header(string(line)); err != nil {
			break
		}
		objects = append(objects, o)
	}
	if err := p.close(err); err != nil {
		return nil, err
	}
	return objects, nil
}

// cutShort is err, of a read that needed more.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// library reads single objects, one after the other.
type library struct {
	p      *process
	format hashFormat
}

// ask reads the object id, of whatever kind, of its content at most keep bytes. After
// an error no other object can be read.
func (l *library) ask(id release.Revision, keep int64) (object, error) {
	if _, err := io.WriteString(l.p.in, string(id)+"\n"); err != nil {
		return object{}, io.ErrUnexpectedEOF // git is gone: close says why
	}
	o, err := l.format.readObject(l.p.out, keep)
	return o, cutShort(err)
}

// get reads the object id, which must be of a kind and at most limit bytes.
func (l *library) get(id release.Revision, kind string, limit int64) ([]byte, error) {
	o, err := l.ask(id, limit+1)
	switch {
	case err != nil:
		return nil, err
	case o.absent != "":
		return nil, &missingError{string(id)}
	case o.id != id:
		return nil, fmt.Errorf("asked for object %s and was given %s", id, o.id)
	case o.kind != kind:
		return nil, fmt.Errorf("object %s is a %s, not a %s", id, o.kind, kind)
	case o.size > limit:
		return nil, fmt.Errorf("object %s has %d bytes, %d are allowed: %w", id, o.size, limit, ErrTooLarge)
	}
	return o.data, nil
}
