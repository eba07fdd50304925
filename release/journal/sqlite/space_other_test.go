//go:build !linux

package sqlite_test

import "errors"

func spaceChild([]string) error { return errors.New("only on Linux") }
