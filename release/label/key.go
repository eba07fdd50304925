package label

import (
	"math/bits"
	"strings"
	"sync"

	"github.com/sallyport-dev/sallyport/release"
)

// keyRules are how the words of a setting's key give labels.
var keyRules = []struct {
	label release.Label
	match func(*name) bool
}{
	{release.LabelAccess, func(n *name) bool { return access(release.FileChange{}, n) }},
	{release.LabelAvailability, func(n *name) bool {
		return n.has("replica", "replicacount", "autoscaling", "probe", "livenessprobe", "readinessprobe", "startupprobe", "healthcheck", "minavailable", "maxunavailable", "disruption", "circuitbreaker")
	}},
	{release.LabelCrypto, func(n *name) bool { return crypto(release.FileChange{}, n) }},
	{release.LabelIdentity, func(n *name) bool { return identity(release.FileChange{}, n) }},
	{release.LabelNetwork, func(n *name) bool {
		return network(release.FileChange{}, n) || n.has("listen", "bind", "exposed", "hostnetwork", "nodeport", "allowedorigin", "allowedhost", "proxy", "tunnel")
	}},
	{release.LabelPayment, func(n *name) bool { return payment(release.FileChange{}, n) }},
	{release.LabelPipeline, func(n *name) bool {
		return n.has("pipeline", "deploy", "deployment", "registry", "runner", "image", "buildspec", "workflow", "webhook", "artifact")
	}},
	{release.LabelSecrets, secretKey},
}

func secretKey(n *name) bool {
	return secrets(release.FileChange{}, n) ||
		n.has("password", "passwd", "passphrase", "pwd", "pass", "pw", "token", "bearer", "apikey", "accesskey", "signingkey", "encryptionkey", "masterkey", "sharedkey", "hashkey", "authkey", "sessionkey",
			"storagekey", "accountkey", "licensekey", "keymaterial", "connectionstring", "connstring", "connstr", "dsn", "databaseurl", "dburl", "mongodburi", "mongouri", "redisurl", "amqpurl", "brokerurl",
			"jaasconfig", "dockerconfigjson", "privatekey", "secretkey", "salt", "pepper", "hmac", "sas", "webhookurl", "pin", "otpseed", "seedphrase", "mnemonic", "credential") ||
		n.ends("password", "passwd", "token", "apikey", "secret", "secretkey", "accesskey", "privatekey", "passphrase") || n.begins("password", "secret", "credential")
}

// keyFilter and secretKeyFilter are made when they are first needed.
var (
	keyFilter = sync.OnceValue(func() *filter {
		return newFilter(len(keyRules), func(i int) []func(*name) bool { return []func(*name) bool{keyRules[i].match} })
	})
	secretKeyFilter = sync.OnceValue(func() *filter {
		return newFilter(1, func(int) []func(*name) bool { return []func(*name) bool{secretKey} })
	})
)

// Key names the labels that the words of a setting's key give. parts are the names
// on the way to the setting, the outermost first: "auth", "session", "ttl". The
// words are those of the labelers "identity", "access", "crypto", "secrets", "payment",
// "network" and "pipeline", as far as they are words and no file names, and those of
// [release.LabelAvailability]. The result is sorted.
func Key(parts ...string) []release.Label {
	p := strings.Join(parts, "/")
	some := keyFilter().candidates(p)
	if some == 0 {
		return nil
	}
	n := names.Get().(*name)
	defer names.Put(n)
	n.take(release.Path(p))
	var out []release.Label
	for ; some != 0; some &= some - 1 {
		if r := &keyRules[bits.TrailingZeros32(uint32(some))]; r.match(n) {
			out = append(out, r.label)
		}
	}
	return set(out)
}

// SecretKey reports whether the words of a setting's key say that its value is a
// secret: "DB_PASSWORD", "stripe.apiKey", "connectionString".
func SecretKey(parts ...string) bool {
	p := strings.Join(parts, "/")
	if secretKeyFilter().candidates(p) == 0 {
		return false
	}
	n := names.Get().(*name)
	defer names.Put(n)
	n.take(release.Path(p))
	return secretKey(n)
}
