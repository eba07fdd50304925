package gitlog

import (
	"errors"
	"slices"
	"strings"
)

// atlas knows where all links of a tree lead by their texts. Unlike the file system
// it goes on where nothing is, or a file, as if a directory were there: a build may
// make one, and a link that led nowhere must not lead outside then.
type atlas map[string]string // targets by paths

// newAtlas takes the links as spelled: a spelling may be one in which names that a
// file system takes for the same are the same.
func newAtlas(links []link, spell func(string) string) atlas {
	a := atlas{}
	for _, l := range links {
		if l.unsafe == nil { // else it is a file
			a[spell(l.path)] = spell(l.target)
		}
	}
	return a
}

// maxFollow is through how many links one may lead, as many as os.Root follows.
const maxFollow = 8

var (
	errOutside = errors.New("leads outside, or would once a directory is made")
	errLong    = errors.New("leads through too many links")
)

// follow goes along a path, spelled the same way, to its end. It must stay inside
// at each step.
func (a atlas) follow(path string) error {
	var at []string // the directories walked into
	ahead := split(path)
	for links := 0; len(ahead) > 0; {
		step := ahead[len(ahead)-1]
		ahead = ahead[:len(ahead)-1]
		switch step {
		case "", ".":
			continue
		case "..":
			if len(at) == 0 {
				return errOutside
			}
			at = at[:len(at)-1]
			continue
		}
		at = append(at, step)
		target, ok := a[strings.Join(at, "/")]
		if !ok {
			continue
		}
		if links++; links > maxFollow {
			return errLong
		}
		at = at[:len(at)-1]
		ahead = append(ahead, split(target)...)
	}
	return nil
}

// split gives the steps of a path, the first one last.
func split(path string) []string {
	steps := strings.Split(path, "/")
	slices.Reverse(steps)
	return steps
}
