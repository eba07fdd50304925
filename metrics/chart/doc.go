// Package chart draws metrics as SVG: [Trend] is values over time with their
// interval, [Control] a control chart with its limits, [Histogram] the
// distribution of values.
//
// A picture is one self-contained document: no script, no reference to anything
// outside, no font but the reader's. It follows the reader's choice of light or
// dark. Nothing is said by colour alone, and each picture has a title and a
// description for those who cannot see it.
//
// What is not known is not drawn as 0. Where a point has no value the line is
// broken and the place is hatched. Points of partial windows are hollow.
//
// The same input gives the same bytes. Texts may come from anybody: they are
// escaped and shortened, and characters that XML forbids or that turn the
// direction of writing are replaced.
package chart
