// Package scan reads what scanners found: osv-scanner, govulncheck, Trivy, Grype,
// and whatever writes SARIF.
//
// A [Report] is facts and never a decision. [Finding]s are what the file says, with
// what others said against them ([Suppression]) kept beside them: nothing is left
// out because somebody suppressed it. Source lines, and what a rule about secrets
// says, are not copied. A tool's sentence about code is, since people need it, unless
// it speaks of a password, key or token or holds something of the shape of one.
//
//	r := scan.Read("out/trivy.json", b) // never fails: what cannot be read is a gap
//
// # No findings is not "clean"
//
// An empty list says nothing by itself. The scan may have failed, have looked at
// nothing, at something else, or its output may be cut off. So a Report says with
// [Report.Succeeded] whether the file shows a scan that ran to its end and looked at
// something, and [Report.Clean] is yes only then. Files differ in what they show:
//
//	osv-scanner   lists packages without findings only with --all-packages: an empty
//	              list shows nothing
//	govulncheck   a stream without an end mark: whether it ended is never shown
//	Trivy         lists what it looked at, unless packages were left out
//	Grype         lists matches only: an empty list shows nothing
//	SARIF         invocations say whether execution was successful, and warn of
//	              files and rules that were left out; without them nothing is shown
//
// What the file does not show, the host may know: the scanner's exit status, how many
// packages it was given, which commit. It says so with a [Run], and what it says is
// compared with what the file says.
//
// # Severity
//
// [Severity] is a scale of four steps, or unknown. A finding without a severity is
// unknown, never low. The scanner's own word stays in [Finding.Word]. Where a word and
// a score differ, the higher one counts.
//
//	low        negligible, info, informational, note, minor, low; score below 4
//	medium     medium, moderate, warning; score below 7
//	high       high, important, major, error; score below 9
//	critical   critical, blocker; score 9 and above
//	unknown    unknown, none, undefined, any other word, none at all
//
// Scores are CVSS base scores, or SARIF's property security-severity, which has the
// same range. The steps are those of CVSS 3.1, table 14.
//
// # What is not to be seen in any file
//
// Findings that a scanner's configuration left out before it wrote are not there:
// osv-scanner's ignored vulnerabilities, Trivy's ignore file without --show-suppressed,
// severity thresholds. A change of that configuration is a change of the release.
//
// Two findings of one rule in one file, of which the first was mended when the second
// came, look like one that was moved: [Delta] carries it, unless the tool itself tells
// them apart (fingerprints).
package scan
