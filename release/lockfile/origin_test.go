package lockfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/lockfile"
)

// No address keeps a secret, wherever it stands, and what says which content is meant
// stays.
func TestSecretsInAddresses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://user:s3cret@x.test/a.tgz":                          "https://x.test/a.tgz",
		"https://s3cret@x.test/a.tgz":                               "https://x.test/a.tgz",
		"https://a@b:s3cret@x.test/a.tgz":                           "https://x.test/a.tgz",
		"https://user:s3/cret@x.test/a.tgz":                         "https://(unreadable)",
		"https://user:12/s3cret@x.test/a.tgz":                       "https://(unreadable)",
		"https://user:12/s3cret@x.test/@scope/a.tgz":                "https://(unreadable)",
		"ssh://user:pa/s3cret@x.test/a":                             "ssh://(unreadable)",
		"https://x.test:8443/@scope/a/-/a-1.0.0.tgz":                "https://x.test:8443/@scope/a/-/a-1.0.0.tgz",
		"https://[::1]:8443/a.tgz":                                  "https://[::1]:8443/a.tgz",
		"https://x.test/a.tgz?token=s3cret&rev=main":                "https://x.test/a.tgz?token=(left out)&rev=main",
		"https://x.test/a.tgz#access_token=s3cret&egg=a":            "https://x.test/a.tgz#access_token=(left out)&egg=a",
		"git+ssh://git@github.com:acme/a.git#semver:^1":             "git+ssh://git@github.com:acme/a.git#semver:^1",
		"git+https://oauth2:s3cret@x.test/a.git?rev=v1#0123":        "git+https://x.test/a.git?rev=v1#0123",
		"git@github.com:acme/a.git":                                 "git@github.com:acme/a.git",
		"user:s3cret@x.test":                                        "(unreadable URL)",
		"https:user:s3cret@x.test":                                  "(unreadable URL)",
		"npM:1.0.0::__archiveUrl=https%3A%2F%2Fu%3As3cret%40x.test": "(unreadable URL)",
		"../dir": "../dir",
	} {
		got := lockfile.CleanURL(in)
		require.Equal(t, want, got, in)
		require.False(t, strings.Contains(got, "s3"), got)
		require.Equal(t, got, lockfile.CleanURL(got), "cleaning is done once")
	}
}
