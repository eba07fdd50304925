// Package deploytest proves that a host's [rollout.Deployer] keeps to its
// contract: that doing an action twice is doing it once, and that an action which
// was overtaken has no effect, however late it comes.
//
//	func TestDeployer(t *testing.T) {
//		deploytest.Run(t, func(t *testing.T) rollout.Deployer { return newDeployer(t) })
//	}
//
// [Cases] are the same tests without the testing package's help. [Simulated] is a
// deployer that changes nothing but its own memory, for examples and tests of
// other things.
package deploytest
