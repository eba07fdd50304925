// Package skill measures how well probabilities foretold outcomes: how well they
// rank ([Sample.AUC], [Sample.Capture]), how far they are from what came
// ([Sample.ECE], [Sample.Brier], [Sample.BrierSkill]), what they are worth to a
// reader with little time ([EffortAware]), and how sure one may be of such a number
// ([Bootstrap], [Sample.Estimates]).
//
// No number depends on the order of the data, to the last bit: outcomes with equal
// scores are taken together and counted, and what cuts through such a tie gets its
// even share of the failures in it. Only resampling in blocks looks at the order,
// because there it is the order in time.
//
// The second result says whether there is an answer. Without data, with a NaN, or
// with a number that the data cannot give (a ranking where nothing failed) it is
// false and the first result is 0, which means nothing then.
package skill
