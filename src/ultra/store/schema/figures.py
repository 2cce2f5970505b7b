"""What calls came to, without a word of text (version 8)."""

from ultra.store.schema.record import V_TEXTS

# One narrow row for every call that ended, clustered by time and without a word of text: what is
# asked of a month reads a month's figures and nothing else. It stays when the words are deleted.
_CALL_TOTALS = """
CREATE TABLE call_totals (
  started_at REAL NOT NULL,
  call_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  role TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  name TEXT NOT NULL,
  verb TEXT NOT NULL,
  strategy TEXT NOT NULL,
  route TEXT NOT NULL,
  profile TEXT NOT NULL,
  environment TEXT NOT NULL,
  cost_center TEXT NOT NULL,
  simulated INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  status TEXT NOT NULL,
  error_class TEXT,
  attempts INTEGER NOT NULL,
  ttft_s REAL,
  duration_s REAL,
  text_input_tokens INTEGER,
  cache_read_tokens INTEGER,
  cache_write_tokens INTEGER,
  cache_write_1h_tokens INTEGER,
  audio_input_tokens INTEGER,
  cache_audio_read_tokens INTEGER,
  text_output_tokens INTEGER,
  reasoning_tokens INTEGER,
  audio_output_tokens INTEGER,
  known_nano INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  charged_nano INTEGER NOT NULL,
  saved_nano INTEGER,
  seq INTEGER NOT NULL,
  PRIMARY KEY (started_at, call_id)
) WITHOUT ROWID"""

# A column in no aggregate is that of the last attempt, which the one `max` over rows names, as
# SQLite's page on SELECT has it under bare columns. What the cache served has number 0 and used no
# tokens, and an ensemble costs what the calls made for it cost, which stand here themselves. `seq`
# counts calls in the order in which their ends were committed, by whatever process: who has read
# up to one has read all before it.
_TOTALS_OF_CALLS = """
INSERT OR REPLACE INTO call_totals
SELECT c.started_at, c.call_id, c.run_id, c.role, c.provider, c.model, c.name, r.verb, r.strategy,
  ifnull(json_extract(r.route, '$.name'), ''), r.profile, r.environment, r.cost_center,
  c.simulated, a.kind = 'cache', c.status, CASE WHEN c.status != 'ok' THEN a.error_class END,
  max(a.number),
  max(0.0, a.started_at - c.started_at) + a.ttft_s,
  max(0.0, a.started_at - c.started_at) + a.duration_s,
  sum(a.text_input_tokens) FILTER (WHERE a.kind != 'cache'),
  sum(a.cache_read_tokens) FILTER (WHERE a.kind != 'cache'),
  sum(a.cache_write_tokens) FILTER (WHERE a.kind != 'cache'),
  sum(a.cache_write_1h_tokens) FILTER (WHERE a.kind != 'cache'),
  sum(a.audio_input_tokens) FILTER (WHERE a.kind != 'cache'),
  sum(a.cache_audio_read_tokens) FILTER (WHERE a.kind != 'cache'),
  sum(a.text_output_tokens) FILTER (WHERE a.kind != 'cache'),
  sum(a.reasoning_tokens) FILTER (WHERE a.kind != 'cache'),
  sum(a.audio_output_tokens) FILTER (WHERE a.kind != 'cache'),
  ifnull(sum(a.cost_nano), 0), count(*) - count(a.cost_nano), ifnull(sum(a.charged_nano), 0),
  sum(a.saved_nano), {seq}
FROM calls c JOIN runs r ON r.run_id = c.run_id JOIN attempts a ON a.call_id = c.call_id
WHERE c.status != 'running' AND c.provider != 'ensemble' AND {which} GROUP BY c.rowid"""

# By rowid, the rows of attempts and runs come as they lie in the file: at a million calls the order
# of ids, which are random, took two and a half times as long.
_ALL_ENDED = _TOTALS_OF_CALLS.format(
    which="c.rowid > 0", seq="row_number() OVER (ORDER BY c.ended_at, c.call_id)"
)

_LAST_SEQ = """max(ifnull((SELECT max(t.seq) FROM call_totals t), 0),
      ifnull((SELECT u.last FROM call_seq u), 0))"""

# What is corrected keeps its place.
_ONE_ENDED = _TOTALS_OF_CALLS.format(
    which="c.call_id = NEW.call_id",
    seq=f"""ifnull(
    (SELECT t.seq FROM call_totals t WHERE t.started_at = c.started_at AND t.call_id = c.call_id),
    {_LAST_SEQ} + 1)""",  # noqa: S608  (our own words)
)

_FAILED_OF_RUN = _TOTALS_OF_CALLS.format(
    which="""c.run_id = NEW.run_id AND c.status = 'error' AND NOT EXISTS (
  SELECT 1 FROM call_totals t WHERE t.started_at = c.started_at AND t.call_id = c.call_id)""",
    seq=f"{_LAST_SEQ} + row_number() OVER (ORDER BY c.ended_at, c.call_id)",
)

# The place of a row that is removed is not given to another, which who follows would miss.
_CALL_SEQ = """
CREATE TABLE call_seq (id INTEGER PRIMARY KEY CHECK (id = 1), last INTEGER NOT NULL)"""

_CALL_REMOVED = """
CREATE TRIGGER call_removed AFTER DELETE ON call_totals
WHEN OLD.seq > (SELECT ifnull(max(seq), 0) FROM call_totals)
  AND OLD.seq > ifnull((SELECT last FROM call_seq), 0)
BEGIN INSERT OR REPLACE INTO call_seq (id, last) VALUES (1, OLD.seq); END"""

# While its run goes on, a call that failed may be tried again. One that has its row keeps it true.
_CALL_ENDS = f"""
CREATE TRIGGER call_ends AFTER UPDATE OF status ON calls
WHEN NEW.status != 'running' AND (NEW.status != 'error'
  OR (SELECT r.status FROM runs r WHERE r.run_id = NEW.run_id) != 'running'
  OR EXISTS (SELECT 1 FROM call_totals t
    WHERE t.started_at = NEW.started_at AND t.call_id = NEW.call_id))
BEGIN {_ONE_ENDED}; END"""  # noqa: S608  (our own words)

_RUN_ENDS = f"""
CREATE TRIGGER run_ends AFTER UPDATE OF status ON runs WHEN NEW.status != 'running'
BEGIN {_FAILED_OF_RUN}; END"""

# What is learnt of an attempt afterwards, such as what a vendor's bill says of one cut short.
_ATTEMPT_CORRECTED = f"""
CREATE TRIGGER attempt_corrected AFTER UPDATE OF cost_nano, charged_nano ON attempts
WHEN OLD.status != 'running'
BEGIN {_ONE_ENDED}; END"""

_V_COSTS_TOTALS = """
CREATE VIEW v_costs AS
SELECT strftime('%Y-%m-%d', started_at, 'unixepoch') AS day, provider, model, count(*) AS calls,
  sum(ifnull(text_input_tokens, 0) + ifnull(cache_read_tokens, 0) + ifnull(cache_write_tokens, 0)
    + ifnull(cache_write_1h_tokens, 0) + ifnull(audio_input_tokens, 0)
    + ifnull(cache_audio_read_tokens, 0)) AS input_tokens,
  sum(ifnull(text_output_tokens, 0) + ifnull(reasoning_tokens, 0)
    + ifnull(audio_output_tokens, 0)) AS output_tokens,
  sum(known_nano) / 1e9 AS known_usd, sum(charged_nano) / 1e9 AS charged_usd,
  count(*) FILTER (WHERE unpriced) AS unpriced, count(*) FILTER (WHERE cached) AS cached,
  sum(saved_nano) / 1e9 AS saved_usd
FROM call_totals WHERE NOT simulated GROUP BY 1, 2, 3"""

# A page of the full text index is written anew for each level that it rises, and rises once a level
# has so many parts: with 16 for 4 there are half as many levels, and a search has at most twice as
# many parts to look into, which takes a millisecond. From 32 on all of a level are merged at once.
# Source: sqlite.org/fts5.html on automerge and crisismerge.
_FTS_MERGES_LESS = """
INSERT OR REPLACE INTO runs_fts_config (k, v) VALUES ('automerge', 16), ('crisismerge', 32)"""

# Runs whose words are to be put into the full text index, some at a time; until then its content
# does not have them, so that it can be checked and made anew by FTS5's own means at any time.
_INDEXED_TOGETHER = (
    """
CREATE INDEX runs_to_index ON runs(id) WHERE keep_text AND NOT indexed AND status != 'running'""",
    "DROP VIEW v_texts",
    f"{V_TEXTS} WHERE r.indexed",
)

# What a month of calls came to without reading their words; what runs now, what a name was asked
# and what went wrong, without a search.
V8 = (
    _CALL_TOTALS,
    _ALL_ENDED,
    "CREATE UNIQUE INDEX call_totals_seq ON call_totals(seq)",
    _CALL_SEQ,
    _CALL_REMOVED,
    _CALL_ENDS,
    _RUN_ENDS,
    _ATTEMPT_CORRECTED,
    "CREATE INDEX attempts_running ON attempts(call_id) WHERE status = 'running'",
    "CREATE INDEX calls_name ON calls(name)",
    # For who asks v_calls by its own ISO times.
    "CREATE INDEX calls_started ON calls(strftime('%Y-%m-%dT%H:%M:%fZ', started_at, 'unixepoch'))",
    _FTS_MERGES_LESS,
    *_INDEXED_TOGETHER,
    "CREATE INDEX runs_cost_center ON runs(cost_center, started_at) WHERE cost_center != ''",
    "CREATE INDEX runs_ill ON runs(status, started_at) WHERE status NOT IN ('ok', 'running')",
    "DROP VIEW v_costs",
    _V_COSTS_TOTALS,
)
