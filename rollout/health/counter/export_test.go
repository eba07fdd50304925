package counter

// NewSharded is New with so many shards, a power of two.
var NewSharded = newCounters
