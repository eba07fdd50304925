//go:build race

package rollout_test

// fleetSlow is by how much a fleet is smaller and slower: a process whose every access to
// memory is watched drives several times fewer rollouts.
const fleetSlow = 3
