package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/advisory"
	"github.com/sallyport-dev/sallyport/release/threat"
	"github.com/sallyport-dev/sallyport/rollout"
)

// safeToReturn keeps a rollback from bringing back what the release has mended: a flaw
// that is exploited, or critical, by what is known when it is asked.
func safeToReturn(db *advisory.DB, feeds threat.Feeds, inventories map[release.Digest]*release.Inventory) rollout.GateFunc {
	return func(_ context.Context, q rollout.GateQuery) (rollout.GateResult, error) {
		now, then := inventories[q.Release.Digest], inventories[q.Previous.Digest]
		if now == nil || then == nil {
			return rollout.GateResult{}, errors.New("nobody knows what is in the two releases")
		}
		back := db.Delta(now, then, q.Now)
		feeds.Apply(&back, q.Now)
		for _, a := range back.Advisories {
			if a.Effect == release.EffectIntroduced && (a.Exploited == release.AnswerYes || a.Severity.Known && a.Severity.Value >= 9) {
				return rollout.GateResult{Verdict: release.VerdictDeny, Reason: release.Reason{Code: "host/known-flaw", Subject: a.ID,
					Text: fmt.Sprintf("%s would bring back %s: %s", q.Previous.Version, a.ID, a.Summary)}}, nil
			}
		}
		if c := back.Coverage[release.KindAdvisory]; c != release.CoverageComplete {
			return rollout.GateResult{}, fmt.Errorf("the advisories' coverage is %v", c)
		}
		return rollout.GateResult{Verdict: release.VerdictAllow}, nil
	}
}

const (
	madeUpAdvisory = `{"id": "GO-2026-0001", "aliases": ["CVE-2026-1001"], "published": "2026-11-20T00:00:00Z", "modified": "2026-11-20T00:00:00Z",
		"summary": "Requests can be smuggled in example.com/proxy",
		"affected": [{"package": {"ecosystem": "Go", "name": "example.com/proxy"},
			"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.4.2"}]}]}]}`
	madeUpCatalogue = `{"catalogVersion": "2026.11.21", "dateReleased": "2026-11-21T12:00:00.0000Z", "count": 1,
		"vulnerabilities": [{"cveID": "CVE-2026-1001", "dateAdded": "2026-11-21", "knownRansomwareCampaignUse": "Unknown"}]}`
)

// The new release mends a flaw that is being exploited. When it turns out to be slow, it
// is not rolled back by itself: people say which of the two is worse.
func ExampleGate_rollback() {
	ctx := context.Background()
	db, err := advisory.LoadFile(strings.NewReader(madeUpAdvisory), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	proxy := func(version string) *release.Inventory {
		return &release.Inventory{Source: release.Source{Path: "go.mod"}, Coverage: release.CoverageComplete,
			Components: []release.Component{{PURL: release.PURL("pkg:golang/example.com/proxy@" + version)}}}
	}
	host := simulate(version("1.4.2"))
	host.gate("safe to return", safeToReturn(db, threat.Feeds{KEV: threat.ReadKEV("kev.json", []byte(madeUpCatalogue))},
		map[release.Digest]*release.Inventory{version("1.4.2").Digest: proxy("v1.4.1"), version("1.5.0").Digest: proxy("v1.4.2")}))
	plan := rollout.Plan{Target: target("api"), Release: version("1.5.0"), Previous: version("1.4.2"),
		RollbackGates: []string{"safe to return"}, Overridable: []string{"safe to return"},
		Stages: []rollout.Stage{share("canary", 5), share("all", 100)}}
	ok(host.engine.Start(ctx, plan, by("ada", "")))
	host.step(0, plan.Target)
	host.worse["api"] = "latency is 1.3 times the control's"
	host.step(10*time.Minute, plan.Target)

	ok(host.engine.Override(ctx, plan.Target, "safe to return", by("grace", "the proxy cannot be reached from outside")))
	host.step(time.Minute, plan.Target)

	// Output:
	// 09:00 api@production: 1.5.0: baking canary (5 %): it bakes until 2026-11-23T10:00:00Z
	// 09:10 api@production: 1.5.0: retreating: it should be taken back (latency is 1.3 times the control's), and may not be: 1.4.2 would bring back GO-2026-0001: Requests can be smuggled in example.com/proxy; abort it, roll forward, or override that
	// 09:11 api@production: 1.5.0: rolled back: latency is 1.3 times the control's
}
