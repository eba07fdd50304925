// Package table reads facts from tables as people export them, CSV and lines of
// JSON, and writes results as CSV.
//
// [ReadCSV] reads one kind of fact from rows whose columns have the names that
// [Columns] lists, or those that the caller says they mean. [ReadLines] and
// [WriteLines] are for facts as [metrics.AppendFact] writes them, one a line: that
// form loses nothing. [WriteResults] is for spreadsheets: what is not known is an
// empty cell and never 0.
//
// Readers are streams: a row at a time, of bounded length. The first row that is no
// fact ends them, with its line and its column.
package table
