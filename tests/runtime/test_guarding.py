"""What the guard does with each piece of a prompt, and what it says."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.secrets_made import made
from ultra.config.templates import Template
from ultra.core.errors import GuardError
from ultra.core.profile import GuardRules, Profile
from ultra.core.request import Media, Sampling, said
from ultra.runtime.guarding import Guard, SecretsRule, check_source
from ultra.runtime.materials import Quoted
from ultra.runtime.prompting import Ask, prompt_of

GITHUB = made()["github token"][0]
ANTHROPIC = made()["anthropic key"][0]
AWS = made()["aws access key"][0]


@dataclass
class Told:
    """What came of a guard: the prompt, what was warned of, what was refused."""

    ask: Ask | None = None
    warned: list[str] = field(default_factory=list)
    error: GuardError | None = None

    @property
    def refused(self) -> str:
        assert self.error is not None
        return self.error.message

    @property
    def places(self) -> list[tuple[str, str]]:
        assert self.error is not None
        return [(problem.where, problem.message) for problem in self.error.problems]


def guarded(ask: Ask, rule: SecretsRule = "refuse") -> Told:
    told, guard = Told(), Guard(rule)
    clean = guard.ask(ask)
    try:
        guard.settle(told.warned.append)
    except GuardError as error:
        told.error = error
        return told
    told.ask = clean
    return told


def attached(text: str, media_type: str, name: str, encoding: str = "utf-8") -> Media:
    return Media(media_type, text.encode(encoding), name=name)


@pytest.mark.parametrize(
    ("ask", "place"),
    [
        (Ask(f"what is {GITHUB}?"), "the prompt"),
        (Ask(f"what is\n  {GITHUB}?"), "`the prompt:2:3`"),
        (Ask("hi", piped=f"a\nb {GITHUB}\n"), "`stdin:2:3`"),
        (Ask("hi", quoted=(Quoted("n.md", f"# a\n\n{GITHUB}", "docs/n.md"),)), "`docs/n.md:3:1`"),
        (Ask("hi", quoted=(Quoted("stdin", f"x {GITHUB}"),)), "`stdin:1:3`"),
        (Ask("hi", system=f"use {GITHUB}"), "the system prompt"),
        (Ask("hi", attachments=(attached(GITHUB, "text/plain", "a.txt"),)), "`a.txt:1:1`"),
        (Ask("hi", attachments=(attached(f"<a>{GITHUB}", "text/html", "a.svg"),)), "`a.svg:1:4`"),
        (Ask("hi", attachments=(Media("image/png", url=f"https://x.example/{GITHUB}"),)),
         "the URL of an attachment"),
        (Ask("hi", attachments=(attached(f"\xe9 {GITHUB}", "text/plain", "l", "latin-1"),)),
         "`l:1:3`"),
        (Ask("hi", attachments=(attached(f"x {GITHUB}", "text/plain", "u", "utf-16"),)), "`u:1:3`"),
        (Ask("hi", sampling=Sampling(stop=("x", GITHUB))), "the value of an option"),
        (Ask("hi", sampling=Sampling(extra={"a": [{"b": GITHUB}]})), "the value of an option"),
        (Ask("hi", sampling=Sampling(metadata={"a": GITHUB})), "the value of an option"),
        (Ask("hi", sampling=Sampling(user_id=GITHUB)), "the value of an option"),
        (Ask("hi", json_schema={"properties": {"a": {"default": GITHUB}}}), "the schema"),
        (Ask("hi", tools=({"name": "f", "description": f"sends {GITHUB}"},)), "the tools"),
    ],
)  # fmt: skip
def test_a_secret_stops_the_run_and_its_place_is_named(ask: Ask, place: str) -> None:
    """By kind and place; the value, or any part of it, is in no message."""
    told = guarded(ask)

    prefix = place.strip("`")
    assert told.refused.replace("`", "").startswith(f"{prefix} holds a secret (github token)")
    for start in range(len(GITHUB) - 8):
        assert GITHUB[start : start + 8] not in f"{told.refused} {told.error} {told.places}"


def test_all_that_is_found_is_told_at_once() -> None:
    """One line a place, in the order in which the pieces are looked through."""
    told = guarded(
        Ask(
            f"is {AWS} mine?",
            piped=f"{GITHUB}\n{ANTHROPIC}",
            quoted=(Quoted("n.md", GITHUB, "n.md"),),
        )
    )

    assert told.refused == "the prompt holds 4 secrets; nothing was sent"
    assert told.places == [
        ("the prompt", "aws access key"),
        ("stdin:1:1", "github token"),
        ("stdin:2:1", "anthropic key"),
        ("n.md:1:1", "github token"),
    ]


def test_of_many_the_first_ten_are_told_and_the_rest_counted() -> None:
    """A dump of keys does not fill the screen."""
    told = guarded(Ask("hi", piped="\n".join([GITHUB] * 300)))

    assert told.refused == "the prompt holds 300 secrets; nothing was sent"
    assert len(told.places) == 11
    assert told.places[9:] == [("stdin:10:1", "github token"), ("and", "290 more")]


def test_what_is_replaced_is_marked_and_told() -> None:
    """The text around it is untouched, in every piece."""
    ask = Ask(
        f"is {AWS} mine?",
        piped=f"a\n{GITHUB}\nb",
        quoted=(Quoted("n.md", f"<{GITHUB}>", "n.md"),),
        attachments=(Media("text/plain", f"é {GITHUB}".encode(), name="a.txt"),),
        system=f"s {GITHUB}",
        json_schema={"default": GITHUB, "required": ["a"], "n": 3},
    )

    told = guarded(ask, "redact")

    mark = "[redacted: github token]"
    assert told.ask is not None
    assert told.ask.words == "is [redacted: aws access key] mine?"
    assert told.ask.piped == f"a\n{mark}\nb"
    assert told.ask.quoted[0].text == f"<{mark}>"
    assert told.ask.attachments[0].data.decode() == f"é {mark}"
    assert told.ask.system == f"s {mark}"
    assert told.ask.json_schema == {"default": mark, "required": ["a"], "n": 3}
    (line,) = told.warned
    assert line.startswith("replaced before it is sent: aws access key in the prompt,")
    assert "github token in `stdin:2:1`" in line
    assert GITHUB not in str(prompt_of(told.ask))


def test_a_name_or_url_is_not_rewritten() -> None:
    """It would name something else, so it is refused, and told without the secret in it."""
    file = guarded(Ask("hi", quoted=(Quoted(f"https://x.example/{GITHUB}", "text"),)), "redact")
    picture = guarded(
        Ask("hi", attachments=(Media("image/png", url=f"https://x.example/{GITHUB}"),)), "redact"
    )

    for told in (file, picture):
        assert "it cannot be replaced there" in str(told.error and told.error.hint)
        assert GITHUB not in told.refused


def test_a_place_that_holds_a_secret_itself_is_told_without_it() -> None:
    """`-f` may name a page whose address holds a token."""
    told = guarded(Ask("hi", quoted=(Quoted("x", AWS, f"https://x.example/{GITHUB}/y"),)))

    assert told.refused.startswith("`https://x.example/[redacted: github token]/y:1:1` holds")


def test_what_is_allowed_is_not_even_looked_at() -> None:
    """The pieces are the same ones."""
    ask = Ask(f"is {AWS} mine?", piped=GITHUB)

    told = guarded(ask, "allow")

    assert told.ask is ask
    assert told.warned == []


@pytest.mark.parametrize("rule", ["refuse", "redact"])
def test_turns_that_were_sent_before_are_left_as_they_are(rule: SecretsRule) -> None:
    """They are not refused again: whoever sent them was asked then."""
    history = (
        said("system", f"s {AWS}"),
        said("user", f"is {GITHUB} mine?"),
        said("assistant", "no"),
    )

    told = guarded(Ask("why?", history=history), rule)

    assert told.ask is not None
    assert told.ask.history == history


def test_pictures_are_not_read_as_text() -> None:
    """A token among their bytes is chance."""
    data = b"\x89PNG\r\n\x1a\n\0" + GITHUB.encode()

    assert guarded(Ask("hi", attachments=(Media("image/png", data),))).error is None


def test_templates_and_what_fills_them_are_looked_through() -> None:
    """A template is named, a parameter by its name."""
    guard = Guard("refuse")
    guard.template(Template("review", prompt=f"use {GITHUB}: $input", defaults={"a": AWS}))
    guard.parameters([f"token={ANTHROPIC}", "b=1"])

    with pytest.raises(GuardError) as raised:
        guard.settle(lambda _: None)

    assert [(one.where, one.message) for one in raised.value.problems] == [
        ("template review", "github token"),
        ("template review", "aws access key"),
        ("parameter token", "anthropic key"),
    ]


LOCAL = Profile("mine", source="/home/me/ultra.yaml", guardrails=GuardRules(local_only=True))


@pytest.mark.parametrize("url", ["http://localhost:8000/a", "http://127.0.0.1/a"])
def test_pages_of_this_machine_may_be_fetched(url: str) -> None:
    """By whoever fetches them."""
    check_source(LOCAL, url)


@pytest.mark.parametrize("url", ["https://user:word@example.com/a", "http://192.168.0.4/a"])
def test_local_only_lets_nobody_fetch_another_page(url: str) -> None:
    """The error names host, file and key, and no login."""
    with pytest.raises(GuardError) as raised:
        check_source(LOCAL, url)

    assert "`guardrails.local_only` of `/home/me/ultra.yaml`" in raised.value.message
    assert "word" not in raised.value.message
    check_source(Profile("mine"), url)


def test_the_prompt_of_a_file_is_as_it_was(tmp_path: Path) -> None:
    """Between tags that name it, before the piped text and the words."""
    ask = Ask("w", piped="p\n", quoted=(Quoted("n.md", "t\n\n", str(tmp_path / "n.md")),))

    assert prompt_of(ask).question == '<file name="n.md">\nt\n</file>\n\np\n\nw'
