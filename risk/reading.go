package risk

// Reading is a count that somebody must have taken. The zero value says that nobody
// did. That is not none: a model takes it for the most dangerous that it knows.
type Reading struct {
	// Value is the count, from 0 to 2^53-1; 0 where Known is not set.
	Value int64 `json:"value"`
	// Known says that it was taken.
	Known bool `json:"known"`
}

// Known is a reading of n.
func Known(n int64) Reading { return Reading{Value: n, Known: true} }

func (r Reading) sound() bool {
	return r.Value >= 0 && r.Value <= int64(maxCount) && (r.Known || r.Value == 0)
}
