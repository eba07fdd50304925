package metrics

// cluster is one of the clusters of a year's report: how its median respondent
// answered. A bin of 0 and a rate below 0 mean that no source for it was found.
type cluster struct {
	name                      string
	frequency, lead, recovery Bin
	// failBin is the answer of the fail rate, to 2021; fail is its value, since 2023.
	failBin Bin
	fail    float64
	// share is which part of the respondents it was; below 0 where not recorded here.
	share float64
}

// clusters are the tables of the reports: State of DevOps Report 2016 (p. 20), Accelerate
// State of DevOps 2018, 2019, 2021 (read from the reports), 2023 (the Elite row from its
// infographic, the others from reproductions; two cells of the Low row are uncertain and
// left out), 2024 (from a reproduction, and its errata). 2017 and 2022 could not be
// verified and are left out; 2020 had no report; 2025 has no clusters of this kind.
var clusters = map[int][]cluster{
	2016: {
		{"high", 6, 6, 6, 6, -1, -1},
		{"medium", 3, 3, 5, 4, -1, -1},
		{"low", 2, 2, 5, 5, -1, -1},
	},
	2018: {
		{"elite", 6, 6, 6, 6, -1, -1},
		{"high", 5, 4, 5, 6, -1, -1},
		{"medium", 3, 3, 5, 6, -1, -1},
		{"low", 3, 2, 3, 3, -1, -1},
	},
	2019: {
		{"elite", 6, 5, 6, 6, -1, -1},
		{"high", 4, 4, 5, 6, -1, -1},
		{"medium", 3, 3, 5, 6, -1, -1},
		{"low", 2, 2, 3, 3, -1, -1},
	},
	2021: {
		{"elite", 6, 6, 6, 6, -1, -1},
		{"high", 3, 4, 5, 5, -1, -1},
		{"medium", 2, 2, 4, 5, -1, -1},
		{"low", 1, 1, 1, 5, -1, -1},
	},
	2023: {
		{"elite", 6, 5, 6, 0, 0.05, -1},
		{"high", 4, 4, 5, 0, 0.10, -1},
		{"medium", 3, 3, 4, 0, 0.15, -1},
		{"low", 0, 0, 2, 0, 0.64, -1},
	},
	2024: {
		{"elite", 6, 5, 6, 0, 0.05, 0.19},
		{"high", 4, 4, 5, 0, 0.20, 0.22},
		{"medium", 3, 3, 5, 0, 0.10, 0.35},
		{"low", 2, 2, 3, 0, 0.40, 0.25},
	},
}

// noClusters says why a year has no table here.
func noClusters(year int) string {
	switch year {
	case 2014, 2015:
		return "no table of that year was read"
	case 2017, 2022:
		return "its table could not be verified from a primary source"
	case 2020:
		return "there was no report that year"
	case 2025:
		return "that report describes seven team archetypes and no levels"
	}
	return "no report of that year is known"
}
