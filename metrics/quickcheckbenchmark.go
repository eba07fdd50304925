package metrics

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"unicode/utf8"
)

// Score is a mean and a standard deviation of scores from 0 to 10; 10 is best.
type Score struct {
	// Mean is the mean, SD the standard deviation, above 0.
	Mean, SD float64
}

// Percentile is the share of respondents with a lower score, from 0 to 1, if scores
// are normal: an approximation, as they lie between 0 and 10 and those of the
// rates lean to the upper end.
func (s Score) Percentile(score float64) float64 {
	if !(s.SD > 0) {
		return math.NaN()
	}
	return math.Erfc(-(score-s.Mean)/s.SD/math.Sqrt2) / 2
}

// Benchmark is how the respondents of one industry, or of organizations of one size,
// scored in one edition.
type Benchmark struct {
	// Edition is 2024 or 2025. Key is the name in the file, such as "technology" or
	// "fewer_than_100"; Name is for people.
	Edition   int
	Key, Name string
	// Metrics are the metrics' scores, of those that the edition asked.
	Metrics map[Metric]Score
	// Overall is the overall score. Its mean is that of the metrics' means, as Quick Check
	// takes it. In 2025 its standard deviation was published for an average that took
	// the rates the other way round, so a percentile from it is uncertain.
	Overall Score
	// Throughput and Stability are zero in 2024, which has none.
	Throughput, Stability Score
	// Turned says that the file gave the recovery time with 10 as the worst, against the
	// throughput in the same row, and that it was turned: the file of the sizes of
	// organizations of 2025 does (dora.dev, commit fcaf07b4).
	Turned bool
}

// AllIndustries is the benchmark of all respondents of an edition, 2024 or 2025. Its
// numbers are those of Quick Check's industry_metrics.json (github.com/dora-team/dora.dev,
// Apache-2.0); [ReadQuickCheck] reads the other industries from that file.
func AllIndustries(edition int) (Benchmark, error) {
	if _, err := quickMetrics(edition); err != nil {
		return Benchmark{}, err
	}
	row := quickRow{name: "All industries", scores: map[string]Score{"performance_average": {6.7, 1.8}, "leadtime": {5.1, 2.6},
		"deployfreq": {5.3, 2.9}, "changefailure": {1.7, 2.0}, "failurerecovery": {7.5, 2.3}}}
	if edition == 2025 {
		row.scores = map[string]Score{"performance_average": {4.3, 1.2}, "software_delivery_throughput": {6.0, 2.1},
			"software_delivery_instability": {2.1, 2.0}, "leadtime": {5.5, 2.4}, "deployfreq": {4.8, 2.8},
			"changefailure": {1.9, 2.1}, "failurerecovery": {7.4, 2.1}, "rework": {2.2, 2.2}}
	}
	return row.benchmark("all", edition)
}

// maxQuickCheck bounds a benchmark file, in bytes; those of the editions have 15,000.
const maxQuickCheck = 1 << 20

// ReadQuickCheck reads the benchmarks of a file of Quick Check, industry_metrics.json or
// organization_size_metrics.json of an edition, by their keys. It is strict: a name that
// is unknown, missing or stands twice, a score outside of 0 to 10 or a deviation that is
// not above 0 is an error.
func ReadQuickCheck(r io.Reader, edition int) ([]Benchmark, error) {
	if _, err := quickMetrics(edition); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, maxQuickCheck+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("metrics: read Quick Check: %w", err)
	case len(text) > maxQuickCheck:
		return nil, fmt.Errorf("metrics: read Quick Check: more than %d bytes", maxQuickCheck)
	case !utf8.Valid(text):
		return nil, errors.New("metrics: read Quick Check: it is not UTF-8")
	}
	rows, err := quickObject(text)
	if err != nil {
		return nil, fmt.Errorf("metrics: read Quick Check: %w", err)
	}
	if len(rows) == 0 {
		return nil, errors.New("metrics: read Quick Check: it is empty")
	}
	var out []Benchmark
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		row, err := readQuickRow(rows[key])
		if err != nil {
			return nil, fmt.Errorf("metrics: read Quick Check: %q: %w", key, err)
		}
		b, err := row.benchmark(key, edition)
		if err != nil {
			return nil, fmt.Errorf("metrics: read Quick Check: %q: %w", key, err)
		}
		out = append(out, b)
	}
	return out, nil
}

// quickObject are the members of one JSON object, none of which stands twice.
func quickObject(text []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.Join(errors.New("it is no object"), err)
	}
	out := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if _, twice := out[name]; !ok || twice {
			return nil, fmt.Errorf("%q stands twice", name)
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		out[name] = v
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is something after the object")
	}
	return out, nil
}

// quickRow is a row as the file has it: rates and instability with 0 as the best.
type quickRow struct {
	name   string
	scores map[string]Score
}

func readQuickRow(text []byte) (quickRow, error) {
	row := quickRow{scores: map[string]Score{}}
	members, err := quickObject(text)
	if err != nil {
		return row, err
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if name == "name" {
			if err := json.Unmarshal(members[name], &row.name); err != nil {
				return row, fmt.Errorf("name: %w", err)
			}
			continue
		}
		numbers, err := quickObject(members[name])
		if err != nil {
			return row, fmt.Errorf("%q: %w", name, err)
		}
		var v [2]*float64
		for i, part := range []string{"mean", "std"} {
			if err := json.Unmarshal(numbers[part], &v[i]); err != nil || v[i] == nil {
				return row, fmt.Errorf("%q has no number %q", name, part)
			}
		}
		if len(numbers) != 2 {
			return row, fmt.Errorf("%q has more than a mean and a std", name)
		}
		row.scores[name] = Score{Mean: *v[0], SD: *v[1]}
	}
	return row, nil
}

// quickNames are the file's names of the metrics.
var quickNames = map[Metric]string{LeadTime: "leadtime", Frequency: "deployfreq", RecoveryTime: "failurerecovery",
	FailRate: "changefailure", ReworkRate: "rework"}

// turnedBy is by how much the throughput of a row must fit better with the recovery
// time turned: in the rows of 2025 the two ways differ by 1 to 2 points, and the right
// one misses by 0.17 at most.
const turnedBy = 0.5

// benchmark turns everything so that 10 is best, and checks it.
func (r quickRow) benchmark(key string, edition int) (Benchmark, error) {
	b := Benchmark{Edition: edition, Key: key, Name: r.name, Metrics: map[Metric]Score{}}
	if r.name == "" {
		return Benchmark{}, errors.New("it has no name")
	}
	asked, err := quickMetrics(edition)
	if err != nil {
		return Benchmark{}, err
	}
	want := []string{"performance_average"}
	if edition == 2025 {
		want = append(want, "software_delivery_throughput", "software_delivery_instability")
	}
	for _, m := range asked {
		want = append(want, quickNames[m])
	}
	for _, name := range want {
		s, ok := r.scores[name]
		switch {
		case !ok:
			return Benchmark{}, fmt.Errorf("%q is missing", name)
		case !(s.Mean >= 0) || !(s.Mean <= 10) || !(s.SD > 0) || !(s.SD <= 10):
			return Benchmark{}, fmt.Errorf("%q has the mean %v and the standard deviation %v", name, s.Mean, s.SD)
		}
	}
	if len(r.scores) != len(want) {
		for _, name := range slices.Sorted(maps.Keys(r.scores)) {
			if !slices.Contains(want, name) {
				return Benchmark{}, fmt.Errorf("%q is not known in the edition %d", name, edition)
			}
		}
	}
	turn := func(s Score) Score { return Score{10 - s.Mean, s.SD} }
	for _, m := range asked {
		b.Metrics[m] = r.scores[quickNames[m]]
		if isRate(m) {
			b.Metrics[m] = turn(b.Metrics[m])
		}
	}
	if edition == 2025 {
		b.Throughput, b.Stability = r.scores["software_delivery_throughput"], turn(r.scores["software_delivery_instability"])
		others := b.Metrics[LeadTime].Mean + b.Metrics[Frequency].Mean
		miss := func(s Score) float64 { return math.Abs((others+s.Mean)/3 - b.Throughput.Mean) }
		if s := b.Metrics[RecoveryTime]; miss(turn(s))+turnedBy < miss(s) {
			b.Metrics[RecoveryTime], b.Turned = turn(s), true
		}
	}
	var overall quickMean
	for _, m := range asked {
		overall.add(b.Metrics[m].Mean)
	}
	b.Overall = Score{overall.mean(), r.scores["performance_average"].SD}
	return b, nil
}
