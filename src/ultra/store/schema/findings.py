"""What was found of answers, and by which experiments (versions 5 to 7)."""

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
V5 = (
    _BALLOTS,
    "CREATE INDEX ballots_run ON ballots(run_id)",
    _CHECKS,
    "CREATE INDEX checks_run ON checks(run_id)",
    _PICKS,
)

# Calls that were made for the call of an ensemble, which itself cost nothing.
V6 = ("ALTER TABLE calls ADD COLUMN parent TEXT NOT NULL DEFAULT ''",)

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
V7 = (_EXPERIMENTS, _EXPERIMENTS_STAY, _PAIRS)
