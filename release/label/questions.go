package label

import "slices"

// questions are what a rule asks a name that stands for all names in which nothing is
// found, or nothing but the answer to one question.
//
// A rule looks at a name only through the methods that write down here what they were
// asked. So of every name in which none of the texts of its questions stands it gets the
// same answers, takes the same way, and says the same no. Of a name in which something
// stands, it takes that way up to the first question whose answer is yes, and from there
// the way of the name in which nothing else is found, up to the second. So what the
// rules need is known from the rules, not from a second list beside them.
type questions struct {
	list []question // each once
	yes  *question  // the one that is answered with yes
	// before are the questions of the name in which nothing is found, up to yes.
	before []question
	// unknown is set by what no list of texts can answer: the rule may then say yes.
	unknown bool
}

// behind are questions for the name in which nothing but the i-th of q is found: its
// list will be of those that are asked behind that one.
func (q *questions) behind(i int) questions {
	return questions{yes: &q.list[i], before: q.list[:i]}
}

// question asks for one of some texts in one place.
type question struct {
	place place
	texts []string
}

// place is where in a name a text is looked for.
type place uint8

const (
	ofWord      place = iota // a word, alone or in the plural
	ofStart                  // the beginning of a word
	ofStop                   // the end of a word, alone or in the plural
	ofDir                    // a segment that is not the last
	ofBase                   // the last segment
	ofBaseStart              // the beginning of the last segment
	ofBaseEnd                // the end of the last segment
	ofNoBaseEnd              // the last segment has none of the ends, by its bytes
	ofNoDot                  // the last segment has no dot
)

func (q question) equal(o question) bool { return q.place == o.place && slices.Equal(q.texts, o.texts) }

// note writes a question down and answers it.
func (q *questions) note(at place, texts []string) bool {
	one := question{at, texts}
	if q.yes != nil && q.yes.equal(one) {
		return true
	}
	if !slices.ContainsFunc(q.before, one.equal) && !slices.ContainsFunc(q.list, one.equal) {
		q.list = append(q.list, question{at, slices.Clone(texts)})
	}
	return false
}

// more says that the answer depends on more than texts.
func (q *questions) more() bool {
	q.unknown = true
	return false
}

// andMore says so if the first part of the answer is yes.
func (q *questions) andMore(first bool) bool { return first && q.more() }
