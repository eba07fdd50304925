package scope_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scope"
)

func plan(change ...func(*scope.Plan)) scope.Plan {
	p := scope.Plan{Reason: "r", Outcome: "o", FallBack: scope.FallBack{Way: scope.WayForward, Steps: "s"}, Kinds: []release.Kind{release.KindCode}}
	for _, f := range change {
		f(&p)
	}
	return p
}

func changes(change ...func(*release.ChangeSet)) release.ChangeSet {
	cs := release.ChangeSet{Files: []release.FileChange{{Path: "a/x.go", Op: release.OpModified}},
		Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete}}
	for _, f := range change {
		f(&cs)
	}
	return cs
}

func file(path release.Path, labels ...release.Label) func(*release.ChangeSet) {
	return func(cs *release.ChangeSet) {
		cs.Files = append(cs.Files, release.FileChange{Path: path, Op: release.OpModified, Labels: labels})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	paths := func(p ...string) func(*scope.Plan) { return func(x *scope.Plan) { x.Paths = p } }
	kinds := func(k ...release.Kind) func(*scope.Plan) {
		return func(x *scope.Plan) { x.Kinds = append(x.Kinds, k...) }
	}
	complete := func(k release.Kind) func(*release.ChangeSet) {
		return func(cs *release.ChangeSet) { cs.Coverage[k] = release.CoverageComplete }
	}
	components := scope.Options{Components: []scope.Component{{Name: "shop", Paths: []string{"a/**"}}, {Name: "auth", Paths: []string{"auth/**", "a/auth/**"}}}}
	dependency := func(cs *release.ChangeSet) {
		cs.Dependencies = append(cs.Dependencies, release.DependencyChange{File: "go.mod", Op: release.OpUpgraded, Package: "pkg:golang/golang.org/x/net"})
		cs.Sources = append(cs.Sources, release.Source{Path: "go.mod", Format: "go.mod"})
		cs.Coverage[release.KindDependency] = release.CoverageComplete
	}
	resource := func(cs *release.ChangeSet) {
		cs.Resources = append(cs.Resources, release.ResourceChange{Address: "module.db.aws_db_instance.main", From: "aws_db_instance.main", Op: release.OpMoved, Labels: []release.Label{release.LabelStateful}})
		cs.Coverage[release.KindInfrastructure] = release.CoverageComplete
	}
	setting := func(cs *release.ChangeSet) {
		cs.Settings = append(cs.Settings, release.SettingChange{File: "values.yaml", Key: "db.password", Op: release.OpModified, Labels: []release.Label{release.LabelSecrets}})
		cs.Coverage[release.KindConfiguration] = release.CoverageComplete
	}
	for _, c := range []struct {
		name    string
		plan    scope.Plan
		cs      release.ChangeSet
		options scope.Options
		want    []string
	}{
		{"inside", plan(paths("a/**")), changes(), scope.Options{}, nil},
		{"any path", plan(), changes(), scope.Options{}, nil},
		{"another path", plan(paths("a/*.go")), changes(file("b/x.go")), scope.Options{}, []string{"outside-subjects code b/x.go"}},
		{"deeper than the pattern", plan(paths("a/*")), changes(file("a/b/x.go")), scope.Options{}, []string{"outside-subjects code a/b/x.go"}},
		{"another case", plan(paths("A/**", "a/**")), changes(), scope.Options{}, []string{"not-done code A/**"}},
		{"a path that is no text", plan(paths("a/**")), changes(file("b\xff\n")), scope.Options{}, []string{`outside-subjects code "b\xff\n"`}},
		{"a file that pins dependencies, declared as a dependency", plan(paths("a/**"), kinds(release.KindDependency)), changes(file("go.mod", release.LabelDeps), dependency), scope.Options{}, nil},
		{"a file that pins dependencies, declared by its path too", plan(paths("a/**", "go.*"), kinds(release.KindDependency)), changes(file("go.mod", release.LabelDeps), dependency), scope.Options{}, nil},
		{"a file that names dependencies, and that nobody read as such", plan(paths("a/**"), kinds(release.KindDependency)), changes(file("conanfile.py", release.LabelDeps), dependency), scope.Options{}, []string{"outside-subjects code conanfile.py"}},
		{"a submodule", plan(paths("a/**"), kinds(release.KindDependency)), changes(file("lib", release.LabelDeps), dependency), scope.Options{}, []string{"outside-subjects code lib"}},
		{"a file that pins dependencies, not declared", plan(paths("a/**")), changes(file("go.mod", release.LabelDeps)), scope.Options{}, []string{"outside-subjects code go.mod"}},
		{"a dependency, not declared", plan(), changes(dependency), scope.Options{}, []string{"outside-kinds dependency pkg:golang/golang.org/x/net"}},
		{"a dependency by its pattern", plan(kinds(release.KindDependency), func(p *scope.Plan) { p.Dependencies = []string{"pkg:golang/golang.org/x/**"} }), changes(dependency), scope.Options{}, nil},
		{"another dependency", plan(kinds(release.KindDependency), func(p *scope.Plan) { p.Dependencies = []string{"pkg:golang/golang.org/x/crypto"} }), changes(dependency), scope.Options{},
			[]string{"outside-subjects dependency pkg:golang/golang.org/x/net", "not-done dependency pkg:golang/golang.org/x/crypto"}},
		{"a resource that moves from outside", plan(kinds(release.KindInfrastructure), func(p *scope.Plan) {
			p.Resources, p.Labels = []string{"module.db.*"}, []release.Label{release.LabelStateful}
		}), changes(resource), scope.Options{}, []string{"outside-subjects infrastructure aws_db_instance.main"}},
		{"a stateful resource, not declared as such", plan(kinds(release.KindInfrastructure)), changes(resource), scope.Options{}, []string{"outside-labels  module.db.aws_db_instance.main"}},
		{"a secret setting", plan(kinds(release.KindConfiguration)), changes(setting), scope.Options{}, []string{"outside-labels  values.yaml db.password"}},
		{"a setting of another file", plan(kinds(release.KindConfiguration), func(p *scope.Plan) {
			p.Settings, p.Labels = []string{"other.yaml"}, []release.Label{release.LabelSecrets}
		}), changes(setting), scope.Options{}, []string{"outside-subjects configuration values.yaml", "not-done configuration other.yaml"}},
		{"an artifact, not declared", plan(), changes(func(cs *release.ChangeSet) { cs.Artifacts = []release.ArtifactChange{{Name: "shop.tar"}} }), scope.Options{}, []string{"outside-kinds artifact shop.tar"}},
		{"identity in the documentation's plan", plan(paths("a/**")), changes(file("a/login.go", release.LabelIdentity), file("a/session.go", release.LabelIdentity)), scope.Options{}, []string{"outside-labels  a/login.go"}},
		{"identity, declared", plan(func(p *scope.Plan) { p.Labels = []release.Label{release.LabelIdentity} }), changes(file("a/login.go", release.LabelIdentity)), scope.Options{}, nil},
		{"a label that calms", plan(), changes(file("a/x.md", release.LabelDocs)), scope.Options{}, nil},
		{"the component", plan(func(p *scope.Plan) { p.Components = []string{"shop"} }), changes(), components, nil},
		{"another component", plan(func(p *scope.Plan) { p.Components = []string{"shop"} }), changes(file("auth/x.go")), components, []string{"outside-components code auth/x.go"}},
		{"a file of two components, one not declared", plan(func(p *scope.Plan) { p.Components = []string{"shop"} }), changes(file("a/auth/x.go")), components, []string{"outside-components code a/auth/x.go"}},
		{"a file of no component", plan(func(p *scope.Plan) { p.Components = []string{"shop"} }), changes(file("Makefile")), components, []string{"outside-components code Makefile"}},
		{"a component that does not change", plan(func(p *scope.Plan) { p.Components = []string{"shop", "auth"} }), changes(), components, []string{"not-done code auth"}},
		{"components without their paths", plan(func(p *scope.Plan) { p.Components = []string{"shop"} }), changes(), scope.Options{}, []string{"outside-components code a/x.go", "not-done code shop"}},
		{"nothing was done", plan(), changes(func(cs *release.ChangeSet) { cs.Files = nil }), scope.Options{}, []string{"not-done code "}},
		{"a declared kind that nobody read", plan(kinds(release.KindDependency)), changes(), scope.Options{}, []string{"not-known dependency "}},
		{"a declared kind without change", plan(kinds(release.KindDependency)), changes(complete(release.KindDependency)), scope.Options{}, []string{"not-done dependency "}},
		{"code that was read in part", plan(paths("a/**", "b/**")), changes(func(cs *release.ChangeSet) { cs.Coverage[release.KindCode] = release.CoveragePartial }), scope.Options{}, []string{"not-known code "}},
		{"code that nobody read", plan(), release.ChangeSet{}, scope.Options{}, []string{"not-known code "}},
		{"an undeclared kind that was read in part", plan(), changes(func(cs *release.ChangeSet) { cs.Coverage[release.KindConfiguration] = release.CoveragePartial }), scope.Options{}, []string{"not-known configuration "}},
		{"a gap", plan(), changes(func(cs *release.ChangeSet) {
			cs.Gaps = []release.Gap{{Kind: release.GapUnreadable, Subject: "yarn.lock"}, {Kind: release.GapShallow}}
		}), scope.Options{}, []string{"not-known  yarn.lock"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.plan.Check(&c.cs, c.options)
			require.NoError(t, err)
			var have []string
			for _, d := range got.Deviations {
				require.NotEmpty(t, d.Detail)
				have = append(have, d.Kind+" "+string(d.Change)+" "+d.Subject)
			}
			require.Equal(t, c.want, have)
			got.Deviations = nil
			require.Equal(t, release.ChangeSet{}, got)
		})
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	p := plan()
	require.NoError(t, p.Validate())
	back := plan(func(p *scope.Plan) {
		p.FallBack = scope.FallBack{Way: scope.WayBack, To: release.Ref{Digest: release.DigestOf(nil)}}
	})
	require.NoError(t, back.Validate())
	err := (&scope.Plan{Kinds: []release.Kind{""}, Paths: []string{"", "/a", "./a", "a/", "a/***", strings.Repeat("a", scope.MaxPattern+1), "\xff", "docs/\u202e**", "a/../b", "./a/**"},
		Resources: []string{"x"}, Components: []string{""}, Labels: []release.Label{""}, Artifacts: make([]string, scope.MaxPatterns+1)}).Validate()
	for _, want := range []string{"no reason", "no expected outcome", "kinds[0] is empty", "fallBack.way is unknown", `paths has patterns, and kinds has no "code"`, "paths[0]: an empty", "paths[1]: pattern", "paths[2]: pattern",
		"paths[3]: pattern", "paths[4]: pattern", "paths[5]: a pattern of 1001 bytes", "paths[6]: pattern", "paths[7]: pattern", "paths[8]: pattern", `resources has patterns, and kinds has no "infrastructure"`, "components[0]", `components has names`, "labels[0]", "artifacts has more than 10000"} {
		require.ErrorContains(t, err, want)
	}
	for _, c := range []struct {
		want string
		f    scope.FallBack
	}{{"fallBack.to names no release", scope.FallBack{Way: scope.WayBack, Steps: "s"}}, {"fallBack.steps is empty", scope.FallBack{Way: scope.WayNone}}, {"fallBack.way is", scope.FallBack{Way: 9}}} {
		p := plan(func(p *scope.Plan) { p.FallBack = c.f })
		require.ErrorContains(t, p.Validate(), c.want)
		cs := changes()
		part, err := p.Check(&cs, scope.Options{})
		require.Error(t, err, "a plan that is not valid covers nothing")
		require.Empty(t, part)
	}
	none := plan(func(p *scope.Plan) { p.Kinds = nil })
	require.ErrorContains(t, none.Validate(), "no kind of change")
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := `{"reason":"r","outcome":"o","fallBack":{"way":"none","steps":"s"},"kinds":["code"]}`
	p, err := scope.Parse([]byte(good))
	require.NoError(t, err)
	require.Equal(t, scope.WayNone, p.FallBack.Way)
	for name, bad := range map[string]string{
		"no text":              "",
		"an unknown name":      strings.Replace(good, `"kinds"`, `"path":["**"],"kinds"`, 1),
		"another case":         strings.Replace(good, `"kinds"`, `"Kinds"`, 1),
		"twice":                strings.Replace(good, `"kinds"`, `"kinds":["infrastructure"],"kinds"`, 1),
		"null":                 strings.Replace(good, `["code"]`, `null`, 1),
		"a way that is none":   strings.Replace(good, `"none"`, `"pray"`, 1),
		"something after":      good + "{}",
		"not a list":           strings.Replace(good, `["code"]`, `"code"`, 1),
		"no digest to go back": strings.Replace(good, `"none"`, `"back"`, 1),
		"not valid":            strings.Replace(good, `"o"`, `""`, 1),
	} {
		p, err := scope.Parse([]byte(bad))
		require.Error(t, err, name)
		require.Empty(t, p, name)
	}
	_, err = scope.Parse([]byte("{\n\"reason\": 1,\n\"\xff\"}"))
	var syntax *strictjson.SyntaxError
	require.True(t, errors.As(err, &syntax))
	require.Equal(t, 3, syntax.Line)
}

func TestHostile(t *testing.T) {
	hostile.Check(t, hostile.Texts(), func(b []byte) bool {
		_, err := scope.Parse(b)
		return err != nil
	})
}

// oracle is a pattern as a regular expression.
func oracle(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for len(pattern) > 0 {
		switch {
		case strings.HasPrefix(pattern, "**"):
			b.WriteString(`.*`)
			pattern = pattern[1:]
		case pattern[0] == '*':
			b.WriteString(`[^/]*`)
		case pattern[0] == '?':
			b.WriteString(`[^/]`)
		default:
			b.WriteString(regexp.QuoteMeta(pattern[:1]))
		}
		pattern = pattern[1:]
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String())
}

func TestMatchIsTheRegularExpression(t *testing.T) {
	t.Parallel()
	text := rapid.StringOfN(rapid.SampledFrom([]rune("ab/ü")), 0, 12, -1)
	pattern := rapid.StringOfN(rapid.SampledFrom([]rune("ab/**?")), 0, 8, -1)
	hits := 0
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			p, s := pattern.Draw(t, "pattern"), text.Draw(t, "text")
			want := oracle(p).MatchString(s)
			require.Equal(t, want, scope.Match(p, s), "%q %q", p, s)
			require.Equal(t, want, scope.Slow(p, s), "%q %q", p, s)
			if want {
				hits++
			}
		}
	})
	require.Positive(t, hits)
	// Not exponential, and not the square of a length either.
	start := time.Now()
	require.False(t, scope.Match("**a*"+strings.Repeat("a", 480)+"b", strings.Repeat("a", 4000)))
	require.True(t, scope.Match("**a*"+strings.Repeat("a", 480)+"b", strings.Repeat("a", 4000)+"b"))
	require.Less(t, time.Since(start), time.Second)
	require.False(t, scope.Match(strings.Repeat("*a", 200)+"b", strings.Repeat("a", 5000)))
	require.False(t, scope.Match(strings.Repeat("**a", 200)+"b", strings.Repeat("a/", 5000)))
}

// A plan that is within another never allows what the other does not.
func TestWithinIsSafe(t *testing.T) {
	t.Parallel()
	pattern := rapid.SampledFrom([]string{"a", "a/b", "a/*", "a/**", "**", "*", "a/b/**", "?", "b/**", "a/?", "*/b"})
	label := rapid.SampledFrom([]release.Label{release.LabelIdentity, release.LabelCrypto})
	draw := rapid.Custom(func(t *rapid.T) scope.Plan {
		return plan(func(p *scope.Plan) {
			p.Paths = rapid.SliceOfN(pattern, 0, 3).Draw(t, "paths")
			p.Labels = rapid.SliceOfN(label, 0, 2).Draw(t, "labels")
			if rapid.Bool().Draw(t, "settings") {
				p.Kinds = append(p.Kinds, release.KindConfiguration)
				p.Settings = rapid.SliceOfN(pattern, 0, 2).Draw(t, "of")
			}
		})
	})
	cs := rapid.Custom(func(t *rapid.T) release.ChangeSet {
		path := rapid.Map(rapid.SampledFrom([]string{"a", "b", "a/b", "a/c", "a/b/c", "b/b", "x"}), func(s string) release.Path { return release.Path(s) })
		return changes(func(cs *release.ChangeSet) {
			cs.Files = []release.FileChange{{Path: path.Draw(t, "path"), Labels: rapid.SliceOfN(label, 0, 2).Draw(t, "of")}}
			if rapid.Bool().Draw(t, "setting") {
				cs.Settings = []release.SettingChange{{File: path.Draw(t, "file")}}
			}
		})
	})
	outside := func(t *rapid.T, p scope.Plan, cs release.ChangeSet) bool {
		part, err := p.Check(&cs, scope.Options{})
		require.NoError(t, err)
		return slices.ContainsFunc(part.Deviations, func(d release.Deviation) bool { return strings.HasPrefix(d.Kind, "outside-") })
	}
	within := 0
	rapid.Check(t, func(t *rapid.T) {
		inner, outer, cs := draw.Draw(t, "inner"), draw.Draw(t, "outer"), cs.Draw(t, "cs")
		if len(scope.Within(&inner, &outer)) == 0 {
			within++
			if outside(t, outer, cs) {
				require.True(t, outside(t, inner, cs))
			}
		}
		require.Empty(t, scope.Within(&inner, &inner))
		merged := scope.Merge(inner, outer)
		require.NoError(t, merged.Validate())
		if len(scope.Within(&inner, &merged)) == 0 && outside(t, merged, cs) {
			require.True(t, outside(t, inner, cs))
		}
		require.Empty(t, scope.Within(&inner, &merged), "a part is within the whole")
	})
	require.Positive(t, within)
	empty := scope.Merge()
	require.Error(t, empty.Validate())
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"reason":"r","outcome":"o","fallBack":{"way":"none","steps":"s"},"kinds":["code"],"paths":["a/**"],"labels":["identity"]}`, `{}`, `[`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := scope.Parse(b)
		if err != nil {
			require.Empty(t, p)
			return
		}
		again, err := json.Marshal(p)
		require.NoError(t, err)
		q, err := scope.Parse(again)
		require.NoError(t, err)
		d1, err := p.Digest()
		require.NoError(t, err)
		d2, err := q.Digest()
		require.NoError(t, err)
		require.Equal(t, d1, d2)
	})
}
