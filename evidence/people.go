package evidence

// people says which principals are one person, as far as is known: principals
// that share a key, keys that share a principal, and those that the host says
// are the same. Each set of connected principals counts once (union-find, with
// path halving). A key is the principal [KeyPrincipal] of itself.
type people struct{ parent map[Principal]Principal }

func (p *people) root(a Principal) Principal {
	for {
		up, ok := p.parent[a]
		if !ok {
			return a
		}
		if next, ok := p.parent[up]; ok {
			p.parent[a] = next
		}
		a = up
	}
}

func (p *people) join(a, b Principal) {
	a, b = p.root(a), p.root(b)
	if a == b {
		return
	}
	if p.parent == nil {
		p.parent = map[Principal]Principal{}
	}
	p.parent[a] = b
}
