package metrics

import "math/bits"

// colSparse is a column that few rows have a value in: a bit for each row, and the values
// side by side, so that looking one up touches little memory.
type colSparse struct {
	has    []uint64
	before []int32 // of each word of has that is not 0: how many values stand before its first
	values []int64
}

// set gives row r of n a value. Rows must come in ascending order.
func (s *colSparse) set(n int, r int32, v int64) {
	if s.has == nil {
		s.has, s.before = make([]uint64, n/64+1), make([]int32, n/64+1)
	}
	w := r / 64
	if s.has[w] == 0 {
		s.before[w] = int32(len(s.values))
	}
	s.has[w] |= 1 << (r % 64)
	s.values = append(s.values, v)
}

// at is the value of row r, which must have one.
func (s *colSparse) at(r int32) int64 {
	w := uint32(r) / 64
	return s.values[int(s.before[w])+bits.OnesCount64(s.has[w]&(1<<(uint32(r)%64)-1))]
}
