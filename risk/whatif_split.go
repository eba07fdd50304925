package risk

import (
	"cmp"
	"slices"
	"sort"

	"github.com/sallyport-dev/sallyport/release"
)

// single is what is said of one piece by itself.
type single struct {
	tier    release.Tier
	logOdds float64
}

// singles are of all pieces, each together with the company, or fewer when the budget is spent.
func (s *search) singles(company []int, steps []step) []single {
	out := make([]single, 0, len(s.all))
	for i := range s.all {
		a, ok := s.left(with(company, i), steps)
		if !ok {
			break
		}
		out = append(out, single{a.Tier, a.Likelihood.LogOdds})
	}
	return out
}

// with is a sorted set and one more.
func with(set []int, k int) []int {
	at, found := slices.BinarySearch(set, k)
	if found {
		return set
	}
	return slices.Insert(slices.Clone(set), at, k)
}

// split says which pieces to keep together so that the goal is reached, and whether no larger
// number could be kept.
//
// More change never calls for less care (rules that break this are judged like all others, but
// may be split less well). So whatever calls for too much by itself must go, and that
// it must makes the answer exact where nothing else is in the way. What remains may still be too
// much together: lines, directories, likelihood.
//
// The fix of a flaw is the exception: without it, the flaw stays. So the fixes are also kept on trial.
func (s *search) split(steps []step, goal release.Tier) (keep []int, smallest, ok bool) {
	companies := [][]int{nil}
	if len(s.p.mending) > 0 {
		companies = append(companies, s.p.mending)
	}
	for i, company := range companies {
		k, exact, found := s.divided(company, s.alone(i, company, steps), steps, goal)
		if found && (!ok || s.p.measure(without(s.all, k), without(s.all, keep)) < 0) {
			keep, smallest, ok = k, exact && len(companies) == 1, true
		}
	}
	if !ok {
		return nil, false, false
	}
	if !smallest {
		var out []int
		out, smallest = s.enumerate(s.all, without(s.all, keep), steps, goal)
		keep = without(s.all, out)
	}
	return keep, smallest, true
}

// alone are the singles, once for each company where there are no steps.
func (s *search) alone(company int, set []int, steps []step) []single {
	if len(steps) > 0 {
		return s.singles(set, steps)
	}
	if s.known[company] == nil {
		s.known[company] = s.singles(set, nil)
	}
	return s.known[company]
}

// divided keeps the company, and of the others what it can.
func (s *search) divided(company []int, alone []single, steps []step, goal release.Tier) (keep []int, smallest, ok bool) {
	if len(alone) < len(s.all) {
		return nil, false, false
	}
	for _, k := range s.all {
		if alone[k].tier <= goal {
			keep = append(keep, k)
		}
	}
	switch {
	case len(keep) == 0:
		return nil, false, false
	case s.reaches(keep, steps, goal):
		smallest = true
	default:
		keep, smallest = s.cover(company, keep, alone, steps, goal)
	}
	n := len(keep)
	if keep, ok = s.putBack(s.all, keep, steps, goal); !ok || len(keep) == len(s.all) {
		return nil, false, false
	}
	return keep, smallest && len(keep) == n, true
}

// putBack keeps of some pieces whatever can be kept after all, until no single one more can.
func (s *search) putBack(of, keep []int, steps []step, goal release.Tier) ([]int, bool) {
	if !s.reaches(keep, steps, goal) {
		return nil, false
	}
	for again := true; again && !s.spent; {
		again = false
		out := without(of, keep)
		slices.SortStableFunc(out, func(a, b int) int { return s.p.measure([]int{a}, []int{b}) })
		for _, k := range out {
			if s.spent {
				break
			}
			if more := with(keep, k); s.reaches(more, steps, goal) {
				keep, again = more, true
			}
		}
	}
	return keep, true
}

// cover takes pieces out until the rest is not too much together: in several orders, the company last. The
// best is compared with all smaller splits where those are few enough. Each piece reaches
// the goal with the company.
func (s *search) cover(company, keep []int, alone []single, steps []step, goal release.Tier) ([]int, bool) {
	var best []int
	for _, order := range s.orders(keep, alone) {
		slices.SortStableFunc(order, func(a, b int) int {
			_, x := slices.BinarySearch(company, a)
			_, y := slices.BinarySearch(company, b)
			return cmp.Compare(truth(x), truth(y))
		})
		n := sort.Search(len(order)-1, func(n int) bool { return s.reaches(ascending(order[n+1:]), steps, goal) })
		rest := ascending(order[min(n+1, len(order)-1):])
		if !s.reaches(rest, steps, goal) {
			continue
		}
		if len(keep) <= fewPieces { // of many, split does it once
			rest, _ = s.putBack(keep, rest, steps, goal)
		}
		if out := without(keep, rest); best == nil || s.p.measure(out, best) < 0 {
			best = out
		}
	}
	if best == nil {
		return keep[:1], false
	}
	best, smallest := s.enumerate(keep, best, steps, goal)
	return without(keep, best), smallest
}

func truth(x bool) int {
	if x {
		return 1
	}
	return 0
}

// fewPieces are so few that each order is worth its own look.
const fewPieces = 64

func ascending(set []int) []int {
	set = slices.Clone(set)
	slices.Sort(set)
	return set
}

// orders are those in which cover takes pieces out: the most likely to fail, the most lines, the most
// changes first, and whole directories, the emptiest first.
func (s *search) orders(keep []int, alone []single) [][]int {
	lines, dirs, in := map[int]count{}, map[int]string{}, map[string]int{}
	for _, k := range keep {
		q := &s.p.list[k]
		for _, i := range q.files {
			f := &s.cs.Files[i]
			if prose(f) {
				continue
			}
			lines[k] = lines[k].plus(f.Added).plus(f.Deleted)
			dirs[k] = dirOf(f.Path)
		}
		if dir, ok := dirs[k]; ok {
			in[dir]++
		}
	}
	by := func(less func(a, b int) int) []int {
		out := slices.Clone(keep)
		slices.SortStableFunc(out, less)
		return out
	}
	emptiest := func(a, b int) int {
		_, x := dirs[a] // what has no directory does not spread
		_, y := dirs[b]
		if x != y {
			return cmp.Compare(truth(y), truth(x))
		}
		return cmp.Or(cmp.Compare(in[dirs[a]], in[dirs[b]]), cmp.Compare(dirs[a], dirs[b]))
	}
	likely := func(a, b int) int { return cmp.Compare(alone[b].logOdds, alone[a].logOdds) }
	longest := func(a, b int) int { return cmp.Compare(lines[b], lines[a]) }
	return [][]int{
		by(func(a, b int) int { return cmp.Or(likely(a, b), longest(a, b)) }),
		by(longest),
		by(func(a, b int) int {
			return cmp.Or(cmp.Compare(s.p.list[b].changes, s.p.list[a].changes), longest(a, b))
		}),
		by(emptiest),
	}
}

// enumerate tries all smaller splits, and all of the same size, as far as they are few enough.
func (s *search) enumerate(keep, best []int, steps []step, goal release.Tier) ([]int, bool) {
	cost := s.cost(s.all)
	for n := 1; n <= min(len(best), len(keep)-1); n++ {
		if s.greedy || choose(len(keep), n, s.budget/2/cost) > s.budget/2/cost {
			return best, n == len(best)
		}
		found := false
		combinations(len(keep), n, func(chosen []int) {
			out := pick(make([]int, 0, n), keep, chosen)
			if (!found || s.p.measure(out, best) < 0) && s.reaches(without(keep, out), steps, goal) {
				best, found = out, true
			}
		})
		if found {
			return best, true
		}
	}
	return best, true
}

// choose is the number of ways to choose k of n, or something above the limit.
func choose(n, k, limit int) int {
	out := 1
	for i := 1; i <= k; i++ {
		if out = out * (n - k + i) / i; out > limit {
			return limit + 1
		}
	}
	return out
}

// combinations are all ways to choose k of n, in lexical order.
func combinations(n, k int, yield func([]int)) {
	c := make([]int, k)
	for i := range c {
		c[i] = i
	}
	for {
		yield(c)
		i := k - 1
		for i >= 0 && c[i] == n-k+i {
			i--
		}
		if i < 0 {
			return
		}
		c[i]++
		for i++; i < k; i++ {
			c[i] = c[i-1] + 1
		}
	}
}
