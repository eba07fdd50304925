package skill_test

import (
	"math"
	"slices"

	"pgregory.net/rapid"
)

// The slow versions: each follows the definition and nothing else.

func slowAUC(p []float64, failed []bool) float64 {
	won, pairs := 0.0, 0.0
	for i := range p {
		for j := range p {
			if failed[i] && !failed[j] {
				pairs++
				switch {
				case p[i] > p[j]:
					won++
				case p[i] == p[j]:
					won += 0.5
				}
			}
		}
	}
	return won / pairs
}

// rates gives each outcome the share of failures among those with its score.
func rates(p []float64, failed []bool) []float64 {
	out := make([]float64, len(p))
	for i := range p {
		n, k := 0.0, 0.0
		for j := range p {
			if p[j] == p[i] {
				n++
				k += one(failed[j])
			}
		}
		out[i] = k / n
	}
	return out
}

func slowCapture(p []float64, failed []bool, share float64) float64 {
	order := indexes(len(p))
	slices.SortStableFunc(order, func(a, b int) int { return int(one(p[b] > p[a]) - one(p[b] < p[a])) })
	rate, caught, all := rates(p, failed), 0.0, 0.0
	for rank, i := range order {
		caught += rate[i] * min(max(share*float64(len(p))-float64(rank), 0), 1)
		all += one(failed[i])
	}
	return caught / all
}

func slowECE(p []float64, failed []bool, bins int) float64 {
	order := indexes(len(p))
	slices.SortStableFunc(order, func(a, b int) int { return int(one(p[a] > p[b]) - one(p[a] < p[b])) })
	rate, total := rates(p, failed), 0.0
	for b := range bins {
		gap := 0.0
		for _, i := range order[b*len(p)/bins : (b+1)*len(p)/bins] {
			gap += p[i] - rate[i]
		}
		total += math.Abs(gap)
	}
	return total / float64(len(p))
}

func slowBrier(p []float64, failed []bool) float64 {
	sum := 0.0
	for i := range p {
		sum += (p[i] - one(failed[i])) * (p[i] - one(failed[i]))
	}
	return sum / float64(len(p))
}

// slowReading counts line by line what is found with 20 % of the lines, and the area
// under the curve. Each line carries its share of the failures of its key.
func slowReading(key []float64, failed []bool, lines []int64) (recall, area float64) {
	total, all := 0.0, 0.0
	for i := range key {
		total += float64(max(lines[i], 1))
		all += one(failed[i])
	}
	type piece struct{ key, lines, found float64 }
	var pieces []piece
	keys := slices.Clone(key)
	slices.Sort(keys)
	for _, k := range slices.Backward(slices.Compact(keys)) {
		x := piece{key: k}
		for i := range key {
			if key[i] == k {
				x.lines += float64(max(lines[i], 1))
				x.found += one(failed[i])
			}
		}
		pieces = append(pieces, x)
	}
	at := func(lines float64) float64 {
		found := 0.0
		for _, x := range pieces {
			part := min(lines, x.lines)
			found += x.found * part / x.lines
			if lines -= part; lines <= 0 {
				break
			}
		}
		return found / all
	}
	for line := range int(total) {
		area += (at(float64(line)) + at(float64(line+1))) / 2 / total
	}
	return at(total / 5), area
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// drawData draws scores with many ties, some at the ends, and outcomes.
func drawData(t *rapid.T, least int) (p []float64, failed []bool) {
	n := rapid.IntRange(least, least+60).Draw(t, "n")
	levels := rapid.IntRange(1, 40).Draw(t, "levels")
	for range n {
		p = append(p, float64(rapid.IntRange(0, levels).Draw(t, "p"))/float64(levels))
		failed = append(failed, rapid.Bool().Draw(t, "failed"))
	}
	return p, failed
}
