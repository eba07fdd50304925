//go:build !unix

package pgtest

import (
	"errors"
	"os/exec"
)

func unable() string { return "no PostgreSQL: private clusters are made on unix only" }

func apart(*exec.Cmd) {}

func asSelf(*exec.Cmd) {}

func folder() (string, error) { return "", errors.New("private clusters are made on unix only") }
