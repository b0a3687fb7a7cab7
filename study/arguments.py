"""The command line of ``study/run.py``. Imports nothing heavy: ``--help`` answers at once."""

import argparse
from collections.abc import Sequence
from pathlib import Path

DESCRIPTION = """\
Search how far the modality gap of a CLIP model can be closed before retrieval suffers.

Fine-tunes CLIP once a trial, with the loss terms, alpha, beta and adapter rank that Optuna proposes, and writes
the Pareto front of recall against gap to RESULTS_DIR/NAME/pareto.csv. Without a CUDA GPU the same command runs
the space's rehearsal: a small model, a few minutes, its directory named NAME-rehearsal."""

EXAMPLES = """\
examples:
  python study/run.py --space arasaac_es.yaml
      the study as the space describes it; a rehearsal on the bundled pictograms where there is no GPU
  python study/run.py --space arasaac_es.yaml --data-dir ~/arasaac --dry-run
      what would be run, what would be trained, how much memory and how long it would take
  python study/run.py --space arasaac_es.yaml --profile study --dry-run --memory 48
      the same for a GPU that is elsewhere: no weights, no data and no GPU are needed
  python study/run.py --space thesis_en.yaml --epochs 3 --set lr=3e-5 --set rank=16 --name thesis_r16
      change settings of a space; one that is searched becomes fixed
  python study/run.py --resume results/arasaac_es --trials 60 --hours 8
      go on where a study was interrupted, killed or ended: with the running trial's last epoch, 60 trials in all

spaces are YAML files: a path, or a name in search_spaces/. While it runs, tensorboard --logdir
RESULTS_DIR/NAME/tensorboard shows the curves. results/README.md explains every column of every table."""


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; a wrong one ends the process with code 2."""
    parser = argparse.ArgumentParser(
        prog="study/run.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--space", metavar="YAML", help="the search space, such as arasaac_es.yaml")
    which.add_argument(
        "--resume",
        type=Path,
        metavar="RESULTS/STUDY",
        help="go on with a study that was interrupted or killed, or add trials to one that has ended; --trials, "
        "--hours and other budgets may change, nothing else",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="your data: for folder a table (CSV, JSON Lines, Parquet) or the directory with it and its images, for "
        "webdataset tar shards, for huggingface a saved dataset, else your copy of arasaac or mscoco",
    )
    parser.add_argument(
        "--download", action="store_true", help="download ARASAAC, about 157 MB, if it is neither given nor there yet"
    )
    parser.add_argument(
        "--profile",
        choices=("auto", "study", "rehearsal"),
        default="auto",
        help="study: the space as it stands; rehearsal: with the changes of its rehearsal block; "
        "auto (default): the study on a CUDA GPU, the rehearsal elsewhere",
    )
    parser.add_argument("--trials", type=int, metavar="N", help="number of trials, one after another")
    parser.add_argument("--hours", type=float, metavar="H", help="stop after H hours; --resume goes on")
    parser.add_argument(
        "--replicates", type=int, metavar="R", help="run the front's trials again with R other seeds, for error bars"
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="epochs of each trial")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the search and of every trial")
    parser.add_argument(
        "--model",
        metavar="NAME[:WEIGHTS]",
        help="open_clip model with a tag or a checkpoint file, hf-hub:ORG/REPO, local-dir:DIR, or mini, or tiny",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="changes",
        help="change any setting of the space, as YAML; may be given often",
    )
    parser.add_argument("--name", help="name of the results directory (default: that of the space)")
    parser.add_argument(
        "--results-dir", type=Path, default=Path("results"), metavar="DIR", help="where results go (default: results)"
    )
    parser.add_argument(
        "--no-report", action="store_false", dest="report", help="end without report.html, figures/ and tables/"
    )
    parser.add_argument("--overwrite", action="store_true", help="move an existing results directory aside")
    machine = parser.add_argument_group("more than one trial at a time, more than one machine")
    machine.add_argument("--concurrent", type=int, default=1, metavar="N", help="trials at once (default: 1)")
    machine.add_argument(
        "--gpus-per-trial",
        type=float,
        metavar="F",
        help="such as 0.5: two trials share a GPU (default: a GPU each, or a fair part if there are fewer)",
    )
    machine.add_argument("--address", metavar="ADDRESS", help="join a Ray cluster: auto, or HOST:PORT of its head")
    machine.add_argument(
        "--storage-path",
        metavar="PATH",
        help="where the nodes of a cluster keep checkpoints: a shared folder or a URI such as s3://bucket/study "
        "(default: inside the results directory)",
    )
    machine.add_argument(
        "--storage",
        metavar="URL",
        help="database of the Optuna study, such as postgresql://user:password@host/name; several machines with the "
        "same --name add to one study (default: optuna.db in the results directory)",
    )
    plan = parser.add_argument_group("before a GPU is spent")
    plan.add_argument("--dry-run", action="store_true", help="show the resolved study and its cost, run nothing")
    plan.add_argument(
        "--memory",
        type=float,
        metavar="GB",
        help="of the GPU to plan for, in 10^9 bytes (default: of the GPU here, or 24)",
    )
    plan.add_argument(
        "--tflops",
        type=float,
        metavar="T",
        help="dense throughput of the GPU to plan for (default: an RTX 3090's, 71 in bf16 and 35.6 in fp32)",
    )
    plan.add_argument(
        "--utilisation", type=float, metavar="SHARE", help="of the throughput that training reaches (default: 0.4)"
    )
    arguments = parser.parse_args(argv)
    for name in ("memory", "tflops", "utilisation"):
        value = getattr(arguments, name)
        if value is not None and not arguments.dry_run:
            parser.error(f"--{name} is a figure to plan with: expected --dry-run beside it")
        if value is not None and not 0 < value < float("inf"):
            parser.error(f"--{name}: expected more than 0, got {value:g}")
    if arguments.utilisation is not None and arguments.utilisation > 1:
        parser.error(f"--utilisation: expected a share of at most 1, such as 0.4, got {arguments.utilisation:g}")
    if arguments.concurrent < 1:
        parser.error(f"--concurrent: expected at least 1, got {arguments.concurrent}")
    if arguments.gpus_per_trial is not None and arguments.gpus_per_trial <= 0:
        parser.error(f"--gpus-per-trial: expected more than 0, got {arguments.gpus_per_trial}")
    return arguments
