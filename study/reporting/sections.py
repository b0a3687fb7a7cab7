"""The report's sections, in their order."""

from collections.abc import Callable, Mapping

from study.reporting.collect import Collected
from study.reporting.curves import curves
from study.reporting.dimensions import dimensions
from study.reporting.embedding_map import embedding_map
from study.reporting.examples import examples
from study.reporting.front import front
from study.reporting.growth import growth
from study.reporting.histograms import histograms
from study.reporting.importance import importance
from study.reporting.parallel import parallel
from study.reporting.provenance import provenance
from study.reporting.section import Section
from study.reporting.summary import summary
from study.reporting.thesis import thesis
from study.reporting.trials import trials

SECTIONS: dict[str, Callable[[Collected], Section]] = {
    "summary": summary,
    "front": front,
    "hypervolume": growth,
    "importances": importance,
    "parallel": parallel,
    "curves": curves,
    "histograms": histograms,
    "map": embedding_map,
    "dimensions": dimensions,
    "retrieval": examples,
    "thesis": thesis,
    "trials": trials,
    "provenance": provenance,
}


def all_sections(study: Collected) -> Mapping[str, Section]:
    """Make every section; one whose data is missing says why."""
    return {name: section(study) for name, section in SECTIONS.items()}
