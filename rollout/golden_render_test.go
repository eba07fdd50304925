package rollout_test

import (
	"encoding"
	"fmt"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout"
)

// goldenSince says which fields of the state, by "Type.Field", came after version 1
// of the streams, although streams of version 1 set them: they are not in the golden
// texts of older versions, which are never written again.
var goldenSince = map[string]int{"State.LastKnownGood": 2, "State.GoodSince": 2, "Pending.Stage": 2, "Pending.Seen": 2}

func versionOf(t *testing.T, file string) int {
	v, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(filepath.Dir(file)), "v"))
	require.NoError(t, err)
	return v
}

// renderState is all of the state that is not zero, a field on each line. Of the
// plan it is the digest, which must be the plan's.
func renderState(t *testing.T, s rollout.State, version int) string {
	if s.Rollout != nil {
		d, err := s.Rollout.Plan.Digest()
		require.NoError(t, err)
		require.Equal(t, s.Rollout.PlanDigest, d)
	}
	var b strings.Builder
	renderValue(&b, "State", reflect.ValueOf(s), version)
	return b.String()
}

func renderValue(b *strings.Builder, path string, v reflect.Value, version int) {
	if v.IsZero() {
		return
	}
	switch x := v.Interface().(type) {
	case time.Time:
		fmt.Fprintf(b, "%s: %s\n", path, x.Format(time.RFC3339Nano))
		return
	case rollout.Plan:
		return
	case encoding.TextMarshaler:
		if v.Kind() != reflect.Pointer {
			text, err := x.MarshalText()
			fmt.Fprintf(b, "%s: %s%s\n", path, text, errorText(err))
			return
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		renderValue(b, path, v.Elem(), version)
		if v.Elem().IsZero() {
			fmt.Fprintf(b, "%s: set\n", path)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() {
				continue // how the state is kept, not what it is
			}
			name := path + "." + f.Name
			if f.Anonymous {
				name = path
			}
			if goldenSince[v.Type().Name()+"."+f.Name] <= version {
				renderValue(b, name, v.Field(i), version)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			renderValue(b, fmt.Sprintf("%s[%d]", path, i), v.Index(i), version)
		}
	case reflect.String:
		fmt.Fprintf(b, "%s: %q\n", path, v.String())
	default:
		fmt.Fprintf(b, "%s: %v\n", path, v.Interface())
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return " " + err.Error()
}
