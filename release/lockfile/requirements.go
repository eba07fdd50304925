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
	l.mayLackHash = true // a gap of its own kind tells
	r := pipReader{list: l, pins: map[string]pipPin{}}
	lines := r.lines(strings.TrimPrefix(string(b), "\ufeff"))
	for n := 0; n < len(lines) && !l.failed; n++ {
		r.n = n + 1
		line := lines[n]
		var joined []string
		for strings.HasSuffix(line, `\`) && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			joined = append(joined, line[:len(line)-1])
			if n++; n >= len(lines) {
				line = ""
				break
			}
			line = lines[n]
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

// lines takes a text apart where Python ends lines. pip heeds an encoding that one of the
// first two declares.
func (r *pipReader) lines(text string) []string {
	if strings.ContainsAny(text, pipEnds) {
		text = pipLines.Replace(text)
	}
	if n := strings.Count(text, "\n"); n > MaxLines {
		r.fail(release.GapTooLarge, "%d lines are more than %d", n, MaxLines)
		return nil
	}
	lines := strings.Split(text, "\n")
	for _, line := range lines[:min(len(lines), 2)] {
		m := pipCoding.FindStringSubmatch(line)
		if m != nil && !slices.Contains([]string{"utf-8", "utf8", "ascii", "us-ascii"}, strings.ToLower(m[1])) {
			r.fail(release.GapUnsupported, "its text is in %s", short(m[1]))
		}
	}
	return lines
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

// pipEnds are what ends a line beside "\n" (str.splitlines of Python).
const pipEnds = "\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029"

var pipLines = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\x1c", "\n", "\x1d", "\n", "\x1e", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

type pipPin struct{ version, marker string }

var (
	pipName    = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([A-Za-z0-9._, \t-]*)\])?\s*`)
	pipVersion = regexp.MustCompile(`^[A-Za-z0-9.!+_-]+$`)
	pipCoding  = regexp.MustCompile(`^#.*?coding[:=]\s*([-\w.]+)`)
	pipCommit  = regexp.MustCompile(`@([0-9a-f]{40}|[0-9a-f]{64})(?:#|$)`)
)

func (r *pipReader) line(s string) {
	s = strings.TrimSpace(withoutComment(s))
	switch {
	case s == "":
	case s[0] == '-':
		r.options(s)
	default:
		r.requirement(s, false)
	}
}

// options reads a line of options for all.
func (r *pipReader) options(s string) {
	words, ok := pipWords(s)
	if !ok {
		r.gap(release.GapUnreadable, "", "line %d is not understood", r.n)
	}
	for len(words) > 0 {
		name, value, given := strings.Cut(words[0], "=")
		if len(name) > 2 && name[0] == '-' && name[1] != '-' {
			name, value, given = words[0][:2], words[0][2:], true // -rfile
		}
		words = words[1:]
		if !given && len(words) > 0 && !slices.Contains([]string{"--no-index", "--pre", "--prefer-binary", "--require-hashes"}, name) {
			value, words = words[0], words[1:]
		}
		r.option(name, value)
	}
}

// pipWords takes a line apart as a shell does.
func pipWords(s string) (words []string, ok bool) {
	var word strings.Builder
	quote, within := byte(0), false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(s):
			i++
			word.WriteByte(s[i])
			within = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, within = c, true
		case quote == 0 && (c == ' ' || c == '\t'):
			if within {
				words = append(words, word.String())
			}
			word.Reset()
			within = false
		default:
			word.WriteByte(c)
			within = true
		}
	}
	if within {
		words = append(words, word.String())
	}
	return words, quote == 0
}

// option reads an option for all.
func (r *pipReader) option(name, value string) {
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

// pipSpace is what separates the words of a line.
const pipSpace = " \t"

// withoutComment cuts off what stands behind a "#" that begins a word.
func withoutComment(s string) string {
	for i := 0; ; i++ {
		n := strings.IndexByte(s[i:], '#')
		if n < 0 {
			return s
		}
		if i += n; i == 0 || strings.IndexByte(pipSpace, s[i-1]) >= 0 {
			return s[:i]
		}
	}
}

// takeHashes takes the options --hash off a requirement.
func takeHashes(s string) (rest string, hashes []string) {
	const option = "--hash"
	var kept strings.Builder
	for {
		i := strings.Index(s, option)
		if i < 0 {
			kept.WriteString(s)
			return strings.TrimSpace(kept.String()), hashes
		}
		value := s[i+len(option):]
		word := strings.TrimLeft(value, pipSpace)
		if strings.HasPrefix(value, "=") {
			word = value[1:]
		}
		end := strings.IndexAny(word, pipSpace)
		if end < 0 {
			end = len(word)
		}
		if i == 0 || strings.IndexByte(pipSpace, s[i-1]) < 0 || len(word) == len(value) || end == 0 { // something else
			kept.WriteString(s[:i+len(option)])
			s = value
			continue
		}
		hashes = append(hashes, strings.Trim(word[:end], `"'`))
		kept.WriteString(s[:i-1])
		s = word[end:]
	}
}

// requirement reads what is to be installed: by name, by URL, from a directory.
func (r *pipReader) requirement(s string, editable bool) {
	r.required++
	s, hashes := takeHashes(s)
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
	base, _, _ := strings.Cut(address, "#")
	base, _, _ = strings.Cut(base, "?")
	base = path.Base(base)
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
	base, _, _ = strings.Cut(base, "?")
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
