// Package analysis is a [rollout.HealthSource] that judges releases by package health:
// it reads closed windows of counts, keeps the evidence of each rollout, and records
// what it counted, so that a crash loses nothing and nothing counts twice.
//
//	source, err := analysis.New(analysis.Options{
//		Readers: func(q rollout.HealthQuery) (analysis.Reader, error) { return prometheusReader(q) },
//		Store:   j, // a journal, usually the one that the engine has
//	})
//	engine, err := rollout.New(rollout.Options{Journal: j, Health: source, ...})
//
// A question is answered from all windows that were closed by then. They are read in the
// order of time, each once. If a window cannot be read, or more are left than one
// call reads, there is no verdict, and the engine holds. If a window is read and there is
// nothing in it, that is no data, which is never health: the engine holds too. What was
// found stays found, also while nothing can be read.
//
// # Stages
//
// A rollout has one [health.Monitor] for whole stages, and one for each part of the
// traffic that stages with PerSlice ask about. Evidence of a regression goes on from
// stage to stage. When a stage is observed, each of its Monitors begins a new certificate
// and a new warm-up, with the first window that is all within the stage: no stage is
// left on the certificate of another, not even before the first of its windows is
// closed. A window that straddles the beginning counts for the stage before; one that
// straddles the first exposure is not about the release, and is not read.
//
// While a stage is ordered and not observed yet, the answer is that of the stage
// before, which let it be ordered. A part of the traffic that is only being reached is
// read already, and can only tell against the release.
//
// A slice that was taken back by itself, and that somebody has the engine expose again,
// is judged anew: a finding that stays would take it back again at once.
//
// # Error rates
//
// The policy's Alpha is for the rollout. If the plan's stages before the last ask k
// different questions ([rollout.HealthQuery].Parts), each Monitor has Alpha/k, to be used
// once, over all stages. The chance that any Monitor ever calls regressed what is not worse
// than tolerated is at most the sum of the Monitors' chances, k times Alpha/k, however
// they depend on each other. Beta needs no division: a stage with PerSlice is healthy when
// all of its slices are, and one that is worse by MDE keeps it from that except with a
// chance of Beta.
//
// A slice that is exposed again does not change this. Let nothing be worse than
// tolerated. There is a second Monitor of a slice only after the first has found
// something, and that was the rollout's false alarm already: the chance of one or more
// stays at most Alpha. The mean number of false alarms may grow by Alpha/k with each
// time that somebody resumes.
//
// # Once everybody has the release
//
// In the last stage, once it is observed, no control is left, and a [health.Watch]
// compares the release with a known rate. It is Options.Watch, or else made of what the
// Monitors saw of the control ([Learn]). That takes 30 windows of it at least: a plan whose
// stages before the last may be shorter needs a stated one, or is held, unwatched, when
// everybody has the release. It never says healthy unless Options.Watch asks
// for that: the last stage's rule is [rollout.HealthWatched], so that time decides,
// MinBake is how long it is watched, and a regression takes the release back. False
// alarms of the watch come on top of Alpha: in t windows with a chance of at most t/ARL.
// In a last stage with PerSlice, each slice has a Watch with as many times the ARL as there are
// slices.
//
// # Records
//
// With a Store, a rollout has a stream of its own, [Stream]. A window's samples are
// appended there before they count, and so is everything else that verdicts rest on: the
// policies and when stages began. A Source that is new, or another process, makes
// the same Monitors from the stream. Appends are by compare-and-append: of two workers
// with the same window one wins, and the other reads what it wrote. [Replay] gives each
// verdict again. Policies are those with which a part began, whatever the options of a
// later process say. A stream must not be compacted while its rollout runs.
//
// Without a Store all is in memory. A new process reads the rollout's windows again: those of
// a whole stage from the first exposure, those of a slice from the beginning of its
// stage. So the metrics must be kept that long. It knows only the latest stage, and not what the control did
// before: then Options.Watch must say what is watched.
//
// The shapes of the records have a version. What this program does not know, and what it
// would not have written byte by byte, is refused, and with it every verdict: the engine
// holds.
package analysis
