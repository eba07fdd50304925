package backtest

import "github.com/sallyport-dev/sallyport/release"

// Load is some of the releases: how many they are, and how many of the failures are
// among them. The intervals are exact ones of proportions and take the releases as
// independent of each other.
type Load struct {
	// Releases is how many they are, Share which part of all that were assessed.
	Releases int     `json:"releases"`
	Share    Measure `json:"share"`
	// Mature are those of them whose outcome counts, Failed those of them that failed,
	// and Rate is Failed of Mature: the precision, where the releases would have been blocked.
	Mature int     `json:"mature"`
	Failed int     `json:"failed"`
	Rate   Measure `json:"rate"`
	// Caught is Failed of all failures: the recall.
	Caught Measure `json:"caught"`
}

func (l *Load) add(s state) {
	l.Releases++
	if s != censored {
		l.Mature++
	}
	if s == failed {
		l.Failed++
	}
}

// finish fills in what follows from the counts.
func (l *Load) finish(releases int, all Outcomes, level float64) {
	l.Share = proportion(l.Releases, releases, level, "no release was assessed")
	l.Rate = proportion(l.Failed, l.Mature, level, "none of them has a mature outcome")
	l.Caught = proportion(l.Failed, all.Failed, level, "there is no failure among the mature outcomes")
}

// TierLoad is the load of a tier.
type TierLoad struct {
	// Tier is the tier, Exactly the releases that are in it, and AtLeast those that are in
	// it or above.
	Tier    release.Tier `json:"tier"`
	Exactly Load         `json:"exactly"`
	AtLeast Load         `json:"atLeast"`
}

// tiers are the tiers that a release can be in, from low to critical.
func tiers() []release.Tier {
	return []release.Tier{release.TierLow, release.TierModerate, release.TierHigh, release.TierCritical}
}

func (t *trial) loads(o Outcomes) []TierLoad {
	out := make([]TierLoad, 0, len(tiers()))
	for _, tier := range tiers() {
		l := TierLoad{Tier: tier}
		for i := range t.rows {
			r := &t.rows[i]
			if r.tier == tier {
				l.Exactly.add(r.state)
			}
			if r.tier >= tier {
				l.AtLeast.add(r.state)
			}
		}
		l.Exactly.finish(len(t.rows), o, t.o.Level)
		l.AtLeast.finish(len(t.rows), o, t.o.Level)
		out = append(out, l)
	}
	return out
}

// Treatment is what became of the releases that were shown a tier at the time. They
// got the care of that tier, and their failures are those that were left in spite of it.
type Treatment struct {
	// Shown is the tier that people were shown; unknown where none was recorded.
	Shown release.Tier `json:"shown"`
	// All are the releases that were shown it, Lowered those that the policy would put
	// below it: they would have got less care than they had.
	All     Load `json:"all"`
	Lowered Load `json:"lowered"`
}

func (t *trial) treatments(o Outcomes) []Treatment {
	var out []Treatment
	for shown := release.TierUnknown; shown <= release.TierCritical; shown++ {
		x := Treatment{Shown: shown}
		for i := range t.rows {
			r := &t.rows[i]
			if r.then != shown && !(shown == release.TierUnknown && r.then > release.TierCritical) {
				continue
			}
			x.All.add(r.state)
			if shown != release.TierUnknown && r.tier < shown {
				x.Lowered.add(r.state)
			}
		}
		if x.All.Releases == 0 {
			continue
		}
		x.All.finish(len(t.rows), o, t.o.Level)
		x.Lowered.finish(len(t.rows), o, t.o.Level)
		out = append(out, x)
	}
	return out
}
