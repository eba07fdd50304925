package lockfile

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Requirements reads pip's requirements files
// (https://pip.pypa.io/en/stable/reference/requirements-file-format and PEP 508).
//
// Such a file lists what somebody asks for, and pip adds what that needs: coverage is
// complete only if each requirement is pinned and has a hash, because pip then installs
// nothing else. Files that it includes are not read, which is a gap. Relation and scope
// are unknown. Requirements that hold for some environments only are components too.
func Requirements(file release.Path, b []byte) release.Inventory {
	l := newList(file, "pypi", b)
	l.inv.Source.Format = "requirements"
	if l.failed {
		return l.done()
	}
	r := pipReader{list: l, pins: map[string]pipPin{}}
	text := strings.TrimPrefix(string(b), "\ufeff")
	lines := strings.Split(text, "\n")
	for n := 0; n < len(lines) && !l.failed; n++ {
		r.n = n + 1
		line := strings.TrimSuffix(lines[n], "\r")
		var joined []string
		for strings.HasSuffix(line, `\`) && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			joined = append(joined, line[:len(line)-1])
			if n++; n >= len(lines) {
				line = ""
				break
			}
			line = strings.TrimSuffix(lines[n], "\r")
			if strings.HasPrefix(strings.TrimSpace(line), "#") { // pip ends the line there
				line = " "
				break
			}
		}
		if line = strings.Join(append(joined, line), ""); len(line) > MaxLine || r.required >= MaxComponents {
			l.fail(release.GapTooLarge, "line %d: a requirement of more than %d bytes, or more than %d", r.n, MaxLine, MaxComponents)
			break
		}
		r.line(line)
	}
	r.finish()
	return l.done()
}

type pipReader struct {
	*list
	n        int // the line where it begins
	found    []release.Component
	index    string   // in place of PyPI
	others   []string // beside it
	unhashed bool
	required int
	pins     map[string]pipPin
	noIndex  bool
}

type pipPin struct{ version, marker string }

var (
	pipComment = regexp.MustCompile(`(^|\s)#.*$`)
	pipName    = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([A-Za-z0-9._, \t-]*)\])?\s*`)
	pipHash    = regexp.MustCompile(`\s--hash(?:=|\s+)([^\s]+)`)
	pipVersion = regexp.MustCompile(`^[A-Za-z0-9.!+_-]+$`)
	pipCommit  = regexp.MustCompile(`@([0-9a-f]{40}|[0-9a-f]{64})(?:#|$)`)
)

func (r *pipReader) line(s string) {
	s = strings.TrimSpace(pipComment.ReplaceAllString(s, ""))
	switch {
	case s == "":
	case s[0] == '-':
		r.option(s)
	default:
		r.requirement(s, false)
	}
}

// option reads a line that is an option for all.
func (r *pipReader) option(s string) {
	name, value := s, ""
	if i := strings.IndexAny(s, " \t="); i >= 0 {
		name, value = s[:i], strings.TrimSpace(strings.TrimLeft(s[i:], " \t="))
	} else if len(s) > 2 && s[1] != '-' {
		name, value = s[:2], s[2:] // -rfile
	}
	value = strings.Trim(value, `"'`)
	switch name {
	case "-r", "--requirement", "-c", "--constraint":
		r.gap(release.GapIncomplete, "", "line %d: it includes %s, which is not read here", r.n, short(cleanURL(value)))
	case "-e", "--editable":
		r.requirement(value, true)
	case "-i", "--index-url", "--pypi-url":
		r.index = strings.TrimSuffix(value, "/")
	case "--extra-index-url", "-f", "--find-links":
		r.others = append(r.others, value)
	case "--no-index":
		r.noIndex = true
	case "--trusted-host":
		r.gap(release.GapDependencyOrigin, "", "line %d: %s is trusted without a certificate", r.n, short(cleanURL(value)))
	case "--pre", "--prefer-binary", "--require-hashes", "--no-binary", "--only-binary", "--use-feature":
	default:
		r.gap(release.GapUnsupported, "", "line %d: the option %s", r.n, short(name))
	}
}

// requirement reads what is to be installed: by name, by URL, from a directory.
func (r *pipReader) requirement(s string, editable bool) {
	r.required++
	var hashes []string
	for _, m := range pipHash.FindAllStringSubmatch(s, -1) {
		hashes = append(hashes, strings.Trim(m[1], `"'`))
	}
	s = strings.TrimSpace(pipHash.ReplaceAllString(s, ""))
	if i := strings.Index(s, " --"); i >= 0 {
		option, _, _ := strings.Cut(s[i+1:], "=")
		option, _, _ = strings.Cut(option, " ")
		if !slices.Contains([]string{"--config-settings", "--global-option", "--install-option", "--config-setting"}, option) {
			r.gap(release.GapUnsupported, "", "line %d: the option %s", r.n, short(option))
		}
		s = strings.TrimSpace(s[:i])
	}
	slices.Sort(hashes)
	c := release.Component{Integrity: strings.Join(slices.Compact(hashes), " ")}
	if strings.Contains(s, "${") { // pip takes it from the environment
		r.gap(release.GapUnpinned, "", "line %d: a variable of the environment decides", r.n)
	}
	m := pipName.FindStringSubmatch(s)
	rest := ""
	if m != nil {
		rest = s[len(m[0]):]
	}
	switch {
	case m != nil && strings.HasPrefix(rest, "@"):
		address, _, _ := strings.Cut(strings.TrimSpace(rest[1:]), " ;")
		address, _, _ = strings.Cut(address, " ")
		r.address(c, m[1], address, editable)
	case isAddress(s) || editable || m == nil && isPath(s):
		address, _, _ := strings.Cut(s, " ;")
		r.address(c, eggName(address), strings.TrimSpace(address), editable)
	case m == nil:
		r.gap(release.GapUnreadable, "", "line %d is not understood", r.n)
	case isPath(s) && !strings.ContainsAny(rest, "=<>~!;"):
		r.address(c, "", s, editable)
	default:
		r.versions(c, m[1], rest)
	}
}

// isAddress reports whether a requirement is a URL of any scheme.
func isAddress(s string) bool {
	scheme, _, ok := strings.Cut(s, ":")
	return ok && scheme != "" && strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-") == "" &&
		(strings.Contains(s, "://") || strings.HasPrefix(s, "file:"))
}

// isPath reports whether a requirement is a directory or an archive in one.
func isPath(s string) bool {
	s, _, _ = strings.Cut(s, " ;")
	s, _, _ = strings.Cut(s, "[")
	return strings.HasPrefix(s, ".") || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "~") || strings.Contains(s, "/") && !strings.ContainsAny(s, "=<>") ||
		strings.HasSuffix(s, ".whl") || strings.HasSuffix(s, ".tar.gz") || strings.HasSuffix(s, ".zip")
}

// eggName is the name that an address gives its content, "" where it does not.
func eggName(address string) string {
	_, fragment, _ := strings.Cut(address, "#")
	for _, pair := range strings.Split(fragment, "&") {
		if egg, ok := strings.CutPrefix(pair, "egg="); ok {
			egg, _, _ = strings.Cut(egg, "[")
			return egg
		}
	}
	base := path.Base(strings.SplitN(address, "#", 2)[0])
	if wheel, ok := strings.CutSuffix(base, ".whl"); ok && strings.Contains(wheel, "-") {
		name, _, _ := strings.Cut(wheel, "-")
		return name
	}
	return ""
}

// address lists what comes from an address.
func (r *pipReader) address(c release.Component, name, address string, editable bool) {
	shown := short(cleanURL(address))
	dir := strings.TrimPrefix(strings.TrimPrefix(address, "file://"), "file:")
	isLocal := !isAddress(address) || strings.HasPrefix(address, "file:")
	if isLocal && (editable || !strings.HasSuffix(dir, ".whl") && !strings.HasSuffix(dir, ".tar.gz") && !strings.HasSuffix(dir, ".zip")) {
		r.unhashed = true
		dir, _, _ = strings.Cut(dir, "[")
		dir, _, _ = strings.Cut(dir, "#")
		r.local(cmpOr(name, shown), strings.TrimSpace(dir))
		return
	}
	if isLocal && outside(r.dir, dir) {
		r.gap(release.GapDependencyOrigin, shown, "line %d: it is outside the repository", r.n)
	}
	if name == "" {
		r.gap(release.GapUnreadable, shown, "line %d: the address does not name its package", r.n)
		return
	}
	base, fragment, _ := strings.Cut(address, "#")
	version := ""
	if parts := strings.Split(path.Base(base), "-"); strings.HasSuffix(base, ".whl") && len(parts) > 1 && pipVersion.MatchString(parts[1]) {
		if version = parts[1]; normalPyPI(parts[0]) != normalPyPI(name) {
			r.gap(release.GapAmbiguous, name, "line %d: the archive %s is named after something else", r.n, shown)
		}
	}
	p, ok := r.purl(normalPyPI(name), version)
	if !ok {
		return
	}
	c.PURL, c.Origin = p, originOf(address)
	for _, pair := range strings.Split(fragment, "&") {
		if sum, ok := strings.CutPrefix(pair, "sha256="); ok && c.Integrity == "" {
			c.Integrity = "sha256:" + sum
		}
	}
	isVCS := slices.ContainsFunc([]string{"git+", "hg+", "svn+", "bzr+"}, func(v string) bool { return strings.HasPrefix(address, v) })
	switch {
	case isVCS && !pipCommit.MatchString(address):
		r.gap(release.GapUnpinned, string(p), "line %d: %s has no commit", r.n, shown)
		r.unhashed = true
	case isVCS:
		r.unhashed = true // pip does not take hashes of repositories
	case c.Integrity == "" && !isLocal:
		r.gap(release.GapUnpinned, string(p), "line %d: %s has no hash", r.n, shown)
		r.unhashed = true
	}
	r.found = append(r.found, c)
}

// versions lists a requirement by name. rest is what follows the name: versions,
// perhaps in parentheses, and a marker.
func (r *pipReader) versions(c release.Component, name, rest string) {
	rest, marker, _ := strings.Cut(rest, ";")
	rest = strings.TrimSpace(rest)
	if t, ok := strings.CutPrefix(rest, "("); ok {
		rest = strings.TrimSuffix(t, ")")
	}
	version := ""
	bad := false
	for _, part := range strings.Split(rest, ",") {
		part = strings.TrimSpace(part)
		op := part[:len(part)-len(strings.TrimLeft(part, "=<>!~"))]
		v := strings.TrimSpace(part[len(op):])
		switch {
		case part == "" && rest == "":
		case !slices.Contains([]string{"==", "===", "!=", "<", "<=", ">", ">=", "~="}, op) || v == "":
			bad = true
		case (op == "==" || op == "===") && pipVersion.MatchString(v):
			if version != "" && version != v {
				bad = true
			}
			version = v
		case !pipVersion.MatchString(strings.TrimSuffix(v, ".*")):
			bad = true
		}
	}
	if bad {
		r.gap(release.GapUnreadable, name, "line %d is not understood", r.n)
		version = ""
	}
	name = normalPyPI(name)
	p, ok := r.purl(name, version)
	if !ok {
		return
	}
	if version == "" {
		r.gap(release.GapUnpinned, string(p), "line %d: no version is pinned", r.n)
	}
	pin := pipPin{version, strings.TrimSpace(marker)}
	if was, ok := r.pins[name]; ok && was.version != pin.version && (was.marker == "" || pin.marker == "" || was.marker == pin.marker) {
		r.gap(release.GapAmbiguous, name, "line %d: it is pinned to another version above, for the same environments", r.n)
	}
	r.pins[name] = pin
	if c.Integrity == "" {
		r.unhashed = true
	}
	c.PURL = p
	r.found = append(r.found, c)
}

// finish lists what was found. Options for all hold for the lines above them too.
func (r *pipReader) finish() {
	origin := release.Text("")
	if r.noIndex {
		origin = "no index"
	} else if r.index != "" && r.index != "https://pypi.org/simple" && r.index != "https://pypi.python.org/simple" {
		origin = originOf(r.index)
	}
	for _, o := range r.others {
		r.gap(release.GapDependencyOrigin, "", "any package may come from %s as well", short(cleanURL(o)))
	}
	for _, c := range r.found {
		if c.Origin == "" {
			c.Origin = origin
		}
		if r.add(c); r.failed {
			return
		}
	}
	if r.required > 0 && r.unhashed {
		r.gap(release.GapIncomplete, "", "not every requirement has a hash: pip may install more than the file lists")
	}
}
