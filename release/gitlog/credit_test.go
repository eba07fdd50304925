package gitlog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

// Who wrote part of a change is not lost by the way that it is written down.
func TestCredit(t *testing.T) {
	t.Parallel()
	bo, eve := "email:bo@example.com", "email:eve@example.com"
	for name, tc := range map[string]struct {
		message string
		want    []string
	}{
		"last paragraph":      {"s\n\nCo-authored-by: Bo <bo@example.com>\n", []string{bo}},
		"middle of the body":  {"s\n\nCo-authored-by: Bo <bo@example.com>\n\nmore text\n", []string{bo}},
		"first line":          {"Co-authored-by: Bo <bo@example.com>\n", []string{bo}},
		"any case, any space": {"s\n\nCO-AUTHORED-BY : Bo <bo@example.com>", []string{bo}},
		"folded by a space":   {"s\n\nCo-authored-by: Bo\n <bo@example.com>\n", []string{bo}},
		"folded by a tab":     {"s\n\nCo-authored-by:\n\tBo <bo@example.com>\n", []string{bo}},
		"folded twice":        {"s\n\nCo-authored-by:\n Bo\n B.\n <bo@example.com>\n", []string{bo}},
		"two, folded":         {"s\n\nCo-authored-by: Bo <bo@example.com>,\n Eve <eve@example.com>\n", []string{bo, eve}},
		"carriage returns":    {"s\r\n\r\nCo-authored-by: Bo <bo@example.com>\r\nCo-authored-by: Eve\r\n <eve@example.com>\r\n", []string{bo, eve}},
		"old Mac line ends":   {"s\r\rCo-authored-by: Bo <bo@example.com>\rCo-authored-by: Eve <eve@example.com>\r", []string{bo, eve}},
		"the kernel's word":   {"s\n\nCo-developed-by: Bo <bo@example.com>\nSigned-off-by: Bo <bo@example.com>\n", []string{bo}},
		"twice":               {"s\n\nCo-authored-by: Bo <bo@example.com>\nCo-authored-by: B <BO@example.com>\n", []string{bo}},
		"quoted":              {"s\n\n    Co-authored-by: Bo <bo@example.com>\n> Co-authored-by: Bo <bo@example.com>\n", nil},
		"nobody":              {"s\n\nCo-authored-by:\n\nCo-authored-by: \n", nil},
	} {
		c, err := gitlog.Commit([]byte("tree " + strings.Repeat("1", 40) + "\nauthor A <a@b> 1 +0000\ncommitter C <c@d> 1 +0000\n\n" + tc.message))
		require.NoError(t, err, name)
		var got []string
		for _, a := range c.CoAuthors {
			got = append(got, a.ID)
		}
		require.Equal(t, tc.want, got, name)
	}
}

// In an encoding in which no line begins with the trailer's letters, nobody knows
// who is named.
func TestCreditInOtherEncodings(t *testing.T) {
	t.Parallel()
	w := history(t)
	for encoding, gaps := range map[string][]release.GapKind{
		"UTF-16": {release.GapUnreadable}, "utf-7": {release.GapUnreadable}, "IBM037": {release.GapUnreadable}, "": {release.GapUnreadable},
		"UTF-8": nil, "ISO-8859-1": nil, "latin1": nil, "windows-1251": nil, "CP1252": nil, "EUC-JP": nil, "Shift_JIS": nil, "GBK": nil, "KOI8-R": nil,
	} {
		id := w.object("commit", "tree "+w.git("rev-parse", "HEAD^{tree}")+"\nparent "+string(w.head())+
			"\nauthor A <a@b> 1700000000 +0000\ncommitter C <c@d> 1700000000 +0000\nencoding "+encoding+"\n\nx\n")
		c := w.read("HEAD", id)
		require.Equal(t, gaps, gapKinds(c), encoding)
	}
}

// What a message says it reverts costs no more than its own length, however many
// names of however long a commit it is.
func TestManyReverts(t *testing.T) {
	t.Parallel()
	w := newWork(t)
	w.commit("base")
	long := string(w.commit("long\n\n" + strings.Repeat("a long line\n", 20_000)))
	var text strings.Builder
	for n := 7; n < 40; n++ {
		fmt.Fprintf(&text, "This reverts commit %s.\n", long[:n])
	}
	w.commit("reverts\n\n" + text.String())
	c := w.read("HEAD~2", "HEAD", gitlog.Options{MaxBytes: 1 << 20})
	require.Empty(t, c.Gaps)
	require.Equal(t, []release.Revision{release.Revision(long)}, c.Commits[1].Reverts)

	var many strings.Builder
	many.WriteString("tree " + long + "\nauthor A <a@b> 1 +0000\ncommitter C <c@d> 1 +0000\n\n")
	for i := range 3_000 {
		fmt.Fprintf(&many, "This reverts commit %040x.\nSigned-off-by: S <s%d@x>\n", i, i)
	}
	got, err := gitlog.Commit([]byte(many.String()))
	require.NoError(t, err)
	require.Len(t, got.Reverts, 3_000)
	require.Len(t, got.SignedOffBy, 3_000)
}
