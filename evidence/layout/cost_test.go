package layout_test

import (
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/evidence/layout"
	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/stretchr/testify/require"
)

// TestHostileLinks: links that anybody may have written, as large as they may be,
// cost no more than a second and 64 MB each, and are set aside.
func TestHostileLinks(t *testing.T) {
	c := newFixedChain(t)
	l, opts := c.metablock(c.layout, c.owner), c.options()
	const most = 6<<20 - 512
	many := func(head, one, tail string) []byte {
		return []byte(head + strings.Repeat(one, (most-len(head)-len(tail))/len(one)) + tail)
	}
	link := `{"signatures":[],"signed":{"_type":"link","name":"write","command":[],"environment":{},"materials":{},"products":{},"byproducts":`
	inputs := append(hostile.Texts(),
		hostile.Input{Name: "numbers", Text: many(link+`{"a":[`, "0,", "0]}}}")},
		hostile.Input{Name: "empty objects", Text: many(link+`{"a":[`, "{},", "0]}}}")},
		hostile.Input{Name: "empty arrays", Text: many(link+`{"a":[`, "[],", "0]}}}")},
		hostile.Input{Name: "small objects", Text: many(link+`{"a":[`, `{"":0},`, "0]}}}")},
		hostile.Input{Name: "one text", Text: many(link+`{"a":"`, "a", `"}}}`)},
		hostile.Input{Name: "escapes", Text: many(link+`{"a":"`, `\u0001`, `"}}}`)},
		hostile.Input{Name: "signatures", Text: many(`{"signed":{},"signatures":[`, "{},", "{}]}")},
		hostile.Input{Name: "an envelope of numbers", Text: many(`{"payloadType":"application/vnd.in-toto+json","signatures":[],"payload":"`, "MCww", `"}`)},
	)
	hostile.Check(t, inputs, func(b []byte) bool {
		r, err := layout.Verify(l, [][]byte{b}, opts)
		require.NoError(t, err)
		return len(r.Notes) == 1 && !r.Verdict.Allowed()
	})
}
