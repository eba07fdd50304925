package advisory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/advisory"
)

// tree is a file system of names and contents, in turn.
func tree(files ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		out[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return out
}

// goDump is laid out as vuln.go.dev and the repository golang/vulndb are: advisories, an
// index, and CVE records of the same names.
func goDump(n int) fstest.MapFS {
	out := tree("index/db.json", `{"modified":"2026-02-01T00:00:00Z"}`)
	var modules, vulns []string
	for i := range n {
		id, module := fmt.Sprintf("GO-2026-%04d", i), fmt.Sprintf("a.io/m%d", i)
		out["ID/"+id+".json"] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"schema_version":"1.3.1","id":%q,"modified":"0001-01-01T00:00:00Z","aliases":["CVE-%d"],"affected":[%s]}`,
			id, i, pkg("Go", module, below2))}
		out["data/cve/v5/"+id+".json"] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"dataType":"CVE_RECORD","dataVersion":"5.0","cveMetadata":{"cveId":"CVE-%d"},"containers":{"cna":{"affected":[{"product":"x"}]}}}`, i)}
		modules = append(modules, fmt.Sprintf(`{"path":%q,"vulns":[{"id":%q,"modified":"2026-02-01T00:00:00Z","fixed":"2.0.0"}]}`, module, id))
		vulns = append(vulns, fmt.Sprintf(`{"id":%q,"modified":"2026-02-01T00:00:00Z","aliases":["CVE-%d"]}`, id, i))
	}
	out["index/modules.json"] = &fstest.MapFile{Data: []byte("[" + strings.Join(modules, ",") + "]")}
	out["index/vulns.json"] = &fstest.MapFile{Data: []byte("[" + strings.Join(vulns, ",") + "]")}
	return out
}

// An index beside the advisories takes nothing away, and what is no advisory makes no answer
// partial.
func TestDumpOfGo(t *testing.T) {
	t.Parallel()
	files := goDump(1200)
	want, err := advisory.Load(goOnly(files), nil)
	require.NoError(t, err)
	db, err := advisory.Load(files, nil)
	require.NoError(t, err)
	require.Equal(t, 1200, db.Len())
	require.Equal(t, want.Digest(), db.Digest(), "they are the same advisories")
	require.Equal(t, "GO-2026-0007", answer(db, "pkg:golang/a.io/m7@v1.0.0"))
	require.Equal(t, "", answer(db, "pkg:golang/a.io/m7@v2.0.0"))
	require.NotEmpty(t, db.Gaps(), "it is said what was passed over")
	for _, g := range db.Gaps() {
		require.Equal(t, release.GapUnsupported, g.Kind)
	}
	_, err = advisory.Load(fstest.MapFS{"index/vulns.json": files["index/vulns.json"]}, nil)
	require.ErrorContains(t, err, "cannot be read at all", "an index is no database")
	// The index says that there is an advisory which is not there.
	delete(files, "ID/GO-2026-0007.json")
	db, err = advisory.Load(files, nil)
	require.NoError(t, err)
	require.Equal(t, 1199, db.Len())
	require.Contains(t, answer(db, "pkg:golang/a.io/m7@v1.0.0"), "gap advisories in it could not be read")
}

func goOnly(files fstest.MapFS) fstest.MapFS {
	out := fstest.MapFS{}
	for name, f := range files {
		if strings.HasPrefix(name, "ID/") {
			out[name] = f
		}
	}
	return out
}

// What else lies about in a tree of advisories.
func TestStrays(t *testing.T) {
	t.Parallel()
	good := osv(pkg("npm", "x", below2))
	const blind = "gap advisories in it could not be read: they may concern any component"
	for _, c := range []struct{ name, text, want string }{
		{"nothing in it", "{}", ""},
		{"no records", "[]", ""},
		{"another object", `{"name":"x","version":"1.0.0","dependencies":{"a":"b"}}`, ""},
		{"objects by name", `{"compilerOptions":{"strict":true},"include":["src"],"n":1}`, ""},
		{"a list of texts", `["a","b"]`, ""},
		{"a schema", `{"$id":"https://x","type":"object","properties":{"id":{"type":"string"},"affected":{"type":"array"}}}`, blind},
		{"other records", `{"dataType":"CVE_RECORD","containers":{"cna":{"affected":[{"versions":[]}]}}}` + "\n" + `{"dataType":"CVE_RECORD"}`, ""},
		{"GHSA that nobody reviewed", `{"schema_version":"1.4.0","id":"GHSA-1","published":"2024-01-11T09:30:34Z","aliases":["CVE-1"],"details":"d","affected":[]}`, ""},
		{"withdrawn", `{"id":"X-2","withdrawn":"2024-01-11T09:30:34Z"}`, ""},
		{"only named, and known", `{"id":"X-1","modified":"2030-01-01T00:00:00Z"}`, ""},

		{"only named", `{"id":"X-2","modified":"2030-01-01T00:00:00Z"}`, blind},
		{"a cut object", `{"name":"x"`, blind},
		{"no text", "{\"name\":\"\xff\"}", blind},
		{"not JSON", `surprise`, blind},
		{"nothing", ``, blind},
		{"an id in other case", `{"ID":"X-2"}`, blind},
		{"a version of the schema in other case", `{"SCHEMA_VERSION":"1.4.0","name":"x"}`, blind},
		{"an advisory behind another object on its line", `{"id":"X-1","modified":"2020-01-01T00:00:00Z"}` + "\n" + `{"name":"x"} {"id":"X-2","affected":[` + pkg("npm", "y", all) + `]}`, blind},
		{"no id", `{"Affected":[{"package":{"ecosystem":"npm","name":"y"}}]}`, blind},
		{"an id of another kind", `{"id":5,"name":"x"}`, blind},
		{"another version of the schema", `{"schema_version":"2.0.0","name":"x"}`, blind},
		{"advisories inside", `{"vulns":[` + good + `]}`, blind},
		{"advisories deep inside", `{"results":[{"packages":[{"vulnerabilities":[` + good + `]}]}]}`, blind},
		{"advisories behind", `{"meta":{},"count":1,"list":[` + good + `]}`, blind},
		{"an escaped name", `{"name":"x","vulns":[{"\u0069d":"X-2","\u0061ffected":[]}]}`, blind},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, load := range map[string]func() (*advisory.DB, error){
				"tree": func() (*advisory.DB, error) { return advisory.Load(tree("a.json", good, "b.json", c.text), nil) },
				"zip":  func() (*advisory.DB, error) { return loadZip(zipped(t, "b.json", c.text, "a.json", good)) },
			} {
				db, err := load()
				require.NoError(t, err, name)
				require.Equal(t, c.want, answer(db, "pkg:npm/y@1.0.0"), "%s %v", name, db.Gaps())
				require.True(t, strings.HasPrefix(answer(db, "pkg:npm/x@1.0.0"), "X-1"))
				require.Equal(t, c.want != "", slices.ContainsFunc(db.Gaps(), func(g release.Gap) bool { return g.Kind != release.GapUnsupported }))
			}
		})
	}
	db, err := advisory.Load(tree("a.json", good, "b.json", `{"X-2":{"id":"X-2","affected":[`+pkg("npm", "y", all)+`]},"count":1}`), nil)
	require.NoError(t, err)
	require.Equal(t, "X-2", answer(db, "pkg:npm/y@1.0.0"), "beside what is none")
	_, err = advisory.Load(tree("package.json", `{"name":"x"}`), nil)
	require.ErrorIs(t, err, advisory.ErrEmpty)
}
