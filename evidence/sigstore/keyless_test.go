package sigstore_test

import (
	"context"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/stretchr/testify/require"
)

const statementText = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app.tar","digest":{"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}}],` +
	`"predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"PASSED","configuration":[{"name":"ci.yml","digest":{"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}}]}}`

func statement(t testing.TB) evidence.Statement {
	t.Helper()
	st, err := evidence.ParseStatement([]byte(statementText))
	require.NoError(t, err)
	return st
}

func TestKeyless(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	tests := []struct {
		name      string
		witnesses sigstore.Witnesses
		sources   []string
	}{
		{"timestamp and Rekor v2", sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(2)}, []string{"tsa"}},
		{"timestamp and Rekor v1", sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(1)}, []string{"rekor", "tsa"}},
		{"Rekor v1 alone", sigstore.Witnesses{Logs: in.rekor(1)}, []string{"rekor"}},
		{"timestamp and both logs", sigstore.Witnesses{Timestamps: in.timestamps(), Logs: append(in.rekor(1), in.rekor(2)...)}, []string{"rekor", "tsa"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := in.keyless(tt.witnesses)
			k.Trust = in.trust()
			raw, err := sigstore.SignKeyless(t.Context(), statement(t), k)
			require.NoError(t, err)
			require.NotContains(t, string(raw), "\n")
			v, err := evidence.Verify(t.Context(), in.trust(), raw)
			require.NoError(t, err)
			require.Equal(t, statementText, string(v.Statement().Bytes()), "the signed bytes are the statement's own")
			by := v.By()
			require.Equal(t, evidence.Principal{Issuer: issuer, Subject: subject}, by.Principal)
			require.Equal(t, release.ActorUnknown, by.Kind)
			var sources []string
			for _, at := range by.Times {
				sources = append(sources, at.Source)
				require.True(t, at.T.Equal(in.now))
			}
			require.Equal(t, tt.sources, sources)
		})
	}
}

func TestKindAndRolesAreTheHosts(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	raw, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(2)}))
	require.NoError(t, err)
	opts := in.options()
	opts.Identities = []sigstore.Identity{
		{Issuer: issuer, Subject: "bob@example.com", Kind: release.ActorBot},
		{Issuer: issuer, SubjectPattern: `a[a-z]+@example\.com`, Kind: release.ActorHuman, Roles: []string{"security"}},
		{Issuer: issuer, Subject: subject, Kind: release.ActorAgent},
	}
	trust, err := sigstore.New(opts)
	require.NoError(t, err)
	v, err := evidence.Verify(t.Context(), trust, raw)
	require.NoError(t, err)
	require.Equal(t, release.ActorHuman, v.By().Kind)
	require.Equal(t, []string{"security"}, v.By().Roles)
}

func TestKeylessRefused(t *testing.T) {
	t.Parallel()
	untrusted := evidence.ErrUntrusted
	tests := []struct {
		name    string
		sign    func(in *instance, w *sigstore.Witnesses)
		verify  func(in *instance, o *sigstore.Options)
		want    error
		message string
	}{
		{"another subject", nil, func(in *instance, o *sigstore.Options) { o.Identities[0].Subject = "eve@example.com" }, untrusted, "no accepted identity"},
		{"another issuer", nil, func(in *instance, o *sigstore.Options) { o.Identities[0].Issuer = "https://other.example.com" }, untrusted, "no accepted identity"},
		{"pattern that matches a part of the subject", nil, func(in *instance, o *sigstore.Options) {
			o.Identities[0] = sigstore.Identity{Issuer: issuer, SubjectPattern: `da@example`}
		}, untrusted, "no accepted identity"},
		{"pattern that matches a line of the issuer", func(in *instance, w *sigstore.Witnesses) { in.issuer = "https://evil.example.com\n" + issuer },
			func(in *instance, o *sigstore.Options) {
				o.Identities[0] = sigstore.Identity{IssuerPattern: `(?m)^https://accounts\.example\.com$`, Subject: subject}
			}, untrusted, "no accepted identity"},
		{"issuer that is no URL", func(in *instance, w *sigstore.Witnesses) { in.issuer = "key" },
			func(in *instance, o *sigstore.Options) {
				o.Identities[0] = sigstore.Identity{IssuerPattern: `[a-z]+`, Subject: subject}
			}, untrusted, "no accepted identity"},
		{"only keys are accepted", nil, func(in *instance, o *sigstore.Options) {
			o.Identities, o.Keys = nil, []evidence.Key{{Public: newKey(in.t, elliptic.P256()).Public()}}
		}, untrusted, "no identity is accepted"},
		{"another instance's root", nil, func(in *instance, o *sigstore.Options) { o.Root = newInstance(in.t).options().Root }, untrusted, ""},
		{"another authority with the same logs", func(in *instance, w *sigstore.Witnesses) {
			other := newInstance(in.t)
			in.caCert, in.caKey = other.caCert, other.caKey
		}, func(in *instance, o *sigstore.Options) {
			other := newInstance(in.t)
			in.caCert, in.caKey, in.rootCert = other.caCert, other.caKey, other.rootCert
			o.Root = in.options().Root
		}, untrusted, ""},
		{"expired certificate", func(in *instance, w *sigstore.Witnesses) { in.expired = true }, nil, untrusted, "certificate"},
		{"certificate in no log", func(in *instance, w *sigstore.Witnesses) { in.noSCT = true }, nil, untrusted, "SCT"},
		{"two names", func(in *instance, w *sigstore.Witnesses) { in.sans = []string{subject, "eve@example.com"} }, nil, untrusted, "2 subject alternative names"},
		{"a name and a host", func(in *instance, w *sigstore.Witnesses) { in.dns = []string{"example.com"} }, nil, untrusted, "2 subject alternative names"},
		{"no name", func(in *instance, w *sigstore.Witnesses) { in.sans = []string{} }, nil, untrusted, "0 subject alternative names"},
		{"Rekor v2 without a timestamp", func(in *instance, w *sigstore.Witnesses) { w.Timestamps = nil }, nil, evidence.ErrNoTrustedTime, ""},
		{"no log", func(in *instance, w *sigstore.Witnesses) { w.Logs = nil }, nil, untrusted, "log"},
		{"one log where two are demanded", nil, func(in *instance, o *sigstore.Options) { o.Logs = 2 }, untrusted, "log"},
		{"one time where two are demanded", nil, func(in *instance, o *sigstore.Options) { o.Times = 2 }, untrusted, "timestamp"},
		{"one SCT where two are demanded", nil, func(in *instance, o *sigstore.Options) { o.SCTs = 2 }, untrusted, "SCT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := newInstance(t)
			w := sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(2)}
			if tt.sign != nil {
				tt.sign(in, &w)
			}
			raw, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(w))
			require.NoError(t, err)
			opts := in.options()
			if tt.verify != nil {
				tt.verify(in, &opts)
			}
			trust, err := sigstore.New(opts)
			require.NoError(t, err)
			v, err := evidence.Verify(t.Context(), trust, raw)
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, tt.message)
			require.NotContains(t, err.Error(), "\n")
			require.True(t, v.IsZero())
		})
	}
}

// What a deployment does not have it can do without, by name.
func TestWithoutLogsAndSCTs(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	in.noSCT = true
	raw, err := sigstore.SignKeyless(t.Context(), statement(t), in.keyless(sigstore.Witnesses{Timestamps: in.timestamps()}))
	require.NoError(t, err)
	for mask := range 4 {
		opts := in.options()
		opts.WithoutLogs, opts.WithoutSCTs = mask&1 != 0, mask&2 != 0
		trust, err := sigstore.New(opts)
		require.NoError(t, err)
		_, err = evidence.Verify(t.Context(), trust, raw)
		require.Equal(t, mask == 3, err == nil, "%+v: %v", opts, err)
	}
}

func TestSignKeylessRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(in *instance, k *sigstore.Keyless) evidence.Statement
		want string
	}{
		{"nothing", func(in *instance, k *sigstore.Keyless) evidence.Statement {
			*k = sigstore.Keyless{}
			return evidence.Statement{}
		}, "no statement\nsigstore: sign: no identity token\nsigstore: certificate authority"},
		{"token over plain HTTP", func(in *instance, k *sigstore.Keyless) evidence.Statement {
			k.Authority.URL = "http://ca.example.com"
			return statement(in.t)
		}, "readable on the way"},
		{"timestamp authority without address", func(in *instance, k *sigstore.Keyless) evidence.Statement {
			k.Witnesses.Timestamps = []sigstore.Endpoint{{}}
			return statement(in.t)
		}, "timestamp authority 1"},
		{"nil log", func(in *instance, k *sigstore.Keyless) evidence.Statement {
			k.Witnesses.Logs = append(k.Witnesses.Logs, nil)
			return statement(in.t)
		}, "log 2 is nil"},
		{"token that the authority does not know", func(in *instance, k *sigstore.Keyless) evidence.Statement {
			k.Token = "e30.e30.c2ln"
			return statement(in.t)
		}, "sign"},
		{"certificate for another key", func(in *instance, k *sigstore.Keyless) evidence.Statement {
			in.wrong = newKey(in.t, elliptic.P256()).Public()
			k.Witnesses.Logs = nil
			return statement(in.t)
		}, "another key"},
		{"result that the trust refuses", func(in *instance, k *sigstore.Keyless) evidence.Statement {
			k.Trust = newInstance(in.t).trust()
			return statement(in.t)
		}, "not accepted"},
		{"timestamp authority that is not there", func(in *instance, k *sigstore.Keyless) evidence.Statement {
			k.Witnesses.Timestamps[0].URL = "https://tsa.example.com/elsewhere"
			return statement(in.t)
		}, "404"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := newInstance(t)
			k := in.keyless(sigstore.Witnesses{Timestamps: in.timestamps(), Logs: in.rekor(2)})
			st := tt.do(in, &k)
			raw, err := sigstore.SignKeyless(t.Context(), st, k)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), string(token))
			require.Nil(t, raw)
		})
	}
}

type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

// sigstore-go asks authorities without a context; the caller's ends it anyway.
func TestSignKeylessEndsWithContext(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	k := in.keyless(sigstore.Witnesses{})
	k.Authority.Transport = silent{}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, errors.New("enough"))
	defer cancel()
	_, err := sigstore.SignKeyless(ctx, statement(t), k)
	require.ErrorContains(t, err, "enough")
	k.Authority.Timeout = 20 * time.Millisecond
	_, err = sigstore.SignKeyless(t.Context(), statement(t), k)
	require.Error(t, err)
}

func TestTokenDoesNotPrint(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("signing", "token", token)
	k := sigstore.Keyless{Token: token}
	for _, s := range []string{log.String(), fmt.Sprint(token), fmt.Sprintf("%v %+v %#v %s %q %x %d", k, k, k, token, token, token, []any{token})} {
		require.NotContains(t, s, string(token)[4:20])
		require.NotContains(t, s, fmt.Sprintf("%x", string(token)[4:20]))
	}
	_, err := json.Marshal(k)
	require.Error(t, err)
}
