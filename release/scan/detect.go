package scan

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// marks are the names in the first object of a file by which its format is known. A
// format is it if all of its names of one row are there.
var marks = []struct {
	format Format
	names  []string
}{
	{FormatSARIF, []string{"runs"}},
	{FormatTrivy, []string{"SchemaVersion"}},
	{FormatGrype, []string{"matches"}},
	{FormatOSVScanner, []string{"results"}},
	{FormatGovulncheck, []string{"config"}},
	{FormatGovulncheck, []string{"progress"}},
	{FormatGovulncheck, []string{"SBOM"}},
	{FormatGovulncheck, []string{"osv"}},
	{FormatGovulncheck, []string{"finding"}},
}

// detect finds out the format of a file by the names in its first object. A file that
// two readers would take for theirs is read by neither.
func detect(b []byte) (Format, error) {
	s, err := strictjson.NewScanner(b, limits())
	if err != nil {
		return "", err
	}
	if k, err := s.Peek(); err != nil {
		return "", err
	} else if k != strictjson.Object {
		if _, err := s.Value(); err != nil {
			return "", err
		}
		return "", &refusal{release.GapUnsupported, "no scanner's report is known that is not a JSON object"}
	}
	there := map[string]bool{}
	if err := s.Object(func(name []byte) error {
		for _, m := range marks {
			for _, n := range m.names {
				if bytes.Equal(name, []byte(n)) {
					there[n] = true
				}
			}
		}
		_, err := s.Value()
		return err
	}); err != nil {
		return "", err
	}
	var found []string
	var format Format
	for _, m := range marks {
		all := true
		for _, n := range m.names {
			all = all && there[n]
		}
		if all && m.format != format {
			format = m.format
			found = append(found, string(format))
		}
	}
	switch len(found) {
	case 0:
		return "", &refusal{release.GapUnsupported, "it has the marks of no scanner's report that can be read here"}
	case 1:
		return format, nil
	}
	return "", &refusal{release.GapAmbiguous, fmt.Sprintf("it has the marks of several formats: %s", strings.Join(found, ", "))}
}
