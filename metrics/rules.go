package metrics

import "github.com/sallyport-dev/sallyport/internal/enum"

// DeployMoment says which moment of a deployment is its time: the one that puts it
// into a window and ends a lead time.
type DeployMoment uint8

// The moments of a deployment.
const (
	DeployMomentUnknown DeployMoment = iota
	DeployedAtEnd                    // [Deployment.At]: everything ran the version, or it was given up
	DeployedAtStart                  // [Deployment.Started], or At where that is not known
)

var deployMoments = enum.Table[DeployMoment]{Type: "metrics.DeployMoment", Names: []string{"unknown", "end", "start"}}

// String is the value's name.
func (m DeployMoment) String() string { return deployMoments.Text(m) }

// ParseDeployMoment reads a value's name.
func ParseDeployMoment(s string) (DeployMoment, error) { return deployMoments.Parse(s) }

// MarshalText is the value's name.
func (m DeployMoment) MarshalText() ([]byte, error) { return deployMoments.Marshal(m) }

// UnmarshalText reads a value's name.
func (m *DeployMoment) UnmarshalText(b []byte) error { return deployMoments.Unmarshal(m, b) }

// RepeatRule says how deployments of the version that a service already runs in
// an environment count: one version brought to twelve regions, a restart.
type RepeatRule uint8

// The rules for repeats.
const (
	RepeatUnknown RepeatRule = iota
	RepeatOnce               // they are no deployments of their own: the first one counts
	RepeatEach               // each counts
)

var repeatRules = enum.Table[RepeatRule]{Type: "metrics.RepeatRule", Names: []string{"unknown", "once", "each"}}

// String is the value's name.
func (r RepeatRule) String() string { return repeatRules.Text(r) }

// ParseRepeatRule reads a value's name.
func ParseRepeatRule(s string) (RepeatRule, error) { return repeatRules.Parse(s) }

// MarshalText is the value's name.
func (r RepeatRule) MarshalText() ([]byte, error) { return repeatRules.Marshal(r) }

// UnmarshalText reads a value's name.
func (r *RepeatRule) UnmarshalText(b []byte) error { return repeatRules.Unmarshal(r, b) }

// RollbackRule says how deployments that take another one back count.
type RollbackRule uint8

// The rules for rollbacks.
const (
	RollbackUnknown RollbackRule = iota
	RollbackAside                // they are no deployments of their own: they mark the one taken back as failed
	RollbackCounts               // each counts like any other
)

var rollbackRules = enum.Table[RollbackRule]{Type: "metrics.RollbackRule", Names: []string{"unknown", "aside", "counts"}}

// String is the value's name.
func (r RollbackRule) String() string { return rollbackRules.Text(r) }

// ParseRollbackRule reads a value's name.
func ParseRollbackRule(s string) (RollbackRule, error) { return rollbackRules.Parse(s) }

// MarshalText is the value's name.
func (r RollbackRule) MarshalText() ([]byte, error) { return rollbackRules.Marshal(r) }

// UnmarshalText reads a value's name.
func (r *RollbackRule) UnmarshalText(b []byte) error { return rollbackRules.Unmarshal(r, b) }

// FrequencyRule says which counted deployments make up the deployment frequency.
type FrequencyRule uint8

// The rules for the frequency.
const (
	FrequencyUnknown     FrequencyRule = iota
	FrequencyOfSuccesses               // those that ended with everything running the version
	FrequencyOfAll                     // the failed ones too
)

var frequencyRules = enum.Table[FrequencyRule]{Type: "metrics.FrequencyRule", Names: []string{"unknown", "successes", "all"}}

// String is the value's name.
func (r FrequencyRule) String() string { return frequencyRules.Text(r) }

// ParseFrequencyRule reads a value's name.
func ParseFrequencyRule(s string) (FrequencyRule, error) { return frequencyRules.Parse(s) }

// MarshalText is the value's name.
func (r FrequencyRule) MarshalText() ([]byte, error) { return frequencyRules.Marshal(r) }

// UnmarshalText reads a value's name.
func (r *FrequencyRule) UnmarshalText(b []byte) error { return frequencyRules.Unmarshal(r, b) }

// LeadStart says when the lead time of a change begins.
type LeadStart uint8

// The beginnings of a lead time. A change that lacks the time is left out and
// listed; nothing takes its place.
const (
	LeadStartUnknown    LeadStart = iota
	LeadFromCommit                // [Change.At]
	LeadFromFirstCommit           // [Change.FirstCommit]; for a commit by itself, when it was authored
	LeadFromOpened                // [Change.Opened]
	LeadFromMerge                 // [Change.Merged]
)

var leadStarts = enum.Table[LeadStart]{Type: "metrics.LeadStart", Names: []string{"unknown", "commit", "first-commit", "opened", "merge"}}

// String is the value's name.
func (l LeadStart) String() string { return leadStarts.Text(l) }

// ParseLeadStart reads a value's name.
func ParseLeadStart(s string) (LeadStart, error) { return leadStarts.Parse(s) }

// MarshalText is the value's name.
func (l LeadStart) MarshalText() ([]byte, error) { return leadStarts.Marshal(l) }

// UnmarshalText reads a value's name.
func (l *LeadStart) UnmarshalText(b []byte) error { return leadStarts.Unmarshal(l, b) }

// LeadEnd says which deployment ends the lead time of a change: the first counted
// one that brought it, of those that qualify.
type LeadEnd uint8

// The ends of a lead time.
const (
	LeadEndUnknown LeadEnd = iota
	LeadToSuccess          // only deployments that succeeded
	LeadToExposure         // failed ones too: users had it
)

var leadEnds = enum.Table[LeadEnd]{Type: "metrics.LeadEnd", Names: []string{"unknown", "success", "exposure"}}

// String is the value's name.
func (l LeadEnd) String() string { return leadEnds.Text(l) }

// ParseLeadEnd reads a value's name.
func ParseLeadEnd(s string) (LeadEnd, error) { return leadEnds.Parse(s) }

// MarshalText is the value's name.
func (l LeadEnd) MarshalText() ([]byte, error) { return leadEnds.Marshal(l) }

// UnmarshalText reads a value's name.
func (l *LeadEnd) UnmarshalText(b []byte) error { return leadEnds.Unmarshal(l, b) }

// LeadWeight says what one value of the lead time is.
type LeadWeight uint8

// The weights of lead times.
const (
	LeadWeightUnknown LeadWeight = iota
	LeadPerChange                // each change has one value
	LeadPerDeployment            // each deployment has one value: the longest of its changes
)

var leadWeights = enum.Table[LeadWeight]{Type: "metrics.LeadWeight", Names: []string{"unknown", "change", "deployment"}}

// String is the value's name.
func (l LeadWeight) String() string { return leadWeights.Text(l) }

// ParseLeadWeight reads a value's name.
func ParseLeadWeight(s string) (LeadWeight, error) { return leadWeights.Parse(s) }

// MarshalText is the value's name.
func (l LeadWeight) MarshalText() ([]byte, error) { return leadWeights.Marshal(l) }

// UnmarshalText reads a value's name.
func (l *LeadWeight) UnmarshalText(b []byte) error { return leadWeights.Unmarshal(l, b) }

// FirstRule says what becomes of the lead times of the first deployment that is
// known of a service in an environment. Nobody knows what it took the place of, so
// a tool that lists all of history as its contents makes lead times of years.
type FirstRule uint8

// The rules for the first deployment.
const (
	FirstUnknown  FirstRule = iota
	FirstExcluded           // its changes have no lead time, unless [Deployment.Follows] says what was before
	FirstIncluded           // its changes count as they are listed
)

var firstRules = enum.Table[FirstRule]{Type: "metrics.FirstRule", Names: []string{"unknown", "excluded", "included"}}

// String is the value's name.
func (f FirstRule) String() string { return firstRules.Text(f) }

// ParseFirstRule reads a value's name.
func ParseFirstRule(s string) (FirstRule, error) { return firstRules.Parse(s) }

// MarshalText is the value's name.
func (f FirstRule) MarshalText() ([]byte, error) { return firstRules.Marshal(f) }

// UnmarshalText reads a value's name.
func (f *FirstRule) UnmarshalText(b []byte) error { return firstRules.Unmarshal(f, b) }

// QuantileType says how a quantile between two values is taken.
type QuantileType uint8

// The quantile types.
const (
	QuantileUnknown QuantileType = iota
	QuantileType7                // linear between order statistics, at (n-1)p: Hyndman and Fan 1996, type 7
	QuantileLower                // the order statistic at the floor of (n-1)p: of two middle values the lower
)

var quantileTypes = enum.Table[QuantileType]{Type: "metrics.QuantileType", Names: []string{"unknown", "type-7", "lower"}}

// String is the value's name.
func (q QuantileType) String() string { return quantileTypes.Text(q) }

// ParseQuantileType reads a value's name.
func ParseQuantileType(s string) (QuantileType, error) { return quantileTypes.Parse(s) }

// MarshalText is the value's name.
func (q QuantileType) MarshalText() ([]byte, error) { return quantileTypes.Marshal(q) }

// UnmarshalText reads a value's name.
func (q *QuantileType) UnmarshalText(b []byte) error { return quantileTypes.Unmarshal(q, b) }

// RecoveryStart says when the recovery time of a failed deployment begins.
type RecoveryStart uint8

// The beginnings of a recovery.
const (
	RecoveryStartUnknown RecoveryStart = iota
	RecoverFromDeployed                // when the version was first exposed
	RecoverFromDetected                // at the first detection: an incident, or health; exposure where there is none
	RecoverFromEnded                   // at the end of the attempt, [Deployment.At]
)

var recoveryStarts = enum.Table[RecoveryStart]{Type: "metrics.RecoveryStart", Names: []string{"unknown", "deployed", "detected", "ended"}}

// String is the value's name.
func (r RecoveryStart) String() string { return recoveryStarts.Text(r) }

// ParseRecoveryStart reads a value's name.
func ParseRecoveryStart(s string) (RecoveryStart, error) { return recoveryStarts.Parse(s) }

// MarshalText is the value's name.
func (r RecoveryStart) MarshalText() ([]byte, error) { return recoveryStarts.Marshal(r) }

// UnmarshalText reads a value's name.
func (r *RecoveryStart) UnmarshalText(b []byte) error { return recoveryStarts.Unmarshal(r, b) }

// RecoveryEnd says when the recovery time of a failed deployment ends.
type RecoveryEnd uint8

// The ends of a recovery.
const (
	RecoveryEndUnknown RecoveryEnd = iota
	RecoverToResolved              // when the last of its incidents is resolved; by rollback or recovery if it has none
	RecoverToRestored              // at the first of: rolled back, recovered, its last incident resolved
	RecoverToMitigated             // as resolved, but an incident is over when users no longer felt it, where that is known
	RecoverToSuccess               // when the next deployment of the service there succeeds; failed attempts recover too, where they count
)

var recoveryEnds = enum.Table[RecoveryEnd]{Type: "metrics.RecoveryEnd", Names: []string{"unknown", "resolved", "restored", "mitigated", "success"}}

// String is the value's name.
func (r RecoveryEnd) String() string { return recoveryEnds.Text(r) }

// ParseRecoveryEnd reads a value's name.
func ParseRecoveryEnd(s string) (RecoveryEnd, error) { return recoveryEnds.Parse(s) }

// MarshalText is the value's name.
func (r RecoveryEnd) MarshalText() ([]byte, error) { return recoveryEnds.Marshal(r) }

// UnmarshalText reads a value's name.
func (r *RecoveryEnd) UnmarshalText(b []byte) error { return recoveryEnds.Unmarshal(r, b) }

// RecoveryWindow says to which window a recovery belongs.
type RecoveryWindow uint8

// The windows of a recovery.
const (
	RecoveryWindowUnknown RecoveryWindow = iota
	RecoveryByDeployment                 // the window of the deployment that failed
	RecoveryByStart                      // the window in which the recovery began
	RecoveryByEnd                        // the window in which it ended; what is open stands in the window of the snapshot, so that windows before it seem quick
)

var recoveryWindows = enum.Table[RecoveryWindow]{Type: "metrics.RecoveryWindow", Names: []string{"unknown", "deployment", "start", "end"}}

// String is the value's name.
func (r RecoveryWindow) String() string { return recoveryWindows.Text(r) }

// ParseRecoveryWindow reads a value's name.
func ParseRecoveryWindow(s string) (RecoveryWindow, error) { return recoveryWindows.Parse(s) }

// MarshalText is the value's name.
func (r RecoveryWindow) MarshalText() ([]byte, error) { return recoveryWindows.Marshal(r) }

// UnmarshalText reads a value's name.
func (r *RecoveryWindow) UnmarshalText(b []byte) error { return recoveryWindows.Unmarshal(r, b) }
