package cdevents

import "time"

// Times lie between these years, as those of facts do: see package metrics.
const minYear, maxYear = 1900, 2190

// parseTime reads a date-time of RFC 3339, section 5.6, to the nanosecond; further
// digits are cut off. A leap second is refused: no clock that the facts are compared
// with has one.
func parseTime(b []byte) (time.Time, bool) {
	if len(b) < len("2006-01-02T15:04:05Z") || len(b) > 64 || b[4] != '-' || b[7] != '-' || b[10]|0x20 != 't' || b[13] != ':' || b[16] != ':' {
		return time.Time{}, false
	}
	y1, y2 := two(b, 0), two(b, 2)
	month, day, hour, minute, second := two(b, 5), two(b, 8), two(b, 11), two(b, 14), two(b, 17)
	year := y1*100 + y2
	if y1 > 99 || y2 > 99 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	i, nanos := 19, 0
	if b[i] == '.' {
		scale, from := 100_000_000, i+1
		for i++; i < len(b) && b[i]-'0' <= 9; i++ {
			nanos += int(b[i]-'0') * scale
			scale /= 10
		}
		if i == from {
			return time.Time{}, false
		}
	}
	offset := 0
	switch rest := b[i:]; {
	case len(rest) == 1 && rest[0]|0x20 == 'z':
	case len(rest) == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':' && two(rest, 1) <= 23 && two(rest, 4) <= 59:
		offset = two(rest, 1)*3600 + two(rest, 4)*60
		if rest[0] == '-' {
			offset = -offset
		}
	default:
		return time.Time{}, false
	}
	unix := int64(days(year, month, day))*86400 + int64(hour*3600+minute*60+second-offset)
	return time.Unix(unix, int64(nanos)).UTC(), true
}

// two is the number of two digits at i, or more than 99.
func two(b []byte, i int) int {
	tens, units := b[i]-'0', b[i+1]-'0'
	if tens > 9 || units > 9 {
		return 1000
	}
	return int(tens)*10 + int(units)
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// days is how many days lie between 1970-01-01 and a date of the Gregorian calendar.
// The year is counted from March, so that the leap day is its last.
func days(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	return year*365 + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1 - 719468
}
