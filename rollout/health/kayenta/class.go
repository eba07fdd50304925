package kayenta

import "github.com/sallyport-dev/sallyport/internal/enum"

// Class is what is said of one metric.
type Class uint8

// The classes of metrics.
const (
	ClassUnknown          Class = iota // not classified
	ClassPass                          // no difference was shown; not evidence that there is none
	ClassHigh                          // the canary is higher
	ClassLow                           // the canary is lower
	ClassNodata                        // one side has no values: left out of the score
	ClassNodataFailMetric              // the same, of a metric that must have data: counts as not passed
	ClassError                         // the values cannot be compared
)

var classes = enum.Table[Class]{Type: "kayenta.Class", Names: []string{"unknown", "Pass", "High", "Low", "Nodata", "NodataFailMetric", "Error"}}

// String is the class's name, as Kayenta writes it.
func (c Class) String() string { return classes.Text(c) }

// ParseClass reads a class's name.
func ParseClass(s string) (Class, error) { return classes.Parse(s) }

// MarshalText is the class's name.
func (c Class) MarshalText() ([]byte, error) { return classes.Marshal(c) }

// UnmarshalText reads a class's name.
func (c *Class) UnmarshalText(b []byte) error { return classes.Unmarshal(c, b) }

// Outcome is what is said of the canary.
type Outcome uint8

// The outcomes.
const (
	OutcomeUnknown  Outcome = iota // not judged
	OutcomeFail                    // the score is below Marginal
	OutcomeMarginal                // the score is between the thresholds
	OutcomePass                    // the score has reached Pass; not evidence of health
)

var outcomes = enum.Table[Outcome]{Type: "kayenta.Outcome", Names: []string{"unknown", "Fail", "Marginal", "Pass"}}

// String is the outcome's name, as Kayenta writes it.
func (o Outcome) String() string { return outcomes.Text(o) }

// ParseOutcome reads an outcome's name.
func ParseOutcome(s string) (Outcome, error) { return outcomes.Parse(s) }

// MarshalText is the outcome's name.
func (o Outcome) MarshalText() ([]byte, error) { return outcomes.Marshal(o) }

// UnmarshalText reads an outcome's name.
func (o *Outcome) UnmarshalText(b []byte) error { return outcomes.Unmarshal(o, b) }
