"""Tip-Adapter: the shots as a cache of keys and values, as it is or with its keys trained."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.classification.checks import check_input
from gap.classification.learn import learn


def tip_adapter(
    shots: Float[Tensor, "k d"],
    labels: Int[Tensor, " k"],
    class_features: Float[Tensor, "c d"],
    queries: Float[Tensor, "n d"],
    *,
    seed: int = 0,
    logit_scale: float = 100.0,
    alpha: float = 1.0,
    beta: float = 5.5,
) -> Float[Tensor, "n c"]:
    """Add to the zero-shot logits how near the shots of each class are. Nothing is trained.

    s·x·Cᵀ + α·exp(−β(1 − x·Kᵀ))·V: K holds the shots, V their labels, one-hot. Range [−s, s + α·k]; with ``alpha=0.0``
    it is the zero-shot classifier. α = 1 and β = 5.5 are the paper's (it tunes both on a validation set; here they are
    as given). ``seed`` is there for the common signature.

    Raises ``UserError`` without shots, below two classes, on labels that are no class, or values that are not finite.

    Source: Zhang et al. 2022 (Tip-Adapter); thesis, annex B.2.1 (whose g must read e^(−β(1−x))).

    >>> x = torch.eye(2)
    >>> tip_adapter(x, torch.tensor([1, 0]), x, x, logit_scale=0.0, beta=1.0)
    tensor([[0.3679, 1.0000],
            [1.0000, 0.3679]])
    """
    check_input(shots, labels, class_features, queries)
    values = one_hot(labels, class_features)
    return logit_scale * queries @ class_features.T + alpha * affinities(queries, shots, beta) @ values


def tip_adapter_f(
    shots: Float[Tensor, "k d"],
    labels: Int[Tensor, " k"],
    class_features: Float[Tensor, "c d"],
    queries: Float[Tensor, "n d"],
    *,
    seed: int = 0,
    logit_scale: float = 100.0,
    alpha: float = 1.0,
    beta: float = 5.5,
    epochs: int = 20,
    batch_size: int = 256,
    learning_rate: float = 1e-3,
) -> Float[Tensor, "n c"]:
    """Train the keys of :func:`tip_adapter`'s cache, from the shots as they are; the values stay.

    The equation is that of ``tip_adapter``; keys may leave the unit sphere, so its range does not hold. With
    ``epochs=0`` it is ``tip_adapter``.

    Defaults: 20 epochs, batches of 256, AdamW at 10⁻³ with ε = 10⁻⁴ and a cosine, as in the paper and its code; unlike
    there, each shot has one embedding, without random crops.

    Raises ``UserError`` without shots, below two classes, on labels that are no class, or values that are not finite.

    Source: Zhang et al. 2022 (Tip-Adapter-F).

    >>> x, labels = torch.eye(2), torch.tensor([1, 0])
    >>> trained, cached = tip_adapter_f(x, labels, x, x), tip_adapter(x, labels, x, x)
    >>> bool((trained.softmax(1)[0, 1] > cached.softmax(1)[0, 1]))
    True
    """
    check_input(shots, labels, class_features, queries)
    values = one_hot(labels, class_features)
    # Copies: features made in inference mode cannot take part in a backward pass.
    classes, known, keys = class_features.clone(), shots.clone(), shots.clone().requires_grad_()

    def logits_of(x: Float[Tensor, "b d"]) -> Float[Tensor, "b c"]:
        return logit_scale * x @ classes.T + alpha * affinities(x, keys, beta) @ values

    learn(
        [keys], logits_of, known, labels.clone(), generator=torch.Generator().manual_seed(seed),
        epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, eps=1e-4,
    )  # fmt: skip
    with torch.no_grad():
        return logits_of(queries)


def affinities(queries: Float[Tensor, "n d"], keys: Float[Tensor, "k d"], beta: float) -> Float[Tensor, "n k"]:
    """Measure how near every key is: exp(−β(1 − x·Kᵀ)), in (0, 1] on unit vectors.

    >>> affinities(torch.eye(2)[:1], torch.eye(2), 0.0).tolist()
    [[1.0, 1.0]]
    """
    return torch.exp(-beta * (1 - queries @ keys.T))


def one_hot(labels: Int[Tensor, " k"], class_features: Float[Tensor, "c d"]) -> Float[Tensor, "k c"]:
    """Write labels as rows with a single 1, in the type of ``class_features``.

    >>> one_hot(torch.tensor([1]), torch.zeros(3, 2)).tolist()
    [[0.0, 1.0, 0.0]]
    """
    return F.one_hot(labels.long(), len(class_features)).to(class_features)
