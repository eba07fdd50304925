package label

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// The limits of [ParseOwners].
const (
	// MaxOwners is the size of the largest file, in bytes: GitHub's 3 MB, beyond which
	// it takes nobody for an owner.
	MaxOwners = 3 << 20
	// MaxOwnersLine is the longest line, in bytes. A longer one is a problem and no rule.
	MaxOwnersLine = 16 << 10
	// MaxOwnersRules is how many rules are read.
	MaxOwnersRules = 30_000
)

// maxOwnersProblems bounds what is told of a file that is none.
const maxOwnersProblems = 1_000

// Forge is whose syntax a file of code owners has. Patterns that look alike mean
// different things: "/docs" is a directory and all below to GitHub, and one file to GitLab.
type Forge uint8

// The forges. The zero value is unknown: nothing is read by it.
const (
	ForgeUnknown Forge = iota
	ForgeGitHub
	ForgeGitLab
)

// String is the forge's name.
func (f Forge) String() string {
	switch f {
	case ForgeGitHub:
		return "GitHub"
	case ForgeGitLab:
		return "GitLab"
	}
	return "unknown"
}

// OwnersPaths are where a forge looks for the file, in its order: the first that
// exists is the only one that counts.
//
// Read it at the base revision, never at the head: the author of a release must not choose who
// owns it. A change of the file itself has [release.LabelPolicy].
func OwnersPaths(f Forge) []release.Path {
	switch f {
	case ForgeGitHub:
		return []release.Path{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}
	case ForgeGitLab:
		return []release.Path{"CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"}
	}
	return nil
}

// Owners are the rules of one CODEOWNERS file. The zero Owners own nothing. It may be
// used by many goroutines.
type Owners struct {
	forge    Forge
	sections []ownerSection
	digest   release.Digest
}

// Digest identifies what was read: the forge and the bytes of the file. It is zero for the zero Owners.
func (o *Owners) Digest() release.Digest { return o.digest }

// ownerSection is the rules of one section; GitHub's files have one without a name.
type ownerSection struct {
	name     string
	optional bool // every heading says so
	rules    []ownerRule
	index    map[string]int // GitLab: rules by their pattern, as written out
}

type ownerRule struct {
	glob    glob
	pattern string
	owned   Owned
	exclude bool
}

// Owned is one rule that gives a file its owners.
type Owned struct {
	// Owners are who owns it, as written: "@ada", "@org/team", "ada@example.com",
	// GitLab's roles "@@maintainers". None means that the rule says: nobody.
	Owners []string
	// Section is GitLab's section, as its first heading writes it; "" for rules without.
	Section string
	// Optional says that the section asks for no approval.
	Optional bool
	// Approvals is how many approvals the section asks for: at least 1, and 0 where it
	// is optional or nobody is named.
	Approvals int
	// Pattern is the rule's as written, Line where it stands, from 1.
	Pattern release.Text
	Line    int
}

// String is "line 3: *.go: @ada".
func (o Owned) String() string {
	who := "nobody"
	if len(o.Owners) > 0 {
		who = strings.Join(o.Owners, " ")
	}
	section := ""
	if o.Section != "" {
		section = "[" + release.Text(o.Section).String() + "] "
	}
	return fmt.Sprintf("line %d: %s%s: %s", o.Line, section, o.Pattern, who)
}

// OwnersProblem is a line that a forge passes over, or reads otherwise than its
// author may think.
type OwnersProblem struct {
	// Line counts from 1; 0 means the whole file.
	Line int
	// Text says what is wrong, for people.
	Text string
}

// String is "line 3: …".
func (p OwnersProblem) String() string { return fmt.Sprintf("line %d: %s", p.Line, p.Text) }

// ParseOwners reads a CODEOWNERS file as a forge does. It never fails: a line that
// the forge passes over is a problem and gives nobody anything, so that an earlier,
// wider rule goes on to count, as it does there. A file that the forge does not read
// at all has no owners and one problem.
//
// GitHub (docs "About code owners"): the last rule that matches counts. Patterns are
// gitignore's, without negation, without character ranges, and without an escape for
// a leading "#"; a line that has one, or an owner that is no "@user", "@org/team" or
// address, is passed over. A pattern with nobody behind it takes the owners away. "#" begins a
// comment, also behind a rule. Backslash escapes a space.
//
// GitLab (docs "Code Owners", "Syntax of CODEOWNERS file"): sections combine, one rule of each
// counts, its last; section names ignore case, and headings of one name add up; a rule
// without owners takes the section's; "!pattern" takes files out of its section, for
// good. Patterns are File.fnmatch's with FNM_PATHNAME and FNM_DOTMATCH: "*" is "/**/*", a pattern
// without a leading slash matches at any depth, one with a slash at its end all below,
// and "**" is many directories only as "**/". There are no comments behind a rule: an owner that is
// named in one owns.
func ParseOwners(b []byte, f Forge) (Owners, []OwnersProblem) {
	h := sha256.New() // in parts: the file may be large
	h.Write([]byte("sallyport.label.owners.v1\n"))
	h.Write([]byte{byte(f), '\n'})
	h.Write(b)
	p := ownersParser{owners: Owners{forge: f, digest: release.Digest(h.Sum(nil))}}
	switch {
	case f != ForgeGitHub && f != ForgeGitLab:
		p.problem(0, "whose syntax it has is not known")
	case len(b) > MaxOwners:
		p.problem(0, fmt.Sprintf("%d bytes, more than %d: it counts as none", len(b), MaxOwners))
	case bytes.IndexByte(b, 0) >= 0:
		p.problem(0, "it is no text: it counts as none")
	default:
		p.file(b)
	}
	for i := range p.owners.sections {
		s := &p.owners.sections[i]
		s.index = nil
		for j := range s.rules {
			o := &s.rules[j].owned
			if o.Optional = s.optional; o.Optional || len(o.Owners) == 0 {
				o.Approvals = 0
			}
		}
	}
	return p.owners, p.problems
}

type ownersParser struct {
	owners   Owners
	problems []OwnersProblem
	rules    int
	steps    int            // of all patterns
	named    map[string]int // GitLab: sections by their name in small letters
	lines    int            // the line that is read
	now      int            // the section that rules belong to
	defaults []string
	approve  int
}

func (p *ownersParser) problem(line int, text string) {
	if len(p.problems) == maxOwnersProblems {
		text = "there are more problems, which are not told"
	} else if len(p.problems) > maxOwnersProblems {
		return
	}
	p.problems = append(p.problems, OwnersProblem{line, text})
}

func (p *ownersParser) file(b []byte) {
	p.owners.sections = make([]ownerSection, 1)
	p.approve, p.named = 1, map[string]int{}
	for row := range bytes.Lines(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))) {
		p.lines++
		line := strings.TrimSpace(string(row))
		switch {
		case line == "" || line[0] == '#':
		case len(line) > MaxOwnersLine:
			p.problem(p.lines, fmt.Sprintf("a line of %d bytes, more than %d", len(line), MaxOwnersLine))
		case p.rules >= MaxOwnersRules:
			// A file that is read in part would give wrong answers, not fewer.
			p.problem(p.lines, fmt.Sprintf("more than %d rules: the file counts as none", MaxOwnersRules))
			p.owners.sections = nil
			return
		case p.owners.forge == ForgeGitHub:
			p.github(line)
		default:
			p.gitlab(line)
		}
	}
}

// maxSteps is how many steps the patterns of one file keep together, in memory of
// about 32 bytes each. Patterns beyond it are taken apart each time.
const maxSteps = 200_000

func (p *ownersParser) add(r ownerRule, steps []step, again func() []step) {
	p.rules++
	r.glob = newGlob(steps)
	if p.steps += len(steps); p.steps > maxSteps && !r.glob.whole {
		r.glob.steps, r.glob.again = nil, again
	}
	r.owned.Line = p.lines
	s := &p.owners.sections[p.now]
	r.owned.Section = s.name
	if p.owners.forge == ForgeGitLab {
		// Of one pattern twice, the later owners count, at the earlier place.
		if i, ok := s.index[r.pattern]; ok && s.rules[i].exclude == r.exclude {
			s.rules[i] = r
			return
		}
		if s.index == nil {
			s.index = map[string]int{}
		}
		s.index[r.pattern] = len(s.rules)
	}
	s.rules = append(s.rules, r)
}

// Of is the rules that give a path its owners: of GitHub at most one, of GitLab at
// most one of each section, in the order of the sections. None means that no rule
// says anything of it. The caller owns the slice, and must not change what Owners
// of its elements hold.
func (o Owners) Of(path release.Path) []Owned {
	text := string(path)
	if o.forge == ForgeGitLab {
		text = "/" + strings.TrimPrefix(text, "/")
	}
	var out []Owned
	for i := range o.sections {
		if r := o.sections[i].last(text); r != nil {
			out = append(out, r.owned)
		}
	}
	return out
}

func (s *ownerSection) last(path string) *ownerRule {
	for i := range s.rules {
		if s.rules[i].exclude && s.rules[i].glob.match(path) {
			return nil
		}
	}
	for i := len(s.rules) - 1; i >= 0; i-- {
		if !s.rules[i].exclude && s.rules[i].glob.match(path) {
			return &s.rules[i]
		}
	}
	return nil
}

// Touched is a changed file and the rules that give it its owners.
type Touched struct {
	// Path is the file's.
	Path release.Path
	// Owned are the rules, as [Owners.Of] gives them; none where nobody is named.
	Owned []Owned
}

// Touched are the changed files of cs with their owners, by path. o must come from
// the base of cs: see [OwnersPaths]. A file without owners is there too: nobody
// answers for it.
func (o Owners) Touched(cs *release.ChangeSet) []Touched {
	out := make([]Touched, 0, len(cs.Files))
	for i := range cs.Files {
		out = append(out, Touched{cs.Files[i].Path, o.Of(cs.Files[i].Path)})
	}
	slices.SortStableFunc(out, func(a, b Touched) int { return cmp.Compare(a.Path, b.Path) })
	return out
}
