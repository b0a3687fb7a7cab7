"""The first images of a caption against sorting each query by itself."""

import torch
from torch.nn.functional import normalize

from study.embeddings import Embeddings
from study.first_images import first_images


def embeddings(
    image_features: torch.Tensor, text_features: torch.Tensor, image_of_text: list[int], text_of: list[int]
) -> Embeddings:
    rows = torch.arange(len(image_features))
    return Embeddings(image_features, text_features, rows, torch.tensor(image_of_text), torch.tensor(text_of))


def test_the_order_is_that_of_the_cosines_and_hits_are_the_right_images() -> None:
    torch.manual_seed(0)
    x, y = normalize(torch.randn(7, 3), dim=1), normalize(torch.randn(9, 3), dim=1)
    image_of_text, text_of = (
        [0, 1, 2, 3, 4, 5, 6, 0, 1],
        [0, 1, 2, 3, 3, 5, 6, 7, 5],
    )  # captions 3, 4 and 5, 8 are equal
    found = first_images(embeddings(x, y, image_of_text, text_of), torch.arange(9), 4)
    for query in range(9):
        cosines = (y[query] @ x.T).tolist()
        order = sorted(range(7), key=lambda image: (-cosines[image], image))[:4]
        right = {image_of_text[other] for other in range(9) if text_of[other] == text_of[query]}
        assert found.images[query].tolist() == order
        assert found.hits[query].tolist() == [image in right for image in order]


def test_equal_cosines_come_in_the_order_of_the_images_and_negative_ones_rank_too() -> None:
    x = torch.tensor([[-1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    found = first_images(embeddings(x, torch.tensor([[1.0, 0.0]]), [2], [0]), torch.tensor([0]), 9)
    assert found.images.tolist() == [[1, 3, 0, 2]]
    assert found.hits.tolist() == [[False, False, False, True]]
    assert found.cosines.tolist() == [[0.0, 0.0, -1.0, -1.0]]


def test_no_query_has_no_images() -> None:
    found = first_images(embeddings(torch.eye(2), torch.eye(2), [0, 1], [0, 1]), torch.arange(0), 5)
    assert found.images.shape == found.hits.shape == (0, 2)
