package manifest

import (
	"regexp"
	"strings"
)

// image is a reference to a container image (https://github.com/distribution/reference):
// [registry/]repository[:tag][@digest].
type image struct {
	registry, repository, tag, digest string
}

var (
	imageText    = regexp.MustCompile(`^(?:([a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+(?::[0-9]{1,5})?|[a-zA-Z0-9-]+:[0-9]{1,5}|localhost)/)?([a-z0-9]+(?:[._-]+[a-z0-9]+|/[a-z0-9]+)*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@([a-z0-9]+:[0-9a-f]{32,128}))?$`)
	defaultHosts = map[string]bool{"docker.io": true, "index.docker.io": true, "registry-1.docker.io": true}
)

// parseImage reads a reference; ok is false for what is none, which is not shown.
func parseImage(s string) (i image, ok bool) {
	if len(s) > 600 {
		return image{}, false
	}
	m := imageText.FindStringSubmatch(s)
	if m == nil {
		return image{}, false
	}
	i = image{registry: strings.ToLower(m[1]), repository: m[2], tag: m[3], digest: m[4]}
	if i.registry == "" || defaultHosts[i.registry] {
		i.registry = "docker.io"
		i.repository = strings.TrimPrefix(i.repository, "library/")
	}
	return i, true
}

// pinned reports whether the reference names content.
func (i image) pinned() bool { return i.digest != "" }

// String is the reference for people: without the default registry, and with the
// first digits of the digest.
func (i image) String() string {
	s := i.repository
	if i.registry != "docker.io" {
		s = i.registry + "/" + s
	}
	if i.tag != "" {
		s += ":" + i.tag
	}
	if _, hex, ok := strings.Cut(i.digest, ":"); ok {
		s += "@" + hex[:12]
	}
	if i.tag == "" && i.digest == "" {
		s += " (no tag)"
	}
	return s
}

// describe is a reference as it may be shown.
func describe(s string) string {
	i, ok := parseImage(s)
	if !ok {
		return "what is no reference"
	}
	return i.String()
}

// imageChange says how one image became another.
func imageChange(before, after string) string {
	out := describe(before) + " to " + describe(after)
	b, okBefore := parseImage(before)
	a, okAfter := parseImage(after)
	if okBefore && okAfter && b.registry != a.registry {
		out += " (another registry)"
	}
	if okBefore && okAfter && b.pinned() && !a.pinned() {
		out += " (no digest any more)"
	}
	return out
}

// unpinned reports whether a reference may name other content tomorrow.
func unpinned(s string) bool {
	i, ok := parseImage(s)
	return !ok || !i.pinned()
}
