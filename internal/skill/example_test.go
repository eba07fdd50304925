package skill_test

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/skill"
)

func Example() {
	p := []float64{.9, .8, .7, .6, .6, .5, .4, .3, .2, .1}
	failed := []bool{true, true, false, true, false, false, true, false, false, false}
	s, ok := skill.Of(p, failed)
	auc, _ := s.AUC()
	top, _ := s.Capture(0.2)
	better, _ := s.BrierSkill(s.BaseRate())
	fmt.Printf("%t: AUC %.3f; the top 20 %% hold %.0f %% of failures; Brier skill %+.2f\n", ok, auc, 100*top, better)
	e := s.Estimates(skill.Resampling{Seed: 1}, (*skill.Sample).AUC)[0]
	fmt.Printf("95 %%: %.2f to %.2f\n", e.Interval.Lo, e.Interval.Hi)
	_, ok = s.ECE(20)
	fmt.Println("calibration in 20 bins from 10 outcomes:", ok)
	// Output:
	// true: AUC 0.812; the top 20 % hold 50 % of failures; Brier skill +0.25
	// 95 %: 0.45 to 1.00
	// calibration in 20 bins from 10 outcomes: false
}
