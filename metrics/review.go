package metrics

import (
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// ReviewOptions say which releases are reviewed and what the host knows of them. This
// package knows no rules and no gates: the two functions bring them in.
type ReviewOptions struct {
	// All asks for every release of the range, and not for those that failed only.
	All bool
	// Reasons are why the release was held to be as risky as it was, from its
	// assessment; nil means that nobody knows.
	Reasons func(release.Digest) []string
	// Caught are the rules and gates that would have stopped the release, by
	// running them again over what is known now; nil means that nobody looked. The
	// review that it is given is complete but for Caught. An empty answer says that
	// none would have: that is where a rule is missing.
	Caught func(Review) []Catch
}

// Catch is a rule or a gate that would have stopped a release.
type Catch struct {
	// By names the rule or gate, Why says how it would have.
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
}

// Review is what a team can learn from one release: what was foretold, what
// happened, when it was noticed and by what, and what would have caught it.
type Review struct {
	// Release is its digest; zero for a failed deployment that names none, which has a
	// review of its own.
	Release release.Digest `json:"release,omitzero"`
	// Outcome is what became of it, as in [Report.Outcomes].
	Outcome release.Outcome `json:"outcome"`
	// Tier and Risk are what was foretold before the deployment that failed, or else
	// before the first: unknown and 0 where nobody said. Reasons are from the host.
	Tier    release.Tier `json:"tier"`
	Risk    float64      `json:"risk,omitempty"`
	Reasons []string     `json:"reasons,omitempty"`
	// Deployments are those of the release to environments that count, by time.
	Deployments []ReviewedDeployment `json:"deployments"`
	// CaughtKnown says that [ReviewOptions.Caught] was asked; where false, an empty
	// Caught means nothing.
	CaughtKnown bool    `json:"caughtKnown"`
	Caught      []Catch `json:"caught,omitempty"`
}

// ReviewedDeployment is what happened in one deployment of a release.
type ReviewedDeployment struct {
	// Deployment names it; Service, Environment, Version and Outcome are what it says.
	Deployment  Ref               `json:"deployment"`
	Service     string            `json:"service"`
	Environment string            `json:"environment"`
	Version     string            `json:"version,omitempty"`
	Outcome     DeploymentOutcome `json:"outcome"`
	// StandsFor is why it is counted as another one, and As that one: what happened
	// stands there. "" and zero where it counts itself.
	StandsFor string `json:"standsFor,omitempty"`
	As        Ref    `json:"as,omitzero"`
	// Failed says that it failed by the definition.
	Failed bool `json:"failed"`
	// Exposed is when users first met it, zero where nobody did.
	Exposed time.Time `json:"exposed,omitzero"`
	// TakenBackBy is the deployment that took it back, zero where none is known.
	TakenBackBy Ref `json:"takenBackBy,omitzero"`
	// Incidents are those laid to it, by time.
	Incidents []ReviewedIncident `json:"incidents,omitempty"`
	// Noticed is the first sign that something was wrong; nil where there was none.
	Noticed *Notice `json:"noticed,omitempty"`
	// Over is when users no longer felt it: when it was taken back, or else when the
	// last of its incidents was mitigated, or resolved where nobody said. Zero while it
	// lasts, where it did not fail, and where it is not known.
	Over time.Time `json:"over,omitzero"`
	// Felt is how long users were exposed to a failure at most, in seconds: from Exposed
	// to Over, or to the snapshot where Ongoing. How many users that were, no fact
	// says. It is 0 where it did not fail.
	Felt float64 `json:"felt,omitempty"`
	// Ongoing says that it failed and no end is known.
	Ongoing bool `json:"ongoing,omitempty"`
}

// ReviewedIncident is an incident and why it is laid to the deployment.
type ReviewedIncident struct {
	// Incident names it; At, Severity and NoticedBy are what it says.
	Incident  Ref       `json:"incident"`
	At        time.Time `json:"at"`
	Severity  string    `json:"severity,omitempty"`
	NoticedBy string    `json:"noticedBy,omitempty"`
	// Mitigated and Resolved are zero where that has not happened or is not known.
	Mitigated time.Time `json:"mitigated,omitzero"`
	Resolved  time.Time `json:"resolved,omitzero"`
	// Link says why, and how sure that is.
	Link Link `json:"link"`
}

// Notice is the first sign of a failure.
type Notice struct {
	// At is when it was, and After how long after the first exposure, in seconds; below
	// zero where clocks disagree or users met it before.
	At    time.Time `json:"at"`
	After float64   `json:"after"`
	// By is what noticed it, in the source's words: [Incident.NoticedBy], or the source
	// of the deployment that found it to fail, or of the one that took it back. ""
	// where nobody said.
	By string `json:"by,omitempty"`
	// Sign names the fact that shows it.
	Sign string `json:"sign"`
}
