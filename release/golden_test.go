package release_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
)

var (
	at  = time.Date(2026, 3, 1, 12, 30, 0, 500, time.UTC)
	rev = release.Revision(strings.Repeat("0123456789", 4))
	ada = release.Actor{Kind: release.ActorHuman, ID: "email:ada@example.com", Name: "Ada"}
)

// goldenChanges has every field set once, but for those that came later: its digest
// shows that they do not touch values which do not have them.
func goldenChanges() release.ChangeSet {
	file := release.FileChange{Path: "a\xff/ü.go", Op: release.OpModified, OldMode: "100644", NewMode: "100755", Old: rev, New: rev, Added: 3, Deleted: 1, Binary: true, Labels: []release.Label{release.LabelIdentity}}
	return release.ChangeSet{
		Base: rev, Head: rev, FromNothing: true,
		Commits: []release.Commit{{ID: rev, Parents: []release.Revision{rev}, Author: ada, Committer: ada, CoAuthors: []release.Actor{{Kind: release.ActorAgent, Name: "\x1b"}}, SignedOffBy: []release.Actor{ada},
			Authored: at, Committed: at.Add(time.Hour), Subject: "Fix\u202e it", Reverts: []release.Revision{rev}, Signature: true, Files: []release.FileChange{file}}},
		Files:        []release.FileChange{file},
		Dependencies: []release.DependencyChange{{File: "go.mod", Op: release.OpUpgraded, Package: "pkg:golang/a.io/x", Before: "v1.0.0", After: "v2.0.0+incompatible", Relation: release.RelationDirect, Major: true, Detail: "d"}},
		Resources:    []release.ResourceChange{{Address: "aws_iam_role.a", Type: "aws_iam_role", Op: release.OpReplaced, Labels: []release.Label{release.LabelAccess}}},
		Settings:     []release.SettingChange{{File: "c.yaml", Key: "k", Op: release.OpAdded, Labels: []release.Label{release.LabelSecrets}}},
		Coverage:     map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete, release.KindDependency: release.CoveragePartial},
		Gaps:         []release.Gap{{Kind: release.GapShallow, Subject: "s", Detail: "d"}},
	}
}

// goldenLater has the later fields too.
func goldenLater() release.ChangeSet {
	c := goldenChanges()
	c.Files[0].Uncounted, c.Commits[0].Files[0].Uncounted = true, true
	c.Commits[0].FilesUnknown = true
	d := &c.Dependencies[0]
	d.Scope, d.LicenseBefore, d.LicenseAfter, d.InstallScript = release.ScopeRuntime, "MIT", "BUSL-1.1", true
	r := &c.Resources[0]
	r.File, r.From, r.CreateFirst, r.Deferred, r.Attributes, r.Unknown, r.Detail = "plan.json", "aws_iam_role.b", true, true, []string{"policy"}, []string{"arn"}, "d"
	c.Drift = c.Resources
	c.Settings[0].Detail = "now a string"
	c.Artifacts = []release.ArtifactChange{{Name: "shop.tar", Op: release.OpModified, PURL: "pkg:generic/shop", Before: release.DigestOf([]byte("1")), After: release.DigestOf([]byte("2"))}}
	score := release.Score{Known: true, Value: 9.8, By: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", At: at}
	c.Advisories = []release.AdvisoryChange{{ID: "GO-2024-2687", Aliases: []string{"CVE-2023-45288"}, Upstream: []string{"CVE-2023-44487"}, Effect: release.EffectIntroduced, Package: "pkg:golang/golang.org/x/net", File: "go.mod",
		Before: []string{"v0.22.0"}, After: []string{"v0.21.0"}, Relation: release.RelationTransitive, Scope: release.ScopeDevelopment, Published: at, Summary: "s", FixedIn: []string{"v0.23.0"},
		Severity: score, Likelihood: score, Exploited: release.AnswerYes, Automatable: release.AnswerYes, TotalImpact: release.AnswerNo, Detail: "d",
		Suppressions: []release.Suppression{{Document: release.DigestOf([]byte("vex")), Author: "a", ID: "i", Justification: "vulnerable_code_not_present", At: at, Expires: at.Add(time.Hour)}}}}
	c.Outdated = []release.Outdated{{File: "go.mod", Component: "pkg:golang/a.io/x@v1.0.0", Latest: "v1.4.0", ReleasesKnown: true, Releases: 4, DaysKnown: true, Days: 250.5,
		Deprecated: release.AnswerYes, Retracted: release.AnswerNo, EndOfLife: release.AnswerYes, Detail: "d"}}
	c.Deviations = []release.Deviation{{Kind: "outside-paths", Change: release.KindCode, Subject: "a.go", Detail: "d"}}
	c.Sources = []release.Source{{Path: "plan.json", Format: "terraform-plan/1.2", Digest: release.DigestOf([]byte("p")), Tool: "terraform", Version: "1.9.0", At: at}}
	return c
}

func goldenRelease() release.Release {
	return release.Release{Service: "shop", Version: "v1.2.3", Commit: rev, Follows: release.DigestOf([]byte("before")), Changes: release.DigestOf([]byte("changes")),
		Artifacts: []release.Artifact{{Name: "shop.tar", PURL: "pkg:generic/shop@v1.2.3", Digest: release.DigestOf([]byte("artifact"))}}}
}

func goldenRecord() release.Record {
	r := goldenRelease()
	ref := release.Ref{Service: "shop", Version: "v1.2.2", Digest: release.DigestOf([]byte("before"))}
	reason := release.Reason{Code: "risk/identity", Version: 2, Subject: "a", Text: "t", Refs: []release.Digest{release.DigestOf([]byte("e"))}}
	return release.Record{
		Schema: release.RecordSchema, At: at, Release: r, Description: "why", Changes: goldenChanges(),
		Assessment: release.AssessmentRecord{Tier: release.TierHigh, Policy: release.DigestOf([]byte("p")), Model: release.DigestOf([]byte("m")), Changes: release.DigestOf([]byte("c")), At: at, Reasons: []release.Reason{reason},
			Requirements: []release.Requirement{{ID: "approval", Evidence: release.EvidenceApproval, Count: 2, MaxAge: time.Hour, Independent: true, Roles: []string{"sre"}, Why: "w"}},
			Rollout:      release.RolloutRequirement{MinStages: 3, MinBake: time.Minute, MaxFirstPercent: 1.5, MaxStepPercent: 50, MaxPercentHours: 150.5, Why: "w"},
			Lane:         release.LaneExpedite, Circumstances: release.DigestOf([]byte("i")),
			Waivers: []release.Waiver{{ID: "w1", Rule: "gap", Subject: "a", Floor: release.TierLow, Changes: release.DigestOf([]byte("c")), Owner: ada, Second: ada, Reason: "r", From: at, Expires: at}},
			Debts: []release.Debt{{ID: "d1", Changes: release.DigestOf([]byte("c")), Tier: release.TierHigh,
				Owed: []release.Requirement{{ID: "approval", Evidence: release.EvidenceApproval, Count: 2, MaxAge: time.Hour, Independent: true, Roles: []string{"sre"}, Why: "w"}},
				By:   ada, Second: ada, Reason: "r", Opened: at, Due: at, Paid: at, PaidBy: []release.Digest{release.DigestOf([]byte("e"))}}}},
		Evidence:  []release.EvidenceRecord{{Digest: release.DigestOf([]byte("e")), Kind: release.EvidenceTest, PredicateType: "https://x", By: "key:a", At: at, Summary: "s"}},
		Decisions: []release.DecisionRecord{{Verdict: release.VerdictAllow, At: at, Policy: release.DigestOf([]byte("p")), Reasons: []release.Reason{reason}, Used: []release.Digest{release.DigestOf([]byte("e"))}, Until: at.Add(time.Hour)}},
		FallBack:  ref,
		Rollout:   []release.Event{{ID: "1", Kind: release.EventDeployed, At: at, Release: ref, Previous: ref, Environment: "prod", Rollout: "r", Stage: "all", Percent: 100, Actor: ada, Reason: reason, Started: at}},
		Outcome:   release.Outcome{Release: release.DigestOf([]byte("r")), Kind: release.OutcomeFine, Deployed: at, At: at.Add(time.Hour), Cause: "c"},
		Notes:     []string{"simulated"},
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// Canonical bytes and digests are written into signed statements and must stay for
// ever. If this fails, the shape of a value was changed: give its digest a new
// domain. A field that is added must leave values that do not have it as they were.
func TestGolden(t *testing.T) {
	t.Parallel()
	type value interface {
		Canonical() ([]byte, error)
		Digest() (release.Digest, error)
	}
	first, later, empty := goldenChanges(), goldenLater(), release.ChangeSet{}
	r, record := goldenRelease(), goldenMore(goldenRecord())
	for _, c := range []struct {
		name  string
		value value
	}{{"changeset", &first}, {"changeset-later", &later}, {"changeset-empty", &empty}, {"release", &r}, {"record", &record}} {
		b, err := c.value.Canonical()
		require.NoError(t, err)
		d, err := c.value.Digest()
		require.NoError(t, err)
		got := string(b) + "\n" + d.String() + "\n"
		file := filepath.Join("testdata", "golden", c.name+".txt")
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), got, c.name)
	}
}

func TestRef(t *testing.T) {
	t.Parallel()
	r := goldenRelease()
	ref, err := r.Ref()
	require.NoError(t, err)
	require.Equal(t, "shop v1.2.3 ("+ref.Digest.Short()+")", ref.String())
	require.Equal(t, "nothing", release.Ref{}.String())
}

// The golden values leave no field out, so a new field changes a digest or shows
// here.
func TestGoldenIsFull(t *testing.T) {
	t.Parallel()
	var walk func(where string, v reflect.Value)
	walk = func(where string, v reflect.Value) {
		switch {
		case v.Type() == reflect.TypeFor[time.Time](), v.Type() == reflect.TypeFor[release.Digest]():
			require.False(t, v.IsZero(), where)
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				walk(where+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case v.Kind() == reflect.Slice:
			require.Positive(t, v.Len(), where)
			walk(where+"[]", v.Index(0))
		default:
			require.False(t, v.IsZero(), where)
		}
	}
	record := goldenMore(goldenRecord())
	record.Changes = goldenLater()
	record.Changes.Commits[0].CoAuthors = []release.Actor{ada} // the one without an identity stands there for its text
	walk("Record", reflect.ValueOf(record))
}

func TestRecordRoundTrip(t *testing.T) {
	t.Parallel()
	r := goldenMore(goldenRecord())
	r.Changes = goldenLater()
	b, err := json.Marshal(r)
	require.NoError(t, err)
	var back release.Record
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&back))
	require.Equal(t, r, back)
	want, err := r.Changes.Digest()
	require.NoError(t, err)
	got, err := back.Changes.Digest()
	require.NoError(t, err)
	require.Equal(t, want, got, "a change set that was written and read is the same")

	for _, bad := range []string{`{"outcome":{"kind":"good"}}`, `{"release":{"commit":"HEAD"}}`, `{"changes":{"files":[{"path":"\u0007"}]}}`, `{"changes":{"coverage":{"code":"all"}}}`,
		`{"decisions":[{"verdict":"yes"}]}`, `{"assessment":{"tier":"Low"}}`, `{"evidence":[{"digest":"sha256:00"}]}`, `{"release":{"artifacts":[{"purl":"x"}]}}`} {
		require.Error(t, json.Unmarshal([]byte(bad), &release.Record{}), bad)
	}
}

// One changed field of the release is another digest.
func TestDigestsDiffer(t *testing.T) {
	t.Parallel()
	r := goldenRelease()
	was, err := r.Digest()
	require.NoError(t, err)
	for name, change := range map[string]func(*release.Release){
		"service":  func(r *release.Release) { r.Service = "other" },
		"version":  func(r *release.Release) { r.Version = "v1.2.4" },
		"commit":   func(r *release.Release) { r.Commit = release.Revision(strings.Repeat("a", 40)) },
		"artifact": func(r *release.Release) { r.Artifacts[0].Digest = release.DigestOf(nil) },
		"name":     func(r *release.Release) { r.Artifacts[0].Name = "x" },
		"purl":     func(r *release.Release) { r.Artifacts[0].PURL = "" },
		"more":     func(r *release.Release) { r.Artifacts = append(r.Artifacts, r.Artifacts[0]) },
		"follows":  func(r *release.Release) { r.Follows = release.Digest{} },
		"changes":  func(r *release.Release) { r.Changes = release.Digest{} },
	} {
		r := goldenRelease()
		change(&r)
		now, err := r.Digest()
		require.NoError(t, err)
		require.NotEqual(t, was, now, name)
	}
}

func TestReleaseValidate(t *testing.T) {
	t.Parallel()
	r := goldenRelease()
	require.NoError(t, r.Validate())
	err := (&release.Release{}).Validate()
	for _, want := range []string{"no service", "no version", `revision ""`, "no artifact"} {
		require.ErrorContains(t, err, want)
	}
	err = (&release.Release{Service: "s", Version: "v", Commit: "HEAD", Artifacts: []release.Artifact{{Name: "a", Digest: release.DigestOf(nil)}, {Name: "a"}, {Name: " ", Digest: release.DigestOf(nil)}}}).Validate()
	for _, want := range []string{`revision "HEAD"`, `artifact "a" stands twice`, `artifact "a" has no digest`, "artifact 2 has no name"} {
		require.ErrorContains(t, err, want)
	}
}
