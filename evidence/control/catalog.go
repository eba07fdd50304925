package control

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// Kind is a kind of evidence that a control can be supported by.
type Kind string

// The kinds. Those that this package cannot see in a record or in statements that it knows
// are for the host's [Input.Classify].
const (
	KindAdvisory       Kind = "advisory"          // published flaws, matched with the dependencies
	KindApproval       Kind = "approval"          // somebody approved the release
	KindArchive        Kind = "archive-record"    // a store's signed word on what it keeps of the release
	KindDigest         Kind = "artifact-digest"   // signed statements name every artifact by its digest
	KindChangeSet      Kind = "change-set"        // what changed, signed for by a decision
	KindReview         Kind = "code-review"       // a review, witnessed
	KindBaseline       Kind = "config-baseline"   // configuration against its baseline; host
	KindCoverage       Kind = "coverage"          // how much the tests ran; host
	KindDAST           Kind = "dast"              // a dynamic scan; host
	KindDependencyDiff Kind = "dep-diff"          // the dependencies that changed, read completely
	KindDeployment     Kind = "deployment-record" // signed steps of a deployment
	KindExternal       Kind = "external-ref"      // something outside; host
	KindFuzz           Kind = "fuzz"              // fuzzing; host
	KindDecision       Kind = "gate-decision"     // a signed allow
	KindIncident       Kind = "incident"          // an incident and its cause; host
	KindInfraDiff      Kind = "infra-diff"        // the infrastructure that changes, read completely
	KindLicense        Kind = "license-scan"      // licences; host
	KindMetrics        Kind = "metrics"           // measured delivery performance; host
	KindMonitoring     Kind = "monitoring"        // health while exposed; host
	KindProvenance     Kind = "provenance"        // how the artifacts were built
	KindRecord         Kind = "release-record"    // the record of the release, signed for by a decision
	KindRequirement    Kind = "requirement-ref"   // a requirement that was gone by; host
	KindAssessment     Kind = "risk-assessment"   // the tier and its reasons, signed for by a decision
	KindRollback       Kind = "rollback-record"   // a signed step back
	KindRollout        Kind = "rollout-record"    // signed stages of exposure
	KindSAST           Kind = "sast"              // a static scan; host
	KindSBOM           Kind = "sbom"              // a bill of materials
	KindSecretScan     Kind = "secret-scan"       // a search for secrets; host
	KindSignature      Kind = "signature"         // a verified signature over the artifacts
	KindTest           Kind = "test-result"       // tests that passed
	KindThreatModel    Kind = "threat-model"      // a threat model; host
	KindToolchain      Kind = "toolchain-record"  // the tools of the build; host
	KindVEX            Kind = "vex"               // whether published flaws can be exploited
	KindVulnScan       Kind = "vuln-scan"         // a scan for published flaws
	KindWaiver         Kind = "waiver"            // exceptions that were followed, signed for by a decision
)

// Fit says how well evidence of a release can support a control.
type Fit uint8

const (
	FitUnknown    Fit = iota // the zero value; a catalogue with one is refused
	FitNone                  // not at all
	FitContext               // it only touches on it
	FitSupporting            // in part
	FitPrimary               // it is what the control asks for
)

var fits = enum.Table[Fit]{Type: "control.Fit", Names: []string{"unknown", "none", "context", "supporting", "primary"}}

// String is the fit's name.
func (f Fit) String() string { return fits.Text(f) }

// ParseFit is the fit of a name that [Fit.String] gives.
func ParseFit(s string) (Fit, error) { return fits.Parse(s) }

// Control is one thing that a framework asks for.
type Control struct {
	// ID is the framework's own, such as "PW.8.2". Title is what it asks for, in short words.
	ID    string
	Title string
	// Kinds are what can support it, any of them. Only a control whose fit is none or context may have none.
	Kinds []Kind
	// Fit is how well these can.
	Fit Fit
	// Draft says that the control is not in force.
	Draft bool
}

// Catalog is a framework.
type Catalog struct {
	// Name is short and unique, such as "ssdf", Version the framework's. Title is for people.
	Name, Version, Title string
	// Controls are in the framework's order.
	Controls []Control
}

// Validate reports every mistake of a catalogue.
func (c Catalog) Validate() error {
	var errs []error
	if strings.TrimSpace(c.Name) == "" || strings.TrimSpace(c.Version) == "" || strings.TrimSpace(c.Title) == "" {
		errs = append(errs, errors.New("no name, version or title"))
	}
	if len(c.Controls) == 0 {
		errs = append(errs, errors.New("no controls"))
	}
	seen := map[string]int{}
	for i, k := range c.Controls {
		at := fmt.Sprintf("control %d (%q)", i+1, k.ID)
		if first, twice := seen[k.ID]; twice {
			errs = append(errs, fmt.Errorf("%s: the id is that of control %d", at, first))
		}
		seen[k.ID] = i + 1
		if strings.TrimSpace(k.ID) == "" || strings.TrimSpace(k.Title) == "" {
			errs = append(errs, fmt.Errorf("%s: no id or title", at))
		}
		if k.Fit == FitUnknown || k.Fit > FitPrimary {
			errs = append(errs, fmt.Errorf("%s: the fit is %v", at, k.Fit))
		}
		if k.Fit >= FitSupporting && len(k.Kinds) == 0 {
			errs = append(errs, fmt.Errorf("%s: its fit is %v, but no kind of evidence supports it", at, k.Fit))
		}
		kinds := map[Kind]bool{}
		for _, kind := range k.Kinds {
			if kind == "" || kinds[kind] {
				errs = append(errs, fmt.Errorf("%s: kind %q is empty or stands twice", at, kind))
			}
			kinds[kind] = true
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("control: catalogue %q: %w", c.Name, err)
	}
	return nil
}

// Catalogs are all that this package has, in the order of their names and versions. The
// caller owns them.
func Catalogs() []Catalog {
	return []Catalog{CICDSEC(), DORA(), OWASP2025(), PCIDSS(), SLSA(), SOC2(), SSDF(), SSDFDraft()}
}

func kinds(names ...Kind) []Kind { return names }
