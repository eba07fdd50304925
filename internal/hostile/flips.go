package hostile

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// Flips calls accepted with every text that differs from a JSON text in one bit, or
// with every step-th of them, and counts those that it accepts by where the bit is:
// "/a/0" is the value with that JSON pointer, "/a name" the name of a member, and
// "" what stands between them. changed must not be kept.
func Flips(text []byte, step int, accepted func(changed []byte) bool) (tried int, byPlace map[string]int) {
	places, changed, byPlace := jsonPlaces(text), bytes.Clone(text), map[string]int{}
	for bit := 0; bit < 8*len(text); bit += step {
		tried++
		changed[bit/8] ^= 1 << (bit % 8)
		if accepted(changed) {
			byPlace[places[bit/8]]++
		}
		copy(changed, text)
	}
	return tried, byPlace
}

// jsonPlaces is where each byte of a JSON text belongs.
func jsonPlaces(text []byte) []string {
	type level struct {
		path  string
		array bool
		n     int
		name  string
	}
	out := make([]string, len(text))
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var open []level
	for {
		from := int(d.InputOffset())
		token, err := d.Token()
		if err != nil {
			return out
		}
		to := int(d.InputOffset())
		from += strings.IndexFunc(string(text[from:to]), func(r rune) bool { return !strings.ContainsRune(" \t\r\n,:", r) })
		path := ""
		if n := len(open); n > 0 {
			top := &open[n-1]
			if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
				open = open[:n-1]
				continue
			}
			if top.array {
				path = top.path + "/" + strconv.Itoa(top.n)
			} else {
				path = top.path + "/" + top.name
				if top.n%2 == 0 {
					top.name = token.(string)
					path = top.path + "/" + top.name + " name"
				}
			}
			top.n++
		}
		if delim, ok := token.(json.Delim); ok {
			open = append(open, level{path: path, array: delim == '['})
			continue
		}
		for i := from; i < to; i++ {
			out[i] = path
		}
	}
}
