package scan

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// sarifContext is what the results of a run refer to.
type sarifContext struct {
	tool, version string
	// components are the driver and then the extensions.
	components  []sarifComponent
	invocations []sarifInvocation
	artifacts   []sarifArtifact
	bases       map[string]sarifArtifact
	roots       []string // the absolute ones of bases with a slash behind, the longest first
}

type sarifComponent struct {
	name  string
	guid  string
	rules []*sarifRule
	byID  map[string]*sarifRule
	// byGUID are the rules that have one.
	byGUID map[string]*sarifRule
}

// sarifRule is what is needed of a reportingDescriptor (section 3.49).
type sarifRule struct {
	id, level, short string
	secret           bool // that its messages may quote a secret
	score            release.Score
	tags             []string
	messages         map[string]string
}

type sarifReference struct {
	ID        string `json:"id"`
	GUID      string `json:"guid"`
	Index     *int   `json:"index"`
	Component *struct {
		Name  string `json:"name"`
		GUID  string `json:"guid"`
		Index *int   `json:"index"`
	} `json:"toolComponent"`
}

type sarifInvocation struct {
	Successful *bool               `json:"executionSuccessful"`
	Execution  []sarifNotification `json:"toolExecutionNotifications"`
	Config     []sarifNotification `json:"toolConfigurationNotifications"`
	Overrides  []struct {
		Descriptor    sarifReference `json:"descriptor"`
		Configuration struct {
			Level string `json:"level"`
		} `json:"configuration"`
	} `json:"ruleConfigurationOverrides"`
	Signal  string `json:"exitSignalName"`
	NoStart string `json:"processStartFailureMessage"`
	Start   string `json:"startTimeUtc"`
	End     string `json:"endTimeUtc"`
}

// sarifNotification is what a tool says of its own run. Its message has no field here:
// it can quote the file that the tool stumbled over.
type sarifNotification struct {
	Level      string         `json:"level"`
	Descriptor sarifReference `json:"descriptor"`
}

// maxOverrides is how many rules an invocation may give another level.
const maxOverrides = 1000

func (r *reader) sarifTool(run *sarifContext) error {
	var driver sarifComponent
	var extensions []sarifComponent
	err := r.object(map[string]func() error{
		"driver": func() error { return r.sarifComponent(&driver, run) },
		"extensions": func() error {
			return r.each(func() error {
				var c sarifComponent
				err := r.sarifComponent(&c, nil)
				if len(extensions) < 1000 {
					extensions = append(extensions, c)
				}
				return err
			})
		},
	})
	run.tool = string(text(driver.name))
	run.components = append([]sarifComponent{driver}, extensions...)
	return err
}

// sarifComponent reads a toolComponent; run is not nil for the driver.
func (r *reader) sarifComponent(c *sarifComponent, run *sarifContext) error {
	c.byID, c.byGUID = map[string]*sarifRule{}, map[string]*sarifRule{}
	var plain, semantic string
	err := r.object(map[string]func() error{
		"name":            func() (err error) { c.name, err = r.str(); return err },
		"guid":            func() (err error) { c.guid, err = r.str(); return err },
		"version":         func() (err error) { plain, err = r.str(); return err },
		"semanticVersion": func() (err error) { semantic, err = r.str(); return err },
		"rules": func() error {
			return r.each(func() error {
				var d struct {
					ID    string       `json:"id"`
					GUID  string       `json:"guid"`
					Name  string       `json:"name"`
					Help  string       `json:"helpUri"`
					Short sarifMessage `json:"shortDescription"`
					Conf  struct {
						Level string `json:"level"`
					} `json:"defaultConfiguration"`
					Properties sarifProperties         `json:"properties"`
					Messages   map[string]sarifMessage `json:"messageStrings"`
				}
				ok, err := r.item("rule", &d)
				if len(c.rules) >= MaxFindings {
					r.gap(release.GapTooLarge, "more than %d rules", MaxFindings)
					return err
				}
				rule := &sarifRule{id: d.ID, level: d.Conf.Level, short: string(sentence(d.Short.Text)), score: d.Properties.score()}
				if ok {
					rule.secret = aboutSecrets(d.ID, d.Name, d.Help, d.Short.Text)
					rule.tags = d.Properties.tags()
					if len(d.Messages) > 0 {
						rule.messages = map[string]string{}
						for k, m := range d.Messages {
							rule.messages[k] = line(m.Text, maxMessage)
						}
					}
				}
				c.rules = append(c.rules, rule) // also where it could not be read: an index counts it
				if _, twice := c.byID[d.ID]; !twice && d.ID != "" {
					c.byID[d.ID] = rule
				}
				if d.GUID != "" {
					c.byGUID[d.GUID] = rule
				}
				return err
			})
		},
	})
	if run != nil {
		run.version = cmp.Or(semantic, plain)
	}
	return err
}

func (r *reader) sarifInvocation(run *sarifContext) error {
	var in sarifInvocation
	ok, err := r.item("invocation", &in)
	if err != nil {
		return err
	}
	if ok && in.Successful != nil && !*in.Successful {
		r.gap(GapFailed, "the tool says that its execution was not successful")
	}
	if in.Signal != "" || in.NoStart != "" {
		r.gap(GapFailed, "the tool did not start, or was stopped by a signal")
	}
	for _, n := range slices.Concat(in.Execution, in.Config) {
		switch what := text(cmp.Or(n.Descriptor.ID, "without a name")); n.Level {
		case "none", "note":
		case "error":
			r.gap(GapFailed, "the tool reports an error of its own: %s", what)
		default: // "warning", also where there is no level (section 3.58.6)
			r.gap(release.GapIncomplete, "the tool warns that not all went well: %s", what)
		}
	}
	if t := moment(cmp.Or(in.End, in.Start)); t.After(r.report.Source.At) {
		r.report.Source.At = t
	}
	in.Execution, in.Config = nil, nil
	if len(in.Overrides) > maxOverrides {
		r.gap(release.GapTooLarge, "more than %d ruleConfigurationOverrides, which change severities", maxOverrides)
		in.Overrides = nil
	}
	if len(run.invocations) < 1000 {
		run.invocations = append(run.invocations, in)
	}
	return nil
}

// ended says that the run shows that it was done. Failures were told already.
func (c *sarifContext) ended() bool {
	return len(c.invocations) > 0 && !slices.ContainsFunc(c.invocations, func(i sarifInvocation) bool { return i.Successful == nil })
}

// index is the rule's index that the result names, or -1.
func (res *sarifResult) index() int {
	switch {
	case res.Rule != nil && res.Rule.Index != nil:
		return *res.Rule.Index
	case res.RuleIndex != nil:
		return *res.RuleIndex
	}
	return -1
}

// rulesOf are the rules that a result refers to: one or none, or two if its index and
// its name point to different ones.
func (c *sarifContext) rulesOf(res *sarifResult) (id string, rules []*sarifRule) {
	id = res.RuleID
	component, named := c.component(res.Rule)
	if res.Rule != nil {
		id = cmp.Or(id, res.Rule.ID)
	}
	if component != nil {
		if i := res.index(); i >= 0 && i < len(component.rules) {
			rules = append(rules, component.rules[i])
			id = cmp.Or(id, component.rules[i].id)
			if hierarchical(id, component.rules[i].id) {
				return id, rules
			}
		}
	}
	for i := range c.components {
		if named && &c.components[i] != component {
			continue
		}
		if id == "" && res.Rule != nil && res.Rule.GUID != "" {
			if rule, ok := c.components[i].byGUID[res.Rule.GUID]; ok {
				return rule.id, append([]*sarifRule{rule}, rules...)
			}
		}
		if rule := c.components[i].find(id); rule != nil {
			return id, append([]*sarifRule{rule}, rules...)
		}
	}
	return id, rules
}

// component is the component that a reference names, or the driver, and whether it
// names one.
func (c *sarifContext) component(ref *sarifReference) (component *sarifComponent, named bool) {
	if len(c.components) == 0 {
		return nil, false
	}
	if ref == nil || ref.Component == nil {
		return &c.components[0], false
	}
	if i := ref.Component.Index; i != nil && *i >= 0 {
		if *i+1 < len(c.components) {
			return &c.components[*i+1], true
		}
		return nil, true
	}
	for i := range c.components {
		if guid := ref.Component.GUID; guid != "" && c.components[i].guid == guid || guid == "" && c.components[i].name == ref.Component.Name {
			return &c.components[i], true
		}
	}
	if ref.Component.GUID != "" {
		return nil, true
	}
	return &c.components[0], false
}

// find is the rule with the id, or with the longest beginning of it that ends at a
// slash (section 3.27.5).
func (c *sarifComponent) find(id string) *sarifRule {
	for id != "" {
		if rule, ok := c.byID[id]; ok {
			return rule
		}
		id = id[:max(strings.LastIndexByte(id, '/'), 0)]
	}
	return nil
}

// hierarchical reports whether id is a rule's, or that and a slash and more.
func hierarchical(id, rule string) bool {
	return id == rule || rule == "" || strings.HasPrefix(id, rule+"/")
}

// level is a result's level after section 3.27.10: its own, that of the invocation's
// overrides, the rule's default, or "warning".
func (c *sarifContext) level(res *sarifResult, rule *sarifRule) string {
	if res.Level != "" {
		return res.Level
	}
	if res.Kind != "" && res.Kind != "fail" {
		return "none"
	}
	if i := res.Provenance.Invocation; i != nil && *i >= 0 && *i < len(c.invocations) && rule != nil {
		for _, o := range c.invocations[*i].Overrides {
			component, _ := c.component(&o.Descriptor)
			byIndex := component != nil && o.Descriptor.Index != nil && *o.Descriptor.Index >= 0 && *o.Descriptor.Index < len(component.rules) &&
				component.rules[*o.Descriptor.Index] == rule
			if o.Configuration.Level != "" && (byIndex || o.Descriptor.Index == nil && o.Descriptor.ID == rule.id) {
				return o.Configuration.Level
			}
		}
	}
	if rule != nil && rule.level != "" {
		return rule.level
	}
	return "warning"
}

var advisoryID = regexp.MustCompile(`^(CVE-\d{4}-\d+|GHSA(-[0-9a-z]{4}){3}|GO-\d{4}-\d+|PYSEC-\d{4}-\d+|RUSTSEC-\d{4}-\d+|OSV-\d{4}-\d+)\b`)

// secretTools are the tools that look for nothing but secrets.
var secretTools = []string{"gitleaks", "trufflehog", "detect-secrets", "ggshield", "talisman", "nosey", "kingfisher", "secret"}

// kindOf is what sort of finding a rule makes, by its tags, its id and the tool's name.
func kindOf(id string, tags []string, tool string) Kind {
	has := func(words ...string) bool {
		return slices.ContainsFunc(tags, func(t string) bool { return slices.Contains(words, t) })
	}
	tool = strings.ToLower(tool)
	switch {
	case has("secret", "secrets"), slices.ContainsFunc(secretTools, func(s string) bool { return strings.Contains(tool, s) }):
		return KindSecret
	case has("vulnerability", "vulnerabilities"), advisoryID.MatchString(id):
		return KindVulnerability
	case has("misconfiguration", "iac", "infrastructure"):
		return KindMisconfiguration
	case has("license", "licence"):
		return KindLicense
	}
	return KindCode
}

// secretive reports whether a rule is about secrets by the words in it, so that its
// message may quote one.
func secretive(id string, tags []string, rules []*sarifRule) bool {
	return aboutSecrets(id) || aboutSecrets(tags...) || slices.ContainsFunc(rules, func(rule *sarifRule) bool { return rule.secret })
}

// sarifArtifact is an artifactLocation (section 3.4).
type sarifArtifact struct {
	URI   string `json:"uri"`
	Base  string `json:"uriBaseId"`
	Index *int   `json:"index"`
}

// maxArtifacts is how many of a run's artifacts can be referred to by their index.
const maxArtifacts = 20_000

func (r *reader) sarifArtifact(run *sarifContext) error {
	if len(run.artifacts) >= maxArtifacts {
		_, err := r.Value()
		return err
	}
	var a struct {
		Location sarifArtifact `json:"location"`
	}
	_, err := r.item("artifact", &a)
	run.artifacts = append(run.artifacts, a.Location)
	return err
}
