from study.selection import counting_epoch, score_of

EPOCHS = [
    {"epoch": 0, "recall_at_1": 99.0, "modality_gap": 0.0},
    {"epoch": 1, "recall_at_1": 40.0, "modality_gap": 0.5},
    {"epoch": 2, "recall_at_1": 44.0, "modality_gap": 0.7},
    {"epoch": 3, "recall_at_1": 43.0, "modality_gap": 0.9},
]


def test_the_final_epoch_counts_unless_a_sum_of_metrics_is_to_be_greatest() -> None:
    assert counting_epoch(EPOCHS, "final")["epoch"] == 3
    assert counting_epoch(EPOCHS, {"recall_at_1": 1.0})["epoch"] == 2
    assert counting_epoch(EPOCHS, {"recall_at_1": 1.0, "modality_gap": -30.0})["epoch"] == 1
    assert counting_epoch(EPOCHS, {"recall_at_1": 1.0, "modality_gap": -20.0})["epoch"] == 1  # a tie: the earlier


def test_the_model_before_training_counts_only_alone() -> None:
    assert counting_epoch(EPOCHS[:1], {"recall_at_1": 1.0})["epoch"] == 0
    assert counting_epoch(EPOCHS[:2], {"recall_at_1": 1.0})["epoch"] == 1


def test_the_final_epoch_has_no_score() -> None:
    assert score_of("final") is None
