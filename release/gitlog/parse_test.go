package gitlog_test

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

const (
	idA  = release.Revision("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	idB  = release.Revision("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
	none = release.Revision("0000000000000000000000000000000000000000")
)

var diffText = string(idA+" "+idA) + "\n" +
	":100644 000000 " + string(idA+" "+none) + " D\x00a\tb\x00:000000 100644 " + string(none+" "+idB) + " A\x00c\n\x00" +
	"0\t3\ta\tb\x00-\t-\tc\n\x00" + string(idB) + "\x00"

func TestParseDiffEachByte(t *testing.T) {
	t.Parallel()
	net, own, rest, err := gitlog.Diff([]byte(diffText), idA, idB)
	require.NoError(t, err)
	require.Equal(t, []string{"removed \"a\\tb\" 100644> +0 -3", "added \"c\\n\" >100644 +0 -0 binary"}, brief(net))
	require.Empty(t, own)
	require.Zero(t, rest)
	for i := range len(diffText) {
		_, _, _, err := gitlog.Diff([]byte(diffText[:i]), idA, idB)
		require.Error(t, err, "cut at %d", i)
	}
	for _, change := range [][2]string{
		{" D\x00", " R100\x00"}, {" D\x00", " A\x00"}, {" D\x00", " M\x00"}, {"0\t3", "-\t3"}, {"0\t3", "0\t-3"}, {"0\t3", "0\t9999999999999999999999"},
		{"3\ta\tb", "3\ta"}, {"a\tb\x00:", "\x00:"}, {":100644", ":10064x"}, {":100644", ":1006440"}, {"000000 100644", "000000  100644"},
		{string(idB) + "\x00", string(idA) + "\x00"}, {"a\tb\x00:", "c\n\x00:"},
	} {
		_, _, _, err := gitlog.Diff([]byte(strings.Replace(diffText, change[0], change[1], 1)), idA, idB)
		require.Error(t, err, "%q", change)
	}
}

func FuzzDiff(f *testing.F) {
	f.Add([]byte(diffText))
	f.Add([]byte(strings.ReplaceAll(diffText, "a\tb", "\xff\x01")))
	f.Fuzz(func(t *testing.T, b []byte) {
		net, own, rest, err := gitlog.Diff(b, idA, idB)
		if err != nil {
			require.Nil(t, own)
			return
		}
		// What parses accounts for each byte: written again, it is as long.
		n := 81 + 1 + 41 - 1 + 0
		for _, x := range append(net, own...) {
			require.NotEmpty(t, x.Path)
			require.NotContains(t, string(x.Path), "\x00")
			require.NotEqual(t, release.OpUnknown, x.Op)
			require.False(t, x.Binary && x.Added+x.Deleted > 0)
			require.GreaterOrEqual(t, x.Added, int64(0))
			n += 1 + 6 + 1 + 6 + 1 + 40 + 1 + 40 + 2 + 1 + len(x.Path) + 1 + 1 + len(x.Path) + 1 // counts vary
		}
		require.GreaterOrEqual(t, len(b), n-1)
		require.GreaterOrEqual(t, rest, 0)
	})
}

var historyText = ">" + string(idA+" "+idB) + "\n<" + string(none[:39]) + "1 " + string(idB) + "\n-" + string(idB) + "\n"

func TestParseHistoryEachByte(t *testing.T) {
	t.Parallel()
	left := none[:39] + "1"
	n, err := gitlog.History([]byte(historyText), left, idA)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	for i := range len(historyText) {
		_, err := gitlog.History([]byte(historyText[:i]), left, idA)
		require.Error(t, err, "cut at %d", i)
	}
	_, err = gitlog.History([]byte(historyText+historyText), left, idA)
	require.ErrorContains(t, err, "twice")
	_, err = gitlog.History([]byte("^"+historyText[1:]), left, idA)
	require.Error(t, err)
}

func FuzzHistory(f *testing.F) {
	f.Add([]byte(historyText))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := gitlog.History(b, "", idA)
		if err == nil {
			require.Equal(t, n, strings.Count(string(b), "\n"), "each line is an entry")
			require.Contains(t, string(b), string(idA))
		}
	})
}

func answer(kind, content string) string {
	h := sha1.Sum(fmt.Appendf(nil, "%s %d\x00%s", kind, len(content), content))
	return fmt.Sprintf("%s %s %d\n%s\n", hex.EncodeToString(h[:]), kind, len(content), content)
}

func TestParseObjectEachByte(t *testing.T) {
	t.Parallel()
	text := answer("blob", strings.Repeat("0123456789\n", 30))
	_, kind, data, err := gitlog.Object([]byte(text))
	require.NoError(t, err)
	require.Equal(t, "blob", kind)
	require.Len(t, data, 330)
	for i := range len(text) {
		_, _, _, err := gitlog.Object([]byte(text[:i]))
		require.Error(t, err, "cut at %d", i)
		flipped := []byte(text)
		flipped[i] ^= 1
		_, _, _, err = gitlog.Object(flipped)
		require.Error(t, err, "flipped at %d", i)
	}
	_, _, _, err = gitlog.Object([]byte(string(idA) + " blob 9223372036854775807\nx"))
	require.Error(t, err)
	_, _, _, err = gitlog.Object([]byte(string(idA) + " blob -1\n\n"))
	require.Error(t, err)
}

func FuzzObject(f *testing.F) {
	f.Add([]byte(answer("blob", "hello")))
	f.Add([]byte(answer("commit", "")))
	f.Add([]byte("x missing\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, kind, data, err := gitlog.Object(b)
		if err != nil {
			require.Empty(t, data)
			return
		}
		if id != "" {
			require.True(t, strings.HasPrefix(string(b), answer(kind, string(data))))
		}
	})
}

const commitText = "tree aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nparent bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n" +
	"author Ada <ada@example.com> 1700000000 +0100\ncommitter Carl <c@d> 1700000000 -0030\nencoding latin1\n\nsubject\n\nCo-authored-by: Bo <b@o>\n"

func FuzzCommit(f *testing.F) {
	f.Add([]byte(commitText))
	f.Add([]byte(strings.Replace(commitText, "subject", "x\n\nThis reverts commit "+string(idA)+"\nThis reverts commit abcdef1", 1)))
	f.Add([]byte("tree aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := gitlog.Commit(b)
		if err != nil {
			require.Zero(t, c)
			return
		}
		// Whatever it says can be written down, and stays one line.
		set := release.ChangeSet{Commits: []release.Commit{c}}
		_, err = set.Digest()
		require.NoError(t, err)
		require.LessOrEqual(t, len(c.Subject), 1<<10)
		for _, a := range append(append(c.CoAuthors, c.SignedOffBy...), c.Author, c.Committer) {
			require.NotContains(t, a.String(), "\n")
			require.NotEqual(t, release.ActorHuman, a.Kind, "nothing proves a human")
		}
		head, _, _ := strings.Cut(string(b), "\n\n")
		require.LessOrEqual(t, len(c.Parents), strings.Count(head, "\nparent "))
		// What comes after the headers does not change them.
		again, err := gitlog.Commit([]byte(head + "\n\nauthor Eve <e@e> 1 +0000\nparent " + string(idA) + "\n"))
		require.NoError(t, err)
		require.Equal(t, c.Author, again.Author)
		require.Equal(t, c.Parents, again.Parents)
		require.Equal(t, c.Signature, again.Signature)
	})
}

func FuzzTree(f *testing.F) {
	f.Add([]byte("100644 a\x00aaaaaaaaaaaaaaaaaaaa40000 b\x00bbbbbbbbbbbbbbbbbbbb"))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := gitlog.Tree(b)
		if err == nil {
			require.Equal(t, string(b), string(out))
		}
	})
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0 +0000": "1970-01-01T00:00:00Z", "1700000000 +0530": "2023-11-15T03:43:20+05:30", "1700000000 -0030": "2023-11-14T21:43:20-00:30",
		"253402214399 +2359": "9999-12-31T23:58:59+23:59",
	} {
		got, err := gitlog.ParseTime(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got.Format(time.RFC3339))
		_, err = got.MarshalJSON()
		require.NoError(t, err)
	}
	for _, in := range []string{"", "1", "1 ", "x +0000", "-1 +0000", "1 0000", "1 +000", "1 +2400", "1 +-100", "253402214400 +0000", "1 +00000", "1  +0000", "+1 +0000"} {
		_, err := gitlog.ParseTime(in)
		require.Error(t, err, in)
	}
}

func TestMessagePeople(t *testing.T) {
	t.Parallel()
	c, err := gitlog.Commit([]byte(strings.Split(commitText, "\n\n")[0] + "\n\nsubject\r\n\r\nco-AUTHORED-by : Bo <b@o>\r\n\r\nmore text\n" +
		"Co-authored-by: Bo Again <B@O>, Di <d@i>\nCo-authored-by: No Address\nCo-authored-by: Long Name\n <l@n>\nCo-authored-by:\n\n" +
		" Co-authored-by: Quoted <q@q>\n> Co-authored-by: Quoted <q@q>\nCo-authored-by: Claude <noreply@anthropic.com>\nSigned-off-by: S <s@s>"))
	require.NoError(t, err)
	require.Equal(t, []release.Actor{
		{Name: "Bo", ID: "email:b@o"}, {Name: "Di", ID: "email:d@i"}, {Name: "No Address"}, {Name: "Long Name", ID: "email:l@n"},
		{Name: "Claude", ID: "email:noreply@anthropic.com", Kind: release.ActorAgent}}, c.CoAuthors)
	require.Equal(t, []release.Actor{{Name: "S", ID: "email:s@s"}}, c.SignedOffBy)
	require.Equal(t, release.Text("subject"), c.Subject)
}

func FuzzName(f *testing.F) {
	f.Add("HEAD~2")
	f.Add("-x")
	f.Fuzz(func(t *testing.T, s string) {
		if gitlog.CheckName(s) == nil {
			require.NotEmpty(t, s)
			require.NotContains(t, "-:", s[:1])
			require.False(t, strings.ContainsAny(s, " \n\r\t\x00\x7f"))
		}
	})
}
