package label

import "slices"

// block judges a DO block: an anonymous body of code, statement by statement.
func (r *sqlReading) block(s statement, depth int) {
	at := s[0].at
	if depth >= maxNestedSQL {
		r.destructive(at, "blocks within blocks, so what it does is not known")
		return
	}
	found := false
	for i, t := range s {
		switch {
		case t.is("LANGUAGE") && s.word(i+1) != "PLPGSQL":
			r.destructive(at, "a DO block in another language")
		case t.kind == tokenText:
			found = true
			if t.text == "" { // '…' instead of $$…$$: the text was not kept
				r.destructive(at, "a DO block in quotes, so what it does is not known")
				continue
			}
			for _, d := range r.readings(t.text, t.at, "block") {
				statements, broken := d.split(t.text)
				if broken >= 0 {
					r.destructive(t.at+broken, "a quote or comment never ends, so what it does is not known")
				}
				for _, inner := range statements {
					for j := range inner {
						inner[j].at += t.at
					}
					r.control(inner, depth+1)
				}
			}
		}
	}
	if !found {
		r.destructive(at, "a DO whose body is not understood")
	}
}

// control takes the words that steer a block off a statement's front and judges the
// rest.
func (r *sqlReading) control(s statement, depth int) {
	for len(s) > 0 {
		switch s.word(0) {
		case "DECLARE":
			begin := slices.IndexFunc(s, func(t token) bool { return t.is("BEGIN") })
			if begin < 0 { // one declaration; the next statement is another, or begins the body
				r.query(s[1:])
				return
			}
			r.query(s[1:begin])
			s = s[begin:]
		case "BEGIN", "ELSE", "LOOP", "EXCEPTION":
			s = s[1:]
		case "IF", "ELSIF", "ELSEIF", "WHEN", "FOR", "WHILE", "FOREACH":
			to := slices.IndexFunc(s, func(t token) bool { return t.is("THEN") || t.is("LOOP") })
			if to < 0 {
				r.destructive(s[0].at, "a block that is not understood")
				return
			}
			r.query(s[1:to])
			s = s[to+1:]
		case "END", "RAISE", "NULL", "RETURN", "EXIT", "CONTINUE":
			r.query(s)
			r.verbs(s)
			return
		case "EXECUTE", "PERFORM", "CALL":
			r.destructive(s[0].at, "%s in a block: what it does is not known here", s.word(0))
			return
		default:
			r.statement(s, depth)
			return
		}
	}
}
