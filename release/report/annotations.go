package report

import (
	"io"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/release"
)

// maxAnnotations is how many of each level GitHub shows for a step; the rest would only be
// in the log. The last line says how many were left out.
const maxAnnotations = 10

// Annotations writes the [Findings] of a record as workflow commands of GitHub Actions
// ("::error file=…::…"), the errors first, ten of each level at most, which is what GitHub
// shows. Texts of others cannot begin a command of their own: they stay on the line, and
// what a command reads is escaped.
func Annotations(w io.Writer, r release.Record) error {
	var b strings.Builder
	for _, level := range []struct {
		level   Level
		command string
	}{{LevelError, "error"}, {LevelWarning, "warning"}, {LevelNote, "notice"}} {
		n := 0
		for _, f := range Findings(r) {
			if f.Level != level.level {
				continue
			}
			if n++; n > maxAnnotations {
				continue
			}
			b.WriteString("::" + level.command + " ")
			if f.Path != "" {
				b.WriteString("file=" + property(f.Path) + ",")
			}
			b.WriteString("title=" + property(plain(f.Reason.Code)) + "::" + data(clip.Text(message(f.Reason), 4000)) + "\n")
		}
		if n > maxAnnotations {
			b.WriteString(count(n-maxAnnotations, "more "+level.command) + "; the report has them all.\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func message(r release.Reason) string {
	s := plain(r.Text)
	if r.Subject != "" {
		s = plain(r.Subject) + ": " + s
	}
	return s
}

// data and property escape what a workflow command reads.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
