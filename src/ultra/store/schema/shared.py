"""What processes share beside the record, such as breakers and budgets (version 4)."""

from ultra.store.schema.record import V_CALLS

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
_V_CALLS_SERVED = V_CALLS.replace(
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
V4 = (
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
