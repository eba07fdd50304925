package risk

import "time"

// Prepared does all of Assess that comes before judging, and returns the judging.
func Prepared(in Input) (func(now time.Time) Assessment, error) {
	r, err := prepare(in)
	return func(now time.Time) Assessment { return r.assess(in, now) }, err
}
