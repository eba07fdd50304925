package sigstore

import (
	"encoding/hex"
	"maps"
	"slices"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// logged requires that n logs have the signature of e that were to be trusted
// when it was made. sigstore-go asks that only of logs that give a time: it takes
// an inclusion proof of a log that is over, whose key may be anybody's by now.
func logged(e *entity, m root.TrustedMaterial, n int, times []evidence.Time) error {
	all := m.RekorLogs()
	over := func(id string, l *root.TransparencyLog) bool { return !open(l, times) }
	if n == 0 || !slices.ContainsFunc(e.entries, func(t *tlog.Entry) bool {
		id := hex.EncodeToString([]byte(t.LogKeyID()))
		l, ok := all[id]
		return ok && over(id, l)
	}) {
		return nil // sigstore-go has counted them
	}
	then := maps.Clone(all)
	maps.DeleteFunc(then, over)
	_, err := verify.VerifyTlogEntry(e, someLogs{m, then}, n, false)
	return err
}

// open reports whether l was to be trusted at all of times. Without a time
// nobody can say that a log was not yet over.
func open(l *root.TransparencyLog, times []evidence.Time) bool {
	end := l.ValidityPeriodEnd
	for _, at := range times {
		if at.T.Before(l.ValidityPeriodStart) || !end.IsZero() && at.T.After(end) {
			return false
		}
	}
	return len(times) > 0 || end.IsZero()
}

// someLogs is trusted material with fewer logs.
type someLogs struct {
	root.TrustedMaterial
	logs map[string]*root.TransparencyLog
}

// RekorLogs are the logs that are left, by their id.
func (m someLogs) RekorLogs() map[string]*root.TransparencyLog { return m.logs }
