// Package deploytest proves that a host's [rollout.Deployer] keeps to its
// contract: that doing an action twice is doing it once, that an action which was
// overtaken has no effect, however late it comes, and that what is observed is what
// serves.
//
//	func TestDeployer(t *testing.T) {
//		deploytest.Run(t, func(t *testing.T) rollout.Deployer { return newDeployer(t) }, nil)
//	}
//
// The example is such a deployer, whole: one that sets a load balancer's weights over
// HTTP, and keeps its fence in the same document, so that a comparison and an effect
// are one.
//
// # What is proven
//
// [Cases] are the demands, each by its name. They see a deployer from outside: actions
// go in, observations come out, contexts end in between, wherever the deployer looks at
// them and at any time. What only the host can do, it does by the hooks of [Options]:
// start another process, end one, change production behind the deployer's back, hide a
// part of it, break a change half-way. Without a hook, what it would show is not proven,
// and [Run] says so in the test's log, as it does of features that the deployer lacks.
//
// A deployer that cannot compare fences says so ([rollout.Unfenced]), and is held to what
// it declares: that repetitions change nothing but what came late, that what was attempted
// is observed within MaxLatency, and that nothing comes later. What fences alone can give
// is logged as not given.
//
// No test shows what did not happen: a race that a deployer loses once in a million calls
// passes, and so does one that loses what it keeps when the power goes.
//
// # Simulations
//
// [Simulated] is a deployer that changes nothing but its own memory, for examples and for
// tests of other things; [Unfenced] is one without fences. [Fate] has their calls come
// late, twice, in another order, or not at all.
package deploytest
