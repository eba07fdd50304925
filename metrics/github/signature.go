package github

import (
	"strings"

	"github.com/sallyport-dev/sallyport/metrics/internal/payload"
)

// SignatureHeader is the name of the HTTP header that [VerifySignature] takes.
const SignatureHeader = "X-Hub-Signature-256"

// VerifySignature reports whether header, the delivery's X-Hub-Signature-256, is
// "sha256=" and the HMAC-SHA256 of body under the webhook's secret, compared in
// constant time. The body must be as it was received. A missing header, the older SHA-1
// header, a sum of another length, and an empty secret are refused.
func VerifySignature(secret []byte, header string, body []byte) bool {
	sum, ok := strings.CutPrefix(header, "sha256=")
	return ok && payload.SignedBy(secret, body, sum)
}
