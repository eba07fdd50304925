package metrics

import "errors"

// LogBytes is what a log's packed facts and its index take, with the room that they
// hold in reserve.
func LogBytes(l *Log) (facts, index int) {
	for i := range l.s.chunks {
		facts += cap(l.s.chunks[i].b)
	}
	return facts, len(l.s.index.tags) * 5
}

// LogPlain is what is wrong with a fact that the fast check lets pass.
func LogPlain(f Fact) string {
	x := logFact{}
	switch v := f.(type) {
	case Deployment:
		x = logFact{kind: KindDeployment, d: &v}
	case Change:
		x = logFact{kind: KindChange, c: &v}
	case Incident:
		x = logFact{kind: KindIncident, n: &v}
	}
	if err := errors.Join(f.validate()...); err != nil && x.plain() {
		return err.Error()
	}
	return ""
}

// LogHashAlike makes all names of a log that is empty yet have one hash.
func LogHashAlike(l *Log) {
	l.s.key(KindChange, &Meta{})
	l.s.index.alike = true
}
