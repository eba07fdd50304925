package evidence

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// dsse tells a DSSE envelope: as it is, or one envelope for each signature where
// there are several.
func (r *source) dsse(o outline, pointer string) bool {
	list := o.signatures
	if list == (span{}) || r.text[list.from] != byte(strictjson.Array) {
		return r.envelope(o.from, pointer, o.of(r.text)) // for Verify to refuse
	}
	var all []span
	s, err := newSource(list.of(r.text))
	if err == nil {
		err = s.Array(func(n int) error {
			if n >= MaxSignatures {
				return s.Errorf("more than %d signatures", MaxSignatures)
			}
			s.Space()
			from := s.Offset()
			_, err := s.Value()
			all = append(all, span{list.from + from, list.from + s.Offset()})
			return err
		})
	}
	if err != nil {
		return r.fail(o.from, pointer, r.located(err, list.from))
	}
	if len(all) < 2 {
		return r.envelope(o.from, pointer, o.of(r.text))
	}
	if r.recut -= len(all) * (o.to - o.from); r.recut < 0 {
		return r.fail(o.from, pointer, fmt.Errorf("evidence: splitting the signatures makes more than %d bytes", MaxSource))
	}
	for i, sig := range all {
		raw := slices.Concat(r.text[o.from:list.from+1], sig.of(r.text), r.text[list.to-1:o.to])
		if !r.envelope(o.from, pointer+"/signatures/"+strconv.Itoa(i), raw) {
			return false
		}
	}
	return true
}
