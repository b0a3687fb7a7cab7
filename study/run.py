"""Run a study: how far can the modality gap of a CLIP model be closed before retrieval suffers?

    python study/run.py --space arasaac_es.yaml

Reads a search space, prepares its data, runs its trials one after another and keeps in results/<name>/ what they
showed: the Pareto front of recall against gap is pareto.csv. See --help and results/README.md.
"""

import argparse
import sys
from pathlib import Path


def run(arguments: argparse.Namespace) -> int:
    """Run one study from its arguments to its results; returns the exit code."""
    # Imported after the arguments are known to be good: --help answers at once.
    import optuna
    import torch
    from rich.console import Console

    from gap.data import open_dataset, prepare
    from gap.metrics import METRICS
    from gap.models.load import load_clip
    from study.curves import Curves
    from study.display import Display
    from study.dry_run import show_plan
    from study.overrides import overrides
    from study.profiles import banner, load_profile, resolve_profile
    from study.provenance import describe_study, now, write_json
    from study.recorder import TRAINING_VALUES, Recorder, parameters
    from study.results import Results
    from study.results_dir import check_free, make_directory, study_directory
    from study.searcher import StudySearch, create_study
    from study.space import find_space, load_space
    from study.summary import show_front
    from study.trainable import trial_parameters
    from study.tuning import local_ray, run_trials

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    console = Console()
    device = "cuda" if torch.cuda.is_available() else "cpu"

    # What is to be run?
    space = find_space(arguments.space)
    changes = overrides(arguments)
    profile = resolve_profile(arguments.profile)
    spec = load_profile(space, profile, changes, arguments.data_dir)
    directory = study_directory(arguments.results_dir, arguments.name or space.stem, profile)
    if not arguments.dry_run:
        check_free(directory, overwrite=arguments.overwrite)
    if notice := banner(profile, spec, load_space(space, changes), device):
        console.print(notice, style="bold yellow", highlight=False, soft_wrap=True)

    # Can it be run? Everything that can be wrong with the model or the data is found here, before anything is written.
    image_size = load_clip(spec.model, spec.pretrained).image_size
    data_dir = arguments.data_dir if spec.dataset == load_space(space, changes).dataset else None
    data = prepare(spec.dataset, language=spec.language, image_size=image_size, data_dir=data_dir)
    dataset = open_dataset(data)
    fixed = trial_parameters(spec, data=data, device=device)
    if arguments.dry_run:
        show_plan(spec, fixed, dataset, directory, console)
        return 0

    # One directory, one Optuna study in it, one row a trial.
    directory = make_directory(directory)
    about = describe_study(
        spec, space=space, profile=profile, device=device, data=data, dataset=dataset, command=sys.argv
    )
    write_json(about, directory / "study.json")
    optuna_study = create_study(
        directory / "optuna.db",
        name=directory.name,
        objectives=spec.objectives,
        seed=spec.seed,
        search=spec.search,
        enqueue=spec.enqueue,
    )
    searcher = StudySearch(optuna_study, objectives=spec.objectives, search=spec.search, fixed=fixed)
    results = Results(
        directory,
        objectives=spec.objectives,
        metrics=[*METRICS, *TRAINING_VALUES],
        terms=spec.all_terms,
        parameters=parameters(spec, fixed),
    )

    # Run the trials, one at a time.
    with Display(spec, console) as display, local_ray(gpus=int(device == "cuda")):
        recorder = Recorder(
            spec, profile=profile, results=results, curves=Curves(directory / "tensorboard"), display=display
        )
        run_trials(
            searcher,
            trials=spec.trials,
            directory=directory,
            gpus=int(device == "cuda"),
            callback=recorder,
            fresh_processes=spec.fresh_processes,
        )
    write_json({**about, "ended": now()}, directory / "study.json")
    return show_front(directory, spec, console)


def main() -> int:
    """Run the command line; returns 0 when done, 1 if every trial failed, 2 on wrong input, 130 when interrupted."""
    from study.arguments import parse_arguments

    arguments = parse_arguments()
    from gap.errors import UserError

    try:
        return run(arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted before the first trial", file=sys.stderr)
        return 130


if __name__ == "__main__":
    # Python puts this file's own folder first; the packages are one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    sys.exit(main())
