package evidence_test

import "flag"

// long asks for the tests that take minutes.
var long = flag.Bool("long", false, "compare parsers and count people over a million cases, and flip every bit of many envelopes: minutes")
