package compare_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/compare"
)

// A change that no reader reads is told: its kind is not complete, and a gap or a
// change names it.
func TestNothingIsHidden(t *testing.T) {
	t.Parallel()
	const dep, infra, conf = release.KindDependency, release.KindInfrastructure, release.KindConfiguration
	const rolled = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"replicas":1}}`
	for name, c := range map[string]struct {
		path, before, after string
		beside              map[string]string
		kind                release.Kind
	}{
		"package.json without a lock file":       {"package.json", "{}", `{"dependencies":{"a":"1"}}`, nil, dep},
		"composer.json, which is JSON":           {"composer.json", "{}", `{"a":1}`, nil, dep},
		"NuGet's lock file, which is JSON":       {"packages.lock.json", "{}", `{"a":1}`, nil, dep},
		"conda's, which is YAML":                 {"environment.yml", "a: 1\n", "a: 2\n", nil, dep},
		"a chart's dependencies":                 {"chart/Chart.yaml", "apiVersion: v2\nname: a\n", "apiVersion: v2\nname: a\ndependencies: [{name: b}]\n", nil, dep},
		"Terraform's lock file":                  {".terraform.lock.hcl", "a", "b", nil, dep},
		"a package beside no workspace":          {"tools/package.json", "{}", `{"dependencies":{"a":"1"}}`, map[string]string{"package-lock.json": lock}, dep},
		"a crate beside no workspace":            {"tools/Cargo.toml", "[package]\n", "[dependencies]\nb = \"1\"\n", map[string]string{"Cargo.lock": "version = 4\n", "Cargo.toml": "[package]\n"}, dep},
		"a project beside no workspace":          {"tools/pyproject.toml", "a = 1\n", "a = 2\n", map[string]string{"uv.lock": "version = 1\n", "pyproject.toml": "[project]\n"}, dep},
		"a lock file that is called a test's":    {"web/testdata/package-lock.json", lock, strings.ReplaceAll(lock, "1.0.0", "1.2.0"), nil, dep},
		"a lock file among copies":               {"third_party/package-lock.json", lock, strings.ReplaceAll(lock, "1.0.0", "1.2.0"), nil, dep},
		"a Dockerfile among copies":              {"vendor/Dockerfile", "FROM a:1\n", "FROM b:2\n", nil, infra},
		"a manifest that is called a test's":     {"testdata/prod.yaml", service, strings.ReplaceAll(service, "ClusterIP", "NodePort"), nil, infra},
		"Terraform that is called a test's":      {"testdata/main.tf", "a", "b", nil, infra},
		"a manifest with a name in escapes":      {"k8s/a.json", strings.ReplaceAll(rolled, "V", `\u0056`), strings.NewReplacer("V", `\u0056`, ":1}", ":2}").Replace(rolled), nil, infra},
		"a manifest with a short escape":         {"k8s/a.yaml", strings.ReplaceAll(rolled, "V", `\x56`), strings.NewReplacer("V", `\x56`, ":1}", ":2}").Replace(rolled), nil, infra},
		"a manifest with a name on two lines":    {"k8s/a.yaml", strings.ReplaceAll(rolled, "V", "\\\n  V"), strings.NewReplacer("V", "\\\n  V", ":1}", ":2}").Replace(rolled), nil, infra},
		"a manifest with a name in base64":       {"k8s/a.yaml", "!!binary YXBpVmVyc2lvbg==: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: A}\n", "!!binary YXBpVmVyc2lvbg==: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: B}\n", nil, infra},
		"a manifest in UTF-16":                   {"k8s/a.yaml", wide(rolled), wide(strings.ReplaceAll(rolled, ":1}", ":2}")), nil, infra},
		"a kustomization without apiVersion":     {"k8s/kustomization.yaml", "resources: [a.yaml]\n", "resources: [b.yaml]\n", nil, infra},
		"a kustomization without extension":      {"k8s/Kustomization", "resources: [a.yaml]\n", "resources: [b.yaml]\n", nil, infra},
		"a kustomization's patch":                {"k8s/patch.yaml", "- op: replace\n  path: /spec/replicas\n  value: 1\n", "- op: replace\n  path: /spec/replicas\n  value: 0\n", nil, infra},
		"a kustomization's patch in JSON":        {"k8s/patch.json", `[{"op":"add","path":"/a","value":1}]`, `[{"op":"add","path":"/a","value":2}]`, nil, infra},
		"a template with helpers":                {"chart/templates/_helpers.tpl", "a", "b", nil, infra},
		"a template of a chart without its name": {"chart/templates/a.yaml", "{{ include \"a\" . }}\n", "{{ include \"b\" . }}\n", nil, infra},
		"Compose":                                {"docker-compose.prod.yml", "services: {a: {image: b}}\n", "services: {a: {image: c}}\n", nil, infra},
		"Compose by its new name":                {"compose.yaml", "services: {a: {image: b}}\n", "services: {a: {image: c}}\n", nil, infra},
		"CloudFormation":                         {"stack.yaml", "Resources: {A: {Type: AWS::S3::Bucket}}\n", "Resources: {A: {Type: AWS::IAM::Role}}\n", nil, infra},
		"Azure's templates":                      {"azure.json", `{"$schema":"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#","a":1}`, `{}`, nil, infra},
		"Pulumi":                                 {"Pulumi.yaml", "name: a\n", "name: b\n", nil, infra},
		"Serverless":                             {"serverless.yml", "service: a\n", "service: b\n", nil, infra},
		"Bicep's parameters":                     {"main.bicepparam", "a", "b", nil, infra},
		"a Dockerfile with a dash":               {"Dockerfile-alpine", "FROM a:1\n", "FROM b:2\n", nil, infra},
		"a Dockerfile with a name before it":     {"web_Dockerfile", "FROM a:1\n", "FROM b:2\n", nil, infra},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := map[string]string{c.path: c.before}, map[string]string{c.path: c.after}
			for p, text := range c.beside {
				before[p], after[p] = text, text
			}
			repo := repository(t, before, after)
			r, err := compare.Range(t.Context(), repo, "v1", "v2", compare.Options{})
			require.NoError(t, err)
			n := map[release.Kind]int{dep: len(r.Changes.Dependencies), infra: len(r.Changes.Resources), conf: len(r.Changes.Settings)}[c.kind]
			if n > 0 {
				return
			}
			require.NotEqual(t, release.CoverageComplete, r.Changes.Coverage[c.kind], "nobody read it")
			require.True(t, slices.ContainsFunc(r.Changes.Gaps, func(g release.Gap) bool {
				return strings.Contains(g.String(), release.Path(c.path).String())
			}), "%v", r.Changes.Gaps)
		})
	}
}

// wide is UTF-16 with its mark.
func wide(s string) string {
	out := "\xff\xfe"
	for _, c := range []byte(s) {
		out += string([]byte{c, 0})
	}
	return out
}
