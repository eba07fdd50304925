package journal

const (
	// aheadMost is how much of the file one loop over a stream reads in one piece.
	aheadMost = 64 << 10
	// aheadFirst is as much of it as a loop begins with: many want few records.
	aheadFirst = 4 << 10
	// aheadGap is the most between two records of a stream that is read along with them:
	// reading so much costs about as much as reading once more.
	aheadGap = 4 << 10
)

// ahead reads the records of a stream in pieces of the file that hold several of them,
// where they lie close to each other, and one by one where they do not.
type ahead struct {
	s    *segment
	b    []byte // a piece of the file
	off  int64  // where it is in the file
	most int    // how large the next one may be
}

// record reads the record after head, which is at places[0]; the others are those of the
// records behind it.
func (a *ahead) record(head Head, places []place) (Record, error) {
	p := places[0]
	if !a.holds(p) {
		n := a.reach(places)
		if n == int64(p.n) || a.fill(p.off, n) != nil {
			// What cannot be read with the others is read by itself: an error is about
			// this record then.
			if err := a.fill(p.off, int64(p.n)); err != nil {
				return Record{}, err
			}
		}
	}
	at := p.off - a.off
	return head.Decode(a.b[at : at+int64(p.n)])
}

// holds reports whether the piece has the whole of what is at p.
func (a *ahead) holds(p place) bool {
	return p.off >= a.off && p.off+int64(p.n) <= a.off+int64(len(a.b))
}

// reach is how many bytes from places[0] on are to be read in one piece.
func (a *ahead) reach(places []place) int64 {
	a.most = min(max(2*a.most, aheadFirst), aheadMost)
	first := places[0]
	end := first.off + int64(first.n)
	for _, p := range places[1:] {
		next := p.off + int64(p.n)
		if p.off < end || p.off-end > aheadGap || next-first.off > int64(a.most) {
			break
		}
		end = next
	}
	return end - first.off
}

// fill reads n bytes of the file from off on. After an error it holds nothing.
func (a *ahead) fill(off, n int64) error {
	if int64(cap(a.b)) < n {
		a.b = make([]byte, n)
	}
	a.b, a.off = a.b[:n], off
	err := a.s.read(a.b, off)
	if err != nil {
		a.b = a.b[:0]
	}
	return err
}
