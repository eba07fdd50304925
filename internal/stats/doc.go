// Package stats has the special functions and the interval estimates that the
// rest of the module needs, each with its source. It keeps no state, allocates
// little, and gives the same answer for the same arguments.
//
// Arguments outside a function's domain give NaN, never a number that looks
// like an answer. Intervals are two-sided with half of the error in each tail;
// level is the confidence level, above 0 and below 1, such as 0.95.
package stats
