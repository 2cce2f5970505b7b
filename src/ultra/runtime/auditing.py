"""Writes down who changed what."""

import os

from ultra.core.audit import Action, Deed, Fact
from ultra.core.errors import StoreError
from ultra.core.text import one_line
from ultra.runtime.runtime import Runtime


def note(runtime: Runtime, action: Action, subject: str, **detail: Fact) -> None:
    """Put a change that was made on record; the user is warned when that cannot be done.

    For changes outside of the log: what cannot be written down has happened all the same. A change
    of the log itself takes `deed` into its own transaction instead. `detail` is never a secret.
    """
    from ultra.store.audit import record
    from ultra.store.database import Place

    try:
        record(Place(runtime.paths.database), deed(runtime, action, subject, **detail))
    except StoreError as error:
        runtime.warn(f"`{action}` of `{one_line(subject, 80)}` is not on record: {error.message}")


def deed(runtime: Runtime, action: Action, subject: str, **detail: Fact) -> Deed:
    """A change by this user on this machine at this moment, for `store.audit.append`."""
    host = os.uname().nodename
    return Deed(action, subject, detail, runtime.clock.time(), user_name(runtime), host)


def user_name(runtime: Runtime) -> str:
    """The name of the user whose process this is, and of whoever became root by sudo.

    A uid without a name is `uid N`.
    """
    uid = os.getuid()
    try:
        import pwd

        name = pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        name = f"uid {uid}"
    behind = runtime.environ.get("SUDO_USER", "") if uid == 0 else ""
    return f"{name} (sudo by {one_line(behind, 60)})" if behind else name
