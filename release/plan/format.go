package plan

import (
	"encoding/json"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// What a plan may have. A larger one is a gap.
const (
	// MaxBytes is the size of the largest plan that is read.
	MaxBytes = 16 << 20
	// MaxDepth is how deep its values may be nested.
	MaxDepth = 100
	// MaxResources is how many changes its lists may have together.
	MaxResources = 1 << 15
	// MaxNodes is how many values the attributes of one resource may have, on both
	// sides together. The attributes of a larger one are a gap; the change is reported.
	MaxNodes = 1 << 17
	// MaxAttributes is how many paths are listed of one resource. Detail says how many
	// more there are; labels take account of all.
	MaxAttributes = 200
	// MaxAddress is how long an address may be, in bytes.
	MaxAddress = 2000
)

var limits = strictjson.Limits{Package: "plan", Bytes: MaxBytes, Depth: MaxDepth, Names: 1 << 17, Elements: MaxResources}

// document is a plan, as far as it is read.
type document struct {
	FormatVersion    string            `json:"format_version"`
	TerraformVersion string            `json:"terraform_version"`
	Timestamp        string            `json:"timestamp"`
	Complete         *bool             `json:"complete"`
	Errored          bool              `json:"errored"`
	Changes          []resource        `json:"resource_changes"`
	Drift            []resource        `json:"resource_drift"`
	Deferred         []deferred        `json:"deferred_changes"`
	Outputs          map[string]change `json:"output_changes"`
	Checks           []check           `json:"checks"`
	Actions          []invocation      `json:"action_invocations"`
	DeferredActions  []anything        `json:"deferred_action_invocations"`
	Planned          anything          `json:"planned_values"`
	Configuration    configuration     `json:"configuration"`
	Values           anything          `json:"values"`
}

// resource is an element of resource_changes and resource_drift.
type resource struct {
	Address         string `json:"address"`
	PreviousAddress string `json:"previous_address"`
	Mode            string `json:"mode"`
	Type            string `json:"type"`
	Deposed         string `json:"deposed"`
	Reason          string `json:"action_reason"`
	Change          change `json:"change"`
}

// change is the "change representation".
type change struct {
	Actions         []string        `json:"actions"`
	Before          json.RawMessage `json:"before"`
	After           json.RawMessage `json:"after"`
	AfterUnknown    json.RawMessage `json:"after_unknown"`
	BeforeSensitive json.RawMessage `json:"before_sensitive"`
	AfterSensitive  json.RawMessage `json:"after_sensitive"`
	ReplacePaths    json.RawMessage `json:"replace_paths"`
	Importing       anything        `json:"importing"`
}

type deferred struct {
	Reason string   `json:"reason"`
	Change resource `json:"resource_change"`
}

// check is the result of a condition of the configuration.
type check struct {
	Address struct {
		Display string `json:"to_display"`
	} `json:"address"`
	Status string `json:"status"`
}

// invocation is an action of a provider that the plan runs.
type invocation struct {
	Address string `json:"address"`
	Type    string `json:"type"`
}

// anything is a value that only has to be there. It keeps nothing.
type anything bool

// UnmarshalJSON notes whether there is something other than null.
func (a *anything) UnmarshalJSON(b []byte) error {
	*a = string(b) != "null"
	return nil
}
