package predicate_test

import (
	"reflect"
	"testing"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
)

// FuzzForeign: what is read is valid, and is written as something that is read
// again as the same; what is refused leaves nothing.
func FuzzForeign(f *testing.F) {
	for i, d := range foreign {
		f.Add(uint8(i), read(f, d.file))
	}
	f.Fuzz(func(t *testing.T, i uint8, raw []byte) {
		typ := foreign[int(i)%len(foreign)].typ
		p, err := predicate.Parse(typ, raw)
		if err != nil {
			if p != nil {
				t.Fatal("a value came with an error")
			}
			return
		}
		if p.PredicateType() != typ || reflect.ValueOf(p).Kind() == reflect.Pointer {
			t.Fatalf("%q became a %T of type %q", typ, p, p.PredicateType())
		}
		if err := p.Validate(); err != nil {
			t.Fatalf("what is read is not valid: %v", err)
		}
		out := encoded(t, p)
		again, err := predicate.Parse(typ, out)
		if err != nil {
			t.Fatalf("%s is written as %s, which is refused: %v", raw, out, err)
		}
		if second := encoded(t, again); string(second) != string(out) {
			t.Fatalf("%s became %s", out, second)
		}
	})
}
