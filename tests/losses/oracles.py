"""Every loss term once more, as loops over lists: slow, and close to the printed formulas."""

import math

Rows = list[list[float]]


def dot(a: list[float], b: list[float]) -> float:
    return sum(p * q for p, q in zip(a, b, strict=True))


def distance2(a: list[float], b: list[float]) -> float:
    return sum((p - q) ** 2 for p, q in zip(a, b, strict=True))


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def biased_variance(values: list[float]) -> float:
    return mean([(value - mean(values)) ** 2 for value in values])


def ce(x: Rows, y: Rows, s: float) -> float:
    n = len(x)
    rows = [-math.log(math.exp(s * dot(x[i], y[i])) / sum(math.exp(s * dot(x[i], y[j])) for j in range(n)))
            for i in range(n)]  # fmt: skip
    columns = [-math.log(math.exp(s * dot(x[i], y[i])) / sum(math.exp(s * dot(x[j], y[i])) for j in range(n)))
               for i in range(n)]  # fmt: skip
    return (mean(rows) + mean(columns)) / 2


def siglip(x: Rows, y: Rows, s: float, b: float) -> float:
    total = 0.0
    for i in range(len(x)):
        for j in range(len(x)):
            z = 1 if i == j else -1
            total -= math.log(1 / (1 + math.exp(-z * (s * dot(x[i], y[j]) + b))))
    return total / len(x)


def cells(x: Rows, y: Rows, alpha: float, absolute: bool) -> float:
    size = abs if absolute else float
    total = 0.0
    for i in range(len(x)):
        for j in range(len(y)):
            total += -alpha * size(dot(x[i], y[j])) if i == j else size(dot(x[i], y[j]))
    return total


def intra(x: Rows, y: Rows, alpha: float, absolute: bool) -> float:
    return (cells(x, x, alpha, absolute) + cells(y, y, alpha, absolute)) / len(x) ** 2


def inter(x: Rows, y: Rows, alpha: float, absolute: bool) -> float:
    return 2 * cells(x, y, alpha, absolute) / len(x) ** 2


def balanced(x: Rows, y: Rows, alpha: float, absolute: bool) -> float:
    size, n = abs if absolute else float, len(x)
    pairs = mean([size(dot(x[i], y[i])) for i in range(n)])
    others = [size(dot(x[i], y[j])) for i in range(n) for j in range(n) if i != j]
    return (mean(others) if others else 0.0) - alpha * pairs


def balanced_intra(x: Rows, y: Rows, alpha: float, absolute: bool) -> float:
    return balanced(x, x, alpha, absolute) + balanced(y, y, alpha, absolute)


def balanced_inter(x: Rows, y: Rows, alpha: float, absolute: bool) -> float:
    return 2 * balanced(x, y, alpha, absolute)


def variance(x: Rows, y: Rows, beta: float) -> float:
    n = len(x)
    rows = [biased_variance([dot(x[i], y[j]) for j in range(n) if j != i]) for i in range(n)]
    return -beta * (mean(rows) + biased_variance([dot(x[i], y[i]) for i in range(n)]))


def cyclip_inter(x: Rows, y: Rows) -> float:
    n = len(x)
    return sum((dot(x[j], y[k]) - dot(x[k], y[j])) ** 2 for j in range(n) for k in range(n)) / n


def cyclip_intra(x: Rows, y: Rows) -> float:
    n = len(x)
    return sum((dot(x[j], x[k]) - dot(y[j], y[k])) ** 2 for j in range(n) for k in range(n)) / n


def align(x: Rows, y: Rows) -> float:
    return mean([distance2(a, b) for a, b in zip(x, y, strict=True)])


def spread(x: Rows) -> float:
    n = len(x)
    return math.log(mean([math.exp(-2 * distance2(x[i], x[j])) for i in range(n) for j in range(i + 1, n)]))


def uniform(x: Rows, y: Rows) -> float:
    return (spread(x) + spread(y)) / 2


def cross_uniform(x: Rows, y: Rows) -> float:
    n = len(x)
    return math.log(mean([math.exp(-2 * distance2(x[i], y[j])) for i in range(n) for j in range(n) if i != j]))


def centroid(x: Rows, y: Rows) -> float:
    return sum((mean([a[k] for a in x]) - mean([b[k] for b in y])) ** 2 for k in range(len(x[0])))


def centroid_uniform(x: Rows, y: Rows) -> float:
    middles = [[(p + q) / 2 for p, q in zip(a, b, strict=True)] for a, b in zip(x, y, strict=True)]
    return spread([[p / math.sqrt(dot(m, m)) for p in m] for m in middles])


def intra_separation(x: Rows, y: Rows, s: float) -> float:
    n, total = len(x), 0.0
    for i in range(n):
        others = sum(math.exp(s * (1 - dot(y[i], y[j])) * dot(x[i], x[j])) for j in range(n) if j != i)
        pair = math.exp(s * dot(x[i], y[i]))
        total -= math.log(pair / (pair + others))
    return total / n


def geodesic_middle(a: list[float], b: list[float]) -> list[float]:
    angle = math.acos(max(-1.0, min(1.0, dot(a, b))))
    if angle < 1e-6:
        return a
    return [math.sin(angle / 2) / math.sin(angle) * (p + q) for p, q in zip(a, b, strict=True)]


def m2_mix(x: Rows, y: Rows, s: float) -> float:
    n, total = len(x), 0.0
    middles = [geodesic_middle(a, b) for a, b in zip(x, y, strict=True)]
    for rows in (x, y):
        for i in range(n):
            pair = math.exp(s * dot(x[i], y[i]))
            others = sum(math.exp(s * dot(rows[i], middles[j])) for j in range(n) if j != i)
            total -= math.log(pair / (pair + others))
    return total / (2 * n)
