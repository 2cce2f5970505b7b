"""What a run may send: secrets are found in every piece of its prompt before anything leaves."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.errors import GuardError, Problem
from ultra.core.hosts import url_is_loopback
from ultra.core.profile import Profile
from ultra.core.request import Media, Message, Sampling
from ultra.runtime.materials import Quoted
from ultra.runtime.prompting import Ask

if TYPE_CHECKING:
    from ultra.config.templates import Template

SecretsRule = Literal["refuse", "redact", "allow"]
_Json = TypeVar("_Json")

MOST_TOLD = 10
"""How many places are listed; what is beyond is counted."""

_TURNS = "the conversation so far"


class _Place(Struct, frozen=True):
    """Where a secret stands, and of which kind it is."""

    where: str
    kind: str

    @property
    def told(self) -> str:
        """The place inside a sentence."""
        return self.where if self.where.startswith("the ") else f"`{self.where}`"


class Guard:
    """Looks through the pieces of one prompt; `settle` says what was found, all of it at once.

    `rule` says what becomes of a secret. Where one cannot be taken out without breaking what it
    stands in (a URL, the name of a file), it is refused under `redact` as well.
    """

    def __init__(self, rule: SecretsRule) -> None:
        self._rule = rule
        self._found: list[_Place] = []
        self._stuck = False

    def ask(self, ask: Ask) -> Ask:
        """What was typed, piped and named, without its secrets.

        The turns before are left as they are: they were looked through when they were new. For
        whoever has not seen them there is `turns`.
        """
        if self._rule == "allow":
            return ask
        return replace(
            ask,
            words=self.text(ask.words, "the prompt", counted="\n" in ask.words),
            piped=self.text(ask.piped, "stdin"),
            quoted=tuple(self._quoted(piece) for piece in ask.quoted),
            attachments=tuple(self._media(media) for media in ask.attachments),
            system=self.text(ask.system, "the system prompt", counted="\n" in ask.system),
            sampling=self.sampling(ask.sampling),
            json_schema=self._inside(ask.json_schema, "the schema"),
            tools=self._inside(ask.tools, "the tools"),
        )

    def sampling(self, sampling: Sampling) -> Sampling:
        """What `-o` sets, without its secrets: stop words, tags and the provider's own options."""
        if self._rule == "allow":
            return sampling
        place = "the value of an option"
        return replace(
            sampling,
            stop=self._inside(sampling.stop, place),
            extra=self._inside(sampling.extra, place),
            metadata=self._inside(sampling.metadata, place),
            user_id=self._inside(sampling.user_id, place),
        )

    def turns(self, turns: tuple[Message, ...]) -> tuple[Message, ...]:
        """The turns before without their secrets, for somebody who has not seen them yet."""
        if self._rule == "allow":
            return turns
        return tuple(
            replace(
                turn,
                parts=tuple(
                    self._media(part)
                    if isinstance(part, Media)
                    else replace(part, text=self.text(part.text, _TURNS, counted=False))
                    for part in turn.parts
                ),
            )
            for turn in turns
        )

    def template(self, template: "Template") -> "Template":
        """A stored prompt without its secrets."""
        if self._rule == "allow":
            return template
        place = f"template {template.name}"
        return replace(
            template,
            prompt=self.text(template.prompt, place, counted=False),
            system=self.text(template.system, place, counted=False),
            defaults=self._inside(template.defaults, place),
        )

    def parameters(self, parameters: Sequence[str]) -> list[str]:
        """What a template is filled in with, `name=value` each."""
        if self._rule == "allow":
            return list(parameters)
        return [
            self.text(one, f"parameter {self._label(one.partition('=')[0])}", counted=False)
            for one in parameters
        ]

    def text(self, text: str, place: str, *, counted: bool = True) -> str:
        """A piece without its secrets; `counted` tells line and column of each."""
        if not text or self._rule == "allow":
            return text
        from ultra.guardrails.secrets import find, line_and_column, without

        found = find(text)
        if not found:
            return text
        for secret in found:
            where = place
            if counted and len(self._found) < MOST_TOLD:
                line, column = line_and_column(text, secret.start)
                where = f"{place}:{line}:{column}"
            self._found.append(_Place(where, secret.kind))
        return without(text, found)

    def settle(self, warn: Callable[[str], None]) -> None:
        """Raise `GuardError` for what was found and may not be sent, else tell what was replaced.

        No message holds a secret or any part of one.
        """
        if not self._found:
            return
        if self._rule == "redact" and not self._stuck:
            warn(f"replaced before it is sent: {self._listed()}")
            return
        hint = "`--redact` replaces what is found, `--allow-secrets` sends it as it is"
        if self._rule == "redact":
            hint = "take it out, or send it with `--allow-secrets`: it cannot be replaced there"
        if len(self._found) == 1:
            one = self._found[0]
            raise GuardError(f"{one.told} holds a secret ({one.kind}); nothing was sent", hint=hint)
        raise GuardError(
            f"the prompt holds {len(self._found)} secrets; nothing was sent",
            hint=hint,
            problems=self._problems(),
        )

    def _problems(self) -> list[Problem]:
        told = [Problem(place.where, "", place.kind) for place in self._found[:MOST_TOLD]]
        more = len(self._found) - len(told)
        return [*told, Problem("and", "", f"{more} more")] if more else told

    def _listed(self) -> str:
        told = [f"{place.kind} in {place.told}" for place in self._found[:MOST_TOLD]]
        more = len(self._found) - len(told)
        return ", ".join([*told, f"and {more} more"] if more else told)

    def _quoted(self, piece: Quoted) -> Quoted:
        name = self._whole(piece.name, "the name of a file")
        text = self.text(piece.text, self._label(piece.source or piece.name))
        return replace(piece, name=name, text=text)

    def _media(self, media: Media) -> Media:
        self._whole(media.url, "the URL of an attachment")
        name = self._whole(media.name, "the name of an attachment")
        for encoding in _encodings(media.data):
            text = media.data.decode(encoding)
            clean = self.text(text, self._label(media.name or "attachment"))
            if clean != text:
                return replace(media, name=name, data=clean.encode(encoding))
        return replace(media, name=name)

    def _whole(self, text: str, place: str) -> str:
        """A name or URL: without what is found in it, it would name something else."""
        before = len(self._found)
        self.text(text, place, counted=False)
        self._stuck = self._stuck or len(self._found) > before
        return text

    def _label(self, name: str) -> str:
        """A name as it can be told: it may hold a secret itself."""
        from ultra.guardrails.secrets import find, without

        return without(name, find(name))

    def _inside(self, value: _Json, place: str) -> _Json:
        """JSON with every string in it looked through; names of members are left as they are."""
        cleaned: Any = value
        if isinstance(value, str):
            cleaned = self.text(value, place, counted=False)
        elif isinstance(value, dict):
            cleaned = {name: self._inside(inner, place) for name, inner in value.items()}
        elif isinstance(value, list | tuple):
            cleaned = type(value)(self._inside(inner, place) for inner in value)
        result: _Json = cleaned
        return result


def check_source(profile: Profile, url: str) -> None:
    """Raise `GuardError` for a web address that a profile of `local_only` lets nobody fetch."""
    if profile.guardrails.local_only and not url_is_loopback(url):
        raise GuardError(
            f"`{_host_of(url)}` may not be asked: `guardrails.local_only` of"
            f" `{profile.source or profile.name}` lets nothing leave this machine",
            hint="save the page and name its file",
        )


def _host_of(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2] or url


def _encodings(data: bytes) -> tuple[str, ...]:
    """How an attachment that is text is read; nothing for pictures, sound and PDFs.

    Secrets are ASCII, so that any encoding of one byte a letter shows those of all others.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _readable(data, "utf-16")
    if b"\0" in data[:8192]:
        return ()
    return _readable(data, "utf-8") or ("latin-1",)


def _readable(data: bytes, encoding: str) -> tuple[str, ...]:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return ()
    return (encoding,)
