package layout_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/layout"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/stretchr/testify/require"
)

// statement is the link as a statement of the in-toto attestation framework, in a
// bundle that who signed.
func (c *chain) statement(t testing.TB, l in_toto.Link, who person) evidence.Verified {
	t.Helper()
	p := predicate.Link{Name: l.Name, Command: l.Command}
	for _, name := range slices.Sorted(maps.Keys(l.Materials)) {
		p.Materials = append(p.Materials, predicate.Resource{Name: name, Digest: l.Materials[name]})
	}
	var products []evidence.Subject
	for _, name := range slices.Sorted(maps.Keys(l.Products)) {
		s := evidence.Subject{Name: name}
		for _, algorithm := range slices.Sorted(maps.Keys(l.Products[name])) {
			s.Digests = append(s.Digests, evidence.SubjectDigest{Algorithm: algorithm, Value: l.Products[name][algorithm]})
		}
		products = append(products, s)
	}
	return c.stated(t, products, p, who)
}

func (c *chain) stated(t testing.TB, products []evidence.Subject, p predicate.Predicate, who person) evidence.Verified {
	t.Helper()
	st, err := evidence.NewStatement(p.PredicateType(), products, p)
	require.NoError(t, err)
	raw, err := evidence.Sign(t.Context(), st, who.signer)
	require.NoError(t, err)
	trust, err := evidence.NewKeyring(evidence.Key{Public: who.pub})
	require.NoError(t, err)
	v, err := evidence.Verify(t.Context(), trust, raw)
	require.NoError(t, err)
	return v
}

func TestAllowsLinksThatAreStatements(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	tested := c.stated(t, []evidence.Subject{{Name: "app.tar", Digests: []evidence.SubjectDigest{{Algorithm: "sha256", Value: hash("TAR")["sha256"]}}}},
		predicate.TestResult{Result: predicate.TestPassed, Configuration: []predicate.Resource{}}, c.dan)
	opts := c.options()
	opts.Statements = []evidence.Verified{c.statement(t, c.pack, c.dan), tested, c.statement(t, c.write, c.ada), c.statement(t, c.build, c.cyd), c.statement(t, c.build, c.bob)}
	l := c.metablock(c.layout, c.owner)
	r, err := layout.Verify(l, nil, opts)
	require.NoError(t, err)
	require.Equal(t, release.VerdictAllow, r.Verdict, "%v %v", r.Reasons, r.Notes)
	require.Empty(t, r.Notes, "statements of other types are passed over")
	require.Equal(t, []release.Digest{opts.Statements[2].Digest()}, r.Steps[0].Links)
	require.Len(t, r.Record().Used, 4)

	// Beside files, as far as they go.
	opts.Statements = opts.Statements[3:4]
	r, err = layout.Verify(l, slices.Delete(c.links(), 2, 3), opts)
	require.NoError(t, err)
	require.Equal(t, release.VerdictAllow, r.Verdict, "%v %v", r.Reasons, r.Notes)
	require.True(t, slices.IsSortedFunc(r.Steps[1].Links, release.Digest.Compare))
	require.Len(t, r.Steps[1].Links, 2)
}

func TestRefusesLinksThatAreStatements(t *testing.T) {
	t.Parallel()
	sha := func(name, content string) evidence.Subject {
		return evidence.Subject{Name: name, Digests: []evidence.SubjectDigest{{Algorithm: "sha256", Value: hash(content)["sha256"]}}}
	}
	write := predicate.Link{Name: "write", Command: []string{"write"}}
	for _, c := range []struct {
		name    string
		verdict release.Verdict
		reason  string
		note    string
		link    func(c *chain) evidence.Verified // in the place of ada's
	}{
		{"by somebody else", release.VerdictHold, "layout/step-missing", "layout/link-unauthorized", func(c *chain) evidence.Verified { return c.statement(t, c.write, c.dan) }},
		{"by the owner", release.VerdictHold, "layout/step-missing", "layout/link-unauthorized", func(c *chain) evidence.Verified { return c.statement(t, c.write, c.owner) }},
		{"of no step", release.VerdictHold, "layout/step-missing", "layout/link-of-no-step", func(c *chain) evidence.Verified {
			c.write.Name = "review"
			return c.statement(t, c.write, c.ada)
		}},
		{"of a step that is another's", release.VerdictHold, "layout/step-missing", "layout/link-unauthorized", func(c *chain) evidence.Verified { return c.statement(t, c.build, c.ada) }},
		{"of other content", release.VerdictDeny, "layout/artifact-rule", "", func(c *chain) evidence.Verified {
			return c.stated(t, []evidence.Subject{sha("src/main.go", "package evil")}, write, c.ada)
		}},
		{"of one product twice", release.VerdictHold, "layout/step-missing", "layout/link-unreadable", func(c *chain) evidence.Verified {
			return c.stated(t, []evidence.Subject{sha("src/main.go", "package main"), sha("src/main.go", "package evil")}, write, c.ada)
		}},
		{"of two paths that are one", release.VerdictHold, "layout/step-missing", "layout/link-invalid", func(c *chain) evidence.Verified {
			return c.stated(t, []evidence.Subject{sha("src/main.go", "package main"), sha("./src/main.go", "package evil")}, write, c.ada)
		}},
		{"of a product without a name", release.VerdictHold, "layout/step-missing", "layout/link-unreadable", func(c *chain) evidence.Verified {
			s := sha("", "package main")
			s.URI = "file:src/main.go"
			return c.stated(t, []evidence.Subject{s}, write, c.ada)
		}},
		{"by MD5", release.VerdictHold, "layout/step-missing", "layout/link-invalid", func(c *chain) evidence.Verified {
			return c.stated(t, []evidence.Subject{{Name: "src/main.go", Digests: []evidence.SubjectDigest{{Algorithm: "md5", Value: "d41d8cd98f00b204e9800998ecf8427e"}}}}, write, c.ada)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ch := newChain(t)
			links, opts := ch.links()[1:], ch.options()
			opts.Statements = []evidence.Verified{c.link(ch)}
			r, err := layout.Verify(ch.metablock(ch.layout, ch.owner), links, opts)
			require.NoError(t, err)
			require.Equal(t, c.verdict, r.Verdict, "%v %v", r.Reasons, r.Notes)
			require.Contains(t, codes(r.Reasons), c.reason)
			if c.note != "" {
				require.Equal(t, []string{c.note}, codes(r.Notes), "%v", r.Notes)
			}
		})
	}
}

// A key counts once, whether it signs a file, a statement or both, and one person
// with two keys once too; who says two things says nothing.
func TestStatementsAndFilesOfOnePerson(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	l, links, opts := c.metablock(c.layout, c.owner), slices.Delete(c.links(), 2, 3), c.options()
	opts.Statements = []evidence.Verified{c.statement(t, c.build, c.bob), c.statement(t, c.build, c.bob)}
	r, err := layout.Verify(l, links, opts)
	require.NoError(t, err)
	require.Equal(t, []release.Digest{c.bob.digest(t)}, r.Steps[1].By)
	require.Equal(t, release.VerdictHold, r.Verdict)

	opts.Statements = append(opts.Statements, c.statement(t, c.build, c.cyd))
	opts.People = map[release.Digest]string{c.bob.digest(t): "bob", c.cyd.digest(t): "bob"}
	r, err = layout.Verify(l, links, opts)
	require.NoError(t, err)
	require.False(t, r.Verdict.Allowed())

	opts.People = nil
	c.build.Products["app"] = hash("other ELF")
	opts.Statements = []evidence.Verified{c.statement(t, c.build, c.cyd)}
	r, err = layout.Verify(l, links, opts)
	require.NoError(t, err)
	require.Equal(t, []string{"layout/links-disagree"}, codes(r.Reasons))

	opts.Statements = []evidence.Verified{{}}
	_, err = layout.Verify(l, links, opts)
	require.ErrorContains(t, err, "never verified")
}
