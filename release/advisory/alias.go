package advisory

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// group finds the records that are about one flaw: aliases go both ways and on through others
// (OSV schema, "aliases field"). A record that could not be read has its ID alone.
func (db *DB) group(b *builder, digests []release.Digest) {
	parent := map[string]string{}
	find := func(x string) string {
		for parent[x] != x {
			parent[x] = parent[parent[x]]
			x = parent[x]
		}
		return x
	}
	know := func(x string) {
		if _, ok := parent[x]; !ok {
			parent[x] = x
		}
	}
	for _, d := range digests {
		r := b.records[d]
		know(r.ID)
		for _, other := range r.Aliases {
			know(other)
			x, y := find(r.ID), find(other)
			parent[max(x, y)] = min(x, y)
		}
	}
	names := make([]string, 0, len(parent))
	for x := range parent {
		names = append(names, x)
	}
	slices.Sort(names)
	index := map[string]int32{}
	for _, x := range names {
		root := find(x)
		i, ok := index[root]
		if !ok {
			i = int32(len(db.flaws))
			index[root] = i
			db.flaws = append(db.flaws, flaw{})
		}
		db.flaws[i].names = append(db.flaws[i].names, x)
	}
	for i := range db.advisories {
		a := &db.advisories[i]
		a.flaw = index[find(a.id)]
		db.flaws[a.flaw].members = append(db.flaws[a.flaw].members, int32(i))
	}
	for i := range db.flaws {
		f := &db.flaws[i]
		slices.SortStableFunc(f.members, func(x, y int32) int { return better(db.advisories[x].id, db.advisories[y].id) })
		f.id = db.advisories[f.members[0]].id
		f.aliases = without(f.names, f.id)
	}
	// Flaws stand in the order of their IDs, so that findings do without being sorted.
	slices.SortFunc(db.flaws, func(x, y flaw) int { return cmp.Compare(x.id, y.id) })
	for i := range db.flaws {
		for _, member := range db.flaws[i].members {
			db.advisories[member].flaw = int32(i)
		}
	}
}

// better orders IDs: those of home databases, then GHSA, then CVE, then as text.
func better(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) }

func rank(id string) int {
	switch {
	case strings.HasPrefix(id, "CVE-"):
		return 2
	case strings.HasPrefix(id, "GHSA-"):
		return 1
	}
	return 0
}

func without(names []string, id string) []string {
	if len(names) == 1 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == id })
}
