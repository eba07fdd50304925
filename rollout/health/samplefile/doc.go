// Package samplefile reads and writes the samples of [health.Monitor] as CSV and as
// lines of JSON: recorded windows, to be judged again or to be judged elsewhere.
//
// # The formats
//
// Each line is one [health.Sample]. A line of JSON has the names of its fields as
// health.Sample writes them:
//
//	{"id":"2026-03-01T12:00:00Z/1m0s","metric":"errors","canary":{"bad":1,"total":100},"control":{"bad":9,"total":900}}
//
// In CSV the first line names the columns, in any order:
//
//	id,metric,stratum,canary_bad,canary_total,control_bad,control_total,canary_slow,control_slow,canary_mean,control_mean,twin_bad,twin_total,share
//
// of which the metric and the bad and total of canary and control must be there.
// The slow counts of a metric with edges stand in one cell with single spaces
// between them. An empty cell is the same as none.
//
// A window is named by its id, or by its start and end, two times in RFC 3339, whose
// id is then [health.Window.ID]. A file has one or the other.
//
// # Strictness
//
// What is read is evidence, so nothing is guessed: unknown columns and names, null,
// blank lines, a byte order mark, numbers that are not whole or beyond 2^53, counts
// that are impossible and a sample that comes twice are errors, with line and
// column. What is read and written again is the same.
package samplefile
