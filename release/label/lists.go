package label

import "strings"

// The long lists of what is looked for in a path. Each list is a bit, and all lists of
// a kind are searched at once when a path is read: a path is compared with none of a
// thousand texts that it does not have.
type (
	wordList uint16 // words: alone or as a part of a name, and their plurals
	dirList  uint16 // names of directories
	nameList uint16 // names of files
	extList  uint16 // ends of names of files; each begins with a dot
)

const (
	identityWords wordList = 1 << iota
	accessWords
	cryptoWords
	secretsWords
	paymentWords
	networkWords
	statefulWords
	migrationWords
	reachWords
	infraWords
	buildWords
)

const (
	secretDirs dirList = 1 << iota
	infraDirs
	pipelineDirs
	githubDirs
	scriptDirs
	policyDirs
	embedDirs
)

const (
	secretNames nameList = 1 << iota
	ciNames
	buildNames
	projectNames
	agentNames
	policyNames
	dependencyNames
)

const (
	keyExts extList = 1 << iota
	secretExts
	infraExts
	apiExts
	buildExts
	projectExts
	agentExts
	shellExts
	scriptExts
	policyExts
	dependencyExts
)

var wordLists = map[wordList]string{
	identityWords: `auth authn authentication authenticate authenticated authenticator authenticating oauth oauth2 openid oidc saml sso login logon logout logoff signin
		signup signon signout session cookie jwt jwks password passwd passphrase passkey mfa 2fa twofactor totp hotp otp webauthn fido fido2 u2f ldap kerberos
		krb5 identity identities idp scim principal impersonate impersonation impersonator credential keycloak okta auth0 cognito spiffe spire csrf xsrf
		bcrypt argon scrypt htpasswd pam sshd passport devise doorkeeper shiro kratos`,
	accessWords: `authz authorization authorisation authorize authorise authorized authorizer authoriser rbac abac rebac acl iam permission privilege role rolebinding
		clusterrole clusterrolebinding entitlement casbin openfga sudo sudoer accesscontrol accesspolicy allowlist denylist whitelist blacklist serviceaccount
		podsecurity podsecuritypolicy securitycontext rls pundit cancancan`,
	cryptoWords: `crypto cryptography cryptographic cipher encrypt encrypted encrypter encryptor encryption decrypt decrypted decryption tls mtls ssl x509 cert
		certificate certmanager pki pkcs hsm kms signer signing signature hmac rsa dsa ecdsa eddsa ed25519 x25519 aes gcm chacha chacha20 openssl boringssl
		pgp gpg keystore keyring keychain keyvault truststore trustroot trustedroot privatekey publickey secretkey signingkey encryptionkey jwk jwe jws acme
		cosign sigstore bcrypt argon scrypt pbkdf hkdf nonce issuer clusterissuer`,
	secretsWords: `secret vault credential cred sops sealedsecret externalsecret keyvault apikey secretkey privatekey htpasswd passwd netrc tfstate`,
	paymentWords: `payment billing invoice invoicing stripe paypal adyen braintree refund payout creditcard chargeback wallet iban sepa paywall settlement`,
	networkWords: `firewall iptables nftables ingress egress networkpolicy networkpolicies netpol securitygroup vpc subnet waf loadbalancer cors csp istio envoy haproxy
		nginx virtualservice acl trustedproxy proxyprotocol vpn wireguard`,
	statefulWords: `db database rds sql postgres postgresql mysql redis mongo mongodb dynamodb bucket s3 gcs storage volume disk ebs efs statefulset pvc pv
		persistentvolume persistentvolumeclaim backup kafka elasticache`,
	migrationWords: `migration migrate migrator alembic flyway liquibase`,
	reachWords:     `network networking sg nsg dns route gateway peering lb alb nlb elb cdn cloudfront httproute endpoint`,
	infraWords:     `statefulset pvc persistentvolume persistentvolumeclaim networkpolicy serviceaccount`,
	buildWords:     `build release deploy deployment publish install ci package sign setup bootstrap`,
}

var dirLists = map[dirList]string{
	secretDirs: `.ssh .aws .kube .docker .gnupg`,
	infraDirs:  `k8s kubernetes manifests helm charts kustomize terraform cloudformation infra infrastructure deploy deployment deployments base overlays`,
	pipelineDirs: `.github .gitea .forgejo .gitlab .circleci .buildkite .woodpecker .drone .tekton tekton .ci .jenkins .azure-pipelines .azuredevops .pipelines
		.semaphore .teamcity .harness .bitrise .husky .githooks .devcontainer .mvn .cargo .cosign .vscode .claude .cursor .codex .gemini .windsurf .bazelci
		.argocd .kokoro .changeset .dagger .earthly .ebextensions .platform fastlane argo-cd argocd fluxcd flux-system buildsrc`,
	githubDirs: `workflows actions instructions prompts agents chatmodes scripts`,
	scriptDirs: `scripts script hack ci build release hooks bin tools buildscripts build-scripts build-tools dev`,
	policyDirs: `policy policies rulesets security-policies kyverno gatekeeper conftest`,
	embedDirs:  `prompt prompts template templates testdata fixtures embed assets resources agents skills commands email emails`,
}

var nameLists = map[nameList]string{
	secretNames: `.git-credentials .pgpass .pypirc .npmrc .dockercfg kubeconfig .vault-token wp-config.php`,
	ciNames:     `action.yml action.yaml procfile app.yaml fly.toml vercel.json netlify.toml chart.yaml deploy.rb codecov.yml .codecov.yml`,
	buildNames: `build workspace .bazelrc .bazelversion cmakelists.txt meson.build configure configure.ac build.rs build.zig build.sh build.sbt gradlew gradlew.bat
		gradle.properties mvnw mvnw.cmd pom.xml package.json setup.py setup.cfg pyproject.toml cargo.toml mix.exs gemfile composer.json tox.ini noxfile.py
		.npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs .pypirc pip.conf .tool-versions .nvmrc .node-version .python-version .ruby-version .go-version mise.toml
		.mise.toml rust-toolchain rust-toolchain.toml global.json nuget.config .envrc .gitattributes .dockerignore entrypoint.sh docker-entrypoint.sh`,
	projectNames: `tsconfig.json angular.json nx.json turbo.json lerna.json rush.json deno.json deno.jsonc bunfig.toml podfile package.swift build.xml ivy.xml buck
		targets .buckconfig pants.toml go.work pytest.ini hatch.toml cross.toml build.boot project.clj deps.edn rebar.config stack.yaml setup.hs makefile.pl
		build.pl extconf.rb binding.gyp gruntfile autogen.sh bootstrap.sh .terraform-version .sdkmanrc .java-version .gitconfig .gitlint cabal.project
		flake.nix vcpkg.json`,
	agentNames: `agents.md agent.md claude.md claude.local.md gemini.md copilot-instructions.md skill.md llms.txt .cursorrules .windsurfrules .clinerules .mcp.json
		mcp.json`,
	policyNames: `codeowners owners owners_aliases waivers.json waivers.yaml waivers.yml .mailmap .gitattributes maintainers`,
	dependencyNames: `go.mod go.sum go.work go.work.sum package.json package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml pnpm-workspace.yaml bun.lock bun.lockb
		deno.json deno.lock cargo.toml cargo.lock gemfile gemfile.lock poetry.lock uv.lock pdm.lock pylock.toml pipfile pipfile.lock setup.py setup.cfg
		pyproject.toml composer.json composer.lock mix.exs mix.lock pom.xml build.gradle build.gradle.kts gradle.lockfile libs.versions.toml build.sbt
		packages.config packages.lock.json directory.packages.props paket.lock package.swift package.resolved podfile podfile.lock cartfile cartfile.resolved
		pubspec.yaml pubspec.lock conanfile.txt conanfile.py conan.lock vcpkg.json flake.nix flake.lock .terraform.lock.hcl chart.yaml chart.lock
		requirements.yaml module.bazel module.bazel.lock workspace workspace.bazel rebar.lock stack.yaml.lock cabal.project.freeze .gitmodules environment.yml
		renv.lock manifest.toml buf.lock`,
}

var extLists = map[extList]string{
	keyExts:        `.pem .key .crt .cer .csr .der .p8 .p12 .pfx .jks .gpg .pub .asc .kdbx .keytab`,
	secretExts:     `.key .pem .p8 .p12 .pfx .jks .kdbx .keytab .env .tfstate .tfstate.backup`,
	infraExts:      `.tf .tf.json .tfvars .tfvars.json .tofu .hcl .bicep`,
	apiExts:        `.proto .graphql .graphqls .gql .thrift .avsc .avdl .wsdl .raml .smithy .fbs .capnp .tsp`,
	buildExts:      `.dockerfile .containerfile .mk .make .bzl .bazel .cmake .spec.in .nix .dockerignore .gemspec`,
	projectExts:    `.gradle .gradle.kts .csproj .fsproj .vbproj .vcxproj .props .targets .sln .cake .podspec .pbxproj .xcconfig .m4 .am .rake .gyp .gypi`,
	agentExts:      `.prompt.md .instructions.md .agent.md .chatmode.md .mdc`,
	shellExts:      `.sh .bash .zsh .ps1 .bat .cmd`,
	scriptExts:     `.js .mjs .cjs .ts .mts .rb .pl .lua .fish`,
	policyExts:     `.rego .cedar .sentinel .cue .yaml .yml .json .toml .hcl .xml .csv .conf .ini .polar .fga`,
	dependencyExts: `.csproj .fsproj .vbproj .gemspec .podspec`,
}

// The lists that a text stands in.
var (
	listsOfWord = inverted(wordLists)
	listsOfDir  = inverted(dirLists)
	listsOfName = inverted(nameLists)
	listsOfExt  = inverted(extLists)
)

// The texts of each list.
var (
	wordTexts = divided(wordLists)
	dirTexts  = divided(dirLists)
	nameTexts = divided(nameLists)
	extTexts  = divided(extLists)
)

func divided[L ~uint16](lists map[L]string) map[L][]string {
	out := map[L][]string{}
	for list, texts := range lists {
		out[list] = strings.Fields(texts)
	}
	return out
}

// wordsListed has the texts of listsOfWord, and their plurals.
var wordsListed = func() (l listed) {
	for w := range listsOfWord {
		l.add(w)
		l.add(w + "s")
	}
	return l
}()

// listed tells most of the texts that are not in a list from those that are.
type listed [1 << 10]uint64

func (l *listed) add(text string) {
	h := mix(headAndTail(text))
	l[h>>54] |= 1 << (h >> 48 & 63)
}

func (l *listed) maybe(text string) bool {
	h := mix(headAndTail(text))
	return l[h>>54]>>(h>>48&63)&1 != 0
}

// maxExt is the length of the longest of extLists.
var maxExt = longest(listsOfExt)

func inverted[L ~uint16](lists map[L]string) map[string]L {
	out := map[string]L{}
	for list, texts := range lists { // in any order: the lists of a text are a set
		for text := range strings.FieldsSeq(texts) {
			out[text] |= list
		}
	}
	return out
}

func longest(texts map[string]extList) int {
	n := 0
	for text := range texts {
		n = max(n, len(text))
	}
	return n
}

// look finds the lists of words.
func (n *name) look() {
	if n.looked {
		return
	}
	n.spell()
	n.looked, n.wordLists = true, 0
	for _, w := range n.words {
		if wordsListed.maybe(w) {
			n.wordLists |= listsOfWord[w]
			if one, more := strings.CutSuffix(w, "s"); more {
				n.wordLists |= listsOfWord[one]
			}
		}
	}
}

// list finds the lists of directories, names and extensions.
func (n *name) list() {
	if n.listed {
		return
	}
	n.part()
	n.listed, n.dirLists, n.nameLists, n.extLists = true, 0, listsOfName[n.base], 0
	for _, s := range n.segs[:max(len(n.segs)-1, 0)] {
		n.dirLists |= listsOfDir[s]
	}
	for i := len(n.base) - 1; i >= 0 && len(n.base)-i <= maxExt; i-- {
		if n.base[i] == '.' {
			n.extLists |= listsOfExt[n.base[i:]]
		}
	}
}

// means reports whether one of the words of a list is there, alone or in the plural.
func (n *name) means(list wordList) bool {
	if n.asked != nil {
		return n.asked.note(ofWord, wordTexts[list])
	}
	n.look()
	return n.wordLists&list != 0
}

// within reports whether the file lies in a directory of a list.
func (n *name) within(list dirList) bool {
	if n.asked != nil {
		return n.asked.note(ofDir, dirTexts[list])
	}
	n.list()
	return n.dirLists&list != 0
}

// called reports whether the base stands in a list.
func (n *name) called(list nameList) bool {
	if n.asked != nil {
		return n.asked.note(ofBase, nameTexts[list])
	}
	n.list()
	return n.nameLists&list != 0
}

// ending reports whether the base ends in an extension of a list.
func (n *name) ending(list extList) bool {
	if n.asked != nil {
		return n.asked.note(ofBaseEnd, extTexts[list])
	}
	n.list()
	return n.extLists&list != 0
}
