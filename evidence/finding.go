package evidence

import (
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scan"
	"github.com/sallyport-dev/sallyport/release/vex"
)

// finding is what a scan says of one vulnerability, as VEX is compared with it.
type finding struct {
	names     []string // its ID and aliases in capitals, sorted
	id        string   // in capitals
	component release.PURL
	severity  scan.Severity
}

// findingOf reads a finding. Aliases and the package are those that package collect
// notes in its annotations; of several packages none is taken.
func findingOf(f *predicate.VulnFound) finding {
	out := finding{id: strings.ToUpper(f.ID), severity: severity(f)}
	out.names = []string{out.id}
	several := false
	for _, a := range f.Annotations {
		var note struct {
			Package string   `json:"package"`
			Aliases []string `json:"aliases"`
		}
		if len(a) == 0 || a[0] != '{' || strictjson.Unmarshal(a, &note, limits(MaxStatement)) != nil {
			continue
		}
		for _, alias := range note.Aliases {
			if alias != "" {
				out.names = append(out.names, strings.ToUpper(alias))
			}
		}
		if note.Package == "" {
			continue
		}
		p, err := release.ParsePURL(note.Package) // one that cannot be read is another
		several = several || err != nil || out.component != "" && out.component != p
		out.component = p
	}
	if several {
		out.component = ""
	}
	slices.Sort(out.names)
	out.names = slices.Compact(out.names)
	return out
}

// spoken is f with the names alone of which somebody speaks. What VEX settles is the
// same for all findings that are left the same.
func (f *finding) spoken(claims map[string][]*claim) asked {
	several := severalOf(slices.Values(f.names))
	out := asked{component: f.component, possible: true}
	for _, n := range f.names {
		silent := len(claims[n]) == 0
		switch {
		case !several[database(n)]:
			if n == f.id && !silent {
				out.id = n
			}
		case silent:
			out.possible = false
		default:
			out.flaws = append(out.flaws, n)
		}
		if !silent {
			out.names = append(out.names, n)
		}
	}
	return out
}

// asked is a finding, as VEX is asked about it.
type asked struct {
	component release.PURL
	names     []string // sorted
	id        string   // its ID, if that is the whole of it
	flaws     []string // those of its names that are of several flaws
	possible  bool     // all flaws are spoken of
}

// key tells apart what VEX may settle in different ways.
func (f *asked) key() string {
	b, err := json.Marshal([]any{f.component, f.id, f.possible, f.flaws, f.names})
	if err != nil {
		panic("evidence: texts cannot be encoded: " + err.Error())
	}
	return string(b)
}

// matcher is of the component, nil where it is not known in a version.
func (f *asked) matcher() *vex.Matcher {
	if f.component.Version() == "" {
		return nil
	}
	m := vex.NewMatcher(vex.Product{PURLs: []release.PURL{f.component}})
	return &m
}

// is reports whether a claim is about the whole of the finding, of which it has a name.
// One with several names of one database ("CVE-1", "CVE-2") is about several
// flaws: then the claim must name each, or the finding by an ID of its own.
func (f *asked) is(c *claim) bool {
	if f.id != "" && c.names[f.id] {
		return true
	}
	return f.possible && !slices.ContainsFunc(f.flaws, func(n string) bool { return !c.names[n] })
}

// database is the one that a name is of, in capitals: "CVE".
func database(name string) string { d, _, _ := strings.Cut(name, "-"); return d }

// severalOf are the databases of which there are several names, those of several
// flaws.
func severalOf(names iter.Seq[string]) map[string]bool {
	out := map[string]bool{}
	for n := range names {
		d := database(n)
		_, twice := out[d]
		out[d] = twice
	}
	return out
}

// severity is the highest that the scanner gives, unknown if there is none or one of
// them is not understood: that one might be higher.
func severity(f *predicate.VulnFound) scan.Severity {
	var out scan.Severity
	for _, s := range f.Severity {
		one := severityOf(s.Method, s.Score)
		if one == scan.SeverityUnknown {
			return scan.SeverityUnknown
		}
		out = max(out, one)
	}
	return out
}

var severityWords = map[string]scan.Severity{
	"negligible": scan.SeverityLow, "low": scan.SeverityLow, "medium": scan.SeverityMedium, "moderate": scan.SeverityMedium,
	"high": scan.SeverityHigh, "important": scan.SeverityHigh, "critical": scan.SeverityCritical,
}

// baseScores are the methods under which a number is a CVSS base score. Others are not:
// a probability, or a part of the score, looks low where the severity is not.
var baseScores = map[string]bool{"nvd": true, "cvss": true, "cvss_score": true, "cvss_base_score": true,
	"cvss_v2": true, "cvss_v3": true, "cvss_v3.0": true, "cvss_v3.1": true, "cvss_v4": true, "cvss_v4.0": true}

func severityOf(method, score string) scan.Severity {
	if s, ok := severityWords[strings.ToLower(score)]; ok {
		return s
	}
	if !baseScores[strings.ToLower(method)] || strings.Trim(score, "0123456789.") != "" {
		return scan.SeverityUnknown
	}
	// CVSS 3.1, table 14; CVSS 2 has no critical, and more is stricter. A score of 0 is
	// low: somebody found something.
	switch v, err := strconv.ParseFloat(score, 64); {
	case err != nil || v > 10:
		return scan.SeverityUnknown
	case v >= 9:
		return scan.SeverityCritical
	case v >= 7:
		return scan.SeverityHigh
	case v >= 4:
		return scan.SeverityMedium
	}
	return scan.SeverityLow
}
