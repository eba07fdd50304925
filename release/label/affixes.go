package label

import (
	"math/bits"
	"slices"
)

// affixes are texts that words or names begin or end with, each of three bytes at least.
// They are found by a hash of the three bytes at the end that counts.
type affixes struct {
	shift  uint8      // 0: of the head; 40: of the tail
	have   [64]uint64 // a bit for each hash that a text has
	before [64]uint16 // how many bits the numbers before have
	groups [][]affix  // for each bit, the texts with that hash
}

type affix struct {
	text  string
	clues clues
}

// three is a hash of the three bytes.
func (a *affixes) three(half uint64) (number, bit uint64) {
	h := half >> (a.shift & 63) << 40 * 0x9fb21c651e98df25
	return h >> 58, h >> 52 & 63
}

// add adds a text by its head or tail.
func (a *affixes) add(text string, half uint64, c clues) {
	number, bit := a.three(half)
	i := a.group(half)
	if a.have[number]>>bit&1 == 0 {
		a.have[number] |= 1 << bit
		for n := number + 1; n < uint64(len(a.before)); n++ {
			a.before[n]++
		}
		a.groups = slices.Insert(a.groups, i, nil)
	}
	for j := range a.groups[i] {
		if a.groups[i][j].text == text {
			a.groups[i][j].clues |= c
			return
		}
	}
	a.groups[i] = append(a.groups[i], affix{text, c})
}

// has is false if no text has the three bytes of a head or tail.
func (a *affixes) has(half uint64) bool {
	number, bit := a.three(half)
	return a.have[number]>>bit&1 != 0
}

// group is the number of the texts that may have the three bytes of a head or tail.
func (a *affixes) group(half uint64) int {
	number, bit := a.three(half)
	return int(a.before[number]) + bits.OnesCount64(a.have[number]&(1<<bit-1))
}

// begin are the clues of the texts that may begin the word at a place. What is
// no letter may stand between.
func (a *affixes) begin(half uint64, w *window, from int) clues {
	var got clues
	for _, t := range a.groups[a.group(half)] {
		i, j := from, 0
		for i < len(w) && j < len(t.text) && w[i] != '/' {
			if w[i] == t.text[j] {
				j++
			} else if letter(w[i]) {
				break
			}
			i++
		}
		if j == len(t.text) {
			got |= t.clues
		}
	}
	return got
}

// end are the clues of the texts that may end the word before a place.
func (a *affixes) end(half uint64, w *window, to int) clues {
	var got clues
	for _, t := range a.groups[a.group(half)] {
		i, j := to-1, len(t.text)-1
		for i >= 0 && j >= 0 && w[i] != '/' {
			if w[i] == t.text[j] {
				j--
			} else if letter(w[i]) {
				break
			}
			i--
		}
		if j < 0 {
			got |= t.clues
		}
	}
	return got
}

// prefix are the clues of the texts that stand at a place.
func (a *affixes) prefix(half uint64, w *window, from int) clues {
	var got clues
	for _, t := range a.groups[a.group(half)] {
		if from+len(t.text) <= len(w) && string(w[from:from+len(t.text)]) == t.text {
			got |= t.clues
		}
	}
	return got
}
