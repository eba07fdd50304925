package risk_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/risk"
)

// What is written is read back as the same model.
func TestModelsAreReadBack(t *testing.T) {
	t.Parallel()
	check := func(t require.TestingT, m *risk.Model) {
		b, err := json.Marshal(m)
		require.NoError(t, err)
		back, err := risk.ParseModel(b)
		require.NoError(t, err)
		want, err := m.Digest()
		require.NoError(t, err)
		got, err := back.Digest()
		require.NoError(t, err)
		require.Equal(t, want, got)
		again, err := json.Marshal(*back)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
	}
	check(t, risk.Prior())
	check(t, &risk.Model{})
	check(t, fit(t, nil, invented(1, 100), risk.FitOptions{}))
	rapid.Check(t, func(t *rapid.T) { check(t, learned.Draw(t, "model")) })
}

const smallModel = `{"schema":"https://sallyport.dev/schema/risk-model/v1","id":"m","bias":-2,"weights":[` +
	`{"term":"files","weight":0.5,"curve":[{"at":0,"logOdds":0},{"at":1,"logOdds":1}]}],"outcomes":{"mature":30,"failed":6,"censored":0},` +
	`"calibration":{"shift":0,"slope":1,"covariance":[1,0,1]}}`

func TestModelsThatAreNotRead(t *testing.T) {
	t.Parallel()
	_, err := risk.ParseModel([]byte(smallModel))
	require.NoError(t, err)
	for _, c := range [][2]string{
		{`"schema"`, `"Schema"`}, {`risk-model/v1`, `risk-model/v2`}, {`"id":"m",`, ``}, {`"bias":-2,`, ``}, {`"bias":-2`, `"bias":null`}, {`"bias":-2`, `"bias":"-2"`},
		{`"bias":-2`, `"bias":1e999`}, {`"bias":-2`, `"bias":NaN`}, {`"bias":-2`, `"bias":-2,"bias":-3`}, {`"bias":-2`, `"bias":-2,"made-up":1`},
		{`"term":"files",`, ``}, {`"term":"files"`, `"term":"made-up"`}, {`"weight":0.5,`, ``}, {`"weight":0.5`, `"weight":-0.5`}, {`"at":0,`, ``}, {`"logOdds":1}`, `"logOdds":-1}`},
		{`"at":1,"logOdds":1`, `"at":1`}, {`"at":1`, `"at":0`}, {`"curve":[{"at":0,"logOdds":0},{"at":1,"logOdds":1}]`, `"curve":[]`},
		{`"curve":[{"at":0,"logOdds":0},`, `"curve":[`}, {`"outcomes":{"mature":30,"failed":6,"censored":0},`, ``}, {`"mature":30`, `"mature":24`}, {`"mature":30,`, ``},
		{`"mature":30`, `"mature":30.5`}, {`"failed":6`, `"failed":31`}, {`[1,0,1]`, `[1,0]`}, {`[1,0,1]`, `[1,0,1,0]`}, {`[1,0,1]`, `[1,2,1]`}, {`,"covariance":[1,0,1]`, ``},
		{`"slope":1`, `"slope":-1`}, {`"slope":1,`, ``}, {`"weights":[`, `"weights":[{"term":"files","weight":0},`}, {`}}`, `}}{}`}, {`}}`, `}`}, {`"id":"m"`, `"id":"` + strings.Repeat("m", 201) + `"`},
		{`"id":"m"`, `"id":"m","extractor":"` + strings.Repeat("m", 101) + `"`},
		{`{"at":0,"logOdds":0}`, strings.TrimSuffix(strings.Repeat(`{"at":0,"logOdds":0},`, 65), ",")},
	} {
		text := strings.Replace(smallModel, c[0], c[1], 1)
		require.NotEqual(t, smallModel, text)
		m, err := risk.ParseModel([]byte(text))
		require.Error(t, err, text)
		require.Nil(t, m)
		kept := risk.Prior()
		require.Error(t, json.Unmarshal([]byte(text), kept))
		require.Equal(t, risk.Prior(), kept, "a model that cannot be read changes nothing")
	}
	_, err = risk.ParseModel(bytes.Repeat([]byte(" "), risk.MaxModelBytes+1))
	require.Error(t, err)
	_, err = risk.ParseModel([]byte(`{"schema":"https://sallyport.dev/schema/risk-model/v1","id":"m","bias":-2,"outcomes":{"mature":0,"failed":0,"censored":0}}`))
	require.Error(t, err, "no weights")
}

// Whatever is read is valid, is read back as itself, and says something finite or nothing.
func FuzzParseModel(f *testing.F) {
	f.Add([]byte(smallModel), int64(3), false)
	b, err := json.Marshal(risk.Prior())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, int64(1<<53-1), true)
	f.Fuzz(func(t *testing.T, b []byte, n int64, known bool) {
		m, err := risk.ParseModel(b)
		if err != nil {
			require.Nil(t, m)
			return
		}
		require.NoError(t, m.Validate())
		out, err := json.Marshal(m)
		require.NoError(t, err)
		back, err := risk.ParseModel(out)
		require.NoError(t, err)
		features := risk.Features{LinesAdded: n, Files: n}
		if known && n >= 0 && n < 1<<53 {
			features.Pause = risk.Known(n)
		}
		e := m.Estimate(features)
		require.Equal(t, e, back.Estimate(features))
		require.True(t, 0 <= e.Lo && e.Lo <= e.P && e.P <= e.Hi && e.Hi <= 1, "%+v", e)
		sum := 0.0
		for _, c := range e.Contributions {
			sum += c.LogOdds
		}
		require.Equal(t, sum, e.LogOdds)
	})
}
