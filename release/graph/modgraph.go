package graph

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// What an output of "go mod graph" may have.
const (
	MaxModGraph = 16 << 20 // bytes
	MaxModEdges = 100_000  // lines
	MaxModules  = 50_000   // modules, whatever their versions
)

// AddModGraph adds the output of "go mod graph" (https://go.dev/ref/mod#go-mod-graph):
// lines of two modules with versions, of which the first requires the second. path
// names the output in gaps.
//
// Nodes are modules without version, such as "pkg:golang/golang.org/x/mod"; the go
// directive's "go" and "toolchain" are pkg:golang/stdlib and pkg:golang/toolchain. The
// graph of modules does not tell what is for tests only, and it lists versions that no
// build selects: its edges are of unknown kind, and more than are really needed.
//
// It adds all or nothing: an output that is not one is a gap.
func (b *Builder) AddModGraph(path release.Path, text []byte) {
	edges, gap := modGraph(text)
	if gap != (release.Gap{}) {
		gap.Subject = path.String()
		b.AddGap(gap)
		return
	}
	for _, e := range edges {
		if e.From != e.To { // two versions of one module
			b.AddEdge(e)
		} else {
			b.node(e.From)
		}
	}
}

func modGraph(text []byte) ([]Edge, release.Gap) {
	if len(text) > MaxModGraph {
		return nil, release.Gap{Kind: release.GapTooLarge, Detail: fmt.Sprintf("graph: %d bytes are more than %d", len(text), MaxModGraph)}
	}
	if !utf8.Valid(text) {
		return nil, release.Gap{Kind: release.GapUnreadable, Detail: "graph: the text is not valid UTF-8"}
	}
	unreadable := func(line int, err error) release.Gap {
		return release.Gap{Kind: release.GapUnreadable, Detail: printable(fmt.Errorf("graph: line %d: %w", line, err))}
	}
	var edges []Edge
	names := map[string]string{}
	module := func(word []byte) (string, error) {
		name, version, _ := bytes.Cut(word, []byte("@"))
		switch {
		case len(version) == 0 && bytes.Contains(word, []byte("@")):
			return "", fmt.Errorf("%s has no version behind the @", strictjson.Quoted(word))
		case len(version) > 0 && string(name) == "go":
			name = []byte("stdlib")
		}
		if id, ok := names[string(name)]; ok {
			return id, nil
		}
		id, err := checked(release.NewPURL("golang", string(name), ""))
		if err != nil {
			return "", err
		}
		names[string(name)] = id
		return id, nil
	}
	large := func(most int, what string) release.Gap {
		return release.Gap{Kind: release.GapTooLarge, Detail: fmt.Sprintf("graph: more than %d %s", most, what)}
	}
	line := 0
	for row := range bytes.Lines(text) {
		line++
		words := bytes.Fields(row)
		if len(words) != 2 {
			return nil, unreadable(line, fmt.Errorf("%d words are not two modules", len(words)))
		}
		if len(edges) >= MaxModEdges {
			return nil, large(MaxModEdges, "lines")
		}
		if len(names) > MaxModules {
			return nil, large(MaxModules, "modules")
		}
		from, err := module(words[0])
		if err != nil {
			return nil, unreadable(line, err)
		}
		to, err := module(words[1])
		if err != nil {
			return nil, unreadable(line, err)
		}
		edges = append(edges, Edge{From: from, To: to})
	}
	if line == 0 {
		return nil, release.Gap{Kind: release.GapUnreadable, Detail: "graph: the output is empty: a module without requirements has none, and so has a command that failed"}
	}
	return edges, release.Gap{}
}

// printable is an error's text on one line, cut where it is long.
func printable(err error) string {
	return release.Text(clip.Text(err.Error(), 300)).String()
}
