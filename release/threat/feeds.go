package threat

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// DefaultMaxAge is how old a feed may be where [Feeds.MaxAge] does not say. EPSS is
// published daily, the catalogue on most working days.
const DefaultMaxAge = 7 * 24 * time.Hour

// Feeds are what is known about exploitation. The zero value knows nothing.
type Feeds struct {
	// EPSS and KEV are the feeds; nil where there is none, which makes its answers
	// unknown and is no gap.
	EPSS *EPSS
	KEV  *KEV
	// MaxAge is how far before the moment of asking a feed may be dated to say how
	// likely something is, or that it is not exploited. If zero, DefaultMaxAge; if
	// negative, no feed is young enough.
	MaxAge time.Duration
}

// Apply fills in what the feeds know of the advisories in cs as of a moment:
// Likelihood, Exploited with a word in Detail, and, where Severity.By has the vector,
// Severity, [Automatable] and [TotalImpact] as far as they are unknown. Feeds that were used are added to the sources; those that are
// missing parts, that are dated after asOf, or that are too old, to the gaps.
//
// Nothing that is known already becomes lower: of two probabilities the higher
// stands, and a yes stays one. A second call with the same feeds changes nothing.
// Copies that were made of cs before do not change.
func (f Feeds) Apply(cs *release.ChangeSet, asOf time.Time) {
	p := pass{asOf: asOf, maxAge: f.MaxAge}
	if p.maxAge == 0 {
		p.maxAge = DefaultMaxAge
	}
	epss, epssYoung := p.feed(f.EPSS.Source(), f.EPSS.Coverage(), f.EPSS.Gaps(), "EPSS: ")
	kev, kevYoung := p.feed(f.KEV.Source(), f.KEV.Coverage(), f.KEV.Gaps(), "KEV: ")
	cs.Advisories = slices.Clone(cs.Advisories)
	for i := range cs.Advisories {
		a := &cs.Advisories[i]
		severity(a)
		vectorAnswers(a)
		names, all := cves(a)
		if epss && epssYoung && all {
			likelihood(a, f.EPSS, names)
		}
		if kev && exploited(a, f.KEV, names, asOf) && all && kevYoung && a.Exploited == release.AnswerUnknown {
			a.Exploited = release.AnswerNo
		}
	}
	for _, s := range p.sources {
		if !slices.ContainsFunc(cs.Sources, func(t release.Source) bool { return t.Path == s.Path && t.Digest == s.Digest }) {
			cs.Sources = append(slices.Clip(cs.Sources), s)
		}
	}
	for _, g := range p.gaps {
		if !slices.Contains(cs.Gaps, g) {
			cs.Gaps = append(slices.Clip(cs.Gaps), g)
		}
	}
}

// pass is what one Apply adds beside the answers.
type pass struct {
	asOf    time.Time
	maxAge  time.Duration
	sources []release.Source
	gaps    []release.Gap
}

// feed reports whether a feed may be used at all, and whether it is young enough for
// answers that age.
func (p *pass) feed(s release.Source, c release.Coverage, gaps []release.Gap, name string) (use, young bool) {
	p.gaps = append(p.gaps, gaps...)
	if c == release.CoverageMissing {
		return false, false
	}
	gap := func(format string, args ...any) {
		p.gaps = append(p.gaps, release.Gap{Kind: release.GapIncomplete, Subject: s.Path.String(), Detail: name + fmt.Sprintf(format, args...)})
	}
	moment := p.asOf.UTC().Format(time.RFC3339)
	if s.At.After(p.asOf) {
		gap("dated %s, after %s, and not used", s.At.Format(time.RFC3339), moment)
		return false, false
	}
	p.sources = append(p.sources, s)
	if young = p.asOf.Sub(s.At) <= p.maxAge; !young {
		gap("dated %s, too old at %s to say what is likely or not exploited", s.At.Format(time.RFC3339), moment)
	}
	return true, young
}

// severity scores a vector that came without its score.
func severity(a *release.AdvisoryChange) {
	if a.Severity.Known || a.Severity.By == "" {
		return
	}
	if s, err := CVSS(a.Severity.By); err == nil {
		s.At = a.Severity.At
		a.Severity = s
	}
}

// vectorAnswers fills in what the vector settles and nobody has answered yet.
func vectorAnswers(a *release.AdvisoryChange) {
	if a.Automatable == release.AnswerUnknown {
		a.Automatable = Automatable(a.Severity.By)
	}
	if a.TotalImpact == release.AnswerUnknown {
		a.TotalImpact = TotalImpact(a.Severity.By)
	}
}

// likelihood is the highest of all names, if each has one.
func likelihood(a *release.AdvisoryChange, e *EPSS, names []cve) {
	var most release.Score
	for _, c := range names {
		s := e.score(c)
		if !s.Known {
			return
		}
		if !most.Known || s.Value > most.Value {
			most = s
		}
	}
	was := a.Likelihood
	if sound := was.Known && was.Value >= 0 && was.Value <= 1 && !math.IsNaN(was.Value); most.Known && (!sound || most.Value > was.Value) {
		a.Likelihood = most
	}
}

// exploited is yes if one name is listed. The result is whether the list is one that
// shows that none is.
func exploited(a *release.AdvisoryChange, k *KEV, names []cve, asOf time.Time) (shows bool) {
	shows = k.Coverage() == release.CoverageComplete
	for _, c := range names {
		e, ok := k.find(c)
		if !ok {
			continue
		}
		if e.Added.After(asOf) {
			shows = false // a list with a day that has not come proves nothing
			continue
		}
		a.Exploited = release.AnswerYes
		text := fmt.Sprintf("%s listed as exploited since %s (CISA KEV)", c, e.Added.Format(time.DateOnly))
		if e.Ransomware == release.AnswerYes {
			text += ", by ransomware too"
		}
		if !strings.Contains(a.Detail, text) {
			a.Detail = strings.TrimPrefix(a.Detail+"; "+text, "; ")
		}
	}
	return shows
}
