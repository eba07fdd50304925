package evidence

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// SLSA lets provenance count only as SLSA's verification of build provenance has it
// (https://slsa.dev/spec/v1.2/verifying-artifacts): it names a builder that the host
// trusts with the level and that its signer may speak for, and the build is one that
// is expected, with all of its external parameters. Provenance v1 and v0.2 can do so,
// older provenance cannot. The rule is met by one such statement, and its [Result]
// names the level that was reached.
type SLSA struct {
	// Level is the level of the build track that is asked for at least: 1, 2 or 3.
	Level int
	// Builders are the roots of trust. A builder that is not here is not trusted with
	// level 1 either.
	Builders []Builder
	// Builds are how the release may have been built: one of them must fit. At least
	// one.
	Builds []Build
}

// Builder is a builder with those who sign for it: a pair that SLSA demands, because
// anybody can write somebody else's builder.id.
type Builder struct {
	// ID is the builder.id, exactly.
	ID string
	// By are the principals that sign its provenance. At least one.
	By []Principal
	// Level is the highest level that the host trusts the builder with: 1, 2 or 3. The
	// provenance does not tell it.
	Level int
}

// ID is "slsa" and the level.
func (r SLSA) ID() string { return fmt.Sprintf("slsa build level %d", r.Level) }

func (r SLSA) validate() error {
	var errs []error
	if r.Level < 1 || r.Level > 3 {
		errs = append(errs, fmt.Errorf("level %d is none of 1, 2 and 3", r.Level))
	}
	highest := 0
	for i, b := range r.Builders {
		if err := b.validate(); err != nil {
			errs = append(errs, fmt.Errorf("builders[%d]: %w", i, err))
		}
		highest = max(highest, b.Level)
	}
	if highest < r.Level {
		errs = append(errs, fmt.Errorf("no builder is trusted with level %d", r.Level))
	}
	if len(r.Builds) == 0 {
		errs = append(errs, errors.New("no build is expected"))
	}
	for i, b := range r.Builds {
		if _, err := b.expectation(); err != nil {
			errs = append(errs, fmt.Errorf("builds[%d]: %w", i, err))
		}
	}
	return errors.Join(errs...)
}

func (b Builder) validate() error {
	errs := []error{texts([]string{b.ID}, b.By...), signers(b.By)}
	if b.ID == "" {
		errs = append(errs, errors.New("no id"))
	}
	if b.Level < 1 || b.Level > 3 {
		errs = append(errs, fmt.Errorf("level %d is none of 1, 2 and 3", b.Level))
	}
	return errors.Join(errs...)
}

// signers reports what is wrong with those who sign for a builder or a verifier.
func signers(by []Principal) error {
	var errs []error
	if len(by) == 0 {
		errs = append(errs, errors.New("nobody signs for it"))
	}
	for i, p := range by {
		if p.IsZero() {
			errs = append(errs, fmt.Errorf("by[%d] is nobody", i))
		}
	}
	return errors.Join(errs...)
}

func (r SLSA) policy() any { return r }

func (r SLSA) demand() demand { return demand{kind: release.EvidenceProvenance, need: 1} }

func (r SLSA) admits(_ *judge, it *item) (code string, until time.Time) {
	if it.kind != release.EvidenceProvenance {
		return "", until
	}
	b := it.verified.buildOf()
	if b == nil {
		return CodeBuildType, until
	}
	switch level := r.level(b, it.by.Principal); {
	case level == 0:
		return CodeBuilder, until
	case level < r.Level:
		return CodeLevel, until
	}
	code, it.fault = r.expects(b, it)
	return code, until
}

// level is the one that the builder is trusted with through the signer, 0 for none.
func (r SLSA) level(b *build, signer Principal) int {
	level := 0
	for _, t := range r.Builders {
		if t.ID == b.builder && slices.Contains(t.By, signer) {
			level = max(level, t.Level)
		}
	}
	return level
}

// expects is "" if one of the builds fits, and otherwise what keeps those from it that
// come closest; fault says it of the first of them, where there is more to say.
func (r SLSA) expects(b *build, it *item) (code, fault string) {
	code = CodeBuildType
	for _, want := range r.Builds {
		switch {
		case want.Type != b.buildType:
		case want.Source != "" && (b.source == nil || b.source.repository != want.Source):
			if code == CodeBuildType {
				code = CodeSource
			}
		default:
			err := want.check(b, it.statement.predicate)
			if err == nil {
				return "", ""
			}
			if code != CodeParameters {
				code, fault = CodeParameters, err.Error()
			}
		}
	}
	return code, fault
}

func (r SLSA) levels(o *outcome, demand int) []string {
	level := 0
	for _, e := range o.entries[demand] {
		if b := e.it.verified.buildOf(); b != nil && !o.apart(e.it) {
			level = max(level, r.level(b, e.it.by.Principal))
		}
	}
	return []string{levelText("BUILD", level)}
}
