package evidence

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// SourceRefs are the references that pointed at a commit when st, SLSA's
// verification summary of a source revision, was made: the annotation
// "sourceRefs" of the subject with that commit
// (https://slsa.dev/spec/v1.2/source-requirements#source-verification-summary-attestation),
// sorted. None means that the summary tells of none; the list need not be whole.
// A reader compares them with the branch or tag that it expects, lest it takes a
// revision of another branch.
//
// It fails for statements of other types, and where a reference is not fully
// qualified, such as "main": that may be a branch or a tag.
func SourceRefs(st Statement, commit release.Revision) ([]string, error) {
	if st.predicateType != predicate.TypeVSA {
		return nil, fmt.Errorf("evidence: %s is no verification summary", strictjson.Quoted(st.predicateType))
	}
	var v struct {
		Subject []struct {
			Digest      map[string]string          `json:"digest"`
			Annotations map[string]json.RawMessage `json:"annotations"`
		} `json:"subject"`
	}
	if err := strictjson.Unmarshal(st.raw, &v, limits(MaxStatement)); err != nil {
		return nil, err
	}
	var out []string
	for i, s := range v.Subject {
		raw := s.Annotations["sourceRefs"]
		if commit == "" || s.Digest["gitCommit"] != string(commit) || len(raw) == 0 {
			continue
		}
		var refs []string
		if err := strictjson.Unmarshal(raw, &refs, limits(MaxStatement)); err != nil {
			return nil, fmt.Errorf("evidence: subject %d: sourceRefs: %w", i, err)
		}
		for _, ref := range refs {
			if !strings.HasPrefix(ref, "refs/") {
				return nil, fmt.Errorf("evidence: subject %d: source reference %s is not fully qualified", i, strictjson.Quoted(ref))
			}
		}
		out = append(out, refs...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
