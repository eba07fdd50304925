package label

import (
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Key names the labels that the words of a setting's key give. parts are the names
// on the way to the setting, the outermost first: "auth", "session", "ttl". The
// words are those of the labelers "identity", "access", "crypto", "secrets", "payment",
// "network" and "pipeline", as far as they are words and no file names, and those of
// [release.LabelAvailability]. The result is sorted.
func Key(parts ...string) []release.Label {
	n := read(release.Path(strings.Join(parts, "/")))
	var fc release.FileChange
	var out []release.Label
	for _, m := range []struct {
		label release.Label
		match bool
	}{
		{release.LabelAccess, access(fc, n)},
		{release.LabelAvailability, n.has("replica", "replicacount", "autoscaling", "probe", "livenessprobe", "readinessprobe", "startupprobe", "healthcheck", "minavailable", "maxunavailable", "disruption", "circuitbreaker")},
		{release.LabelCrypto, crypto(fc, n)},
		{release.LabelIdentity, identity(fc, n)},
		{release.LabelNetwork, network(fc, n) || n.has("listen", "bind", "exposed", "hostnetwork", "nodeport", "allowedorigin", "allowedhost", "proxy", "tunnel")},
		{release.LabelPayment, payment(fc, n)},
		{release.LabelPipeline, n.has("pipeline", "deploy", "deployment", "registry", "runner", "image", "buildspec", "workflow", "webhook", "artifact")},
		{release.LabelSecrets, SecretKey(parts...)},
	} {
		if m.match {
			out = append(out, m.label)
		}
	}
	return set(out)
}

// SecretKey reports whether the words of a setting's key say that its value is a
// secret: "DB_PASSWORD", "stripe.apiKey", "connectionString".
func SecretKey(parts ...string) bool {
	n := read(release.Path(strings.Join(parts, "/")))
	return secrets(release.FileChange{}, n) ||
		n.has("password", "passwd", "passphrase", "pwd", "pass", "pw", "token", "bearer", "apikey", "accesskey", "signingkey", "encryptionkey", "masterkey", "sharedkey", "hashkey", "authkey", "sessionkey",
			"storagekey", "accountkey", "licensekey", "keymaterial", "connectionstring", "connstring", "connstr", "dsn", "databaseurl", "dburl", "mongodburi", "mongouri", "redisurl", "amqpurl", "brokerurl",
			"jaasconfig", "dockerconfigjson", "privatekey", "secretkey", "salt", "pepper", "hmac", "sas", "webhookurl", "pin", "otpseed", "seedphrase", "mnemonic", "credential") ||
		n.ends("password", "passwd", "token", "apikey", "secret", "secretkey", "accesskey", "privatekey", "passphrase") || n.begins("password", "secret", "credential")
}
