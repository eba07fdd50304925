package manifest

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/internal/strictyaml"
	"github.com/sallyport-dev/sallyport/release"
)

// podSpec is where an object says what its pods are, whatever its kind: custom
// resources that hold a pod template are workloads too.
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

// container is a container of a pod with what it is called for people.
type container struct {
	name string
	node *yaml.Node
}

// containers are all containers of a pod.
func containers(spec *yaml.Node) []container {
	var out []container
	for _, list := range []struct{ key, what string }{{"containers", "container"}, {"initContainers", "init container"}, {"ephemeralContainers", "ephemeral container"}} {
		for _, n := range strictyaml.Items(strictyaml.Get(spec, list.key)) {
			out = append(out, container{list.what + " " + shown(value(n, "name")), n})
		}
	}
	return out
}

// pod says what a pod's containers may do to their host, and what keeps them up.
func (f facts) pod(spec *yaml.Node) {
	if spec == nil {
		return
	}
	for _, host := range []string{"hostNetwork", "hostPID", "hostIPC"} {
		if on(spec, host) {
			f.is(release.LabelAccess, host)
		}
	}
	if v := flag(spec, "automountServiceAccountToken"); v == "true" {
		f.is(release.LabelAccess, "service account token mounted")
	} else if v != "false" {
		f.lacks(release.LabelAccess, "service account token mounted")
	}
	f.user("pod", strictyaml.Get(spec, "securityContext"))
	for _, v := range strictyaml.Items(strictyaml.Get(spec, "volumes")) {
		host := strictyaml.Get(v, "hostPath")
		if host == nil {
			continue
		}
		switch p := value(host, "path"); {
		case p == "/":
			f.is(release.LabelAccess, "host's root directory mounted")
		case strings.HasSuffix(p, ".sock"):
			f.is(release.LabelAccess, "host's socket mounted")
		default:
			f.is(release.LabelAccess, "hostPath volume", shown(value(v, "name")))
		}
	}
	for _, c := range containers(spec) {
		f.container(c.name, c.node)
	}
}

// user is what pods and containers both have in their securityContext.
func (f facts) user(who string, sc *yaml.Node) {
	if uid := value(sc, "runAsUser"); uid != "" && strings.Trim(uid, "+-0xXobO_.") == "" {
		f.is(release.LabelAccess, who, "runs as root")
	}
	switch flag(sc, "runAsNonRoot") {
	case "true":
	case "false":
		f.is(release.LabelAccess, who, "may run as root")
	default:
		f.lacks(release.LabelAccess, who, "may run as root")
	}
	if value(sc, "seccompProfile", "type") == "Unconfined" {
		f.is(release.LabelAccess, who, "without seccomp")
	}
}

var capability = regexp.MustCompile(`^[A-Z][A-Z_]{1,40}$`)

func (f facts) container(who string, c *yaml.Node) {
	sc := strictyaml.Get(c, "securityContext")
	f.user(who, sc)
	if on(sc, "privileged") {
		f.is(release.LabelAccess, who, "privileged")
	}
	switch flag(sc, "allowPrivilegeEscalation") {
	case "false":
	case "":
		f.lacks(release.LabelAccess, who, "may escalate privileges")
	default:
		f.is(release.LabelAccess, who, "may escalate privileges")
	}
	if flag(sc, "readOnlyRootFilesystem") != "true" {
		f.lacks(release.LabelAccess, who, "may write to its root file system")
	}
	for _, name := range texts(strictyaml.Get(sc, "capabilities", "add")) {
		if !capability.MatchString(name) {
			name = "of an odd name"
		}
		f.is(release.LabelAccess, who, "capability", strings.TrimPrefix(name, "CAP_"))
	}
	if !slices.Contains(texts(strictyaml.Get(sc, "capabilities", "drop")), "ALL") {
		f.lacks(release.LabelAccess, who, "keeps default capabilities")
	}
	if value(sc, "procMount") == "Unmasked" {
		f.is(release.LabelAccess, who, "sees all of /proc")
	}
	for _, p := range strictyaml.Items(strictyaml.Get(c, "ports")) {
		if v := value(p, "hostPort"); v != "" && v != "0" {
			f.is(release.LabelNetwork, who, "port on the host")
		}
	}
	for _, probe := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
		if k := strictyaml.KindOf(strictyaml.Get(c, probe)); k != strictyaml.Mapping {
			f.lacks(release.LabelAvailability, who, "has no", probe)
		}
	}
	for _, what := range []string{"requests", "limits"} {
		for _, of := range []string{"cpu", "memory"} {
			if strictyaml.Text(strictyaml.Get(c, "resources", what, of)) == "" {
				f.lacks(release.LabelAvailability, who, "has no", of, what)
			}
		}
	}
}

var migrationWords = regexp.MustCompile(`(?i)migrat|flyway|liquibase|alembic|\bgoose\b|schema|db[-_ ]?(up|upgrade|init|seed)|dbmate|prisma|knex|backfill`)

// migrates reports whether a job looks like one that changes stored data, by its
// name, its images and its commands.
func migrates(o *object) bool {
	if o == nil || o.kind != "Job" && o.kind != "CronJob" && o.kind != "Pod" {
		return false
	}
	if migrationWords.MatchString(o.name) {
		return true
	}
	for _, c := range containers(podSpec(o)) {
		words := []string{value(c.node, "name"), value(c.node, "image")}
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
