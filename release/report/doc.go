// Package report renders what the other packages know for people.
//
// A report is a list of [Section]s: plain values that any package can make
// without knowing how they will look. [Of] makes them of a release record, in
// the order in which an auditor asks: what changes, why this tier, evidence,
// decisions, rollout, outcome. Only this package renders, so only this package
// has to get escaping right: whatever stands in a section, be it a commit's
// subject or a reviewer's name, comes out as text and never as markup, a link, or
// a terminal's escape sequence.
//
// Sections are rendered by [Markdown] (a CI job's summary) and [HTML] (one page that
// needs nothing else). A record itself becomes [JSON] for programs, [SARIF] for code
// hosts and [Annotations] for GitHub's jobs.
package report
