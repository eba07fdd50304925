package risk_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// What is learned and said is the same to the last bit on every architecture, also where the compiler may use
// fused multiply-adds (GOAMD64=v3, arm64): the digests were made on amd64 without them.
func TestFitIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	var samples []risk.Sample
	state := uint32(1)
	draw := func(n uint32) int64 {
		state = state*1664525 + 1013904223
		return int64(state>>8) % int64(n)
	}
	for i := range 400 {
		f := risk.Features{LinesAdded: draw(900), LinesDeleted: draw(300), Files: 1 + draw(9), Spread: draw(2000), Fixes: draw(2), Pause: risk.Known(draw(90000)), PriorChanges: risk.Known(draw(70))}
		samples = append(samples, risk.Sample{Features: f, Failed: draw(900) < f.LinesAdded/2+200*f.Fixes, Weight: float64(1+draw(4)) / 4, At: now.Add(time.Duration(i) * time.Minute)})
	}
	m, ok := fit(t, nil, samples, risk.FitOptions{Pause: true}).Recalibrate(samples[200:])
	require.True(t, ok)
	digest, err := m.Digest()
	require.NoError(t, err)
	require.Equal(t, "sha256:f49dfce1832c7ed18a0f9c1895ebdaba73fd1131ef2af497497a56eb497792d0", digest.String())
	var said []risk.Estimate
	for _, s := range samples {
		said = append(said, m.Estimate(s.Features))
	}
	b, err := json.Marshal(said)
	require.NoError(t, err)
	require.Equal(t, "sha256:c9a41ed6f0856c547041793fbe8a047633b4b99b51373c951a474a904bf78eaf", release.DigestOf(b).String())
}
