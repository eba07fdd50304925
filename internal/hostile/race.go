//go:build race

package hostile

// race says that the race detector is on. Under it nothing keeps the limits, which
// are those of programs without it.
const race = true
