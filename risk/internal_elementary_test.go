package risk

// The elementary functions, for their tests.
var (
	Ln       = ln
	Exp      = exp
	LogOf    = logOf
	Sigmoid  = sigmoid
	Softplus = softplus
	Log1p    = log1p
)
