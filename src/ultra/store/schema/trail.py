"""Who changed what, what was told of, and the hashes of words not kept (9 and 10)."""

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
V9 = (
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

V10 = (_HASHES, "CREATE INDEX hashes_hash ON hashes(hash)")
