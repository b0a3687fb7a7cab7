"""TensorBoard's HPARAMS tab: what a study varies, what it aims at, what every trial had."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.plugins.hparams.api_pb2 import DataType, Experiment, HParamInfo, MetricInfo, MetricName, Status
from tensorboard.plugins.hparams.metadata import (
    EXPERIMENT_TAG,
    PLUGIN_DATA_VERSION,
    PLUGIN_NAME,
    SESSION_END_INFO_TAG,
    SESSION_START_INFO_TAG,
)
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo

Value = bool | int | float | str
_FIELDS = {bool: "bool_value", int: "number_value", float: "number_value", str: "string_value"}
_TYPES = {"bool_value": "DATA_TYPE_BOOL", "number_value": "DATA_TYPE_FLOAT64", "string_value": "DATA_TYPE_STRING"}
_STATUS = {"COMPLETE": "STATUS_SUCCESS", "STOPPED": "STATUS_SUCCESS", "FAIL": "STATUS_FAILURE"}


def experiment(examples: Mapping[str, Value], metrics: Sequence[str], *, searched: Container[str] = ()) -> Summary:
    """Describe a study once: its parameters, each by a value that it may have, and the tags of its objectives.

    Those that are ``searched`` are the first columns of the table.
    """
    described = [
        HParamInfo(name=name, type=DataType.Value(_TYPES[_FIELDS[type(value)]]), differs=name in searched)
        for name, value in examples.items()
    ]
    aims = [MetricInfo(name=MetricName(tag=tag), display_name=tag) for tag in metrics]
    content = Experiment(hparam_infos=described, metric_infos=aims)
    return _summary(EXPERIMENT_TAG, HParamsPluginData(experiment=content, version=PLUGIN_DATA_VERSION))


def session_start(parameters: Mapping[str, Value]) -> Summary:
    """Say with which parameters a trial starts."""
    content = SessionStartInfo()
    for name, value in parameters.items():
        setattr(content.hparams[name], _FIELDS[type(value)], value)
    return _summary(SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=content, version=PLUGIN_DATA_VERSION))


def session_end(state: str) -> Summary:
    """Say how a trial ended: ``COMPLETE``, ``STOPPED`` or ``FAIL``."""
    content = SessionEndInfo(status=Status.Value(_STATUS[state]))
    return _summary(SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=content, version=PLUGIN_DATA_VERSION))


def simple(parameters: Mapping[str, Any]) -> dict[str, Value]:
    """Leave out what a trial has no use for, and write what is neither number nor word as text.

    >>> simple({"rank": 8, "alpha": None, "adapt_blocks": [1, 2], "compile": False})
    {'rank': 8, 'adapt_blocks': '[1, 2]', 'compile': False}
    """
    return {
        name: value if type(value) in _FIELDS else str(value) for name, value in parameters.items() if value is not None
    }


def _summary(tag: str, content: HParamsPluginData) -> Summary:
    plugin = SummaryMetadata.PluginData(plugin_name=PLUGIN_NAME, content=content.SerializeToString())
    return Summary(value=[Summary.Value(tag=tag, metadata=SummaryMetadata(plugin_data=plugin))])
