from pathlib import Path

from study.checkpoints import ADAPTER
from study.kept import Kept
from study.seen import AFTER, BEFORE


def write_checkpoint(directory: Path, mark: str, *, seen: bool = True) -> Path:
    (directory / ADAPTER).mkdir(parents=True)
    (directory / ADAPTER / "w").write_text(mark)
    for name in (BEFORE, AFTER) if seen else ():
        (directory / name).write_text(f"{name} {mark}")
    return directory


def left(study: Path) -> set[str]:
    return {path.relative_to(study).as_posix() for path in study.rglob("*") if path.is_file()}


def test_adapters_and_embeddings_are_kept_and_pruned_together(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "study")
    for trial in ("t000", "t001"):
        kept.keep(trial, write_checkpoint(tmp_path / trial, trial))
    baseline = tmp_path / "study" / "embeddings" / "baseline.safetensors"
    assert baseline.read_text() == f"{BEFORE} t000"  # once: it is the same in every trial
    galleries = [f"gallery-{trial}-image.safetensors" for trial in ("baseline", "t000", "t001")]
    for name in (*galleries, "gallery-t000-image-0f.faiss", ".t000.safetensors.being-written"):
        (tmp_path / "study" / "embeddings" / name).touch()
    kept.prune({"t001"})
    assert left(tmp_path / "study") == {
        "adapters/t001/w", "embeddings/baseline.safetensors", "embeddings/t001.safetensors",
        "embeddings/.t000.safetensors.being-written", *(f"embeddings/{name}" for name in galleries[::2]),
    }  # fmt: skip


def test_a_checkpoint_without_embeddings_keeps_its_adapter(tmp_path: Path) -> None:
    Kept(tmp_path / "study").keep("t000", write_checkpoint(tmp_path / "c", "x", seen=False))
    assert left(tmp_path / "study") == {"adapters/t000/w"}
