package lockfile

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// yarnEntry is an entry of a yarn.lock of either kind.
type yarnEntry struct {
	patterns                           []string // name@range, for which it stands
	name, version, resolved, integrity string
	conditions                         bool // it is fetched on some platforms only
	needs                              []yarnNeed
	line                               int
	purl                               release.PURL
}

type yarnNeed struct{ name, span string }

// yarnFile is what both kinds have in common: entries, and what each asks for.
type yarnFile struct {
	*list
	entries []*yarnEntry
	byRange map[string]*yarnEntry
	byName  map[string][]*yarnEntry
	needs   int
}

func newYarn(l *list) yarnFile {
	return yarnFile{list: l, byRange: map[string]*yarnEntry{}, byName: map[string][]*yarnEntry{}}
}

// open begins an entry for patterns with commas between.
func (y *yarnFile) open(patterns []string, line int) *yarnEntry {
	e := &yarnEntry{patterns: patterns, line: line}
	if len(y.entries) >= MaxComponents || y.needs > MaxEdges {
		y.fail(release.GapTooLarge, "more than %d entries", MaxComponents)
		return e
	}
	y.entries = append(y.entries, e)
	for _, p := range patterns {
		y.needs++
		if y.byRange[p] != nil {
			y.gap(release.GapAmbiguous, p, "line %d: another entry for it", line)
			continue
		}
		y.byRange[p] = e
		name, _ := splitKey(p)
		if same := y.byName[name]; len(same) == 0 || same[len(same)-1] != e {
			y.byName[name] = append(same, e)
		}
	}
	return e
}

// find is the entry that a need means. A need that no entry is for was overridden by a
// resolution of the project: it is that of the name, if there is only one.
func (y *yarnFile) find(n yarnNeed) *yarnEntry {
	for _, p := range []string{n.name + "@" + n.span, n.name + "@npm:" + n.span} {
		if e := y.byRange[p]; e != nil {
			return e
		}
	}
	if same := y.byName[n.name]; len(same) == 1 {
		return same[0]
	}
	return nil
}

func (y *yarnFile) edges() {
	for _, e := range y.entries {
		for _, n := range e.needs {
			if to := y.find(n); to != nil {
				y.edge(e.purl, to.purl)
			} else if len(y.byName[n.name]) > 0 {
				y.gap(release.GapAmbiguous, e.patterns[0], "it needs %s, and no entry is for that range", short(n.name))
			} else {
				y.gap(release.GapUnreadable, e.patterns[0], "it needs %s, which has no entry", short(n.name))
			}
		}
	}
}

// YarnLock reads the yarn.lock of Yarn 1
// (https://classic.yarnpkg.com/lang/en/docs/yarn-lock). The file does not tell what is
// direct, nor what is needed to build or to test only.
func YarnLock(file release.Path, b []byte) release.Inventory {
	l := newList(file, "npm", b)
	l.inv.Source.Format = "yarn/1"
	if l.failed {
		return l.done()
	}
	if !strings.Contains(string(b[:min(len(b), 200)]), "# yarn lockfile v1") {
		l.gap(release.GapAmbiguous, "", "it does not say that it is a yarn lockfile v1")
	}
	y := newYarn(l)
	y.lines(strings.Split(string(b), "\n"))
	for _, e := range y.entries {
		y.component(e)
		if l.failed {
			return l.done()
		}
	}
	y.edges()
	return l.done()
}

// lines reads entries. A line that is not understood is a gap, and the others count.
func (y *yarnFile) lines(lines []string) {
	var e *yarnEntry
	inNeeds := false
	seen := map[string]bool{}
	for i, line := range lines {
		if y.failed {
			return
		}
		if len(line) > MaxLine {
			y.fail(release.GapTooLarge, "line %d has more than %d bytes", i+1, MaxLine)
			return
		}
		line = strings.TrimRight(line, " \r")
		text := strings.TrimLeft(line, " ")
		indent := len(line) - len(text)
		if text == "" || text[0] == '#' {
			continue
		}
		words, ok := yarnWords(text)
		switch {
		case !ok || text[0] == '\t':
		case indent == 0 && strings.HasSuffix(text, ":"):
			e, inNeeds = y.open(words, i+1), false
			clear(seen)
			continue
		case indent == 2 && e != nil && strings.HasSuffix(text, ":") && len(words) == 1:
			inNeeds = words[0] == "dependencies" || words[0] == "optionalDependencies"
			if !seen[words[0]] && (inNeeds || words[0] == "peerDependencies") {
				seen[words[0]] = true
				continue
			}
		case indent == 2 && e != nil && len(words) == 2:
			inNeeds = false
			if !seen[words[0]] && e.field(words[0], words[1]) {
				seen[words[0]] = true
				continue
			}
		case indent == 4 && e != nil && len(words) == 2:
			if y.needs++; inNeeds && y.needs <= MaxEdges {
				e.needs = append(e.needs, yarnNeed{words[0], words[1]})
			} else if inNeeds {
				y.fail(release.GapTooLarge, "more than %d relations", MaxEdges)
			}
			continue
		}
		y.gap(release.GapUnreadable, "", "line %d is not understood, or says something again", i+1)
	}
}

// field sets a field and is false for one that is not known.
func (e *yarnEntry) field(name, value string) bool {
	switch name {
	case "version":
		e.version = value
	case "resolved":
		e.resolved = value
	case "integrity":
		e.integrity = value
	case "name": // where it is not that of the patterns
		e.name = value
	case "uid", "registry":
	default:
		return false
	}
	return true
}

// yarnWords takes a line apart: words, plain or in quotes, with spaces or commas
// between, and a colon at the end.
func yarnWords(s string) (words []string, ok bool) {
	s = strings.TrimSuffix(s, ":")
	y := yamlLines{}
	for s != "" {
		var word string
		if s[0] == '"' {
			var err error
			if word, s, err = y.quoted(s); err != nil {
				return nil, false
			}
		} else {
			i := strings.IndexAny(s, " ,\"")
			if i < 0 {
				i = len(s)
			}
			if word, s = s[:i], s[i:]; word == "" {
				return nil, false
			}
		}
		words = append(words, word)
		rest := strings.TrimPrefix(s, ",")
		if rest = strings.TrimLeft(rest, " "); rest == s && s != "" {
			return nil, false
		}
		s = rest
	}
	return words, len(words) > 0
}

// component lists what an entry of Yarn 1 stands for.
func (y *yarnFile) component(e *yarnEntry) {
	name, address := "", ""
	for _, p := range e.patterns {
		n, span := splitKey(p)
		if alias, ok := strings.CutPrefix(span, "npm:"); ok {
			if n, span = splitKey(alias); span == "" {
				n = alias
			}
		}
		if name != "" && name != n {
			y.gap(release.GapAmbiguous, p, "line %d: an entry for %s and for %s", e.line, short(name), short(n))
		}
		name = cmpOr(name, n)
		if strings.Contains(span, ":") || strings.HasPrefix(span, ".") || strings.HasPrefix(span, "/") {
			address = span
		}
	}
	if e.version == "" {
		y.gap(release.GapUnreadable, e.patterns[0], "line %d: it has no version", e.line)
		return
	}
	name = cmpOr(e.name, name)
	to, isLink := strings.CutPrefix(address, "link:")
	if e.resolved == "" && e.integrity == "" && (isLink || isDirectory(address)) {
		y.local(name, to)
		return
	}
	p, ok := y.purl(name, e.version)
	if !ok {
		return
	}
	if !semverLike(e.version) {
		y.gap(release.GapUnpinned, string(p), "%q is no version", e.version)
	}
	e.purl = p
	c := release.Component{PURL: p, Integrity: e.integrity}
	resolved, fragment, _ := strings.Cut(e.resolved, "#")
	if sha1 := len(fragment) == 40 && commit.MatchString(fragment); sha1 && (strings.HasSuffix(resolved, ".tgz") || strings.Contains(resolved, "/-/")) {
		sum, _ := hex.DecodeString(fragment) // as npm and later versions of Yarn write it
		all := append(strings.Fields(c.Integrity), "sha1-"+base64.StdEncoding.EncodeToString(sum))
		slices.Sort(all)
		c.Integrity = strings.Join(slices.Compact(all), " ")
	} else {
		resolved = e.resolved
	}
	switch {
	case resolved != "":
		c.Origin = y.origin(p, name, e.version, resolved, hashFor(resolved, c.Integrity))
	case address != "":
		c.Origin = y.origin(p, name, e.version, address, hashFor(address, c.Integrity))
	default: // Yarn takes such an entry for none
		y.gap(release.GapUnpinned, string(p), "line %d: it has no address, so that Yarn chooses a version anew", e.line)
	}
	y.add(c)
}
