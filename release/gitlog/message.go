package gitlog

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/credit"
	"github.com/sallyport-dev/sallyport/release"
)

// reverts finds what "git revert" writes into a message, also with an abbreviated
// id, as people write it.
var reverts = regexp.MustCompile(`(?i)\bthis reverts commit ([0-9a-f]{7,64})\b`)

// readMessage takes from a message who else wrote and signed off the change, and
// what it reverts.
func (c *commitObject) readMessage(message []byte) {
	coAuthors, signedOff := credit.People(message)
	c.CoAuthors, c.SignedOffBy = actors(coAuthors), actors(signedOff)
	if !bytes.Contains(message, []byte("everts")) && !bytes.Contains(message, []byte("EVERTS")) {
		return // spares nearly all messages the search
	}
	seen := map[string]bool{}
	// One space for each white space, because a message may break the line there.
	for _, m := range reverts.FindAllSubmatch(bytes.Join(bytes.Fields(message), []byte(" ")), -1) {
		id := strings.ToLower(string(m[1]))
		switch {
		case seen[id] || len(id) > len(c.ID):
		case len(id) == len(c.ID):
			c.Reverts = append(c.Reverts, release.Revision(id))
		default:
			c.short = append(c.short, id)
		}
		seen[id] = true
	}
}

// distinct is who with those left out that stood there before. Two without an
// identity are told apart, since they may be two people.
func distinct(who []release.Actor) []release.Actor {
	seen := map[string]bool{}
	return slices.DeleteFunc(who, func(a release.Actor) bool {
		again := a.ID != "" && seen[a.ID]
		seen[a.ID] = true
		return again
	})
}
