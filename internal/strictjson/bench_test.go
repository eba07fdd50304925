package strictjson_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// BenchmarkValue passes over texts like those that are signed, and not like them.
func BenchmarkValue(b *testing.B) {
	list := func(format string) []byte {
		var s strings.Builder
		for i := range 2000 {
			fmt.Fprintf(&s, format, i, i, i)
		}
		return []byte(`[` + strings.TrimSuffix(s.String(), ",") + `]`)
	}
	dependency := `{"uri":"pkg:golang/example.com/module/number%d@v1.%d.0","digest":{"sha256":"%064x"}},`
	for _, bb := range []struct {
		name string
		text []byte
	}{
		{"dependencies", list(dependency)},
		{"indented", list(strings.NewReplacer("{", "{\n      ", "}", "\n    }", ":\"", ": \"", ",\"", ",\n      \"").Replace(dependency))},
		{"numbers", list(`{"a":%d,"b":-%d.5e3,"c":[true,false,null,%d]},`)},
		{"escapes", list(`{"a\n%d":"\u00fc\ud83d\ude00 %d\\ \"%d\""},`)},
		{"names", []byte("{" + strings.TrimSuffix(strings.ReplaceAll(string(list(`"member-number-%d-%d-%d":0,`)), "[", ""), "]") + "}")},
	} {
		b.Run(bb.name, func(b *testing.B) {
			l := strictjson.Limits{Package: "test", Bytes: 1 << 24, Depth: 100, Names: 1 << 18, Elements: 1 << 17}
			b.SetBytes(int64(len(bb.text)))
			b.ReportAllocs()
			for b.Loop() {
				s, err := strictjson.NewScanner(bb.text, l)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := s.Value(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
