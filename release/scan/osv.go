package scan

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// The shape of osv-scanner's JSON (pkg/models/results.go of osv-scanner 2.5; 1.x
// writes experimentalAnalysis for experimental_analysis).
type osvPackage struct {
	info struct {
		Name       string `json:"name"`
		Version    string `json:"version"`
		Ecosystem  string `json:"ecosystem"`
		Commit     string `json:"commit"`
		Deprecated bool   `json:"deprecated"`
	}
	entries    []osvFact
	groups     []osvGroup
	violations []string
}

// osvFact is what is needed of an OSV record.
type osvFact struct {
	id      string
	aliases []string
	summary release.Text
	word    string
	fixed   []string
}

type osvGroup struct {
	IDs         []string               `json:"ids"`
	Aliases     []string               `json:"aliases"`
	Analysis    map[string]osvAnalysis `json:"experimental_analysis"`
	AnalysisV1  map[string]osvAnalysis `json:"experimentalAnalysis"`
	MaxSeverity string                 `json:"max_severity"`
}

type osvAnalysis struct {
	Called      bool `json:"called"`
	Unimportant bool `json:"unimportant"`
}

// osvEntry is an OSV record, of which little is needed here.
type osvEntry struct {
	ID       string          `json:"id"`
	Aliases  []string        `json:"aliases"`
	Summary  string          `json:"summary"`
	Affected json.RawMessage `json:"affected"`
	Specific json.RawMessage `json:"database_specific"`
}

// word is the severity that the database gives (GitHub's writes one).
func (e *osvEntry) word() string {
	var v struct {
		Severity json.RawMessage `json:"severity"`
	}
	var word string
	if len(e.Specific) == 0 || strictjson.Unmarshal(e.Specific, &v, limits()) != nil || len(v.Severity) == 0 ||
		strictjson.Unmarshal(v.Severity, &word, limits()) != nil {
		return ""
	}
	return word
}

// fixed are the versions that mend it in the named package, as far as they can be
// read.
func (e *osvEntry) fixed(pkg, ecosystem string) []string {
	var out []string
	s, err := strictjson.NewScanner(e.Affected, limits())
	if err != nil || len(e.Affected) == 0 || e.Affected[0] != '[' {
		return nil
	}
	_ = s.Array(func(int) error {
		var whose struct {
			Name      string `json:"name"`
			Ecosystem string `json:"ecosystem"`
		}
		var ranges []byte
		err := s.Object(func(name []byte) error {
			s.Space()
			from := s.Offset()
			_, err := s.Value()
			switch string(name) {
			case "package":
				return strictjson.Unmarshal(s.Since(from), &whose, limits())
			case "ranges":
				ranges = s.Since(from)
			}
			return err
		})
		if err == nil && whose.Name == pkg && family(whose.Ecosystem) == family(ecosystem) && len(ranges) <= maxRanges {
			out = addFixed(out, ranges)
		}
		return err
	})
	return out
}

// addFixed adds the fixed versions of OSV's ranges, each once.
func addFixed(out []string, raw []byte) []string {
	var ranges []struct {
		Type   string `json:"type"`
		Events []struct {
			Fixed string `json:"fixed"`
		} `json:"events"`
	}
	if len(raw) == 0 || strictjson.Unmarshal(raw, &ranges, limits()) != nil {
		return out
	}
	for _, g := range ranges {
		for _, ev := range g.Events {
			if v := name(ev.Fixed); g.Type != "GIT" && v != "" && len(out) < maxVersions && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

// maxRanges is the size of the ranges that are looked into for fixed versions.
const maxRanges = 64 << 10

// maxVersions is how many versions that mend it one finding can have.
const maxVersions = 20

func family(ecosystem string) string {
	head, _, _ := strings.Cut(ecosystem, ":")
	return head
}

func (r *reader) osvScanner() error {
	r.ended = true // it writes its one value when it is done
	r.report.Source.Tool = "osv-scanner"
	there := false
	err := r.objectOf(map[string]func() error{
		"results": func() error {
			there = true
			return r.each(func() error { return r.osvSource() })
		},
		"experimental_generic_findings": func() error {
			return r.each(func() error {
				r.gap(release.GapUnsupported, "experimental_generic_findings are not read")
				_, err := r.Value()
				return err
			})
		},
		"experimental_config": r.pass,
		"image_metadata":      r.pass,
		"license_summary":     r.pass,
	}, func(name []byte) {
		r.gap(release.GapUnsupported, "osv-scanner writes nothing of the name %s: it may be another tool's file", strictjson.Quoted(name))
	})
	if err == nil && !there {
		err = &refusal{release.GapUnsupported, "there are no results: it is not from osv-scanner"}
	}
	r.looked = r.report.Packages > 0
	return err
}

// osvSource reads what was found in one file.
func (r *reader) osvSource() error {
	var source struct {
		Path string `json:"path"`
		Type string `json:"type"`
	}
	from := len(r.report.Findings)
	sources, packages := 0, 0
	err := r.object(map[string]func() error{
		"source": func() error { sources++; _, err := r.item("source", &source); return err },
		"experimental_pes": func() error {
			return r.each(func() error {
				r.gap(release.GapUnsupported, "experimental_pes (exploitability signals) are not read")
				_, err := r.Value()
				return err
			})
		},
		"packages": func() error {
			packages++
			return r.each(func() error {
				r.report.Packages++
				return r.osvPackage()
			})
		},
	})
	if err == nil && sources+packages != 2 {
		r.gap(release.GapUnsupported, "a result without a source or without packages: it may be another tool's file")
	}
	for i := from; i < len(r.report.Findings); i++ { // the source may stand behind its packages
		f := &r.report.Findings[i]
		f.Path = r.path(source.Path)
		f.Fingerprint = fingerprint(f, nil)
	}
	return err
}

// osvPackage reads what was found in one package. Records are large, and a package
// may have thousands: what is needed of each is kept.
func (r *reader) osvPackage() error {
	var p osvPackage
	err := r.object(map[string]func() error{
		"package": func() error { _, err := r.item("package", &p.info); return err },
		"vulnerabilities": func() error {
			return r.each(func() error {
				var e osvEntry
				ok, err := r.item("vulnerability", &e)
				if ok && len(p.entries) < MaxFindings {
					p.entries = append(p.entries, osvFact{id: e.ID, aliases: names(e.Aliases), summary: sentence(e.Summary), word: e.word(),
						fixed: e.fixed(p.info.Name, p.info.Ecosystem)})
				}
				return err
			})
		},
		"groups": func() error {
			return r.each(func() error {
				var g osvGroup
				ok, err := r.item("group", &g)
				if ok && len(p.groups) < MaxFindings {
					p.groups = append(p.groups, g)
				}
				return err
			})
		},
		"license_violations": func() error { _, err := r.item("license_violations", &p.violations); return err },
	})
	if err == nil {
		r.osvFindings(&p)
	}
	return err
}

func (r *reader) osvFindings(p *osvPackage) {
	k := &p.info
	base := Finding{Kind: KindVulnerability, Certain: release.AnswerYes,
		Package: ecosystemPURL(k.Ecosystem, k.Name, k.Version), Named: named(k.Name, cmp.Or(k.Version, k.Commit), k.Ecosystem)}
	if k.Name == "" {
		base.Named = named("commit", k.Commit)
	}
	entries := map[string]*osvFact{}
	for i := range p.entries {
		entries[p.entries[i].id] = &p.entries[i]
	}
	grouped := map[string]bool{}
	for i := range p.groups {
		g := &p.groups[i]
		if len(g.IDs) == 0 {
			r.gap(release.GapUnreadable, "a group of advisories for %s has no ids", base.Named)
			continue
		}
		f := base
		f.ID, f.Aliases = name(g.IDs[0]), names(g.IDs[1:], g.Aliases)
		if v, err := strconv.ParseFloat(g.MaxSeverity, 64); err == nil {
			f.Score = scoreOf(v, "osv-scanner max_severity")
		}
		unimportant := f.analysed(g)
		for _, id := range g.IDs {
			grouped[id] = true
			if e := entries[id]; e != nil {
				f.tell(e)
			}
		}
		if unimportant && f.Word == "" {
			f.Word, f.Severity = "unimportant", max(f.Severity, SeverityLow)
		}
		r.add(f)
	}
	for i := range p.entries {
		if e := &p.entries[i]; !grouped[e.id] {
			f := base
			f.ID = cmp.Or(name(e.id), "unknown")
			f.tell(e)
			r.add(f)
		}
	}
	for _, l := range p.violations {
		f := base
		f.Kind, f.ID = KindLicense, name(l)
		r.add(f)
	}
	if k.Deprecated {
		f := base
		f.Kind, f.ID = KindDeprecated, "deprecated"
		r.add(f)
	}
}

// analysed adds what an analysis of calls found. It says no only where it looked at
// each advisory of the group.
func (f *Finding) analysed(g *osvGroup) (unimportant bool) {
	by := g.Analysis
	if len(by) == 0 {
		by = g.AnalysisV1
	}
	called, all := false, true
	for _, id := range g.IDs {
		a, ok := by[id]
		called, all, unimportant = called || a.Called, all && ok, unimportant || a.Unimportant
	}
	switch {
	case called:
		f.Reach, f.Reachable = ReachCalled, release.AnswerYes
	case all:
		f.Reachable = release.AnswerNo
	}
	return unimportant
}

// tell adds what an OSV record says. The most severe word of several records counts.
func (f *Finding) tell(e *osvFact) {
	f.Aliases = append(f.Aliases, e.aliases...)
	for _, v := range e.fixed {
		if !slices.Contains(f.FixedIn, v) && len(f.FixedIn) < maxVersions {
			f.FixedIn = append(f.FixedIn, v)
		}
	}
	if e.word != "" && (f.Word == "" || severityOf(e.word) > severityOf(string(f.Word))) {
		f.Word = text(e.word)
		f.Severity = max(f.Severity, severityOf(e.word))
	}
	if f.Message == "" {
		f.Message = e.summary
	}
}

// names are identifiers of others, safe to print, of several lists.
func names(lists ...[]string) []string {
	var out []string
	for _, l := range lists {
		for _, s := range l {
			if len(out) < maxAliases {
				out = append(out, name(s))
			}
		}
	}
	return out
}

// maxAliases is how many other names one finding can have.
const maxAliases = 200
