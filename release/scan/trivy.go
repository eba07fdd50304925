package scan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// The shape of Trivy's JSON (pkg/types of Trivy 0.65, SchemaVersion 2). What holds
// the text of secrets (Match, Code) has no field here.
type trivyMetadata struct {
	OS *struct {
		Family string `json:"Family"`
		Name   string `json:"Name"`
		EOSL   bool   `json:"EOSL"`
	} `json:"OS"`
	ImageID     string   `json:"ImageID"`
	RepoDigests []string `json:"RepoDigests"`
	Commit      string   `json:"Commit"`
}

// trivyItem has the fields of all kinds of findings: which one it is says the list
// that it stands in.
type trivyItem struct {
	// Vulnerabilities.
	VulnerabilityID string   `json:"VulnerabilityID"`
	VendorIDs       []string `json:"VendorIDs"`
	PkgName         string   `json:"PkgName"`
	PkgPath         string   `json:"PkgPath"`
	PkgIdentifier   struct {
		PURL string `json:"PURL"`
	} `json:"PkgIdentifier"`
	InstalledVersion string               `json:"InstalledVersion"`
	FixedVersion     string               `json:"FixedVersion"`
	SeveritySource   string               `json:"SeveritySource"`
	CVSS             map[string]trivyCVSS `json:"CVSS"`
	// All of them, each where it has it.
	Severity string `json:"Severity"`
	Title    string `json:"Title"`
	Status   string `json:"Status"`
	// Misconfigurations.
	ID            string `json:"ID"`
	AVDID         string `json:"AVDID"`
	Message       string `json:"Message"`
	CauseMetadata struct {
		Resource  string `json:"Resource"`
		StartLine int    `json:"StartLine"`
	} `json:"CauseMetadata"`
	// Secrets.
	RuleID    string `json:"RuleID"`
	StartLine int    `json:"StartLine"`
	// Licences.
	FilePath string `json:"FilePath"`
	Name     string `json:"Name"`
	Category string `json:"Category"`
}

type trivyCVSS struct {
	V2  float64 `json:"V2Score"`
	V3  float64 `json:"V3Score"`
	V4  float64 `json:"V40Score"`
	V3V string  `json:"V3Vector"`
	V4V string  `json:"V40Vector"`
	V2V string  `json:"V2Vector"`
}

// score is the newest version's. Trivy leaves out scores that it does not know.
func (c trivyCVSS) score() release.Score {
	switch {
	case c.V4 > 0:
		return scoreOf(c.V4, name(c.V4V))
	case c.V3 > 0:
		return scoreOf(c.V3, name(c.V3V))
	case c.V2 > 0:
		return scoreOf(c.V2, name(c.V2V))
	}
	return release.Score{}
}

// score is that of the source that the severity comes from, or the highest one.
func (i *trivyItem) score() release.Score {
	if s := i.CVSS[i.SeveritySource].score(); s.Known {
		return s
	}
	var s release.Score
	sources := make([]string, 0, len(i.CVSS))
	for source := range i.CVSS {
		sources = append(sources, source)
	}
	slices.Sort(sources)
	for _, source := range sources {
		s = higher(s, i.CVSS[source].score())
	}
	return s
}

func (r *reader) trivy() error {
	r.ended = true // it writes its one value when it is done
	r.report.Source.Tool = "trivy"
	version := ""
	listed := true // so far, each result that has packages lists them
	var kind, artifact string
	err := r.object(map[string]func() error{
		"SchemaVersion": func() error {
			r.Space()
			from := r.Offset()
			_, err := r.Value()
			version = string(r.Since(from))
			if err == nil && version != "2" {
				err = &refusal{release.GapUnsupported, "SchemaVersion " + strictjson.Quoted(version) + " is not 2"}
			}
			return err
		},
		"CreatedAt":    func() error { s, err := r.strOr(); r.report.Source.At = moment(s); return err },
		"ArtifactName": func() (err error) { artifact, err = r.str(); return err },
		"ArtifactType": func() (err error) { kind, err = r.str(); return err },
		"Trivy": func() error {
			var t struct {
				Version string `json:"Version"`
			}
			_, err := r.item("Trivy", &t)
			r.report.Source.Version = text(t.Version)
			return err
		},
		"Metadata": func() error {
			var m trivyMetadata
			if ok, err := r.item("Metadata", &m); !ok {
				return err
			}
			r.artifact(m.ImageID)
			for _, d := range m.RepoDigests {
				r.artifact(d)
			}
			r.report.Commit = commit(m.Commit)
			if m.OS != nil && m.OS.EOSL {
				r.gap(release.GapIncomplete, "%s is past the end of its support: advisories for it may be missing", named(m.OS.Family, m.OS.Name))
			}
			return nil
		},
		"Results": func() error { return r.each(func() error { return r.trivyResult(&listed) }) },
	})
	if err == nil && version == "" {
		err = &refusal{release.GapUnsupported, "there is no SchemaVersion: it is not from Trivy, or from before version 0.20"}
	}
	r.report.Target = text(strings.TrimSpace(kind + " " + anonymous(artifact)))
	r.report.PackagesKnown = listed && r.report.Packages > 0
	return err
}

// trivyResult reads what was found in one target.
func (r *reader) trivyResult(listed *bool) error {
	var target, class string
	packages := 0
	from := len(r.report.Findings)
	list := func(kind Kind) func() error {
		return func() error {
			return r.each(func() error {
				var i trivyItem
				ok, err := r.item(kind.String(), &i)
				if ok {
					r.trivyItem(kind, &i, nil)
				}
				return err
			})
		}
	}
	err := r.object(map[string]func() error{
		"Target": func() (err error) { target, err = r.str(); return err },
		"Class":  func() (err error) { class, err = r.str(); return err },
		"Packages": func() error {
			return r.each(func() error {
				packages++
				_, err := r.Value()
				return err
			})
		},
		"MisconfSummary": func() error {
			var s struct {
				Successes int `json:"Successes"`
				Failures  int `json:"Failures"`
			}
			_, err := r.item("MisconfSummary", &s)
			r.looked = r.looked || s.Successes > 0 || s.Failures > 0
			return err
		},
		"Vulnerabilities":              list(KindVulnerability),
		"Misconfigurations":            list(KindMisconfiguration),
		"Secrets":                      list(KindSecret),
		"Licenses":                     list(KindLicense),
		"ExperimentalModifiedFindings": func() error { return r.each(r.trivyModified) },
	})
	for i := from; i < len(r.report.Findings); i++ { // the target may stand behind its findings
		f := &r.report.Findings[i]
		f.Path = r.path(cmp.Or(string(f.Path), target))
		f.Fingerprint = fingerprint(f, nil)
	}
	r.report.Packages += packages
	// A result for packages stands there because packages were found, though an option
	// leaves out their list.
	hasPackages := class == "os-pkgs" || class == "lang-pkgs"
	*listed = *listed && (packages > 0 || !hasPackages)
	r.looked = r.looked || packages > 0 || hasPackages || len(r.report.Findings) > from
	return err
}

func (r *reader) trivyItem(kind Kind, i *trivyItem, s []Suppression) {
	f := Finding{Kind: kind, Certain: release.AnswerYes, Word: text(i.Severity), Severity: severityOf(i.Severity), Message: sentence(i.Title), Suppressions: s}
	switch kind {
	case KindVulnerability:
		f.ID, f.Aliases = name(i.VulnerabilityID), names(i.VendorIDs)
		f.Package, f.Named = purl(i.PkgIdentifier.PURL), named(i.PkgName, i.InstalledVersion)
		f.Path, f.Score = release.Path(i.PkgPath), i.score()
		for _, v := range strings.Split(i.FixedVersion, ",") {
			if v = name(v); v != "" {
				f.FixedIn = append(f.FixedIn, v)
			}
		}
	case KindMisconfiguration:
		f.ID, f.Aliases, f.Line = name(i.ID), names([]string{i.AVDID}), max(i.CauseMetadata.StartLine, 0)
		f.Named = text(i.CauseMetadata.Resource)
		if i.Message != "" {
			f.Message = sentence(i.Message)
		}
		switch i.Status {
		case "FAIL":
		case "PASS":
			r.looked = true
			return
		case "EXCEPTION":
			f.Suppressions = append(f.Suppressions, Suppression{Kind: "exception", Accepted: release.AnswerYes, Status: text(i.Status)})
		default:
			f.Certain = release.AnswerUnknown
		}
	case KindSecret:
		f.ID, f.Line = name(i.RuleID), max(i.StartLine, 0)
	case KindLicense:
		f.ID, f.Named, f.Path, f.Message = name(i.Name), text(i.PkgName), release.Path(i.FilePath), text(i.Category)
	}
	if f.ID == "" {
		r.gap(release.GapUnreadable, "a finding of the kind %s names no rule or advisory", kind)
		f.ID = "unknown"
	}
	r.add(f)
}

// trivyModified reads a finding that an ignore file or a VEX document took out
// (--show-suppressed).
func (r *reader) trivyModified() error {
	var m struct {
		Type      string    `json:"Type"`
		Status    string    `json:"Status"`
		Statement string    `json:"Statement"`
		Source    string    `json:"Source"`
		Finding   trivyItem `json:"Finding"`
	}
	ok, err := r.item("modified finding", &m)
	if !ok {
		return err
	}
	kind, err := ParseKind(m.Type)
	if err != nil {
		kind = KindUnknown
	}
	s := Suppression{Kind: "vex", Status: text(m.Status), Justification: sentence(m.Statement), By: text(m.Source)}
	switch m.Status {
	case "ignored":
		s.Kind, s.Accepted = "ignore rule", release.AnswerYes
	case "not_affected", "fixed":
		s.Accepted = release.AnswerYes
	}
	if kind == KindUnknown {
		r.gap(release.GapUnsupported, "a modified finding of the type %s", strictjson.Quoted(m.Type))
	}
	r.trivyItem(kind, &m.Finding, []Suppression{s})
	return nil
}
