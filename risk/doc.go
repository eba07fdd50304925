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
// # Labels
//
// Rules go by labels (identity, pipeline, policy, …). Assess applies the default
// labelers of package label itself, beside the labels that the change set came
// with, so that a host that forgets to label does not fail open. Labels from
// outside can only add care: "docs" is believed only from the default labelers.
//
// # Learning
//
// A [Learner] takes what became of releases. "Fine" says nothing before the release
// was watched for a horizon: until then the outcome is censored, not success. Before
// there are [MinMature] mature outcomes with [MinFailed] failures among them,
// assessments carry tiers and no percentage; after that the model is recalibrated
// with two numbers and P comes with an interval. Nothing here is about people:
// no feature knows who wrote a change.
//
// # Compatibility
//
// Policies, models and assessments are identified by digests. A rule's Version rises
// whenever it may find something else in the same change set.
package risk
