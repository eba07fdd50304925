package predicate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/realdata"
)

// example is one block of JSON in a specification.
type example struct {
	file   string // relative to the specifications
	line   int
	text   string
	schema bool   // it stands under a heading "Schema", with placeholders for values
	typ    string // the last predicate type that the file named before
}

func (e example) String() string { return fmt.Sprintf("%s:%d", e.file, e.line) }

var (
	fence   = regexp.MustCompile("^\\s*```(\\w*)\\s*$")
	heading = regexp.MustCompile(`^(#+)\s+(.*)$`)
	// placeholder is what stands for a value in a schema. Examples stand under the same
	// headings.
	placeholder = regexp.MustCompile(`<|\{ *\.\.\. *\}|\[ *\.\.\. *\]|// arbitrary object`)
	typeField   = regexp.MustCompile(`"predicateType":\s*"([^"]+)"`)
)

// examplesIn are the blocks of JSON in the Markdown files below dir.
func examplesIn(t *testing.T, dir string) []example {
	t.Helper()
	var out []example
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		rel, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		e := example{file: filepath.ToSlash(rel)}
		schema, open, typ := 0, "", "" // schema is the level of the heading, or 0
		for i, line := range strings.SplitAfter(string(b), "\n") {
			bare := strings.TrimRight(line, "\r\n")
			if m := fence.FindStringSubmatch(bare); m != nil {
				if open == "" {
					open, e.line, e.text = m[1]+"-", i+1, ""
					continue
				}
				if open == "json-" || open == "jsonc-" {
					e.schema, e.typ = schema > 0 && placeholder.MatchString(e.text), typ
					if m := typeField.FindStringSubmatch(e.text); m != nil {
						typ = m[1]
					}
					out = append(out, e)
				}
				open = ""
				continue
			}
			if open != "" {
				e.text += line
			} else if m := heading.FindStringSubmatch(bare); m != nil {
				if level := len(m[1]); level <= schema || schema == 0 {
					schema = 0
					if strings.Contains(m[2], "Schema") || strings.Contains(m[2], "Summary") {
						schema = level
					}
				}
			}
		}
		return nil
	}))
	return out
}

// fragments are the least documents that what a specification shows in parts can
// be put into, by the names of the parts.
var fragments = []struct {
	typ   string
	into  string   // where %s is the part
	names []string // which are shown
}{
	{predicate.TypeProvenance, `{"buildDefinition":{"buildType":"x",%s},"runDetails":{"builder":{"id":"x"}}}`, []string{"externalParameters"}},
	{predicate.TypeProvenanceV02, `{"buildType":"x",%s}`, []string{"builder"}},
	{predicate.TypeProvenanceV02, `{"builder":{"id":"x"},%s}`, []string{"buildType"}},
	{predicate.TypeProvenanceV01, `{%s}`, []string{"builder"}},
	{predicate.TypeProvenanceV01, `{"builder":{"id":"x"},%s}`, []string{"recipe"}},
}

// noExamples are blocks that show something else than a predicate, and types that
// package predicate does not read, with the reason.
var noExamples = map[string]string{
	"slsaRootsOfTrust":                           "configuration of a verifier",
	"slsaSourceRootsOfTrust":                     "configuration of a verifier",
	"https://slsa.dev/verification_summary/v0.1": "superseded before SLSA 1.0",
	"https://slsa.dev/verification_summary/v0.2": "superseded before SLSA 1.0",
}

// TestSpecExamples reads every example that the specifications of in-toto and of
// SLSA print: each one is a valid statement or predicate, keeps its bytes, and
// nothing that it says is lost in the type. What is not JSON as it is printed is
// put right by lenientJSON, which tells what it did.
//
// in-toto's are in the module cache. SLSA's are those of the checkouts below the
// folder that SALLYPORT_SPECS names; SALLYPORT_REQUIRE=specs makes its absence a
// failure.
func TestSpecExamples(t *testing.T) {
	t.Parallel()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/in-toto/attestation").Output()
	require.NoError(t, err)
	in := strings.TrimSpace(string(dir))
	ok, all := readExamples(t, slices.Concat(examplesIn(t, filepath.Join(in, "spec", "predicates")), examplesIn(t, filepath.Join(in, "spec", "v1"))))
	require.GreaterOrEqual(t, all, 25)
	if specs := os.Getenv("SALLYPORT_SPECS"); specs != "" {
		more, of := readExamples(t, examplesIn(t, specs))
		require.Greater(t, of, 5, "there are no examples below %s", specs)
		ok, all = ok+more, all+of
	} else if realdata.Required("specs") {
		t.Error("SALLYPORT_REQUIRE asks for specs, and SALLYPORT_SPECS names no folder with those of SLSA")
	} else {
		t.Log("SALLYPORT_SPECS names no folder with SLSA's specifications: only in-toto's are read")
	}
	t.Logf("spec examples: %d/%d", ok, all)
	require.Equal(t, all, ok)
}

func readExamples(t *testing.T, list []example) (ok, all int) {
	t.Helper()
	schemas := 0
	for _, e := range list {
		if e.schema {
			schemas++
			continue
		}
		did, reason, err := readExample(t, e)
		switch {
		case reason != "":
			t.Logf("%s: no example: %s", e, reason)
			continue
		case err != nil:
			t.Logf("%s: %v", e, err)
		default:
			ok++
			if len(did) > 0 {
				t.Logf("%s: put right: %s", e, strings.Join(slices.Sorted(maps.Keys(did)), ", "))
			}
		}
		all++
	}
	t.Logf("%d schemas are no examples", schemas)
	return ok, all
}

// readExample says what was put right, and why a block is no example.
func readExample(t *testing.T, e example) (did map[string]bool, reason string, err error) {
	if json.Valid([]byte(e.text)) {
		if reason, err = readJSON(t, e, e.text); err == nil || !strings.Contains(e.text, `..."`) {
			return nil, reason, err
		}
	}
	text, did, err := lenientJSON(e.text)
	if err != nil {
		return nil, "", err
	}
	require.True(t, json.Valid([]byte(text)), "%s: %s", e, text)
	reason, err = readJSON(t, e, text)
	return did, reason, err
}

func readJSON(t *testing.T, e example, text string) (reason string, err error) {
	var parts map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(text), &parts))
	for name, why := range noExamples {
		if _, ok := parts[name]; ok || string(parts["predicateType"]) == `"`+name+`"` {
			return why, nil
		}
	}
	if len(parts["predicateType"]) == 0 {
		return "", readFragment(t, e, parts, text)
	}
	var typ string
	require.NoError(t, json.Unmarshal(parts["predicateType"], &typ))
	if len(parts) == 1 {
		if !predicate.Known(typ) {
			err = fmt.Errorf("%q is not known", typ)
		}
		return "", err
	}
	st, err := evidence.ParseStatement([]byte(text))
	if err != nil && strings.Contains(text, `"https://in-toto.io/Statement/v0.1"`) {
		text = strings.Replace(text, "https://in-toto.io/Statement/v0.1", evidence.StatementType, 1)
		st, err = evidence.ParseStatement([]byte(text))
	}
	if err != nil {
		return "", err
	}
	if !bytes.Equal(st.Bytes(), []byte(text)) {
		return "", fmt.Errorf("the statement has other bytes")
	}
	return "", keeps(t, typ, st.Predicate())
}

// readFragment reads an example that is a part of a predicate, or a resource.
func readFragment(t *testing.T, e example, parts map[string]json.RawMessage, text string) error {
	if filepath.Base(e.file) == "resource_descriptor.md" {
		return keeps(t, predicate.TypeTestResult, []byte(`{"result":"PASSED","configuration":[`+text+`]}`))
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "{"), "}")
	for _, f := range fragments {
		if f.typ == e.typ && slices.ContainsFunc(f.names, func(n string) bool { return parts[n] != nil }) {
			return keeps(t, f.typ, fmt.Appendf(nil, f.into, inner))
		}
	}
	return fmt.Errorf("it is no part of a %q", e.typ)
}

// keeps reports whether a predicate is read, is valid, and is written with all that
// it says.
func keeps(t *testing.T, typ string, raw []byte) error {
	p, err := predicate.Parse(typ, raw)
	if err != nil {
		return err
	}
	if p.PredicateType() != typ {
		return fmt.Errorf("%q became %q", typ, p.PredicateType())
	}
	if l := lost("", document(t, raw), document(t, encoded(t, p))); len(l) > 0 {
		slices.Sort(l)
		return fmt.Errorf("lost: %s", strings.Join(l, ", "))
	}
	return nil
}
