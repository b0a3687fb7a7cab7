"""Run a study: how far can the modality gap of a CLIP model be closed before retrieval suffers?

    python study/run.py --space arasaac_es.yaml

Reads a search space, prepares its data, runs its trials one after another and keeps in results/<name>/ what they
showed: the Pareto front of recall against gap is pareto.csv. Interrupted or killed, it goes on with
python study/run.py --resume results/<name>. See --help and results/README.md.
"""

import argparse
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from study.signals import Signals


def run(arguments: argparse.Namespace, signals: "Signals") -> int:
    """Run one study from its arguments to its results; returns the exit code."""
    # Imported after the arguments are known to be good: --help answers at once.
    from study.quick_imports import quick_imports

    with quick_imports():
        import optuna

        from study.begin import begin, go_on
        from study.checkpoints import Checkpoints
        from study.display import Display
        from study.dry_run import show_plan
        from study.ending import Ending
        from study.leaving import resumable
        from study.ledger import Ledger, check_same_study, open_storage, open_study
        from study.lock import study_lock
        from study.phases import Setting, run_replicates, run_search
        from study.provenance import now, write_json
        from study.reporting.at_the_end import write_report
        from study.resources import share_of
        from study.results_dir import make_directory
        from study.stopping import TimeLimit
        from study.summary import show_front
        from study.terminal import terminal
        from study.trainable import trial_parameters
        from study.tuning import connected, living_nodes

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # no study ends because a terminal lacks a letter
    console = terminal()

    if arguments.dry_run:
        show_plan(arguments, console)
        return 0

    # What is to be run: a space under a profile, or what an earlier run of this command has left.
    study = go_on(arguments, console) if arguments.resume else begin(arguments, console)
    spec, device = study.spec, study.device
    fixed = trial_parameters(spec, data=study.data, device=device)

    with connected(arguments.address, gpus=int(device == "cuda")):
        signals.listen()  # Ray has taken SIGTERM for itself
        share = share_of(
            living_nodes(), concurrent=arguments.concurrent, device=device, gpus_per_trial=arguments.gpus_per_trial
        )
        shared = open_storage(study.storage) if study.storage else None

        # One directory, held by one process; one record of its trials, an Optuna study.
        directory = study.directory if arguments.resume else make_directory(study.directory, study.about)
        limit = TimeLimit(spec.hours)
        with resumable(directory, signals), study_lock(directory):
            write_json(study.about, directory / "study.json")
            storage = shared or open_storage(directory / "optuna.db")
            name, owner = study.about["optuna_study"], study.about["run_id"]
            ledger = Ledger(open_study(storage, name, spec.objectives), owner=owner, shared=shared is not None)
            check_same_study(ledger, study.about)

            # Run the trials, then the front again with other seeds if error bars are wanted.
            with Display(spec, console) as display, signals.noted():
                setting = Setting(
                    directory=directory,
                    profile=study.profile,
                    dataset=study.dataset,
                    fixed=fixed,
                    checkpoints=Checkpoints(study.about["storage_path"] or str(directory / ".ray")),
                    share=share,
                    concurrent=arguments.concurrent,
                    ending=Ending(signals, limit, display.say),
                    display=display,
                )
                reason = run_search(spec, ledger, setting)
                if reason and spec.replicates:
                    again = open_study(storage, f"{name}-replicates", spec.objectives)
                    repeated = Ledger(again, owner=owner, shared=ledger.shared)
                    reason = run_replicates(spec, repeated, ledger, setting)
            if reason:
                write_json({**study.about, "ended": now(), "reason": reason}, directory / "study.json")
    code = show_front(directory, spec, console, reason=reason, time_is_up=limit.over, signalled=signals.exit_code)
    if reason and arguments.report:
        try:
            write_report(directory, console)
        except KeyboardInterrupt:
            console.print(f"interrupted: python study/report.py {directory} writes the report", highlight=False)
            return signals.exit_code
    return code


def main() -> int:
    """Run the command line.

    Returns 0 when done or out of time, 1 if every trial failed or too many did, 2 on wrong input or where the machine
    fails, 130 when interrupted, 143 after SIGTERM.
    """
    from study.arguments import parse_arguments

    arguments = parse_arguments()
    from gap.errors import UserError
    from study.faults import fault_in
    from study.signals import Signals

    signals = Signals()
    signals.listen()
    try:
        return run(arguments, signals)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Exception as error:
        if (fault := fault_in(error, Path.cwd())) is None:
            raise
        print(f"error: {fault}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted before the first trial", file=sys.stderr)
        return signals.exit_code


if __name__ == "__main__":
    # Python puts this file's own folder first; the packages are one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    sys.exit(main())
