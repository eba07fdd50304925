package threat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// cve is a CVE identifier: year * 10^10 + number.
type cve uint64

const cveNumbers = 10_000_000_000

// parseCVE reads "CVE-2024-3094", in any case. The number has at least 4 digits, and
// no zeros in front beyond those (https://www.cve.org/ResourcesSupport/FAQs), so that
// an identifier is written in one way.
func parseCVE(s string) (cve, bool) {
	const prefix = "CVE-"
	if len(s) < len("CVE-2024-0001") || !strings.EqualFold(s[:len(prefix)], prefix) || s[8] != '-' {
		return 0, false
	}
	year, ok := digits(s[4:8])
	number := s[9:]
	if !ok || len(number) > 10 || len(number) > 4 && number[0] == '0' {
		return 0, false
	}
	n, ok := digits(number)
	return cve(year*cveNumbers + n), ok
}

func digits(s string) (n uint64, ok bool) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + uint64(c-'0')
	}
	return n, true
}

func (c cve) String() string { return fmt.Sprintf("CVE-%04d-%04d", c/cveNumbers, c%cveNumbers) }

// cves are the CVE identifiers among an advisory's names and those of what it comes
// from, sorted, each once. all is false if there is none, or one that cannot be read:
// then there may be more to know than what is known of those.
func cves(a *release.AdvisoryChange) (names []cve, all bool) {
	all = true
	for _, name := range slices.Concat([]string{a.ID}, a.Aliases, a.Upstream) {
		if c, ok := parseCVE(name); ok {
			names = append(names, c)
		} else if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(name)), "CVE") {
			all = false
		}
	}
	slices.Sort(names)
	return slices.Compact(names), all && len(names) > 0
}
