package scan

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// The shape of Grype's JSON (grype/presenter/models of Grype 0.121).
type grypeMatch struct {
	Vulnerability grypeVulnerability   `json:"vulnerability"`
	Related       []grypeVulnerability `json:"relatedVulnerabilities"`
	Artifact      struct {
		Name      string `json:"name"`
		Version   string `json:"version"`
		Type      string `json:"type"`
		PURL      string `json:"purl"`
		Locations []struct {
			Path string `json:"path"`
		} `json:"locations"`
	} `json:"artifact"`
	Rules []grypeRule `json:"appliedIgnoreRules"`
}

type grypeVulnerability struct {
	ID          string `json:"id"`
	Severity    string `json:"severity"`
	Description string `json:"description"`
	CVSS        []struct {
		Vector  string `json:"vector"`
		Metrics struct {
			Base *float64 `json:"baseScore"`
		} `json:"metrics"`
	} `json:"cvss"`
	Exploited []struct {
		CVE string `json:"cve"`
	} `json:"knownExploited"`
	EPSS []struct {
		Probability *float64 `json:"epss"`
		Date        string   `json:"date"`
	} `json:"epss"`
	Fix struct {
		Versions []string `json:"versions"`
	} `json:"fix"`
}

type grypeRule struct {
	Vulnerability string `json:"vulnerability"`
	Reason        string `json:"reason"`
	Namespace     string `json:"namespace"`
	FixState      string `json:"fix-state"`
	VEXStatus     string `json:"vex-status"`
	Justification string `json:"vex-justification"`
	MatchType     string `json:"match-type"`
}

func (v *grypeVulnerability) score() release.Score {
	var s release.Score
	for _, c := range v.CVSS {
		if c.Metrics.Base != nil {
			s = higher(s, scoreOf(*c.Metrics.Base, name(c.Vector)))
		}
	}
	return s
}

func (r *reader) grype() error {
	r.ended = true // it writes its one value when it is done
	r.report.Source.Tool = "grype"
	there := false
	seen := map[string]bool{}
	list := func(ignored bool) func() error {
		return func() error {
			return r.each(func() error {
				var m grypeMatch
				ok, err := r.item("match", &m)
				if ok {
					r.grypeMatch(&m, ignored)
					seen[m.Artifact.PURL+" "+m.Artifact.Name+" "+m.Artifact.Version] = true
				}
				return err
			})
		}
	}
	err := r.object(map[string]func() error{
		"matches":        func() error { there = true; return list(false)() },
		"ignoredMatches": list(true),
		"alertsByPackage": func() error {
			return r.each(func() error {
				r.gap(release.GapIncomplete, "Grype warns of packages that it may lack advisories for (alertsByPackage)")
				_, err := r.Value()
				return err
			})
		},
		"source":     r.grypeSource,
		"descriptor": r.grypeDescriptor,
	})
	if err == nil && !there {
		err = &refusal{release.GapUnsupported, "there are no matches: it is not from Grype"}
	}
	r.report.Packages = len(seen)
	r.looked = len(seen) > 0
	return err
}

func (r *reader) grypeMatch(m *grypeMatch, ignored bool) {
	v := &m.Vulnerability
	f := Finding{Kind: KindVulnerability, ID: name(v.ID), Certain: release.AnswerYes, Word: text(v.Severity), Severity: severityOf(v.Severity),
		Package: purl(m.Artifact.PURL), Named: named(m.Artifact.Name, m.Artifact.Version, m.Artifact.Type), FixedIn: names(v.Fix.Versions),
		Score: v.score(), Message: sentence(v.Description)}
	if v.ID == "" {
		r.gap(release.GapUnreadable, "a match for %s names no vulnerability", f.Named)
		f.ID = "unknown"
	}
	if len(m.Artifact.Locations) > 0 {
		f.Path = r.path(m.Artifact.Locations[0].Path)
	}
	all := append([]grypeVulnerability{*v}, m.Related...)
	for i := range all {
		o := &all[i]
		if i > 0 {
			f.Aliases = append(f.Aliases, name(o.ID))
			if !v.score().Known {
				f.Score = higher(f.Score, o.score())
			}
			if f.Message == "" {
				f.Message = sentence(o.Description)
			}
		}
		if len(o.Exploited) > 0 {
			f.Exploited = release.AnswerYes
		}
		for _, e := range o.EPSS {
			if e.Probability != nil && *e.Probability >= 0 && *e.Probability <= 1 {
				f.Likelihood = higher(f.Likelihood, release.Score{Known: true, Value: *e.Probability, By: "EPSS", At: moment(e.Date + "T00:00:00Z")})
			}
		}
	}
	for _, rule := range m.Rules {
		s := Suppression{Kind: "ignore rule", Accepted: release.AnswerYes, Justification: sentence(cmp.Or(rule.Reason, rule.Justification)), By: text(rule.Namespace)}
		switch {
		case rule.VEXStatus != "":
			s.Kind, s.Status = "vex", text(rule.VEXStatus)
			if !slices.Contains([]string{"not_affected", "fixed"}, rule.VEXStatus) {
				s.Accepted = release.AnswerUnknown
			}
		case rule.FixState != "":
			s.Status = text("fix-state " + rule.FixState)
		case rule.MatchType != "":
			s.Status = text("match-type " + rule.MatchType)
		}
		f.Suppressions = append(f.Suppressions, s)
	}
	if ignored && len(m.Rules) == 0 {
		f.Suppressions = append(f.Suppressions, Suppression{Kind: "ignore rule", Status: "ignored without a rule"})
	}
	r.add(f)
}

// grypeSource reads what was scanned: a path, or an image.
func (r *reader) grypeSource() error {
	var s struct {
		Type   string          `json:"type"`
		Target json.RawMessage `json:"target"`
	}
	ok, err := r.item("source", &s)
	if !ok {
		return err
	}
	var path string
	var image struct {
		Input   string   `json:"userInput"`
		ID      string   `json:"imageID"`
		Digest  string   `json:"manifestDigest"`
		Digests []string `json:"repoDigests"`
	}
	l := limits()
	l.Bytes = MaxItem
	if len(s.Target) > 0 && s.Target[0] == '"' {
		err = strictjson.Unmarshal(s.Target, &path, l)
	} else if len(s.Target) > 0 {
		err = strictjson.Unmarshal(s.Target, &image, l)
	}
	if err != nil {
		r.gap(release.GapUnreadable, "source: what was scanned is neither a path nor an image")
		return nil
	}
	r.report.Target = text(s.Type + " " + anonymous(cmp.Or(path, image.Input, image.ID)))
	for _, d := range append([]string{image.ID, image.Digest}, image.Digests...) {
		r.artifact(d)
	}
	return nil
}

// grypeDescriptor reads what the scanner says of itself and of its database, which
// older versions describe in another place.
func (r *reader) grypeDescriptor() error {
	type database struct {
		Built string `json:"built"`
		Error string `json:"error"`
		Valid *bool  `json:"valid"`
	}
	var d struct {
		Name      string          `json:"name"`
		Version   string          `json:"version"`
		Timestamp string          `json:"timestamp"`
		DB        json.RawMessage `json:"db"`
	}
	ok, err := r.item("descriptor", &d)
	if !ok {
		return err
	}
	r.report.Source.Tool, r.report.Source.Version = text(cmp.Or(d.Name, "grype")), text(d.Version)
	r.report.Source.At = moment(d.Timestamp)
	var old database
	var db struct {
		Status database `json:"status"`
	}
	if len(d.DB) > 0 {
		_, _ = strictjson.Unmarshal(d.DB, &old, limits()), strictjson.Unmarshal(d.DB, &db, limits())
	}
	for _, b := range []database{db.Status, old} {
		if t := moment(b.Built); !t.IsZero() && r.report.Database.IsZero() {
			r.report.Database = t
		}
		if b.Valid != nil && !*b.Valid || b.Error != "" {
			r.gap(GapFailed, "Grype says that its database is not valid")
		}
	}
	return nil
}
