package manifest

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// MaxDockerfile is the size of the largest Dockerfile that is read, in bytes.
const MaxDockerfile = 1 << 20

const (
	maxStages = 1000
	maxUses   = 5000
)

// Dockerfile says how what a Dockerfile builds from changes
// (https://docs.docker.com/reference/dockerfile/). nil is a file that is not there.
// The result has Resources by type and address, Gaps, Sources and the coverage of
// [release.KindInfrastructure]. Types are
//
//   - dockerfile/FROM: the base image of a stage, "stage NAME" or "stage 0". Stages that
//     begin from another stage or from scratch have none.
//   - dockerfile/COPY: an image that files are copied or mounted from, by its name
//     without tag.
//   - dockerfile/syntax: the image that reads the Dockerfile itself.
//   - dockerfile/USER: the user of the last stage. A change to root, or to whatever the
//     base image says, is [release.LabelAccess].
//   - dockerfile/ADD: content from a URL, by its host; [release.LabelUnpinned] without
//     a checksum.
//
// An image is [release.LabelUnpinned] where it is new or changed and has no digest.
// Build arguments stand for their defaults; one without a default in an image's name
// is a gap, because only the build knows the image. All other instructions are code,
// and none of their text is kept.
func Dockerfile(path release.Path, before, after []byte) release.ChangeSet {
	out := release.ChangeSet{}
	coverage := release.CoverageComplete
	read := func(b []byte) build {
		if b == nil {
			return build{}
		}
		out.Sources = append(out.Sources, release.Source{Path: path, Format: "dockerfile", Digest: release.DigestOf(b)})
		d, kind, why := readDockerfile(b)
		if why != "" {
			out.Gaps = append(out.Gaps, release.Gap{Kind: kind, Subject: path.String(), Detail: why})
			coverage = release.CoverageMissing
		}
		for _, g := range d.gaps {
			out.Gaps = append(out.Gaps, release.Gap{Kind: release.GapUnpinned, Subject: path.String(), Detail: g})
			coverage = min(coverage, release.CoveragePartial)
		}
		return d
	}
	was, is := read(before), read(after)
	if coverage != release.CoverageMissing {
		out.Resources = compareBuilds(path, was, is)
	}
	slices.SortStableFunc(out.Gaps, compareGaps)
	out.Gaps = slices.Compact(out.Gaps)
	out.Sources = slices.Compact(out.Sources)
	out.Coverage = map[release.Kind]release.Coverage{release.KindInfrastructure: coverage}
	return out
}

// build is what a Dockerfile takes from elsewhere.
type build struct {
	uses []use
	gaps []string
}

// use is one thing that is taken, by its type and address.
type use struct {
	typ, address string
	value        string // compared, and shown only if it is an image
	root         bool   // of USER: it is root, or the base image's
	pinned       bool
}

// dockerfile is the state of reading.
type dockerfile struct {
	build
	args   map[string]*string // global build arguments; nil without a default
	stages []string           // names in lower case, "" where there is none
	users  []string           // of the stages
	hosts  map[string]int
}

func readDockerfile(b []byte) (build, release.GapKind, string) {
	switch {
	case len(b) > MaxDockerfile:
		return build{}, release.GapTooLarge, fmt.Sprintf("%d bytes are more than %d", len(b), MaxDockerfile)
	case !utf8.Valid(b) || bytes.ContainsRune(b, 0):
		return build{}, release.GapUnreadable, "it is not text in UTF-8"
	}
	d := dockerfile{args: map[string]*string{}, hosts: map[string]int{}}
	lines, syntax, problem := instructions(string(bytes.TrimPrefix(b, []byte("\ufeff"))))
	if problem != "" {
		return build{}, release.GapUnreadable, problem
	}
	if syntax != "" {
		d.take("dockerfile/syntax", "syntax", syntax)
	}
	for _, in := range lines {
		d.instruction(in)
		if len(d.stages) > maxStages || len(d.uses) > maxUses || len(d.gaps) > maxUses {
			return build{}, release.GapTooLarge, fmt.Sprintf("more than %d stages, or than %d images and URLs", maxStages, maxUses)
		}
	}
	if len(d.stages) == 0 {
		return build{}, release.GapUnreadable, "it has no FROM"
	}
	last := d.users[len(d.users)-1]
	user := use{typ: "dockerfile/USER", address: "user", value: last, pinned: true}
	name, _, _ := strings.Cut(last, ":")
	uid, err := strconv.Atoi(name)
	user.root = name == "" || name == "root" || err == nil && uid == 0 || strings.ContainsRune(name, '$')
	d.uses = append(d.uses, user)
	return d.build, "", ""
}

func (d *dockerfile) take(typ, address, ref string) {
	d.uses = append(d.uses, use{typ: typ, address: address, value: ref, pinned: !unpinned(ref)})
}

func (d *dockerfile) instruction(in instruction) {
	if in.name == "ONBUILD" { // is carried out in another build, and takes from elsewhere there
		if f := strings.Fields(in.rest); len(f) > 1 && !strings.EqualFold(f[0], "USER") {
			in.name, in.rest = strings.ToUpper(f[0]), strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(in.rest), f[0]))
		}
	}
	switch in.name {
	case "ARG":
		if len(d.stages) == 0 {
			d.arguments(in.rest)
		}
	case "FROM":
		d.from(in)
	case "USER":
		if n := len(d.users); n > 0 {
			d.users[n-1] = strings.Trim(strings.TrimSpace(in.rest), `"'`)
		}
	case "COPY", "ADD", "RUN":
		flags, rest := flagsOf(in.rest)
		checksum := false
		for _, f := range flags {
			key, v, _ := strings.Cut(f, "=")
			switch {
			case key == "--from" && in.name == "COPY":
				d.copied(v, in.line)
			case key == "--mount" && in.name == "RUN":
				for _, part := range fields(v) {
					if key, from, _ := strings.Cut(part, "="); strings.EqualFold(key, "from") {
						d.copied(from, in.line)
					}
				}
			case key == "--checksum":
				checksum = true
			}
		}
		if in.name == "ADD" {
			d.added(rest, checksum)
		}
	}
}

// fields are those of a mount, which is one line of CSV.
func fields(s string) []string {
	out, err := csv.NewReader(strings.NewReader(s)).Read()
	if err != nil {
		return strings.Split(s, ",")
	}
	return out
}

// arguments reads ARG a=1 b.
func (d *dockerfile) arguments(rest string) {
	for _, f := range strings.Fields(rest) {
		name, value, ok := strings.Cut(f, "=")
		if !ok {
			if _, known := d.args[name]; !known {
				d.args[name] = nil
			}
			continue
		}
		value = strings.Trim(value, `"'`)
		if v, ok := d.expand(value); ok {
			d.args[name] = &v
		} else {
			d.args[name] = nil
		}
	}
}

// from begins a stage.
func (d *dockerfile) from(in instruction) {
	_, rest := flagsOf(in.rest)
	f := strings.Fields(rest)
	name := ""
	if len(f) >= 3 && strings.EqualFold(f[1], "AS") {
		name = strings.ToLower(f[2])
	}
	ref, known := "", false
	if len(f) > 0 {
		ref, known = d.expand(strings.Trim(f[0], `"'`))
	}
	address := fmt.Sprintf("stage %d", len(d.stages))
	if name != "" {
		address = "stage " + text(shown(name))
	}
	stage, user := d.stage(ref), ""
	switch {
	case !known:
		d.gaps = append(d.gaps, fmt.Sprintf("line %d: the base image is a build argument without a default", in.line))
		d.uses = append(d.uses, use{typ: "dockerfile/FROM", address: address, value: rest})
	case stage >= 0:
		user = d.users[stage]
	case strings.EqualFold(ref, "scratch"):
		d.uses = append(d.uses, use{typ: "dockerfile/FROM", address: address, value: "scratch", pinned: true})
	default:
		d.take("dockerfile/FROM", address, ref)
	}
	d.stages = append(d.stages, name)
	d.users = append(d.users, user)
}

// stage is the last stage of a name, or -1.
func (d *dockerfile) stage(name string) int {
	for i := len(d.stages) - 1; i >= 0; i-- {
		if name != "" && strings.EqualFold(d.stages[i], name) {
			return i
		}
	}
	return -1
}

// copied notes an image that COPY --from or RUN --mount names, if it is none of the
// stages.
func (d *dockerfile) copied(ref string, line int) {
	ref, known := d.expand(strings.Trim(ref, `"'`))
	switch {
	case !known:
		d.gaps = append(d.gaps, fmt.Sprintf("line %d: files come from an image that is a build argument without a default", line))
		return
	case ref == "" || d.stage(ref) >= 0 || strings.Trim(ref, "0123456789") == "":
		return
	}
	name := "an image"
	if i, ok := parseImage(ref); ok {
		name = strings.TrimSuffix(image{registry: i.registry, repository: i.repository}.String(), " (no tag)")
	}
	d.take("dockerfile/COPY", name, ref)
}

// added notes the URLs of ADD, and the sources that an argument of the build names,
// which may be URLs. The last word is where it goes.
func (d *dockerfile) added(rest string, checksum bool) {
	words := strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(" []\",'", r) })
	for _, f := range words[:max(0, len(words)-1)] {
		if !strings.HasPrefix(f, "$") && !remote.MatchString(f) {
			continue
		}
		host := "elsewhere"
		if u, err := url.Parse(f); err == nil && hostLike.MatchString(u.Hostname()) {
			host = strings.ToLower(u.Hostname())
		}
		d.hosts[host]++
		address := host
		if n := d.hosts[host]; n > 1 {
			address = fmt.Sprintf("%s (%d)", host, n)
		}
		d.uses = append(d.uses, use{typ: "dockerfile/ADD", address: address, value: rest, pinned: checksum})
	}
}

var remote = regexp.MustCompile(`^(?i:https?://|ftp://|git://|ssh://|git@)`)

var hostLike = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$`)

// flagsOf takes the leading --flags off, without quotes and escapes.
func flagsOf(rest string) (flags []string, _ string) {
	for {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		if !strings.HasPrefix(rest, "--") {
			return flags, rest
		}
		var flag string
		flag, rest = word(rest)
		flags = append(flags, flag)
	}
}

// word is the first word of s, and what is behind it.
func word(s string) (string, string) {
	var b strings.Builder
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == ' ':
			return b.String(), s[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}
