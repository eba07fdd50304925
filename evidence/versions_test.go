package evidence_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// TestOlderVersionsAreJudgedAlike: what a statement says decides, not the version
// that it is written in; and what cannot be told shows nothing.
func TestOlderVersionsAreJudgedAlike(t *testing.T) {
	t.Parallel()
	commit, other := string(shop().Commit), strings.Repeat("1", 40)
	inputs := func(commits ...string) []predicate.MaterialV02 {
		var out []predicate.MaterialV02
		for _, c := range commits {
			out = append(out, predicate.MaterialV02{URI: "git+https://example.com/x", Digest: map[string]string{"sha1": c}})
		}
		return out
	}
	v02 := func(commits ...string) predicate.ProvenanceV02 {
		return predicate.ProvenanceV02{Builder: predicate.BuilderV02{ID: "https://example.com/ci"}, BuildType: "x", Materials: inputs(commits...)}
	}
	v01 := func(typ string, commits ...string) predicate.ProvenanceV01 {
		return predicate.ProvenanceV01{Type: typ, Builder: predicate.BuilderV02{ID: "https://example.com/ci"}, Materials: inputs(commits...)}
	}
	old := func(ids ...string) predicate.VulnsV01 {
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		v := predicate.VulnsV01{Scanner: predicate.ScannerV01{URI: "x", DB: predicate.ScannerDB{LastUpdate: at}, Result: []predicate.VulnFoundV01{}},
			Metadata: predicate.ScanMetadata{ScanStartedOn: at, ScanFinishedOn: at}}
		for i, id := range ids {
			f := predicate.VulnFoundV01{ID: id}
			if i%2 == 1 {
				f = predicate.VulnFoundV01{Vulnerability: &predicate.VulnFound{ID: id}}
			}
			v.Scanner.Result = append(v.Scanner.Result, f)
		}
		return v
	}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	cosign := predicate.CosignVuln{Scanner: predicate.CosignScanner{Result: []byte(`{"Results":[]}`)}, Metadata: predicate.ScanMetadata{ScanStartedOn: at, ScanFinishedOn: at}}
	for _, tt := range []struct {
		name string
		need release.Requirement
		says predicate.Predicate
		want release.Verdict
		code string
	}{
		{"v0.2", needBuild, v02(other, commit), allow, ""},
		{"v0.2 that names no commit", needBuild, v02(), allow, ""},
		{"v0.2 of another commit", needBuild, v02(other), hold, evidence.CodeOtherCommit},
		{"v0.1", needBuild, v01("", commit), allow, ""},
		{"v0.1 of another commit", needBuild, v01("", other), hold, evidence.CodeOtherCommit},
		{"in-toto's v0.1", needBuild, v01(predicate.TypeInTotoProvenanceV01, commit), allow, ""},
		{"in-toto's v0.1 of another commit", needBuild, v01(predicate.TypeInTotoProvenanceV01, other), hold, evidence.CodeOtherCommit},
		{"a clean scan of v0.1", needScan, old(), allow, ""},
		{"findings of v0.1", needScan, old("GO-2026-0001"), deny, evidence.CodeFailed},
		{"findings of v0.1 in both forms", needScan, old("GO-2026-0001", "GO-2026-0002"), deny, evidence.CodeFailed},
		{"cosign's scan, whose report is another's", needScan, cosign, hold, ""},
	} {
		d, err := evidence.Decide(question(tt.need), set{service("s").of(t, shop(), tt.says)}, noon)
		require.NoError(t, err)
		require.Equal(t, tt.want, d.Verdict, "%s: %v", tt.name, d.Reasons)
		if tt.code != "" {
			require.Contains(t, codesOf(d), tt.code, tt.name)
		}
	}
}

func codesOf(d evidence.Decision) (out []string) {
	for _, r := range d.Reasons {
		out = append(out, r.Code)
	}
	return out
}
