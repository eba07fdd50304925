// Package rollout exposes a release to a target step by step, and takes it back
// when it hurts.
//
// A [Plan] names the release, the previous one to go back to, and stages: what part
// of the traffic each shows the release to, the gates and people that must allow it,
// how long it bakes, and what health must say. An [Engine] drives it through the
// host's [Deployer].
//
//	engine, err := rollout.New(rollout.Options{Journal: j, Deployer: d, Health: h, Gates: gates, Now: time.Now})
//	_, err = engine.Start(ctx, plan, rollout.By{Actor: ada})
//	state, wake, err := engine.Step(ctx, plan.Target) // again at wake: by cron, a loop, a CI job
//
// Many hosts share many targets by [journal.Work], whose Do is [Engine.Drive], over a
// journal in SQLite or PostgreSQL. Package deploytest proves a host's deployer.
//
// [Rings], [TierRings] and [SafeDeployment] make stages that are often wanted, [Plan.Meets]
// compares a plan with what a tier demands, and [Engine.Preview] says how a rollout of it
// would go, and what would stop it, before there is one.
//
// # Going on
//
// Nothing widens unless, at that moment: every gate of this and all earlier stages was
// asked and allowed, as did the calendar and the targets in After; enough people have
// approved; the budget allows it; the stage before has baked its time and its health
// rule is met; and production was observed to be what that stage says, or before the
// first stage, that the previous release serves everything. No data, an error, an unknown
// gate, and undecided where the rule demands more: all hold. None of them ever promotes.
//
// People can: by [Engine.Skip] they end a bake, by [Engine.Override] they lift a hold, or
// health's word, where the plan lists it in Overridable. A deny they cannot lift, but on
// the way back. Who did it, and why, is in the stream.
//
// The release is deployed when the last stage, the watch, has baked too. It becomes
// State.LastKnownGood if that took some time, health was looked at, and nobody skipped
// or overrode it.
//
// # Going back
//
// These take the release back, paused or in the middle of an exposure: an abort,
// another release that takes its place, a regression, a gate's deny, and where the plan
// says so a stage that is undecided at MaxBake, unless paused, and a spent budget. A
// release that nobody can have seen is stopped instead. Gates are asked when a stage has
// baked and while an exposure is pending, so a deny is seen no earlier; only the targets
// in After are asked at each look, until the end. A measurement that is
// [health.KindInvalid] says nothing about the release, so it holds.
//
// A rollback is an action of its own, repeated until production is observed to run the
// previous release everywhere. The release is then poisoned: [Engine.Start] refuses it.
// One that only made room for another is not.
//
// A plan with RollbackGates or Dependents asks first. It goes back unless one of them
// denies, or a dependent is still on its way back, which is waited for as long as
// DependentsWait. A deny holds it where it is ([Held]) until nothing denies any more, or
// somebody overrides it or aborts: an abort waits for dependents on their way, and for
// nothing else.
//
// Some slices may be taken back by themselves (Stage.MaxWithdrawn). Nothing widens then
// until [Engine.Resume], which exposes them again when all gates allow.
//
// What an irreversible stage has exposed is never taken back, from its order on. What
// would have done so holds the rollout, an abort ends it where it stands, as halted, and
// [Engine.RollForward] has another release take over.
//
// # Several targets
//
// A change that crosses services is a plan for each, which [Order] checks together. The
// one that rests on another has that one in After, with the release and the stage that
// it must have, and waits for it to be there and well. The other has it in Dependents,
// and goes back after it, or after DependentsWait. Both write what they are about to do
// before they look at each other for the last time, so of an exposure and a retreat from
// under it at least one sees the other. A target that rests on what goes back and does
// not go back itself, because it is deployed, irreversible or held, holds the other.
//
// That is about going back. A release that takes the place of another is not asked about
// what rests on that one: that it does for others what the one before did is for its
// gates to show.
//
// # How: a pure core over a journal
//
// Each [Target] has one stream of records. [Reduce] makes a [State] of them; [Ask] says
// what must be known to go on; [Decide] turns the state and the answers, [Facts], into
// the records to append and the [Action] to perform. All three are pure. The engine does
// what they say: ask, decide, append, act, observe, append. It starts no goroutine, needs
// no timer, and keeps nothing in memory but what saves reading ([Options.States]).
//
// An action is recorded before it is performed, and stays pending until it is observed;
// at most one is pending. Whoever finds it pending performs it again with the same Key. A
// deployer that keeps to its contract makes that the same as once.
//
// Its Fence is the number of the record that ordered it. Records are appended by
// compare-and-append, so fences of a target rise in the order of the decisions. A worker
// that fell asleep before it could act wakes with a fence that is lower than that of the
// rollback decided meanwhile, and the deployer refuses it. Keys alone do not give that:
// without fences there is an order of events, without any crash, that ends with "rolled
// back" in the log and the canary in production. For deployers that cannot compare
// fences, see [Unfenced].
//
// Time is in the records. A clock that is behind the last record counts as being at it.
// A clock that runs ahead shortens bake times: hosts keep their clocks right.
//
// # Audit
//
// Every decision stands behind the facts that it rests on. [Replay] makes each again and
// compares; what was answered, and when, it must believe. [Events] tells others what
// happened; the journal's hashes show alteration. Records have versions: a record of a
// kind or version that this program does not know stops it ([ErrUnknownRecord]).
//
// # What it cannot do
//
// The engine cannot keep a worker from performing, arbitrarily late, an action that is
// still the latest one. What changes between the order and the act is therefore seen
// before the act is repeated, not before the first try, which follows the order at once;
// in a plan with After, after one more look. Keep the deployer's calls bounded.
//
// It knows of another target what that one's engine has recorded: one that nobody drives
// is as well as it last was. It cannot act on a target whose deployer has seen a higher
// fence than the stream gives, as after the loss of a journal: before the first exposure
// it holds then, and a rollback that finds it so is tried for ever.
package rollout
