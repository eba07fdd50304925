package chart

import "fmt"

// Options say how large a picture is.
type Options struct {
	// Width and Height are in CSS pixels, 240 to 4000 and 160 to 4000. If zero, 800 and
	// 320. The picture grows and shrinks with its place; these are its proportions.
	Width, Height int
	// ID begins the names inside the document, so that two pictures on one page do not
	// share them: a letter, then up to 63 letters, digits, "-" or "_". If empty, "chart".
	ID string
}

func (o Options) withDefaults() (Options, error) {
	if o.Width == 0 {
		o.Width = 800
	}
	if o.Height == 0 {
		o.Height = 320
	}
	if o.ID == "" {
		o.ID = "chart"
	}
	if o.Width < 240 || o.Width > 4000 || o.Height < 160 || o.Height > 4000 {
		return o, fmt.Errorf("chart: a size of %d by %d is not from 240 by 160 to 4000 by 4000", o.Width, o.Height)
	}
	for i, r := range o.ID {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !(letter || i > 0 && (r >= '0' && r <= '9' || r == '-' || r == '_')) || i > 63 {
			return o, fmt.Errorf("chart: %.80q is no name", o.ID)
		}
	}
	return o, nil
}
