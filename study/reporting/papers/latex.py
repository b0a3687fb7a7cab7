r"""Tables in LaTeX: a ``tabular`` of booktabs, to be taken in with ``\input``."""

import math

import numpy as np
import pandas as pd

from study.words import brief

HEAD = "% needs \\usepackage{booktabs}"
POOLS = " in pools of 90"  # too long for the head of a narrow column; a comment says it
# Signs that a plain pdfLaTeX does not know, in words that it does.
PLAIN = {"◆": "(knee)", "±": "+/-", "→": "to", "–": "-", "−": "-"}


def latex(table: pd.DataFrame) -> str:
    r"""Write a table as a ``tabular`` whose texts say what they say, whatever signs they hold.

    Numbers stand to the right, with as many decimals in all of a column; what is missing is a dash.

    >>> print(latex(pd.DataFrame({"R@1 in pools of 90 (%)": [51.23456, 7], "loss_terms": ["ce & 5_%", None]})))
    % needs \usepackage{booktabs}
    % R@k: in pools of 90
    \begin{tabular}{rl}
    \toprule
    R@1 (\%) & loss\_terms \\
    \midrule
    51.2 & ce \& 5\_\% \\
    7.0 & - \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    numeric = [pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]
    columns = [
        (_numbers(table.iloc[:, place].to_numpy(dtype=np.float64)) if number else [*map(_word, table.iloc[:, place])])
        for place, number in enumerate(numeric)
    ]
    heads = [_plain(str(name)) for name in table.columns]
    words: pd.DataFrame = pd.DataFrame(dict(enumerate(columns)))
    words.columns = pd.Index([head.replace(POOLS, "") for head in heads])
    comments = [HEAD, *(["% R@k: in pools of 90"] if any(POOLS in head for head in heads) else [])]
    form = "".join("r" if number else "l" for number in numeric)
    return "\n".join([*comments, words.to_latex(index=False, escape=True, column_format=form)])


def _numbers(values: np.ndarray) -> list[str]:
    """Write numbers of one kind: three digits of the largest, or four of each where the smallest would lose its own."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    if not len(sizes) or (sizes == np.round(sizes)).all():
        return ["-" if math.isnan(value) else f"{value:g}" for value in values]
    decimals = max(0, 2 - math.floor(math.log10(sizes.max())))
    if sizes.min() < 10.0 ** (1 - decimals):
        return [_word(float(value)) for value in values]
    return ["-" if math.isnan(value) else f"{value:.{decimals}f}" for value in values]


def _word(value: object) -> str:
    return "-" if value is None or value != value else _plain(brief(value))


def _plain(text: str) -> str:
    """Keep to one line and to signs that LaTeX's usual encodings know."""
    for sign, words in PLAIN.items():
        text = text.replace(sign, words)
    return " ".join("".join(sign if sign.isprintable() and ord(sign) < 0x250 else " " for sign in text).split())
