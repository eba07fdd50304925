package strictjson_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// walker is what both scanners can do.
type walker interface {
	Peek() (strictjson.Kind, error)
	Value() (strictjson.Kind, error)
	Object(visit func(name []byte) error) error
	Array(visit func(index int) error) error
	Bytes() ([]byte, error)
	Offset() int
	End() error
}

// fast is the scanner as a walker.
type fast struct{ *strictjson.Scanner }

func (f fast) Bytes() ([]byte, error) {
	b, _, err := f.Scanner.Bytes()
	return b, err
}

// walk reads one value. The bits of plan say what is looked at and what is passed
// over. What was seen, and where, is the result, with the error at the end.
func walk(s walker, plan uint64) string {
	var seen strings.Builder
	var value func() error
	value = func() error {
		look := plan&1 == 0
		plan = plan>>1 | plan<<63
		k, err := s.Peek()
		if err != nil {
			return err
		}
		switch {
		case look && k == strictjson.Object:
			err = s.Object(func(name []byte) error {
				fmt.Fprintf(&seen, "%d:%q ", s.Offset(), name)
				return value()
			})
		case look && k == strictjson.Array:
			err = s.Array(func(n int) error {
				fmt.Fprintf(&seen, "%d:[%d] ", s.Offset(), n)
				return value()
			})
		case look && k == strictjson.String:
			var text []byte
			text, err = s.Bytes()
			fmt.Fprintf(&seen, "%q ", text)
		default:
			_, err = s.Value()
		}
		fmt.Fprintf(&seen, "%c%d ", k, s.Offset())
		return err
	}
	err := value()
	if err == nil {
		err = s.End()
	}
	fmt.Fprintf(&seen, "%+v", err)
	return seen.String()
}

var narrow = strictjson.Limits{Package: "test", Bytes: 1 << 12, Depth: 6, Names: 24, Elements: 10}

// differ is an error if the two scanners differ on b.
func differ(b []byte, plan uint64, limits strictjson.Limits) error {
	slow, slowErr := newSlowScanner(b, limits)
	quick, err := strictjson.NewScanner(b, limits)
	if fmt.Sprint(slowErr) != fmt.Sprint(err) {
		return fmt.Errorf("slow says %v, fast says %v", slowErr, err)
	}
	if err != nil {
		return nil
	}
	want, got := walk(slow, plan), walk(fast{quick}, plan)
	if want != got {
		return fmt.Errorf("%q, plan %x:\nslow saw %s\nfast saw %s", b, plan, want, got)
	}
	return nil
}

var pieces = []string{`{`, `}`, `[`, `]`, `,`, `:`, `"`, `"a"`, `"a":`, `"b":`, `"\u0061":`, `"abcdefg":`, `"abcdefgh":`, `"abcdefgh\u0000":`, `"":`, `"\u0000":`,
	`"a name of many letters":`, `"a name of m\u0061ny letters":`, `1`, `-0.5e+10`, `01`, `-`, `1.`, `true`, `false`, `null`, `nul`, ` `, "\n", "\t\r\n ", "\x00", "\x1f", "\x20", "\x7f", "ü", "\xc3", "😀",
	`\`, `\"`, `\\`, `\/`, `\u12`, `\ud83d\ude00`, `\ude00`, `\ud83d`, `\q`, `"12345678"`, `"1234567"`, "\"1234567\x1f\"", "\"ü234567\\n\"", `"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,`}

// TestScannersAgree puts texts together of pieces that matter: at random, and as
// values that are whole until some byte of them is changed.
func TestScannersAgree(t *testing.T) {
	t.Parallel()
	var whole func(depth int) *rapid.Generator[string]
	whole = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			space := rapid.SampledFrom([]string{"", "", " ", "\n\t"}).Draw(t, "space")
			kind := rapid.IntRange(0, 5).Draw(t, "kind")
			if depth == 0 || kind < 2 {
				return space + rapid.SampledFrom([]string{`""`, `"a"`, `"1234567"`, `"12345678"`, `"a\nb"`, `"\ud83d\ude00"`, "0", "-1.5E-7", "true", "false", "null", "{}", "[]", "{ }", "[\n]"}).Draw(t, "scalar") + space
			}
			parts := make([]string, rapid.IntRange(0, 11).Draw(t, "n"))
			for i := range parts {
				parts[i] = whole(depth-1).Draw(t, "value")
				if kind > 3 {
					name := fmt.Sprintf(`"%s%d":`, rapid.SampledFrom([]string{"", "n", "longer names", `\u00fc`, `\t`}).Draw(t, "name"), rapid.IntRange(0, 30).Draw(t, "number"))
					parts[i] = space + name + parts[i]
				}
			}
			if kind > 3 {
				return space + "{" + strings.Join(parts, ",") + "}"
			}
			return "[" + strings.Join(parts, space+",") + "]" + space
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		plan := rapid.Uint64().Draw(t, "plan")
		var b []byte
		if rapid.Bool().Draw(t, "whole") {
			b = []byte(whole(3).Draw(t, "text"))
			if rapid.Bool().Draw(t, "damage") {
				b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.SampledFrom([]byte("{}[],:\"\\ \x00\x1f\n01ae\xff")).Draw(t, "byte")
			}
			if rapid.Bool().Draw(t, "cut") {
				b = b[:rapid.IntRange(0, len(b)).Draw(t, "end")]
			}
		} else {
			b = []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 20).Draw(t, "pieces"), ""))
		}
		for _, l := range []strictjson.Limits{narrow, limits} {
			if err := differ(b, plan, l); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestEveryByteAtEveryPlace changes each byte of a text into each other one.
func TestEveryByteAtEveryPlace(t *testing.T) {
	t.Parallel()
	text := []byte(`{"a":[1,-2.5e3,true,null],"longer name":"text of more than a word","c\n":{"d":"\ud83d\ude00","é":{}}}`)
	for i := range text {
		for c := range 256 {
			b := []byte(string(text))
			b[i] = byte(c)
			for _, plan := range []uint64{0, ^uint64(0), 0xaaaa} {
				require.NoError(t, differ(b, plan, limits))
			}
		}
		require.NoError(t, differ(text[:i], 0, limits))
		require.NoError(t, differ(text[:i], ^uint64(0), limits))
	}
}

// TestLimitsAgree: as many names and levels as there may be, and one more, in one
// object and in several that are open.
func TestLimitsAgree(t *testing.T) {
	t.Parallel()
	for n := range 2 * narrow.Names {
		for _, format := range []string{`"%d":1`, `"name number %d":1`, `"\u0061%d":1`} {
			members := make([]string, n)
			for i := range members {
				members[i] = fmt.Sprintf(format, i)
			}
			object := "{" + strings.Join(members, ",") + "}"
			for _, text := range []string{object + strings.Repeat(" ", 20), `{"a":{"b":` + object + `},"c":` + object + `,"d":0,"e":"text to go on"}`, strings.Repeat("[", n) + strings.Repeat("]", n), strings.Repeat(`{"a":`, n) + "{}" + strings.Repeat("}", n)} {
				require.NoError(t, differ([]byte(text), 0, narrow))
				require.NoError(t, differ([]byte(text), ^uint64(0), narrow))
			}
		}
	}
}

// FuzzScanner: the two scanners see the same in every text, at the same places.
func FuzzScanner(f *testing.F) {
	for _, p := range pieces {
		f.Add([]byte(p), uint64(0))
		f.Add([]byte(`{"a":`+p+`}`), uint64(1))
		f.Add([]byte(`[{`+p+`}]`), uint64(0x55))
	}
	f.Add([]byte(`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"a":1,"b":2}`), ^uint64(0))
	f.Fuzz(func(t *testing.T, b []byte, plan uint64) {
		if err := differ(b, plan, narrow); err != nil {
			t.Fatal(err)
		}
	})
}

// TestManyEqualNames: one name that stands in one object as often as names may, and
// names that share what they are compared by.
func TestManyEqualNames(t *testing.T) {
	t.Parallel()
	l := strictjson.Limits{Package: "test", Bytes: 16 << 20, Depth: 10, Names: 1 << 18, Elements: 10}
	for _, name := range []string{`"a":0,`, `"\u0061":0,`, `"a name that is longer than a word":0,`} {
		b := []byte("{" + strings.Repeat(name, 1<<18-1) + `"b":0}`)
		s, err := strictjson.NewScanner(b, l)
		require.NoError(t, err)
		from := *s
		hostile.Within(t, func() { *s = from; _, err = s.Value() })
		var syntax *strictjson.SyntaxError
		require.True(t, errors.As(err, &syntax))
		require.Equal(t, len(name)+2, syntax.Offset)
	}
}
