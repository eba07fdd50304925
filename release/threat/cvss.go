package threat

import (
	"fmt"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"

	"github.com/sallyport-dev/sallyport/release"
)

// MaxVector is the length of the longest vector that CVSS reads, in bytes. One of
// version 4.0 with all its metrics has fewer than 250.
const MaxVector = 512

// CVSS is the base score, from 0 to 10, of a vector of version 2.0, 3.0, 3.1 or 4.0.
// By is the vector in its canonical form.
//
// Threat, temporal and environmental metrics have no part in the score, although
// they must be well formed: they say what somebody believed of another place and
// time, and most of them can only lower it. For version 4.0 that score is CVSS-B
// (FIRST, CVSS v4.0 Specification, section 1.3).
//
// An error means that the severity is not known. It is never a score of 0.
func CVSS(vector string) (release.Score, error) {
	if len(vector) > MaxVector {
		return release.Score{}, fmt.Errorf("threat: CVSS vector of %d bytes is longer than %d", len(vector), MaxVector)
	}
	value, canonical, err := baseScore(vector)
	if err != nil {
		return release.Score{}, fmt.Errorf("threat: CVSS vector %q: %w", vector, err)
	}
	if !(value >= 0 && value <= 10) {
		return release.Score{}, fmt.Errorf("threat: CVSS vector %q: score %g is not between 0 and 10", vector, value)
	}
	return release.Score{Known: true, Value: value, By: canonical}, nil
}

func baseScore(vector string) (float64, string, error) {
	switch {
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		return baseScore40(vector)
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		v, err := gocvss31.ParseVector(vector)
		if err != nil {
			return 0, "", err
		}
		return v.BaseScore(), v.Vector(), nil
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		v, err := gocvss30.ParseVector(vector)
		if err != nil {
			return 0, "", err
		}
		return v.BaseScore(), v.Vector(), nil
	case strings.HasPrefix(vector, "CVSS:"):
		return 0, "", fmt.Errorf("a version that nobody here can read")
	}
	v, err := gocvss20.ParseVector(vector)
	if err != nil {
		return 0, "", err
	}
	return v.BaseScore(), v.Vector(), nil
}

// baseMetrics40 are how many metrics stand in front of a vector's optional ones; the
// order is fixed (CVSS v4.0 Specification, section 7).
const baseMetrics40 = 11

// baseScore40 scores the base metrics alone.
func baseScore40(vector string) (float64, string, error) {
	v, err := gocvss40.ParseVector(vector)
	if err != nil {
		return 0, "", err
	}
	full := v.Vector()
	parts := strings.Split(full, "/")
	return float64(score40(strings.Join(parts[1:1+baseMetrics40], "/"))) / 10, full, nil
}
