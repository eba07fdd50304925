package sqlite

// CheckFS refuses a path on a file system of this type.
var CheckFS = checkFS
