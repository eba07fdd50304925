// Package backtest tries a policy on the past: it assesses every release of a history
// as it would have been assessed then, sets what became of the releases against it, and
// reports what the policy would have cost and caught.
//
// # What it says
//
// How many releases each tier has and how many of the failures are among them; how well
// the likelihood ranks ([Report.AUC], [Report.Capture]) and, where percentages would have
// been shown, how far they were from what came ([Report.Calibration]); what each rule
// would have blocked, how many of those failed, and what only this rule would have
// blocked ([Report.Rules]); and of two policies, how they differ on the same releases
// ([Compare]). Every number says of how many releases it is, and has an interval where there is enough
// for one that holds; where there is no data, that is what it says.
//
// # What it does not believe
//
// A back-test lies easily, by knowing the future. So the model knows at each release
// only those outcomes that were known before, unless the caller holds one fixed. A case
// that carries knowledge from after its time (an advisory that was published later,
// today's EPSS score, a later VEX statement) is refused and counted: use [AsOf] to look
// things up as of each release's day.
//
// A release that nobody heard of yet is not one that was fine. Outcomes that are not
// mature are censored: they count in the load of the tiers and in no rate.
//
// And the past was treated: what was shown as high got more care, and failed less for
// it. No arithmetic takes that out. The report shows the failure rates by the tier that
// people saw at the time ([Case.Shown]), and says so.
package backtest
