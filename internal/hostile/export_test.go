package hostile

var Peak = peak
