package journaltest

import (
	"testing"
	"time"
)

// Cases runs each part of the suite by run, which decides what becomes of failures. It
// is less patient than Run.
func Cases(open Opener, opts *Options, run func(name string, part func(testing.TB))) {
	for _, c := range cases {
		s := newSuite(open, opts)
		if c.reopen && s.reopen == nil {
			continue
		}
		s.patience = time.Second
		run(c.name, func(t testing.TB) { c.run(t, s) })
	}
}
