package control_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence/control"
)

// The forms that OSCAL 1.1 gives its UUIDs, tokens and moments (metaschema datatypes).
var (
	oscalUUID  = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	oscalToken = regexp.MustCompile(`^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$`)
)

// A second, closed description of the part of the model that is written: each member, whether
// it is required, and its form.
type member struct {
	required bool
	form     *regexp.Regexp
	object   map[string]member
	list     bool
}

func any1() *regexp.Regexp { return regexp.MustCompile(`^\S(.*\S)?$`) }

var oscalModel = map[string]member{"assessment-results": {required: true, object: map[string]member{
	"uuid": {required: true, form: oscalUUID},
	"metadata": {required: true, object: map[string]member{"title": {required: true, form: any1()}, "last-modified": {required: true, form: moment}, "version": {required: true, form: any1()},
		"oscal-version": {required: true, form: regexp.MustCompile(`^1\.1\.[0-9]+$`)}}},
	"import-ap": {required: true, object: map[string]member{"href": {required: true, form: regexp.MustCompile(`^#[0-9a-f-]{36}$`)}, "remarks": {form: any1()}}},
	"results": {required: true, list: true, object: map[string]member{
		"uuid": {required: true, form: oscalUUID}, "title": {required: true, form: any1()}, "description": {required: true, form: any1()}, "start": {required: true, form: moment},
		"reviewed-controls": {required: true, object: map[string]member{"control-selections": {required: true, list: true, object: map[string]member{
			"include-controls": {list: true, object: map[string]member{"control-id": {required: true, form: oscalToken}}}}}}},
		"observations": {list: true, object: map[string]member{
			"uuid": {required: true, form: oscalUUID}, "title": {form: any1()}, "description": {required: true, form: any1()}, "methods": {required: true, list: true, form: regexp.MustCompile(`^(EXAMINE|INTERVIEW|TEST|UNKNOWN)$`)},
			"collected":         {required: true, form: moment},
			"props":             {list: true, object: map[string]member{"name": {required: true, form: oscalToken}, "ns": {form: any1()}, "value": {required: true, form: any1()}}},
			"relevant-evidence": {list: true, object: map[string]member{"href": {form: any1()}, "description": {required: true, form: any1()}}}}}}},
	"back-matter": {object: map[string]member{"resources": {list: true, object: map[string]member{"uuid": {required: true, form: oscalUUID}, "title": {form: any1()}, "description": {form: any1()}}}}},
}}}

var moment = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)

func check(t require.TestingT, at string, v any, m member) {
	if m.list {
		list, ok := v.([]any)
		require.True(t, ok, at)
		require.NotEmpty(t, list, at)
		m.list = false
		for _, e := range list {
			check(t, at+"[]", e, m)
		}
		return
	}
	if m.form != nil {
		require.Regexp(t, m.form, v, at)
		return
	}
	object, ok := v.(map[string]any)
	require.True(t, ok, at)
	for name, m := range m.object {
		require.True(t, !m.required || object[name] != nil, "%s lacks %s", at, name)
	}
	for name, v := range object {
		m, known := m.object[name]
		require.True(t, known, "%s has %s", at, name)
		check(t, at+"."+name, v, m)
	}
}

func TestOSCAL(t *testing.T) {
	t.Parallel()
	rec := record(t, "1\x1b[31m")
	for _, c := range append(control.Catalogs(), control.Catalog{Name: "own", Version: "1", Title: " ", Controls: nil}) {
		if c.Name == "own" {
			c = one(control.KindTest)
			c.Controls[0].ID = "§ 6(a)\n="
		}
		got := cover(t, c, control.Input{Record: rec, Evidence: slices.Collect(maps.Values(pieces(t, rec, noon.Add(-time.Hour))))})
		var b strings.Builder
		require.NoError(t, got.WriteOSCAL(&b))
		var doc any
		require.NoError(t, json.Unmarshal([]byte(b.String()), &doc))
		check(t, "", doc, member{object: oscalModel})
		require.NotContains(t, b.String(), "satisfied")
		require.NotContains(t, b.String(), "\x1b")

		// Every identifier once, and every reference leads somewhere.
		uuids := regexp.MustCompile(`"uuid": "([^"]+)"`).FindAllStringSubmatch(b.String(), -1)
		seen := map[string]bool{}
		for _, u := range uuids {
			require.False(t, seen[u[1]])
			seen[u[1]] = true
		}
		require.Len(t, seen, 3+len(c.Controls))
		require.True(t, seen[regexp.MustCompile(`"href": "#([^"]+)"`).FindStringSubmatch(b.String())[1]])
		later, err := control.Cover(c, control.Input{Record: rec}, noon.Add(time.Second), nil)
		require.NoError(t, err)
		var other strings.Builder
		require.NoError(t, later.WriteOSCAL(&other))
		for u := range seen {
			require.NotContains(t, other.String(), u, "another assessment has other names")
		}
	}
}
