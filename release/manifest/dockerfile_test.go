package manifest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/manifest"
)

// uses are "type address detail" of what a Dockerfile takes, with "!" where it is not
// pinned.
func uses(t *testing.T, text string) []string {
	t.Helper()
	cs := manifest.Dockerfile("Dockerfile", nil, []byte(text))
	require.Empty(t, cs.Gaps)
	require.Equal(t, release.CoverageComplete, cs.Coverage[release.KindInfrastructure])
	require.Empty(t, manifest.Dockerfile("Dockerfile", []byte(text), []byte(text)).Resources)
	var out []string
	for _, r := range cs.Resources {
		require.Equal(t, release.OpAdded, r.Op)
		s := strings.TrimPrefix(r.Type, "dockerfile/") + " " + r.Address + " " + r.Detail
		if strings.Contains(fmt.Sprint(r.Labels), "unpinned") {
			s += "!"
		}
		if r.Type != "dockerfile/USER" {
			out = append(out, s)
		}
	}
	return out
}

func TestDockerfileSyntax(t *testing.T) {
	t.Parallel()
	digest := "@sha256:" + strings.Repeat("a", 64)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"a tag", "FROM a:1", []string{"FROM stage 0 a:1!"}},
		{"a digest", "FROM a:1" + digest, []string{"FROM stage 0 a:1@aaaaaaaaaaaa"}},
		{"lower case, platform and name", "from --platform=$BUILDPLATFORM a:1 as Build", []string{"FROM stage build a:1!"}},
		{"scratch", "FROM scratch", []string{"FROM stage 0 scratch"}},
		{"a stage is no image", "FROM a:1 AS x\nFROM X AS y\nCOPY --from=x /a /b\nCOPY --from=0 /a /b", []string{"FROM stage x a:1!"}},
		{"a later stage is no stage yet", "FROM b AS a\nFROM c AS b", []string{"FROM stage a b (no tag)!", "FROM stage b c (no tag)!"}},
		{"arguments", "ARG V=1\nARG I=a:${V}\nFROM ${I}\nARG V=9", []string{"FROM stage 0 a:1!"}},
		{"default in place", "FROM a:${V:-3}", []string{"FROM stage 0 a:3!"}},
		{"alternative", "ARG V=1\nFROM a${V:+:7}", []string{"FROM stage 0 a:7!"}},
		{"copy from an image", "FROM a" + digest + "\nCOPY --chown=1:1 --from=tools:2 /x /y", []string{"COPY tools tools:2!", "FROM stage 0 a@aaaaaaaaaaaa"}},
		{"mount from an image", "FROM a" + digest + "\nRUN --mount=type=bind,from=r.example/t,target=/t make", []string{"COPY r.example/t r.example/t (no tag)!", "FROM stage 0 a@aaaaaaaaaaaa"}},
		{"the frontend", "# syntax = docker/dockerfile:1\nFROM a" + digest, []string{"FROM stage 0 a@aaaaaaaaaaaa", "syntax syntax docker/dockerfile:1!"}},
		{"no directive after a comment", "# hello\n# syntax=docker/dockerfile:1\nFROM a" + digest, []string{"FROM stage 0 a@aaaaaaaaaaaa"}},
		{"continuation", "FROM \\\n  # a comment\n\n  a:1 \\\n AS x\n", []string{"FROM stage x a:1!"}},
		{"no continuation", "FROM a:1\nRUN x \\\\\nFROM b:1", []string{"FROM stage 0 a:1!", "FROM stage 1 b:1!"}},
		{"another escape", "# escape=`\nFROM `\n a:1\nRUN c:\\\nFROM b:1", []string{"FROM stage 0 a:1!", "FROM stage 1 b:1!"}},
		{"here-document", "FROM a:1\nRUN <<EOF\nFROM b:1\nEOF\nCOPY <<-'X' <<\"Y\" /d/\nFROM c:1\n\tX\nFROM d:1\nY\nFROM e:1", []string{"FROM stage 0 a:1!", "FROM stage 1 e:1!"}},
		{"no here-document", "FROM a:1\nRUN cat<<CMD\nFROM b:1\nRUN echo '<<CMD'\nRUN cat <<<CMD\nCMD", []string{"FROM stage 0 a:1!", "FROM stage 1 b:1!"}},
		{"a download", "FROM a" + digest + "\nADD https://get.example/x?token=s3cr3t /x\nADD --checksum=sha256:00 https://get.example/y /y\nADD local /z", []string{"ADD get.example !", "ADD get.example (2) ", "FROM stage 0 a@aaaaaaaaaaaa"}},
		{"on build", "FROM a" + digest + "\nONBUILD ADD http://h/x /", []string{"ADD h !", "FROM stage 0 a@aaaaaaaaaaaa"}},
		{"a frontend behind a shebang", "#!/usr/bin/env docker\n# syntax=evil/frontend:1\nFROM a" + digest, []string{"FROM stage 0 a@aaaaaaaaaaaa", "syntax syntax evil/frontend:1!"}},
		{"no frontend behind a second shebang", "#!/usr/bin/env docker\n#!/bin/sh\n# syntax=evil/frontend:1\nFROM a" + digest, []string{"FROM stage 0 a@aaaaaaaaaaaa"}},
		{"a frontend in another comment", "// syntax=evil/frontend:1\nFROM a" + digest, []string{"FROM stage 0 a@aaaaaaaaaaaa", "syntax syntax evil/frontend:1!"}},
		{"a frontend with arguments", "# syntax=evil/frontend:1 x y\nFROM a" + digest, []string{"FROM stage 0 a@aaaaaaaaaaaa", "syntax syntax evil/frontend:1!"}},
		{"other spaces", "\u00a0FROM\va:1\n\vFROM\f\rb:1", []string{"FROM stage 0 a:1!", "FROM stage 1 b:1!"}},
		{"a mount in capitals", "FROM a" + digest + "\nRUN --mount=type=bind,FROM=t:1,target=/t make", []string{"COPY t t:1!", "FROM stage 0 a@aaaaaaaaaaaa"}},
		{"a mount in quotes", "FROM a" + digest + "\nRUN --mount=type=bind,\\\"from=t:1\\\",target=/t make\nRUN --mount='type=bind,from=u:1' x", []string{"COPY t t:1!", "COPY u u:1!", "FROM stage 0 a@aaaaaaaaaaaa"}},
		{"a flag in quotes", "FROM a" + digest + "\nCOPY --fr\"om\"=t:1 /x /y", []string{"COPY t t:1!", "FROM stage 0 a@aaaaaaaaaaaa"}},
		{"a download that an argument names", "FROM a" + digest + "\nARG U=http://evil.example/x\nADD $U /x\nADD local $HOME/", []string{"ADD elsewhere !", "FROM stage 0 a@aaaaaaaaaaaa"}},
		{"CRLF and a mark", "\ufeffFROM a:1 \r\nRUN x\r\n", []string{"FROM stage 0 a:1!"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, uses(t, c.text))
		})
	}
}

func TestDockerfileUser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, after string
		changed, root bool
	}{
		{"USER app", "USER app", false, false},
		{"USER app", "USER root", true, true},
		{"USER app", "USER 0:0", true, true},
		{"USER app", "USER $U", true, true},
		{"USER app", "", true, true},
		{"USER root", "USER app", true, false},
		{"USER root\nUSER app", "USER app\nUSER root", true, true},
		{"USER app\nFROM b", "FROM b\nUSER app", true, false},
		{"USER app", "USER root\nONBUILD USER app", true, true},
		{"USER app", "USER +0", true, true},
		{"USER app", "USER app\nFROM s", false, false},
		{"USER app", "USER app\nFROM other AS y\nUSER root\nFROM s", false, false},
	} {
		cs := manifest.Dockerfile("D", []byte("FROM a AS s\n"+c.before), []byte("FROM a AS s\n"+c.after))
		found := false
		for _, r := range cs.Resources {
			if r.Type == "dockerfile/USER" {
				found = true
				require.Equal(t, c.root, strings.Contains(fmt.Sprint(r.Labels), "access"), "%q", c.after)
			}
		}
		require.Equal(t, c.changed, found, "%q", c.after)
	}
}

func TestDockerfileGaps(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"nothing": "", "no FROM": "RUN x", "not text": "FROM \xff", "zero": "FROM a\x00", "no end": "FROM a\nRUN <<EOF\nFROM b", "odd escape": "# escape=x\nFROM a", "large": "FROM a\n" + strings.Repeat("#", manifest.MaxDockerfile)} {
		for _, cs := range []release.ChangeSet{manifest.Dockerfile("D", []byte("FROM b"), []byte(text)), manifest.Dockerfile("D", []byte(text), []byte("FROM b"))} {
			require.Len(t, cs.Gaps, 1, name)
			require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindInfrastructure], name)
			require.Empty(t, cs.Resources, name)
		}
	}
	for _, text := range []string{"ARG V\nFROM a:$V", "FROM $V", "FROM a:${V}-x", "ARG W=$V\nFROM a:$W", "FROM a\nCOPY --from=$V x y", "FROM ${V", "FROM a:${V#x}"} {
		cs := manifest.Dockerfile("D", nil, []byte(text))
		require.Len(t, cs.Gaps, 1, text)
		require.Equal(t, release.GapUnpinned, cs.Gaps[0].Kind)
		require.Equal(t, release.CoveragePartial, cs.Coverage[release.KindInfrastructure])
	}
}

func TestDockerfileHostile(t *testing.T) {
	inputs := hostile.Texts()
	for _, s := range []string{"FROM a\n", "FROM a AS b\n", "ARG A=$A$A\n", "\\\n", "ADD http://h/x /\n", "COPY --from=a x y\n", "RUN <<A <<A <<A\nA\n", "ONBUILD ", "# escape=`\n", "USER a\n", "FROM ${A:-", "\"", "FROM $A\n"} {
		inputs = append(inputs, hostile.Input{Name: fmt.Sprintf("1 MB of %q", s), Text: []byte("FROM a\n" + strings.Repeat(s, (1<<20-100)/len(s))), Fine: true})
	}
	args := "ARG A0=x\n"
	for i := range 40 {
		args += fmt.Sprintf("ARG A%d=$A%d$A%d\n", i+1, i, i)
	}
	inputs = append(inputs, hostile.Input{Name: "doublings", Text: []byte(args + "FROM a:$A40")})
	hostile.Check(t, inputs, func(b []byte) bool { return len(manifest.Dockerfile("D", []byte("FROM a"), b).Gaps) > 0 })
}

func FuzzDockerfile(f *testing.F) {
	f.Add("FROM a AS b\nUSER x\nADD http://h/s3cr3t /", "ARG V=1\nFROM a:$V\nCOPY --from=c:1 a b\nRUN <<EOF\nx\nEOF\n")
	f.Fuzz(func(t *testing.T, before, after string) {
		forth := manifest.Dockerfile("D", []byte(before), []byte(after))
		back := manifest.Dockerfile("D", []byte(after), []byte(before))
		require.Equal(t, forth, manifest.Dockerfile("D", []byte(before), []byte(after)))
		require.Equal(t, forth.Coverage, back.Coverage)
		require.Equal(t, len(forth.Gaps) == 0, forth.Coverage[release.KindInfrastructure] == release.CoverageComplete)
		require.Empty(t, manifest.Dockerfile("D", []byte(before), []byte(before)).Resources)
		swapped := map[release.Op]release.Op{release.OpAdded: release.OpRemoved, release.OpRemoved: release.OpAdded, release.OpModified: release.OpModified}
		for i := range forth.Resources {
			a := forth.Resources[i]
			if a.Type == "dockerfile/USER" {
				continue
			}
			found := false
			for _, b := range back.Resources {
				found = found || b.Address == a.Address && b.Type == a.Type && b.Op == swapped[a.Op]
			}
			require.True(t, found, "%+v", a)
		}
		_, err := json.Marshal(forth)
		require.NoError(t, err)
	})
}
