package risk

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

var waiverLimits = strictjson.Limits{Package: "risk", Bytes: MaxWaiversBytes, Depth: 8, Names: 1000, Elements: MaxWaivers}

// waiversReader reads the text of waivers.
type waiversReader struct {
	textReader
}

// parse reads the whole text.
func (r *waiversReader) parse() []release.Waiver {
	ws := []release.Waiver{}
	r.read(waiverLimits, func() error {
		return r.shape(WaiversSchema, member{name: "waivers", read: r.array(MaxWaivers, func(at string) error {
			var w release.Waiver
			err := r.waiver(at, &w)
			ws = append(ws, w)
			return err
		})})
	})
	seen := map[string]bool{}
	for i, w := range ws {
		at := fmt.Sprintf("/waivers/%d", i)
		if seen[w.ID] && !r.doubtful(at+"/id") {
			r.wrong(at+"/id", "%s stands twice", strictjson.Quoted(w.ID))
		}
		seen[w.ID] = true
		if !r.doubtful(at) {
			r.check(at, w)
		}
	}
	return ws
}

// waiver reads one waiver.
func (r *waiversReader) waiver(at string, w *release.Waiver) error {
	return r.object(at,
		member{name: "id", read: r.text(&w.ID)},
		member{name: "rule", read: r.text(&w.Rule)},
		member{name: "subject", optional: true, read: r.text(&w.Subject)},
		member{name: "floor", read: r.word(&w.Floor)},
		member{name: "upTo", optional: true, read: r.word(&w.UpTo)},
		member{name: "changes", optional: true, read: r.digest(&w.Changes)},
		member{name: "owner", read: r.actor(&w.Owner)},
		member{name: "second", read: r.actor(&w.Second)},
		member{name: "reason", read: r.line(&w.Reason)},
		member{name: "from", read: r.time(&w.From)},
		member{name: "expires", read: r.time(&w.Expires)})
}

func (r *waiversReader) actor(a *release.Actor) reader {
	return func(at string) error {
		return r.object(at,
			member{name: "kind", read: r.word(&a.Kind)},
			member{name: "id", read: r.text(&a.ID)},
			member{name: "name", optional: true, read: r.line(&a.Name)})
	}
}

// check notes what keeps a waiver from ever being followed.
func (r *waiversReader) check(at string, w release.Waiver) {
	if e, ok := errors.AsType[*release.InvalidError](w.Validate()); ok {
		for _, problem := range e.Problems {
			r.wrong(at, "%s", problem)
		}
	}
}
