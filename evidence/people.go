package evidence

import "github.com/sallyport-dev/sallyport/release"

// people says which principals are one person, as far as is known: principals
// that share a key, keys that share a principal, and those that the host says
// are the same. Each set of connected principals counts once (union-find, with
// path halving). A key is the principal [KeyPrincipal] of itself.
type people struct {
	number map[Principal]int
	keys   map[release.Digest]int // those that are a key
	parent []int
}

func newPeople(n int) people {
	return people{number: make(map[Principal]int, n), keys: make(map[release.Digest]int, n)}
}

// person is somebody, known by the number of one of their names: two names have
// the same one if and only if they are connected. Later joins change it.
type person int

// nobody is no person.
const nobody person = -1

func (p *people) person(a Principal) person { return person(p.root(p.of(a))) }

// join says that two are one.
func (p *people) join(a, b int) { p.parent[p.root(a)] = p.root(b) }

// of is the number of a, who need not have been heard of.
func (p *people) of(a Principal) int {
	if a.Issuer == keyIssuer {
		if d, err := release.ParseDigest(a.Subject); err == nil {
			return p.key(d)
		}
	}
	return numberOf(p, p.number, a)
}

// key is the number of the principal that is a key.
func (p *people) key(d release.Digest) int { return numberOf(p, p.keys, d) }

func numberOf[K comparable](p *people, known map[K]int, k K) int {
	n, ok := known[k]
	if !ok {
		n = len(p.parent)
		known[k] = n
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
