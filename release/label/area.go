package label

import (
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// The words of each area. A word stands for its plural too. A few common words
// mean something else in some company; the company is named beside them.

func identity(_ release.FileChange, n *name) bool {
	return n.has("auth", "authn", "authentication", "authenticate", "authenticated", "authenticator", "authenticating",
		"oauth", "oauth2", "openid", "oidc", "saml", "sso", "login", "logon", "logout", "logoff", "signin", "signup", "signon", "signout",
		"session", "cookie", "jwt", "jwks", "password", "passwd", "passphrase", "passkey", "mfa", "2fa", "twofactor", "totp", "hotp", "otp",
		"webauthn", "fido", "fido2", "u2f", "ldap", "kerberos", "krb5", "identity", "identities", "idp", "scim", "principal",
		"impersonate", "impersonation", "impersonator", "credential", "keycloak", "okta", "auth0", "cognito", "spiffe", "spire",
		"csrf", "xsrf", "bcrypt", "argon", "scrypt", "htpasswd", "pam", "sshd", "passport", "devise", "doorkeeper", "shiro", "kratos") ||
		n.begins("oauth", "oidc", "saml", "jwt", "login", "password", "session", "webauthn", "credential") || n.ends("auth", "password") ||
		written(n, "auth", "author", "authz") ||
		n.has("security") && !n.has("securitygroup", "securitycontext", "podsecurity") && !n.ext(proseExt...) || // Spring's SecurityConfig, and directories of that name
		n.ends("token") && !n.has("lexer", "lex", "parser", "scanner", "ast", "syntax", "grammar", "tokenizer")
}

func access(_ release.FileChange, n *name) bool {
	return n.has("authz", "authorization", "authorisation", "authorize", "authorise", "authorized", "authorizer", "authoriser",
		"rbac", "abac", "rebac", "acl", "iam", "permission", "privilege", "role", "rolebinding", "clusterrole", "clusterrolebinding",
		"entitlement", "casbin", "openfga", "sudo", "sudoer", "accesscontrol", "accesspolicy", "allowlist", "denylist", "whitelist",
		"blacklist", "serviceaccount", "podsecurity", "podsecuritypolicy", "securitycontext", "rls", "pundit", "cancancan") ||
		n.begins("authoriz", "authoris", "rbac", "permission", "rolebinding", "clusterrole") ||
		n.has("access") && !n.has("log", "logger", "accesslog", "accessor", "data", "memory") ||
		n.ext(".rules", ".rules.json") && !n.has("alert", "prometheus", "recording") || n.is(".htaccess", "ability.rb") || // rules of Firebase, Apache, CanCan
		infrastructure(n) && n.has("policy", "policies") || n.in("policy", "policies") && !policyFile(n) && !n.ext(proseExt...)
}

func crypto(_ release.FileChange, n *name) bool {
	return n.has("crypto", "cryptography", "cryptographic", "cipher", "encrypt", "encrypted", "encrypter", "encryptor", "encryption",
		"decrypt", "decrypted", "decryption", "tls", "mtls", "ssl", "x509", "cert", "certificate", "certmanager", "pki", "pkcs", "hsm", "kms",
		"signer", "signing", "signature", "hmac", "rsa", "dsa", "ecdsa", "eddsa", "ed25519", "x25519", "aes", "gcm", "chacha", "chacha20",
		"openssl", "boringssl", "pgp", "gpg", "keystore", "keyring", "keychain", "keyvault", "truststore", "trustroot", "trustedroot", "privatekey", "publickey",
		"secretkey", "signingkey", "encryptionkey", "jwk", "jwe", "jws", "acme", "cosign", "sigstore", "bcrypt", "argon", "scrypt", "pbkdf", "hkdf", "nonce",
		"issuer", "clusterissuer") ||
		n.begins("crypto", "encrypt", "decrypt", "tls", "x509", "certmanager", "signature", "signing") || n.ends("crypto", "tls") ||
		keyFile(n) || n.in("key", "keys") || n.prefixed("key.", "keys.")
}

// keyFile is true for files that hold keys and certificates.
func keyFile(n *name) bool {
	return n.ext(".pem", ".key", ".crt", ".cer", ".csr", ".der", ".p8", ".p12", ".pfx", ".jks", ".gpg", ".pub", ".asc", ".kdbx", ".keytab") ||
		n.prefixed("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519") || n.is("known_hosts", "authorized_keys")
}

func secrets(_ release.FileChange, n *name) bool {
	return n.has("secret", "vault", "credential", "cred", "sops", "sealedsecret", "externalsecret", "keyvault", "apikey", "secretkey", "privatekey",
		"htpasswd", "passwd", "netrc", "tfstate") || n.begins("secretmanager", "secretsmanager", "credential") || n.ends("secret") ||
		n.in(".ssh", ".aws", ".kube", ".docker", ".gnupg") ||
		n.ext(".key", ".pem", ".p8", ".p12", ".pfx", ".jks", ".kdbx", ".keytab", ".env", ".tfstate", ".tfstate.backup") ||
		n.prefixed("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".env") || n.is(".git-credentials", ".pgpass", ".pypirc", ".npmrc", ".dockercfg", "kubeconfig", ".vault-token", "wp-config.php")
}

func payment(_ release.FileChange, n *name) bool {
	return n.has("payment", "billing", "invoice", "invoicing", "stripe", "paypal", "adyen", "braintree", "refund", "payout", "creditcard", "chargeback",
		"wallet", "iban", "sepa", "paywall", "settlement") ||
		n.begins("payment", "billing", "invoic") ||
		n.has("pci") && !n.has("driver", "device", "bus", "usb", "kernel", "arch") ||
		n.has("checkout", "checkoutservice") && !n.has("git", "worktree", "branch", "clone")
}

func network(_ release.FileChange, n *name) bool {
	return n.has("firewall", "iptables", "nftables", "ingress", "egress", "networkpolicy", "networkpolicies", "netpol", "securitygroup", "vpc", "subnet", "waf",
		"loadbalancer", "cors", "csp", "istio", "envoy", "haproxy", "nginx", "virtualservice", "acl", "trustedproxy", "proxyprotocol", "vpn", "wireguard") || n.begins("firewall") ||
		infrastructure(n) && n.has("network", "networking", "sg", "nsg", "dns", "route", "gateway", "peering", "lb", "alb", "nlb", "elb", "cdn", "cloudfront", "httproute", "endpoint")
}

// stateful looks at infrastructure only: code about databases is code.
func stateful(_ release.FileChange, n *name) bool {
	return infrastructure(n) && n.has("db", "database", "rds", "sql", "postgres", "postgresql", "mysql", "redis", "mongo", "mongodb", "dynamodb", "bucket",
		"s3", "gcs", "storage", "volume", "disk", "ebs", "efs", "statefulset", "pvc", "pv", "persistentvolume", "persistentvolumeclaim", "backup", "kafka", "elasticache")
}

// written reports whether a word begins with text and with none of except:
// authserver, not author.
func written(n *name, text string, except ...string) bool {
	return n.begins(text) && slices.ContainsFunc(n.words, func(w string) bool {
		return strings.HasPrefix(w, text) && !slices.ContainsFunc(except, func(e string) bool { return strings.HasPrefix(w, e) })
	})
}

// infrastructure is true for files that describe it.
func infrastructure(n *name) bool {
	return n.ext(".tf", ".tf.json", ".tfvars", ".tfvars.json", ".tofu", ".hcl", ".bicep") ||
		n.ext(".yaml", ".yml", ".json") && (n.in("k8s", "kubernetes", "manifests", "helm", "charts", "kustomize", "terraform", "cloudformation", "infra", "infrastructure",
			"deploy", "deployment", "deployments", "base", "overlays") ||
			n.has("statefulset", "pvc", "persistentvolume", "persistentvolumeclaim", "networkpolicy", "serviceaccount"))
}

func migration(_ release.FileChange, n *name) bool {
	return n.has("migration", "migrate", "migrator", "alembic", "flyway", "liquibase") || n.begins("migrations") || n.in("changelog", "changelogs") && n.ext(".xml", ".sql", ".yaml", ".yml", ".json") && n.in("db", "database") ||
		n.ext(".up.sql", ".down.sql") || n.is("schema.sql", "structure.sql", "schema.rb", "schema.prisma") ||
		n.ext(".sql") && (flywayName(n.base) || n.in("schema", "ddl"))
}

// flywayName is true for names such as "v12__add_users.sql".
func flywayName(base string) bool {
	i := 1
	for i < len(base) && (base[i] >= '0' && base[i] <= '9' || base[i] == '.' || base[i] == '_') {
		i++
	}
	return base != "" && (base[0] == 'v' || base[0] == 'u' || base[0] == 'r') && i >= 3 && base[i-2:i] == "__"
}

func api(_ release.FileChange, n *name) bool {
	return n.ext(".proto", ".graphql", ".graphqls", ".gql", ".thrift", ".avsc", ".avdl", ".wsdl", ".raml", ".smithy", ".fbs", ".capnp", ".tsp") ||
		n.ext(".yaml", ".yml", ".json") && n.has("openapi", "swagger", "asyncapi") || n.prefixed("buf.yaml", "buf.gen.yaml")
}
