package advisory_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/advisory"
)

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	require.NoError(t, err)
	_, err = z.Write(b)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return out.Bytes()
}

// zipped makes an archive of names and contents, in turn.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		require.NoError(t, err)
		_, err = io.WriteString(w, files[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return out.Bytes()
}

func loadZip(b []byte) (*advisory.DB, error) {
	return advisory.LoadZip(bytes.NewReader(b), int64(len(b)), nil)
}

func loadText(b []byte) (*advisory.DB, error) { return advisory.LoadFile(bytes.NewReader(b), nil) }

// The same advisories have the same digest in whatever they come, and another one if any
// of them says anything else.
func TestDigestNamesTheContent(t *testing.T) {
	t.Parallel()
	docs := random{rand.New(rand.NewPCG(1, 1))}.docs(30)
	want := load(t, docs)
	require.Equal(t, 30, want.Len())
	lines, byID, files := []string{}, map[string]doc{}, []string{}
	for i, d := range docs {
		b, err := json.Marshal(d)
		require.NoError(t, err)
		lines = append([]string{string(b)}, lines...)
		byID[d.ID] = d
		pretty, err := json.MarshalIndent(d, " ", "\t")
		require.NoError(t, err)
		files = append(files, fmt.Sprintf("deep/er/%d.JSON", i), string(pretty))
	}
	object, err := json.Marshal(byID)
	require.NoError(t, err)
	jsonl := []byte(strings.Join(lines, "\r\n"))
	other := make([]map[string]any, len(docs)) // names in another order
	array, err := json.Marshal(docs)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(array, &other))
	sorted, err := json.Marshal(other)
	require.NoError(t, err)
	escaped := bytes.ReplaceAll(jsonl, []byte(`"GO-`), []byte(`"\u0047\u004f-`))
	for name, b := range map[string][]byte{"lines": jsonl, "lines, twice": append(append(jsonl[:len(jsonl):len(jsonl)], '\n'), jsonl...), "object": object, "array": array,
		"names in another order": sorted, "escapes": escaped, "gzip": gzipped(t, object)} {
		db, err := loadText(b)
		require.NoError(t, err, name)
		require.Equal(t, want.Digest(), db.Digest(), name)
		require.Equal(t, 30, db.Len(), name)
		require.Empty(t, db.Gaps(), name)
		slow, err := advisory.LoadFile(iotest.OneByteReader(bytes.NewReader(b)), nil)
		require.NoError(t, err, name)
		require.Equal(t, want.Digest(), slow.Digest(), name)
	}
	db, err := loadZip(zipped(t, files...))
	require.NoError(t, err)
	require.Equal(t, want.Digest(), db.Digest())
	db, err = loadZip(zipped(t, "all.json.gz", string(gzipped(t, array)), "README.md", "x", ".git/x.json", "x"))
	require.NoError(t, err)
	require.Equal(t, want.Digest(), db.Digest())

	seen := map[release.Digest]string{want.Digest(): "unchanged"}
	for name, b := range map[string]string{
		"one less":         strings.Join(lines[1:], "\n"),
		"a detail":         strings.Replace(string(jsonl), `{"id"`, `{"details":"x","id"`, 1),
		"another detail":   strings.Replace(string(jsonl), `{"id"`, `{"details":"y","id"`, 1),
		"an unread record": string(jsonl) + "\nx",
		"another":          string(jsonl) + "\ny",
		"one that is salvaged": string(jsonl) + "\n" +
			`{"id":"X-1","summary":1,"affected":[{"package":{"ecosystem":"npm","name":"x"}}]}`,
	} {
		db, err := loadText([]byte(b))
		require.NoError(t, err, name)
		require.NotContains(t, seen, db.Digest(), name)
		seen[db.Digest()] = name
	}
}

// What JSON says is another thing is another digest, however alike it looks written down.
func TestDigestTellsValuesApart(t *testing.T) {
	t.Parallel()
	seen := map[release.Digest]string{}
	for _, value := range []string{
		`null`, `true`, `false`, `0`, `1`, `10`, `1.0`, `"1"`, `"true"`, `"null"`, `""`, `[]`, `{}`, `[[]]`, `[{}]`, `{"":""}`, `{"a":{}}`, `{"a":[]}`, `{"a":null}`,
		`[1]`, `["1"]`, `[1,2]`, `[12]`, `[[1],2]`, `[[1,2]]`, `[1,[2]]`, `[[1],[2]]`, `[2,1]`, `["ab"]`, `["a","b"]`, `["a\"1:b"]`, `["",""]`, `["\"0:"]`, `["[]"]`, `"[]"`,
		`{"a":"b"}`, `["a","b",{}]`, `{"a":1,"b":2}`, `{"a":2,"b":1}`, `{"a":{"b":2}}`, `{"a":{},"b":2}`, `{"a":{"b":{}}}`, `{"a":"b1:c"}`, `{"a":"b","c":"d"}`, `[{"a":1},{"b":2}]`, `[{"a":1,"b":2}]`, `[{"b":2},{"a":1}]`,
		`["a","x",{"b":"c"}]`, `[{"a":"x","b":"c"}]`, `[102]`, `[1,0,2]`, `["a\":b"]`, `["0","aaaaaaaa"]`, `["\"8aaaaaaaa"]`,
		`{"a":[1],"b":[2]}`, `{"a":[1,2]}`, `{"a":[{"c":1,"b":2}],"b":0}`, `{"a":[{"c":2,"b":1}],"b":0}`,
	} {
		db, err := loadText([]byte(`{"id":"X-1","database_specific":` + value + `,"affected":[` + pkg("npm", "x", below2) + `]}`))
		require.NoError(t, err, value)
		require.Empty(t, db.Gaps(), value)
		require.NotContains(t, seen, db.Digest(), "%s and %s", value, seen[db.Digest()])
		seen[db.Digest()] = value
	}
	// The order of names is nothing that it says, at any depth.
	one, err := loadText([]byte(`{"id":"X-1","database_specific":{"b":[{"d":1,"c":{"f":[],"e":"x"}}],"a":2},"affected":[` + pkg("npm", "x", below2) + `]}`))
	require.NoError(t, err)
	other, err := loadText([]byte(`{"affected":[` + pkg("npm", "x", below2) + `],"database_specific":{"a":2,"b":[{"c":{"e":"x","f":[]},"d":1}]},"id":"X-1"}`))
	require.NoError(t, err)
	require.Equal(t, one.Digest(), other.Digest())
}

// What could not be read is a gap, and what it may concern is unknown.
func TestUnreadableRecords(t *testing.T) {
	t.Parallel()
	good := osv(pkg("npm", "x", below2))
	const partial = "gap advisories in it could not be read: they may concern any component"
	for _, c := range []struct{ name, line, x, y string }{
		{"no JSON", "surprise", "X-1; " + partial, partial},
		{"cut", `{"id":"X-2","affected":[`, "X-1; " + partial, partial},
		{"invalid UTF-8", "{\"id\":\"X-2\",\"summary\":\"\xff\"}", "X-1; " + partial, partial},
		{"a name twice", `{"id":"X-2","id":"X-3"}`, "X-1; " + partial, partial},
		{"a name in other case", `{"ID":"X-2"}`, "X-1; " + partial, partial},
		{"no id", `{"affected":[` + pkg("npm", "y", all) + `]}`, "X-1; " + partial, partial},
		{"an id that cannot be printed", `{"id":"X\u001b[2J","affected":[` + pkg("npm", "y", all) + `]}`, "X-1; " + partial, partial},
		{"a list", `[]`, "X-1; " + partial, partial},
		{"of another schema", `{"schema_version":"2.0.0","id":"X-2","affected":[` + pkg("npm", "y", all) + `]}`, "X-1; " + partial, partial},
		{"no package", `{"id":"X-2","affected":[{"versions":["1"]}]}`, "X-1; " + partial, partial},
		{"no name of a package", `{"id":"X-2","affected":[{"package":{"ecosystem":"npm"}}]}`, "X-1; " + partial, partial},
		{"one entry without", `{"id":"X-2","affected":[` + pkg("npm", "y", all) + `,{}]}`, "X-1; " + partial, partial},
		{"a package that no purl names", `{"id":"X-2","affected":[{"package":{"ecosystem":"npm","name":"a\u0000b"}}]}`, "X-1; " + partial, partial},
		{"too large", `{"id":"X-2","details":"` + strings.Repeat("x", advisory.MaxRecord) + `"}`, "X-1; " + partial, partial},
		{"too deep", `{"id":"X-2","database_specific":` + strings.Repeat("[", advisory.MaxDepth+1) + strings.Repeat("]", advisory.MaxDepth+1) + `}`, "X-1; " + partial, partial},
		{"ranges that are none", `{"id":"X-2","affected":[{"package":{"ecosystem":"npm","name":"y"},"ranges":5}]}`, "X-1; " + partial, partial},
		{"a number for a summary", `{"id":"X-2","summary":5,"affected":[` + pkg("npm", "y", all) + `]}`, "X-1", "X-2? the advisory could not be read"},
		{"an event that is none", `{"id":"X-2","affected":[{"package":{"ecosystem":"npm","name":"y"},"ranges":[{"type":"SEMVER","events":["0"]}]}]}`, "X-1", "X-2? the advisory could not be read"},
		{"a version that is none", `{"id":"X-2","affected":[{"package":{"ecosystem":"npm","name":"y"},"versions":[1]}]}`, "X-1", "X-2? the advisory could not be read"},
		{"an alias that is none", `{"id":"X-2","aliases":[" "],"affected":[` + pkg("npm", "y", all) + `]}`, "X-1", "X-2? the advisory could not be read"},
		{"too many versions", `{"id":"X-2","affected":[{"package":{"ecosystem":"npm","name":"y"},"versions":["1"` + strings.Repeat(`,"1"`, advisory.MaxPoints) + `]}]}`, "X-1", "X-2? the advisory could not be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, text := range []string{good + "\n" + c.line, good + "\n\n" + c.line + "\n"} {
				db, err := loadText([]byte(text))
				require.NoError(t, err)
				require.Equal(t, 1, db.Len())
				require.Len(t, db.Gaps(), 1)
				require.Equal(t, c.x, answer(db, "pkg:npm/x@1.0.0"))
				require.Equal(t, c.y, answer(db, "pkg:npm/y@1.0.0"))
			}
			if strings.HasPrefix(c.line, "{") {
				db, err := advisory.Load(fstest.MapFS{"a.json": {Data: []byte(good)}, "b.json": {Data: []byte(c.line)}}, nil)
				require.NoError(t, err)
				require.Equal(t, "b.json", strings.Split(db.Gaps()[0].Subject, " ")[0])
				require.Equal(t, strings.Contains(c.y, "gap"), strings.Contains(answer(db, "pkg:npm/y@1.0.0"), "gap"))
			}
		})
	}
}

// The later of two records counts; where none is later both do, and it is said.
func TestOneIDTwice(t *testing.T) {
	t.Parallel()
	line := func(modified, events string) string {
		return fmt.Sprintf(`{"id":"X-1","modified":%q,"affected":[%s]}`, modified, pkg("npm", "x", events))
	}
	old, later := line("2024-01-01T00:00:00Z", all), line("2024-02-01T00:00:00Z", below2)
	for _, text := range []string{old + "\n" + later, later + "\n" + old} {
		db := file(t, text)
		require.Empty(t, db.Gaps())
		require.Equal(t, "", answer(db, "pkg:npm/x@3.0.0"))
		require.Equal(t, file(t, later).Digest(), db.Digest())
	}
	db := file(t, line("", all), line("soon", below2))
	require.Len(t, db.Gaps(), 1)
	require.Equal(t, release.GapAmbiguous, db.Gaps()[0].Kind)
	require.Equal(t, "X-1", answer(db, "pkg:npm/x@3.0.0"))

	db = file(t, `{"A":`+later+`,"X-1":`+later+`}`)
	require.Contains(t, answer(db, "pkg:npm/y@1.0.0"), "gap advisories in it could not be read", "nobody knows what A says")
}

// What holds nothing, or is no collection, is an error: nothing could be told from "not
// affected".
func TestRefused(t *testing.T) {
	t.Parallel()
	good := osv(pkg("npm", "x", below2))
	for name, text := range map[string]string{
		"nothing": "", "white space": " \n", "an empty array": "[]", "an empty object": "{}", "a number": "1", "null": "null",
		"cut array": "[" + good, "cut object": `{"X-1":` + good, "something behind": "[" + good + "]x", "behind an object": `{"X-1":` + good + "}{}",
		"an array of ids": `["X-1"]`, "an object of lists": `{"vulns":[` + good + `]}`, "no comma": "[" + good + good + "]", "a comma too many": "[" + good + ",]",
		"cut gzip": string(gzipped(t, []byte("["+good+"]"))[:100]), "a first line that is cut": good[:50] + "\n" + good,
		"nothing readable": strings.Repeat("{\"id\":\"\"}\n", advisory.MaxGaps+10),
	} {
		db, err := loadText([]byte(text))
		require.Error(t, err, name)
		require.Nil(t, db, name)
	}
	db, err := loadText([]byte(strings.Repeat(" ", advisory.MaxSpace+1) + good))
	require.ErrorContains(t, err, "white space")
	require.Nil(t, db)
	long := `[{"id":"X-1","details":"` + strings.Repeat("x", 200_000) + `"}`
	_, err = loadText([]byte(long + "x"))
	require.ErrorContains(t, err, fmt.Sprintf("at byte %d: ", len(long)))
	_, err = advisory.LoadFile(iotest.TimeoutReader(strings.NewReader(long)), nil)
	require.ErrorIs(t, err, iotest.ErrTimeout, "and not that the text ends")
	// What unpacks to too much ends the load, and is no file among others.
	bomb := gzipped(t, append([]byte(`{"id":"`), bytes.Repeat([]byte("a"), 32<<20)...))
	_, err = advisory.Load(fstest.MapFS{"a.json": {Data: []byte(good)}, "b.json.gz": {Data: bomb}}, nil)
	require.ErrorContains(t, err, "times what was read")
	_, err = advisory.Load(fstest.MapFS{"README.md": {Data: []byte("x")}}, nil)
	require.ErrorIs(t, err, advisory.ErrEmpty)
	_, err = advisory.Load(fstest.MapFS{}, nil)
	require.ErrorIs(t, err, advisory.ErrEmpty)
	_, err = loadZip(zipped(t, "README.md", "x"))
	require.ErrorIs(t, err, advisory.ErrEmpty)
	for _, b := range [][]byte{nil, []byte("PK"), make([]byte, 1000), zipped(t, "a.json", good)[:60]} {
		_, err = loadZip(b)
		require.Error(t, err)
	}

	var none advisory.DB
	require.Equal(t, release.CoverageMissing, none.Match([]release.Component{{PURL: "pkg:npm/x@1"}}, today).Coverage)
	require.Equal(t, release.CoverageMissing, none.Delta(nil, &release.Inventory{Coverage: release.CoverageComplete}, today).Coverage[release.KindAdvisory])
}

// One record by itself may begin with any name that it has.
func TestRecordsBeginWithAnyName(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"schema_version": `"1.6.0"`, "modified": `"2024-01-01T00:00:00Z"`, "published": `"2024-01-01T00:00:00Z"`, "withdrawn": `null`, "aliases": `[]`, "upstream": `[]`, "related": `[]`,
		"summary": `"s"`, "details": `"d"`, "severity": `[]`, "affected": `[` + pkg("npm", "x", below2) + `]`, "references": `[]`, "credits": `[]`, "database_specific": `{}`} {
		rest := `,"affected":[` + pkg("npm", "x", below2) + `]`
		if name == "affected" {
			rest = ""
		}
		db, err := loadText([]byte(`{"` + name + `":` + value + `,"id":"X-1"` + rest + `}`))
		require.NoError(t, err, name)
		require.Equal(t, "X-1", answer(db, "pkg:npm/x@1.0.0"), name)
	}
}

// A stream that breaks off between two records, or within one, is not one that ends.
func TestStreamsThatBreak(t *testing.T) {
	t.Parallel()
	good := osv(pkg("npm", "x", below2))
	for _, text := range []string{good, good + "\n", good + "\n" + good + "\n", good + "\n{\"id\"", "[" + good, "[" + good + "]", `{"X-1":` + good, `{"X-1":` + good + "}"} {
		db, err := advisory.LoadFile(io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrUnexpectedEOF)), nil)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%q", text)
		require.Nil(t, db)
	}
}

// A record that stands alone is too large by any of its parts, or by all together.
func TestLargeRecords(t *testing.T) {
	t.Parallel()
	most := strings.Repeat("x", advisory.MaxRecord)
	for name, text := range map[string]string{
		"a value": `{"id":"X-1","details":"` + most + `"}`, "a name": `{"id":"X-1","` + most + `":1}`, "the first value": `{"details":"` + most + `","id":"X-1"}`,
		"together": `{"id":"X-1","a":"` + most[:1<<20] + `","b":"` + most[:2<<20] + `","c":"` + most[:2<<20] + `","d":"` + most[:1<<20] + `"}`,
	} {
		db, err := loadText([]byte(text))
		require.ErrorContains(t, err, "larger than", name)
		require.Nil(t, db, name)
	}
}

// What one file is says nothing of the next.
func TestFilesAreLookedAtAlone(t *testing.T) {
	t.Parallel()
	good := osv(pkg("npm", "x", below2))
	db, err := advisory.Load(tree("a.json", good, "b.json", `{"name":{"a":1,"a":2}}`, "c.json", `{"ID":"X-2"}`), nil)
	require.NoError(t, err)
	require.Len(t, db.Gaps(), 2)
	require.Equal(t, "c.json", db.Gaps()[1].Subject)
	require.Equal(t, release.GapUnreadable, db.Gaps()[1].Kind)

	large := `{"id":"X-2","affected":[` + pkg("npm", "y", below2) + `],"database_specific":"` + strings.Repeat("x", 3<<19) + `"}`
	db, err = advisory.Load(tree("a.json", good, "b.json", large, "c.json", good), nil)
	require.NoError(t, err)
	require.Empty(t, db.Gaps())
	require.Equal(t, "X-2", answer(db, "pkg:npm/y@1.0.0"), "one that is large is one too")
}

// A file that is not what it must be leaves the others alone.
func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	good := &fstest.MapFile{Data: []byte(osv(pkg("npm", "x", below2)))}
	for name, bad := range map[string]*fstest.MapFile{
		"empty": {}, "a link": {Mode: fs.ModeSymlink, Data: []byte("x")}, "cut": {Data: good.Data[:40]}, "no gzip": {Data: []byte("\x1f\x8b??????????")},
	} {
		db, err := advisory.Load(fstest.MapFS{"a/x.json": good, "b/y.json": bad}, nil)
		require.NoError(t, err, name)
		require.Len(t, db.Gaps(), 1, name)
		require.Equal(t, "b/y.json", db.Gaps()[0].Subject)
		require.Contains(t, answer(db, "pkg:npm/y@1.0.0"), "gap ", name)
		require.Contains(t, answer(db, "pkg:npm/x@1.0.0"), "X-1; gap ", name)
	}
	// Names of an archive lead nowhere.
	db, err := loadZip(zipped(t, "../../etc/x.json", string(good.Data), "/abs.json", string(good.Data), `c:\y.json`, string(good.Data)))
	require.NoError(t, err)
	require.Equal(t, 1, db.Len())
	require.Empty(t, db.Gaps())
}

// Inputs that are made to take long, or much, do not.
func TestHostile(t *testing.T) {
	events := func(n int) []byte {
		b := append(make([]byte, 0, 24*n+200), `{"id":"X-1","affected":[{"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}`...)
		for i := range n {
			b = append(strconv.AppendInt(append(b, `,{"fixed":"`...), int64(i), 10), `.0.0"}`...)
		}
		return append(b, `]}]}]}`...)
	}
	keys := append(make([]byte, 0, 16<<20), '{')
	for i := range 1_000_000 {
		keys = append(strconv.AppendInt(append(keys, `"k`...), int64(i), 10), `":{},`...)
	}
	keys = append(keys, `"k":{}}`...)
	zeros := make([]byte, 48<<20)
	spaces := bytes.Repeat([]byte(" "), 48<<20)
	own := []hostile.Input{
		{Name: "a million events", Text: events(1_000_000)},
		{Name: "as many events as fit", Text: events(280_000)},
		{Name: "as many events as may be", Text: events(39_000), Fine: true},
		{Name: "a million records that are none", Text: keys},
		{Name: "gzip of zeros", Text: gzipped(t, zeros)},
		{Name: "gzip of spaces", Text: gzipped(t, spaces)},
		{Name: "gzip of a text", Text: gzipped(t, append([]byte(`{"id":"`), bytes.Repeat([]byte("a"), 32<<20)...))},
		{Name: "gzip in gzip", Text: gzipped(t, gzipped(t, zeros))},
		{Name: "an array of [", Text: append([]byte("["), bytes.Repeat([]byte("{\"a\":"), 1<<20)...)},
		{Name: "a million aliases", Text: append(append([]byte(`{"id":"X-1","aliases":["a"`), bytes.Repeat([]byte(`,"a"`), 1_000_000)...), "]}"...)},
	}
	refused := func(db *advisory.DB, err error) bool {
		if err != nil {
			require.Nil(t, db)
			return true
		}
		db.Match([]release.Component{{PURL: "pkg:npm/x@1.0.0"}}, today)
		return len(db.Gaps()) > 0
	}
	texts := append(hostile.Texts(), own...)
	hostile.Check(t, texts, func(b []byte) bool { return refused(loadText(b)) })
	// A tree is read by the same code, but for what is no advisory.
	hostile.Check(t, own, func(b []byte) bool {
		return refused(advisory.Load(fstest.MapFS{"x.json": {Data: b}}, nil))
	})

	many := []string{}
	for i := range 40 {
		many = append(many, fmt.Sprintf("%d.json", i), string(zeros[:1<<20]))
	}
	archives := []hostile.Input{
		{Name: "one large file", Text: zipped(t, "x.json", string(spaces))},
		{Name: "many large files", Text: zipped(t, many...)},
		{Name: "a file that lies about its size", Text: lie(zipped(t, "x.json", string(zeros[:8<<20])))},
		{Name: "gzip in zip", Text: zipped(t, "x.json.gz", string(gzipped(t, spaces)))},
	}
	hostile.Check(t, append(texts[:1:1], archives...), func(b []byte) bool { return refused(loadZip(b)) })
}

// lie makes an archive's directory say that its file has 10 bytes.
func lie(b []byte) []byte {
	i := bytes.LastIndex(b, []byte("PK\x01\x02"))
	copy(b[i+24:], []byte{10, 0, 0, 0})
	return b
}
