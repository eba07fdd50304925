package predicate

import (
	"errors"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// TestResult is in-toto's test-result v0.1
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md).
type TestResult struct {
	// Result is the outcome of the whole run; unknown, the zero value, is refused.
	Result TestOutcome `json:"result"`
	// Configuration is what the tests ran with: scripts, definitions of pipelines.
	Configuration []Resource `json:"configuration"`
	// URL is where to read more about the run.
	URL string `json:"url,omitempty"`
	// PassedTests, WarnedTests and FailedTests are names of tests, where the runner
	// lists them. FailedTests must be empty if Result is passed.
	PassedTests []string `json:"passedTests,omitzero"`
	WarnedTests []string `json:"warnedTests,omitzero"`
	FailedTests []string `json:"failedTests,omitzero"`
}

// TestOutcome is the result of a test run.
type TestOutcome uint8

// The outcomes. Only passed meets a requirement; warned is neither success nor
// failure.
const (
	TestUnknown TestOutcome = iota
	TestPassed
	TestWarned
	TestFailed
)

var testOutcomes = enum.Table[TestOutcome]{Type: "predicate.TestOutcome", Names: []string{"UNKNOWN", "PASSED", "WARNED", "FAILED"}}

// String is the outcome's name in the specification.
func (o TestOutcome) String() string { return testOutcomes.Text(o) }

// ParseTestOutcome reads an outcome's name.
func ParseTestOutcome(s string) (TestOutcome, error) { return testOutcomes.Parse(s) }

// MarshalText is the outcome's name.
func (o TestOutcome) MarshalText() ([]byte, error) { return testOutcomes.Marshal(o) }

// UnmarshalText reads an outcome's name.
func (o *TestOutcome) UnmarshalText(b []byte) error { return testOutcomes.Unmarshal(o, b) }

// PredicateType is [TypeTestResult].
func (TestResult) PredicateType() string { return TypeTestResult }

// Validate demands a result and a configuration, and refuses a success that
// lists failed tests.
func (t TestResult) Validate() error {
	var errs []error
	if t.Result == TestUnknown || t.Result > TestFailed {
		errs = append(errs, errors.New("no result"))
	}
	if t.Configuration == nil {
		errs = append(errs, errors.New("no configuration"))
	}
	if t.Result == TestPassed && len(t.FailedTests) > 0 {
		errs = append(errs, errors.New("it says PASSED and lists failed tests"))
	}
	return invalid(t, append(errs, validateAll("configuration", t.Configuration))...)
}
