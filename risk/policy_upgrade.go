package risk

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/sallyport-dev/sallyport/release"
)

// Upgrade is the text of a policy that was written for older versions of this module's
// rules, brought up to those of this build. It is a new policy, as its digest says, and
// people must agree to it as to any other change of the policy.
type Upgrade struct {
	// Text is the new text. It differs from the old one in the versions of Rises alone.
	Text []byte
	// Rises are the rules that rose, in the order of the text; none where nothing has to change.
	Rises []Rise
	// Before is the digest of the policy as its text stood, and After that of the new
	// one. Both count the default labelers as they are in this build: where those rose too, the
	// build that the text was written for told another digest than Before.
	Before, After release.Digest
}

// Rise is a rule whose version rose.
type Rise struct {
	// Rule is its id, From the version that the text names and To the one of this build.
	Rule     string
	From, To int
	// Doc is what the rule finds now.
	Doc string
	// Pointer, Line and Column are where the text names the version: see [Mistake].
	Pointer      string
	Line, Column int
}

// String is one line for people.
func (r Rise) String() string {
	return fmt.Sprintf("rule %s: version %d, and now %d: %s", r.Rule, r.From, r.To, r.Doc)
}

// UpgradePolicy brings the text of a policy up to the rules of this build. It changes
// the versions of this module's rules where they rose, and nothing else, byte for byte. A
// rule that is gone, or newer than this build, is an error, as is whatever else
// [ParsePolicy] would not take: a [*TextError], or an error about own.
func UpgradePolicy(text []byte, own Code) (*Upgrade, error) {
	r, err := own.reader(text)
	if err != nil {
		return nil, err
	}
	r.upgrade = true
	old, err := r.parse()
	if err != nil {
		return nil, err
	}
	for _, rise := range r.rises {
		i := slices.IndexFunc(old.Rules, func(q Rule) bool { return q.ID == rise.Rule })
		old.Rules[i].Version = rise.From
	}
	u := &Upgrade{Rises: r.rises}
	if u.Before, err = old.Digest(); err != nil {
		return nil, fmt.Errorf("risk: digest of the policy: %w", err)
	}
	u.Text = r.risen()
	p, err := ParsePolicy(u.Text, own)
	if err != nil {
		return nil, fmt.Errorf("risk: the upgraded policy cannot be read: %w", err)
	}
	if u.After, err = p.Digest(); err != nil {
		return nil, fmt.Errorf("risk: digest of the upgraded policy: %w", err)
	}
	return u, nil
}

// rise notes that a rule of this module rose.
func (r *policyReader) rise(at string, n codeName, now Rule) {
	rise := Rise{Rule: n.ID, From: n.Version, To: now.Version, Doc: now.Doc, Pointer: at}
	rise.Line, rise.Column = r.place(r.places[at])
	r.rises = append(r.rises, rise)
}

// risen is the text with the new versions in it.
func (r *policyReader) risen() []byte {
	var out bytes.Buffer
	done := 0
	for _, rise := range r.rises {
		begin := r.places[rise.Pointer]
		out.Write(r.b[done:begin])
		out.WriteString(strconv.Itoa(rise.To))
		done = begin + len(strconv.Itoa(rise.From)) // whole takes no other spelling
	}
	out.Write(r.b[done:])
	return out.Bytes()
}
