package policyfile

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictyaml"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// MaxBytes is the size of the largest policy file, and of the largest that it may become
// with all aliases carried out. For waivers that is risk.MaxWaiversBytes.
const MaxBytes = risk.MaxPolicyBytes

// kind is what a file may be.
type kind struct {
	of           string
	bytes, nodes int
}

var (
	policies = kind{of: "policy", bytes: MaxBytes, nodes: 20_000}
	waivers  = kind{of: "waivers", bytes: risk.MaxWaiversBytes, nodes: 80_000} // about 40 a waiver, counted twice
)

// Parse reads one policy. own is the code of the host that it may name. The result is
// valid, and the caller's. An error is a [*risk.TextError], whose columns count
// characters, unless it is about own.
func Parse(b []byte, own risk.Code) (*risk.Policy, error) {
	c, err := policies.convert(b)
	if err != nil {
		return nil, err
	}
	p, err := risk.ParsePolicy(c.json, own)
	if err := c.told(err); err != nil {
		return nil, err
	}
	return p, nil
}

// ParseWaivers reads waivers, as [risk.ParseWaivers] does. An error is a
// [*risk.TextError], whose columns count characters.
func ParseWaivers(b []byte) ([]release.Waiver, error) {
	c, err := waivers.convert(b)
	if err != nil {
		return nil, err
	}
	ws, err := risk.ParseWaivers(c.json)
	if err := c.told(err); err != nil {
		return nil, err
	}
	return ws, nil
}

// convert makes JSON of one document.
func (k kind) convert(b []byte) (*converter, error) {
	docs, err := strictyaml.Documents(b, strictyaml.Limits{Package: "risk", Bytes: k.bytes, Nodes: k.nodes, Depth: 16, Documents: 1})
	if err == nil && len(docs) == 0 {
		err = errors.New("there is nothing in it")
	}
	if err != nil {
		m := risk.Mistake{Text: err.Error()}
		if e, ok := errors.AsType[*strictyaml.SyntaxError](err); ok {
			m = risk.Mistake{Line: e.Line, Column: e.Column, Text: e.Reason}
		}
		return nil, &risk.TextError{Of: k.of, Mistakes: []risk.Mistake{m}}
	}
	c := &converter{kind: k, places: map[string]place{}, scalars: map[string]place{}, spoiled: map[string]bool{}}
	c.places[""] = place{docs[0].Line, docs[0].Column}
	c.lines = 1 + bytes.Count(b, []byte{'\n'}) + bytes.Count(b, []byte{'\r'}) - bytes.Count(b, []byte("\r\n"))
	c.merges(b)
	c.value("", docs[0])
	return c, nil
}

// told is what is wrong with the file, where err is what is wrong with its JSON; nil
// where nothing is.
func (c *converter) told(err error) error {
	if err == nil && len(c.mistakes) == 0 {
		return nil
	}
	e, ok := errors.AsType[*risk.TextError](err)
	if err != nil && !ok {
		return err
	}
	return c.error(e)
}

// error is the converter's mistakes and those of the JSON, at their places in the file.
func (c *converter) error(e *risk.TextError) *risk.TextError {
	out := &risk.TextError{Of: c.of}
	out.Mistakes = append(out.Mistakes, c.mistakes...)
	if e != nil && !c.full {
		unseen := len(c.spoiled) // the nulls among those of e.More
		for _, m := range e.Mistakes {
			if c.spoiled[m.Pointer] {
				unseen--
				continue
			}
			out.Mistakes = append(out.Mistakes, c.placed(m))
		}
		out.More = max(0, e.More-unseen)
	}
	for i := range out.Mistakes {
		if m := &out.Mistakes[i]; m.Line > c.lines { // a document of nothing stands behind its end
			m.Line, m.Column = c.lines, 1
		}
	}
	slices.SortStableFunc(out.Mistakes, func(a, b risk.Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if n := len(out.Mistakes) - risk.MaxMistakes; n > 0 {
		out.Mistakes, out.More = out.Mistakes[:risk.MaxMistakes], out.More+n
	}
	return out
}

// placed is a mistake of the JSON where it stands in the file.
func (c *converter) placed(m risk.Mistake) risk.Mistake {
	near := m.Pointer
	at, ok := c.places[near]
	for !ok && near != "" {
		near = near[:strings.LastIndexByte(near, '/')]
		at, ok = c.places[near]
	}
	m.Line, m.Column = at.line, at.column
	return m
}
