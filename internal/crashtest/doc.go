// Package crashtest kills processes that append to a journal, at random moments, and
// checks what the journal holds afterwards. It is for the tests of the engines: each
// says how it is opened, and which processes are to die.
//
// A writer is the test binary, run again. It appends to many streams at once, and
// writes each acknowledgement to a pipe; what stands in the pipe was told to somebody,
// and must be there whatever dies afterwards. [Run] kills, opens the journal and
// compares ([Checker]); [Pause] stops a worker past its lease instead of killing it.
//
// A kill loses nothing that was handed to the operating system, so none of this shows
// that anything is on the disk: package syncack does.
package crashtest
