package layout

// What a hostile file may cost. Real layouts are far below: a dozen steps, a
// few rules each, links of some thousand files.
const (
	maxLayoutBytes = 4 << 20
	maxLinkBytes   = 6 << 20
	maxValues      = 1 << 17 // of JSON in a file
	maxDepth       = 100
	maxLinks       = 4096
	maxOwners      = 16
	maxSignatures  = 32
	maxSteps       = 256
	maxKeys        = 256
	maxRules       = 128 // for the materials of a step, and for its products
	maxArtifacts   = 20000
	maxPattern     = 512
	maxPath        = 4096
)
