package report

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/sallyport-dev/sallyport/release"
)

// JSON writes a record for programs: canonical JSON (RFC 8785) with line breaks and
// indentation added, and nothing else. Its shape is [release.RecordSchema], which package
// release/schema has.
func JSON(w io.Writer, r release.Record) error {
	if r.Schema == "" {
		r.Schema = release.RecordSchema
	}
	canonical, err := r.Canonical()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, canonical, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err = w.Write(b.Bytes())
	return err
}
