"""Every loss term by name."""

from collections.abc import Callable

from torch import Tensor

from gap.losses.alignment import align, cross_uniform, uniform
from gap.losses.centroid import centroid, centroid_uniform
from gap.losses.contrastive import ce, siglip
from gap.losses.cyclip import cyclip_inter, cyclip_intra
from gap.losses.mixup import m2_mix
from gap.losses.orthogonal import antipodal_inter, antipodal_intra, orthogonal_inter, orthogonal_intra
from gap.losses.separation import intra_separation
from gap.losses.variance import variance

TERMS: dict[str, Callable[..., Tensor]] = {
    "ce": ce,
    "orthogonal_intra": orthogonal_intra,
    "orthogonal_inter": orthogonal_inter,
    "antipodal_intra": antipodal_intra,
    "antipodal_inter": antipodal_inter,
    "variance": variance,
    "cyclip_inter": cyclip_inter,
    "cyclip_intra": cyclip_intra,
    "align": align,
    "uniform": uniform,
    "cross_uniform": cross_uniform,
    "centroid": centroid,
    "centroid_uniform": centroid_uniform,
    "intra_separation": intra_separation,
    "m2_mix": m2_mix,
    "siglip": siglip,
}
