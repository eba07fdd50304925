package evidence

import (
	"maps"
	"slices"
	"time"
)

// staff is people and the jobs that they can do. Jobs of one duty can be done by the
// same people, those of two duties cannot.
//
// Whether there are enough is found out exactly, by going through the people and
// keeping every state that can be reached, which is how many each job still lacks:
// as many states as the product of what the jobs need, each plus one. A greedy
// choice or a matching job by job would be wrong, because one person fills several
// jobs of a duty at once; with several jobs in each of two duties the problem has
// set splitting as a special case, which is NP-complete. It stays small because the
// number of jobs is the policy's, and only people count who could do two duties.
type staff struct {
	duty   []int
	need   []int
	skills []skill
	jobs   []uint32 // by person, with a place for everybody: what people works with
}

// skill says that somebody is able to do a job, until when; zero is forever.
type skill struct {
	who   person
	job   int
	until time.Time
}

// job adds one of a duty for so many people. Each doubles the states, so there are at
// most 16.
func (s *staff) job(duty, need int) int {
	s.duty, s.need = append(s.duty, duty), append(s.need, need)
	return len(s.need) - 1
}

// can says that a person is able to do a job.
func (s *staff) can(who person, job int, until time.Time) {
	s.skills = append(s.skills, skill{who, job, until})
}

// people counts those who can do something of the duties at a time, by their jobs as
// bits. A nil list of duties is all.
func (s *staff) people(at time.Time, duties []bool) map[uint32]int {
	clear(s.jobs)
	for i := range s.skills {
		k := &s.skills[i]
		if (at.IsZero() || k.until.IsZero() || k.until.After(at)) && (duties == nil || duties[s.duty[k.job]]) {
			s.jobs[k.who] |= 1 << k.job
		}
	}
	count := map[uint32]int{}
	for _, jobs := range s.jobs {
		if jobs != 0 {
			count[jobs]++
		}
	}
	return count
}

// enough reports whether everybody can be given one duty so that no job of the duties
// lacks people at a time; zero is now.
func (s *staff) enough(at time.Time, duties []bool) bool {
	lack := slices.Clone(s.need)
	for job, d := range s.duty {
		if duties != nil && !duties[d] {
			lack[job] = 0
		}
	}
	torn := map[uint32]int{} // those who could do several duties
	for jobs, n := range s.people(at, duties) {
		if ds := s.duties(jobs); len(ds) > 1 {
			torn[jobs] = n
			continue
		}
		for job := range lack {
			if jobs&(1<<job) != 0 {
				lack[job] = max(0, lack[job]-n)
			}
		}
	}
	return s.assign(lack, torn)
}

// duties are those among jobs, as masks of their jobs.
func (s *staff) duties(jobs uint32) []uint32 {
	var out []uint32
	var seen []int
	for job, d := range s.duty {
		if jobs&(1<<job) == 0 {
			continue
		}
		i := slices.Index(seen, d)
		if i < 0 {
			seen, out, i = append(seen, d), append(out, 0), len(out)
		}
		out[i] |= 1 << job
	}
	return out
}

// assign goes through the states. A state is a number in which each job has a digit,
// how many it lacks.
func (s *staff) assign(lack []int, torn map[uint32]int) bool {
	weight := make([]int, len(lack))
	start, size, total := 0, 1, 0
	for job, n := range lack {
		weight[job] = size
		start, size, total = start+n*size, size*(n+1), total+n
	}
	if start == 0 {
		return true
	}
	states := []int{start}
	seen := make([]int, size) // by state: the round in which it was found
	round := 0
	for _, jobs := range slices.Sorted(maps.Keys(torn)) {
		ways := s.duties(jobs)
		for range min(torn[jobs], total) { // of people who can do the same, more never help
			round++
			var next []int
			for _, state := range states {
				for _, way := range ways {
					to := state
					for job, w := range weight {
						if way&(1<<job) != 0 && state/w%(lack[job]+1) > 0 {
							to -= w
						}
					}
					if to == 0 {
						return true
					}
					if seen[to] != round {
						seen[to], next = round, append(next, to)
					}
				}
			}
			if slices.Equal(next, states) {
				break
			}
			states = next
		}
	}
	return false
}
