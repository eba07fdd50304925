package sigstore_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
)

// GitHub signs what it says of immutable releases with certificates that name a
// subject and no issuer: nobody logged in.
func TestCertificatesWithoutIssuer(t *testing.T) {
	t.Parallel()
	const host = "https://hosting.example.com"
	sign := func(named string) (*instance, []byte) {
		in := newInstance(t)
		in.issuer = named
		raw, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(2)}))
		require.NoError(t, err)
		return in, raw
	}
	without, none := sign("none")
	with, some := sign("")
	like, same := sign(host)
	blank, empty := sign(" ")
	tests := []struct {
		name string
		in   *instance
		raw  []byte
		id   sigstore.Identity
		ok   bool
	}{
		{"no issuer, and none is expected", without, none, sigstore.Identity{Issuer: host, WithoutIssuer: true, Subject: subject}, true},
		{"no issuer, by pattern", without, none, sigstore.Identity{Issuer: host, WithoutIssuer: true, SubjectPattern: `[a-z]+@example\.com`}, true},
		{"no issuer, another subject", without, none, sigstore.Identity{Issuer: host, WithoutIssuer: true, Subject: "eve@example.com"}, false},
		{"no issuer, and one is expected", without, none, sigstore.Identity{Issuer: host, Subject: subject}, false},
		{"no issuer, and any is expected", without, none, sigstore.Identity{IssuerPattern: ".+", Subject: subject}, false},
		{"an issuer, and none is expected", with, some, sigstore.Identity{Issuer: issuer, WithoutIssuer: true, Subject: subject}, false},
		{"the issuer that the host has thought of, and none is expected", like, same, sigstore.Identity{Issuer: host, WithoutIssuer: true, Subject: subject}, false},
		{"a blank issuer, and none is expected", blank, empty, sigstore.Identity{Issuer: host, WithoutIssuer: true, Subject: subject}, false},
	}
	for _, tt := range tests {
		opts := tt.in.options()
		opts.Identities = []sigstore.Identity{tt.id}
		trust, err := sigstore.New(opts)
		require.NoError(t, err)
		v, err := evidence.Verify(t.Context(), trust, tt.raw)
		if !tt.ok {
			require.ErrorIs(t, err, evidence.ErrUntrusted, tt.name)
			continue
		}
		require.NoError(t, err, tt.name)
		require.Equal(t, evidence.Principal{Issuer: host, Subject: subject}, v.By().Principal, "by the name that the host gives the authority")
	}
	for _, id := range []sigstore.Identity{{WithoutIssuer: true, Subject: subject}, {WithoutIssuer: true, IssuerPattern: ".+", Subject: subject}, {WithoutIssuer: true, Issuer: "key", Subject: subject}} {
		opts := without.options()
		opts.Identities = []sigstore.Identity{id}
		_, err := sigstore.New(opts)
		require.Error(t, err)
	}
}

// Fulcio writes the issuer twice, as bytes in an old extension and as a string in
// a new one. sigstore-go reads the one that stands later; two issuers, or one
// beside an empty one, are none.
func TestIssuerNamedTwice(t *testing.T) {
	t.Parallel()
	const other = "https://other.example.com"
	old := func(value string) pkix.Extension {
		return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}, Value: []byte(value)}
	}
	recent := func(value string) pkix.Extension {
		der, err := asn1.MarshalWithParams(value, "utf8")
		require.NoError(t, err)
		return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, Value: der}
	}
	with := sigstore.Identity{Issuer: issuer, Subject: subject}
	without := sigstore.Identity{Issuer: issuer, WithoutIssuer: true, Subject: subject}
	tests := []struct {
		name  string
		named []pkix.Extension
		id    sigstore.Identity
		ok    bool
	}{
		{"both alike", []pkix.Extension{old(issuer), recent(issuer)}, with, true},
		{"old alone", []pkix.Extension{old(issuer)}, with, true},
		{"the old one is another", []pkix.Extension{old(other), recent(issuer)}, with, false},
		{"the new one is another", []pkix.Extension{recent(other), old(issuer)}, with, false},
		{"the old one is empty", []pkix.Extension{old(""), recent(issuer)}, with, false},
		{"the new one is empty", []pkix.Extension{recent(""), old(issuer)}, with, false},
		{"one that an empty one hides", []pkix.Extension{old(other), recent("")}, without, false},
		{"one that an empty old one hides", []pkix.Extension{recent(other), old("")}, without, false},
		{"an empty one", []pkix.Extension{recent("")}, without, false},
		{"an empty old one", []pkix.Extension{old("")}, without, false},
	}
	for _, tt := range tests {
		in := newInstance(t)
		in.named = tt.named
		raw, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(2)}))
		require.NoError(t, err, tt.name)
		opts := in.options()
		opts.Identities = []sigstore.Identity{tt.id}
		trust, err := sigstore.New(opts)
		require.NoError(t, err)
		v, err := evidence.Verify(t.Context(), trust, raw)
		if !tt.ok {
			require.ErrorIs(t, err, evidence.ErrUntrusted, tt.name)
			continue
		}
		require.NoError(t, err, tt.name)
		require.Equal(t, issuer, v.By().Principal.Issuer)
	}
}
