package postgres

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Options says where a journal is kept and how long a commit may take. Nil is the zero
// Options.
type Options struct {
	// Schema is the schema that the tables are in: at most 63 bytes, without zero bytes.
	// It is made if it is not there. If empty, "sallyport".
	Schema string
	// Timeout bounds how long one commit may take, connecting and waiting for other
	// processes included, and one page of what is read. An append that was being
	// committed then returns [journal.ErrUnknown]. If zero, 15 s.
	Timeout time.Duration
}

const (
	defaultSchema  = "sallyport"
	defaultTimeout = 15 * time.Second
	maxIdentifier  = 63
)

// settled is opts with its defaults.
func (o *Options) settled() (Options, error) {
	var s Options
	if o != nil {
		s = *o
	}
	if s.Schema == "" {
		s.Schema = defaultSchema
	}
	if s.Timeout == 0 {
		s.Timeout = defaultTimeout
	}
	var errs []error
	if len(s.Schema) > maxIdentifier || strings.Contains(s.Schema, "\x00") {
		errs = append(errs, fmt.Errorf("postgres: the schema %.70q; it must have at most %d bytes, none of them zero", s.Schema, maxIdentifier))
	}
	if s.Timeout < 0 {
		errs = append(errs, fmt.Errorf("postgres: the timeout is %v; it must not be negative", s.Timeout))
	}
	return s, errors.Join(errs...)
}
