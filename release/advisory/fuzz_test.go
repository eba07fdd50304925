package advisory_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/advisory"
)

// Whatever is read is read the same again, alone or beside another advisory, and says with
// each answer what it does not know.
func FuzzLoadFile(f *testing.F) {
	for seed := range uint64(20) {
		b, err := json.Marshal(random{rand.New(rand.NewPCG(seed, 3))}.docs(2))
		require.NoError(f, err)
		f.Add(b)
		f.Add(b[1 : len(b)-1])
	}
	f.Add([]byte(osv(pkg("npm", "x", below2)) + "\nx"))
	f.Add([]byte(`{"X-1":` + osv(pkg("npm", "x", below2)) + `,"X-2":{}}`))
	asked := components(random{rand.New(rand.NewPCG(1, 4))}.things(30))
	f.Fuzz(func(t *testing.T, b []byte) {
		db, err := loadText(b)
		if err != nil {
			require.Nil(t, db)
			return
		}
		again, err := loadText(gzipped(t, b))
		require.NoError(t, err)
		require.Equal(t, db.Digest(), again.Digest())
		require.Equal(t, db.Gaps(), again.Gaps())
		require.LessOrEqual(t, db.Len(), bytes.Count(b, []byte("{")))
		require.False(t, db.Len() == 0 && len(db.Gaps()) == 0, "nothing was read, and nothing is missing")
		r := db.Match(asked, today)
		require.Equal(t, r, again.Match(asked, today))
		require.Equal(t, r.Coverage == release.CoverageComplete, len(r.Unknown)+len(r.Gaps) == 0)
		for _, l := range [][]advisory.Finding{r.Affected, r.Unknown, r.Withdrawn} {
			for i, f := range l {
				require.NotEmpty(t, f.ID)
				require.NotContains(t, f.Aliases, f.ID)
				require.False(t, f.Published.After(today))
				if i > 0 {
					require.Less(t, string(l[i-1].Component)+"\x00"+l[i-1].ID, string(f.Component)+"\x00"+f.ID)
				}
			}
		}
		for _, f := range r.Unknown {
			require.NotEmpty(t, f.Detail)
		}
		in := &release.Inventory{Components: asked, Coverage: release.CoverageComplete}
		for _, c := range db.Delta(in, in, today).Advisories {
			require.Contains(t, []release.Effect{release.EffectCarried, release.EffectUnknown}, c.Effect)
		}
		cs := db.Delta(nil, in, today)
		_, err = cs.Digest()
		require.NoError(t, err, "what others wrote can be written down")
	})
}

// A range that is searched answers as one that is evaluated.
func FuzzRange(f *testing.F) {
	f.Add(`[{"introduced":"0"},{"fixed":"2.0.0"}]`, "1.0.0", "npm")
	f.Add(`[{"fixed":"2.0.0"},{"introduced":"2.0.0"},{"limit":"3.0.0"},{"introduced":"1.0.0"}]`, "2.5.0", "npm")
	f.Add(`[{"introduced":"1.0.0"},{"last_affected":"1.0.0"}]`, "v1.0.0", "Go")
	f.Add(`[{"introduced":"1!0"},{"last_affected":"1.0.post1"}]`, "1.0.post1", "PyPI")
	f.Fuzz(func(t *testing.T, events, version, ecosystem string) {
		kind, ok := kinds[ecosystem]
		if !ok || ecosystem == "Debian" {
			return
		}
		p, err := release.NewPURL(kind, "a/b", version)
		if err != nil || p.Version() != version {
			return
		}
		e := entry{Package: name{Ecosystem: ecosystem, Name: "a/b"}, Ranges: []rng{{Type: "ECOSYSTEM"}}}
		if ecosystem == "Maven" {
			e.Package.Name = "a:b"
		}
		if json.Unmarshal([]byte(events), &e.Ranges[0].Events) != nil || e.Ranges[0].Events == nil {
			return
		}
		b, err := json.Marshal(doc{ID: "X-1", Affected: []entry{e}})
		require.NoError(t, err)
		for _, e := range e.Ranges[0].Events {
			for k := range e {
				if k != "introduced" && k != "fixed" && k != "last_affected" && k != "limit" {
					return
				}
			}
		}
		db, err := loadText(b)
		require.NoError(t, err)
		if len(db.Gaps()) > 0 {
			return
		}
		c := thing{kind: kind, name: "a/b", version: version}
		want := naive{}
		if a := c.affected(e); a != no {
			want[[2]string{string(p), "X-1"}] = a.String()
		}
		require.Equal(t, want, answers(db.Match([]release.Component{{PURL: p}}, time.Now())))
	})
}

// The key of a component is that of any other way to write its purl.
func FuzzComponent(f *testing.F) {
	for _, s := range []string{"pkg:npm/%40babel/core@1.0.0", "pkg:NPM/@babel/core@1", "pkg:pypi/A__b.c@1", "pkg:golang/a.io/B@v1?x=y#z", "pkg:deb/debian/x@1?distro=debian-12", "pkg://npm//x@1", "x",
		"pkg:npm/a+b@1", "pkg:npm/%80@1", "pkg:npm/a@b/c@1", "pkg:npm/a@b/c", "pkg:npm/a~b_c.d-e@1.2.3", "pkg:golang/std@1.22.3", "pkg:golang/a//b@v1", "pkg:npm/@1", "pkg:npm/%C3%A9@1", "pkg:npm/x?a=b@c", "pkg:npm/x#y?z=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		canonical, err := release.ParsePURL(s)
		line := `{"id":"O-1","affected":[` + pkg("npm", "other", all) + `]}`
		if err == nil {
			text, err := json.Marshal(doc{ID: "X-1", Affected: []entry{{Package: name{PURL: string(canonical.Package())}, Ranges: []rng{{Type: "ECOSYSTEM", Events: []map[string]string{{"introduced": "0"}}}}}}})
			require.NoError(t, err)
			line += "\n" + string(text)
		}
		db := file(t, line)
		r := db.Match([]release.Component{{PURL: release.PURL(s)}}, today)
		if err != nil {
			// What names no package is not answered; what only has a strange version may be.
			name := s
			if i := strings.IndexAny(s, "@?#"); i >= 0 {
				name = s[:i]
			}
			if _, err := release.ParsePURL(name); err != nil {
				require.NotEqual(t, release.CoverageComplete, r.Coverage, "%q", s)
			}
			return
		}
		found := append(r.Affected, r.Unknown...)
		require.NotEmpty(t, found, "%q %q", s, canonical)
		one, other := inventory(s), inventory(string(canonical))
		require.Equal(t, db.Delta(other, other, today).Advisories, db.Delta(one, other, today).Advisories)
		if !strings.ContainsAny(string(canonical), "?#") { // a qualifier that says nothing changes nothing
			require.Equal(t, answer(db, string(canonical)), answer(db, string(canonical)+"?zz=y"))
		}
	})
}
