// Package rollout exposes a release to a target step by step, and takes it back
// when it hurts.
//
// A [Plan] names the release, the previous one to go back to, and stages: what
// part of the traffic each shows the release to, the gates that must allow it,
// how long it bakes, and what health must say. An [Engine] drives it through the
// host's [Deployer].
//
//	engine, err := rollout.New(rollout.Options{Journal: j, Deployer: d, Health: h, Gates: gates, Now: time.Now})
//	_, err = engine.Start(ctx, plan, rollout.By{Actor: ada})
//	state, wake, err := engine.Step(ctx, plan.Target) // again at wake: by cron, a loop, a CI job
//
// Many hosts share many targets by [journal.Work], whose Do calls Step for the
// [TargetOf] the stream that it was given. A journal in SQLite or PostgreSQL is what
// they share.
//
// # What is promised
//
// Nothing widens unless, at that moment: every gate of this and all earlier
// stages was asked and allowed, the stage before has baked its time and its health
// rule is met, and production was observed to be what that stage says; before the
// first, that the plan's previous release serves everything. Undecided, no data, an
// error, an unknown gate: all hold. None of them ever promotes.
//
// A regression, a gate's deny and an abort take the release back, whatever else is
// going on, paused or in the middle of an exposure. Gates are asked when a stage has
// baked and while an exposure is pending, not in the middle of a bake and not when
// everything is exposed: a deny is seen no earlier. A release that nobody can have
// seen is stopped instead. A measurement that is [health.KindInvalid] says nothing
// about the release, so it holds; a stage's MaxBake and OnUndecided bound that.
//
// A rollback is an action of its own, repeated until production is observed to run
// the previous release everywhere. The release is then poisoned: [Engine.Start]
// refuses it.
//
// # How: a pure core over a journal
//
// Each [Target] has one stream of records. [Reduce] makes a [State] of them;
// [Ask] says what must be known to go on; [Decide] turns the state and the answers,
// [Facts], into the records to append and the [Action] to perform. All three are pure.
// The engine does what they say: ask, decide, append, act, observe, append. It keeps
// nothing in memory, starts no goroutine and needs no timer.
//
// An action is recorded before it is performed, and stays pending until it is
// observed; at most one is pending. Whoever finds it pending performs it again with
// the same Key. A deployer that keeps to its contract makes that the same as once.
//
// Its Fence is the number of the record that ordered it. Records are appended by
// compare-and-append, so fences of a target rise in the order of the decisions. A
// worker that fell asleep before it could act wakes with a fence that is lower than
// that of the rollback decided meanwhile, and the deployer refuses it. Keys alone
// do not give that: without fences there is an order of events, without any crash,
// that ends with "rolled back" in the log and the canary in production.
//
// Time is in the records. A clock that is behind the last record counts as being
// at it. A clock that runs ahead shortens bake times: hosts keep their clocks right.
//
// # Audit
//
// Every decision stands behind the facts that it rests on. [Replay] makes each again
// and compares; what was answered, and when, it must believe. [Events] tells others what happened; the journal's hashes show
// alteration. Records have versions: a record of a kind or version that this program
// does not know stops it ([ErrUnknownRecord]).
//
// # What it cannot do
//
// The engine cannot keep a worker from performing, arbitrarily late, an action that
// is still the latest one. A gate that closes between the order and the act is
// therefore seen before the act is repeated, not before the first try, which follows
// the order at once. Keep the deployer's calls bounded by the context.
//
// It cannot act on a target whose deployer has seen a higher fence than the stream
// gives, as after the loss of a journal. Before the first exposure it holds then; a
// rollback that finds it so is tried for ever.
package rollout
