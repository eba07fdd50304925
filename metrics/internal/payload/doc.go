// Package payload is what the readers of web services' payloads have in common: a
// strict walk over JSON that builds nothing of what it passes over, and a set of what
// a service told of one thing, from which a fact follows whatever the order of
// arrival was.
package payload
