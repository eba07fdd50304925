package config_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/config"
)

// told is a change on one line: "+ key", "- key", "~ key: detail".
func told(cs release.ChangeSet) []string {
	out := []string{}
	for _, s := range cs.Settings {
		line := map[release.Op]string{release.OpAdded: "+", release.OpRemoved: "-", release.OpModified: "~", release.OpMoved: "^"}[s.Op] + " " + s.Key
		if s.Detail != "" {
			line += ": " + s.Detail
		}
		out = append(out, line)
	}
	return out
}

func diff(path, before, after string) release.ChangeSet {
	return config.Diff(release.Path(path), []byte(before), []byte(after), config.Options{})
}

func otherwise(key string) string {
	return "~ " + key + ": the same value, written otherwise: some programs see another"
}

func otherName(key string) string {
	return "~ " + key + ": its name is written otherwise: some programs see another"
}

func TestDiff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path, before, after string
		want                      []string
	}{
		{"yaml: one value", "v.yaml", "a: 1\nb: 2\n", "a: 1\nb: 3\n", []string{"~ b"}},
		{"yaml: added and removed", "v.yaml", "a: {b: 1}", "a: {c: 1}", []string{"- a.b", "+ a.c"}},
		{"yaml: comments and order of names", "v.yaml", "a: 1\nb: 2", "# x\nb: 2\na: 1 # y", nil},
		{"yaml: an empty file", "v.yaml", "", "a: 1", []string{"+ a"}},
		{"yaml: string to bool", "v.yaml", `a: "true"`, `a: true`, []string{"~ a: text became a truth value"}},
		{"yaml: number to text", "v.yaml", `a: 1`, `a: "1"`, []string{"~ a: a number became text"}},
		{"yaml: null, absent and empty", "v.yaml", "a: null\nb: ''\nc: {}\nd: []\n", "b: null\nc: null\nd: {}\n",
			[]string{"- a: it is null", "~ b: text became null", "+ c: it is null", "- c: an empty mapping", "+ d: an empty mapping", "- d: an empty list"}},
		{"yaml: null is null however it is written", "v.yaml", "a:\nb: ~", "a: null\nb: NULL", nil},
		{"yaml: a mapping to a scalar", "v.yaml", "a: {b: 1, c: 2}", "a: x", []string{"+ a", "- a.b", "- a.c"}},
		{"yaml: 1 and 1.0", "v.yaml", "a: 1", "a: 1.0", []string{"~ a: the same number, written otherwise"}},
		{"yaml: a yes of YAML 1.1", "v.yaml", "a: yes", `a: "yes"`, []string{"~ a: the same text, which some programs take for something else where it has no quotes"}},
		{"yaml: an octal of YAML 1.1", "v.yaml", "a: 0755", `a: '0755'`, []string{"~ a: the same text, which some programs take for something else where it has no quotes"}},
		{"yaml: quotes around a word", "v.yaml", "a: word", `a: "word"`, nil},
		{"yaml: case", "v.yaml", "a: On1\nA1: 1", "a: on1\nA1: 1", []string{"~ a: letter case alone"}},
		{"yaml: an anchor is used twice", "v.yaml", "x: &x {p: 1}\na: *x\nb:\n  <<: *x\n  q: 1", "x: &x {p: 2}\na: *x\nb:\n  <<: *x\n  q: 1", []string{"~ a.p", "~ b.p", "~ x.p"}},
		{"yaml: an alias written out", "v.yaml", "x: &x {p: 1}\na: *x", "x: {p: 1}\na: {p: 1}", nil},
		{"yaml: a tag", "v.yaml", "a: !Ref b", "a: b", []string{"~ a: the same value, written otherwise: some programs see another"}},
		{"yaml: a tag of a mapping", "v.yaml", "a: !x {b: 1}", "a: {b: 1}", []string{"~ a: its tag changed"}},
		{"yaml: the second document", "v.yaml", "a: 1\n---\na: 1", "a: 1\n---\na: 2\n---\nb: 1", []string{"~ #2.a", "+ #3.b"}},
		{"yaml: a document that is no mapping", "v.yaml", "one", "two", []string{"~ ."}},
		{"yaml: names that are not plain", "v.yaml", "a: 1", "a: 1\na.b: 1\na: 1\n\"\": 1\n\"#2\": 1\n\"[0]\": 1\n'x\"y': 1\nä: 1\n\"\\e[31m\": 1\n", nil}, // a stands twice: unreadable
		{"yaml: names that are not plain, again", "v.yaml", "a: 1", "a: 1\na.b: 1\n\"\": 1\n\"#2\": 1\n\"[0]\": 1\n'x\"y': 1\nä: 1\n\"\\e[31m\": 1\n\"<masked 1>\": 1\n",
			[]string{`+ [""]`, `+ ["#2"]`, `+ ["<masked 1>"]`, `+ ["[0]"]`, `+ ["\x1b[31m"]`, `+ ["a.b"]`, `+ ["x\"y"]`, "+ ä"}},
		{"yaml: lists by position", "v.yaml", "a: [x, y]", "a: [x, z, w]", []string{"~ a[1]", "+ a[2]"}},
		{"yaml: lists by name, moved", "v.yaml", "a: [{name: x, v: 1}, {name: y, v: 2}]", "a: [{name: y, v: 2}, {name: x, v: 1}]", []string{"^ a: its elements stand in another order"}},
		{"yaml: one in between is no move", "v.yaml", "a: [{name: x, v: 1}, {name: y, v: 2}]", "a: [{name: x, v: 1}, {name: n, v: 0}, {name: y, v: 2}]", []string{"+ a[name=n].name", "+ a[name=n].v"}},
		{"yaml: lists by key and value", "v.yaml", "a: [{key: x, value: 1}]", "a: [{key: x, value: 2}]", []string{"~ a[key=x].value"}},
		{"yaml: a key without a value may be a secret", "v.yaml", "a: [{key: x, v: 1}]", "a: [{key: x, v: 2}]", []string{"~ a[0].v"}},
		{"yaml: a name that stands twice is no name", "v.yaml", "a: [{name: x, v: 1}, {name: x, v: 2}]", "a: [{name: x, v: 1}, {name: x, v: 3}]", []string{"~ a[1].v"}},
		{"yaml: a name on one side only is no name", "v.yaml", "a: [{name: x, v: 1}]", "a: [{v: 1}]", []string{"- a[0].name"}},
		{"yaml: text in many lines", "v.yaml", "a: |\n  x\n  y\n", "a: |\n  x\n  z\n", []string{"~ a"}},
		{"json: one value", "c.json", `{"a": {"b": [1, {"c": 2}]}}`, `{"a": {"b": [1, {"c": 3}]}}`, []string{"~ a.b[1].c"}},
		{"json: 1 and 1.0", "c.json", `{"a": 1, "b": 1e2}`, `{"a": 1.0, "b": 100}`, []string{"~ a: the same number, written otherwise", "~ b: the same number, written otherwise"}},
		{"json: an escape is the character", "c.json", `{"a": "\u0041"}`, `{"a": "A"}`, nil},
		{"json: numbers beyond floats", "c.json", `{"a": 9007199254740993}`, `{"a": 9007199254740992}`, []string{"~ a"}},
		{"toml: tables", "c.toml", "[a]\nb = 1\n[[l]]\nname = \"x\"\nv = 1\n", "[a]\nb = 2\n[[l]]\nname = \"x\"\nv = 2\n", []string{"~ a.b", "~ l[name=x].v"}},
		{"toml: an integer and a float", "c.toml", "a = 1", "a = 1.0", []string{"~ a: the same number, written otherwise"}},
		{"toml: a time", "c.toml", "a = 1979-05-27T07:32:00Z\nb = 1979-05-27", "a = 1979-05-27T07:33:00Z\nb = 1979-05-28", []string{"~ a", "~ b"}},
		{"env: one value", ".env", "A=1\nexport B=2\n# c\n\nC = 3\n", "A=1\nexport B=3\nC = 3\n", []string{"~ B"}},
		{"env: export, without which a shell keeps it to itself", ".env", "export A=1", "A=1", []string{otherwise("A")}},
		{"env: spaces that Docker and shells do not skip", ".env", "A=1\nB=2\nC=3", "A=1 \nB =2\nC= 3", []string{otherwise("A"), otherwise("B"), otherwise("C")}},
		{"env: white space that is text to most programs", ".env", "A=1", "A=1\u00a0", []string{"~ A"}},
		{"env: an order that matters to a shell", ".env", "B=1\nA=$B", "A=$B\nB=1", []string{"^ .: its settings refer to each other and stand in another order"}},
		{"env: an order that matters to nobody", ".env", "B=1\nA=2", "A=2\nB=1", nil},
		{"env: a byte order mark", ".env", "A=1", "\ufeffA=1", []string{"~ .: the byte order mark: some programs take it for a part of the first name"}},
		{"ini: a byte order mark", "a.ini", "\ufeff[a]\nb=1", "[a]\nb=1", []string{"~ .: the byte order mark: some programs take it for a part of the first name"}},
		{"properties: a byte order mark", "a.properties", "\ufeffb=1", "b=1", []string{"~ .: the byte order mark: some programs take it for a part of the first name"}},
		{"yaml: names of YAML 1.1 that are no text", "v.yaml", "on: 1\ny: 2\n1: 3\nnull: 4\nx: 5\n", "'on': 1\n'y': 2\n'1': 3\n'null': 4\n'x': 5\n",
			[]string{otherName("1"), otherName("null"), otherName("on"), otherName("y")}},
		{"yaml: a tag of a name", "v.yaml", "!k a: 1", "a: 1", []string{otherName("a")}},
		{"yaml: names that are no text, all the same", "v.yaml", "on: 1\n8080: 2", "8080: 2\non: 1\n9090: 3", []string{"+ 9090"}},
		{"env: quotes, which Docker keeps", ".env.local", "A=1", "A='1'", []string{"~ A: the same value, written otherwise: some programs see another"}},
		{"env: a comment, which Docker keeps", "x.env", "A=1 # x", "A=1 # y", []string{"~ A: the same value, written otherwise: some programs see another"}},
		{"env: many lines", ".env", "A=\"x\ny\\\"\nz\"\nB=1", "A=\"x\ny\\\"\nw\"\nB=2", []string{"~ A", "~ B"}},
		{"env: empty and absent", ".env", "A=\nB=x", "B=", []string{"- A", "~ B: it is empty now"}},
		{"env: a name alone", ".env", "A", "A=", []string{"~ A: a name without a value became text"}},
		{"env: no end of the last line", ".env", "A=1", "A=1\n", nil},
		{"env: Windows ends of lines", ".env", "A=1\r\nB=2\r\n", "A=1\nB=2\n", []string{otherwise("A"), otherwise("B")}},
		{"properties", "a.properties", "a.b=1\nc : 2\nd 3\ne\\ f=\\u0041\n! x\n", "a.b = 1\nc=2\nd=4\ne\\ f=A\n", []string{"~ d"}},
		{"properties: a line that goes on", "a.properties", "a=1,\\\n   2\nb=1", "a=1,2\nb=\\\\\n", []string{"~ b"}},
		{"properties: a comment does not go on", "a.properties", "# x\\\na=1", "# x\\\na=2", []string{"~ a"}},
		{"ini", "a.ini", "top = 1\n[s]\na = 1\nb: 2\n; x\n[t u]\na=1", "top = 1\n[s]\na = 1\nb: 3\n[t u]\na=2", []string{"~ s.b", `~ ["t u"].a`}},
		{"ini: a comment behind a value belongs to it", "a.cfg", "[s]\na = 1 ; x", "[s]\na = 1", []string{"~ s.a"}},
		{"ini: a value that goes on", "a.ini", "[s]\na = 1\n  x\nb", "[s]\na = 1\n  y\nb", []string{"~ s.a"}},
		{"ini: a setting that is indented goes on with a value to some", "a.ini", "[s]\na = 1\n  b = 2", "[s]\na = 1\nb = 2", []string{otherwise("s.b")}},
		{"ini: an empty line ends a value to some", "a.ini", "[s]\na = 1\n  b", "[s]\na = 1\n\n  b", []string{"~ s.a"}},
		{"ini: a comment ends a value to some", "a.ini", "[s]\na = 1\n  b", "[s]\na = 1\n  # x\n  b", []string{"~ s.a"}},
		{"ini: white space that is text to most programs", "a.ini", "[s]\nx", "[s]\n\u00a0x", []string{"- s.x", "+ s[\"\\u00a0x\"]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cs := diff(c.path, c.before, c.after)
			if c.name == "yaml: names that are not plain" {
				require.Equal(t, release.GapUnreadable, cs.Gaps[0].Kind)
				return
			}
			require.Empty(t, cs.Gaps)
			require.Equal(t, release.CoverageComplete, cs.Coverage[release.KindConfiguration])
			require.ElementsMatch(t, c.want, told(cs))
			require.True(t, slices.IsSortedFunc(cs.Settings, func(a, b release.SettingChange) int { return strings.Compare(a.Key, b.Key) }))
			require.Len(t, cs.Sources, 2)
			require.Equal(t, release.DigestOf([]byte(c.after)), cs.Sources[1].Digest)
			back := diff(c.path, c.after, c.before)
			require.Len(t, back.Settings, len(cs.Settings), "back is as much as forth")
		})
	}
}

// A file that is not there is not an empty one, and no file at all is no change.
func TestFilesThatAreNotThere(t *testing.T) {
	t.Parallel()
	cs := config.Diff("a.json", nil, []byte(`{"a": 1, "b": []}`), config.Options{})
	require.Equal(t, []string{"+ a", "+ b: an empty list"}, told(cs))
	require.Len(t, cs.Sources, 1)
	cs = config.Diff("a.json", []byte(`{"a": {"b": 1}}`), nil, config.Options{})
	require.Equal(t, []string{"- a.b"}, told(cs))
	cs = config.Diff("a.json", nil, nil, config.Options{})
	require.Empty(t, cs.Settings)
	require.Equal(t, release.CoverageComplete, cs.Coverage[release.KindConfiguration])
	cs = config.Diff("a.json", []byte{}, []byte(`{}`), config.Options{})
	require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindConfiguration], "an empty file is no JSON")
	require.Equal(t, release.GapUnreadable, cs.Gaps[0].Kind)
}

// What cannot be read is never "no change" and never "all is new".
func TestGaps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path, text string
		kind             release.GapKind
		detail           string
	}{
		{"JSON with comments", "a.json", "{\"a\": 1 /* x */}", release.GapUnreadable, "line 1"},
		{"JSONC by its name", "a.jsonc", "{}", release.GapUnsupported, "no format"},
		{"a name twice in JSON", "a.json", `{"a": 1, "a": 2}`, release.GapUnreadable, "twice"},
		{"a name twice in YAML", "a.yaml", "a: 1\na: 2", release.GapUnreadable, "line 2"},
		{"a name twice in TOML", "a.toml", "a = 1\na = 2", release.GapUnreadable, "line 2"},
		{"an anchor that holds itself", "a.yaml", "a: &a [*a]", release.GapUnreadable, "line 1"},
		{"a tab in YAML", "a.yaml", "a:\n\t- x", release.GapUnreadable, "line"},
		{"not UTF-8", ".env", "A=\xff", release.GapUnreadable, "UTF-8"},
		{"a quote that never ends", ".env", "A=1\nB=\"x\n", release.GapUnreadable, "line 2"},
		{"text behind a quote", ".env", "A='a'b", release.GapUnreadable, "line 1"},
		{"no assignment", ".env", "A=1\nrm -rf /\n", release.GapUnreadable, "line 2"},
		{"a YAML-like .env", ".env", "A: 1", release.GapUnreadable, "line 1"},
		{"an escape that is none", "a.properties", "a=\\u00zz", release.GapUnreadable, "line 1"},
		{"a section that is not finished", "a.ini", "[a\nb=1", release.GapUnreadable, "line 1"},
		{"a section like a setting", "a.ini", "a=1\n[a]\nb=1", release.GapUnreadable, "one name"},
		{"a value without a name", "a.ini", "=1", release.GapUnreadable, "line 1"},
		{"a format that is not known", "nginx.conf", "server {}", release.GapUnsupported, "no format"},
		{"too deep", "a.json", strings.Repeat("[", 65) + strings.Repeat("]", 65), release.GapTooLarge, ""},
		{"too many values", "a.json", "[" + strings.Repeat("0,", config.MaxNodes) + "0]", release.GapTooLarge, ""},
		{"a name too long", "a.json", `{"` + strings.Repeat("k", config.MaxName+1) + `":1}`, release.GapTooLarge, ""},
		{"a name too long", ".env", strings.Repeat("k", config.MaxName+1) + `=1`, release.GapTooLarge, ""},
		{"too large", "a.properties", strings.Repeat("#", config.MaxBytes+1), release.GapTooLarge, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for i, cs := range []release.ChangeSet{
				config.Diff(release.Path(c.path), []byte(c.text), nil, config.Options{}),
				config.Diff(release.Path(c.path), nil, []byte(c.text), config.Options{}),
				config.Diff(release.Path(c.path), []byte(c.text), []byte(c.text), config.Options{}),
			} {
				require.Empty(t, cs.Settings, i)
				require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindConfiguration])
				require.NotEmpty(t, cs.Gaps)
				require.Equal(t, c.kind, cs.Gaps[0].Kind, cs.Gaps[0])
				require.Contains(t, cs.Gaps[0].Detail, c.detail)
				require.Equal(t, c.path, cs.Gaps[0].Subject)
				require.False(t, cs.Empty())
			}
		})
	}
}

// A carriage return alone ends a line, and so a comment, to some programs: what stands
// behind it may be a setting that nobody here sees.
func TestLoneReturns(t *testing.T) {
	t.Parallel()
	for _, path := range []string{".env", "a.ini"} {
		for _, text := range []string{"#x\rA=2\n", "A=1\n# x\rB=2", "A=1\r", "A=1\r\r\n", "A=1\r\n#\rB=2\r\n"} {
			cs := diff(path, "", text)
			require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindConfiguration], "%s %q", path, text)
			require.Contains(t, cs.Gaps[0].Detail, "a carriage return that ends a line to some programs")
		}
	}
	require.Equal(t, []string{"+ A"}, told(diff("a.properties", "", "#x\rA=2\n")), "to Java it is the end of a line")
	require.Equal(t, release.CoverageMissing, diff(".env", "", "A=1\n\u00a0#B=2").Coverage[release.KindConfiguration], "no comment to a shell")
}

// Programs differ on which of two counts, so both do, and it is told.
func TestNamesThatStandTwice(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{{".env", "A=1\nA=2", "A=3\nA=2"}, {"a.properties", "A=1\nA=2", "A=1\nA=3"}, {"a.ini", "[s]\nA=1\n[s]\nA=2", "[s]\nA=1\n[s]\nA=3"}} {
		cs := diff(c[0], c[1], c[2])
		require.Len(t, cs.Settings, 1, c)
		require.Len(t, cs.Gaps, map[string]int{"a.ini": 4}[c[0]]+map[bool]int{true: 2}[c[0] != "a.ini"], cs.Gaps)
		require.Equal(t, release.GapAmbiguous, cs.Gaps[0].Kind)
		require.Equal(t, release.CoverageComplete, cs.Coverage[release.KindConfiguration])
	}
	cs := diff("a.yaml", "Debug: 1\nx: 1", "Debug: 1\ndebug: 1\nx: 1")
	require.Equal(t, []string{"+ debug"}, told(cs))
	require.Contains(t, cs.Gaps[0].Detail, "by case alone")
	require.Empty(t, diff("a.yaml", "Debug: 1\ndebug: 1", "Debug: 1\ndebug: 2").Gaps, "what was so before is not told again")
}

func TestFormatOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]config.Format{
		".env": config.FormatDotenv, "a/.env.production": config.FormatDotenv, "prod.env": config.FormatDotenv, "environment": "",
		"values.yaml": config.FormatYAML, "A/VALUES.YML": config.FormatYAML, "a.json": config.FormatJSON, "a.jsonc": "", "a.json5": "", "pyproject.toml": config.FormatTOML,
		"application.properties": config.FormatProperties, "setup.cfg": config.FormatINI, "x.flagd.json": config.FormatFlagd, "x.flagd.yml": config.FormatFlagd, "": "", "a.yaml.bak": "",
	} {
		require.Equal(t, want, config.FormatOf(release.Path(path)), path)
	}
	cs := config.Diff("settings", []byte("A=1"), []byte("A=2"), config.Options{Format: config.FormatDotenv})
	require.Equal(t, []string{"~ A"}, told(cs))
	cs = config.Diff("a.json", []byte("{}"), []byte("{}"), config.Options{Format: "ini2"})
	require.Equal(t, release.GapUnsupported, cs.Gaps[0].Kind)
}

// More changes than are told is partial, and a gap.
func TestManyChanges(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range config.MaxChanges + 5 {
		fmt.Fprintf(&b, "K%d=1\n", i)
	}
	cs := config.Diff(".env", []byte{}, []byte(b.String()), config.Options{})
	require.Len(t, cs.Settings, config.MaxChanges)
	require.Equal(t, release.CoveragePartial, cs.Coverage[release.KindConfiguration])
	require.Equal(t, release.GapTooLarge, cs.Gaps[0].Kind)
	long := strings.Repeat("k", 1000)
	deep := strings.Repeat(`{"`+long+`":`, 60) + `[` + strings.Repeat("1,", 2000) + `1]` + strings.Repeat("}", 60)
	cs = config.Diff("a.json", nil, []byte(deep), config.Options{})
	require.Equal(t, release.CoveragePartial, cs.Coverage[release.KindConfiguration])
	text, err := json.Marshal(cs)
	require.NoError(t, err)
	require.Less(t, len(text), 3*config.MaxPaths)
}

// The labels come from the words of the whole path, and from nothing else in it.
func TestLabels(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"oauth.clientId": "identity", "rbac.enabled": "access", "tls.minVersion": "crypto", "stripe.retries": "payment", "ingress.host": "network", "image.tag": "pipeline",
		"replicas": "availability", "log.level": "", "author": "", "DB_PASSWORD": "identity secrets", "apiKey": "secrets", "jwt.ttl": "identity", "cors.allowedOrigins": "network",
	} {
		cs := diff("a.properties", "x=1", "x=1\n"+path+"=5")
		require.Len(t, cs.Settings, 1)
		require.Equal(t, want, strings.Trim(fmt.Sprint(cs.Settings[0].Labels), "[]"), path)
	}
}
