package sallyport_test

import "testing"

// The known traps of rolling out, most of them from the issue lists of other deployers,
// and the tests that show that nobody falls into them, as those of evidence are named.
var rolloutTraps = []trap{
	{"undecided at the end of the bake passes", []string{"rollout.TestTimeAlonePromotesNothing", "rollout.TestAnythingThatCanHappen"}},
	{"no data, or an outage of the metrics, is health or a regression", []string{"rollout.TestEveryAnswerMustBeTheBest:health has no data",
		"rollout.TestEveryAnswerMustBeTheBest:health failed", "rollout/health.TestSilentCanary"}},
	{"a window of counts that is read twice counts twice", []string{"rollout/health.TestAddRefuses:the same again counts once", "rollout/health.TestMarshalResumes"}},
	{"windows by a wall clock that is put forward and back", []string{"rollout/calendar.TestWindowsWhereClocksAreChanged", "rollout/calendar.TestHoursThatNoClockShows",
		"rollout/calendar.TestAgreesWithTheClockMinuteByMinute"}},
	{"keys without fences: the canary comes back after the rollback", []string{"rollout.TestModelFindsTheZombieWithoutTheFence", "rollout.TestModel", "rollout.TestFleetFindsABrokenDeployer"}},
	{"an action that is tried again under a new key, or told as done before it is recorded", []string{"rollout.TestEveryCallOfTheDeployerFails", "rollout.TestEveryCallOfTheJournalFails",
		"rollout.TestEveryCallOfEveryStoreFails", "rollout.TestFleet"}},
	{"an abort that waits for the failed canary", []string{"rollout.TestAbortInEveryPhase", "rollout.TestAnAbortInTheMiddleOfAStepWins"}},
	{"a rollback to what is bad itself", []string{"rollout.TestAPoisonedReleaseIsNoPrevious", "rollout.TestRollbackGate"}},
	{"automation that rolls the bad version out again", []string{"rollout.TestPoison"}},
	{"the last known good release before its watch is over, or when it has failed since", []string{"rollout.TestSkipAndOverride", "rollout.TestAPoisonedReleaseIsNotTheLastKnownGoodOne"}},
	{"skips and overrides of nobody, for no reason", []string{"rollout.TestCommandsNeedSomebodyAndAReason"}},
	{"approvals that live on in another rollout", []string{"rollout.TestIrreversibleHoldsAndHalts"}},
	{"an allow that is kept for later stages", []string{"rollout.TestGatesAreAskedBeforeEveryWidening", "rollout.TestAnAnswerOpensOneStageOnly"}},
	{"the log is believed, and production not looked at", []string{"rollout.TestALyingDeployerHolds", "rollout.TestNothingIsExposedOverSomethingElse"}},
	{"a newer program's records, skipped by an older one", []string{"rollout.TestRecordsOfANewerProgramStopTheEngine"}},
	{"dependents that rest on what was taken from under them", []string{"rollout.TestExposureRacesRetreat", "rollout.TestDependenciesGoBackInReverse", "rollout.TestHeldByDependents"}},
}

func TestRolloutTraps(t *testing.T) {
	t.Parallel()
	thereAre(t, rolloutTraps)
}
