package label

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// DefaultContents are the content labelers of this module, in a fixed order. The
// caller owns the slice and may change, drop and add.
func DefaultContents() []Labeler {
	return []Labeler{
		Migrations(MigrationOptions{}),
		{ID: "content/secrets", Version: 1, Content: secretContent,
			Doc: "Private keys, access keys of well-known services, JSON web tokens and URLs with passwords, by their shape, on either side: what was committed once is known."},
		{ID: "content/api", Version: 1, Content: apiContent,
			Doc: "OpenAPI, Swagger and AsyncAPI documents and Kubernetes resource definitions, by the key that each must have."},
		{ID: "content/executable", Version: 1, Content: executableContent,
			Doc: "Files that are named like prose and begin like a program (#!, ELF, MZ)."},
		{ID: "content/generated", Version: 1, Content: generatedContent,
			Doc: "Go files with the line \"// Code generated … DO NOT EDIT.\" before any code, in the base and in the head: a header that the release itself brings is not believed."},
	}
}

// secretContent looks at each line, and says nothing of what stands there.
func secretContent(c Contents) []Mark {
	if m := secretIn(c.After, "it holds "); m != nil {
		return m
	}
	return secretIn(c.Before, "it held, and history keeps, ")
}

func secretIn(b []byte, words string) []Mark {
	line := 0
	for row := range bytes.Lines(b) {
		line++
		for len(row) > 0 { // a very long line in pieces that overlap
			piece := row[:min(len(row), 64<<10)]
			if what := SecretShape(string(piece)); what != "" {
				return []Mark{{Label: release.LabelSecrets, Line: line, Why: words + what}}
			}
			if len(piece) == len(row) {
				break
			}
			row = row[len(piece)-1024:]
		}
	}
	return nil
}

var (
	apiDocument = regexp.MustCompile(`(?m)^(?:openapi|swagger|asyncapi)\s*:|^\s*\{?\s*"(?:openapi|swagger|asyncapi)"\s*:`)
	crd         = regexp.MustCompile(`(?m)^kind:\s*["']?CustomResourceDefinition\b|"kind"\s*:\s*"CustomResourceDefinition"`)
)

func apiContent(c Contents) []Mark {
	if n := read(c.Change.Path); !n.ext(".yaml", ".yml", ".json", ".yaml.in", ".json.in") {
		return nil
	}
	for _, b := range [][]byte{c.After, c.Before} {
		if at := apiDocument.FindIndex(b); at != nil {
			return []Mark{{Label: release.LabelAPI, Line: lineOf(b, at[0]), Why: "it is an interface definition"}}
		}
		if at := crd.FindIndex(b); at != nil {
			return []Mark{{Label: release.LabelAPI, Line: lineOf(b, at[0]), Why: "it defines a Kubernetes resource"}}
		}
	}
	return nil
}

// executableContent looks at what may have been taken for prose.
func executableContent(c Contents) []Mark {
	n := read(c.Change.Path)
	if !prose(c.Change, n) && !n.ext(".txt", proseExt[0]) {
		return nil
	}
	text := bytes.TrimPrefix(c.After, []byte("\xef\xbb\xbf"))
	switch {
	case bytes.HasPrefix(text, []byte("#!")) && !bytes.HasPrefix(text, []byte("#![")):
		return []Mark{{Label: release.LabelExecutable, Line: 1, Why: "it begins like a script"}}
	case bytes.HasPrefix(text, []byte("\x7fELF")), bytes.HasPrefix(text, []byte("MZ")) && bytes.IndexByte(text[:min(len(text), 512)], 0) >= 0,
		bytes.HasPrefix(text, []byte("\xcf\xfa\xed\xfe")), bytes.HasPrefix(text, []byte("\xca\xfe\xba\xbe")), bytes.HasPrefix(text, []byte("\x00asm")):
		return []Mark{{Label: release.LabelExecutable, Why: "it begins like a program"}}
	case bytes.IndexByte(text, 0) >= 0:
		return []Mark{{Label: release.LabelExecutable, Why: "it is no text though it is named like prose"}}
	}
	return nil
}

// generatedContent follows the rule of Go (https://go.dev/s/generatedcode). The header
// is a line that anybody can write, so it is believed only of a regular file that
// had it before this release, and it takes no other label away.
func generatedContent(c Contents) []Mark {
	n := read(c.Change.Path)
	if !n.isClean() || !strings.HasSuffix(n.exact, ".go") || !regular(c.Change) || !generatedGo(c.Before) || !generatedGo(c.After) {
		return nil
	}
	return []Mark{{Label: release.LabelGenerated, Why: "its header says so, as it did before"}}
}

var generatedLine = regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.$`)

// generatedGo reports whether the line stands before the first text that is neither
// blank nor a comment.
func generatedGo(b []byte) bool {
	block := false
	for row := range bytes.Lines(b) {
		line := bytes.TrimSuffix(bytes.TrimSuffix(row, []byte("\n")), []byte("\r"))
		if !block && generatedLine.Match(line) {
			return true
		}
		text := bytes.TrimSpace(line)
		for block || bytes.HasPrefix(text, []byte("/*")) {
			if !block {
				text = text[2:]
			}
			end := bytes.Index(text, []byte("*/"))
			if block = end < 0; block {
				text = nil
				break
			}
			text = bytes.TrimSpace(text[end+2:])
		}
		if !block && len(text) > 0 && !bytes.HasPrefix(text, []byte("//")) {
			return false
		}
	}
	return false
}
