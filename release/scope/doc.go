// Package scope compares what a release was declared to change with what it
// changes.
//
// A [Plan] says it beforehand: which kinds of change, in which paths, components,
// dependencies, resources and settings, about which sensitive matters, why, with
// what expected outcome, and how to fall back. [Plan.Check] lists what a change set
// has and the plan does not, as [release.Deviation]s: nothing is forbidden by them,
// but nobody said that it would come.
//
// A change set is the same thing for a pull request and for a release, so the same
// plan is checked at both: at the pull request's, before there is a release, and
// again at the release's, where others' changes have come in. [Merge] makes one plan
// of those of several pull requests, [Within] says whether one plan stays inside
// another.
//
// # What is outside
//
//   - A kind of change that Kinds does not have, and a subject that no pattern of
//     its list matches. A list that is empty takes every subject of a declared kind.
//   - A label of [Sensitive] that Labels does not have, wherever it stands: whoever
//     declared a change of the documentation did not declare one of sign-in.
//   - What was declared and is not there ([NotDone]), since a fix that is missing is
//     news too.
//   - What cannot be told ([NotKnown]): coverage that is not complete, and gaps.
//     Kinds that nobody read are told of where the plan declares them.
//
// # Whose plan it is
//
// A plan is a claim of whoever wrote it. Take it from where the author of the
// change cannot alter it unseen, and name its [Plan.Digest] in the approvals.
package scope
