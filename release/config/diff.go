package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// Diff compares two versions of one file. Nil means that there is no such file in
// that revision, which is not the same as an empty one.
//
// The result has Settings, sorted by key, KindConfiguration's coverage, a source for each
// side, and gaps. Coverage is complete, or partial where more changed than is told,
// or missing where a side cannot be read; then there is a gap and no setting.
func Diff(path release.Path, before, after []byte, o Options) release.ChangeSet {
	d := differ{path: path, cs: release.ChangeSet{Coverage: map[release.Kind]release.Coverage{release.KindConfiguration: release.CoverageComplete}}}
	d.format = o.Format
	if d.format == "" {
		d.format = FormatOf(path)
	}
	b, a := d.read(before, "before"), d.read(after, "after")
	if len(d.cs.Gaps) > 0 && d.failed {
		d.cs.Coverage[release.KindConfiguration] = release.CoverageMissing
		d.dedup()
		return d.cs
	}
	for i := range max(len(b), len(a)) {
		var at []part
		if i > 0 {
			at = []part{{kind: partDocument, index: i + 1}}
		}
		d.document(at, nth(b, i), nth(a, i))
	}
	if d.cut {
		d.cs.Coverage[release.KindConfiguration] = release.CoveragePartial
		d.gap(release.GapTooLarge, fmt.Sprintf("more than %d changes, or %d bytes of their names: the rest is not told", MaxChanges, MaxPaths))
	}
	slices.SortStableFunc(d.cs.Settings, func(x, y release.SettingChange) int {
		return cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(x.Op, y.Op), cmp.Compare(x.Detail, y.Detail))
	})
	d.dedup()
	return d.cs
}

func nth(vs []*value, i int) *value {
	if i < len(vs) {
		return vs[i]
	}
	return nil
}

type differ struct {
	path   release.Path
	format Format
	cs     release.ChangeSet
	masks  masks
	failed bool
	cut    bool
	bytes  int // of paths
}

func (d *differ) gap(kind release.GapKind, detail string) {
	d.cs.Gaps = append(d.cs.Gaps, release.Gap{Kind: kind, Subject: d.path.String(), Detail: detail})
}

// dedup sorts the gaps, each once.
func (d *differ) dedup() {
	slices.SortFunc(d.cs.Gaps, func(x, y release.Gap) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Detail, y.Detail))
	})
	d.cs.Gaps = slices.Compact(d.cs.Gaps)
}

// read is the documents of one side; none where there is no file.
func (d *differ) read(b []byte, side string) []*value {
	if b == nil {
		return nil
	}
	d.cs.Sources = append(d.cs.Sources, release.Source{Path: d.path, Format: string(cmp.Or(d.format, "unknown")), Digest: release.DigestOf(b)})
	var out []*value
	var one *value
	var said notes
	var err error
	switch d.format {
	case FormatDotenv:
		one, said, err = readDotenv(b)
	case FormatProperties:
		one, said, err = readProperties(b)
	case FormatINI:
		one, said, err = readINI(b)
	case FormatTOML:
		out, err = readTOML(b)
	case FormatJSON:
		out, err = readJSON(b)
	case FormatYAML:
		out, err = readYAML(b)
	case FormatFlagd, FormatFlags:
		if strings.HasSuffix(strings.ToLower(string(d.path)), ".json") {
			out, err = readJSON(b)
		} else {
			out, err = readYAML(b)
		}
	default:
		d.failed = true
		d.gap(release.GapUnsupported, "it is of no format that is read here")
		return nil
	}
	if err == nil && one == nil && len(out) == 0 {
		out = []*value{} // a YAML file without content
	}
	if one != nil {
		out = []*value{one}
	}
	for i := 0; i < len(out) && err == nil; i++ {
		err = longNames(out[i])
	}
	if err != nil {
		d.failed = true
		kind := release.GapUnreadable
		if errors.Is(err, errTooLarge) || tooLarge(err) {
			kind = release.GapTooLarge
		}
		d.gap(kind, side+": "+d.safe(err))
		return nil
	}
	d.masks.force(said.broken)
	for _, name := range said.twice {
		d.gap(release.GapAmbiguous, fmt.Sprintf("%s: %s stands more than once, and programs differ on which one counts", side, d.masks.name(name)))
	}
	return out
}

// tooLarge knows the limits of the JSON scanner by what it says.
func tooLarge(err error) bool {
	text := err.Error()
	return strings.Contains(text, "more than ") || strings.Contains(text, "deeper than")
}

// safe is an error's text on one line, without words that may be secrets.
func (d *differ) safe(err error) string {
	text := err.Error()
	if len(text) > 300 {
		text = text[:300]
	}
	text = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, text)
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\"'`,;()[]{}", r) }) {
		if secretName(word) || label.SecretShape(word) != "" {
			text = strings.ReplaceAll(text, word, "<masked>")
		}
	}
	return release.Text(text).String()
}

func longNames(v *value) error {
	for _, n := range v.names {
		if len(n) > MaxName {
			return fmt.Errorf("%w: a name of %d bytes, more than %d", errTooLarge, len(n), MaxName)
		}
	}
	for _, x := range v.items {
		if err := longNames(x); err != nil {
			return err
		}
	}
	return nil
}

// document compares one document of each side.
func (d *differ) document(at []part, b, a *value) {
	if f := d.flagFormat(b, a); f != "" {
		for i := range d.cs.Sources {
			d.cs.Sources[i].Format = string(f)
		}
		d.flags(at, b, a, f)
		return
	}
	d.values(at, b, a, "")
}

// values compares two values at one path; nil is not there. note is added to the
// details of what is below.
func (d *differ) values(at []part, b, a *value, note string) {
	switch {
	case d.cut || b == nil && a == nil:
	case b != nil && a != nil && b.kind == kindMap && a.kind == kindMap:
		d.mappings(at, b, a, note)
		d.forms(at, b, a)
	case b != nil && a != nil && b.kind == kindList && a.kind == kindList:
		d.lists(at, b, a, note)
		d.forms(at, b, a)
	case b != nil && a != nil && !b.container() && !a.container():
		if !b.same(a) {
			d.change(at, b, a, note)
		}
	default:
		d.whole(at, b, nil, note)
		d.whole(at, nil, a, note)
	}
}

// forms compares what two mappings or lists have beside their elements.
func (d *differ) forms(at []part, b, a *value) {
	if b.form != a.form {
		d.emit(at, release.OpModified, nil, nil, "its tag changed")
	}
	if b.marked != a.marked {
		d.emit(at, release.OpModified, nil, nil, "the byte order mark: some programs take it for a part of the first name")
	}
	if b.refers || a.refers {
		if common(b, a) != common(a, b) {
			d.emit(at, release.OpMoved, nil, nil, "its settings refer to each other and stand in another order")
		}
	}
}

// common are the names of v that w has too, in the order of the file.
func common(v, w *value) string {
	var out []string
	for _, n := range v.order {
		if w.get(n) != nil {
			out = append(out, n)
		}
	}
	return strings.Join(out, "=")
}

// whole tells all settings of a value that is on one side only.
func (d *differ) whole(at []part, b, a *value, note string) {
	v := cmp.Or(b, a)
	if v == nil || d.cut {
		return
	}
	if v.leaf() {
		d.change(at, b, a, note)
		return
	}
	pick := func(x *value) (*value, *value) {
		if b != nil {
			return x, nil
		}
		return nil, x
	}
	if v.form != "" {
		op := release.OpAdded
		if b != nil {
			op = release.OpRemoved
		}
		d.emit(at, op, nil, nil, "a tag")
	}
	keys := keysOf(v, nil)
	for i, x := range v.items {
		if d.cut {
			return
		}
		p := part{kind: partIndex, index: i}
		if v.kind == kindMap {
			p = part{kind: partName, name: v.names[i]}
			d.caseOnly(at, v, i, a != nil)
		} else if keys != "" {
			p = d.keyed(at, keys, x.get(keys).text)
		}
		left, right := pick(x)
		d.whole(append(at[:len(at):len(at)], p), left, right, note)
	}
}

func (d *differ) mappings(at []part, b, a *value, note string) {
	literal := b.fetched() && !a.fetched()
	i, j := 0, 0
	for !d.cut && (i < len(b.names) || j < len(a.names)) {
		var name string
		var was, is *value
		switch {
		case j >= len(a.names) || i < len(b.names) && b.names[i] < a.names[j]:
			name, was = b.names[i], b.items[i]
			i++
		case i >= len(b.names) || b.names[i] > a.names[j]:
			name, is = a.names[j], a.items[j]
			d.caseOnly(at, a, j, true)
			j++
		default:
			name, was, is = b.names[i], b.items[i], a.items[j]
			if was.key != is.key {
				d.emit(append(at[:len(at):len(at)], part{kind: partName, name: name}), release.OpModified, nil, nil, "its name is written otherwise: some programs see another")
			}
			i++
			j++
		}
		inner := note
		if literal && is != nil && was == nil {
			inner = becameLiteral
		}
		d.values(append(at[:len(at):len(at)], part{kind: partName, name: name}), was, is, inner)
	}
}

const becameLiteral = "a reference to a secret store became a literal"

// caseOnly tells of a name that is new and differs by case alone from another of the
// same mapping.
func (d *differ) caseOnly(at []part, v *value, i int, after bool) {
	if !after {
		return
	}
	if v.folded == nil {
		v.folded = map[string]int{}
		for _, n := range v.names {
			v.folded[strings.ToLower(n)]++
		}
	}
	if v.folded[strings.ToLower(v.names[i])] > 1 {
		p := d.masks.render(append(at[:len(at):len(at)], part{kind: partName, name: v.names[i]}))
		if d.bytes += len(p); d.bytes > MaxPaths {
			d.cut = true
			return
		}
		d.gap(release.GapAmbiguous, fmt.Sprintf("%s differs from another name beside it by case alone: some programs take them for one", p))
	}
}

// keysOf is the name by which the elements of a list, or of both lists, are keyed;
// "" is by position.
func keysOf(b, a *value) string {
	for _, key := range []string{"name", "id", "key"} {
		if keyed(b, key) && (a == nil || keyed(a, key)) && (b.kind == kindList && len(b.items) > 0 || a != nil && len(a.items) > 0) {
			return key
		}
	}
	return ""
}

func keyed(v *value, key string) bool {
	seen := make(map[string]bool, len(v.items))
	for _, x := range v.items {
		k := x.get(key)
		if k == nil || k.kind != kindText && k.kind != kindNumber || len(k.text) > MaxName || seen[k.text] || key == "key" && x.get("value") == nil {
			return false
		}
		seen[k.text] = true
	}
	return v.kind == kindList
}

func (d *differ) lists(at []part, b, a *value, note string) {
	key := keysOf(b, a)
	if key == "" {
		for i := range max(len(b.items), len(a.items)) {
			if d.cut {
				return
			}
			d.values(append(at[:len(at):len(at)], part{kind: partIndex, index: i}), nth(b.items, i), nth(a.items, i), note)
		}
		return
	}
	was := make(map[string]int, len(b.items))
	for i, x := range b.items {
		was[x.get(key).text] = i
	}
	last, moved := -1, false
	for _, x := range a.items {
		k := x.get(key).text
		i, ok := was[k]
		if !ok {
			d.values(append(at[:len(at):len(at)], d.keyed(at, key, k)), nil, x, note)
			continue
		}
		moved = moved || i < last
		last = i
		delete(was, k)
		d.values(append(at[:len(at):len(at)], d.keyed(at, key, k)), b.items[i], x, note)
	}
	for _, x := range b.items {
		if k := x.get(key).text; contains(was, k) {
			d.values(append(at[:len(at):len(at)], d.keyed(at, key, k)), x, nil, note)
		}
	}
	if moved {
		d.emit(at, release.OpMoved, nil, nil, "its elements stand in another order")
	}
}

// keyed is the step to an element. What stands in "id" or "key" below a secret's name may
// be one.
func (d *differ) keyed(at []part, key, value string) part {
	if key != "name" && label.SecretKey(words(at)...) {
		d.masks.force([]string{value})
	}
	return part{kind: partKeyed, name: key, value: value}
}

func contains(m map[string]int, k string) bool {
	_, ok := m[k]
	return ok
}

// change tells of one setting.
func (d *differ) change(at []part, b, a *value, note string) {
	op := release.OpModified
	switch {
	case b == nil:
		op = release.OpAdded
	case a == nil:
		op = release.OpRemoved
	}
	d.emit(at, op, b, a, note)
}

// emit tells of one setting; b and a are only looked at.
func (d *differ) emit(at []part, op release.Op, b, a *value, note string, labels ...release.Label) {
	if d.cut {
		return
	}
	key := d.masks.render(at)
	d.bytes += len(key)
	if len(d.cs.Settings) >= MaxChanges || d.bytes > MaxPaths {
		d.cut = true
		return
	}
	var said []string
	if note != "" {
		said = append(said, note)
	}
	names := words(at)
	labels = append(labels, label.Key(names...)...)
	byKey := label.SecretKey(names...)
	after, before := seemsSecret(a), seemsSecret(b)
	if what := cmp.Or(after, before); what != "" {
		labels = append(labels, release.LabelSecrets)
		said = append(said, "its value looks like "+what)
	} else if byKey {
		said = append(said, "a secret by its name")
	}
	if note == becameLiteral {
		labels = append(labels, release.LabelSecrets)
	}
	if b != nil && a != nil {
		said = append(said, difference(b, a)...)
		switch was, is := b.reference(), a.reference(); {
		case was && !is && a.text != "":
			labels = append(labels, release.LabelSecrets)
			said = append(said, becameLiteral)
		case is && !was && b.text != "":
			labels = append(labels, release.LabelSecrets)
			said = append(said, "a literal became a reference")
		}
	} else if v := cmp.Or(b, a); v != nil && (v.kind == kindNull || v.container()) {
		said = append(said, map[kind]string{kindNull: "it is null", kindList: "an empty list", kindMap: "an empty mapping"}[v.kind])
	}
	for i := range at {
		if at[i].kind == partName && d.masks.secret(at[i].name) || at[i].kind == partKeyed && d.masks.secret(at[i].value) {
			labels = append(labels, release.LabelSecrets)
			said = append(said, "a name in its path looks like a secret")
			break
		}
	}
	slices.Sort(labels)
	d.cs.Settings = append(d.cs.Settings, release.SettingChange{File: d.path, Key: key, Op: op, Labels: slices.Compact(labels), Detail: strings.Join(said, "; ")})
}

// difference says in which way two scalars differ, where it is not by their value
// alone.
func difference(b, a *value) []string {
	switch {
	case b.kind != a.kind:
		return []string{fmt.Sprintf("%s became %s", kindWords[b.kind], kindWords[a.kind])}
	case b.text == a.text && strings.HasSuffix(b.form, " plain") != strings.HasSuffix(a.form, " plain"):
		return []string{"the same text, which some programs take for something else where it has no quotes"}
	case b.text == a.text:
		return []string{"the same value, written otherwise: some programs see another"}
	case b.kind == kindNumber && sameNumber(b.text, a.text):
		return []string{"the same number, written otherwise"}
	case b.text == "" || a.text == "":
		return []string{map[bool]string{true: "it was empty", false: "it is empty now"}[b.text == ""]}
	case strings.EqualFold(b.text, a.text):
		return []string{"letter case alone"}
	}
	return nil
}

func sameNumber(b, a string) bool {
	if len(b) > 15 || len(a) > 15 {
		return false
	}
	x, err1 := strconv.ParseFloat(b, 64)
	y, err2 := strconv.ParseFloat(a, 64)
	return err1 == nil && err2 == nil && x == y
}
