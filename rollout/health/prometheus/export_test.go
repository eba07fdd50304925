package prometheus

import "fmt"

// Decode decodes an answer to a question about the times from from to to, and returns
// how many series and points it has.
func Decode(body []byte, from, to int64) (status string, counts []int, err error) {
	a, err := decode(body, limit{from: from, to: to, series: 100})
	if err != nil {
		return "", nil, err
	}
	for _, s := range a.series {
		for i, p := range s.points {
			if p.at < from || p.at > to || (i > 0 && p.at <= s.points[i-1].at) || !(p.value >= 0 && p.value <= maxValue) {
				panic(fmt.Sprint("a point that must not be: ", p))
			}
		}
		counts = append(counts, len(s.points))
	}
	return a.status, counts, nil
}

// Selector is a selector as it is written for the API.
func Selector(text string) (string, error) {
	s, err := parseSelector(text)
	return s.String(), err
}

// Matches reports whether a selector selects a series.
func Matches(text string, labels map[string]string) bool {
	s, err := parseMetric(text)
	return err == nil && s.matches(labels)
}
