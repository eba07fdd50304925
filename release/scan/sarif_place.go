package scan

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

type sarifLocation struct {
	Physical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   struct {
			Line int `json:"startLine"`
		} `json:"region"`
	} `json:"physicalLocation"`
}

// maxBases is how many base directories may be given in terms of each other, and
// maxRoots how many paths are compared with.
const (
	maxBases = 10
	maxRoots = 100
)

// place is the file and the line of a location. Files below a directory that the run
// names (originalUriBaseIds) are relative to it; others are as they are written.
func (c *sarifContext) place(l *sarifLocation) (release.Path, int) {
	a := l.Physical.Artifact
	if a.URI == "" && a.Index != nil && *a.Index >= 0 && *a.Index < len(c.artifacts) {
		a = c.artifacts[*a.Index]
	}
	at := max(l.Physical.Region.Line, 0)
	if a.URI == "" {
		return "", at
	}
	if absolute(a.URI) {
		return release.Path(c.relative(filePath(a.URI))), at
	}
	return release.Path(c.relative(c.join(a, 0))), at
}

// join puts the directories before a relative location that are relative themselves.
func (c *sarifContext) join(a sarifArtifact, depth int) string {
	p := unescape(a.URI)
	base, ok := c.bases[a.Base]
	if !ok || a.Base == "" || depth >= maxBases || base.URI == "" || absolute(base.URI) {
		return path.Clean(p)
	}
	return path.Join(c.join(base, depth+1), p)
}

// settle makes the list of directories that absolute paths are compared with.
func (c *sarifContext) settle() {
	for _, b := range c.bases {
		if d := strings.TrimSuffix(filePath(b.URI), "/") + "/"; absolute(b.URI) && d != "/" {
			c.roots = append(c.roots, d)
		}
	}
	slices.SortFunc(c.roots, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	c.roots = slices.Compact(c.roots)
	c.roots = c.roots[:min(len(c.roots), maxRoots)]
}

// relative takes from an absolute path the longest directory that the run names.
func (c *sarifContext) relative(p string) string {
	for _, d := range c.roots {
		if rest, ok := strings.CutPrefix(p, d); ok {
			return rest
		}
	}
	return p
}

// absolute reports whether a URI has a scheme, or is a path from the root.
func absolute(uri string) bool {
	scheme, _, ok := strings.Cut(uri, ":")
	return strings.HasPrefix(uri, "/") || ok && len(scheme) > 1 && !strings.ContainsAny(scheme, "/?#%")
}

// filePath is the path in a file URI; other URIs stay as they are.
func filePath(uri string) string {
	rest, ok := strings.CutPrefix(uri, "file:")
	if !ok {
		return uri
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok { // a host, which is empty or this machine
		if i := strings.IndexByte(after, '/'); i >= 0 {
			rest = after[i:]
		} else {
			rest = after
		}
	}
	p := unescape(rest)
	if len(p) > 2 && p[0] == '/' && p[2] == ':' { // "/C:/…"
		p = p[1:]
	}
	return p
}

func unescape(s string) string {
	if p, err := url.PathUnescape(s); err == nil {
		return p
	}
	return s
}
