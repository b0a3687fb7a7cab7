from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from study.live.hparams import experiment, session_end, session_start


def content(summary: object) -> HParamsPluginData:
    (value,) = summary.value  # type: ignore[attr-defined]
    return HParamsPluginData.FromString(value.metadata.plugin_data.content)


def test_every_kind_of_value_has_its_type() -> None:
    described = content(experiment({"rank": 8, "beta": 0.5, "terms": "ce", "compile": True}, ["recall/recall_at_1"]))
    kinds = {info.name: info.type for info in described.experiment.hparam_infos}
    assert kinds == {"rank": 3, "beta": 3, "terms": 1, "compile": 2}  # float64, string, bool
    started = content(session_start({"rank": 8, "compile": True, "terms": "ce"})).session_start_info.hparams
    assert (started["rank"].number_value, started["compile"].bool_value, started["terms"].string_value) == (
        8,
        True,
        "ce",
    )


def test_a_failed_trial_is_no_success() -> None:
    status = {state: content(session_end(state)).session_end_info.status for state in ("COMPLETE", "STOPPED", "FAIL")}
    assert status["FAIL"] != status["COMPLETE"] == status["STOPPED"]
