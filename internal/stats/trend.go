package stats

import "math"

// maxExactTrend is for how many failures, or successes where they are fewer, the
// tails of a trend are exact.
const maxExactTrend = 200

// Trend tests whether the share of failures rises with the score 0, 1, 2, … of
// ordered groups: P. Armitage, Biometrics 11 (1955), 375-386. Its statistic is the
// sum of the scores of the failures. The tails are those of its distribution given
// how many failed in all and how large the groups are, as if failures fell on
// things at random: exact where there are at most 200 failures, or successes, and
// normal with a correction for continuity beyond. A small Upper says that the
// share rises. Tails are NaN where counts make no sense or where nothing can vary:
// one group, or all or none failed.
func Trend(failed, of []int) (t Tails, exact bool) {
	nan := Tails{math.NaN(), math.NaN()}
	if len(failed) != len(of) {
		return nan, false
	}
	k, n, groups, observed := 0, 0, 0, 0
	for i := range of {
		if failed[i] < 0 || failed[i] > of[i] {
			return nan, false
		}
		k += failed[i]
		n += of[i]
		observed += i * failed[i]
		if of[i] > 0 {
			groups++
		}
	}
	if groups < 2 || k == 0 || k == n {
		return nan, false
	}
	if few := min(k, n-k); few <= maxExactTrend {
		counts := failed
		if few < k { // the successes are fewer, and their sum is what is left of all scores
			counts = make([]int, len(of))
			for i := range of {
				counts[i] = of[i] - failed[i]
			}
			t = exactTrend(counts, of, few)
			return Tails{Lower: t.Upper, Upper: t.Lower}, true
		}
		return exactTrend(counts, of, few), true
	}
	sum, squares := 0.0, 0.0
	for i := range of {
		sum += float64(i) * float64(of[i])
		squares += float64(i*i) * float64(of[i])
	}
	share := float64(k) / float64(n)
	mean := sum * share
	// The variance of a sum drawn without replacement.
	variance := share * float64(n-k) / float64(n-1) * (squares - float64(sum*sum)/float64(n))
	sd := math.Sqrt(variance)
	return Tails{
		Lower: 1 - NormalTail((float64(observed)+0.5-mean)/sd),
		Upper: NormalTail((float64(observed) - 0.5 - mean) / sd),
	}, false
}

// exactTrend enumerates how k failures can fall on the groups, by their number and
// the sum of their scores. Each failure has the weight odds, which makes no
// difference to what is given their number, and keeps the weights from overflowing.
func exactTrend(failed, of []int, k int) Tails {
	n := 0
	for _, size := range of {
		n += size
	}
	odds := float64(k) / float64(n-k)
	width := k*(len(of)-1) + 1
	ways := make([]float64, (k+1)*width) // ways[j*width+s]: j failures with the sum s
	ways[0] = 1
	observed := 0
	for score, size := range of {
		observed += score * failed[score]
		next := make([]float64, len(ways))
		choose := 1.0
		for here := 0; here <= min(k, size); here++ {
			if here > 0 {
				choose *= float64(size-here+1) / float64(here) * odds
			}
			for j := 0; j+here <= k; j++ {
				from, to := ways[j*width:(j+1)*width], next[(j+here)*width:(j+here+1)*width]
				for s := 0; s+here*score < width; s++ {
					if from[s] != 0 {
						to[s+here*score] += float64(choose * from[s])
					}
				}
			}
		}
		largest := 0.0
		for _, w := range next {
			largest = max(largest, w)
		}
		for i := range next {
			next[i] /= largest
		}
		ways = next
	}
	below, at, above := 0.0, 0.0, 0.0
	for s, w := range ways[k*width:] {
		switch {
		case s < observed:
			below += w
		case s > observed:
			above += w
		default:
			at += w
		}
	}
	all := below + at + above
	return Tails{Lower: (below + at) / all, Upper: (at + above) / all}
}
