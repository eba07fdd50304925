package payload

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// SignedBy reports whether sum, 64 hexadecimal digits in lower case, is the
// HMAC-SHA256 of body under the secret. It takes the same time for any sum of that
// form. An empty secret signs nothing.
func SignedBy(secret, body []byte, sum string) bool {
	if len(secret) == 0 || len(sum) != 2*sha256.Size {
		return false
	}
	for _, c := range []byte(sum) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	got, err := hex.DecodeString(sum)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return hmac.Equal(mac.Sum(nil), got)
}
