package scope

// Slow is what Match falls back on.
var Slow = slow
