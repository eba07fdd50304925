package risk

// ClonePolicy is the copy that an [Assessor] keeps.
func ClonePolicy(p *Policy) *Policy { return p.clone() }
