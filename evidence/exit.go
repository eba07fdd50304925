package evidence

import "github.com/sallyport-dev/sallyport/release"

// The exit codes of a program that decides. Go programs that panic exit with 2
// too, which is no verdict either.
const (
	ExitAllow     = 0 // the release may go out
	ExitDeny      = 1 // it may not, and waiting will not help
	ExitNoVerdict = 2 // nothing was decided: wrong usage, an error
	ExitHold      = 3 // it may not yet: decide again later
)

// ExitCode is what [Decide] returned as the exit code of a program. Whatever is
// not a verdict is [ExitNoVerdict], and nothing but an allow is [ExitAllow], so
// that a shell's && is a gate. An error outweighs the decision beside it.
//
//	allow                     0  ExitAllow
//	deny                      1  ExitDeny
//	an error, or no verdict   2  ExitNoVerdict
//	hold                      3  ExitHold
//
// [Decision.Until] has no place in an exit code: a program that waits between
// deciding and acting must look at it.
func ExitCode(d Decision, err error) int {
	if err != nil {
		return ExitNoVerdict
	}
	switch d.Verdict {
	case release.VerdictAllow:
		return ExitAllow
	case release.VerdictDeny:
		return ExitDeny
	case release.VerdictHold:
		return ExitHold
	}
	return ExitNoVerdict
}
