// Package threat says of advisories how bad they are, how likely they are exploited,
// and whether they already are: CVSS, EPSS and CISA's list of known exploited
// vulnerabilities.
//
// All three are optional. What nobody said is unknown, which is none of harmless,
// unlikely and no:
//
//	epss := threat.ReadEPSS("epss_scores-2026-11-20.csv.gz", b)
//	kev := threat.ReadKEV("known_exploited_vulnerabilities.json", c)
//	threat.Feeds{EPSS: epss, KEV: kev}.Apply(&changes, asOf)
//
// [CVSS] turns a vector into a base score, and [Automatable] and [TotalImpact] read in it
// what a decision by SSVC asks for. Severity is not risk, and scores of
// several advisories are not averaged or summed here.
//
// # Feeds
//
// A feed is one published file, read once and never changed: it has a date and the
// digest of its bytes, and can be used by several goroutines. A file that cannot be
// read is a feed without answers, and its gap goes into the change set.
//
//   - EPSS: the daily file of https://www.first.org/epss, as CSV or CSV.gz. Its first
//     line names the model and the date. The probability is taken from the column
//     "epss"; the percentile beside it is a rank and no probability.
//   - KEV: https://www.cisa.gov/known-exploited-vulnerabilities-catalog as JSON.
//
// # As of a moment
//
// Answers are as of a moment. A feed that is dated after it is not used, even for
// vulnerabilities that it may well have listed then: whoever goes back in time uses
// the feed of that day. A feed that is older than [Feeds.MaxAge] still knows what is
// exploited, but neither that something is not, nor how likely it is today.
//
// # CVE
//
// Both feeds know CVE identifiers and no others. An advisory is looked up by its ID
// and its aliases, a distribution's also by the flaws that it comes from; without a
// CVE identifier among them its answers are unknown. With several, it is exploited if
// one is, it is not exploited if none is, and its likelihood is the highest, which is
// known only if each of them has one. A name that begins like a CVE identifier and is
// none leaves both unknown, unless another is exploited.
package threat
