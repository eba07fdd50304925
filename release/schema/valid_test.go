package schema_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/schema"
)

// compiled is a schema in the hands of another program.
func compiled(t testing.TB, text []byte) *jsonschema.Schema {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	id := v.(map[string]any)["$id"].(string)
	require.NoError(t, c.AddResource(id, v))
	s, err := c.Compile(id)
	require.NoError(t, err)
	return s
}

func validate(t testing.TB, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return s.Validate(v)
}

// fill puts something valid into every field, or leaves it empty now and then.
func fill(v reflect.Value, r *rand.Rand, empty float64) {
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Unix(r.Int64N(2e9), r.Int64N(1e9)).UTC()
		return
	case *time.Duration:
		*p = time.Duration(r.Int64N(1e15))
		return
	case *release.Digest:
		*p = release.DigestOf(fmt.Append(nil, r.Uint64()))
		return
	case *release.Revision:
		*p = release.Revision(release.DigestOf(fmt.Append(nil, r.Uint64())).Hex()[:40+24*r.IntN(2)])
		return
	case *release.PURL:
		*p = []release.PURL{"pkg:golang/a.io/x@v1.0.0", "pkg:npm/%40a/b@1.0.0%2Bx?repository_url=https://a.example/b&type=x#c/d", ""}[r.IntN(3)]
		return
	case *release.Path:
		*p = release.Path([]string{"a/b.go", "a\xff\x1b", "\"", "ü\u202e"}[r.IntN(4)])
		return
	}
	if empty > 0 && r.Float64() < empty {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), r, empty)
		}
	case reflect.Slice:
		n := 1 + r.IntN(2)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), r, empty)
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete, "own": release.CoveragePartial}))
	case reflect.String:
		v.SetString([]string{"x", "", "tab\tü", "a b", "\x00\u202e\u2028"}[r.IntN(5)])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64N(1e6))
	case reflect.Float64:
		v.SetFloat(r.Float64() * 1e4)
	case reflect.Uint8:
		for { // any value that has a name
			v.SetUint(uint64(r.IntN(32)))
			if m, ok := v.Interface().(encoding.TextMarshaler); !ok {
				break
			} else if _, err := m.MarshalText(); err == nil {
				break
			}
		}
	default:
		panic(v.Kind())
	}
}

// Whatever is written is valid by its schema.
func TestWhatIsWrittenIsValid(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	changes, record := compiled(t, schema.ChangeSet()), compiled(t, schema.Record())
	for i := range 600 {
		empty := []float64{0, .1, .5, 1}[i%4]
		var cs release.ChangeSet
		fill(reflect.ValueOf(&cs).Elem(), r, empty)
		b, err := cs.Canonical()
		require.NoError(t, err)
		require.NoError(t, validate(t, changes, b), "%s", b)
		var rec release.Record
		fill(reflect.ValueOf(&rec).Elem(), r, empty)
		b, err = rec.Canonical()
		require.NoError(t, err)
		require.NoError(t, validate(t, record, b), "%s", b)
		if i < 4 {
			require.Error(t, validate(t, changes, b), "a record is no change set")
		}
	}
}

// Any value of another kind, any missing member that must be there, and any member
// too many is refused, wherever it stands.
func TestWhatIsMutatedIsNot(t *testing.T) {
	t.Parallel()
	var cs release.ChangeSet
	var rec release.Record
	fill(reflect.ValueOf(&cs).Elem(), rand.New(rand.NewPCG(3, 4)), 0)
	fill(reflect.ValueOf(&rec).Elem(), rand.New(rand.NewPCG(3, 4)), 0)
	text, err := cs.Canonical()
	require.NoError(t, err)
	mutated(t, schema.ChangeSet(), text)
	text, err = rec.Canonical()
	require.NoError(t, err)
	mutated(t, schema.Record(), text, "schema", "at", "release", "changes", "assessment", "decisions", "outcome")
}

// mutated checks every change of a valid text. Some members must be there.
func mutated(t *testing.T, by, text []byte, required ...string) {
	s := compiled(t, by)
	var root any
	require.NoError(t, json.Unmarshal(text, &root))
	n := 0
	refused := func(where, what string) {
		n++
		require.Error(t, s.Validate(root), "%s: %s", where, what)
	}
	var walk func(where string, v any, set func(any))
	walk = func(where string, v any, set func(any)) {
		for _, other := range []any{true, 1.5, "\x01", []any{[]any{}}, map[string]any{"\x00": 1.0}} {
			if reflect.TypeOf(other) == reflect.TypeOf(v) {
				if _, text := v.(string); !text {
					continue
				}
				if free := strings.HasSuffix(where, "/kind") || !strict(where); free {
					continue
				}
			}
			set(other)
			refused(where, fmt.Sprintf("%T for %T", other, v))
			set(v)
		}
		switch v := v.(type) {
		case map[string]any:
			if !strings.HasSuffix(where, "/coverage") {
				v["another"] = 1.0
				refused(where, "another member")
				delete(v, "another")
			}
			for name, old := range v {
				walk(where+"/"+name, old, func(x any) { v[name] = x })
			}
		case []any:
			for i, old := range v {
				walk(where+"/", old, func(x any) { v[i] = x })
			}
		}
	}
	walk("", root, func(x any) { root = x })
	require.Greater(t, n, 1000)
	for _, name := range required {
		m := root.(map[string]any)
		old := m[name]
		delete(m, name)
		refused("", "no "+name)
		m[name] = old
	}
	require.NoError(t, s.Validate(root), "all is as it was")
}

// strict reports whether the member's text is of a certain form.
func strict(where string) bool {
	name := where[strings.LastIndexByte(where, '/')+1:]
	switch name {
	case "op", "effect", "relation", "scope", "verdict", "tier", "exploited", "base", "head", "digest", "at", "path", "package", "authored", "maxAge", "minBake":
		return true
	}
	return false
}
