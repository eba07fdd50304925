// Package collect makes predicates, to be signed as statements, of what tools
// wrote: of test results, coverage, scans and reviews.
//
//	run := collect.Run{Tool: "pytest", Version: "8.4.1", At: ended, Succeeded: release.AnswerYes}
//	tests, err := collect.JUnit(run, collect.File{Path: "junit.xml", Bytes: b})
//	st, err := evidence.For(rel, tests.Result)
//
// The collectors take bytes: they open no file, ask no forge and read no clock.
//
//	JUnit, GoTest             what ran            in-toto test-result v0.1
//	GoCover, Cobertura, LCOV  what tests reached  in-toto SCAI v0.3
//	Scan                      what scanners found in-toto vulns v0.2, and the above for other findings
//	Review                    who reviewed        sallyport review v1
//
// # A statement names its files
//
// Whoever doubts a statement must be able to find the file that it was made of.
// So each predicate names every input with its name, its SHA-256, its format, the
// tool that wrote it, that tool's version and the time of the run; [Sources] reads
// them back. Tool, version and time are given by the caller, or read from the
// file where it has them (they are then its claim); a collector that has them from
// neither fails. What a statement has no room for stands in an annotation or
// field named "sallyportSource".
//
// # What cannot be read is never a pass
//
// A file that is cut off, contradicts itself, or has something in it that nobody
// here understands has a gap. With a gap nothing good can be said: the collector
// fails with a [GapError], there is no predicate, and a release whose evidence is
// missing is held. A failure that was seen is not lost to a gap: the result is then
// FAILED. Nothing is signed as FAILED for a gap alone, because a failed test denies
// the release for good, and a broken upload is no failed test.
//
// # Test results
//
//	FAILED  a test failed or had an error, the tool's exit status says so ([Run.Succeeded]),
//	        or no test passed: an empty run and one that skipped everything show nothing
//	WARNED  nothing failed, but a test passed only when it was run again (see [Run.AllowFlaky])
//	PASSED  at least one test passed, none failed, there is no gap, and the tool's exit
//	        status says so
//
// A skipped test is neither: it is counted and not listed. Results are counted from
// the elements of the files. Totals that JUnit files carry beside them are compared:
// more failures or errors than elements is a failure, more tests or more skipped
// ones than elements is a gap; fewer is neither, since many tools count in suites
// what they leave out of their totals.
//
// A file says nothing of the files and packages that are not there: a run that was
// ended between two packages looks whole, and a file that an older run left looks
// new. So nothing passes by the word of the files alone. The caller must say that the
// tool's exit status was that of success ([Run.Succeeded]), and should say when the
// run began ([Run.Started]).
//
// # Coverage
//
// [Coverage.Counts] has covered and total of each unit that the file knows:
// statements, lines, branches. They are different things and are never added, and
// there is no ratio of nothing: a unit of which there are none is left out. The
// numbers are facts. No requirement is met by them. They too need the word of the
// caller that the run succeeded.
//
// # Scans
//
// An empty list of vulnerabilities says to everybody "nothing was found". It is
// made only where the report is shown to be whole ([scan.Report], Succeeded and
// Coverage), is of this run and, where it names what was scanned, of what the caller
// meant; and the caller says that the scanner looked for vulnerabilities. A finding
// of another kind, such as a secret, is a failed test: it denies. A scan for those
// that found nothing is no passed test, it would pass for the project's tests; it is
// the SCAI attribute [NoFindings].
//
// # Reviews
//
// [Review] says who approved a change on the forge, by the word of whoever signs
// it. Package evidence counts the reviewers, not the signer.
package collect
