"""What was asked and answered: runs, calls, attempts and their words (versions 1 to 3)."""

APPLICATION_ID = 0x756C7472
"""`ultr`: marks the file as ours. Source: sqlite.org/pragma.html#pragma_application_id."""

_RUNS = """
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,
  verb TEXT NOT NULL,
  strategy TEXT NOT NULL,
  profile TEXT NOT NULL,
  environment TEXT NOT NULL,
  host TEXT NOT NULL,
  cwd TEXT NOT NULL,
  session TEXT NOT NULL,
  conversation TEXT NOT NULL,
  prompt TEXT,
  simulated INTEGER NOT NULL,
  keep_text INTEGER NOT NULL,
  version TEXT NOT NULL,
  started_at REAL NOT NULL,
  owner TEXT NOT NULL,
  status TEXT NOT NULL,
  ended_at REAL,
  duration_s REAL,
  answer_call TEXT,
  answer TEXT,
  degraded INTEGER NOT NULL DEFAULT 0,
  reasons TEXT NOT NULL DEFAULT '[]',
  provenance TEXT NOT NULL DEFAULT '[]',
  indexed INTEGER NOT NULL DEFAULT 0
)"""

_CALLS = """
CREATE TABLE calls (
  call_id TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES runs(run_id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  member_index INTEGER,
  sample INTEGER NOT NULL,
  name TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  protocol TEXT NOT NULL,
  base_url TEXT NOT NULL,
  simulated INTEGER NOT NULL,
  options TEXT NOT NULL,
  started_at REAL NOT NULL,
  status TEXT NOT NULL DEFAULT 'running',
  ended_at REAL,
  prompt TEXT REFERENCES prompts(sha256)
)"""

_ATTEMPTS = """
CREATE TABLE attempts (
  attempt_id TEXT NOT NULL PRIMARY KEY,
  call_id TEXT NOT NULL REFERENCES calls(call_id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  started_at REAL NOT NULL,
  status TEXT NOT NULL,
  ended_at REAL,
  duration_s REAL,
  ttft_s REAL,
  chunks INTEGER NOT NULL DEFAULT 0,
  text TEXT,
  reasoning TEXT,
  tool_calls TEXT,
  finish_reason TEXT,
  native_finish_reason TEXT,
  text_input_tokens INTEGER,
  cache_read_tokens INTEGER,
  cache_write_tokens INTEGER,
  cache_write_1h_tokens INTEGER,
  audio_input_tokens INTEGER,
  text_output_tokens INTEGER,
  reasoning_tokens INTEGER,
  audio_output_tokens INTEGER,
  cache_audio_read_tokens INTEGER,
  usage_source TEXT,
  cost_nano INTEGER,
  charged_nano INTEGER,
  provider_cost_nano INTEGER,
  price_source TEXT,
  resolved_model TEXT,
  request_id TEXT,
  error_class TEXT,
  error_message TEXT,
  error_hint TEXT,
  error_status INTEGER,
  error_code TEXT,
  error_retry_after_s REAL,
  error_sent INTEGER
)"""

_PIECES = """
CREATE TABLE pieces (
  id INTEGER PRIMARY KEY,
  attempt_id TEXT NOT NULL REFERENCES attempts(attempt_id) ON DELETE CASCADE,
  text TEXT NOT NULL
)"""

_VERDICTS = """
CREATE TABLE verdicts (
  run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs(run_id) ON DELETE CASCADE,
  verdict TEXT NOT NULL
)"""

V_TEXTS = """
CREATE VIEW v_texts AS
SELECT r.id, r.run_id, r.prompt,
  (SELECT group_concat(a.text, char(10)) FROM calls c JOIN attempts a ON a.call_id = c.call_id
   WHERE c.run_id = r.run_id AND c.role IN ('answer', 'member', 'writer')) AS answer
FROM runs r"""

# External content: the words are kept once, and `rebuild` can make the index anew.
_RUNS_FTS = """
CREATE VIRTUAL TABLE runs_fts USING fts5(
  prompt, answer, content='v_texts', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
)"""

V_CALLS = """
CREATE VIEW v_calls AS
SELECT c.call_id, c.run_id, strftime('%Y-%m-%dT%H:%M:%fZ', c.started_at, 'unixepoch') AS started_at,
  r.verb, r.strategy, c.role, c.name, c.provider, c.model, a.resolved_model, c.status, r.prompt,
  a.text, a.finish_reason, a.started_at - c.started_at + a.ttft_s AS ttft_s,
  a.started_at - c.started_at + a.duration_s AS duration_s,
  CASE WHEN coalesce(a.text_input_tokens, a.cache_read_tokens, a.cache_write_tokens,
    a.cache_write_1h_tokens, a.audio_input_tokens, a.cache_audio_read_tokens) IS NOT NULL
  THEN ifnull(a.text_input_tokens, 0) + ifnull(a.cache_read_tokens, 0)
    + ifnull(a.cache_write_tokens, 0) + ifnull(a.cache_write_1h_tokens, 0)
    + ifnull(a.audio_input_tokens, 0) + ifnull(a.cache_audio_read_tokens, 0) END AS input_tokens,
  CASE WHEN coalesce(a.text_output_tokens, a.reasoning_tokens, a.audio_output_tokens) IS NOT NULL
  THEN ifnull(a.text_output_tokens, 0) + ifnull(a.reasoning_tokens, 0)
    + ifnull(a.audio_output_tokens, 0) END AS output_tokens,
  (SELECT CASE WHEN count(*) = count(t.cost_nano) THEN sum(t.cost_nano) / 1e9 END
   FROM attempts t WHERE t.call_id = c.call_id) AS cost_usd,
  (SELECT sum(t.charged_nano) / 1e9 FROM attempts t WHERE t.call_id = c.call_id) AS charged_usd,
  (SELECT count(*) FROM attempts t WHERE t.call_id = c.call_id) AS attempts,
  a.error_class, a.error_status, a.error_message, c.simulated, r.cwd, r.host
FROM calls c JOIN runs r ON r.run_id = c.run_id
LEFT JOIN attempts a ON a.call_id = c.call_id
  AND a.number = (SELECT max(number) FROM attempts t WHERE t.call_id = c.call_id)"""

_V_COSTS = """
CREATE VIEW v_costs AS
SELECT substr(started_at, 1, 10) AS day, provider, model, count(*) AS calls,
  sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
  sum(cost_usd) AS known_usd, sum(charged_usd) AS charged_usd,
  count(*) - count(cost_usd) AS unpriced
FROM v_calls WHERE NOT simulated GROUP BY 1, 2, 3"""

V1 = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    _RUNS,
    "CREATE INDEX runs_started ON runs(started_at)",
    "CREATE INDEX runs_session ON runs(session, started_at)",
    "CREATE INDEX runs_conversation ON runs(conversation, started_at)",
    "CREATE INDEX runs_running ON runs(started_at) WHERE status = 'running'",
    "CREATE TABLE blobs (sha256 TEXT NOT NULL PRIMARY KEY, data BLOB NOT NULL)",
    "CREATE TABLE messages (sha256 TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL)",
    "CREATE TABLE prompts (sha256 TEXT NOT NULL PRIMARY KEY, messages TEXT NOT NULL)",
    _CALLS,
    "CREATE INDEX calls_run ON calls(run_id)",
    _ATTEMPTS,
    "CREATE UNIQUE INDEX attempts_call ON attempts(call_id, number)",
    _PIECES,
    "CREATE INDEX pieces_attempt ON pieces(attempt_id)",
    _VERDICTS,
    V_TEXTS,
    _RUNS_FTS,
    V_CALLS,
    _V_COSTS,
)

V2 = ("ALTER TABLE attempts ADD COLUMN error_limits TEXT",)

# For how each model fared lately, which `store.experience` asks.
V3 = ("CREATE INDEX calls_model ON calls(provider, model, started_at)",)
