"""From what was typed, piped and named to the prompt that is sent."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.fakes import prompt, target
from ultra.core.errors import UsageError
from ultra.core.request import Media, Message, Sampling, Text, said
from ultra.runtime.materials import Quoted
from ultra.runtime.prompting import (
    CACHED_BYTES,
    Ask,
    check_fits,
    prompt_of,
    sampling_of,
    schema_of,
)

PICTURE = Media("image/png", data=b"x", name="cat.png")


def test_files_come_before_piped_text_and_that_before_the_words() -> None:
    """With a blank line between; the system message stands in front of all."""
    asked = Ask(
        " why? ", piped="\nlog line\n", quoted=(Quoted("a", "A"), Quoted("b", "B")), system="short"
    )

    system, user = prompt_of(asked).messages

    assert (system.role, system.text) == ("system", "short")
    assert user.text == (
        '<file name="a">\nA\n</file>\n\n<file name="b">\nB\n</file>\n\nlog line\n\nwhy?'
    )


def test_a_prompt_of_nothing_is_refused_and_one_of_a_picture_is_not() -> None:
    """A picture can be asked about without a word."""
    with pytest.raises(UsageError, match="the prompt is empty"):
        prompt_of(Ask("  ", piped="\n"))

    (message,) = prompt_of(Ask("", attachments=(PICTURE,))).messages

    assert message.parts == (PICTURE,)


def test_a_new_system_message_takes_the_place_of_the_conversations() -> None:
    """Without one, the conversation's stays."""
    history = (said("system", "old"), said("user", "a"), said("assistant", "b"))

    renewed = prompt_of(Ask("c", system="new", history=history)).messages
    kept = prompt_of(Ask("c", history=history)).messages

    assert [one.text for one in renewed] == ["new", "a", "b", "c"]
    assert [one.text for one in kept] == ["old", "a", "b", "c"]


def marked(asked: Ask) -> bool:
    (words,) = prompt_of(asked).messages[-1].parts
    assert isinstance(words, Text)
    return words.cache


def test_only_a_long_conversation_is_marked_to_be_kept() -> None:
    """A question that stands alone would cost more for it, a short one is kept by nobody."""
    long = "x" * CACHED_BYTES

    assert marked(Ask(long, goes_on=True))
    assert marked(Ask("and?", history=(said("user", long),)))
    assert marked(Ask("and?", system=long, goes_on=True))
    assert not marked(Ask(long))
    assert not marked(Ask(long[:-1], goes_on=True))


def test_options_that_ultra_knows_are_read_and_others_go_as_they_are() -> None:
    """JSON where it is JSON; `--max-tokens` wins over the option."""
    sampling = sampling_of(
        [
            *("temperature=0.2", "top_p=1", "seed=-7", "stop=END", "max_tokens=9"),
            *("reasoning_effort=low", "user_id=me", "service_tier=flex", "metadata.job=nightly"),
            *('extra={"a": [1]}', "word=plain", "switch=true", "metadata.=x", "empty="),
        ],
        20,
    )

    assert sampling == Sampling(
        temperature=0.2,
        top_p=1.0,
        seed=-7,
        stop=("END",),
        max_output_tokens=20,
        reasoning_effort="low",
        user_id="me",
        service_tier="flex",
        metadata={"job": "nightly"},
        extra={"extra": {"a": [1]}, "word": "plain", "switch": True, "metadata.": "x", "empty": ""},
    )
    assert sampling_of(["max_tokens=9"], None).max_output_tokens == 9


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("temperature", "has no value"),
        ("=1", "has no value"),
        ("temperature=hot", "takes a number from 0, not `hot`"),
        ("temperature=nan", "takes a number from 0"),
        ("top_p=inf", "takes a number from 0"),
        ("top_p=-0.1", "takes a number from 0"),
        ("max_tokens=0", "takes a whole number from 1"),
        ("max_tokens=1.5", "takes a whole number from 1"),
        ("max_tokens=-3", "takes a whole number from 1"),
        ("seed=x", "takes a whole number, not `x`"),
    ],
)
def test_an_option_of_the_wrong_kind_is_refused(option: str, words: str) -> None:
    """Before anything is sent, with what it takes."""
    with pytest.raises(UsageError, match=words):
        sampling_of([option], None)


def test_a_cap_of_nothing_is_refused() -> None:
    """By the flag's name."""
    with pytest.raises(UsageError, match="`--max-tokens` takes a whole number from 1"):
        sampling_of([], 0)


def test_the_short_form_of_a_schema() -> None:
    """Names with types and meanings; every field is wanted and no other."""
    assert schema_of("name, age int, score float: 0 to 1\n done bool") == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer"},
            "score": {"type": "number", "description": "0 to 1"},
            "done": {"type": "boolean"},
        },
        "required": ["name", "age", "score", "done"],
        "additionalProperties": False,
    }


def test_a_schema_is_json_or_a_file_of_it(tmp_path: Path) -> None:
    """Whatever stands in it is kept as it is."""
    path = tmp_path / "schema.json"
    path.write_text(' {"type": "array", "items": {"type": "string"}}', encoding="utf-8")

    assert schema_of(str(path)) == {"type": "array", "items": {"type": "string"}}
    assert schema_of('{"type": "object"}') == {"type": "object"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("missing.json", r"schema `missing.json` cannot be read: No such file"),
        ("{nonsense", "the schema is not JSON"),
        ('{"type": "strang"}', "the schema does not hold"),
        ("age number", "field `age number` is not understood"),
        ("one two three", "is not understood"),
        ("2nd", "is not understood"),
        (" , ", "the schema is empty"),
    ],
)
def test_what_is_no_schema_is_refused(text: str, words: str) -> None:
    """With the part that is wrong."""
    with pytest.raises(UsageError, match=words):
        schema_of(text)


def test_a_schema_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """By its name."""
    path = tmp_path / "schema.json"
    path.write_bytes(b"\xff\xfe{")

    with pytest.raises(UsageError, match=r"schema.json` cannot be read: it is not UTF-8 text"):
        schema_of(str(path))


def test_a_prompt_that_fits_one_window_is_sent_and_one_that_fits_none_is_not() -> None:
    """The largest window is named."""
    small, large = target("small", context_window=10), target("large", context_window=9000)
    asked = prompt("word " * 500)

    check_fits(asked, [small, large])

    with pytest.raises(UsageError, match=r"of every model asked \(10 at most\)"):
        check_fits(asked, [small])


def with_media(media: Media) -> Any:
    return replace(prompt(), messages=(Message("user", (Text("what is it?"), media)),))


def test_what_one_member_cannot_take_is_refused_for_all() -> None:
    """Where that is known: what nobody knows is tried."""
    blind, unknown = target("blind", capabilities=("reasoning",)), target("unknown")
    seeing = target("seeing", capabilities=("vision", "tools"))
    sound = Media("audio/wav", url="http://x.example/a.wav")
    tools = replace(prompt(), tools=({"name": "f"},))

    check_fits(with_media(PICTURE), [seeing, unknown])
    check_fits(tools, [seeing, unknown])
    with pytest.raises(UsageError, match=r"`cat.png` is a picture, which `lab:model-blind`"):
        check_fits(with_media(PICTURE), [seeing, blind])
    with pytest.raises(UsageError, match="is sound, which `lab:model-seeing` cannot take"):
        check_fits(with_media(sound), [unknown, seeing])
    with pytest.raises(UsageError, match="`lab:model-blind` cannot take tools"):
        check_fits(tools, [seeing, blind])
