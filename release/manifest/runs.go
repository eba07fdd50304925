package manifest

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/internal/strictyaml"
)

// container is a container, or another place of a custom resource that names an image.
type container struct {
	name  string // for people, and by which both sides are paired
	node  *yaml.Node
	image string
	loose bool // no container of a pod: what it lacks says nothing
}

// reference is the image, where it is surely one: what an unknown kind calls an image
// may be anything, and is not shown if it has neither registry, tag nor digest.
func (c container) reference() string {
	if c.loose && !strings.ContainsAny(c.image, ":/@") {
		return ""
	}
	return c.image
}

// kind is the list that a container of a pod stands in.
func (c container) kind() string {
	kind, _, _ := strings.Cut(c.name, "container ")
	return kind
}

// pod is a mapping that has containers.
type pod struct {
	spec *yaml.Node
	of   string // behind what is said of it: "" where Kubernetes' own kinds have pods
}

// finder looks for all that an object runs: custom resources have pods and images
// where their authors put them.
type finder struct {
	known *yaml.Node // the pod that is where pods are
	at    []string
	pods  []pod
	found []container
}

// find goes through an object. Images in data and in schemas are not run.
func find(o *object) (f finder) {
	if o == nil {
		return f
	}
	switch o.kind {
	case "ConfigMap", "Secret", "CustomResourceDefinition":
		return f
	}
	f.known = podSpec(o)
	for k, v := range strictyaml.Pairs(o.root) {
		switch k.Value {
		case "metadata", "status":
		case "spec":
			f.node(v)
		default:
			f.below(k.Value, v)
		}
	}
	return f
}

func (f *finder) below(step string, n *yaml.Node) {
	f.at = append(f.at, step)
	f.node(n)
	f.at = f.at[:len(f.at)-1]
}

var containerLists = []struct{ key, what string }{{"containers", "container"}, {"initContainers", "init container"}, {"ephemeralContainers", "ephemeral container"}}

func (f *finder) node(n *yaml.Node) {
	if list := strictyaml.Items(n); len(list) > 0 {
		names, named := byKey(list, []string{"name"})
		for i, item := range list {
			step := "[" + strconv.Itoa(i) + "]"
			if named && len(names) == len(list) {
				step = "[" + shown(keyOf(item, []string{"name"})) + "]"
			}
			f.below(step, item)
		}
		return
	}
	isPod := n == f.known && n != nil || slices.ContainsFunc(strictyaml.Items(strictyaml.Get(n, "containers")), func(n *yaml.Node) bool { return strictyaml.KindOf(n) == strictyaml.Mapping })
	if isPod {
		f.pod(n)
	}
	for k, v := range strictyaml.Pairs(n) {
		switch {
		case isPod && slices.ContainsFunc(containerLists, func(l struct{ key, what string }) bool { return l.key == k.Value }):
		case k.Value == "image":
			if image := imageOf(v); image != "" {
				f.found = append(f.found, container{name: f.path(), node: n, image: image, loose: true})
				continue
			}
			f.below(k.Value, v)
		case strings.HasSuffix(k.Value, "Image") && strings.ContainsAny(imageOf(v), ":/@"):
			f.found = append(f.found, container{name: strings.TrimPrefix(f.path()+"."+shown(k.Value), "."), image: imageOf(v), loose: true})
		default:
			f.below(shown(k.Value), v)
		}
	}
}

// pod takes in a pod and its containers.
func (f *finder) pod(spec *yaml.Node) {
	of := ""
	if at := f.path(); spec != f.known && at != "" {
		of = " of " + at
	}
	f.pods = append(f.pods, pod{spec, of})
	for _, list := range containerLists {
		for _, n := range strictyaml.Items(strictyaml.Get(spec, list.key)) {
			f.found = append(f.found, container{name: list.what + " " + shown(value(n, "name")) + of, node: n, image: value(n, "image")})
		}
	}
}

// path is where the finder is, below spec.
func (f *finder) path() string {
	var b strings.Builder
	for _, step := range f.at {
		if b.Len() > maxPath {
			b.WriteString("...")
			break
		}
		if b.Len() > 0 && step[0] != '[' {
			b.WriteByte('.')
		}
		b.WriteString(step)
	}
	return b.String()
}

// imageOf is the reference that a value is: as text, or in parts as charts and
// operators have it.
func imageOf(n *yaml.Node) string {
	if strictyaml.KindOf(n) != strictyaml.Mapping {
		return strictyaml.Text(n)
	}
	if ref := value(n, "reference"); ref != "" {
		return ref
	}
	ref := value(n, "repository")
	if ref == "" {
		return ""
	}
	if registry := value(n, "registry"); registry != "" {
		ref = registry + "/" + ref
	}
	if tag := value(n, "tag"); tag != "" {
		ref += ":" + tag
	}
	if digest := value(n, "digest"); digest != "" {
		ref += "@" + digest
	}
	return ref
}
