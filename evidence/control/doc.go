// Package control says which controls of a framework a release's evidence supports.
//
// A [Catalog] lists the controls of a framework, in short words of our own, with the
// kinds of evidence that can support each and how well they fit: [SSDF] and its 1.2
// draft, [SLSA], [CICDSEC], [OWASP2025], [PCIDSS], [DORA] (the EU's), [SOC2]; hosts make
// their own. [Cover] holds a release against one.
//
// # What it says, and what it does not
//
// The words are "evidence supporting". No status says that a control is fulfilled:
// controls ask for what people and organisations do, of which a release shows traces. A
// control that release evidence cannot show ([FitContext], [FitNone]) is always
// [StatusOutside], whatever is handed in, and is never counted as evidenced.
//
// # What counts
//
// Only verified statements about the very release count, and only if they say what the
// kind means: tests that passed, an approval that approves, a decision that allows.
// What stands in the release record alone (changes, assessment, waivers) counts where a
// signed decision names the digest of the record's change set: nobody has signed it
// otherwise. A kind that must be fresh is judged by trusted time, and one without any
// is stale.
package control
