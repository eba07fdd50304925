package metrics

import (
	"math/bits"
	"slices"
)

// selectRanks reorders a so that the values at the ranks, ascending and counted
// from 0, are those that would stand there if a were sorted: C. A. R. Hoare's
// algorithm 65 (FIND), Communications of the ACM 4 (1961), 321-322, for several
// ranks at once. Where its pivots are bad, it sorts.
func selectRanks(a []int64, ranks []int32) {
	selectFrom(a, ranks, 0, 2*bits.Len(uint(len(a))))
}

func selectFrom(a []int64, ranks []int32, base int32, depth int) {
	for len(ranks) > 0 {
		switch {
		case len(a) <= 12:
			insertionSort(a)
			return
		case depth == 0:
			slices.Sort(a)
			return
		}
		depth--
		p := pivotOf(a)
		j := below(a, p)
		if j == 0 { // the pivot is the least: those equal to it come first
			j = notAbove(a, p)
			for len(ranks) > 0 && ranks[0]-base < int32(j) {
				ranks = ranks[1:]
			}
			a, base = a[j:], base+int32(j)
			continue
		}
		k := 0
		for k < len(ranks) && ranks[k]-base < int32(j) {
			k++
		}
		selectFrom(a[:j], ranks[:k], base, depth)
		a, ranks, base = a[j:], ranks[k:], base+int32(j)
	}
}

// below brings the values less than p to the front and says how many they are.
// It has no branch that depends on a value.
func below(a []int64, p int64) int {
	j := 0
	for i, v := range a {
		a[i] = a[j]
		a[j] = v
		less := 0
		if v < p {
			less = 1
		}
		j += less
	}
	return j
}

func notAbove(a []int64, p int64) int {
	j := 0
	for i, v := range a {
		a[i] = a[j]
		a[j] = v
		less := 0
		if v <= p {
			less = 1
		}
		j += less
	}
	return j
}

func insertionSort(a []int64) {
	for i := 1; i < len(a); i++ {
		v, j := a[i], i
		for ; j > 0 && a[j-1] > v; j-- {
			a[j] = a[j-1]
		}
		a[j] = v
	}
}

// pivotOf is the median of three values, of long slices of three such medians.
func pivotOf(a []int64) int64 {
	n := len(a)
	if n < 64 {
		return median3(a[n/4], a[n/2], a[n-1-n/4])
	}
	e := n / 8
	return median3(median3(a[0], a[e], a[2*e]), median3(a[3*e], a[n/2], a[5*e]), median3(a[6*e], a[7*e], a[n-1]))
}

func median3(a, b, c int64) int64 { return max(min(a, b), min(max(a, b), c)) }
