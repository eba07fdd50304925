package predicate

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// TypeRuntimeTrace is the predicate type of [RuntimeTrace].
const TypeRuntimeTrace = "https://in-toto.io/attestation/runtime-trace/v0.1"

// RuntimeTrace is in-toto's runtime trace v0.1: what a monitor saw of a step
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/runtime-trace.md).
type RuntimeTrace struct {
	// Monitor is what watched, MonitoredProcess what was watched, MonitorLog what was
	// seen.
	Monitor          Monitor          `json:"monitor"`
	MonitoredProcess MonitoredProcess `json:"monitoredProcess"`
	MonitorLog       MonitorLog       `json:"monitorLog"`
	// Metadata says when.
	Metadata TraceMetadata `json:"metadata,omitzero"`
}

// Monitor is what watched a step.
type Monitor struct {
	// Type is the URI of the monitor; it says how to read the rest. Required.
	Type string `json:"type"`
	// ConfigSource is where its configuration is, nil if that is not told.
	ConfigSource *Resource `json:"configSource,omitempty"`
	// TracePolicy is what it was told to watch, in its own form.
	TracePolicy json.RawMessage `json:"tracePolicy,omitempty"`
}

// MonitoredProcess is what was watched. All of it is required.
type MonitoredProcess struct {
	// HostID is the URI of the host, Type the URI of the kind of process, and Event the
	// job.
	HostID string `json:"hostID"`
	Type   string `json:"type"`
	Event  string `json:"event"`
}

// MonitorLog is what was seen. At least one of the lists must be there.
type MonitorLog struct {
	// Process and Network are objects in the monitor's form. An empty list says that
	// nothing was seen, nil that nobody tells.
	Process []json.RawMessage `json:"process,omitzero"`
	Network []json.RawMessage `json:"network,omitzero"`
	// FileAccess are the files that were opened, once for each time.
	FileAccess []Resource `json:"fileAccess,omitzero"`
}

// TraceMetadata is when the watched build ran, by the monitor's claim. A time is
// zero where it is not told.
type TraceMetadata struct {
	// BuildStartedOn and BuildFinishedOn are the first and the last moment.
	BuildStartedOn  time.Time `json:"buildStartedOn,omitzero"`
	BuildFinishedOn time.Time `json:"buildFinishedOn,omitzero"`
}

// PredicateType is [TypeRuntimeTrace].
func (RuntimeTrace) PredicateType() string { return TypeRuntimeTrace }

// Validate demands a monitor, a process, and something of the log.
func (r RuntimeTrace) Validate() error {
	var errs []error
	for _, f := range []struct{ name, value string }{
		{"monitor.type", r.Monitor.Type},
		{"monitoredProcess.hostID", r.MonitoredProcess.HostID},
		{"monitoredProcess.type", r.MonitoredProcess.Type},
		{"monitoredProcess.event", r.MonitoredProcess.Event},
	} {
		if f.value == "" {
			errs = append(errs, fmt.Errorf("no %s", f.name))
		}
	}
	log := r.MonitorLog
	if log.Process == nil && log.Network == nil && log.FileAccess == nil {
		errs = append(errs, errors.New("monitorLog has none of process, network and fileAccess"))
	}
	return invalid(r, append(errs,
		validateOptional("monitor.configSource", r.Monitor.ConfigSource),
		validateObject("monitor.tracePolicy", r.Monitor.TracePolicy),
		validateObjects("monitorLog.process", log.Process),
		validateObjects("monitorLog.network", log.Network),
		validateAll("monitorLog.fileAccess", log.FileAccess))...)
}
