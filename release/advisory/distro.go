package advisory

import (
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// applies answers whether an entry for one release or repository of an ecosystem, which
// is what stands behind the colon ("12" of "Debian:12"), is about a component.
func applies(ecosystem, suffix string, p release.PURL) release.Answer {
	switch ecosystem {
	case "Maven", "Packagist", "VSCode":
		if strings.TrimSuffix(p.Qualifier("repository_url"), "/") == strings.TrimSuffix(suffix, "/") {
			return release.AnswerYes
		}
		return release.AnswerUnknown // a mirror, or a reader that left it out
	case "Ubuntu":
		if strings.HasPrefix(suffix, "Pro:") {
			return release.AnswerUnknown // no purl tells who has subscribed
		}
		suffix, _, _ = strings.Cut(suffix, ":")
	case "Red Hat":
		product, rest, _ := strings.Cut(suffix, ":")
		if product != "enterprise_linux" {
			return release.AnswerUnknown // a stream or product: the system's CPE would tell
		}
		suffix, _, _ = strings.Cut(rest, ":")
	case "Alpine":
		suffix = strings.TrimPrefix(suffix, "v")
	}
	distro := strings.ToLower(p.Qualifier("distro"))
	suffix = strings.ToLower(suffix)
	if distro == "" || suffix == "" {
		return release.AnswerUnknown
	}
	if distro == suffix {
		return release.AnswerYes
	}
	if i := strings.LastIndexByte(distro, '-'); i >= 0 {
		if distroIDs[distro[:i]] != ecosystem {
			return release.AnswerUnknown
		}
		distro = distro[i+1:]
	}
	return within(number(distro), number(suffix))
}

// within answers whether release d is of the line of releases s: 12.5 is of 12.
func within(d, s string) release.Answer {
	switch {
	case d == s || strings.HasPrefix(d, s+"."):
		return release.AnswerYes
	case !dotted(d) || !dotted(s) || strings.HasPrefix(s, d+"."):
		return release.AnswerUnknown
	}
	return release.AnswerNo
}

// dotted reports whether s is numbers with dots between.
func dotted(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return true
}

// number is a release's number, where it has one.
func number(s string) string {
	s = strings.TrimPrefix(s, "v")
	if n, ok := codenames[s]; ok {
		return n
	}
	return s
}

// distroIDs are the ecosystems of what stands in front of the version in the qualifier
// distro: the ID of os-release(5).
var distroIDs = map[string]string{"debian": "Debian", "ubuntu": "Ubuntu", "alpine": "Alpine", "rhel": "Red Hat", "redhat": "Red Hat",
	"almalinux": "AlmaLinux", "alma": "AlmaLinux", "rocky": "Rocky Linux", "mageia": "Mageia", "photon": "Photon OS",
	"openeuler": "openEuler", "alpaquita": "Alpaquita"}

// codenames are the numbers of releases that are also known by a name
// (distro-info-data). One that is missing here makes an answer unknown.
var codenames = map[string]string{"wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12",
	"trixie": "13", "forky": "14", "trusty": "14.04", "xenial": "16.04", "bionic": "18.04", "focal": "20.04", "jammy": "22.04",
	"noble": "24.04", "plucky": "25.04", "questing": "25.10"}
