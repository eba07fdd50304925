package release

import "fmt"

// Revision is a git commit (or, for submodules and files, any git object) by
// its full lower-case id: 40 hexadecimal digits (SHA-1) or 64 (SHA-256). The
// empty Revision means "none". Names such as tags and branches move, so they
// are never revisions.
type Revision string

// ParseRevision reads a full object id.
func ParseRevision(s string) (Revision, error) {
	if len(s) != 40 && len(s) != 64 {
		return "", fmt.Errorf("release: revision %q is not a full git object id of 40 or 64 digits", s)
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", fmt.Errorf("release: revision %q: %q at %d is no lower-case hexadecimal digit", s, c, i)
		}
	}
	return Revision(s), nil
}

// Short is the first 12 digits, for people's eyes only.
func (r Revision) Short() string { return string(r[:min(len(r), 12)]) }

// String is the full id.
func (r Revision) String() string { return string(r) }

// MarshalText is the full id.
func (r Revision) MarshalText() ([]byte, error) { return []byte(r), nil }

// UnmarshalText reads a full id, or "" as none.
func (r *Revision) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*r = ""
		return nil
	}
	v, err := ParseRevision(string(b))
	if err != nil {
		return err
	}
	*r = v
	return nil
}
