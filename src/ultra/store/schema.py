"""The tables, as steps from one version of the file to the next.

Times are UTC seconds since the epoch, durations seconds, money nano-dollars with NULL for unknown.
The views whose names begin with `v_` are for people who open the file with datasette: ISO times,
dollars and no joins to write.
"""

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

_V_TEXTS = """
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

_V_CALLS = """
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

_V1 = (
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
    _V_TEXTS,
    _RUNS_FTS,
    _V_CALLS,
    _V_COSTS,
)

_V2 = ("ALTER TABLE attempts ADD COLUMN error_limits TEXT",)

# For how each model fared lately, which `store.experience` asks.
_V3 = ("CREATE INDEX calls_model ON calls(provider, model, started_at)",)

_BREAKER = """
CREATE TABLE breaker (
  k TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('endpoint', 'credential')),
  provider TEXT NOT NULL,
  base_url TEXT NOT NULL,
  model TEXT NOT NULL DEFAULT '',
  key_fp TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'closed'
    CHECK (state IN ('closed', 'open', 'half_open', 'forced_open')),
  fails INTEGER NOT NULL DEFAULT 0,
  first_fail REAL,
  opens INTEGER NOT NULL DEFAULT 0,
  open_until REAL NOT NULL DEFAULT 0,
  probe_owner TEXT,
  probe_until REAL NOT NULL DEFAULT 0,
  gen INTEGER NOT NULL DEFAULT 0,
  last_class TEXT,
  last_message TEXT,
  last_fail REAL,
  updated REAL NOT NULL
) WITHOUT ROWID"""

_BREAKER_BUCKET = """
CREATE TABLE breaker_bucket (
  k TEXT NOT NULL,
  t10 INTEGER NOT NULL,
  ok INTEGER NOT NULL DEFAULT 0,
  bad INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (k, t10)
) WITHOUT ROWID"""

_GATE = """
CREATE TABLE gate (
  k TEXT NOT NULL PRIMARY KEY,
  provider TEXT NOT NULL,
  base_url TEXT NOT NULL,
  model TEXT NOT NULL,
  key_fp TEXT NOT NULL,
  until REAL NOT NULL DEFAULT 0,
  limit_requests INTEGER,
  remaining_requests INTEGER,
  reset_requests REAL,
  limit_tokens INTEGER,
  remaining_tokens INTEGER,
  reset_tokens REAL,
  next_request REAL NOT NULL DEFAULT 0,
  next_token REAL NOT NULL DEFAULT 0,
  seen REAL NOT NULL
) WITHOUT ROWID"""

_RETRY_BUCKET = """
CREATE TABLE retry_bucket (
  provider TEXT NOT NULL PRIMARY KEY,
  tokens REAL NOT NULL DEFAULT 100 CHECK (tokens BETWEEN 0 AND 100)
) WITHOUT ROWID"""

_BUDGET_LIMIT = """
CREATE TABLE budget_limit (
  scope TEXT NOT NULL,
  period TEXT NOT NULL CHECK (period IN ('run', 'day', 'week', 'month')),
  limit_nano INTEGER NOT NULL CHECK (limit_nano >= 0),
  mode TEXT NOT NULL CHECK (mode IN ('soft', 'hard')),
  timezone TEXT NOT NULL DEFAULT '',
  set_at REAL NOT NULL,
  PRIMARY KEY (scope, period)
) WITHOUT ROWID"""

# A window is named by its first day, such as 2026-11-03, or by its run: names sort as time goes,
# and two processes that see different time zones still mean the same day.
_BUDGET = """
CREATE TABLE budget (
  scope TEXT NOT NULL,
  period TEXT NOT NULL,
  window_id TEXT NOT NULL,
  opening_nano INTEGER NOT NULL DEFAULT 0 CHECK (opening_nano >= 0),
  spent_nano INTEGER NOT NULL DEFAULT 0 CHECK (spent_nano >= 0),
  reserved_nano INTEGER NOT NULL DEFAULT 0 CHECK (reserved_nano >= 0),
  uncertain_nano INTEGER NOT NULL DEFAULT 0 CHECK (uncertain_nano >= 0),
  overdraft_nano INTEGER NOT NULL DEFAULT 0 CHECK (overdraft_nano >= 0),
  unpriced INTEGER NOT NULL DEFAULT 0,
  warned INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (scope, period, window_id)
) WITHOUT ROWID"""

# What a run has set aside for calls that it has yet to make bears the id RUN/PROVIDER.
_RESERVATION = """
CREATE TABLE reservation (
  attempt_id TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL,
  amount_nano INTEGER NOT NULL CHECK (amount_nano >= 0),
  actual_nano INTEGER,
  state TEXT NOT NULL CHECK (state IN ('held', 'settled', 'released', 'uncertain')),
  owner TEXT NOT NULL,
  expires_at REAL NOT NULL
) WITHOUT ROWID"""

_RESERVATION_SCOPE = """
CREATE TABLE reservation_scope (
  attempt_id TEXT NOT NULL REFERENCES reservation(attempt_id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  period TEXT NOT NULL,
  window_id TEXT NOT NULL,
  PRIMARY KEY (attempt_id, scope, period)
) WITHOUT ROWID"""

_CACHE = """
CREATE TABLE cache (
  k TEXT NOT NULL PRIMARY KEY,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  size INTEGER NOT NULL,
  cost_nano INTEGER,
  created_at REAL NOT NULL,
  expires_at REAL NOT NULL,
  used_at REAL NOT NULL,
  answer BLOB NOT NULL
)"""

# An empty holder says that no answer can be kept: whoever asks need not wait.
_CACHE_LEASE = """
CREATE TABLE cache_lease (
  k TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  owner TEXT NOT NULL,
  until REAL NOT NULL
) WITHOUT ROWID"""

_HEALTH_CHECK = """
CREATE TABLE health_check (
  provider TEXT NOT NULL,
  base_url TEXT NOT NULL,
  key_fp TEXT NOT NULL,
  checked_at REAL NOT NULL,
  ok INTEGER NOT NULL,
  duration_s REAL,
  models INTEGER,
  error_class TEXT,
  message TEXT,
  PRIMARY KEY (provider, base_url, key_fp)
) WITHOUT ROWID"""

_RUN_TAGS = """
CREATE TABLE run_tags (
  run_id TEXT NOT NULL REFERENCES runs(run_id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_id, name)
) WITHOUT ROWID"""

# What the cache served was no attempt, and its tokens were used up when it was asked.
_V_CALLS_SERVED = _V_CALLS.replace(
    "WHERE t.call_id = c.call_id) AS attempts,",
    "WHERE t.call_id = c.call_id AND t.kind != 'cache') AS attempts,\n"
    "  ifnull(a.kind = 'cache', 0) AS cached, a.saved_nano / 1e9 AS saved_usd,",
).replace(
    "r.cwd, r.host",
    "r.cwd, r.host,\n  r.profile, r.environment, r.cost_center, (SELECT"
    " nullif(json_group_object(name, value), '{}')\n   FROM run_tags t WHERE t.run_id = r.run_id)"
    " AS tags",
)

_V_COSTS_SERVED = """
CREATE VIEW v_costs AS
SELECT substr(started_at, 1, 10) AS day, provider, model, count(*) AS calls,
  sum(input_tokens) FILTER (WHERE NOT cached) AS input_tokens,
  sum(output_tokens) FILTER (WHERE NOT cached) AS output_tokens,
  sum(cost_usd) AS known_usd, sum(charged_usd) AS charged_usd,
  count(*) - count(cost_usd) AS unpriced,
  count(*) FILTER (WHERE cached) AS cached, sum(saved_usd) AS saved_usd
FROM v_calls WHERE NOT simulated GROUP BY 1, 2, 3"""

# What processes share beside the record: breakers, gates, budgets, earlier answers.
_V4 = (
    "ALTER TABLE runs ADD COLUMN cost_center TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN route TEXT",
    "ALTER TABLE attempts ADD COLUMN kind TEXT NOT NULL DEFAULT 'primary'",
    "ALTER TABLE attempts ADD COLUMN key_fp TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE attempts ADD COLUMN wait_s REAL NOT NULL DEFAULT 0",
    "ALTER TABLE attempts ADD COLUMN saved_nano INTEGER",
    "CREATE INDEX attempts_started ON attempts(started_at)",
    _RUN_TAGS,
    "CREATE INDEX run_tags_value ON run_tags(name, value)",
    _BREAKER,
    _BREAKER_BUCKET,
    _GATE,
    _RETRY_BUCKET,
    _BUDGET_LIMIT,
    _BUDGET,
    _RESERVATION,
    "CREATE INDEX reservation_held ON reservation(expires_at) WHERE state = 'held'",
    "CREATE INDEX reservation_uncertain ON reservation(expires_at) WHERE state = 'uncertain'",
    _RESERVATION_SCOPE,
    _CACHE,
    "CREATE INDEX cache_expires ON cache(expires_at)",
    "CREATE INDEX cache_used ON cache(used_at, size)",
    _CACHE_LEASE,
    "CREATE INDEX attempts_cached ON attempts(started_at) WHERE kind = 'cache'",
    "DROP VIEW v_costs",
    "DROP VIEW v_calls",
    _V_CALLS_SERVED,
    _V_COSTS_SERVED,
    _HEALTH_CHECK,
)

# Orders and rankings are JSON lists of call ids, as shown and best first; none is a tie.
_BALLOTS = """
CREATE TABLE ballots (
  call_id TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES runs(run_id) ON DELETE CASCADE,
  judge TEXT NOT NULL,
  display_order TEXT NOT NULL,
  ranking TEXT NOT NULL
) WITHOUT ROWID"""

_CHECKS = """
CREATE TABLE checks (
  call_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  run_id TEXT NOT NULL REFERENCES runs(run_id) ON DELETE CASCADE,
  expectation TEXT,
  met INTEGER NOT NULL,
  PRIMARY KEY (call_id, number)
) WITHOUT ROWID"""

_PICKS = """
CREATE TABLE picks (
  run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs(run_id) ON DELETE CASCADE,
  call_id TEXT NOT NULL,
  blind INTEGER NOT NULL,
  picked_at REAL NOT NULL
) WITHOUT ROWID"""

# What was found better than what: by judges, by expectations, by the user.
_V5 = (
    _BALLOTS,
    "CREATE INDEX ballots_run ON ballots(run_id)",
    _CHECKS,
    "CREATE INDEX checks_run ON checks(run_id)",
    _PICKS,
)

# Calls that were made for the call of an ensemble, which itself cost nothing.
_V6 = ("ALTER TABLE calls ADD COLUMN parent TEXT NOT NULL DEFAULT ''",)

# A registration and a pair are JSON. What was registered stays as it was; a pair that lacks an
# answer may be asked again.
_EXPERIMENTS = """
CREATE TABLE experiments (
  name TEXT NOT NULL PRIMARY KEY,
  registered_at REAL NOT NULL,
  registration TEXT NOT NULL
) WITHOUT ROWID"""

_EXPERIMENTS_STAY = """
CREATE TRIGGER experiments_stay BEFORE UPDATE ON experiments
BEGIN SELECT RAISE(ABORT, 'a registration is never changed'); END"""

_PAIRS = """
CREATE TABLE experiment_pairs (
  name TEXT NOT NULL REFERENCES experiments(name) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  pair TEXT NOT NULL,
  PRIMARY KEY (name, place)
) WITHOUT ROWID"""

# A/B experiments: what was settled before the first call, and what each pair came to.
_V7 = (_EXPERIMENTS, _EXPERIMENTS_STAY, _PAIRS)

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

# What a month of calls came to without reading their words; what runs now, what a name was asked
# and what went wrong, without a search.
_V8 = (
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
    "CREATE INDEX runs_cost_center ON runs(cost_center, started_at) WHERE cost_center != ''",
    "CREATE INDEX runs_ill ON runs(status, started_at) WHERE status NOT IN ('ok', 'running')",
    "DROP VIEW v_costs",
    _V_COSTS_TOTALS,
)

# A digest is over the row and the digest before it: a row that is changed or taken out breaks the
# chain. `detail` is JSON.
_AUDIT = """
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at REAL NOT NULL,
  user TEXT NOT NULL,
  host TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  digest TEXT NOT NULL
)"""

_AUDIT_STAYS = tuple(
    f"""
CREATE TRIGGER audit_{what.lower()} BEFORE {what} ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"""
    for what in ("UPDATE", "DELETE")
)

# REPLACE deletes the row before without a trigger of deletion: sqlite.org/lang_conflict.html.
_AUDIT_GROWS = """
CREATE TRIGGER audit_insert BEFORE INSERT ON audit
WHEN NEW.id IS NOT 1 + ifnull((SELECT max(id) FROM audit), 0)
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"""

# `rule` is a name with a digest of its condition, `subject` what it was met by, `window_id` the
# window of spending. Who claims a crossing tells it; told_at is NULL until that worked.
_ALERTS = """
CREATE TABLE alerts (
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  window_id TEXT NOT NULL,
  crossed INTEGER NOT NULL,
  value TEXT NOT NULL,
  since REAL NOT NULL,
  told_at REAL,
  claimed_until REAL NOT NULL,
  PRIMARY KEY (rule, subject)
) WITHOUT ROWID"""

# What the profiles that ran last bound, for who reads the log without reading profiles.
_PROFILE_LIMIT = """
CREATE TABLE profile_limit (
  scope TEXT NOT NULL,
  period TEXT NOT NULL,
  limit_nano INTEGER NOT NULL,
  PRIMARY KEY (scope, period)
) WITHOUT ROWID"""

# Who changed what, and which alerts were given already.
_V9 = (
    _AUDIT,
    *_AUDIT_STAYS,
    _AUDIT_GROWS,
    "CREATE INDEX audit_subject ON audit(subject)",
    _ALERTS,
    _PROFILE_LIMIT,
)

# Of runs whose words are not kept: the keyed hash of the prompt (no call), and of each answer.
_HASHES = """
CREATE TABLE hashes (
  run_id TEXT NOT NULL REFERENCES runs(run_id) ON DELETE CASCADE,
  call_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (run_id, call_id)
) WITHOUT ROWID"""

_V10 = (_HASHES, "CREATE INDEX hashes_hash ON hashes(hash)")

Steps = tuple[tuple[str, ...], ...]

MIGRATIONS: Steps = (_V1, _V2, _V3, _V4, _V5, _V6, _V7, _V8, _V9, _V10)
"""Step n takes a file from version n to n + 1; `user_version` is the number of steps taken."""
