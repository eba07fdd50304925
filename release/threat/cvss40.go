package threat

import "strings"

// score40 is the base score of a vector of version 4.0, in tenths: eleven metrics in
// their order, as the library writes them. It is computed in whole numbers, because
// the mean of the distances often ends in half a tenth, which is rounded up, and
// floating point falls on either side of it (the library is a tenth too low for 450
// of the 104,976 vectors).
//
// Equations and tables are those of the CVSS v4.0 Specification, sections 8.2 and 8.3,
// for vectors without threat and environmental metrics: exploit maturity is
// "attacked" and security requirements are high, so there are 60 of the MacroVectors.
func score40(vector string) int {
	level := map[string]int{}
	for part := range strings.SplitSeq(vector, "/") {
		metric, value, _ := strings.Cut(part, ":")
		level[metric] = strings.Index(values40[metric], value)
	}
	sum := func(metrics ...string) (n int) {
		for _, m := range metrics {
			n += level[m]
		}
		return n
	}
	exploit, complexity := sum("AV", "PR", "UI"), sum("AC", "AT")
	system, further := sum("VC", "VI", "VA"), sum("SC", "SI", "SA")
	if system == 6 && further == 6 {
		return 0 // no impact
	}
	// The equivalence classes, the highest severity first, and how far the vector is
	// below the highest of its class. All highest vectors of a class are equally far
	// from AV:N, AC:L, VC:H and so on, so levels are summed.
	var eq1, eq2, eq36, eq4 class
	switch {
	case exploit == 0:
		eq1 = class{0, 0, 1}
	case level["AV"] < 3 && (level["AV"] == 0 || level["PR"] == 0 || level["UI"] == 0):
		eq1 = class{1, exploit - 1, 4}
	default:
		eq1 = class{2, exploit - 3, 5}
	}
	if eq2 = (class{0, 0, 1}); complexity > 0 {
		eq2 = class{1, complexity - 1, 2}
	}
	switch {
	case level["VC"] == 0 && level["VI"] == 0:
		eq36 = class{0, system, 7}
	case level["VC"] == 0 || level["VI"] == 0 || level["VA"] == 0:
		eq36 = class{2, system - 1, 8}
	default:
		eq36 = class{4, system - 3, 10}
	}
	if eq4 = (class{0, further, 5}); level["SC"] > 0 && level["SI"] > 0 && level["SA"] > 0 {
		eq4 = class{1, further - 3, 4}
	}
	score := macro40[eq1.number][eq2.number][eq36.number][eq4.number]
	// For each class that there is a lower one of: the share of the distance to the
	// lower one's score. The class of exploit maturity has one, at no distance.
	lower, total := 1, 0 // total in 1/280 of a tenth
	add := func(next int, c class) {
		lower++
		total += (score - next) * c.distance * (denominator / c.depth)
	}
	if eq1.number < 2 {
		add(macro40[eq1.number+1][eq2.number][eq36.number][eq4.number], eq1)
	}
	if eq2.number < 1 {
		add(macro40[eq1.number][eq2.number+1][eq36.number][eq4.number], eq2)
	}
	switch eq36.number {
	case 0: // two lower ones, of which the higher score counts
		add(max(macro40[eq1.number][eq2.number][1][eq4.number], macro40[eq1.number][eq2.number][2][eq4.number]), eq36)
	case 2:
		add(macro40[eq1.number][eq2.number][3][eq4.number], eq36)
	}
	if eq4.number < 1 {
		add(macro40[eq1.number][eq2.number][eq36.number][1], eq4)
	}
	whole := denominator * lower
	return (2*(whole*score-total) + whole) / (2 * whole) // half a tenth goes up
}

// denominator is what all depths divide.
const denominator = 280

// class is one equivalence class of a vector: its number, how many steps the vector is
// below the highest of the class, and how many steps deep the class is.
type class struct{ number, distance, depth int }

// values40 are the values of the base metrics, the most severe first.
var values40 = map[string]string{"AV": "NALP", "AC": "LH", "AT": "NP", "PR": "NLH", "UI": "NPA",
	"VC": "HLN", "VI": "HLN", "VA": "HLN", "SC": "HLN", "SI": "HLN", "SA": "HLN"}

// macro40 are the scores of MacroVectors in tenths, by EQ1, EQ2, EQ3 with EQ6 (00, 01,
// 10, 11, 21) and EQ4 less one; EQ5 is 0.
var macro40 = [3][2][5][2]int{
	{{{100, 93}, {96, 90}, {93, 88}, {92, 80}, {79, 69}}, {{95, 92}, {91, 81}, {92, 84}, {82, 70}, {71, 63}}},
	{{{94, 87}, {89, 75}, {86, 72}, {76, 57}, {65, 53}}, {{90, 77}, {77, 66}, {74, 61}, {59, 52}, {58, 23}}},
	{{{86, 70}, {74, 54}, {72, 53}, {57, 36}, {47, 24}}, {{73, 54}, {55, 43}, {61, 46}, {51, 18}, {24, 10}}},
}
