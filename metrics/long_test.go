package metrics_test

import "flag"

// long makes the tests that search further do so.
var long = flag.Bool("long", false, "search further: minutes instead of seconds")
