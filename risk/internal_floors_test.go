package risk

// WithModel is an assessor of the same policy with another model, made without the digests that New computes.
func (a *Assessor) WithModel(m *Model) *Assessor {
	b := *a
	b.model = m.clone()
	return &b
}
