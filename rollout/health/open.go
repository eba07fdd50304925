package health

import (
	"fmt"
	"time"
)

// OpenError is what a reader of samples returns for a window that may still grow:
// its end has not come, or what was counted in it may still be on its way. It says
// nothing about the release. Read the window again at Until.
type OpenError struct {
	// Window is the window that was asked for.
	Window Window
	// Until is when the window will be closed. The zero time means that nobody knows.
	Until time.Time
}

// Error says which window, and when to come back. The text may change.
func (e *OpenError) Error() string {
	if e.Until.IsZero() {
		return fmt.Sprintf("health: window %s is still open", e.Window.ID())
	}
	return fmt.Sprintf("health: window %s is open until %s", e.Window.ID(), e.Until.UTC().Format(time.RFC3339Nano))
}
