//go:build !race

package rollout_test

// fleetSlow is by how much a fleet is smaller and slower.
const fleetSlow = 1
