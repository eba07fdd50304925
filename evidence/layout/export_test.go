package layout

// CheckPattern is checkPattern, which no other function shows alone.
var CheckPattern = checkPattern
