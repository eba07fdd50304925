package journaltest

import "testing"

// Cases runs each part of the suite by run, which decides what becomes of failures.
func Cases(open Opener, opts *Options, run func(name string, part func(testing.TB))) {
	for _, c := range cases {
		s := newSuite(open, opts)
		if c.reopen && s.reopen == nil {
			continue
		}
		run(c.name, func(t testing.TB) { c.run(t, s) })
	}
}
