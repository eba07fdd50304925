package risk

import (
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clip"
)

// sentence is the way in one sentence.
func (c *Counterfactual) sentence() string {
	var do []string
	for i, t := range c.Steps {
		if i == shownSteps && len(c.Steps) > shownSteps+1 {
			do = append(do, fmt.Sprintf("do %d more such things", len(c.Steps)-i))
			break
		}
		do = append(do, t.String())
	}
	it := "it"
	if c.Split != nil {
		it = "the rest"
		do = append(do, c.Split.String())
	}
	switch {
	case len(do) > 0:
		text := fmt.Sprintf("%s, and %s is %s", listed(do), it, c.Tier)
		if len(c.Steps) > 0 {
			text += " if nothing else comes to light"
		}
		if c.Split != nil {
			text += fmt.Sprintf("; what is taken out is %s", c.Split.Tier)
		}
		if c.Unsearched {
			text += "; less might do, but the release is too large to be searched further"
		}
		return text
	case c.Unsearched:
		return fmt.Sprintf("no way to %s was found; the release is too large to be searched further", c.Tier)
	case len(c.Blockers) == 0:
		return fmt.Sprintf("no way to %s was found: each change by itself calls for more", c.Tier)
	}
	text := fmt.Sprintf("no way to %s was found: %s", c.Tier, c.Blockers[0])
	if n := len(c.Blockers) - 1; n > 0 {
		text += fmt.Sprintf(", and %s", numbered(n, "other reason"))
	}
	return text
}

// shownSteps is how many steps a sentence names.
const shownSteps = 3

// shownBytes is how long a name of others may be in a sentence, in bytes.
const shownBytes = 120

// String is what to do: "split auth/login.go and 2 other files out".
func (p *Split) String() string {
	if len(p.Paths) == 0 {
		return "split nothing out"
	}
	first := "what names no file"
	if p.Paths[0] != "" {
		first = clip.Text(p.Paths[0].String(), shownBytes)
	} else if len(p.Paths) > 1 {
		first = clip.Text(p.Paths[1].String(), shownBytes)
	}
	if n := len(p.Paths) - 1; n > 0 {
		first += " and " + numbered(n, "other file")
	}
	return fmt.Sprintf("split %s out", first)
}

// String is what to do: "read go.sum completely".
func (t Step) String() string {
	subject := clip.Text(t.Subject, shownBytes)
	switch t.Kind {
	case StepRead:
		return fmt.Sprintf("read %s completely", subject)
	case StepCover:
		return fmt.Sprintf("read all changes of the kind %s", subject)
	case StepUpgrade:
		var versions []string
		for _, v := range t.Versions[:min(len(t.Versions), shownSteps)] {
			versions = append(versions, clip.Text(v, shownBytes))
		}
		if len(t.Versions) > shownSteps {
			versions = append(versions, "another that mends it")
		}
		return fmt.Sprintf("upgrade %s to %s", subject, strings.Join(versions, " or "))
	case StepPay:
		return fmt.Sprintf("show what is owed for %s", subject)
	case StepWait:
		return fmt.Sprintf("wait until %s", t.At.UTC().Format("2006-01-02 15:04 MST"))
	}
	return fmt.Sprintf("%s %s", t.Kind, subject)
}

// numbered is "1 other file" or "2 other files".
func numbered(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// listed is "a", "a and b" or "a, b and c".
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
