"""The runtime that every front end holds: profile, catalog, log and keys, each made when wanted."""

import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO, TypeVar

from ultra.config.load import forget_profile, load_profile, resolve_target
from ultra.config.paths import Paths
from ultra.config.secrets import Keys
from ultra.core.clock import SystemClock
from ultra.core.errors import UsageError
from ultra.core.model import KeyRef, Target
from ultra.core.ports import Sink
from ultra.core.profile import Profile
from ultra.providers.catalog import ShippedCatalog
from ultra.providers.daemon import install
from ultra.runtime import loop
from ultra.runtime.action import Action, RunResult, Selection
from ultra.runtime.execute import Services, execute
from ultra.runtime.loop import Interrupt
from ultra.runtime.methods import NOTHING, Wish
from ultra.runtime.selection import (
    check_allowed,
    select_for_ask,
    select_for_compare,
    select_for_replay,
)
from ultra.runtime.spending import check_affordable
from ultra.runtime.timing import Timing
from ultra.store.ledger import SqliteLedger
from ultra.store.queries import Log

if TYPE_CHECKING:
    from ultra.runtime.conversations import Branches, Conversation
    from ultra.runtime.guarding import Guard
    from ultra.store.cache import SqliteCache

Work = TypeVar("Work")


class Runtime:
    """One user's ultra: where things lie, who may be asked, and what was said.

    `selector` is `--profile`; None looks for one. `key` is `--key`: where the key of a run comes
    from. `key_input` is read for one that comes from stdin; None reads stdin itself. `warn` tells
    the user something in one line.
    """

    def __init__(
        self,
        selector: str | None,
        *,
        environ: Mapping[str, str],
        cwd: Path,
        warn: Callable[[str], None],
        key: str | None = None,
        key_input: TextIO | None = None,
    ) -> None:
        self._selector = selector
        self._key = None if key is None else _key_ref(key)
        self._key_input = key_input
        self.environ = environ
        self.cwd = cwd
        self.warn = warn
        self._told_of_log = False
        self._told_of_file: set[str] = set()
        self._read_anew: dict[str, str] = {}
        self.paths = Paths.from_env(environ)
        self.clock = SystemClock()

    @cached_property
    def catalog(self) -> ShippedCatalog:
        """Vendors and prices as shipped; newer prices where the user has taken some."""
        catalog = ShippedCatalog(fresher=self.paths.prices_file)
        if catalog.trouble:
            self.warn(catalog.trouble)
        return catalog

    @cached_property
    def profile(self) -> Profile:
        """The checked profile; its warnings are told once. Raises `ConfigError`."""
        profile = load_profile(
            self._selector,
            environ=self.environ,
            cwd=self.cwd,
            paths=self.paths,
            catalog=self.catalog,
            read=self._read_anew,
        )
        for warning in profile.warnings:
            self.warn(warning)
        return profile

    @cached_property
    def keys(self) -> Keys:
        """Where keys come from."""
        return Keys(self.environ, paths=self.paths, stdin=self._key_input)

    @cached_property
    def log(self) -> Log:
        """What was said; empty when nothing was."""
        return Log(self.paths.database, warn=self._warn_of_file)

    @cached_property
    def ledger(self) -> SqliteLedger:
        """The record that runs are written to."""
        return SqliteLedger(
            self.paths.database,
            clock=self.clock,
            warn=self._warn_of_log,
            breaker=self.profile.breaker,
        )

    @cached_property
    def cache(self) -> "SqliteCache":
        """The answers that may serve again."""
        from ultra.store.cache import SqliteCache

        return SqliteCache(
            self.paths.database,
            clock=self.clock,
            rules=self.profile.cache,
            warn=self._warn_of_file,
        )

    def _cache_of(self, action: Action) -> "SqliteCache | None":
        """The cache, for a run that wants it."""
        return self.cache if self.may_serve(action) or action.cache == "refresh" else None

    def may_serve(self, action: Action) -> bool:
        """Whether earlier answers may serve a run: by flag, else by the profile."""
        return self.profile.cache.enabled if action.cache is None else action.cache == "on"

    @property
    def told_of_log(self) -> bool:
        """Whether the user was told of anything about the log."""
        return self._told_of_log

    def _warn_of_log(self, text: str) -> None:
        self._told_of_log = True
        self._warn_of_file(text)

    def _warn_of_file(self, text: str) -> None:
        """Log and cache are in one file: what it is like is said once."""
        if text not in self._told_of_file:
            self._told_of_file.add(text)
            self.warn(text)

    def resolve(self, name: str) -> Target:
        """The model written `provider:model`. Raises `UsageError` for an unknown provider."""
        return resolve_target(self.profile, name, self.catalog, lookup=self.environ.get)

    def select(self, names: Sequence[str], strategy: str | None, wish: Wish = NOTHING) -> Selection:
        """Who answers `ask`, and how."""
        chosen = select_for_ask(self.profile, names, strategy, self.resolve, wish)
        if not wish.accuracies:
            return chosen
        from ultra.runtime.weighing import weighed

        return weighed(chosen, self)

    def select_all(self, names: Sequence[str], wish: Wish = NOTHING) -> Selection:
        """Who answers `compare`, and who judges."""
        return select_for_compare(self.profile, names, self.resolve, wish)

    def select_to_replay(self, names: Sequence[str], wish: Wish = NOTHING) -> Selection:
        """Whom logged prompts are sent to, and who judges."""
        return select_for_replay(self.profile, names, self.resolve, wish)

    def routed(self, action: Action, *, whole: bool = False) -> Action:
        """The run with the plan of its route, made once; without a route, as it is.

        `whole` gathers everything that is known, for showing. Raises `UsageError` when the prompt
        suits no model of the route, `ConfigError` when the profile lets none be asked.
        """
        if action.selection.route is None or action.selection.plan is not None:
            return action
        from ultra.runtime.routing import Sources, account_of, routed

        keys = self._keys_for(action.selection)
        now, rng = self.clock.time(), random.Random(action.seed)  # noqa: S311 - shares out calls
        account = account_of(action, self.profile)
        sources = Sources(self.profile, keys, self.paths.database, now, rng, account)
        return routed(action, sources, whole=whole)

    def perform(self, action: Action, watch: Callable[[Interrupt], Sequence[Sink]]) -> RunResult:
        """Make one run to its end; `watch` makes its sinks, which may interrupt it."""
        action = self.routed(action)
        check_allowed(self.profile, action.selection)
        check_affordable(action)

        async def work(services: Services, interrupt: Interrupt) -> RunResult:
            return await execute(action, watch(interrupt), services, interrupt)

        return self.with_services(action, work, calls=len(action.selection.everyone))

    def with_services(
        self,
        action: Action,
        work: Callable[[Services, Interrupt], Coroutine[Any, Any, Work]],
        *,
        calls: int,
    ) -> Work:
        """Do what takes the services of a run like `action`, once or for many runs like it.

        `calls` is how many may be under way at once.
        """

        async def main(interrupt: Interrupt) -> Work:
            from ultra.providers.hub import ProviderHub

            install()
            hub = ProviderHub(
                self._keys_for(action.selection),
                self.clock,
                expected_calls=calls,
                environ=self.environ,
            )
            services = Services(
                self.profile,
                hub,
                self.ledger,
                self.clock,
                self.warn,
                told_of_log=lambda: self._told_of_log,
                cache=self._cache_of(action),
                timing=Timing(self.paths.database, self.clock),
                log_key=self._log_key(),
            )
            try:
                return await work(services, interrupt)
            finally:
                await hub.aclose()

        result = loop.run(main)
        for warning in self.keys.warnings:
            self.warn(warning)
        self.keys.warnings.clear()
        return result

    @cached_property
    def session(self) -> str:
        """Which terminal this is; empty when that cannot be told."""
        from ultra.runtime.session import session_id

        return session_id(self.environ)

    def conversation(self, cid: str | None) -> "Conversation":
        """The conversation of a run, or of this terminal. Raises `UsageError` when unclear."""
        from ultra.runtime.conversations import check_kept, find_conversation

        check_kept(self.profile)
        return find_conversation(self.log, self.profile, self.session, cid)

    def branches(self, cid: str | None) -> "Branches":
        """Every answer of a comparison to go on from, or of this terminal's last one."""
        from ultra.runtime.conversations import check_kept, find_branches

        check_kept(self.profile)
        return find_branches(self.log, self.profile, self.session, cid)

    def page(self, url: str) -> str:
        """The text behind a web address.

        Raises `UsageError` when it cannot be had, `GuardError` when the profile forbids it.
        """
        self.check_source(url)
        local = self.profile.guardrails.local_only

        async def main(_interrupt: Interrupt) -> str:
            from ultra.providers.hub import ProviderHub

            install()
            hub = ProviderHub(self.keys, self.clock, environ=self.environ)
            try:
                return await hub.fetch(url, local=local)
            finally:
                await hub.aclose()

        return loop.run(main)

    def check_source(self, url: str) -> None:
        """Raise `GuardError` for a web address that the profile lets nobody fetch."""
        from ultra.runtime.guarding import check_source

        check_source(self.profile, url)

    def guard(self, rule: Literal["redact", "allow"] | None) -> "Guard":
        """Who looks for secrets in a prompt; `rule` is the command line's, None the profile's."""
        from ultra.runtime.guarding import Guard

        return Guard(rule or self.profile.guardrails.secrets)

    def alert(self) -> None:
        """Tell of what the profile's alerts have seen crossed; call it once the answer is out."""
        if self.profile.alerts:
            from ultra.runtime.alerts import after_run

            after_run(self)

    def close(self) -> None:
        """Write what is left of the log and let go of it."""
        if "ledger" not in vars(self):
            return
        self.ledger.shutdown()
        if self._read_anew:
            from ultra.runtime.auditing import note_profiles

            if self._told_of_log or not note_profiles(self, self._read_anew):
                forget_profile(
                    self._selector,
                    environ=self.environ,
                    cwd=self.cwd,
                    paths=self.paths,
                    catalog=self.catalog,
                )
            self._read_anew = {}
        if self.profile.log.keep_days is not None:
            from ultra.runtime.retention import start_if_due

            start_if_due(self)

    def keeps_words(self, *, keep_text: bool) -> bool:
        """Whether the log keeps the words of a run for which `-n` says so or not."""
        return keep_text and self.profile.log.privacy == "full"

    def _log_key(self) -> bytes:
        """The key of the log where the profile wants hashes; empty, and said, without one."""
        if self.profile.log.privacy != "hashed":
            return b""
        from ultra.store.hashing import key_of

        try:
            return key_of(self.paths.database)
        except OSError as error:
            self.warn(f"no hashes are kept, since there is no key for them: {error}")
            return b""

    def _keys_for(self, selection: Selection) -> Keys:
        if self._key is None:
            return self.keys
        providers = sorted({one.endpoint.provider for one in selection.everyone})
        if len(providers) > 1:
            raise UsageError(
                f"`--key` is for one provider, not for {' and '.join(providers)}",
                hint="a key is never sent to another host than its own",
            )
        return self.keys.overridden(providers[0], self._key)


def _key_ref(text: str) -> KeyRef:
    from ultra.config.keyref import parse_override

    return parse_override(text)
