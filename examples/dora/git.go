package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// maxTags bounds the tags of a repository whose contents are asked for.
const maxTags = 2000

func git(args ...string) (string, error) {
	var out, wrong bytes.Buffer
	cmd := exec.Command("git", args...)
	cmd.Stdout, cmd.Stderr = &out, &wrong
	if err := cmd.Run(); err != nil {
		if text, _, _ := strings.Cut(strings.TrimSpace(wrong.String()), "\n"); text != "" {
			return "", fmt.Errorf("git %s: %s", args[0], text)
		}
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return out.String(), nil
}

// readTags takes each tag of the repository for a deployment of it, with the
// commits since the tag before as its changes.
func readTags(p *progress, add func(f metrics.Fact) error) error {
	top, err := git("rev-parse", "--show-toplevel")
	if err != nil {
		return fmt.Errorf("no -deployments, and no tags to take their place: %w", err)
	}
	service := filepath.Base(strings.TrimSpace(top))
	// %(creatordate) is the time of the tag, or of the commit where the tag has none.
	refs, err := git("for-each-ref", "--sort=creatordate", "--format=%(creatordate:unix) %(refname:short) %(if)%(*objectname)%(then)%(*objecttype)%(else)%(objecttype)%(end)", "refs/tags")
	if err != nil {
		return err
	}
	before, count := "", 0
	for line := range strings.Lines(refs) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[2] != "commit" {
			continue
		}
		unix, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return fmt.Errorf("git for-each-ref: tag %q has the time %q", fields[1], fields[0])
		}
		if count++; count > maxTags {
			return fmt.Errorf("more than %d tags: list them in a file and name it with -deployments", maxTags)
		}
		at := time.Unix(unix, 0).UTC()
		d := metrics.Deployment{Outcome: metrics.DeploymentSucceeded, Version: fields[1],
			Meta: metrics.Meta{Source: deploymentsSource, ID: fields[1], At: at, Seen: at, Service: service, Environment: "production"}}
		if before != "" {
			commits, err := git("log", "--format=%H %ct", "refs/tags/"+before+"..refs/tags/"+fields[1])
			if err != nil {
				return err
			}
			for line := range strings.Lines(commits) {
				hash, unix, _ := strings.Cut(strings.TrimSpace(line), " ")
				committed, err := strconv.ParseInt(unix, 10, 64)
				if err != nil {
					return fmt.Errorf("git log: commit %q has the time %q", hash, unix)
				}
				c := metrics.Change{Commit: hash, Meta: metrics.Meta{Source: "git", ID: hash, At: time.Unix(committed, 0).UTC(), Seen: at}}
				if err := add(c); err != nil {
					return err
				}
				d.Changes = append(d.Changes, c.Ref())
			}
		}
		if err := add(d); err != nil {
			return err
		}
		before = fields[1]
	}
	p.say("%d tags of %s read", count, service)
	if count == 0 {
		return fmt.Errorf("the git repository %s has no tags: %w (name a file with -deployments)", service, errNothing)
	}
	return nil
}
