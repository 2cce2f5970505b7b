"""Writes a model of three megabytes that says the same on every machine.

Nothing is learnt and nothing is fetched. With attention and feed-forward weights of zero, a
transformer of the llama kind maps each token to itself; the output matrix then says which token
follows which. Any prompt is answered with `ANSWER`; one whose last word is `forever` with `CIRCLE`,
over and over, until somebody stops it.

    python -m tests.live.model FILE.gguf        (needs the packages gguf and numpy)
"""

import sys
from itertools import pairwise

import numpy as np
from gguf import GGUFWriter, TokenType

ANSWER = "a tiny model says these very words and then it stops"
CIRCLE = "round about we go once more"
"""No word twice, here or above: a word alone decides what follows it."""

SPARK = "forever"
"""The word that sets the circle going."""

CONTEXT = 32_768
HEADS = 4
WIDTH_OF = 32
"""Widths are multiples of this: blocks of the arithmetic kernels."""

_SPACE = "\u2581"
"""How the tokenizer of llama writes a space."""


class Vocabulary:
    """Tokens in order."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.kinds: list[TokenType] = []

    def add(self, text: str, kind: TokenType) -> int:
        """Append a token; its number."""
        self.texts.append(text.encode())
        self.kinds.append(kind)
        return len(self.texts) - 1


def write(path: str) -> None:
    """Write the model."""
    words = Vocabulary()
    unknown, first, last = (
        words.add("<unk>", TokenType.UNKNOWN),
        words.add("<s>", TokenType.CONTROL),
        words.add("</s>", TokenType.CONTROL),
    )
    for byte in range(256):
        words.add(f"<0x{byte:02X}>", TokenType.BYTE)
    answer = [words.add(_SPACE + word, TokenType.NORMAL) for word in ANSWER.split()]
    spark = words.add(SPARK, TokenType.USER_DEFINED)
    circle = [words.add(_SPACE + word, TokenType.NORMAL) for word in CIRCLE.split()]
    follows = dict.fromkeys(range(len(words.texts)), answer[0])
    follows.update(pairwise([*answer, last]))
    follows.update(pairwise([spark, *circle, circle[0]]))
    writer = GGUFWriter(path, "llama")
    _describe(writer, words, unknown=unknown, first=first, last=last)
    for name, weights in _weights(len(words.texts), follows).items():
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _width(count: int) -> int:
    return -(-count // (WIDTH_OF * HEADS)) * WIDTH_OF * HEADS


def _describe(
    writer: GGUFWriter, words: Vocabulary, *, unknown: int, first: int, last: int
) -> None:
    count = len(words.texts)
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(_width(count))
    writer.add_block_count(1)
    writer.add_feed_forward_length(WIDTH_OF)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(_width(count) // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(count)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words.texts)
    writer.add_token_scores([float(-number) for number in range(count)])
    writer.add_token_types([int(kind) for kind in words.kinds])
    writer.add_unk_token_id(unknown)
    writer.add_bos_token_id(first)
    writer.add_eos_token_id(last)
    writer.add_add_space_prefix(False)
    # Only the words themselves: what stands last in them decides how it goes on.
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")


def _weights(count: int, follows: dict[int, int]) -> dict[str, np.ndarray]:
    width = _width(count)
    said = np.zeros((count, width), np.float32)
    said[np.arange(count), np.arange(count)] = 1.0
    next_one = np.zeros((count, width), np.float32)
    for token, following in follows.items():
        next_one[following, token] = 1.0
    square = np.zeros((width, width), np.float32)
    wide = np.zeros((WIDTH_OF, width), np.float32)
    ones = np.ones(width, np.float32)
    return {
        "token_embd.weight": said,
        "output_norm.weight": ones,
        "output.weight": next_one,
        "blk.0.attn_norm.weight": ones,
        **{f"blk.0.attn_{part}.weight": square for part in ("q", "k", "v", "output")},
        "blk.0.ffn_norm.weight": ones,
        "blk.0.ffn_gate.weight": wide,
        "blk.0.ffn_up.weight": wide,
        "blk.0.ffn_down.weight": np.ascontiguousarray(wide.T),
    }


if __name__ == "__main__":
    write(sys.argv[1])
