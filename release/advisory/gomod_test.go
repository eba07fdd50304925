package advisory_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gomod"
)

// What package gomod reads of a go.mod is found, also where it takes other content.
func TestMatchOfAGoMod(t *testing.T) {
	t.Parallel()
	lines := []string{}
	for i, name := range []string{"a.io/dir", "a.io/fork", "a.io/inc", "a.io/Case", "stdlib", "toolchain", "a.io/pseudo", "a.io/mended"} {
		fixed := map[string]string{"stdlib": "1.22.4", "toolchain": "1.22.4"}[name]
		if fixed == "" {
			fixed = "3.0.0"
		}
		if name == "a.io/mended" {
			fixed = "1.0.0"
		}
		lines = append(lines, fmt.Sprintf(`{"id":"GO-%d","affected":[%s]}`, i, pkg("Go", name, all+`,{"fixed":"`+fixed+`"}`)))
	}
	db := file(t, lines...)
	in := gomod.Read(gomod.File{Mod: []byte(`module example.com/m
go 1.22.0
toolchain go1.22.3
require (
	a.io/dir v1.0.0
	a.io/original v0.0.0-00010101000000-000000000000
	a.io/inc v2.0.0+incompatible
	a.io/Case v1.0.0
	a.io/pseudo v0.0.0-20200131131040-063a3fb69896 // indirect
	a.io/mended v1.0.0
)
replace a.io/dir => ../dir
replace a.io/original => a.io/fork v1.2.0
`)})
	r := db.Match(in.Components, today)
	got := map[string]string{}
	for _, f := range r.Affected {
		got[string(f.Component.Package())] = "affected"
	}
	for _, f := range r.Unknown {
		got[string(f.Component.Package())] = f.Detail
	}
	require.NotEmpty(t, got["pkg:golang/a.io/dir"], "nobody knows what is in the directory")
	delete(got, "pkg:golang/a.io/dir")
	require.Equal(t, map[string]string{"pkg:golang/a.io/fork": "affected", "pkg:golang/a.io/inc": "affected", "pkg:golang/a.io/case": "affected",
		"pkg:golang/stdlib": "affected", "pkg:golang/toolchain": "affected", "pkg:golang/a.io/pseudo": "affected"}, got)
	require.Empty(t, r.Gaps)

	// The original is asked about as well as the fork, where a reader tells both.
	original := release.Component{PURL: "pkg:golang/a.io/inc@v0.0.0-00010101000000-000000000000", Origin: "replaced"}
	n := len(r.Affected)
	require.Len(t, db.Match(append(in.Components, original, original), today).Affected, n+1)
}
