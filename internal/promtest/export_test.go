package promtest

// Missing ends a test that needs what is not there.
var Missing = missing
