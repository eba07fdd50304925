package report

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// maxFindings bounds what a SARIF log shows, as GitHub reads no more of a run.
const maxFindings = 5000

// SARIF writes the [Findings] of a record as a SARIF 2.1.0 log, which code hosts show
// beside the code. What is about no file stands at the first line of no place: hosts
// that want a place show it for the whole run. The same record gives the same bytes.
func SARIF(w io.Writer, r release.Record) error {
	all := Findings(r)
	findings := all[:min(len(all), maxFindings)]
	ids := map[string]int{}
	for _, f := range findings {
		ids[plain(f.Reason.Code)] = 0
	}
	sorted := make([]string, 0, len(ids))
	for id := range ids {
		sorted = append(sorted, id)
	}
	slices.Sort(sorted)
	rules := make([]sarifRule, len(sorted))
	for i, id := range sorted {
		ids[id], rules[i] = i, sarifRule{ID: id}
	}
	results := make([]sarifResult, len(findings))
	for i, f := range findings {
		results[i] = sarifResult{RuleID: plain(f.Reason.Code), RuleIndex: ids[plain(f.Reason.Code)], Level: f.Level, Message: sarifText{Text: sentence(f.Reason)},
			Fingerprints: map[string]string{"sallyport/v1": release.DigestOf([]byte(strings.Join([]string{f.Reason.Code, f.Reason.Subject}, "\x00"))).String()}}
		if f.Path != "" {
			var l sarifLocation
			l.PhysicalLocation.ArtifactLocation.URI = pathURI(f.Path)
			results[i].Locations = []sarifLocation{l}
		}
	}
	log := sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0"}
	run := sarifRun{Results: results, ColumnKind: "utf16CodeUnits"}
	run.Tool.Driver.Name, run.Tool.Driver.InformationURI, run.Tool.Driver.Rules = "Sallyport", "https://sallyport.dev", rules
	if n := len(all) - len(findings); n > 0 {
		run.Properties = map[string]string{"leftOut": fmt.Sprint(n)}
	}
	log.Runs = []sarifRun{run}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(log)
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver struct {
			Name           string      `json:"name"`
			InformationURI string      `json:"informationUri"`
			Rules          []sarifRule `json:"rules"`
		} `json:"driver"`
	} `json:"tool"`
	ColumnKind string            `json:"columnKind"`
	Results    []sarifResult     `json:"results"`
	Properties map[string]string `json:"properties,omitempty"`
}

type sarifRule struct {
	ID string `json:"id"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        Level             `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations,omitempty"`
	Fingerprints map[string]string `json:"partialFingerprints"`
}

type sarifLocation struct {
	PhysicalLocation struct {
		ArtifactLocation struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
	} `json:"physicalLocation"`
}

// sentence is a reason as one line of plain text. A SARIF message is text in which
// "[a](b)" is a link (section 3.11.6), which a backslash takes back.
func sentence(r release.Reason) string {
	s := r.Text
	if r.Subject != "" {
		s = r.Subject + ": " + s
	}
	if s == "" {
		s = r.Code
	}
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(plain(s))
}

// plain is text of others on one printable line.
func plain(s string) string { return oneLine(s) }

// pathURI is a path as a relative reference (RFC 3986, section 4.2): a colon in its
// first part would make a scheme of it, two slashes in front an address.
func pathURI(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(p), ":", "%3A")
		if p == ".." || p == "." {
			parts[i] = strings.ReplaceAll(p, ".", "%2E")
		}
	}
	return strings.TrimLeft(strings.Join(parts, "/"), "/")
}
