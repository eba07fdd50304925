package manifest

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/internal/strictyaml"
	"github.com/sallyport-dev/sallyport/release"
)

// podSpec is where an object says what its pods are, if it does so where Kubernetes'
// own kinds do.
func podSpec(o *object) *yaml.Node {
	if o == nil {
		return nil
	}
	paths := [][]string{{"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"}, {"template", "spec"}}
	if o.kind == "Pod" {
		paths = [][]string{{"spec"}}
	}
	for _, p := range paths {
		if n := strictyaml.Get(o.root, p...); strictyaml.KindOf(n) == strictyaml.Mapping {
			return n
		}
	}
	return nil
}

// pod says what a pod may do to its host. of is behind each sentence.
func (f facts) pod(spec *yaml.Node, of string) {
	for _, host := range []string{"hostNetwork", "hostPID", "hostIPC"} {
		if on(spec, host) {
			f.is(release.LabelAccess, host+of)
		}
	}
	if v := flag(spec, "automountServiceAccountToken"); v == "true" {
		f.is(release.LabelAccess, "service account token mounted"+of)
	} else if v != "false" {
		f.lacks(release.LabelAccess, "service account token mounted"+of)
	}
	f.user("pod"+of, "", strictyaml.Get(spec, "securityContext"))
	for _, v := range strictyaml.Items(strictyaml.Get(spec, "volumes")) {
		host := strictyaml.Get(v, "hostPath")
		if host == nil {
			continue
		}
		switch p := value(host, "path"); {
		case p == "/":
			f.is(release.LabelAccess, "host's root directory mounted"+of)
		case strings.HasSuffix(p, ".sock"):
			f.is(release.LabelAccess, "host's socket mounted"+of)
		default:
			f.is(release.LabelAccess, "hostPath volume", shown(value(v, "name"))+of)
		}
	}
}

// user is what pods and containers both have in their securityContext. container is
// who, of a container.
func (f facts) user(who, container string, sc *yaml.Node) {
	if uid := value(sc, "runAsUser"); uid != "" && strings.Trim(uid, "+-0xXobO_.") == "" {
		f.is(release.LabelAccess, who, "runs as root")
	}
	switch flag(sc, "runAsNonRoot") {
	case "true":
	case "false":
		f.is(release.LabelAccess, who, "may run as root")
	default:
		f[who+" may run as root"] = fact{label: release.LabelAccess, absence: true, container: container, what: "may run as root"}
	}
	if value(sc, "seccompProfile", "type") == "Unconfined" {
		f.is(release.LabelAccess, who, "without seccomp")
	}
	if value(sc, "appArmorProfile", "type") == "Unconfined" {
		f.is(release.LabelAccess, who, "without AppArmor")
	}
	if on(sc, "windowsOptions", "hostProcess") {
		f.is(release.LabelAccess, who, "is a process of its host")
	}
}

var capability = regexp.MustCompile(`^[A-Z][A-Z_]{1,40}$`)

// container says what a container may do to its host, and what keeps it up.
func (f facts) container(c container) {
	sc := strictyaml.Get(c.node, "securityContext")
	f.user(c.name, c.name, sc)
	f.rights(c.name, sc)
	lacks := func(label release.Label, what string) {
		f[c.name+" "+what] = fact{label: label, absence: true, container: c.name, what: what}
	}
	if flag(sc, "allowPrivilegeEscalation") == "" {
		lacks(release.LabelAccess, "may escalate privileges")
	}
	if flag(sc, "readOnlyRootFilesystem") != "true" {
		lacks(release.LabelAccess, "may write to its root file system")
	}
	if !slices.Contains(texts(strictyaml.Get(sc, "capabilities", "drop")), "ALL") {
		lacks(release.LabelAccess, "keeps default capabilities")
	}
	for _, p := range strictyaml.Items(strictyaml.Get(c.node, "ports")) {
		if v := value(p, "hostPort"); v != "" && v != "0" {
			f.is(release.LabelNetwork, c.name, "port on the host")
		}
	}
	for _, probe := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
		if k := strictyaml.KindOf(strictyaml.Get(c.node, probe)); k != strictyaml.Mapping {
			lacks(release.LabelAvailability, "has no "+probe)
		}
	}
	for _, what := range []string{"requests", "limits"} {
		for _, of := range []string{"cpu", "memory"} {
			if strictyaml.Text(strictyaml.Get(c.node, "resources", what, of)) == "" {
				lacks(release.LabelAvailability, "has no "+of+" "+what)
			}
		}
	}
}

// rights are what a securityContext gives to a container.
func (f facts) rights(who string, sc *yaml.Node) {
	if on(sc, "privileged") {
		f.is(release.LabelAccess, who, "privileged")
	}
	if on(sc, "allowPrivilegeEscalation") {
		f.is(release.LabelAccess, who, "may escalate privileges")
	}
	for _, name := range texts(strictyaml.Get(sc, "capabilities", "add")) {
		if !capability.MatchString(name) {
			name = "of an odd name"
		}
		f.is(release.LabelAccess, who, "capability", strings.TrimPrefix(name, "CAP_"))
	}
	if value(sc, "procMount") == "Unmasked" {
		f.is(release.LabelAccess, who, "sees all of /proc")
	}
}

var migrationWords = regexp.MustCompile(`(?i)migrat|flyway|liquibase|alembic|\bgoose\b|schema|db[-_ ]?(up|upgrade|init|seed)|dbmate|prisma|knex|backfill`)

// migrates reports whether a job looks like one that changes stored data, by its
// name, its images and its commands.
func migrates(o *object, runs []container) bool {
	if o == nil || o.kind != "Job" && o.kind != "CronJob" && o.kind != "Pod" {
		return false
	}
	if migrationWords.MatchString(o.name) {
		return true
	}
	for _, c := range runs {
		words := []string{value(c.node, "name"), c.image}
		words = append(words, texts(strictyaml.Get(c.node, "command"))...)
		words = append(words, texts(strictyaml.Get(c.node, "args"))...)
		for _, w := range words {
			if len(w) < 10_000 && migrationWords.MatchString(w) {
				return true
			}
		}
	}
	return false
}
