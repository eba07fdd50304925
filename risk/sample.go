package risk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Sample is a release of which it is known what became of it, to learn from.
type Sample struct {
	// Features are what was measured of it before it went out.
	Features Features
	// Failed says that it failed.
	Failed bool
	// Weight is how sure it is that this will not change, from 0 (not at all) to 1. A
	// release that nobody watched for long counts for little.
	Weight float64
	// At is when it went out. It orders the samples.
	At time.Time
}

// maxSamples is how many samples a fit takes.
const maxSamples = 200_000

func (s *Sample) check() error {
	err := s.Features.Validate()
	if !(s.Weight >= 0 && s.Weight <= 1) {
		err = errors.Join(err, fmt.Errorf("risk: sample's weight %v is not from 0 to 1", s.Weight))
	}
	return err
}

// sorted are the samples from the oldest to the newest, in an order that depends on
// nothing but what they are.
func sorted(samples []Sample) []Sample {
	out := slices.Clone(samples)
	slices.SortStableFunc(out, func(a, b Sample) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		if c := a.Features.compare(b.Features); c != 0 {
			return c
		}
		if a.Failed != b.Failed {
			if a.Failed {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.Weight, b.Weight)
	})
	return out
}

// countsOf are the samples as outcomes: each counts for as much as it weighs, and what
// rounding takes is given back.
func countsOf(samples []Sample) Counts {
	mature, failed := 0.0, 0.0
	for i := range samples {
		mature += samples[i].Weight
		if samples[i].Failed {
			failed += samples[i].Weight
		}
	}
	return Counts{Mature: int(mature + 1e-6), Failed: int(failed + 1e-6), Censored: len(samples) - int(mature+1e-6)}
}
