import pytest

from study.figures import theme


@pytest.mark.parametrize("template", [theme.LIGHT, theme.DARK])
def test_figures_have_no_ground_of_their_own(template: object) -> None:
    figure = theme.new_figure(template=template)
    layout = figure.layout.template.layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.title.text is None


def test_light_and_dark_differ_in_ink() -> None:
    assert theme.LIGHT.layout.font.color != theme.DARK.layout.font.color
