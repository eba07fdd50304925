package collect

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// source is a file that was read, and what came of it.
type source struct {
	release.Source
	from  time.Time // the earliest time in it; At is the latest
	tests *testCounts
}

// told notes a time that stands in the file.
func (s *source) told(at time.Time) {
	if at.After(s.At) {
		s.At = at
	}
	if !at.IsZero() && (s.from.IsZero() || at.Before(s.from)) {
		s.from = at
	}
}

// maxSkew is how far the clocks of who runs a tool and of the tool may be apart.
const maxSkew = time.Minute

// stale reports a file that has a time from before the run in it.
func (run Run) stale(s source) bool {
	return !run.Started.IsZero() && !s.from.IsZero() && s.from.Before(run.Started.Add(-maxSkew))
}

// staleDetail is the gap of a file that is stale.
const staleDetail = "it has a time in it from before the run began: it is of another run"

// sourceAnnotation is the name of the annotation of a resource that is an input.
const sourceAnnotation = "sallyportSource"

// sourceJSON is what stands in it.
type sourceJSON struct {
	Format  string      `json:"format"`
	Tool    string      `json:"tool"`
	Version string      `json:"version"`
	At      time.Time   `json:"at"`
	Tests   *testCounts `json:"tests,omitempty"`
}

// resource names an input.
func resource(s source) predicate.Resource {
	b, err := json.Marshal(sourceJSON{s.Format, s.Tool.String(), s.Version.String(), s.At, s.tests})
	if err != nil {
		panic("collect: a source cannot be encoded: " + err.Error()) // its time was checked
	}
	return predicate.Resource{Name: s.Path.String(), Digest: map[string]string{"sha256": s.Digest.Hex()},
		Annotations: map[string]json.RawMessage{sourceAnnotation: b}}
}

// Sources are the files that a predicate was made of, in its order: with them an
// auditor finds each file by its SHA-256 and reads it again. The predicate must be a
// [predicate.TestResult], [predicate.SCAI], [predicate.Vulns] or [predicate.Review];
// one that names no file is an error.
func Sources(p predicate.Predicate) ([]release.Source, error) {
	var rs []predicate.Resource
	switch p := p.(type) {
	case predicate.TestResult:
		rs = p.Configuration
	case predicate.SCAI:
		for _, a := range p.Attributes {
			if a.Evidence != nil {
				rs = append(rs, *a.Evidence)
			}
		}
	case predicate.Vulns:
		rs = p.Sources
	case predicate.Review:
		if len(p.Sources) == 0 {
			return nil, fmt.Errorf("collect: the predicate names no file that it was made of")
		}
		return append([]release.Source(nil), p.Sources...), nil
	case nil:
		return nil, fmt.Errorf("collect: no predicate")
	default:
		return nil, fmt.Errorf("collect: predicates %s name no sources", p.PredicateType())
	}
	var out []release.Source
	for i, r := range rs {
		raw, ok := r.Annotations[sourceAnnotation]
		if !ok {
			continue // others' own
		}
		s, err := readSource(r, raw)
		if err != nil {
			return nil, fmt.Errorf("collect: source %d: %w", i, err)
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("collect: the predicate names no file that it was made of")
	}
	return out, nil
}

func readSource(r predicate.Resource, raw []byte) (out release.Source, err error) {
	var a sourceJSON
	if err := unmarshalSmall(raw, &a); err != nil {
		return out, err
	}
	out = release.Source{Format: a.Format, At: a.At}
	if out.Path, err = release.ParsePath(r.Name); err != nil {
		return release.Source{}, err
	}
	if out.Tool, err = release.ParseText(a.Tool); err != nil {
		return release.Source{}, err
	}
	if out.Version, err = release.ParseText(a.Version); err != nil {
		return release.Source{}, err
	}
	if out.Digest, err = release.ParseDigest("sha256:" + r.Digest["sha256"]); err != nil {
		return release.Source{}, err
	}
	if out.Path == "" || out.Tool == "" || out.Version == "" || out.At.IsZero() {
		return release.Source{}, fmt.Errorf("%s has no name, tool, version or time", strictjson.Quoted(r.Name))
	}
	return out, nil
}

// unmarshalSmall reads a small part of a predicate.
func unmarshalSmall(raw []byte, v any) error {
	return strictjson.Unmarshal(raw, v, strictjson.Limits{Package: "collect", Bytes: 1 << 16, Depth: 10, Names: 1000, Elements: 1000})
}
