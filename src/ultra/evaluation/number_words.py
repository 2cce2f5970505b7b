"""English words that stand for numbers, by the digits that a rewriter may put in their place."""

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
SPELT: dict[str, tuple[str, ...]] = {
    **{word: (str(at),) for at, word in enumerate(_ONES)},
    **{word: (str(at * 10 + 20),) for at, word in enumerate(_TENS)},
    **{
        f"{ten}-{one}": (str(at * 10 + 20 + more),)
        for at, ten in enumerate(_TENS)
        for more, one in enumerate(_ONES[1:10], 1)
    },
    **{word: (str(at),) for at, word in enumerate(_ORDINALS, 1)},
    **{word: (str(at),) for at, word in enumerate(_MONTHS, 1)},
    **{word[:3]: (str(at),) for at, word in enumerate(_MONTHS, 1)},
    "hundred": ("100",),
    "thousand": ("1000",),
    "million": ("1000000",),
    "billion": ("1000000000",),
    "dozen": ("12",),
    "once": ("1",),
    "single": ("1",),
    "twice": ("2",),
    "both": ("2",),
    "pair": ("2",),
    "double": ("2",),
    "half": ("0.5", "50"),
    "quarter": ("0.25", "25"),
}
"""Numbers that are written as words, and the digits that they may become."""
