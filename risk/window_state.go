package risk

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

const windowSchema = "sallyport/risk/window/v1"

// maxWindowState bounds the JSON of a window: 25,601 releases and sums at most, of about 1 kB.
const maxWindowState = 48 << 20

type windowState struct {
	Schema     string           `json:"schema"`
	Components []componentState `json:"components"`
	Forgotten  *sumState        `json:"forgotten,omitempty"`
}

type componentState struct {
	Component string          `json:"component"`
	Before    *sumState       `json:"before,omitempty"`
	Releases  []releasedState `json:"releases"`
	Sums      []sumState      `json:"sums"`
}

type releasedState struct {
	Release  release.Digest `json:"release"`
	At       time.Time      `json:"at"`
	Features Features       `json:"features"`
}

type sumState struct {
	Releases int64     `json:"releases"`
	At       time.Time `json:"at"`
	Features Features  `json:"features"`
}

// MarshalJSON writes the state, in order of the components' names and of time.
func (w Window) MarshalJSON() ([]byte, error) { // not of a pointer, so that a copy is written too
	s := windowState{Schema: windowSchema, Components: []componentState{}, Forgotten: sumOf(w.forgotten)}
	for _, c := range w.components {
		cs := componentState{c.name, sumOf(c.before), []releasedState{}, []sumState{}}
		for _, r := range c.releases {
			cs.Releases = append(cs.Releases, releasedState{r.id, r.at, r.features})
		}
		for _, p := range c.sums {
			cs.Sums = append(cs.Sums, *sumOf(p))
		}
		s.Components = append(s.Components, cs)
	}
	return json.Marshal(s)
}

// sumOf is nil for the sum of none.
func sumOf(p Past) *sumState {
	if p.Releases == 0 {
		return nil
	}
	return &sumState{p.Releases, p.At, p.Features}
}

// UnmarshalJSON reads what MarshalJSON wrote and takes the place of what the window knew. It is strict: an unknown
// member, another schema, null, a name twice, what is out of order or more than a window keeps, or what [Window.Add]
// would refuse is an error, and the window is not changed.
func (w *Window) UnmarshalJSON(b []byte) error {
	next, err := readWindow(b)
	if err != nil {
		return fmt.Errorf("risk: window state: %w", err)
	}
	*w = *next
	return nil
}

// readWindow takes one component after the other, so that a text cannot claim the memory of more than a window keeps.
func readWindow(b []byte) (*Window, error) {
	s, err := strictjson.NewScanner(b, stateLimits(maxWindowState, maxWindow))
	if err != nil {
		return nil, err
	}
	var schema string
	var w Window
	listed, total := false, 0
	part := func(v any) error {
		s.Space()
		from := s.Offset()
		if _, err := s.Value(); err != nil {
			return err
		}
		return strictjson.UnmarshalClosed(s.Since(from), v, stateLimits(maxWindowState, maxWindow), writtenZero)
	}
	err = s.Object(func(name []byte) (err error) {
		switch string(name) {
		case "schema":
			schema, err = s.Str()
			return err
		case "components":
			listed = true
			return s.Array(func(i int) error {
				var c componentState
				if err := part(&c); err != nil {
					return fmt.Errorf("component %d: %w", i, err)
				}
				if i == maxComponents {
					return fmt.Errorf("there are more than %d components", maxComponents)
				}
				if total += len(c.Releases); total > maxWindows {
					return fmt.Errorf("there are more than %d releases", maxWindows)
				}
				return w.take(&c)
			})
		case "forgotten":
			var p sumState
			if err := part(&p); err != nil {
				return fmt.Errorf("what was forgotten: %w", err)
			}
			w.forgotten, err = p.read()
			return err
		}
		return s.Errorf("unknown name %s", strictjson.Quoted(name))
	})
	switch {
	case err != nil:
		return nil, err
	case schema != windowSchema:
		return nil, fmt.Errorf("it has schema %s, not %q", strictjson.Quoted(schema), windowSchema)
	case !listed:
		return nil, errors.New("it has no components")
	}
	return &w, s.End()
}

// take adds a component that was read.
func (w *Window) take(s *componentState) error {
	n := len(w.components)
	c, err := s.read()
	if err == nil && n > 0 && c.name <= w.components[n-1].name {
		err = errors.New("it is out of order")
	}
	if err != nil {
		return fmt.Errorf("component %d: %w", n, err)
	}
	w.components = append(w.components, c)
	return nil
}

// read checks a component.
func (s *componentState) read() (windowed, error) {
	c := windowed{name: s.Component}
	if err := checkComponent(s.Component); err != nil {
		return c, err
	}
	if s.Releases == nil || s.Sums == nil || len(s.Sums) > maxSums || len(s.Releases)+len(s.Sums) == 0 {
		return c, fmt.Errorf("without releases, or with more than %d sums", maxSums)
	}
	var err error
	if c.before, err = s.Before.read(); err != nil {
		return c, fmt.Errorf("what was before: %w", err)
	}
	for i, rs := range s.Releases {
		r := released{rs.Release, rs.At.UTC(), rs.Features}
		if err := (&Past{At: r.at, Features: r.features}).check(); err != nil {
			return c, fmt.Errorf("release %d: %w", i, err)
		}
		if r.id.IsZero() || i > 0 && c.releases[i-1].compare(r) >= 0 {
			return c, fmt.Errorf("release %d has no digest or is out of order", i)
		}
		c.releases = append(c.releases, r)
	}
	for i := range s.Sums {
		p, err := s.Sums[i].read()
		if err == nil && i > 0 && !c.sums[i-1].At.Before(p.At) {
			err = errors.New("it is out of order")
		}
		if err != nil {
			return c, fmt.Errorf("sum %d: %w", i, err)
		}
		c.sums = append(c.sums, p)
	}
	return c, nil
}

// read checks a sum; nil is that of none.
func (s *sumState) read() (Past, error) {
	if s == nil {
		return Past{}, nil
	}
	p := Past{At: s.At.UTC(), Features: s.Features, Releases: s.Releases}
	if p.Releases < 1 || p.Releases > int64(maxCount) {
		return p, fmt.Errorf("it is of %d releases", p.Releases)
	}
	return p, p.check()
}
