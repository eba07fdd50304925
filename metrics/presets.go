package metrics

// DevLake is what Apache DevLake shows (plugins/dora/tasks and the dashboard DORA of
// 2026), its oddities included:
//
//   - an incident is laid to the last deployment that succeeded before it, of any
//     service of the project ([DimProject]) and however long ago, so that a quiet
//     service fails for its neighbours;
//   - a lead time is the sum of three stages, each rounded up to whole minutes; a
//     stage that is below zero is left out, and so a change that was deployed before
//     it was merged gets longer and not shorter. Commits without a pull request have
//     none;
//   - the median of an even number of values is the lower one of the middle two;
//   - the denominator of the fail rate are the deployments that succeeded: those that
//     failed at once are in no part of it;
//   - only incidents that are resolved have a recovery time, in whole minutes, from
//     the end of the deployment, in the window of their resolution. The dashboard
//     also demands that the deployment lies in the range it shows; this does not;
//   - the frequency counts days with a deployment. DevLake then takes the median of
//     the weeks; here each window has its own value;
//   - no rollback, redeployment or rework is known.
//
// DevLake counts a pipeline that deploys several repositories as one deployment: a
// host that wants the same gives it as one fact.
func DevLake() Definition {
	d := peer("DevLake")
	d.FrequencyPer = FrequencyPerDay
	d.LeadFrom, d.LeadSpan, d.LeadRounding = LeadFromFirstCommit, LeadByStages, RoundingMinutesUp
	d.First, d.Quantile, d.Negative = FirstExcluded, QuantileLower, NegativeDropped
	d.IncidentFails, d.FailBase = true, FailOfSuccesses
	d.Links = []LinkRule{LinkLast}
	d.RecoveryOf, d.RecoverFrom, d.RecoverTo = RecoveryOfIncident, RecoverFromEnded, RecoverToResolved
	d.RecoveryRounding = RoundingMinutesDown
	return d
}

// Metrik is what Thoughtworks' metrik shows (its four calculators, read in 2026),
// its oddities included:
//
//   - a deployment is a pipeline's run of one stage, and a failure is a run of it that
//     failed: whether users met the change is not asked, and an incident is not known;
//   - a lead time is from a commit to the end of the next run that succeeded, and the
//     mean of all stands for them;
//   - the time to restore is from the first of several failed runs in a row to the
//     next one that succeeds, in the window of the success; their mean stands for
//     them, and what is still broken is left out.
//
// Package pipeline turns runs of a pipeline into facts that way.
func Metrik() Definition {
	d := peer("Metrik")
	d.AttemptsCount = true
	d.LeadFrom, d.LeadSummary = LeadFromCommit, SummaryMean
	d.OutcomeFails, d.FailBase = true, FailOfAll
	d.RecoveryOf, d.RecoverFrom, d.RecoverTo = RecoveryOfRun, RecoverFromEnded, RecoverToSuccess
	d.RecoverySummary = SummaryMean
	return d
}

// GitLab is what GitLab's documentation says of its DORA metrics (page "DevOps Research
// and Assessment (DORA) metrics", what it says of how each is calculated, read in 2026):
//
//   - the frequency is of deployments to production that succeeded, by the time at which
//     they ended;
//   - the lead time is the median time from a merge request's merge to production: the
//     time of coding is not in it;
//   - the fail rate is the number of incidents by the number of deployments to production.
//     The page assumes that each deployment has one incident at most, and each incident
//     one deployment; where that is not so, the rate is no share and may be above 1;
//   - the time to restore is the median of how long incidents were open.
//
// The page does not say more, and this preset answers the rest: an incident counts in the
// window in which it began, and its time in that in which it was closed; what is still
// open is left out; only deployments that succeeded are in the denominator. Of rollbacks,
// redeployments and rework the page names none, and none is known here. Its charts show
// medians of days, of some even the median of those in a month; here each window has its
// own value.
func GitLab() Definition {
	d := peer("GitLab")
	d.LeadFrom = LeadFromMerge
	d.IncidentFails, d.FailBase, d.FailCounts = true, FailOfSuccesses, FailIncidents
	d.RecoveryOf, d.RecoverFrom, d.RecoverTo = RecoveryOfIncident, RecoverFromDetected, RecoverToResolved
	return d
}

// peer is what the other tools have in common: they know neither rollbacks nor
// repeats, leave out what is open, and have no rework rate.
func peer(name string) Definition {
	d := DORA()
	d.Name = name
	d.Repeats, d.Rollbacks, d.DetectRollbacks = RepeatEach, RollbackCounts, false
	d.First = FirstIncluded
	d.OutcomeFails, d.RollbackFails, d.IncidentFails = false, false, false
	d.Links, d.LinkWithin = nil, 0
	d.Open, d.RecoveryWindow = OpenExcluded, RecoveryByEnd
	d.Rework, d.RollbackIsRework, d.RevertIsRework = ReworkNone, false, false
	return d
}
