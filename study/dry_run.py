"""What a study would do and what it would cost, without doing it."""

import argparse

import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gap.models.at_hand import weights_at_hand
from gap.models.bare import bare_clip, planned_recipe
from study.begin import go_on, say_remarks, wanted
from study.cost import Cost, largest_trial, study_cost, target_of, varying
from study.data_size import DataSize, assumed, counted, data_size
from study.device import RESERVED, Device, planned_device
from study.plan_table import cost_table, gigabytes
from study.space import StudySpec, against_direction

COMPUTES = {
    "fp32": "everything in fp32",
    "bf16": "the towers' products in bf16; parameters, losses and metrics in fp32",
}


def show_plan(arguments: argparse.Namespace, console: Console) -> None:
    """Print the resolved study, what a trial trains, what a step holds, and how long the study would take.

    Where a rehearsal stands in because there is no GPU, the study's own cost follows. Neither weights nor a GPU are
    needed; of data that is not at hand the known size is taken.
    """
    if arguments.resume:
        study = go_on(arguments, console)
        data = counted(study.dataset, study.data)
        _show(arguments, console, study.spec, profile=study.profile, here=study.device, data=data)
        _lines(console, {"results": str(study.directory)})
        return
    asked = wanted(arguments, console)
    spec = asked.spec
    size = bare_clip(spec.model, spec.pretrained, spec.weight_settings).image_size
    data = data_size(spec, image_size=size, data_dir=asked.data_dir)
    _show(arguments, console, spec, profile=asked.profile, here=asked.device, data=data)
    _lines(console, {"results": str(asked.directory)})
    say_remarks(against_direction(spec.objective_epoch), console)
    if asked.profile == "rehearsal" and arguments.profile == "auto":
        console.print("\nThe study itself, on a GPU:", highlight=False)
        same = (asked.own.dataset, asked.own.language) == (spec.dataset, spec.language)
        own_data = data if same else assumed(asked.own)
        _cost(arguments, console, asked.own, profile="study", here=asked.device, data=own_data)


def _show(
    arguments: argparse.Namespace, console: Console, spec: StudySpec, *, profile: str, here: str, data: DataSize
) -> None:
    resolved = spec.model_dump(mode="json", exclude={"rehearsal"})
    console.print(yaml.safe_dump(resolved, sort_keys=False, allow_unicode=True), highlight=False, markup=False)
    _cost(arguments, console, spec, profile=profile, here=here, data=data)


def _cost(
    arguments: argparse.Namespace, console: Console, spec: StudySpec, *, profile: str, here: str, data: DataSize
) -> None:
    config = largest_trial(spec, data=data.path, device=target_of(spec, profile=profile, here=here))
    device = planned_device(
        config.precision, memory=arguments.memory, tflops=arguments.tflops, utilisation=arguments.utilisation
    )
    cost = study_cost(config, data, device, here=here)
    _lines(console, _about(cost, spec, data))
    console.print()
    console.print(cost_table(cost, trials=spec.trials, epochs=spec.epochs, device=device), highlight=False)
    console.print()
    _lines(console, _reading(cost, spec, device))


def _about(cost: Cost, spec: StudySpec, data: DataSize) -> dict[str, str]:
    """Say what is trained on what."""
    config, plan = cost.config, cost.plan
    here = "at hand" if weights_at_hand(config.model, config.pretrained) else "not here, not needed for a plan"
    rank = f"rank {config.rank}" + (", the largest searched" if "rank" in spec.search else "")
    trained = [config.method, rank] if config.method in ("dora", "lora") else [config.method]
    name = f"{config.model}:{config.pretrained}" if config.pretrained else config.model
    recipe = planned_recipe(config.model, config.pretrained, config.weight_settings)
    # Which captions are equal is not known before the data is read.
    at_most = "at most " if config.unique_captions and not cost.measured else ""
    lines = {
        "model": f"{name}, weights {here}",
        **({"weights": "; ".join([recipe.line(), *recipe.notes])} if recipe else {}),
        "data": data.shown,
        "trained": f"{plan.trained_parameters:,} of {plan.all_parameters:,} parameters ({', '.join(trained)})",
        "precision": f"{config.precision}: {COMPUTES[config.precision]}",
        "steps": f"{at_most}{cost.time.steps_per_epoch:,} an epoch, of {config.batch_size} pairs; evaluation after "
        f"each epoch {cost.time.seconds_per_evaluation:.1f} s",
    }
    if others := varying(spec):
        lines["search"] = f"{', '.join(others)} differ from trial to trial: this is the first one's cost"
    return lines


def _reading(cost: Cost, spec: StudySpec, device: Device) -> dict[str, str]:
    """Say how the figures came about, and what they mean for this study."""
    time, step = cost.time, cost.plan.step
    as_set, batch = cost.config.gradient_checkpointing, cost.config.batch_size
    whole, rest = divmod(round(time.seconds(trials=spec.trials, epochs=spec.epochs)), 3600)
    stopped = "; early stopping ends some sooner" if spec.early_stopping else ""
    lines = {
        "time": f"about {whole} h {rest / 60:.0f} min for {spec.trials} trials of {spec.epochs} epochs{stopped}",
        "times": f"steps made on {cost.config.device}" if cost.measured else f"work at {device.stated}; not measured",
        "memory": "the step simulated, captions of full length",
    }
    if cost.config.device == "cuda":
        lines["memory"] += f"; {RESERVED:g} of {device.memory:g} GB left to CUDA and to gaps between blocks"
    if time.peak_memory_gb is not None:
        lines["measured"] = f"{time.peak_memory_gb:.1f} GB at most" + (
            ", of the whole process" if cost.config.device == "cpu" else ""
        )
    if spec.precision == "auto":
        lines["precision"] = f"auto: planned as {cost.config.precision}, settled by steps before the first trial"
    if cost.config.cache_prefix and (cost.config.method == "last_layers" or cost.config.adapt_blocks):
        lines["frozen"] = "blocks before the trained ones run once and are kept (cache_prefix): epochs take less"
    peak = cost.plan.memory.peak(chunk) if (chunk := cost.chunk(device, checkpointing=as_set)) < batch else step.peak
    if cost.config.device == "cuda" and peak > device.budget:
        lines["too much"] = f"{gigabytes(peak)} do not fit: {_remedy(cost, device)}"
    return lines


def _remedy(cost: Cost, device: Device) -> str:
    fits = cost.plan.memory.largest_chunk(device.budget)
    if not cost.config.gradient_checkpointing and True in cost.plans and cost.plans[True].step.peak <= device.budget:
        return "take gradient_checkpointing: true"
    return f"take chunk_size: {fits}, or auto" if fits else "take a smaller model, or a larger GPU"


def _lines(console: Console, lines: dict[str, str]) -> None:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(min_width=len("precision:"))
    grid.add_column(overflow="fold")
    for name, text in lines.items():
        grid.add_row(f"{name}:", Text(text))
    console.print(grid, highlight=False)
