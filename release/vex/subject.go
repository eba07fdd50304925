package vex

// Matcher compares what statements speak of with one product.
type Matcher struct{ id identity }

// NewMatcher prepares a product. Of its package URLs those with a version count.
func NewMatcher(p Product) Matcher { return Matcher{p.identity()} }

// Is reports whether s surely is the product: each package URL and hash that s gives
// is one of the product's, qualifiers and version included, and at least one is
// given. Components are not looked at.
func (m *Matcher) Is(s *Subject) bool { return s.is(&m.id, false) }

// MayBe reports whether s may be the product: they have a hash or a package URL in
// common, its version loosely compared, or nothing that could be compared.
func (m *Matcher) MayBe(s *Subject) bool { return s.mayBe(&m.id) }
