"""Questions that a simulated model knows, so that accuracy, votes and verdicts mean something."""

import random
import re

from msgspec import Struct

from ultra.core.normalise import normalise


class Question(Struct, frozen=True):
    """What is asked, what is right, and what is plausible and wrong."""

    text: str
    right: str
    wrong: tuple[str, ...]


def _ask(text: str, right: str, *wrong: str) -> Question:
    return Question(text, right, wrong)


QUESTIONS = (
    _ask("What is the capital of France?", "Paris", "Lyon", "Marseille", "Nice"),
    _ask("What is the capital of Australia?", "Canberra", "Sydney", "Melbourne", "Perth"),
    _ask("What is the capital of Canada?", "Ottawa", "Toronto", "Montreal", "Vancouver"),
    _ask("What is the capital of Brazil?", "Brasília", "Rio de Janeiro", "São Paulo", "Salvador"),
    _ask("What is the capital of Turkey?", "Ankara", "Istanbul", "Izmir", "Bursa"),
    _ask("What is the capital of Japan?", "Tokyo", "Kyoto", "Osaka", "Nagoya"),
    _ask("What is the capital of Kazakhstan?", "Astana", "Almaty", "Shymkent", "Bishkek"),
    _ask("What is the largest planet of the solar system?", "Jupiter", "Saturn", "Neptune"),
    _ask("Which planet is closest to the sun?", "Mercury", "Venus", "Mars"),
    _ask("How many moons does Mars have?", "2", "1", "4", "0"),
    _ask("How many bones does an adult human have?", "206", "208", "212", "205"),
    _ask("What is the chemical symbol of gold?", "Au", "Ag", "Go", "Gd"),
    _ask("What is the chemical symbol of potassium?", "K", "P", "Po", "Pt"),
    _ask("What is the atomic number of carbon?", "6", "12", "8", "14"),
    _ask("What is the hardest natural mineral?", "diamond", "quartz", "topaz", "corundum"),
    _ask("At how many degrees Celsius does water boil at sea level?", "100", "90", "212", "98"),
    _ask("In which year did the Berlin Wall fall?", "1989", "1990", "1987", "1991"),
    _ask("In which year did humans first land on the Moon?", "1969", "1968", "1970", "1972"),
    _ask("Who wrote Pride and Prejudice?", "Jane Austen", "Charlotte Brontë", "George Eliot"),
    _ask("Who painted the Mona Lisa?", "Leonardo da Vinci", "Michelangelo", "Raphael"),
    _ask("Who proposed general relativity?", "Albert Einstein", "Isaac Newton", "Niels Bohr"),
    _ask("What is the longest river of South America?", "Amazon", "Paraná", "Orinoco"),
    _ask("What is the smallest prime number?", "2", "1", "3"),
    _ask("Is 91 a prime number?", "no", "yes"),
    _ask("Is 97 a prime number?", "yes", "no"),
    _ask("What is 2 + 2?", "4", "5", "22", "3"),
    _ask("What is 7 * 8?", "56", "54", "48", "63"),
    _ask("What is 17 * 23?", "391", "381", "401", "371"),
    _ask("What is 12 * 12?", "144", "124", "142", "148"),
    _ask("What is 144 / 12?", "12", "14", "11", "13"),
    _ask("What is 1000 - 387?", "613", "623", "713", "617"),
    _ask("What is 15% of 240?", "36", "32", "40", "24"),
    _ask("What is the square root of 225?", "15", "25", "14", "16"),
    _ask("What is 2 to the power of 10?", "1024", "1000", "2048", "512"),
    _ask("What is the sum of the angles of a triangle in degrees?", "180", "360", "90", "270"),
    _ask("How many sides does a hexagon have?", "6", "5", "8", "7"),
    _ask("How many letters r are in the word strawberry?", "3", "2", "1", "4"),
    _ask("How many bits are in a byte?", "8", "4", "16", "10"),
    _ask("Which port does HTTPS use by default?", "443", "80", "8443", "22"),
    _ask("What does SQL stand for?", "Structured Query Language", "Simple Query Language"),
    _ask("Which HTTP status means Not Found?", "404", "400", "403", "410"),
    _ask("What is 0.1 + 0.2 in decimal arithmetic?", "0.3", "0.30000000000000004", "0.03"),
)

_KNOWN = {normalise(question.text): question for question in QUESTIONS}


_ARITHMETIC = re.compile(r"(?:^| )(what is (\d{1,9}) ([-+*]) (\d{1,9}))$")
_SLIPS = (1, -1, 10, -10, 2, -2, 100, -100)
"""By what a wrong result is off."""


def known(said: str) -> Question | None:
    """The built-in question that a message ends with, however it is written; None for others.

    So is any sum, difference or product of two whole numbers, asked as `What is 17 * 23?`.
    """
    flat = normalise(said)
    ends = (text for text in _KNOWN if flat == text or flat.endswith(" " + text))
    longest = max(ends, key=len, default=None)
    return _KNOWN[longest] if longest else _arithmetic(flat)


def asked_in(said: str) -> Question | None:
    """The built-in question that a text ends with, else the last line that is one; None for none.

    Instructions may follow it. A line counts where it ends with a question mark.
    """
    lines = (line for line in reversed(said.splitlines()) if line.rstrip().endswith("?"))
    found = (known(text) for text in (said, *lines))
    return next((question for question in found if question is not None), None)


def answer(question: Question, accuracy: float, n_wrong: int | None, dice: random.Random) -> str:
    """The right answer with the chance `accuracy`, else any of the first `n_wrong` wrong ones."""
    return question.right if dice.random() < accuracy else dice.choice(question.wrong[:n_wrong])


def _arithmetic(flat: str) -> Question | None:
    asked = _ARITHMETIC.search(flat)
    if asked is None:
        return None
    text, sign, left, right = asked[1], asked[3], int(asked[2]), int(asked[4])
    result = {"+": left + right, "-": left - right, "*": left * right}[sign]
    return Question(text, str(result), tuple(str(result + slip) for slip in _SLIPS))
