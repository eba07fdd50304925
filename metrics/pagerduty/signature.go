package pagerduty

import (
	"strings"

	"github.com/sallyport-dev/sallyport/metrics/internal/payload"
)

// SignatureHeader is the name of the HTTP header that [VerifySignature] takes.
const SignatureHeader = "X-PagerDuty-Signature"

// maxSignatures is how many sums a header may hold.
const maxSignatures = 16

// VerifySignature reports whether one of the sums of header, "v1=" and 64 hexadecimal
// digits each, with commas between them, is the HMAC-SHA256 of body under one of the
// secrets. There are several of each while a secret is changed. The body must be as
// it was received. A missing header, sums of other versions alone, more than 16 sums,
// and empty secrets are refused.
func VerifySignature(secrets [][]byte, header string, body []byte) bool {
	sums := strings.Split(header, ",")
	if len(sums) > maxSignatures {
		return false
	}
	valid := false
	for _, s := range sums {
		sum, ok := strings.CutPrefix(strings.TrimSpace(s), "v1=")
		if !ok {
			continue
		}
		for _, secret := range secrets {
			valid = payload.SignedBy(secret, body, sum) || valid
		}
	}
	return valid
}
