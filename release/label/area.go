package label

import "github.com/sallyport-dev/sallyport/release"

// The words of each area. A word stands for its plural too. A few common words
// mean something else in some company; the company is named beside them.

func identity(_ release.FileChange, n *name) bool {
	return n.means(identityWords) ||
		n.begins("oauth", "oidc", "saml", "jwt", "login", "password", "session", "webauthn", "credential") || n.ends("auth", "password") ||
		n.beginsBut("auth", "author", "authz") ||
		n.has("security") && !n.has("securitygroup", "securitycontext", "podsecurity") && !n.ext(proseExt...) || // Spring's SecurityConfig, and directories of that name
		n.ends("token") && !n.has("lexer", "lex", "parser", "scanner", "ast", "syntax", "grammar", "tokenizer")
}

func access(_ release.FileChange, n *name) bool {
	return n.means(accessWords) ||
		n.begins("authoriz", "authoris", "rbac", "permission", "rolebinding", "clusterrole") ||
		n.has("access") && !n.has("log", "logger", "accesslog", "accessor", "data", "memory") ||
		n.ext(".rules", ".rules.json") && !n.has("alert", "prometheus", "recording") || n.is(".htaccess", "ability.rb") || // rules of Firebase, Apache, CanCan
		n.has("policy", "policies") && infrastructure(n) || n.in("policy", "policies") && !policyFile(n) && !n.ext(proseExt...)
}

func crypto(_ release.FileChange, n *name) bool {
	return n.means(cryptoWords) ||
		n.begins("crypto", "encrypt", "decrypt", "tls", "x509", "certmanager", "signature", "signing") || n.ends("crypto", "tls") ||
		keyFile(n) || n.in("key", "keys") || n.prefixed("key.", "keys.")
}

// keyFile is true for files that hold keys and certificates.
func keyFile(n *name) bool {
	return n.ending(keyExts) ||
		n.prefixed("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519") || n.is("known_hosts", "authorized_keys")
}

func secrets(_ release.FileChange, n *name) bool {
	return n.means(secretsWords) || n.begins("secretmanager", "secretsmanager", "credential") || n.ends("secret") ||
		n.within(secretDirs) ||
		n.ending(secretExts) ||
		n.prefixed("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".env") || n.called(secretNames)
}

func payment(_ release.FileChange, n *name) bool {
	return n.means(paymentWords) ||
		n.begins("payment", "billing", "invoic") ||
		n.has("pci") && !n.has("driver", "device", "bus", "usb", "kernel", "arch") ||
		n.has("checkout", "checkoutservice") && !n.has("git", "worktree", "branch", "clone")
}

func network(_ release.FileChange, n *name) bool {
	return n.means(networkWords) || n.begins("firewall") ||
		n.means(reachWords) && infrastructure(n)
}

// stateful looks at infrastructure only: code about databases is code.
func stateful(_ release.FileChange, n *name) bool {
	return n.means(statefulWords) && infrastructure(n)
}

// infrastructure is true for files that describe it.
func infrastructure(n *name) bool {
	return n.ending(infraExts) ||
		n.ext(".yaml", ".yml", ".json") && (n.within(infraDirs) ||
			n.means(infraWords))
}

func migration(_ release.FileChange, n *name) bool {
	return n.means(migrationWords) || n.begins("migrations") || n.in("changelog", "changelogs") && n.ext(".xml", ".sql", ".yaml", ".yml", ".json") && n.in("db", "database") ||
		n.ext(".up.sql", ".down.sql") || n.is("schema.sql", "structure.sql", "schema.rb", "schema.prisma") ||
		n.ext(".sql") && (n.flyway() || n.in("schema", "ddl"))
}

// flyway is true for names such as "v12__add_users.sql".
func (n *name) flyway() bool {
	if n.asked != nil {
		return n.asked.more()
	}
	n.part()
	base, i := n.base, 1
	for i < len(base) && (base[i] >= '0' && base[i] <= '9' || base[i] == '.' || base[i] == '_') {
		i++
	}
	return base != "" && (base[0] == 'v' || base[0] == 'u' || base[0] == 'r') && i >= 3 && base[i-2:i] == "__"
}

func api(_ release.FileChange, n *name) bool {
	return n.ending(apiExts) ||
		n.ext(".yaml", ".yml", ".json") && n.has("openapi", "swagger", "asyncapi") || n.prefixed("buf.yaml", "buf.gen.yaml")
}
