package release

import "time"

// Source is a file that facts were read from, so that they can be read again.
type Source struct {
	// Path is the file's, as the host or the repository names it.
	Path Path `json:"path"`
	// Format is what it was read as, with its version: "package-lock/3",
	// "cyclonedx/1.6", "terraform-plan/1.2".
	Format string `json:"format"`
	// Digest is the SHA-256 of the bytes that were read.
	Digest Digest `json:"digest,omitzero"`
	// Tool and Version say what wrote it, where it tells. They are its claim.
	Tool    Text `json:"tool,omitempty"`
	Version Text `json:"version,omitempty"`
	// At is when the file says that it was made; a claim too. Zero where it does not.
	At time.Time `json:"at,omitzero"`
}
