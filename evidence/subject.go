package evidence

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Subject is one thing that a statement is about (in-toto calls it a
// ResourceDescriptor; what it may hold besides is in [Statement.Bytes]).
type Subject struct {
	// Name and URI are as the statement gives them, "" where it does not.
	Name string
	URI  string
	// Digests are those of the subject: see [Subject.Matches] for which of them count.
	Digests []SubjectDigest
}

// SubjectDigest is one digest of a subject, as it was written. Not every digest
// is hexadecimal, and not every algorithm is a hash.
type SubjectDigest struct {
	// Algorithm is the name in in-toto's DigestSet, such as "sha256" or "gitCommit";
	// Value is the digest as that algorithm writes it.
	Algorithm string
	Value     string
}

// matchable are the algorithms that identify content well enough to decide by,
// with the lengths that their values may have. SHA-1 stands here only as git
// uses it. Names are those of in-toto's DigestSet specification.
var matchable = map[string][2]int{
	"sha256":    {64, 64},
	"sha384":    {96, 96},
	"sha512":    {128, 128},
	"sha3_256":  {64, 64},
	"sha3_384":  {96, 96},
	"sha3_512":  {128, 128},
	"gitCommit": {40, 64},
	"gitTree":   {40, 64},
	"gitBlob":   {40, 64},
	"gitTag":    {40, 64},
}

// Matches reports whether s has the digest value under the algorithm. It is
// false for algorithms that must not be decided by, such as md5, and for values
// that are not lower-case hexadecimal of the right length: those are read, and
// never match.
func (s Subject) Matches(algorithm, value string) bool {
	if !validDigest(algorithm, value) {
		return false
	}
	for _, d := range s.Digests {
		if d.Algorithm == algorithm && d.Value == value {
			return true
		}
	}
	return false
}

func validDigest(algorithm, value string) bool {
	n, ok := matchable[algorithm]
	if !ok || (len(value) != n[0] && len(value) != n[1]) {
		return false
	}
	for _, c := range []byte(value) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// SubjectsOf is the release's artifacts as the subjects of a statement.
func SubjectsOf(r release.Release) []Subject {
	out := make([]Subject, len(r.Artifacts))
	for i, a := range r.Artifacts {
		out[i] = Subject{Name: a.Name, Digests: []SubjectDigest{{Algorithm: "sha256", Value: a.Digest.Hex()}}}
	}
	return out
}

// MatchAll reports, as an error, why s is not about the whole of r: each
// artifact must be a subject, by name and SHA-256; no subject of an artifact's
// name may have another digest; and where subjects name commits, one must be
// r's. Further subjects are allowed. A release without artifacts is matched by
// nothing.
func (s Statement) MatchAll(r release.Release) error { return newTarget(r).all(&s) }

// MatchAny reports whether any subject has the SHA-256 of any artifact of r,
// under whatever name, in letters of either case. Evidence against a release
// needs no more.
func (s Statement) MatchAny(r release.Release) bool { return newTarget(r).any(&s) }

// target is a release prepared for matching many statements.
type target struct {
	byName   map[string]int // index of an artifact by its name
	want     []string       // digests of the artifacts in hexadecimal
	found    []bool         // which of them all has found, cleared at each call
	byDigest map[string]bool
	commit   release.Revision
	unusable bool
}

func newTarget(r release.Release) *target {
	t := &target{byName: map[string]int{}, byDigest: map[string]bool{}, commit: r.Commit, unusable: len(r.Artifacts) == 0}
	for _, a := range r.Artifacts {
		if _, twice := t.byName[a.Name]; twice || a.Digest.IsZero() {
			t.unusable = true
			continue
		}
		t.byName[a.Name] = len(t.want)
		t.want = append(t.want, a.Digest.Hex())
		t.byDigest[a.Digest.Hex()] = true
	}
	t.found = make([]bool, len(t.want))
	return t
}

func (t *target) all(s *Statement) error {
	if t.unusable {
		return errors.New("evidence: the release has no artifacts that could be matched")
	}
	clear(t.found)
	found, commits, same := 0, 0, false
	for _, sub := range s.subjects {
		if i, ok := t.byName[sub.Name]; ok {
			if !sub.Matches("sha256", t.want[i]) {
				return fmt.Errorf("evidence: subject %q does not have the sha256 of the artifact", sub.Name)
			}
			if !t.found[i] {
				t.found[i] = true
				found++
			}
		}
		for _, d := range sub.Digests {
			if d.Algorithm == "gitCommit" {
				commits++
				same = same || (validDigest(d.Algorithm, d.Value) && d.Value == string(t.commit))
			}
		}
	}
	switch {
	case found < len(t.want):
		return fmt.Errorf("evidence: only %d of the release's %d artifacts are subjects", found, len(t.want))
	case commits > 0 && !same:
		return fmt.Errorf("evidence: subjects name commits, and none is the release's %s", t.commit.Short())
	}
	return nil
}

func (t *target) any(s *Statement) bool {
	for _, sub := range s.subjects {
		for _, d := range sub.Digests {
			if d.Algorithm == "sha256" && t.byDigest[d.Value] ||
				strings.EqualFold(d.Algorithm, "sha256") && t.byDigest[strings.ToLower(d.Value)] {
				return true
			}
		}
	}
	return false
}
