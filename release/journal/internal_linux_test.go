package journal

// TimesNames reports whether the time of a directory stands for the names in it.
var TimesNames = timesNames
