package analysis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// StreamPrefix begins the name of every stream of this package, and of no other.
const StreamPrefix = "analysis/"

// Stream is the name of the stream of a rollout, given its [rollout.Rollout].ID.
func Stream(rolloutID string) string { return StreamPrefix + rolloutID }

// The kinds of records.
const (
	RecordPart   = "analysis/part"   // a part of the traffic is judged from here on: policy, length of windows
	RecordStage  = "analysis/stage"  // a stage was observed: certificates begin anew
	RecordWindow = "analysis/window" // a closed window was read: its samples
)

// recordVersion is the version of the shapes below. A reader refuses any other.
const recordVersion = 1

// ErrUnknownRecord says that a stream holds a record of a kind or version that this
// program does not know: a newer program wrote it. There are no verdicts then.
var ErrUnknownRecord = errors.New("analysis: the stream has a record that this program does not know")

type partData struct {
	V int `json:"v"`
	// Slice is the slice that was asked about; nil for the whole stage.
	Slice *rollout.Slice `json:"slice,omitempty"`
	// From is where the first window begins at the earliest, Length how long they are.
	From   time.Time     `json:"from"`
	Length time.Duration `json:"length"`
	// Policy is what the part's samples are of; its Alpha is the part's share. Watch is
	// set once no control is left.
	Policy health.Policy       `json:"policy"`
	Watch  *health.WatchPolicy `json:"watch,omitempty"`
}

type stageData struct {
	V     int           `json:"v"`
	Stage rollout.Stage `json:"stage"`
	// Since is when it was observed, Last whether everybody has the release.
	Since time.Time `json:"since"`
	Last  bool      `json:"last,omitempty"`
}

type windowData struct {
	V int `json:"v"`
	// Slice and Watch say which part was read.
	Slice   *rollout.Slice  `json:"slice,omitempty"`
	Watch   bool            `json:"watch,omitempty"`
	Window  health.Window   `json:"window"`
	Samples []health.Sample `json:"samples"`
}

// entry makes an entry. The same arguments make the same bytes.
func entry(at time.Time, actor, kind, reason string, data any) (journal.Entry, error) {
	b, err := json.Marshal(data)
	if err != nil {
		return journal.Entry{}, fmt.Errorf("analysis: encode %s: %w", kind, err)
	}
	if len(b) > journal.MaxData {
		return journal.Entry{}, fmt.Errorf("analysis: encode %s: %d bytes are more than a record holds", kind, len(b))
	}
	return journal.Entry{At: at, Actor: actor, Kind: kind, Reason: reason, Data: b}, nil
}

// decode reads a record's data strictly: it must be, byte for byte, what this program
// would have written.
func decode(rec journal.Record, into any) error {
	var probe struct {
		V int `json:"v"`
	}
	err := json.Unmarshal(rec.Data, &probe)
	if err == nil && probe.V != recordVersion {
		return fmt.Errorf("%w: record %d of %q, %s, has version %d", ErrUnknownRecord, rec.Seq, rec.Stream, rec.Kind, probe.V)
	}
	if err == nil {
		err = json.Unmarshal(rec.Data, into)
	}
	if err == nil {
		if again, bad := json.Marshal(into); bad != nil || !bytes.Equal(again, rec.Data) {
			err = errors.New("its data is not what this version writes")
		}
	}
	if err != nil {
		return fmt.Errorf("analysis: record %d of %q, %s: %w", rec.Seq, rec.Stream, rec.Kind, err)
	}
	return nil
}
