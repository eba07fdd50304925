package release

import (
	"time"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// AdvisoryChange is what a release does about one published advisory for one
// package: brings it in, takes it out, or goes on with it.
type AdvisoryChange struct {
	// ID is the advisory's, such as "GO-2024-2687"; Aliases are the other names of the
	// same flaw, sorted.
	ID      string   `json:"id"`
	Aliases []string `json:"aliases,omitempty"`
	// Upstream are the names of the flaws that it comes from, sorted, where it is a
	// distribution's ("DSA-5678-1" of "CVE-2024-1234"). They are other advisories, which
	// may be about more or less; what is published under a CVE alone, as EPSS and KEV
	// are, is found by them.
	Upstream []string `json:"upstream,omitempty"`
	// Effect is what the release does about it.
	Effect Effect `json:"effect"`
	// Package is the affected package's purl without a version, File where the release
	// lists it.
	Package PURL `json:"package"`
	File    Path `json:"file,omitempty"`
	// Before and After are the versions on each side that are affected or may be, sorted
	// as text; "" is a component without a version. Where some of After only may be, Detail
	// says which.
	Before []string `json:"before,omitempty"`
	After  []string `json:"after,omitempty"`
	// Relation and Scope are those of the affected components, the farthest reaching.
	Relation Relation `json:"relation,omitzero"`
	Scope    Scope    `json:"scope,omitzero"`
	// Published is when the advisory was; zero where nobody says.
	Published time.Time `json:"published,omitzero"`
	// Summary is one line of the advisory's.
	Summary Text `json:"summary,omitempty"`
	// FixedIn are the versions that mend it, as the advisory has them; none where there
	// is no fix.
	FixedIn []string `json:"fixedIn,omitempty"`
	// Severity is a CVSS base score (0 to 10), Likelihood an EPSS probability that it is
	// exploited within 30 days (0 to 1), Exploited whether it is listed as exploited
	// (CISA KEV). Unknown is none of low, unlikely and no.
	Severity   Score  `json:"severity,omitzero"`
	Likelihood Score  `json:"likelihood,omitzero"`
	Exploited  Answer `json:"exploited,omitzero"`
	// Automatable is whether every step of an attack can be automated, TotalImpact whether
	// a successful one gives total control (SSVC: Automatable 2.0.0, Technical Impact
	// 1.0.0). Unknown is not no.
	Automatable Answer `json:"automatable,omitzero"`
	TotalImpact Answer `json:"totalImpact,omitzero"`
	// Suppressions are statements of others that the release is not affected. They are
	// recorded and take nothing away: what one is worth, a policy says.
	Suppressions []Suppression `json:"suppressions,omitempty"`
	// Detail says the rest, for people: why the effect is not known, or of which versions
	// it is not.
	Detail string `json:"detail,omitempty"`
}

// Effect is what a release does about an advisory. The zero value is unknown: it
// may well be introduced.
type Effect uint8

// The effects.
const (
	EffectUnknown    Effect = iota
	EffectIntroduced        // affected after and not before
	EffectFixed             // affected before and not after
	EffectCarried           // affected before and after
)

var effects = enum.Table[Effect]{Type: "release.Effect", Names: []string{"unknown", "introduced", "fixed", "carried"}}

// String is the effect's name.
func (e Effect) String() string { return effects.Text(e) }

// ParseEffect reads an effect's name.
func ParseEffect(s string) (Effect, error) { return effects.Parse(s) }

// MarshalText is the effect's name.
func (e Effect) MarshalText() ([]byte, error) { return effects.Marshal(e) }

// UnmarshalText reads an effect's name.
func (e *Effect) UnmarshalText(b []byte) error { return effects.Unmarshal(e, b) }

// Answer is yes, no, or the zero value, unknown, which is neither.
type Answer uint8

// The answers.
const (
	AnswerUnknown Answer = iota
	AnswerNo
	AnswerYes
)

var answers = enum.Table[Answer]{Type: "release.Answer", Names: []string{"unknown", "no", "yes"}}

// AnswerOf is yes or no.
func AnswerOf(yes bool) Answer {
	if yes {
		return AnswerYes
	}
	return AnswerNo
}

// String is the answer's name.
func (a Answer) String() string { return answers.Text(a) }

// ParseAnswer reads an answer's name.
func ParseAnswer(s string) (Answer, error) { return answers.Parse(s) }

// MarshalText is the answer's name.
func (a Answer) MarshalText() ([]byte, error) { return answers.Marshal(a) }

// UnmarshalText reads an answer's name.
func (a *Answer) UnmarshalText(b []byte) error { return answers.Unmarshal(a, b) }

// Score is a number that somebody published. The zero Score is unknown, which is
// not the number 0.
type Score struct {
	// Known says that there is a number; without it, Value means nothing.
	Known bool    `json:"known"`
	Value float64 `json:"value"`
	// By says where it comes from: a CVSS vector, the version of the EPSS model.
	By string `json:"by,omitempty"`
	// At is the day that it was published for; zero where it does not age.
	At time.Time `json:"at,omitzero"`
}

// Suppression is somebody's statement that an advisory does not affect the release
// (VEX).
type Suppression struct {
	// Document is the digest of the statement's document, Author who says so, ID the
	// document's own name.
	Document Digest `json:"document"`
	Author   Text   `json:"author"`
	ID       string `json:"id,omitempty"`
	// Justification is why, in the words of the format: "vulnerable_code_not_present".
	Justification string `json:"justification"`
	// At is when it was said, Expires when it ends; zero where it does not.
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires,omitzero"`
}

// Outdated is a component of the release that newer versions of exist, or that
// its makers gave up. Whatever nobody told is unknown, never current.
type Outdated struct {
	// File is where the release lists it, Component the package in its version.
	File      Path `json:"file,omitempty"`
	Component PURL `json:"component"`
	// Latest is the newest version that was published by the moment of asking; "" where
	// that is not known.
	Latest string `json:"latest,omitempty"`
	// Releases is how many versions above this one there were, if ReleasesKnown; else it
	// is 0 and means nothing.
	ReleasesKnown bool `json:"releasesKnown"`
	Releases      int  `json:"releases"`
	// Days is how many days lie between this version and the latest, if DaysKnown; else
	// it is 0 and means nothing.
	DaysKnown bool    `json:"daysKnown"`
	Days      float64 `json:"days"`
	// Deprecated, Retracted and EndOfLife are what its makers say of this version.
	Deprecated Answer `json:"deprecated,omitzero"`
	Retracted  Answer `json:"retracted,omitzero"`
	EndOfLife  Answer `json:"endOfLife,omitzero"`
	// Detail says the rest, for people: since when, what to use instead.
	Detail string `json:"detail,omitempty"`
}
