package risk_test

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// fullPolicy is a policy with something in every list.
func fullPolicy() *risk.Policy {
	p := risk.Default()
	p.Labelers = hostCode().Labelers[1:2]
	p.Expedite.Demands[0].Requirements[0].Roles = []string{"mender"}
	p.BreakGlass.Requirements[0].Roles = []string{"on-call"}
	return p
}

// places calls visit with each place of a value where something can be changed, and
// with what changes it.
func places(path string, v reflect.Value, visit func(path string, change func())) {
	switch v.Kind() {
	case reflect.Pointer:
		places(path, v.Elem(), visit)
	case reflect.Struct:
		for i := range v.NumField() {
			places(path+"."+v.Type().Field(i).Name, v.Field(i), visit)
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			places(path+"["+strconv.Itoa(i)+"]", v.Index(i), visit)
		}
		if v.Kind() == reflect.Slice {
			visit(path+" longer", func() { v.Set(reflect.Append(v, reflect.New(v.Type().Elem()).Elem())) })
			if v.Len() > 0 {
				visit(path+" shorter", func() { v.Set(v.Slice(0, v.Len()-1)) })
			}
		}
	case reflect.String:
		visit(path, func() { v.SetString(v.String() + "x") })
	case reflect.Bool:
		visit(path, func() { v.SetBool(!v.Bool()) })
	case reflect.Int, reflect.Int64:
		visit(path, func() { v.SetInt(v.Int() + 1) })
	case reflect.Uint8:
		visit(path, func() { v.SetUint(v.Uint() - 1) })
	case reflect.Float64:
		visit(path, func() { v.SetFloat(v.Float() + 0.015625) })
	case reflect.Func:
		visit(path+" of code", func() { v.SetZero() })
	default:
		visit(path+" of a kind that this test does not know", func() {})
	}
}

// changed calls check once for each place of a fresh policy, changed there.
func changed(t *testing.T, fresh func() *risk.Policy, check func(path string, p *risk.Policy, change func())) {
	n := 0
	places("", reflect.ValueOf(fresh()), func(string, func()) { n++ })
	require.Greater(t, n, 300)
	for k := range n {
		p, i := fresh(), 0
		var path string
		var change func()
		places("", reflect.ValueOf(p), func(at string, f func()) {
			if i == k {
				path, change = at, f
			}
			i++
		})
		check(path, p, change)
	}
}

// Whatever is changed in a policy, it has another digest; all that a digest does not
// know is what code does and what is said of it.
func TestDigestCoversThePolicy(t *testing.T) {
	t.Parallel()
	was, err := fullPolicy().Digest()
	require.NoError(t, err)
	code := 0
	changed(t, fullPolicy, func(path string, p *risk.Policy, change func()) {
		change()
		is, err := p.Digest()
		require.NoError(t, err, path)
		if strings.HasSuffix(path, "].Doc") || strings.HasSuffix(path, " of code") {
			code++
			require.Equal(t, was, is, path)
			return
		}
		require.NotEqual(t, was, is, path)
	})
	require.Equal(t, 2*len(risk.Rules())+4, code, "Doc and Run of each rule; Doc, File, Resource and Content of the labeler")
}

// What an Assessor keeps is its own: nothing that is done to the policy later reaches it.
func TestClonedPolicyIsAlone(t *testing.T) {
	t.Parallel()
	was, err := fullPolicy().Digest()
	require.NoError(t, err)
	changed(t, fullPolicy, func(path string, p *risk.Policy, change func()) {
		kept := risk.ClonePolicy(p)
		change()
		is, err := kept.Digest()
		require.NoError(t, err)
		require.Equal(t, was, is, path)
	})
}

// Whatever value of a policy's text is another one, the policy is refused or is another one.
func TestDigestCoversTheText(t *testing.T) {
	t.Parallel()
	var was release.Digest
	digest := func(v any) (release.Digest, bool) {
		p, err := risk.ParsePolicy(asJSON(t, v), hostCode())
		if err != nil {
			return release.Digest{}, false
		}
		d, err := p.Digest()
		require.NoError(t, err)
		return d, true
	}
	root, others := policyTree(t), 0
	was, ok := digest(root)
	require.True(t, ok)
	check := func(path string) {
		if d, ok := digest(root); ok {
			others++
			require.NotEqual(t, was, d, path)
		}
	}
	var walk func(path string, v any, set func(any))
	walk = func(path string, v any, set func(any)) {
		switch v := v.(type) {
		case map[string]any:
			for name, old := range v {
				delete(v, name)
				check("without " + path + "/" + name)
				v[name] = old
				walk(path+"/"+name, old, func(x any) { v[name] = x })
			}
		case []any:
			if len(v) > 0 {
				set(v[:len(v)-1])
				check("shorter " + path)
				set(v)
			}
			for i := range v {
				walk(path+"/"+strconv.Itoa(i), v[i], func(x any) { v[i] = x })
			}
		case string:
			for _, x := range []string{v + "x", "1h1m", "critical"} {
				if x != v {
					set(x)
					check(path + " = " + x)
				}
			}
			set(v)
		case float64:
			for _, x := range []float64{v + 1, v - 1, v + 0.015625} {
				set(x)
				check(path)
			}
			set(v)
		case bool:
			set(!v)
			check(path)
			set(v)
		}
	}
	for name, v := range root {
		walk("/"+name, v, func(x any) { root[name] = x })
	}
	b, err := json.Marshal(root)
	require.NoError(t, err)
	again, err := json.Marshal(policyTree(t))
	require.NoError(t, err)
	require.Equal(t, string(again), string(b), "all is as it was")
	require.Greater(t, others, 100)
}
