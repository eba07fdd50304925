package evidence

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/jsonvalue"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// Build is what is expected of a build. Every external parameter, at whatever depth,
// must have an expected value or be ignored: one that nobody expects may be how a
// stranger got into the build. Null and an empty object are no parameter.
//
// Provenance v0.2 whose buildConfig has the steps of the build, and whose configSource
// does not say where they are from, fits no build: nothing says who wrote them.
type Build struct {
	// Type is the buildType, exactly.
	Type string
	// Source is the repository that must have been built, such as
	// "https://github.com/acme/shop": exactly, without "git+" and without a ref. If it is
	// set, a build type that does not tell its source does not fit. Build types that do
	// are GitHub's workflows, whose "/workflow/repository" is compared thereby, and all
	// of provenance v0.2 whose configSource is in git or names a commit. "" compares no
	// more than the parameters.
	Source string
	// Parameters are the values that external parameters must have.
	Parameters []Parameter
	// Ignored are JSON pointers to external parameters that may be there with any value
	// or not, with all that they contain.
	Ignored []string
}

// Parameter is the value that an external parameter must have.
type Parameter struct {
	// Pointer is a JSON pointer (RFC 6901) into externalParameters, such as
	// "/workflow/path". In provenance v0.2 it goes into invocation, for instance
	// "/configSource/entryPoint"; the environment there is no external parameter.
	Pointer string
	// JSON is the value as JSON: "true", "7", or "\"main\"" with its quotes. It is
	// compared exactly, as [SameField] does.
	JSON string
}

// expectation is the parameters in the form in which they are compared.
func (b Build) expectation() (*jsonvalue.Expectation, error) {
	out := &jsonvalue.Expectation{Values: map[string]string{}, Ignored: map[string]bool{}}
	errs := []error{texts([]string{b.Type, b.Source})}
	if b.Type == "" {
		errs = append(errs, errors.New("no build type"))
	}
	_, rest, _ := strings.Cut(b.Source, "://")
	if _, path, _ := strings.Cut(rest, "/"); strings.HasPrefix(b.Source, "git+") || strings.Contains(path, "@") {
		errs = append(errs, fmt.Errorf("source %s has git+ or a ref: give the repository alone", strictjson.Quoted(b.Source)))
	}
	for i, p := range b.Parameters {
		at, err := jsonvalue.ParsePointer(p.Pointer)
		if err == nil {
			_, twice := out.Values[at.String()]
			if out.Values[at.String()], err = jsonvalue.Exact([]byte(p.JSON), limits(MaxStatement)); twice {
				err = fmt.Errorf("%s stands twice", strictjson.Quoted(p.Pointer))
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("parameters[%d]: %w", i, err))
		}
	}
	for i, p := range b.Ignored {
		at, err := jsonvalue.ParsePointer(p)
		if err == nil && len(at) == 0 {
			err = errors.New("it would ignore all")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("ignored[%d]: %w", i, err))
			continue
		}
		out.Ignored[at.String()] = true
	}
	return out, errors.Join(append(errs, out.Validate())...)
}

// check reports how a build, as the predicate tells it, is not as expected, apart from
// its type and source.
func (b Build) check(have *build, predicate []byte) error {
	if have.steps {
		return errors.New("buildConfig has the steps, and nothing says where they are from")
	}
	e, err := b.expectation()
	if err != nil {
		return err
	}
	for _, at := range have.internal {
		e.Ignored[at] = true
	}
	if b.Source != "" && have.source.at != "" {
		e.Ignored[have.source.at] = true
	}
	p, err := jsonvalue.ParsePointer(have.root)
	if err != nil {
		return err
	}
	raw, err := p.Find(predicate, limits(MaxStatement))
	if err != nil {
		return err
	}
	return e.Check(raw, limits(MaxStatement))
}
