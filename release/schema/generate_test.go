package schema_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"flag"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/schema"
)

var update = flag.Bool("update", false, "write the schemas anew")

// The schemas are what the Go types say, with their comments. After a change of
// the types, `go test ./release/schema -update` writes them anew.
func TestSchemasAreOfTheTypes(t *testing.T) {
	for _, c := range []struct {
		file string
		id   string
		typ  reflect.Type
		have []byte
	}{
		{"changeset.v2.schema.json", release.ChangeSetSchema, reflect.TypeFor[release.ChangeSet](), schema.ChangeSet()},
		{"record.v1.schema.json", release.RecordSchema, reflect.TypeFor[release.Record](), schema.Record()},
	} {
		want := generate(t, c.id, c.typ)
		if *update {
			require.NoError(t, os.WriteFile(c.file, want, 0o644))
			continue
		}
		require.Equal(t, string(want), string(c.have), "run the test with -update")
	}
}

// object keeps its members in order.
type object []member

type member struct {
	name  string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		if err := e.Encode(m.value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

type generator struct {
	t        *testing.T
	comments map[string]string // by "Type" and "Type.Field"
	defs     object
	done     map[reflect.Type]bool
}

func generate(t *testing.T, id string, typ reflect.Type) []byte {
	t.Helper()
	g := generator{t: t, comments: comments(t), done: map[reflect.Type]bool{}}
	root := g.structure(typ)
	all := object{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"$id", id}, {"title", typ.Name()}}
	all = append(append(all, root...), member{"$defs", g.defs})
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	require.NoError(t, e.Encode(all))
	return b.Bytes()
}

// comments are the documentation of package release, by what it is about.
func comments(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../*.go")
	require.NoError(t, err)
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, "release", doc.PreserveAST)
	require.NoError(t, err)
	out := map[string]string{}
	flat := func(s string) string {
		return strings.NewReplacer("[", "", "]", "").Replace(strings.Join(strings.Fields(s), " "))
	}
	for _, typ := range p.Types {
		out[typ.Name] = flat(typ.Doc)
		for _, spec := range typ.Decl.Specs {
			s, ok := spec.(*ast.TypeSpec).Type.(*ast.StructType)
			if !ok {
				continue
			}
			group := ""
			for _, f := range s.Fields.List {
				if f.Doc.Text() != "" {
					group = f.Doc.Text()
				}
				for _, n := range f.Names {
					text := group
					if f.Comment.Text() != "" {
						text = f.Comment.Text()
					}
					out[typ.Name+"."+n.Name] = flat(text)
				}
			}
		}
	}
	return out
}

// durations are the members that a type's MarshalJSON writes as text.
// The value is the options that their tag has there.
var durations = map[string]string{"Requirement.MaxAge": "omitzero", "RolloutRequirement.MinBake": ""}

func (g *generator) structure(typ reflect.Type) object {
	var properties object
	required := []string{}
	for f := range typ.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		where := typ.Name() + "." + f.Name
		var s object
		if o, ok := durations[where]; ok {
			name, options = strings.ToLower(f.Name[:1])+f.Name[1:], o
			s = object{{"type", "string"}, {"pattern", `^-?([0-9.]+(h|m|s|ms|µs|ns))+$`}}
		} else {
			s = g.of(f.Type, options == "")
		}
		require.NotEmpty(g.t, g.comments[where], where)
		properties = append(properties, member{name, append(object{{"description", g.comments[where]}}, s...)})
		if options == "" {
			required = append(required, name)
		}
	}
	return object{{"type", "object"}, {"description", g.comments[typ.Name()]}, {"properties", properties}, {"required", required}, {"additionalProperties", false}}
}

// of is the schema of a value; null is set where a nil slice or map is written.
func (g *generator) of(typ reflect.Type, null bool) object {
	nullable := func(kind string) any {
		if null {
			return []string{kind, "null"}
		}
		return kind
	}
	if typ == reflect.TypeFor[time.Time]() {
		return object{{"type", "string"}, {"format", "date-time"}}
	}
	switch typ.Kind() {
	case reflect.Slice:
		return object{{"type", nullable("array")}, {"items", g.of(typ.Elem(), true)}}
	case reflect.Map:
		o := object{{"type", nullable("object")}}
		if typ.Key() == reflect.TypeFor[release.Kind]() {
			o = append(o, member{"propertyNames", object{{"type", "string"}}})
		}
		return append(o, member{"additionalProperties", g.of(typ.Elem(), true)})
	case reflect.Bool:
		return object{{"type", "boolean"}}
	case reflect.Int, reflect.Int64:
		return object{{"type", "integer"}}
	case reflect.Float64:
		return object{{"type", "number"}}
	}
	if typ.Kind() == reflect.String && typ.PkgPath() == "" {
		return object{{"type", "string"}}
	}
	if !g.done[typ] {
		g.done[typ] = true
		g.defs = append(g.defs, member{typ.Name(), g.named(typ)})
	}
	return object{{"$ref", "#/$defs/" + typ.Name()}}
}

func (g *generator) named(typ reflect.Type) object {
	text := member{"description", g.comments[typ.Name()]}
	require.NotEmpty(g.t, text.value, typ.Name())
	pattern := func(p string) object { return object{{"type", "string"}, text, {"pattern", p}} }
	const none = "0000000000000000000000000000000000000000000000000000000000000000"
	switch typ {
	case reflect.TypeFor[release.Digest]():
		return append(pattern(`^(sha256:[0-9a-f]{64})?$`), member{"not", object{{"const", "sha256:" + none}}})
	case reflect.TypeFor[release.Revision]():
		return pattern(`^([0-9a-f]{40}|[0-9a-f]{64})?$`)
	case reflect.TypeFor[release.PURL]():
		return pattern(`^(pkg:[a-z0-9.+-]+/.+)?$`)
	case reflect.TypeFor[release.Path](), reflect.TypeFor[release.Text]():
		return pattern(`^[^\x00-\x1f\x7f]*$`)
	}
	if typ.Kind() == reflect.Uint8 {
		names := []string{}
		for i := range 256 {
			v := reflect.New(typ)
			v.Elem().SetUint(uint64(i))
			b, err := v.Elem().Interface().(encoding.TextMarshaler).MarshalText()
			if err != nil {
				break
			}
			names = append(names, string(b))
		}
		require.Greater(g.t, len(names), 1, typ.Name())
		return object{{"type", "string"}, text, {"enum", names}}
	}
	if typ.Kind() == reflect.String {
		return object{{"type", "string"}, text} // hosts add their own: labels, kinds
	}
	require.Equal(g.t, reflect.Struct, typ.Kind(), typ.Name())
	return g.structure(typ)
}
