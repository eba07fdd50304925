package scan

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// sarifResult is a result of SARIF 2.1.0, section 3.27. What holds source lines
// (snippets, contextRegion) has no field here.
type sarifResult struct {
	RuleID     string                     `json:"ruleId"`
	RuleIndex  *int                       `json:"ruleIndex"`
	Rule       *sarifReference            `json:"rule"`
	Kind       string                     `json:"kind"`
	Level      string                     `json:"level"`
	Message    sarifMessage               `json:"message"`
	Locations  json.RawMessage            `json:"locations"`
	Suppressed []sarifSuppression         `json:"suppressions"`
	State      string                     `json:"baselineState"`
	Rank       *float64                   `json:"rank"`
	Prints     map[string]json.RawMessage `json:"fingerprints"` // text, after the standard
	Partial    map[string]json.RawMessage `json:"partialFingerprints"`
	Provenance struct {
		Invocation *int `json:"invocationIndex"`
	} `json:"provenance"`
	Properties sarifProperties `json:"properties"`
}

type sarifMessage struct {
	Text      string   `json:"text"`
	ID        string   `json:"id"`
	Arguments []string `json:"arguments"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
	GUID          string `json:"guid"`
}

// sarifProperties are what tools agreed on beyond the standard: GitHub's
// security-severity, a number in text, and tags.
type sarifProperties struct {
	Severity json.RawMessage `json:"security-severity"`
	Tags     json.RawMessage `json:"tags"`
}

func (p sarifProperties) score() release.Score {
	v, err := strconv.ParseFloat(strings.Trim(string(p.Severity), `"`), 64)
	if err != nil {
		return release.Score{}
	}
	return scoreOf(v, "security-severity")
}

// maxTags is how many tags a rule or a result can have.
const maxTags = 100

// tags are the tags, if they are what they should be. Of too many, the rest may say
// that it is about a secret.
func (p sarifProperties) tags() []string {
	if len(p.Tags) == 0 || p.Tags[0] != '[' {
		return nil
	}
	s, err := strictjson.NewScanner(p.Tags, limits())
	if err != nil {
		return nil
	}
	var out []string
	err = s.Array(func(i int) error {
		if i >= maxTags {
			out = append(out, "secrets may be among the other tags")
			return errFirst
		}
		raw, _, err := s.Bytes()
		out = append(out, strings.ToLower(line(string(raw), maxID)))
		return err
	})
	if err != nil && err != errFirst {
		return nil
	}
	return out
}

func (r *reader) sarif() error {
	version, runs := "", 0
	r.ended, r.looked = true, true
	err := r.object(map[string]func() error{
		"version": func() (err error) {
			if version, err = r.str(); err == nil && version != "2.1.0" {
				err = &refusal{release.GapUnsupported, "SARIF version " + strictjson.Quoted(version) + " is not 2.1.0"}
			}
			return err
		},
		"runs": func() error {
			return r.each(func() error { runs++; return r.sarifRun() })
		},
		"inlineExternalProperties": func() error {
			return r.each(func() error {
				r.gap(release.GapUnsupported, "inlineExternalProperties are not read")
				_, err := r.Value()
				return err
			})
		},
	})
	switch {
	case err != nil:
		return err
	case version == "":
		return &refusal{release.GapUnsupported, "there is no version: it is not SARIF 2.1.0"}
	case runs == 0:
		r.gap(GapUnproven, "there is no run: nothing was scanned")
	}
	return nil
}

// sarifRun reads one run. Its results are read when all else is known, because they
// may stand before the rules and base directories that they refer to.
func (r *reader) sarifRun() error {
	run := &sarifContext{}
	var results []byte
	at := -1
	err := r.object(map[string]func() error{
		"tool":                     func() error { return r.sarifTool(run) },
		"invocations":              func() error { return r.each(func() error { return r.sarifInvocation(run) }) },
		"originalUriBaseIds":       func() error { _, err := r.item("originalUriBaseIds", &run.bases); return err },
		"artifacts":                func() error { return r.each(func() error { return r.sarifArtifact(run) }) },
		"versionControlProvenance": func() error { return r.sarifProvenance() },
		"policies": func() error {
			return r.each(func() error {
				r.gap(release.GapUnsupported, "policies, which change severities, are not read")
				_, err := r.Value()
				return err
			})
		},
		"externalPropertyFileReferences": func() error {
			return r.objectOf(map[string]func() error{ // what holds no results and changes none
				"taxonomies": r.pass, "translations": r.pass, "addresses": r.pass, "graphs": r.pass, "webRequests": r.pass, "webResponses": r.pass,
			}, func(name []byte) {
				r.gap(release.GapIncomplete, "parts of a run are in other files (externalPropertyFileReferences): %s", strictjson.Quoted(name))
			})
		},
		"results": func() error {
			if null, err := r.null(); null || err != nil {
				return err
			}
			r.Space()
			at = r.Offset()
			_, err := r.Value()
			results = r.Since(at)
			return err
		},
	})
	if err != nil {
		return err
	}
	if run.tool == "" {
		r.gap(release.GapUnreadable, "a run names no tool")
	} else if t := r.report.Source.Tool; t == "" {
		r.report.Source.Tool, r.report.Source.Version = text(run.tool), text(run.version)
	} else if !slices.Contains(strings.Split(string(t), ", "), run.tool) {
		r.report.Source.Tool, r.report.Source.Version = text(string(t)+", "+run.tool), ""
	}
	r.ended = r.ended && run.ended()
	if at < 0 {
		r.gap(GapUnproven, "a run of %s has no results: it is no scan", text(run.tool))
		return nil
	}
	run.settle()
	outer := r.Scanner
	if r.Scanner, err = strictjson.NewScanner(results, limits()); err != nil {
		return err
	}
	err = r.each(func() error {
		var res sarifResult
		ok, err := r.item("in the results: result", &res)
		if ok {
			r.sarifResult(run, &res)
		}
		return err
	})
	r.Scanner = outer
	return err
}

// sarifProvenance reads which revision was scanned.
func (r *reader) sarifProvenance() error {
	return r.each(func() error {
		var p struct {
			Repository string `json:"repositoryUri"`
			Revision   string `json:"revisionId"`
		}
		ok, err := r.item("versionControlProvenance", &p)
		if !ok || p.Revision == "" {
			return err
		}
		rev := commit(p.Revision)
		switch {
		case rev == "":
			r.gap(release.GapUnpinned, "revision %s is no full commit id", strictjson.Quoted(p.Revision))
		case r.report.Commit != "" && r.report.Commit != rev:
			r.gap(release.GapAmbiguous, "several revisions were scanned: %s and %s", r.report.Commit, rev)
		default:
			r.report.Commit, r.report.Target = rev, text(anonymous(p.Repository))
		}
		return nil
	})
}

func (r *reader) sarifResult(run *sarifContext, res *sarifResult) {
	kind := cmp.Or(res.Kind, "fail")
	switch kind {
	case "pass", "notApplicable", "informational":
		if res.Level == "" || res.Level == "none" {
			return // nothing was found
		}
		r.gap(release.GapAmbiguous, "a result for %s is of the kind %s with the level %s", strictjson.Quoted(res.RuleID), kind, strictjson.Quoted(res.Level))
	}
	id, rules := run.rulesOf(res)
	if len(rules) > 1 {
		r.gap(release.GapAmbiguous, "a result is of the rule %s by its name and %s by its index", strictjson.Quoted(rules[0].id), strictjson.Quoted(rules[1].id))
	} else if res.index() >= 0 && len(rules) == 0 {
		r.gap(release.GapUnreadable, "a result is of the rule with the index %d, which there is not", res.index())
	}
	f := Finding{ID: cmp.Or(name(id), "unknown")}
	if kind == "fail" {
		f.Certain = release.AnswerYes
	}
	f.State, _ = ParseState(res.State)
	if f.State == StateUnknown && res.State != "" {
		r.gap(release.GapUnreadable, "baselineState %s is not known", strictjson.Quoted(res.State))
	}
	tags := res.Properties.tags()
	f.Score = res.Properties.score()
	words := []string{run.level(res, nil)}
	if len(rules) > 0 {
		words = nil
	}
	for _, rule := range rules {
		words = append(words, run.level(res, rule))
		tags = append(tags, rule.tags...)
		f.Score = higher(f.Score, rule.score)
	}
	for _, w := range words {
		if f.Word == "" || severityOf(w) > f.Severity {
			f.Word, f.Severity = text(w), severityOf(w)
		}
	}
	if res.Rank != nil && *res.Rank >= 0 && *res.Rank <= 100 {
		f.Severity = max(f.Severity, severityOfScore(scoreOf(*res.Rank/10, "")))
	}
	f.Kind = kindOf(id, tags, run.tool)
	said := message(res.Message, rules)
	hushed := f.Kind == KindSecret || secretive(id, tags, rules)
	f.Message = sentence(said)
	if hushed || f.Message == "" || aboutSecrets(said) { // the sentence may quote what was found
		f.Message = ""
		if len(rules) > 0 {
			f.Message = text(rules[0].short)
		}
	}
	if l, err := first(res.Locations); err != nil {
		r.gap(release.GapUnreadable, "the location of a result for %s: %v", strictjson.Quoted(res.RuleID), err)
	} else if l != nil {
		f.Path, f.Line = run.place(l)
		f.Path = r.path(string(f.Path))
	}
	for _, s := range res.Suppressed {
		f.Suppressions = append(f.Suppressions, s.suppression())
	}
	r.add(f, prints(run.tool, res, hushed)...)
}

// first is the first of an array of locations, or nil. A result can have thousands.
func first(raw []byte) (*sarifLocation, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	s, err := strictjson.NewScanner(raw, limits())
	if err != nil {
		return nil, err
	}
	var l *sarifLocation
	err = s.Array(func(i int) error {
		if i > 0 {
			return errFirst
		}
		s.Space()
		from := s.Offset()
		if _, err := s.Value(); err != nil {
			return err
		}
		l = &sarifLocation{}
		return strictjson.Unmarshal(s.Since(from), l, limits())
	})
	if err != nil && err != errFirst {
		return nil, err
	}
	return l, nil
}

var errFirst = errors.New("enough was read")

// suppression says whether it stands: a status that is absent means accepted
// (section 3.35.3).
func (s sarifSuppression) suppression() Suppression {
	out := Suppression{Kind: name(s.Kind), Status: text(s.Status), Justification: sentence(s.Justification), By: text(s.GUID)}
	switch s.Status {
	case "", "accepted":
		out.Accepted = release.AnswerYes
	case "rejected":
		out.Accepted = release.AnswerNo
	}
	return out
}

// prints are what the tool itself tells results apart by. Those of secrets are left
// out: some are made of the secret.
func prints(tool string, res *sarifResult, hushed bool) []string {
	out := []string{tool}
	from := res.Prints
	if len(from) == 0 {
		from = res.Partial
	}
	if hushed {
		return out
	}
	for k, v := range from {
		var text string
		if strictjson.Unmarshal(v, &text, limits()) != nil {
			text = string(v)
		}
		out = append(out, k+"="+text)
	}
	slices.Sort(out[1:])
	return out
}

// message is the text of a message, looked up in the rule where it is an id.
func message(m sarifMessage, rules []*sarifRule) string {
	s := m.Text
	if s == "" && m.ID != "" && len(rules) > 0 {
		s = rules[0].messages[m.ID]
	}
	s = line(s, maxMessage)
	for i, a := range m.Arguments[:min(len(m.Arguments), 10)] {
		s = strings.Replace(s, fmt.Sprintf("{%d}", i), line(a, 60), 10)
	}
	return s
}
