"""Images with one class each, and the rule that makes one label of several tags."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt8

from gap.errors import UserError

Pixels = Callable[[Int64[np.ndarray, " n"]], UInt8[np.ndarray, "n s s 3"]]


@dataclass(frozen=True)
class LabelledImages:
    """Training and test images with a class each.

    ``train_labels[i]`` is the class of ``train_pixels``' row i, and so for the test part. ``language`` is that of the
    prompts, ``rule`` says in a sentence where labels and split come from.
    """

    name: str
    language: str
    classes: list[str]
    rule: str
    train_labels: Int64[np.ndarray, " train"]
    test_labels: Int64[np.ndarray, " test"]
    train_pixels: Pixels
    test_pixels: Pixels


def single_labels(
    train: Sequence[Collection[str]], test: Sequence[Collection[str]], *, shots: int
) -> tuple[list[str], Int64[np.ndarray, " train"], Int64[np.ndarray, " test"]]:
    """Choose classes among tags and give every image its one class, or −1 where it has none or several.

    Candidates are the tags of at least 2·shots training images. An image is kept if exactly one of its tags is a
    candidate; a candidate is a class if it keeps ``shots`` training images and a test image. Only counts of test images
    above zero are looked at, so the choice knows nothing of what the test images show.

    Raises UserError when fewer than two classes are left.

    >>> classes, train, test = single_labels(["ab", "a", "b", "a", "b", "c"], ["a", "bc", "ab"], shots=1)
    >>> classes, train.tolist(), test.tolist()
    (['a', 'b'], [-1, 0, 1, 0, 1, -1], [0, 1, -1])
    """
    counts = Counter(tag for tags in train for tag in set(tags))
    candidates = {tag for tag, count in counts.items() if count >= 2 * shots}
    train_tags, test_tags = (
        [next(iter(own)) if len(own := candidates & set(tags)) == 1 else None for tags in part]
        for part in (train, test)
    )
    kept, tested = Counter(train_tags), Counter(test_tags)
    classes = sorted(tag for tag in candidates if kept[tag] >= shots and tested[tag])
    if len(classes) < 2:
        raise UserError(
            f"expected at least 2 classes of {2 * shots} training images and a test image, got {len(classes)}: "
            f"give fewer --shots, or a larger dataset"
        )
    number = {tag: index for index, tag in enumerate(classes)}
    train_labels, test_labels = (
        np.array([-1 if tag is None else number.get(tag, -1) for tag in part], dtype=np.int64)
        for part in (train_tags, test_tags)
    )
    return classes, train_labels, test_labels
