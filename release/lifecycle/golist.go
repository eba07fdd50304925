package lifecycle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/version"
)

// GoList says how the output of the go command was made.
type GoList struct {
	// Collected is when it was run. Required: the output does not tell.
	Collected time.Time
	// Upgrades says that it was run with -u. Without, a module that nothing newer is
	// listed for would look like the newest. If false, the output must prove it by an
	// upgrade of at least one module.
	Upgrades bool
}

// goModule is the part that is read of what the go command prints for a module
// (go help list, "type Module").
type goModule struct {
	Path       string    `json:"Path"`
	Version    string    `json:"Version"`
	Versions   []string  `json:"Versions"`
	Time       string    `json:"Time"`
	Main       bool      `json:"Main"`
	Replace    *struct{} `json:"Replace"`
	Retracted  []string  `json:"Retracted"`
	Deprecated string    `json:"Deprecated"`
	Error      *struct{} `json:"Error"`
	Update     *struct {
		Version string `json:"Version"`
		Time    string `json:"Time"`
	} `json:"Update"`
}

// ReadGoList reads what "go list -m -u -json all" printed. With -versions as well, it
// is known how many releases a module is behind; without, only for how long.
//
// Made with -retracted as well, -versions lists those that were taken back too; the
// ones above the upgrade are left out, and the others are counted.
//
// A module that is replaced, or that the go command reports an error for, is unknown:
// what stands for it is another module. The standard library is not in the output.
func ReadGoList(path release.Path, b []byte, o GoList) *Table {
	t := &Table{sources: []release.Source{{Path: path, Format: "go-list", Tool: "go", Digest: release.DigestOf(b)}}, packages: map[release.PURL]*record{}}
	if len(b) > MaxBytes {
		t.gap(release.GapTooLarge, "", "%d bytes are more than %d", len(b), MaxBytes)
		return t
	}
	if o.Collected.IsZero() {
		t.gap(release.GapIncomplete, "", "nobody says when it was made")
		return t
	}
	r := goReader{table: t, bad: badEntries{table: t}, collected: o.Collected.UTC(), upgrades: o.Upgrades}
	if err := r.read(b); err != nil {
		t.packages = map[release.PURL]*record{}
		t.coverage, t.gaps = release.CoverageMissing, nil
		kind := release.GapUnreadable
		if errors.Is(err, errTooLarge) {
			kind = release.GapTooLarge
		}
		t.gap(kind, "", "%v", err)
	}
	return t
}

// goReader walks over the objects, which stand one behind the other.
type goReader struct {
	table     *Table
	bad       badEntries
	collected time.Time
	upgrades  bool
	count     int
}

func (r *goReader) read(b []byte) error {
	s, err := strictjson.NewScanner(b, limits)
	if err != nil {
		return err
	}
	t := r.table
	t.coverage = release.CoverageComplete
	modules := 0
	for ; s.More(); modules++ {
		from := s.Offset()
		kind, err := s.Value()
		if err == nil && kind != strictjson.Object {
			err = s.ErrorfAt(from, "it is no object")
		}
		if err != nil {
			return err
		}
		if err := r.module(s.Since(from)); err != nil {
			return err
		}
	}
	if modules == 0 {
		return errors.New("it lists no modules")
	}
	t.sources[0].At = r.collected
	if !r.upgrades {
		for p := range t.packages {
			t.packages[p] = nil
		}
		t.coverage = release.CoveragePartial
		t.gap(release.GapIncomplete, "", "no module has an upgrade: it may have been made without -u")
	}
	r.bad.done()
	return nil
}

func (r *goReader) module(b []byte) error {
	var m goModule
	if err := strictjson.Unmarshal(b, &m, limits); err != nil {
		return err
	}
	if r.count += 1 + len(m.Versions) + len(m.Retracted); r.count > MaxVersions {
		return errTooLarge
	}
	r.upgrades = r.upgrades || m.Update != nil
	if m.Main {
		return nil
	}
	name, err := release.NewPURL("golang", m.Path, "")
	if err != nil {
		r.bad.add("", err)
		return nil
	}
	rec, err := m.record(r.collected)
	if err != nil {
		r.bad.add("", fmt.Errorf("%s: %w", release.Text(m.Path), err))
	}
	r.table.add(name, rec)
	return nil
}

func (m *goModule) record(collected time.Time) (*record, error) {
	if m.Replace != nil || m.Error != nil {
		return nil, nil
	}
	if m.Version == "" {
		return nil, fmt.Errorf("no version")
	}
	r := &record{collected: collected, complete: len(m.Versions) > 0 || m.Update == nil, latest: true}
	used := listed{text: m.Version, retracted: unset}
	if len(m.Retracted) > 0 {
		used.retracted = &flag{set: true, note: m.Retracted[0]}
	}
	var err error
	if m.Time != "" {
		if used.published, err = parseTime(m.Time); err != nil {
			return nil, err
		}
	}
	r.deprecated = &flag{set: m.Deprecated != "", note: m.Deprecated}
	r.versions = append(r.versions, used)
	if m.Update != nil {
		if m.Update.Version == "" || m.Update.Version == m.Version {
			return nil, fmt.Errorf("an upgrade without a version of its own")
		}
		update := listed{text: m.Update.Version}
		if m.Update.Time != "" {
			if update.published, err = parseTime(m.Update.Time); err != nil {
				return nil, err
			}
		}
		r.versions = append(r.versions, update)
	}
	order, _ := version.Of("golang")
	for _, v := range m.Versions {
		l := listed{text: v}
		if m.passedOver(order, v) {
			l.retracted = &flag{set: true}
		}
		r.versions = append(r.versions, l)
	}
	// What the output says more of stands in front of the bare version, and stays.
	slices.SortStableFunc(r.versions, func(a, b listed) int { return strings.Compare(a.text, b.text) })
	r.versions = slices.CompactFunc(r.versions, func(a, b listed) bool { return a.text == b.text })
	return r, nil
}

// passedOver reports whether a listed version is one that "go list -u" did not take
// for an upgrade although it is above: it was retracted (and listed with -retracted),
// excluded, or belongs to another line ("+incompatible"). Pre-releases are passed over
// for being such.
func (m *goModule) passedOver(order version.Order, v string) bool {
	above := func(w string) bool {
		c, err := order.Compare(v, w)
		return err == nil && c > 0
	}
	parsed, err := order.Parse(v)
	return err == nil && above(m.Version) && (m.Update == nil || above(m.Update.Version)) && !preRelease(order, "golang", parsed)
}
