package config_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/config"
)

func TestHostile(t *testing.T) {
	repeat := func(s string, size int) []byte { return bytes.Repeat([]byte(s), size/len(s)) }
	numbered := func(format string, n int) []byte {
		var b bytes.Buffer
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.Bytes()
	}
	own := []hostile.Input{
		{Name: "one name a hundred thousand times", Text: repeat("a=1\n", 400_000), Fine: true},
		{Name: "names that differ by case", Text: numbered("Abcdefgh%d=1\n", 30_000), Fine: true},
		{Name: "tokens side by side", Text: append([]byte("A="), repeat("-eyJ", 3<<20)...), Fine: true},
		{Name: "dashes", Text: append([]byte("A="), repeat("a-", 3<<20)...), Fine: true},
		{Name: "URLs side by side", Text: append([]byte("A="), repeat("://a:b", 3<<20)...), Fine: true},
		{Name: "lines that go on", Text: append([]byte("a=1\n"), repeat(" b\n", 300_000)...), Fine: true},
		{Name: "backslashes", Text: append([]byte("a=1"), repeat("\\\n", 3<<20)...), Fine: true},
		{Name: "quotes", Text: repeat("A='\n'\n", 3<<20), Fine: true},
		{Name: "aliases of aliases", Text: []byte("a: &a [x,x,x,x,x,x,x,x,x]\n" + strings.Join(aliases(), "")), Fine: true},
		{Name: "a list of names", Text: append(append([]byte("["), numbered(`{"name":"n%d"},`, 20_000)...), []byte(`{"name":"x"}]`)...), Fine: true},
		{Name: "long names below each other", Text: []byte(strings.Repeat(`{"`+strings.Repeat("secret key ", 90)+`":`, 60) + "[" + strings.Repeat("1,", 50_000) + "1]" + strings.Repeat("}", 60)), Fine: true},
		{Name: "flags that refer to evaluators", Text: append(append([]byte(`{"flags":{"a":{"state":"","variants":{},"targeting":{"$ref":"e0"}}},"$evaluators":{`), evaluators(10_000)...), []byte(`"z":{}}}`)...), Fine: true},
	}
	texts := hostile.Texts()
	for _, path := range []release.Path{".env", "a.yaml", "a.json", "a.toml", "a.properties", "a.ini", "a.flagd.json"} {
		t.Run(string(path), func(t *testing.T) {
			inputs := slices.Concat(texts, own)
			for i := range inputs {
				switch path { // any text is a name to these two, and "# " or "; " a comment
				case "a.properties", "a.ini":
					inputs[i].Fine = inputs[i].Fine || len(inputs[i].Text) < 1<<20
				}
			}
			hostile.Check(t, inputs, func(b []byte) bool {
				cs := config.Diff(path, []byte("{}"), b, config.Options{})
				if path != "a.yaml" && path != "a.json" && path != "a.flagd.json" {
					cs = config.Diff(path, []byte{}, b, config.Options{})
				}
				return len(cs.Gaps) > 0
			})
		})
	}
}

func aliases() []string {
	var out []string
	for c := byte('b'); c < 'k'; c++ {
		out = append(out, fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1))
	}
	return out
}

func evaluators(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `"e%d":{"$ref":"e%d"},`, i, i+1)
	}
	return b.Bytes()
}
