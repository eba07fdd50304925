package stats

// Jeffreys is the equal-tailed interval of a proportion, k successes of n, under
// Jeffreys' prior Beta(1/2, 1/2): L. Brown, T. Cai and A. DasGupta, Statistical
// Science 16 (2001), 101-133, section 4.3, with their change at the ends: it
// begins at 0 where k is 0 and ends at 1 where k is n.
func Jeffreys(k, n int, level float64) Interval {
	if n <= 0 || k < 0 || k > n || !valid(level) {
		return none
	}
	tail, a, b := (1-level)/2, float64(k)+0.5, float64(n-k)+0.5
	out := Interval{0, 1}
	if k > 0 {
		out.Lo = BetaQuantile(tail, a, b)
	}
	if k < n {
		out.Hi = BetaQuantile(1-tail, a, b)
	}
	return out
}
