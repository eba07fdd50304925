package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	// slsaLevel is the level of a SLSA track (https://slsa.dev/spec/v1.2/verification_summary#slsaresult).
	slsaLevel = regexp.MustCompile(`^SLSA_([A-Z0-9_]+)_LEVEL_(0|[1-9][0-9]{0,2})$`)
	// slsaProperty is a SLSA verified property
	// (https://slsa.dev/spec/v1.2/verified-properties).
	slsaProperty = regexp.MustCompile(`^SLSA_[A-Z0-9]+(_[A-Z0-9]+)*$`)
	// property is one of the host's.
	property = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,255}$`)
)

// levelOf is the track and the number of a level.
func levelOf(s string) (track string, level int, ok bool) {
	m := slsaLevel.FindStringSubmatch(s)
	if m == nil {
		return "", 0, false
	}
	level, err := strconv.Atoi(m[2])
	return m[1], level, err == nil
}

func levelText(track string, level int) string { return fmt.Sprintf("SLSA_%s_LEVEL_%d", track, level) }

// verifiedLevels are the levels and properties that an allow verified, sorted: of
// each SLSA track the highest level, since it implies those below it. A deny has
// none.
func verifiedLevels(d Decision, properties map[string]string) ([]string, error) {
	if err := checkProperties(properties); err != nil {
		return nil, err
	}
	out := []string{}
	if !d.Verdict.Allowed() {
		return out, nil
	}
	tracks := map[string]int{}
	for _, r := range d.Results {
		if p, ok := properties[r.ID()]; ok {
			out = append(out, p)
		}
		for _, l := range r.Levels {
			track, n, ok := levelOf(l)
			switch {
			case ok:
				tracks[track] = max(tracks[track], n)
			case slsaProperty.MatchString(l) && !strings.Contains(l, "_LEVEL_"):
				out = append(out, l)
			default:
				return nil, fmt.Errorf("evidence: summary: %q of %q is no SLSA level", l, r.ID())
			}
		}
	}
	for track, n := range tracks {
		out = append(out, levelText(track, n))
	}
	slices.SortFunc(out, cmp.Compare)
	return slices.Compact(out), nil
}

// checkProperties refuses what would read like something else, whether or not it
// would be claimed now.
func checkProperties(properties map[string]string) error {
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(properties)) {
		p := properties[id]
		upper := strings.ToUpper(p)
		if !property.MatchString(p) || strings.HasPrefix(upper, "SLSA_") || upper == "FAILED" || upper == "PASSED" {
			errs = append(errs, fmt.Errorf("evidence: summary: property %q of %q is none that a host may define", p, id))
		}
	}
	return errors.Join(errs...)
}
