package cdevents

import (
	"maps"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/metrics"
)

// Gap says what is missing for an event to be joined.
type Gap uint8

// The gaps.
const (
	GapUnknown     Gap = iota
	GapNotMerged       // the change was created or reviewed, and is not known to be merged: no fact
	GapNoVersion       // the artifact that was packaged has no version, so that no deployment of it can be told
	GapNotDeployed     // no deployment of the artifact that was packaged is known
	GapNoChange        // the deployment has no changes, or the package's change is not known or one of several: no lead time
	GapNoTarget        // what the service was rolled back from is not known
	GapNoStart         // the incident was resolved, and is not known to have begun before: no fact
	GapNoCause         // the incident links to several deployments, and names none
	GapOutcome         // the run of the pipeline neither failed nor succeeded: no fact
)

var gaps = enum.Table[Gap]{Type: "cdevents.Gap", Names: []string{"unknown", "not-merged", "no-version", "not-deployed", "no-change",
	"no-target", "no-start", "no-cause", "outcome"}}

// String is the gap's name.
func (g Gap) String() string { return gaps.Text(g) }

// ParseGap reads a gap's name.
func ParseGap(s string) (Gap, error) { return gaps.Parse(s) }

// MarshalText is the gap's name.
func (g Gap) MarshalText() ([]byte, error) { return gaps.Marshal(g) }

// UnmarshalText reads a gap's name.
func (g *Gap) UnmarshalText(b []byte) error { return gaps.Unmarshal(g, b) }

// Unjoined is an event for which something is missing so far.
type Unjoined struct {
	// Event names it by the source and id of its context; Kind says what it is, At when
	// it was.
	Event metrics.Ref
	Kind  Kind
	At    time.Time
	// Gap is what is missing.
	Gap Gap
}

// Unjoined lists the events held for which something is missing so far, in the order of
// their names. It looks at all of them.
func (j *Joiner) Unjoined() []Unjoined {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []Unjoined
	for _, name := range slices.SortedFunc(maps.Keys(j.events), metrics.Ref.Compare) {
		h := j.events[name]
		if g := j.gap(h); g != GapUnknown {
			out = append(out, Unjoined{Event: name, Kind: h.kind, At: h.at, Gap: g})
		}
	}
	return out
}

// gap is what is missing for an event. To make its fact again changes nothing.
func (j *Joiner) gap(h *held) Gap {
	r := &reading{j: j, fact: h.own()}
	if h.kind == ArtifactPackaged {
		switch k := artifactKey(h.artifact); {
		case k == "":
			return GapNoVersion
		case len(j.bucket(key{byArtifact, k}).readers) == 0:
			return GapNotDeployed
		case !j.merged(j.changeOf(&reading{j: j}, h)) || len(j.bucket(key{byArtifact, k}).members) > maxBucket:
			return GapNoChange
		}
		return GapUnknown
	}
	switch f := j.make(r).(type) {
	case metrics.Deployment:
		switch {
		case h.kind == ServiceRolledBack && f.RollbackOf.IsZero():
			return GapNoTarget
		case h.kind.deploys() && len(f.Changes) == 0:
			return GapNoChange
		}
	case metrics.Incident:
		switch {
		case f.Deleted:
			return GapNoStart
		case f.CausedBy.IsZero() && h.kind != IncidentResolved && r.causes > 1:
			return GapNoCause
		}
	case nil:
		if h.kind == PipelineRunFinished {
			return GapOutcome
		}
		return GapNotMerged
	}
	return GapUnknown
}

// merged reports whether a change is known to be merged.
func (j *Joiner) merged(name metrics.Ref) bool {
	return slices.ContainsFunc(j.changes[name], func(h *held) bool { return h.kind == ChangeMerged })
}
