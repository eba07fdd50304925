package risk

import (
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/release"
)

// WaiversSchema is the name of the shape that a list of waivers has as text, and of its
// JSON Schema, waivers.v1.schema.json.
const WaiversSchema = "https://sallyport.dev/schema/risk-waivers/v1"

// Limits of the text of waivers.
const (
	// MaxWaivers is how many waivers one text may have.
	MaxWaivers = 1000
	// MaxWaiversBytes is the size of the largest text.
	MaxWaiversBytes = 1 << 20
)

// waiversText is the shape of [WaiversSchema].
type waiversText struct {
	Schema  string           `json:"schema"`
	Waivers []release.Waiver `json:"waivers"`
}

// MarshalWaivers writes waivers in the shape of [WaiversSchema]: canonical JSON (RFC
// 8785), in their order, times in UTC. Waivers that [ParseWaivers] would not take are an error.
func MarshalWaivers(ws []release.Waiver) ([]byte, error) {
	t := waiversText{Schema: WaiversSchema, Waivers: notNil(slices.Clone(ws))}
	for i := range t.Waivers {
		w := &t.Waivers[i]
		w.From, w.Expires = w.From.UTC(), w.Expires.UTC()
	}
	b, err := canon.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("risk: waivers: %w", err)
	}
	if _, err := ParseWaivers(b); err != nil {
		return nil, fmt.Errorf("risk: the waivers could not be read back: %w", err)
	}
	return b, nil
}

// ParseWaivers reads waivers in the shape of [WaiversSchema], in their order. What is read
// are claims: who may waive what is decided where the file is reviewed, and whether a waiver is
// followed by [Assessor.Assess].
//
// It is as strict as [ParsePolicy] and tells all mistakes at once, in a [*TextError]:
// every member must be there but subject, upTo, changes and the names of people, times are those of
// RFC 3339, digests "sha256:" and hexadecimal digits, and no id stands twice. A waiver that
// could never be followed is a mistake too.
func ParseWaivers(b []byte) ([]release.Waiver, error) {
	r := waiversReader{textReader: newTextReader("waivers", b)}
	ws := r.parse()
	if len(r.mistakes) > 0 {
		return nil, r.error()
	}
	return ws, nil
}
