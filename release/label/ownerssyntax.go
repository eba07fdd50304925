package label

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// cutField cuts the first field off a line; white space behind a backslash is part
// of it. Backslashes stay.
func cutField(line string) (field, rest string) {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			i++
		case c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\r':
			return line[:i], strings.TrimSpace(line[i:])
		}
	}
	return line, ""
}

func (p *ownersParser) github(line string) {
	pattern, rest := cutField(line)
	var owners []string
	for _, f := range strings.Fields(rest) {
		if f[0] == '#' {
			break
		}
		if !githubOwner.MatchString(f) {
			p.problem(p.lines, fmt.Sprintf("%s is no owner: the line is passed over", quoted(f)))
			return
		}
		owners = append(owners, f)
	}
	switch {
	case pattern[0] == '!':
		p.problem(p.lines, "negation is not known to GitHub: the line is passed over")
	case strings.HasPrefix(pattern, `\#`):
		p.problem(p.lines, "an escaped # is not known to GitHub: the line is passed over")
	case strings.ContainsAny(pattern, "[]"):
		p.problem(p.lines, "character ranges are not known to GitHub: the line is passed over")
	case strings.ContainsFunc(pattern, unicode.IsControl) || !utf8.ValidString(pattern):
		p.problem(p.lines, "the pattern is not printable: the line is passed over")
	case strings.Trim(pattern, "/") == "" || strings.Contains(pattern, "//"):
		p.problem(p.lines, fmt.Sprintf("the pattern %s matches nothing", quoted(pattern)))
	default:
		p.add(ownerRule{pattern: pattern, owned: Owned{Owners: owners, Pattern: release.Text(pattern), Approvals: 1}},
			githubSteps(pattern), func() []step { return githubSteps(pattern) })
	}
}

// githubOwner is what GitHub takes for an owner.
var githubOwner = regexp.MustCompile(`^(?:@[A-Za-z0-9](?:[A-Za-z0-9_-]*)(?:/[A-Za-z0-9._-]+)?|[^@\s]+@[^@\s]+\.[^@\s]+)$`)

// githubSteps is a pattern of gitignore (git-scm.com/docs/gitignore) with GitHub's
// reading of "dir/*" as the files directly in it.
func githubSteps(pattern string) []step {
	segs := strings.Split(pattern, "/")
	below := false // the pattern ends in a slash: only what is in a directory
	if segs[len(segs)-1] == "" {
		segs, below = segs[:len(segs)-1], true
	}
	if segs[0] == "" {
		segs = segs[1:]
	} else if len(segs) == 1 {
		segs = append([]string{"**"}, segs...)
	}
	var steps []step
	for i, seg := range segs {
		last := i == len(segs)-1
		switch {
		case seg == "**" && !last:
			steps = dirs(steps)
			continue
		case seg == "**":
			return append(steps, step{kind: stepRest}) // all that is in it
		}
		steps = githubSegment(steps, seg)
		switch {
		case !last:
			steps = chars(steps, "/")
		case below:
			return append(chars(steps, "/"), step{kind: stepRest})
		case seg == "*" && (i == 0 || segs[i-1] != "**"): // "dir/*": the files in it and no deeper
		default: // a file, or a directory and all in it
			return append(steps, step{kind: stepEnd}, step{kind: stepRest})
		}
	}
	return steps
}

func githubSegment(steps []step, seg string) []step {
	if seg == "*" { // at least one character
		return append(steps, step{kind: stepAny}, step{kind: stepRun})
	}
	for i := 0; i < len(seg); {
		_, size := utf8.DecodeRuneInString(seg[i:])
		switch {
		case seg[i] == '\\' && i+1 < len(seg):
			_, next := utf8.DecodeRuneInString(seg[i+1:])
			steps = chars(steps, seg[i+1:i+1+next])
			size += next
		case seg[i] == '*':
			if n := len(steps); n == 0 || steps[n-1].kind != stepRun {
				steps = append(steps, step{kind: stepRun})
			}
		case seg[i] == '?':
			steps = append(steps, step{kind: stepAny})
		default:
			steps = chars(steps, seg[i:i+size])
		}
		i += size
	}
	return steps
}

// heading is GitLab's: ^[Name][2] @default-owner.
var heading = regexp.MustCompile(`^(\^)?\[([^\]]*)\](?:\[(-?\d*)\])?(?:\s+(.*))?$`)

func (p *ownersParser) gitlab(line string) {
	if h := heading.FindStringSubmatch(line); h != nil {
		p.heading(h)
		return
	}
	if line[0] == '[' || strings.HasPrefix(line, "^[") {
		p.problem(p.lines, "a section that is not finished: the line is read as a rule")
	}
	exclude := line[0] == '!'
	pattern, rest := cutField(line)
	if exclude {
		pattern = pattern[1:]
	}
	owners := p.mentions(rest)
	switch {
	case exclude && pattern == "":
		p.problem(p.lines, "an exclusion of nothing: the line is passed over")
		return
	case exclude:
		owners = nil
	case len(owners) == 0 && rest == "":
		owners = p.defaults
	}
	if !exclude && len(owners) == 0 {
		p.problem(p.lines, "nobody is named who could own it: GitLab asks for no approval")
	}
	steps, ok := gitlabSteps(pattern)
	if !ok || strings.ContainsFunc(pattern, unicode.IsControl) || !utf8.ValidString(pattern) {
		p.problem(p.lines, fmt.Sprintf("the pattern %s is not understood: it matches nothing", quoted(pattern)))
		return
	}
	p.add(ownerRule{pattern: gitlabPattern(pattern), exclude: exclude, owned: Owned{Owners: owners, Pattern: release.Text(pattern), Approvals: p.approve}},
		steps, func() []step { again, _ := gitlabSteps(pattern); return again })
}

func (p *ownersParser) heading(h []string) {
	name, optional := strings.TrimSpace(h[2]), h[1] != ""
	if name == "" {
		p.problem(p.lines, "a section without a name")
	}
	p.approve = 1
	if h[3] != "" {
		if n, err := strconv.Atoi(h[3]); err == nil && n >= 1 && n <= 1_000 {
			p.approve = n
		} else {
			p.problem(p.lines, "a number of approvals that is not one: it counts as 1")
		}
	}
	p.defaults = p.mentions(h[4])
	p.rules++ // of headings there may not be more than of rules
	if i, ok := p.named[strings.ToLower(name)]; ok {
		p.now = i
		// A section that is required anywhere is required.
		p.owners.sections[i].optional = p.owners.sections[i].optional && optional
		return
	}
	p.named[strings.ToLower(name)] = len(p.owners.sections)
	p.now = len(p.owners.sections)
	p.owners.sections = append(p.owners.sections, ownerSection{name: name, optional: optional})
}

// mentions are the owners that GitLab finds in a text, also behind a "#".
func (p *ownersParser) mentions(text string) []string {
	var owners []string
	for _, f := range strings.Fields(text) {
		if gitlabOwner.MatchString(f) {
			owners = append(owners, f)
		} else {
			p.problem(p.lines, fmt.Sprintf("%s is no owner and is passed over", quoted(f)))
		}
	}
	return owners
}

// gitlabOwner is a user, a group with its path, a role or an address.
var gitlabOwner = regexp.MustCompile(`^(?:@@?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*)(?:/[A-Za-z0-9_.-]+)*|[^@\s]+@[^@\s]+\.[^@\s]+)$`)

// gitlabPattern is a pattern as GitLab writes it out before it matches.
func gitlabPattern(pattern string) string {
	if pattern == "*" {
		return "/**/*"
	}
	if strings.HasPrefix(pattern, `\#`) {
		pattern = pattern[1:]
	}
	pattern = escapedSpace.ReplaceAllString(pattern, " ")
	if !strings.HasPrefix(pattern, "/") {
		pattern = "/**/" + pattern
	}
	if strings.HasSuffix(pattern, "/") {
		pattern += "**/*"
	}
	return pattern
}

var escapedSpace = regexp.MustCompile(`\\\s+`)

// gitlabSteps is a pattern of Ruby's File.fnmatch with FNM_PATHNAME and FNM_DOTMATCH.
func gitlabSteps(pattern string) (steps []step, ok bool) {
	text := gitlabPattern(pattern)
	for i := 0; i < len(text); {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], "**/") && (i == 0 || text[i-1] == '/'):
			steps = dirs(steps)
			for size = 3; strings.HasPrefix(text[i+size:], "**/"); size += 3 {
			}
		case c == '*':
			if n := len(steps); n == 0 || steps[n-1].kind != stepRun {
				steps = append(steps, step{kind: stepRun})
			}
		case c == '?':
			steps = append(steps, step{kind: stepAny})
		case c == '[':
			set, n := bracket(text[i:])
			if n == 0 {
				return nil, false
			}
			steps = append(steps, step{kind: stepSet, set: set})
			size = n
		case c == '\\' && i+1 < len(text):
			_, next := utf8.DecodeRuneInString(text[i+1:])
			steps = chars(steps, text[i+1:i+1+next])
			size += next
		default:
			steps = chars(steps, text[i:i+size])
		}
		i += size
	}
	return steps, true
}

// bracket reads [a-z], [^a-z] or [!a-z] and its length, 0 where it is not finished.
func bracket(text string) (*runeSet, int) {
	s, i := &runeSet{}, 1
	if i < len(text) && (text[i] == '^' || text[i] == '!') {
		s.not = true
		i++
	}
	char := func() (rune, bool) {
		if i < len(text) && text[i] == '\\' {
			i++
		}
		if i >= len(text) {
			return 0, false
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		return r, true
	}
	for i < len(text) && text[i] != ']' {
		lo, ok := char()
		if !ok || lo == '/' {
			return nil, 0
		}
		hi := lo
		if i+1 < len(text) && text[i] == '-' && text[i+1] != ']' {
			i++
			if hi, ok = char(); !ok {
				return nil, 0
			}
		}
		s.ranges = append(s.ranges, [2]rune{lo, hi})
	}
	if i >= len(text) || len(s.ranges) == 0 {
		return nil, 0
	}
	return s, i + 1
}

func quoted(text string) string {
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	return strconv.QuoteToASCII(text)
}
