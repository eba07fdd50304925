package cdevents

// Held is how many bytes a Decoder holds for events to come.
func Held(d *Decoder) int { return cap(d.buf) + cap(d.scratch) }
