package rollout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// The kinds of records of a target's stream.
const (
	RecordStarted = "rollout/started" // a rollout began: plan, who, why
	RecordFacts   = "rollout/facts"   // what gates, health and deployer answered
	RecordAction  = "rollout/action"  // an action was ordered; it is pending until facts show it done
	RecordPaused  = "rollout/paused"  // no widening until resumed
	RecordResumed = "rollout/resumed"
	RecordAborted = "rollout/aborted" // take it back, stop it if nothing was exposed, or end it where it stands
	RecordEnded   = "rollout/ended"   // deployed, rolled back, stopped, halted or replaced
	RecordAdopted = "rollout/adopted" // the host says what serves, by other means than a rollout

	RecordRetreating = "rollout/retreating" // it is to be taken back, and gates or dependents are asked first
	RecordHeld       = "rollout/held"       // it should be taken back and cannot be: nothing widens
	RecordApproved   = "rollout/approved"   // somebody approved a stage, or all
	RecordRevoked    = "rollout/revoked"    // and took it back
	RecordSkipped    = "rollout/skipped"    // the rest of a stage's bake is not waited for
	RecordOverridden = "rollout/overridden" // a gate's hold is lifted for a stage
	RecordSuperseded = "rollout/superseded" // another release is to take its place
)

// recordVersion is the version of the shapes below. A reader refuses any other.
const recordVersion = 1

// ErrUnknownRecord says that a stream holds a record of a kind or version that
// this program does not know: a newer program wrote it. Nothing may be decided
// on such a stream.
var ErrUnknownRecord = errors.New("rollout: the stream has a record that this program does not know")

type startedData struct {
	V        int            `json:"v"`
	Plan     Plan           `json:"plan"`
	Digest   release.Digest `json:"digest"`
	By       By             `json:"by"`
	Override bool           `json:"override,omitempty"`
	// Ordered is the number of the record that ordered this rollout to take the place of
	// another; 0 if none did.
	Ordered uint64 `json:"ordered,omitempty"`
}

// sentence is the record's reason.
func (d *startedData) sentence() string {
	if d.By.Reason != "" {
		return d.By.Reason
	}
	return fmt.Sprintf("roll out %v", d.Plan.Release)
}

type factsData struct {
	V int `json:"v"`
	Facts
}

type actionData struct {
	V      int            `json:"v"`
	Action Action         `json:"action"`
	Cause  release.Reason `json:"cause,omitzero"`
	// Withdrawn are all slices that the action leaves out; of a withdrawal only.
	Withdrawn []Withdrawn `json:"withdrawn,omitempty"`
}

type commandData struct {
	V     int    `json:"v"`
	By    By     `json:"by"`
	Stage string `json:"stage,omitempty"` // of an approval and its revocation; "" is all
	Gate  string `json:"gate,omitempty"`  // of an override
}

type retreatData struct {
	V     int            `json:"v"`
	Cause release.Reason `json:"cause"`
}

type heldData struct {
	V int `json:"v"`
	Held
}

type supersededData struct {
	V       int            `json:"v"`
	Plan    Plan           `json:"plan"`
	Digest  release.Digest `json:"digest"`
	By      By             `json:"by"`
	Forward bool           `json:"forward,omitempty"`
}

type endedData struct {
	V     int            `json:"v"`
	Phase Phase          `json:"phase"`
	Cause release.Reason `json:"cause,omitzero"`
}

type adoptedData struct {
	V       int         `json:"v"`
	Release release.Ref `json:"release"`
	By      By          `json:"by"`
}

// entry makes an entry. The same arguments make the same bytes.
func entry(at time.Time, actor, kind, reason string, data any) (journal.Entry, error) {
	b, err := json.Marshal(data)
	if err != nil {
		return journal.Entry{}, fmt.Errorf("rollout: encode %s: %w", kind, err)
	}
	if len(b) > journal.MaxData {
		return journal.Entry{}, fmt.Errorf("rollout: encode %s: %d bytes are more than a record holds", kind, len(b))
	}
	return journal.Entry{At: at, Actor: actor, Kind: kind, Reason: clip(reason), Data: b}, nil
}

// decode reads a record's data strictly: it must be, byte for byte, what this
// program would have written. A member that it does not know might have changed
// what the rest means, and one that stands twice is read differently by others.
func decode(r journal.Record, into versioned) error {
	err := json.Unmarshal(r.Data, into)
	v := into.version()
	if err == nil && v == recordVersion {
		if again, bad := json.Marshal(into); bad != nil || !bytes.Equal(again, r.Data) {
			err = errors.New("its data is not what this version writes")
		}
	}
	if err != nil {
		// A newer version may well have members that this one does not know.
		var probe struct {
			V int `json:"v"`
		}
		if json.Unmarshal(r.Data, &probe) == nil {
			v = probe.V
		}
	}
	if v != recordVersion && v != 0 {
		return fmt.Errorf("%w: record %d of %q, %s, has version %d", ErrUnknownRecord, r.Seq, r.Stream, r.Kind, v)
	}
	if err == nil && v == 0 {
		err = errors.New("it has no version")
	}
	if err != nil {
		return fmt.Errorf("rollout: record %d of %q, %s: %w", r.Seq, r.Stream, r.Kind, err)
	}
	return nil
}

// decodeFacts is decode of facts, of which there are most.
func decodeFacts(r journal.Record) (factsData, error) {
	if d, ok := readFacts(r.Data); ok {
		return d, nil
	}
	var d factsData
	err := decode(r, &d)
	return d, err
}

// versioned is the data of a record.
type versioned interface{ version() int }

func (d *startedData) version() int    { return d.V }
func (d *factsData) version() int      { return d.V }
func (d *actionData) version() int     { return d.V }
func (d *commandData) version() int    { return d.V }
func (d *endedData) version() int      { return d.V }
func (d *adoptedData) version() int    { return d.V }
func (d *retreatData) version() int    { return d.V }
func (d *heldData) version() int       { return d.V }
func (d *supersededData) version() int { return d.V }
