//go:build !unix

package postgres_test

import (
	"os"
	"time"
)

func pauseProcess(*os.Process, time.Duration) {}
