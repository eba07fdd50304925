package label

// Types are read like paths: "aws_security_group" has the words aws, security,
// group, awssecurity and securitygroup, "rbac.authorization.k8s.io/v1/ClusterRole" among others
// clusterrole.

func identityResource(n *name) bool {
	return n.has("cognito", "okta", "auth0", "azuread", "entra", "keycloak", "identity", "identities", "idp", "oidc", "openid", "saml", "sso", "ssoadmin", "identitystore",
		"password", "ldap", "directory", "iap", "serviceaccount", "user", "login", "authenticator", "authentication", "authenticationpolicy", "requestauthentication", "peerauthentication")
}

func accessResource(n *name) bool {
	return n.has("iam", "role", "rolebinding", "clusterrole", "clusterrolebinding", "roleassignment", "roledefinition", "serviceaccount", "permission", "policy", "policies",
		"acl", "grant", "privilege", "publicaccess", "accesscontrol", "accesskey", "accesspolicy", "authorizationpolicy", "authorizer", "ram", "scp", "authz",
		"podsecuritypolicy", "securitycontextconstraint", "assumerole", "member", "membership") && !n.has("networkpolicy", "networkpolicies")
}

func cryptoResource(n *name) bool {
	return n.has("kms", "kmskey", "cryptokey", "keyring", "keyvault", "hsm", "cloudhsm", "managedhsm", "acm", "acmpca", "certificate", "cert", "certificaterequest", "issuer", "clusterissuer",
		"tls", "ssl", "pki", "privateca", "signer", "signing", "keypair", "encryption")
}

func secretsResource(n *name) bool {
	return n.has("secret", "secretsmanager", "secretmanager", "keyvault", "vault", "sealedsecret", "externalsecret", "secretstore", "ssmparameter", "credential", "accesskey", "serviceaccountkey", "accountkey", "password", "apikey")
}

func networkResource(n *name) bool {
	return n.has("securitygroup", "networkpolicy", "networkpolicies", "network", "firewall", "vpc", "subnet", "subnetwork", "route", "router", "gateway", "ingress", "ingresse", "ingressclass", "egress",
		"lb", "alb", "nlb", "elb", "loadbalancer", "listener", "targetgroup", "dns", "waf", "wafv2", "eip", "vpn", "peering", "nat", "nsg", "endpoint", "cdn", "cloudfront", "frontdoor",
		"virtualservice", "destinationrule", "serviceentry", "globalforwarding", "forwardingrule", "publicip", "transitgateway", "service", "publicaccess") &&
		!n.has("serviceaccount")
}

func statefulResource(n *name) bool {
	return n.has("db", "rds", "database", "sql", "sqldatabase", "mysql", "mariadb", "mssql", "postgresql", "postgres", "dynamodb", "docdb", "memorydb", "neptune", "redshift", "elasticache", "redis", "memcache",
		"bucket", "s3", "volume", "disk", "ebs", "efs", "fsx", "filesystem", "fileshare", "filestore", "bigtable", "bigquery", "spanner", "firestore", "datastore", "cosmosdb", "storage", "storageaccount",
		"kinesis", "sqs", "queue", "kafka", "msk", "mq", "opensearch", "elasticsearch", "snapshot", "backup", "glacier", "timestream", "keyspaces", "cassandra", "mongodb", "mongodbatlas", "clickhouse",
		"persistentvolume", "persistentvolumeclaim", "statefulset", "ecr", "artifactregistry", "pubsub", "alloydb", "rediscluster")
}

func pipelineResource(n *name) bool {
	return n.has("codebuild", "codepipeline", "codedeploy", "cloudbuild", "clouddeploy", "githubactions", "githubrepository", "actionsrunner", "runner", "devops", "azuredevops", "buildkite", "pipeline", "pipelinerun", "argocd", "kustomization", "helmrelease",
		"github", "gitlab")
}

func policyResource(n *name) bool {
	return n.has("branchprotection", "ruleset", "organizationspolicy", "orgpolicy", "policyassignment", "policydefinition", "clusterpolicy", "constrainttemplate", "configrule", "validatingwebhook", "mutatingwebhook",
		"validatingwebhookconfiguration", "mutatingwebhookconfiguration", "validatingadmissionpolicy", "validatingadmissionpolicybinding", "mutatingadmissionpolicy")
}

func apiResource(n *name) bool {
	return n.has("customresourcedefinition", "apiservice", "apigateway", "apigatewayv2", "restapi", "graphqlapi")
}
