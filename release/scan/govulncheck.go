package scan

import (
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// The messages of govulncheck's stream (internal/govulncheck of golang.org/x/vuln
// 1.9, ProtocolVersion v1.0.0). Each has exactly one field.
type vulnConfig struct {
	Protocol string `json:"protocol_version"`
	Scanner  string `json:"scanner_name"`
	Version  string `json:"scanner_version"`
	Modified string `json:"db_last_modified"`
	Level    string `json:"scan_level"`
	Mode     string `json:"scan_mode"`
}

type vulnSBOM struct {
	Modules []struct {
		Path    string `json:"path"`
		Version string `json:"version"`
	} `json:"modules"`
	Roots []string `json:"roots"`
}

type vulnFinding struct {
	OSV   string      `json:"osv"`
	Fixed string      `json:"fixed_version"`
	Trace []vulnFrame `json:"trace"`
}

type vulnFrame struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	Package  string `json:"package"`
	Function string `json:"function"`
	Position *struct {
		File string `json:"filename"`
		Line int    `json:"line"`
	} `json:"position"`
}

// vulnEntry is an OSV record. There is one for each advisory about a module of the
// program, whether its version is affected or not.
type vulnEntry struct {
	ID      string   `json:"id"`
	Aliases []string `json:"aliases"`
	Summary string   `json:"summary"`
}

// reach is what the first frame says: the affected symbol, package or module.
func (f *vulnFinding) reach() Reach {
	switch {
	case len(f.Trace) == 0 || f.Trace[0].Module == "":
		return ReachUnknown
	case f.Trace[0].Function != "":
		return ReachCalled
	case f.Trace[0].Package != "":
		return ReachImported
	}
	return ReachRequired
}

// vulnKey is what govulncheck writes several messages about, as it learns more.
type vulnKey struct{ osv, module, version string }

// vulnStream is what the messages say together. They come in any order.
type vulnStream struct {
	config   vulnConfig
	configs  int
	modules  int
	sbom     bool
	entries  map[string]vulnEntry
	findings map[vulnKey]Finding
	order    []vulnKey
}

func (r *reader) govulncheck() error {
	v := &vulnStream{entries: map[string]vulnEntry{}, findings: map[vulnKey]Finding{}}
	for r.More() {
		at := r.Offset()
		if k, err := r.Peek(); err != nil || k != strictjson.Object {
			if err == nil {
				err = r.Errorf("a message must be an object")
			}
			return err
		}
		known, others := 0, 0
		if err := r.message(v, &known, &others); err != nil {
			return err
		}
		switch {
		case known+others != 1:
			return r.ErrorfAt(at, "a message has %d fields, not one", known+others)
		case others == 1:
			r.gap(release.GapUnsupported, "a message of an unknown kind at byte %d", at)
		}
		if v.configs == 0 {
			return &refusal{release.GapUnsupported, "the stream does not begin with a config: it is not from govulncheck, or its beginning is cut off"}
		}
	}
	switch {
	case v.configs == 0:
		return &refusal{release.GapUnreadable, "there is no message"}
	case v.configs > 1:
		r.gap(release.GapAmbiguous, "%d configs: several scans in one stream", v.configs)
	}
	r.vulnFinish(v)
	return nil
}

func (r *reader) message(v *vulnStream, known, others *int) error {
	count := func(read func() error) func() error {
		return func() error {
			if null, err := r.null(); null || err != nil {
				return err
			}
			*known++
			return read()
		}
	}
	fields := map[string]func() error{
		"config": count(func() error {
			v.configs++
			var c vulnConfig
			if ok, err := r.item("config", &c); err != nil || !ok {
				return err
			}
			if c.Protocol != "v1" && !strings.HasPrefix(c.Protocol, "v1.") {
				return &refusal{release.GapUnsupported, "protocol version " + strictjson.Quoted(c.Protocol)}
			}
			v.config = c
			return nil
		}),
		"progress": count(func() error { _, err := r.Value(); return err }),
		"SBOM": count(func() error {
			var s vulnSBOM
			ok, err := r.item("SBOM", &s)
			if ok {
				v.sbom, v.modules = true, v.modules+len(s.Modules)
				if len(s.Roots) > 0 {
					r.report.Target = text(strings.Join(s.Roots[:min(len(s.Roots), 5)], " "))
				}
			}
			return err
		}),
		"osv": count(func() error {
			var e vulnEntry
			ok, err := r.item("osv", &e)
			if ok && len(v.entries) < MaxFindings {
				e.Summary = line(e.Summary, maxText)
				v.entries[e.ID] = e
			}
			return err
		}),
		"finding": count(func() error {
			var f vulnFinding
			ok, err := r.item("finding", &f)
			if ok {
				r.vulnFinding(v, &f)
			}
			return err
		}),
	}
	if err := r.count(); err != nil {
		return err
	}
	names := make([][]string, 0, len(fields))
	for n := range fields {
		names = append(names, []string{n})
	}
	return r.Object(func(name []byte) error {
		i, err := r.Field(name, names)
		if err != nil {
			return err
		}
		if i >= 0 {
			return fields[names[i][0]]()
		}
		*others++
		_, err = r.Value()
		return err
	})
}

// vulnFinding keeps of all findings of one advisory in one module the most precise.
func (r *reader) vulnFinding(v *vulnStream, f *vulnFinding) {
	if f.OSV == "" {
		r.gap(release.GapUnreadable, "a finding names no advisory")
		return
	}
	key := vulnKey{osv: f.OSV}
	if len(f.Trace) > 0 {
		key.module, key.version = f.Trace[0].Module, f.Trace[0].Version
	}
	was, had := v.findings[key]
	if !had && len(v.order) > MaxFindings {
		r.full = true
		return
	}
	now := Finding{Kind: KindVulnerability, ID: name(f.OSV), Certain: release.AnswerYes, Reach: f.reach(),
		Package: goPURL(key.module, key.version), Named: named(key.module, key.version)}
	if f.Fixed != "" {
		now.FixedIn = []string{name(f.Fixed)}
	}
	for i := len(f.Trace) - 1; i > 0; i-- { // the last frame is the program's own, the first the affected one
		if p := f.Trace[i].Position; p != nil && p.Line > 0 {
			now.Path, now.Line = r.path(p.File), p.Line
			break
		}
	}
	better := !had || now.Reach > was.Reach ||
		now.Reach == was.Reach && (now.Path < was.Path || now.Path == was.Path && now.Line < was.Line)
	if better {
		if now.FixedIn == nil {
			now.FixedIn = was.FixedIn
		}
		v.findings[key] = now
	}
	if !had {
		v.order = append(v.order, key)
	}
}

func (r *reader) vulnFinish(v *vulnStream) {
	p := r.report
	p.Source.Tool, p.Source.Version = text(v.config.Scanner), text(v.config.Version)
	p.Database = moment(v.config.Modified)
	p.Packages, p.PackagesKnown = v.modules, v.sbom
	r.looked = v.modules > 0 || !v.sbom && len(v.entries)+len(v.findings) > 0
	switch v.config.Mode {
	case "query", "extract":
		r.gap(GapFailed, "mode %s scans nothing", v.config.Mode)
	}
	sees := v.config.Level == "symbol" && (v.config.Mode == "source" || v.config.Mode == "")
	for _, key := range v.order {
		f := v.findings[key]
		if e, ok := v.entries[key.osv]; ok {
			f.Aliases, f.Message = names(e.Aliases), sentence(e.Summary)
		}
		switch {
		case f.Reach == ReachCalled:
			f.Reachable = release.AnswerYes
		case sees && f.Reach != ReachUnknown:
			f.Reachable = release.AnswerNo
		}
		place := f.Path
		f.Path = "" // which caller comes first is no part of what it is
		if f := r.add(f); f != nil {
			f.Path = place
		}
	}
	if r.full {
		r.gap(release.GapTooLarge, "more than %d findings; the rest was not read", MaxFindings)
	}
}
