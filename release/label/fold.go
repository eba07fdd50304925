package label

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lookalikes has, for each Latin letter, small letters that print like it in
// common fonts: Cyrillic, Greek, small capitals, and Latin letters with marks. It
// is a part of Unicode's confusables (UTS 39), the part that words can be written
// with.
var lookalikes = []struct {
	latin rune
	like  string
}{
	{'a', "аαɑᴀàáâãäåāăąǎạảấầậắ"}, {'b', "вьβʙ"}, {'c', "сςᴄçćĉċč"}, {'d', "ԁᴅďđḍ"}, {'e', "еєεᴇèéêëēĕėęěẹẻẽếề"},
	{'f', "ſƒ"}, {'g', "ɡɢĝğġģǵ"}, {'h', "һнʜĥħḥ"}, {'i', "іιıɩɪìíîïĩīĭįǐịỉ"}, {'j', "јȷᴊĵ"}, {'k', "кκᴋķǩ"},
	{'l', "ӏʟĺļľŀł"}, {'m', "мᴍ"}, {'n', "ηոɴñńņňṇ"}, {'o', "оοσօᴏòóôõöøōŏőǒọỏơố"}, {'p', "рρᴘ"}, {'q', "ԛ"},
	{'r', "гʀŕŗř"}, {'s', "ѕꜱśŝşšșṣ"}, {'t', "тτᴛţťŧțṭ"}, {'u', "υսᴜùúûüũūŭůűųǔụủư"}, {'v', "νѵᴠ"}, {'w', "ԝωᴡŵẁẃẅ"},
	{'x', "хχ"}, {'y', "уүγʏýÿŷỳỹ"}, {'z', "ᴢźżžẓ"},
}

// fold writes s with the Latin letters that its letters look like, and without
// what prints as nothing or is no text. Capitals stay capitals.
func fold(s string) string {
	if printable(s) {
		return s
	}
	return strings.Map(latin, s)
}

// printable reports whether s is nothing but printable ASCII.
func printable(s string) bool {
	for i := range len(s) {
		if s[i]-' ' >= 0x7f-' ' {
			return false
		}
	}
	return true
}

// latin is the letter that r looks like, -1 if it looks like nothing.
func latin(r rune) rune {
	switch {
	case r >= ' ' && r < 0x7f:
		return r
	case r == utf8.RuneError, unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Cc, unicode.Other_Default_Ignorable_Code_Point):
		return -1
	case r >= 0xff01 && r <= 0xff5e: // full width
		return r - 0xfee0
	case r >= 0x1d400 && r < 0x1d6a4: // mathematical alphabets
		if i := (r - 0x1d400) % 52; i < 26 {
			return 'A' + i
		} else {
			return 'a' + i - 26
		}
	case r >= 0x24b6 && r <= 0x24e9: // circled
		if i := r - 0x24b6; i < 26 {
			return 'A' + i
		} else {
			return 'a' + i - 26
		}
	case r == 0x2044 || r == 0x2215 || r == 0x29f8: // slashes
		return '/'
	case r == 0x2024: // one dot leader
		return '.'
	}
	small := unicode.ToLower(r)
	for _, l := range lookalikes {
		if strings.ContainsRune(l.like, small) {
			small = l.latin
			break
		}
	}
	if unicode.IsUpper(r) {
		return unicode.ToUpper(small)
	}
	return small
}
