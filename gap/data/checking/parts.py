"""Are the two parts large enough for recall to mean something?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from gap.data.captions import caption_ids
from gap.data.dataset import PairDataset
from gap.errors import UserError
from gap.metrics import chance_recall

# Images and distinct captions of a part: debiased CKA needs 4 test images, everything else 2.
LEAST = {"training": (2, 2), "test": (4, 2)}
MAX_CHANCE = {"recall_at_1": 10.0, "recall_at_5": 50.0, "recall_at_10": 50.0}  # %


@dataclass(frozen=True)
class Parts:
    """Sizes of the training and the test part; ``chance`` is the recall of a random ranking, in per cent, by name.

    A ranking is of one of the pools of ``retrieval``, which hold ``pool`` images each.
    """

    train: int
    train_captions: int
    test: int
    test_captions: int
    pool: int
    chance: dict[str, float]

    @property
    def fault(self) -> str | None:
        """Why nothing can be studied on these parts, if that is so."""
        for name, images, captions in (
            ("training", self.train, self.train_captions),
            ("test", self.test, self.test_captions),
        ):
            least_images, least_captions = LEAST[name]
            if images < least_images or captions < least_captions:
                return (
                    f"the {name} part has {images:,} {_plural('image', images)} and {captions:,} distinct "
                    f"{_plural('caption', captions)}: expected at least {least_images} images and {least_captions} "
                    "captions; take more data, or give a split of your own"
                )
        return None

    @property
    def is_easy(self) -> bool:
        """Whether the chance level of R@1 is above ``MAX_CHANCE``: recall says little of a model then."""
        return self.chance["recall_at_1"] > MAX_CHANCE["recall_at_1"]

    def remark(self) -> str | None:
        """Say what a random ranking reaches, if that is much; None if it is not."""
        if all(self.chance[name] <= most for name, most in MAX_CHANCE.items()):
            return None
        reached = ", ".join(f"R@{name.rpartition('_')[2]} {value:.1f} %" for name, value in self.chance.items())
        return (
            f"the test part is small or repeats itself: {self.test:,} images with {self.test_captions:,} distinct "
            f"captions, ranked in pools of {self.pool:,}; a random ranking reaches {reached}, and recall near that "
            "says nothing"
        )


def parts_of(dataset: PairDataset, *, pool_size: int = 90) -> Parts:
    """Count both parts of a dataset, and what chance reaches on the test part."""
    image_of_text, test_captions = _captions(dataset, dataset.test)
    _, train_captions = _captions(dataset, dataset.train)
    return Parts(
        train=len(dataset.train),
        train_captions=len(np.unique(train_captions)),
        test=len(dataset.test),
        test_captions=len(np.unique(test_captions)),
        pool=min(pool_size, len(dataset.test)),
        chance=chance_recall(image_of_text, test_captions, pool_size=pool_size),
    )


def check_parts(dataset: PairDataset, *, pool_size: int) -> Parts:
    """Count both parts. Raises ``UserError`` where nothing can be studied on them."""
    parts = parts_of(dataset, pool_size=pool_size)
    if parts.fault:
        raise UserError(f"{dataset.name}: {parts.fault}")
    return parts


def _captions(
    dataset: PairDataset, rows: Int64[np.ndarray, " m"]
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Number the captions of some images, and give the place of each one's image among these."""
    captions = [dataset.captions[row] for row in rows.tolist()]
    image_of_text = np.repeat(np.arange(len(captions)), [len(of_image) for of_image in captions])
    return image_of_text, caption_ids(text for of_image in captions for text in of_image)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
