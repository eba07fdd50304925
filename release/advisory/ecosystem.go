package advisory

import (
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// purlTypes are the package URL types of OSV's ecosystems, with the namespace of a
// distribution behind them (OSV schema, "Defined ecosystems"; purl-spec, types). An
// ecosystem that is not here has no type of its own: its packages are looked up by name.
var purlTypes = map[string][]string{
	"AlmaLinux":                    {"rpm/almalinux"},
	"Alpaquita":                    {"apk/alpaquita"},
	"Alpine":                       {"apk/alpine"},
	"Azure Linux":                  {"rpm/azurelinux"},
	"BellSoft Hardened Containers": {"apk/bellsoft-hardened-containers"},
	"Bioconductor":                 {"bioconductor"},
	"Bitnami":                      {"bitnami"},
	"CRAN":                         {"cran"},
	"Chainguard":                   {"apk/chainguard"},
	"ConanCenter":                  {"conan"},
	"Debian":                       {"deb/debian"},
	"Echo":                         {"deb/echo"},
	"GitHub Actions":               {"github", "githubactions"},
	"Go":                           {"golang"},
	"Hackage":                      {"hackage"},
	"Hex":                          {"hex"},
	"Julia":                        {"julia"},
	"Kubernetes":                   {"golang"},
	"Mageia":                       {"rpm/mageia"},
	"Maven":                        {"maven"},
	"MinimOS":                      {"apk/minimos"},
	"NuGet":                        {"nuget"},
	"Packagist":                    {"composer"},
	"Photon OS":                    {"rpm/photon"},
	"Pub":                          {"pub"},
	"PyPI":                         {"pypi"},
	"Red Hat":                      {"rpm/redhat"},
	"Rocky Linux":                  {"rpm/rocky-linux"},
	"RubyGems":                     {"gem"},
	"SUSE":                         {"rpm/suse"},
	"SwiftURL":                     {"swift"},
	"Ubuntu":                       {"deb/ubuntu"},
	"VSCode":                       {"vscode-extension"},
	"Wolfi":                        {"apk/wolfi"},
	"crates.io":                    {"cargo"},
	"npm":                          {"npm"},
	"openEuler":                    {"rpm/openeuler"},
	"openSUSE":                     {"rpm/opensuse"},
	"opam":                         {"opam"},
}

// nameOnly are OSV's ecosystems without a purl type whose packages are surely of no type of
// another ecosystem. Those of an ecosystem that is neither here nor above may be of any.
var nameOnly = map[string]bool{"Android": true, "CleanStart": true, "Docker Hardened Images": true, "FreeBSD": true, "GHC": true,
	"Linux": true, "OSS-Fuzz": true}

// typesOf are the purl types of an ecosystem. Names that differ from OSV's in case mean
// the same packages, although nothing more is believed of them.
func typesOf(ecosystem string) []string {
	if types, ok := purlTypes[ecosystem]; ok {
		return types
	}
	for name, types := range purlTypes {
		if strings.EqualFold(name, ecosystem) {
			return types
		}
	}
	return nil
}

// Marks of keys that are not of purls: packages that have only a name, and those whose
// type may be any.
const (
	untyped = "?"
	anyType = "*"
)

// namespaces are other names of distributions in purls.
var namespaces = map[string]string{
	"rpm/rhel": "rpm/redhat", "rpm/rocky": "rpm/rocky-linux", "rpm/rockylinux": "rpm/rocky-linux", "rpm/alma": "rpm/almalinux",
	"rpm/sles": "rpm/suse", "rpm/opensuse-leap": "rpm/opensuse", "rpm/opensuse-tumbleweed": "rpm/opensuse",
	"rpm/azure-linux": "rpm/azurelinux", "rpm/mariner": "rpm/azurelinux",
}

// distributions are the purl types whose namespace says which ecosystem it is.
func distribution(kind string) bool { return kind == "deb" || kind == "apk" || kind == "rpm" }

// bySource reports whether the advisories of a distribution stand under the names of
// source packages, which are not those of what is installed.
func bySource(area string) bool {
	return area != "rpm/almalinux" && area != "rpm/redhat" && area != "rpm/rocky-linux"
}

// place is where an affected entry is looked up: the area that it belongs to ("npm",
// "deb/debian"; "" for packages that have only a name) and the key of the package.
type place struct{ area, key string }

// places are those of an entry: by its ecosystem and name, by its purl where that is another
// package, or by its repository where it names no package at all.
func places(a affected) []place {
	var out []place
	name, _, _ := strings.Cut(a.Package.Ecosystem, ":")
	if name != "" && a.Package.Name != "" {
		types := typesOf(name)
		for _, t := range types {
			out = add(out, t, osvName(name, a.Package.Name))
		}
		switch {
		case len(types) > 0:
		case nameOnly[name]:
			out = addName(out, untyped, a.Package.Name)
		default:
			out = addName(out, anyType, a.Package.Name)
		}
	}
	if p, err := release.ParsePURL(a.Package.PURL); err == nil {
		area, key, ok := splitKey(string(p), nil, true)
		if ok && !slices.ContainsFunc(out, func(o place) bool { return o.key == string(key) }) {
			out = append(out, place{string(area), string(key)})
		}
	}
	if len(out) > 0 || a.Package != (packageName{}) {
		return out
	}
	for _, r := range a.Ranges {
		repo := strings.TrimSuffix(strings.TrimSuffix(r.Repo, "/"), ".git")
		_, repo, _ = strings.Cut(repo, "://")
		host, path, _ := strings.Cut(repo, "/")
		base := path[strings.LastIndexByte(path, '/')+1:]
		if base == "" {
			return nil
		}
		if t, ok := hosts[host]; ok {
			out = add(out, t, path)
		}
		out = addName(out, untyped, base)
	}
	return out
}

// hosts are the purl types of repositories.
var hosts = map[string]string{"github.com": "github", "bitbucket.org": "bitbucket", "gitlab.com": "gitlab"}

// add adds the place of a package of a purl type; none where no purl can name it.
func add(out []place, area, name string) []place {
	kind, namespace, _ := strings.Cut(area, "/")
	if namespace != "" {
		name = namespace + "/" + name
	}
	p, err := release.NewPURL(kind, name, "")
	if err != nil { // a type whose purls need more than a name, as julia's do
		for _, o := range addName(nil, "", name) {
			out = append(out, place{area, kind + "/" + o.key})
		}
		return out
	}
	if _, key, ok := splitKey(string(p), nil, true); ok {
		out = append(out, place{area, string(key)})
	}
	return out
}

// addName adds the place of a package that has only a name.
func addName(out []place, mark, name string) []place {
	p, err := release.NewPURL("generic", strings.Trim(name, "/"), "")
	if err != nil {
		return out
	}
	if _, key, ok := splitKey(string(p), nil, true); ok {
		out = append(out, place{"", mark + string(fullName(key))})
	}
	return out
}

// osvName is a package's name in a purl.
func osvName(ecosystem, name string) string {
	switch ecosystem {
	case "Maven":
		return strings.Replace(name, ":", "/", 1)
	case "SwiftURL":
		_, after, found := strings.Cut(name, "://")
		if found {
			name = after
		}
		return strings.TrimSuffix(strings.TrimSuffix(name, "/"), ".git")
	case "VSCode":
		return strings.Replace(name, ".", "/", 1)
	}
	return name
}
