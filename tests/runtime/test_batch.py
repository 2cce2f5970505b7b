"""How many prompts are under way, and what a batch is known by."""

from msgspec.structs import replace

from tests.support.fakes import prompt, target
from ultra.core.batch import PromptRow
from ultra.core.model import Method, Target
from ultra.engine.slot import Everywhere, places_at
from ultra.runtime.action import Action, Selection
from ultra.runtime.batch import room
from ultra.runtime.batch_job import AT_ONCE, file_tag, settings_of
from ultra.runtime.prompting import Ask


def run_of(*members: Target) -> Action:
    return Action("compare", prompt(), Selection("all", members))


def at(url: str, name: str, concurrency: int | None = None) -> Target:
    one = target(name)
    return replace(one, endpoint=replace(one.endpoint, base_url=url, concurrency=concurrency))


def test_the_widest_endpoint_is_filled_so_that_it_can_grow() -> None:
    """Eight places and three calls each: three prompts, since two would never fill it."""
    everywhere: Everywhere = {}
    three = run_of(*(at("http://x", name) for name in "abc"))

    assert room(three, everywhere) == 3
    assert places_at(three.selection.members[0].endpoint, everywhere).limit <= 3 * 3


def test_a_narrow_endpoint_has_no_more_than_twice_its_limit_in_wait() -> None:
    """The time of a run counts from its first call, so that a long queue would eat it up."""
    assert room(run_of(at("http://x", "a"), at("http://y", "b", 1)), {}) == 2
    assert room(run_of(at("http://x", "a", 100)), {}) == AT_ONCE


def test_settings_are_who_is_asked_and_how() -> None:
    """Money, time and names of files are not in it; members, judges and words are."""
    members = (at("http://x", "a"), at("http://x", "b"))
    plain = Selection("all", members)
    known = settings_of(plain, Ask(""), ())

    assert known == settings_of(plain, Ask(""), ())
    others = [
        settings_of(replace(plain, members=members[:1]), Ask(""), ()),
        settings_of(replace(plain, method=Method(judges=members[:1])), Ask(""), ()),
        settings_of(plain, Ask("", system="be brief"), ()),
        settings_of(plain, Ask(""), ("exact",)),
    ]
    assert len({known, *others}) == 5


def test_a_long_path_keeps_its_end() -> None:
    assert file_tag("x" * 200 + "/" + "y" * 200).endswith("y" * 200)
    assert len(file_tag("x" * 300)) <= 256
    assert PromptRow(3, 5, "?").title == "3"
