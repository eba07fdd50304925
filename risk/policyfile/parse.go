package policyfile

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictyaml"
	"github.com/sallyport-dev/sallyport/risk"
)

// MaxBytes is the size of the largest file, and of the largest that it may become
// with all aliases carried out.
const MaxBytes = risk.MaxPolicyBytes

var limits = strictyaml.Limits{Package: "risk", Bytes: MaxBytes, Nodes: 20_000, Depth: 16, Documents: 1}

// Parse reads one policy. own is the code of the host that it may name. The result is
// valid, and the caller's. An error is a [*risk.PolicyError], whose columns count
// characters, unless it is about own.
func Parse(b []byte, own risk.Code) (*risk.Policy, error) {
	docs, err := strictyaml.Documents(b, limits)
	if err != nil {
		m := risk.Mistake{Text: err.Error()}
		if e, ok := errors.AsType[*strictyaml.SyntaxError](err); ok {
			m = risk.Mistake{Line: e.Line, Column: e.Column, Text: e.Reason}
		}
		return nil, &risk.PolicyError{Mistakes: []risk.Mistake{m}}
	}
	if len(docs) == 0 {
		return nil, &risk.PolicyError{Mistakes: []risk.Mistake{{Text: "there is nothing in it"}}}
	}
	c := converter{places: map[string]place{}, spoiled: map[string]bool{}}
	c.places[""] = place{docs[0].Line, docs[0].Column}
	c.merges(b)
	c.value("", docs[0])
	p, err := risk.ParsePolicy(c.json, own)
	if err == nil && len(c.mistakes) == 0 {
		return p, nil
	}
	e, ok := errors.AsType[*risk.PolicyError](err)
	if err != nil && !ok {
		return nil, err
	}
	return nil, c.error(e)
}

// error is the converter's mistakes and those of the JSON, at their places in the file.
func (c *converter) error(e *risk.PolicyError) *risk.PolicyError {
	out := &risk.PolicyError{}
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
