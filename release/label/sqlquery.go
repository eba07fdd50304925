package label

import (
	"slices"
	"strings"
)

// harmlessCalls are functions and words before a parenthesis that change nothing but
// sequences and settings of the session: what databases bring themselves, by their
// manuals. Types stand here because casts and declarations give them a length.
var harmlessCalls = wordSet(`
	SETVAL NEXTVAL CURRVAL LASTVAL SET_CONFIG CURRENT_SETTING
	SELECT FROM WHERE AND OR NOT JOIN ON USING VALUES OVER BY IN AS EXISTS DISTINCT UNION ALL ANY SOME EXCEPT INTERSECT THEN ELSE WHEN CASE IF LIMIT TOP LATERAL FILTER WITHIN GROUP INTERVAL ARRAY ROW SET INTO IS LIKE BETWEEN
	RETURNING RETURN CONFLICT KEY WITH MATERIALIZED INDEX OFFSET APPLY GROUPING ZONE ESCAPE ROLLUP CUBE SETS CONSTRAINT DEFAULT PARTITION WINDOW HAVING EXCEPTION
	COUNT SUM AVG MIN MAX STRING_AGG ARRAY_AGG GROUP_CONCAT LISTAGG JSON_AGG JSONB_AGG JSON_OBJECT_AGG JSONB_OBJECT_AGG JSON_ARRAYAGG JSON_OBJECTAGG BOOL_AND BOOL_OR BIT_AND BIT_OR EVERY STDDEV VARIANCE TOTAL
	ROW_NUMBER RANK DENSE_RANK NTILE LAG LEAD FIRST_VALUE LAST_VALUE NTH_VALUE PERCENT_RANK CUME_DIST PERCENTILE_CONT PERCENTILE_DISC
	COALESCE NULLIF IFNULL ISNULL NVL NVL2 DECODE IIF GREATEST LEAST CAST CONVERT TRY_CAST TRY_CONVERT
	NOW CURRENT_TIMESTAMP CURRENT_DATE CURRENT_TIME LOCALTIME LOCALTIMESTAMP CLOCK_TIMESTAMP STATEMENT_TIMESTAMP TRANSACTION_TIMESTAMP GETDATE GETUTCDATE SYSDATE SYSDATETIME SYSUTCDATETIME SYSDATETIMEOFFSET UTC_TIMESTAMP UTC_DATE UNIX_TIMESTAMP FROM_UNIXTIME UNIXEPOCH
	DATE TIME DATETIME JULIANDAY STRFTIME TIMEDIFF DATE_TRUNC DATE_PART EXTRACT AGE MAKE_DATE MAKE_TIME MAKE_TIMESTAMP MAKE_TIMESTAMPTZ MAKE_INTERVAL TO_TIMESTAMP TO_DATE TO_CHAR TO_NUMBER DATEADD DATEDIFF DATEPART DATENAME DATEFROMPARTS EOMONTH DATE_ADD DATE_SUB DATE_FORMAT STR_TO_DATE TIMESTAMPDIFF TIMESTAMPADD YEAR MONTH DAY HOUR MINUTE SECOND QUARTER WEEK DAYOFWEEK DAYOFYEAR ADD_MONTHS MONTHS_BETWEEN LAST_DAY TRUNC
	LOWER UPPER INITCAP LENGTH CHAR_LENGTH CHARACTER_LENGTH OCTET_LENGTH BIT_LENGTH LEN DATALENGTH SUBSTRING SUBSTR SUBSTRING_INDEX MID LEFT RIGHT TRIM LTRIM RTRIM BTRIM LPAD RPAD CONCAT CONCAT_WS REPLACE TRANSLATE REVERSE REPEAT REPLICATE SPLIT_PART STRPOS POSITION INSTR LOCATE CHARINDEX PATINDEX OVERLAY FORMAT PRINTF QUOTE QUOTE_IDENT QUOTE_LITERAL QUOTE_NULLABLE QUOTENAME ASCII CHR UNICODE NCHAR SPACE STUFF STR FIELD FIND_IN_SET ELT STARTS_WITH UNACCENT STRING_TO_ARRAY ARRAY_TO_STRING STRING_SPLIT REGEXP_REPLACE REGEXP_MATCH REGEXP_MATCHES REGEXP_SUBSTR REGEXP_LIKE REGEXP_SPLIT_TO_ARRAY REGEXP_SPLIT_TO_TABLE REGEXP_COUNT REGEXP_INSTR GLOB
	ABS SIGN CEIL CEILING FLOOR ROUND TRUNCATE MOD POWER POW SQRT EXP LN LOG LOG2 LOG10 RANDOM RAND PI DIV WIDTH_BUCKET SIN COS TAN
	MD5 SHA1 SHA2 SHA224 SHA256 SHA384 SHA512 DIGEST HASHBYTES CRC32 ENCODE DECODE HEX UNHEX TO_HEX TO_BASE64 FROM_BASE64 ENCRYPT CRYPT GEN_SALT GEN_RANDOM_BYTES RANDOMBLOB ZEROBLOB
	UUID UUID_TO_BIN BIN_TO_UUID NEWID NEWSEQUENTIALID SYS_GUID UUIDV4 UUIDV7 UUID_GENERATE_V1 UUID_GENERATE_V1MC UUID_GENERATE_V4 UUID_GENERATE_V5 GEN_RANDOM_UUID LAST_INSERT_ID LAST_INSERT_ROWID SCOPE_IDENTITY
	JSON JSONB TO_JSON TO_JSONB JSON_OBJECT JSONB_SET JSON_SET JSON_INSERT JSON_REPLACE JSON_REMOVE JSON_EXTRACT JSON_UNQUOTE JSON_QUOTE JSON_VALUE JSON_QUERY JSON_VALID JSON_TYPE JSON_TYPEOF JSONB_TYPEOF JSON_ARRAY JSON_ARRAY_LENGTH JSONB_ARRAY_LENGTH JSON_LENGTH JSON_KEYS JSON_CONTAINS JSON_SEARCH JSON_EACH JSONB_EACH JSON_EACH_TEXT JSONB_EACH_TEXT JSON_TREE JSON_TABLE JSON_ARRAY_ELEMENTS JSONB_ARRAY_ELEMENTS JSON_ARRAY_ELEMENTS_TEXT JSONB_ARRAY_ELEMENTS_TEXT JSON_BUILD_OBJECT JSONB_BUILD_OBJECT JSON_BUILD_ARRAY JSONB_BUILD_ARRAY JSONB_INSERT JSONB_STRIP_NULLS JSON_STRIP_NULLS JSON_OBJECT_KEYS JSONB_OBJECT_KEYS JSON_EXTRACT_PATH JSON_EXTRACT_PATH_TEXT JSONB_EXTRACT_PATH JSONB_EXTRACT_PATH_TEXT JSONB_PRETTY JSONB_PATH_EXISTS JSONB_PATH_QUERY ROW_TO_JSON ARRAY_TO_JSON OPENJSON JSON_MERGE_PATCH JSON_MERGE_PRESERVE JSON_ARRAY_APPEND
	ARRAY_APPEND ARRAY_PREPEND ARRAY_CAT ARRAY_REMOVE ARRAY_REPLACE ARRAY_LENGTH ARRAY_POSITION ARRAY_POSITIONS ARRAY_FILL ARRAY_DIMS ARRAY_UPPER ARRAY_LOWER CARDINALITY UNNEST GENERATE_SERIES GENERATE_SUBSCRIPTS
	TO_TSVECTOR TO_TSQUERY PLAINTO_TSQUERY PHRASETO_TSQUERY WEBSEARCH_TO_TSQUERY SETWEIGHT TS_RANK SIMILARITY WORD_SIMILARITY HSTORE NUMRANGE INT4RANGE INT8RANGE TSRANGE TSTZRANGE DATERANGE INET HOST MASKLEN
	POINT ST_MAKEPOINT ST_SETSRID ST_POINT ST_GEOMFROMTEXT ST_X ST_Y ST_TRANSFORM
	PG_GET_SERIAL_SEQUENCE TO_REGCLASS TO_REGTYPE PG_TYPEOF PG_GET_CONSTRAINTDEF PG_GET_INDEXDEF PG_TABLE_IS_VISIBLE PG_TRY_ADVISORY_LOCK PG_ADVISORY_LOCK PG_ADVISORY_XACT_LOCK PG_ADVISORY_UNLOCK FORMAT_TYPE COL_DESCRIPTION OBJ_DESCRIPTION CURRENT_SCHEMA CURRENT_SCHEMAS CURRENT_DATABASE CURRENT_USER SESSION_USER HAS_TABLE_PRIVILEGE OBJECT_ID OBJECT_NAME COL_LENGTH COLUMNPROPERTY OBJECTPROPERTY DB_NAME DB_ID SCHEMA_ID TYPE_ID INDEXPROPERTY DATABASE SCHEMA USER VERSION TYPEOF CHANGES TOTAL_CHANGES
	CHAR VARCHAR VARCHAR2 NVARCHAR NVARCHAR2 CHARACTER VARYING BINARY VARBINARY BIT NUMERIC DECIMAL NUMBER FLOAT DOUBLE INT INTEGER TINYINT SMALLINT MEDIUMINT BIGINT TIMESTAMP TIMESTAMPTZ TIMETZ DATETIME2 DATETIMEOFFSET ENUM RAW VECTOR`)

func wordSet(text string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		out[w] = true
	}
	return out
}

// query judges what reads. A common table expression may delete, and a function may
// do anything.
func (r *sqlReading) query(s statement) {
	for i, t := range s {
		switch {
		case t.kind != tokenWord:
		case t.text == "TRUNCATE" && i+1 < len(s) && s[i+1].symbol('('): // the function for numbers
		case slices.Contains([]string{"DELETE", "UPDATE", "MERGE", "TRUNCATE", "DROP", "ALTER", "EXECUTE"}, t.text) && (i == 0 || !s[i-1].is("FOR") && !s[i-1].is("KEY")): // but FOR UPDATE, FOR NO KEY UPDATE
			r.destructive(t.at, "%s within a query", t.text)
		case t.text == "INTO" && (s.word(i+1) == "OUTFILE" || s.word(i+1) == "DUMPFILE"):
			r.destructive(t.at, "a query that writes a file")
		}
	}
	r.calls(s)
}

// calls looks for functions that are not known: they may do anything.
func (r *sqlReading) calls(s statement) {
	target := -1
	if s.word(0) == "INSERT" { // "INSERT INTO t (a, b)": no call
		target = slices.IndexFunc(s, func(t token) bool { return t.symbol('(') }) - 1
		if body := topLevel(s, "SELECT", "VALUES", "WITH", "TABLE"); body >= 0 && body <= target {
			target = -1
		}
	}
	for i := 0; i+1 < len(s); i++ {
		t := s[i]
		if !s[i+1].symbol('(') || t.kind != tokenWord && t.kind != tokenName || i == target {
			continue
		}
		// Names of common table expressions and of derived tables have columns behind them.
		columns := i > 0 && (s[i-1].is("AS") || s[i-1].is("RECURSIVE") || s[i-1].is("WITH") || s[0].is("WITH") && s[i-1].symbol(',') && asBehind(s, i+1) || s[i-1].symbol(')'))
		if t.kind == tokenWord && harmlessCalls[t.text] && !(i > 1 && s[i-1].symbol('.') && s.word(i-2) != "PG_CATALOG") || columns {
			continue
		}
		r.destructive(t.at, "a function that is not known here: what it does is not known")
	}
}

// asBehind reports whether AS follows the parenthesis that opens at i.
func asBehind(s statement, i int) bool {
	depth := 0
	for ; i < len(s); i++ {
		switch {
		case s[i].symbol('('):
			depth++
		case s[i].symbol(')'):
			if depth--; depth == 0 {
				return s.word(i+1) == "AS"
			}
		}
	}
	return false
}

// topLevel is the place of the first of the words that stands in no parentheses, or
// -1.
func topLevel(s statement, words ...string) int {
	depth := 0
	for i, t := range s {
		switch {
		case t.symbol('('):
			depth++
		case t.symbol(')'):
			depth--
		case depth == 0 && t.kind == tokenWord && slices.Contains(words, t.text):
			return i
		}
	}
	return -1
}

// with judges a statement behind common table expressions as what it is.
func (r *sqlReading) with(s statement, depth int) {
	if i := topLevel(s, "INSERT", "UPDATE"); i > 0 {
		r.query(s[:i])
		r.one(s[i:], depth)
		return
	}
	r.query(s)
}

// update judges UPDATE: without a WHERE that tells rows apart, every row.
func (r *sqlReading) update(s statement) {
	r.calls(s)
	where := slices.IndexFunc(s, func(t token) bool { return t.is("WHERE") })
	if where < 0 || !selective(s[where+1:]) {
		r.destructive(s[0].at, "UPDATE of every row")
	}
}

// selective reports whether each alternative of a condition names a column, and none
// compares one with itself.
func selective(s statement) bool {
	named, depth := false, 0
	for i, t := range s {
		constant := t.kind == tokenWord && (i+1 < len(s) && s[i+1].symbol('(') || slices.Contains([]string{"TRUE", "FALSE", "NOT", "AND", "OR", "IS", "NULL", "IN", "LIKE", "BETWEEN", "RETURNING", "LIMIT", "ORDER", "BY", "EXISTS", "SELECT", "DISTINCT", "FROM",
			"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP", "SYSDATE", "CURRENT_USER", "USER", "INTERVAL", "DATE", "TIMESTAMP", "CAST", "AS"}, t.text))
		switch {
		case t.symbol('('):
			depth++
		case t.symbol(')'):
			depth--
		case t.is("OR"):
			if !named {
				return false
			}
			named = false
		case t.is("LIMIT") || t.is("RETURNING") || t.is("ORDER"):
			if depth == 0 {
				return named
			}
		case t.kind == tokenName || t.kind == tokenWord && !constant:
			if i+2 < len(s) && s[i+2].kind == t.kind && s[i+2].text == t.text && (s[i+1].symbol('=') && (i+3 >= len(s) || !s[i+3].symbol('.'))) && (i == 0 || !s[i-1].symbol('.')) {
				continue // "a = a"
			}
			if i >= 2 && s[i-2].kind == t.kind && s[i-2].text == t.text && s[i-1].symbol('=') && (i < 3 || !s[i-3].symbol('.')) {
				continue
			}
			named = true
		}
	}
	return named
}
