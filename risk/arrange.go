package risk

import "sort"

// arrange is [slices.SortStableFunc] for short lists of large elements. That one is compiled anew for each
// type, which makes programs 8 to 27 kB larger each time.
func arrange[T any](list []T, compare func(a, b T) int) {
	sort.SliceStable(list, func(i, j int) bool { return compare(list[i], list[j]) < 0 })
}
