package evidence

// people says which principals are one person, as far as is known: principals
// that share a key, keys that share a principal, and those that the host says
// are the same. Each set of connected principals counts once (union-find, with
// path halving). A key is the principal [KeyPrincipal] of itself.
type people struct {
	number map[Principal]int
	parent []int
}

// person is somebody, known by the number of one of their names: two names have
// the same one if and only if they are connected. Later joins change it.
type person int

// nobody is no person.
const nobody person = -1

func (p *people) person(a Principal) person { return person(p.root(p.of(a))) }

func (p *people) join(a, b Principal) {
	p.parent[p.root(p.of(a))] = p.root(p.of(b))
}

// of is the number of a, who need not have been heard of.
func (p *people) of(a Principal) int {
	n, ok := p.number[a]
	if !ok {
		n = len(p.parent)
		p.number[a] = n
		p.parent = append(p.parent, n)
	}
	return n
}

func (p *people) root(n int) int {
	for p.parent[n] != n {
		p.parent[n] = p.parent[p.parent[n]]
		n = p.parent[n]
	}
	return n
}
