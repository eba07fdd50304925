// Package risk says how careful to be with a release, and why.
//
// [Assess] turns a change set into an [Assessment]: a tier, the reasons for it,
// and the evidence and rollout that the tier demands. It is a function of its
// arguments: no clock, no network, no randomness, and the same bytes out for the
// same input. An error means that there is no verdict, and callers treat it as no.
//
// # Two numbers, one table, and floors
//
// Likelihood is how probable it is that the release fails. A [Model] adds up
// log-odds of [Features], and nothing else is its input. [Impact] is how bad that
// would be; the host declares it, and it is never learned. The policy's decision
// [Table] turns both into a tier. Then each [Rule] looks at the change set and may
// set floors:
//
//	tier = max(table, floors...)
//
// Floors only raise. Whatever a model has learned, or was made to say (weights of a
// million, NaN), a change of identity management stays high. A model that is not
// sound (see [Model.Validate]) is not believed: its likelihood counts as the worst.
//
// # What is not known is never low
//
// A gap, missing coverage or a missing revision each have a floor. A change that
// was not read counts as one that could have been anything. The one exception that
// keeps the package usable without configuration is an impact that nobody declared:
// it counts as the policy's UnknownImpact, major in the default policy.
//
// # Published flaws
//
// A flaw that a release brings in calls for what the policy's table of advisories says, CISA's BOD
// 26-04 in the default policy ([AdvisoryPolicy]); one that is listed as exploited is critical, and
// no waiver changes that ([FirmRules]). A release that does nothing but mend urgent flaws may take
// the expedite lane ([ExpeditePolicy]): its tier stays what it is, and less is asked for.
//
// # Slices
//
// The earlier releases of the policy's window count together with this one, in the model ([History])
// and in the rules on size, so that a large change does not become harmless by being sent in ten
// small releases. Whoever sends one at once is not judged by it for a week: releases that reached a
// limit by themselves are no slices.
//
// # Labels
//
// Rules go by labels (identity, pipeline, policy, …). Assess applies the default
// labelers of package label itself, beside the labels that the change set came
// with, so that a host that forgets to label does not fail open. Labels from
// outside can only add care: "docs" is believed only from the default labelers.
//
// # Waivers, emergencies and debts
//
// A [release.Waiver] lowers what one rule found about one subject, until a day. It is followed if two people
// answer for it, the second of whom wrote none of the change, and the policy allows it: not for a firm rule, not for longer
// than MaxWaiver, not for a finding that is more severe than they agreed to. One for a single change
// set is an override, and alone may lower the table's answer. Waivers are read at the base revision, like the policy:
// a release that changes the file they stand in is critical. The tier stays the highest of all that is left, and
// [Assessment.Waivers] says what became of each, those that nothing was found for and those that expired too.
//
// A [release.BreakGlass] lowers no floor and no tier. Two people let one change set out on less evidence, for hours, and what the
// tier demands besides is a [release.Debt]: owed, with a day. It stands in each later assessment until a decision on the
// evidence pays it. Debts, like waivers, are the host's to keep and its word: one that it forgets, nobody sees.
//
// # What if, and again
//
// [Assessor.WhatIf] names, for each lower tier, the smallest part of the release to take out, or what else to do, and
// what stands in the way; each answer was assessed like any other. [Assessor.Replay] assesses again as of the
// recorded time and names the first difference. Package backtest tries a policy on the past.
//
// # Learning
//
// A [Learner] takes what became of releases. Silence is not success: a release that is
// fine so far counts for the part that could be known by now, after a delay curve that the host's own
// failures shape, or after a horizon that the host sets. Before
// there are [MinMature] mature outcomes with [MinFailed] failures among them,
// assessments carry tiers and no percentage; after that the model is fitted and recalibrated,
// and P comes with an interval. [Learner.Health] says whether that can be believed. Nothing here is about people:
// no feature knows who wrote a change.
//
// A [Window] remembers the releases of each component between runs, and makes the [History] of the next.
//
// # Compatibility
//
// Policies, models and assessments are identified by digests. A rule's Version rises
// whenever it may find something else in the same change set.
package risk
