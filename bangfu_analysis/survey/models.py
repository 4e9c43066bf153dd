"""Regression under a design: linear, logistic and two more, by formula, with the variance of the estimators.

Coefficients solve the weighted score equations; their covariance is that of the linearised values (Binder
1983, Int. Stat. Rev. 51), or that of the replicates. Numbers as svyglm and regTermTest of R's survey 4.5, run
to convergence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from bangfu_analysis.analysis.arrays import Floats, Where
from bangfu_analysis.analysis.domains import in_one, measured, require, rows_where
from bangfu_analysis.analysis.intervals import tested
from bangfu_analysis.errors import ArgumentError, listed, one_of
from bangfu_analysis.survey.design import SurveyDesign, resolve
from bangfu_analysis.survey.variance import estimate_and_covariance

if TYPE_CHECKING:
    from formulaic import Formula, ModelSpec

STEPS, SETTLED = 100, 1e-11  # at most so many steps, until predictors move by less (relative)
FARTHEST = 30.0  # a predictor beyond it, in log odds, is on its way to infinity
DEPENDENT = 1e-9  # a column of which less than this part is new adds nothing
SLOPE_STEP = 1e-4  # of a standard deviation, for the slope of a transformed number

Curve = Callable[[Floats], Floats]


class Family(NamedTuple):
    """Start and mean of the linear predictor, the mean's first two derivatives, and the variance at a
    mean."""

    start: Curve
    mean: Curve
    slope: Curve
    curve: Curve
    variance: Curve


def _logistic_slope(eta: Floats) -> Floats:
    return np.asarray(special.expit(eta) * special.expit(-eta))


FAMILIES = {
    "linear": Family(lambda y: y, lambda e: e, np.ones_like, np.zeros_like, np.ones_like),
    "logit": Family(
        lambda y: np.asarray(special.logit((y + 0.5) / 2)), lambda e: np.asarray(special.expit(e)),
        _logistic_slope, lambda e: _logistic_slope(e) * (1 - 2 * special.expit(e)), lambda m: m * (1 - m),
    ),
    "cloglog": Family(
        lambda y: np.log(-np.log1p(-(y + 0.5) / 2)), lambda e: -np.expm1(-np.exp(e)),
        lambda e: np.exp(e - np.exp(e)), lambda e: np.exp(e - np.exp(e)) * -np.expm1(e),
        lambda m: m * (1 - m),
    ),
    "poisson": Family(lambda y: np.log(y + 0.1), np.exp, np.exp, np.exp, lambda m: m),
}


class NotEstimable(ArgumentError):
    """The data put a coefficient at infinity."""


@dataclass(frozen=True)
class Model:
    """A fitted model, as frames, of an answer (its column) and a family.

    coefficients: coefficient, term, level, n, left_out_n, estimate, se, ci_low, ci_high, df, statistic,
    p_value. covariance: of the coefficients, named on both sides. terms: term, statistic (Wald's F), df,
    df_denominator, p_value. effects: average marginal effects on the mean (percentage points / 100 for a 0/1
    answer): variable, level, reference, n, predicted and predicted_se (the mean if everybody had the level),
    estimate (predicted less that of the reference; of a number the slope), se, ci_low, ci_high, df,
    statistic, p_value.
    """

    coefficients: pd.DataFrame
    covariance: pd.DataFrame
    terms: pd.DataFrame
    effects: pd.DataFrame
    answer: str
    family: str


def fit_model(
    frame: pd.DataFrame, formula: str, *, design: SurveyDesign,
    family: str = "logit", where: Where = None, level: float = 0.95,
) -> Model:
    """Regression of an answer on others under the design: associations with the others held, which prove no
    cause.

    formula: "has_dibao ~ sex + age + C(wave)", as R (`*`, `:`, `np.log(x)`; read by formulaic); the answer is
    a column, true/false or a number. The first level of a category is its reference; rows that lack a value
    are left out, inside the design. family: logit, linear, poisson, cloglog. ArgumentError where a figure
    could only be guessed: nobody answered, one value only, an empty reference level, columns that repeat each
    other, separation, no degrees of freedom. R: svyglm(formula, design, family=quasibinomial()), regTermTest;
    effects as Stata's margins (weights and covariates fixed).

    >>> people = pd.DataFrame({"ill": [0, 0, 1, 0, 1, 1, 0, 1], "sex": list("fmfmfmfm")})
    >>> people = people.assign(age=range(30, 54, 3))
    >>> found = fit_model(people, "ill ~ sex + age", design=SurveyDesign(), family="linear")
    >>> found.coefficients[["term", "level", "estimate", "se"]].round(3)
            term level  estimate     se
    0  Intercept          -0.800  0.846
    1        sex     m    -0.100  0.378
    2        age           0.033  0.025
    """
    one_of("family", family, FAMILIES)
    response, terms = _parts(formula)
    variables = sorted(terms.required_variables, key=formula.index)
    require(frame, [response, *variables], where="fit_model")
    sample, y = resolve(frame, design), measured(frame, response)
    inside = rows_where(frame, where) & (sample.weight > 0)
    used = inside & ~np.isnan(y) & frame[variables].notna().all(axis=1).to_numpy()
    y = _answers(response, y[used], family)
    data = _regressors(frame.loc[used, variables], formula)
    x, spec = _matrix(terms, data)
    q, r = np.linalg.qr(x)
    _independent(r, list(spec.column_names))
    df = float(sample.degrees(in_one(used))[0]) + 1 - x.shape[1]
    if df <= 0:
        raise ArgumentError(
            f"模型有 {x.shape[1]} 个系数，设计的自由度只有 {df + x.shape[1] - 1:g}，不够估计。请减少自变量。"
        )
    back = np.linalg.inv(r)

    def statistic(weight: Floats) -> Floats:
        return np.asarray(back @ regress(q, y, weight[used], family)[0])

    try:
        beta, inverse, residual = regress(q, y, sample.weight[used], family)
        z = np.zeros((len(frame), len(beta)))
        z[used] = (q * residual[:, None]) @ (back @ inverse).T
        estimates, v = estimate_and_covariance(sample, statistic, z, used)
    except NotEstimable as error:
        raise ArgumentError(_separation(response, y, data)) from error
    counts = {"n": int(used.sum()), "left_out_n": int(inside.sum() - used.sum())}
    return Model(
        _coefficients(list(spec.column_names), estimates, v, df, level).assign(**counts)[COEFFICIENTS],
        pd.DataFrame(v, spec.column_names, spec.column_names),
        _tests(spec, estimates, v, df),
        _effects(spec, data, x, estimates, v, sample.weight[used], FAMILIES[family], df, level),
        response, family,
    )


COEFFICIENTS = ["coefficient", "term", "level", "n", "left_out_n", "estimate", "se", "ci_low", "ci_high"]
COEFFICIENTS += ["df", "statistic", "p_value"]


def regress(x: Floats, y: Floats, weight: Floats, family: str) -> tuple[Floats, Floats, Floats]:
    """Coefficients, inverse information, and what each row pulls (its score over its x) of a weighted
    regression."""
    kind = FAMILIES[family]
    eta = kind.start(y)
    for _ in range(STEPS):
        mean, slope = kind.mean(eta), kind.slope(eta)
        with np.errstate(all="ignore"):
            pull = slope / kind.variance(mean)
            strength = weight * slope * pull
            gain = x.T @ (strength * (eta + (y - mean) / slope))
        if not (np.isfinite(gain).all() and np.isfinite(strength).all()):
            raise NotEstimable
        try:
            inverse = np.linalg.inv(x.T @ (x * strength[:, None]))
        except np.linalg.LinAlgError as error:
            raise NotEstimable from error
        beta: Floats = inverse @ gain
        before, eta = eta, x @ beta
        if family != "linear" and np.abs(eta[weight > 0]).max() > FARTHEST:
            raise NotEstimable
        if np.abs(eta - before).max() <= SETTLED * (1 + np.abs(eta).max()):
            return beta, np.asarray(inverse), (y - mean) * pull
    raise NotEstimable


def _parts(formula: str) -> tuple[str, Formula]:
    """The answer's column and the terms of the other side."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    response, tilde, right = (part.strip() for part in formula.partition("~"))
    try:
        if not (tilde and response and right):
            raise FormulaicError
        return response.strip("`"), Formula(right)
    except FormulaicError as error:
        raise ArgumentError(
            f"公式 {formula!r} 读不懂。请写成“因变量 ~ 自变量 + 自变量”，例如 'has_dibao ~ sex + age'。"
        ) from error


def _answers(response: str, y: Floats, family: str) -> Floats:
    if not len(y):
        raise ArgumentError("所选的行中没有一行同时有因变量和全部自变量的取值，无法拟合。请检查 where。")
    if family in ("logit", "cloglog") and not ((y >= 0) & (y <= 1)).all():
        raise ArgumentError(f"变量 {response} 应在 0 与 1 之间（或真假），才能用 family={family!r}。")
    if family == "poisson" and (y < 0).any():
        raise ArgumentError(f"变量 {response} 有负数，不能用 family='poisson'。")
    if np.ptp(y) == 0:
        raise ArgumentError(
            f"变量 {response} 在所用的 {len(y)} 行中只有一个取值 {y[0]:g}，没有可以解释的差别。请检查 where。"
        )
    return y


def _regressors(rows: pd.DataFrame, formula: str) -> pd.DataFrame:
    """The columns as numbers or categories; refused where one does not vary or its reference level is
    empty."""
    discrete = set(re.findall(r"\bC\(\s*`?([^`,)]+?)`?\s*[,)]", formula))
    made: dict[str, pd.Series[Any]] = {}
    for name, column in rows.items():
        plain = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        if plain and name not in discrete:
            made[str(name)] = column.astype(float)
        else:
            given = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
            first = given.cat.categories[0]
            if not given.eq(first).any():
                raise ArgumentError(
                    f"变量 {name} 的参照类 {first} 在所用的行中没有人，无从比较。"
                    f"请用 .cat.reorder_categories 把有人的类别排在最前，或合并类别。"
                )
            made[str(name)] = given.cat.remove_unused_categories()
        if made[str(name)].nunique() < 2:
            raise ArgumentError(f"自变量 {name} 在所用的行中只有一个取值，没有系数可估。请从公式中去掉它。")
    return pd.DataFrame(made, index=rows.index).reset_index(drop=True)


def _matrix(terms: Formula, data: pd.DataFrame) -> tuple[Floats, ModelSpec]:
    from formulaic.errors import FormulaicError

    try:
        with np.errstate(all="ignore"):
            made: Any = terms.get_model_matrix(data, context={}, na_action="ignore")
    except FormulaicError as error:
        factor = re.search(r"factor `(.*?)`", str(error))
        raise ArgumentError(
            f"公式中的自变量 {factor[1] if factor else terms} 算不出来。请核对函数名和列的类型。"
        ) from error
    x = np.asarray(made, dtype=float)
    if not np.isfinite(x).all():
        bad = [name for name, column in zip(made.columns, x.T, strict=True) if not np.isfinite(column).all()]
        raise ArgumentError(
            f"公式中的 {listed(bad)} 有的行算出来不是有限的数（例如 0 的对数）。请用 where 排除这些行。"
        )
    return x, made.model_spec


def _independent(r: Floats, names: list[str]) -> None:
    """ArgumentError where a column is made of those before it."""
    new = np.abs(np.diag(r)) / np.maximum(np.sqrt((r**2).sum(0)), np.finfo(float).tiny)
    if len(r) < len(names) or (new < DEPENDENT).any():
        repeated = [name for name, part in zip(names, new, strict=False) if part < DEPENDENT]
        raise ArgumentError(
            f"自变量 {listed(repeated or names[len(r) :])} 可由其他自变量完全算出，系数不唯一。请去掉。"
        )


def _separation(response: str, y: Floats, data: pd.DataFrame) -> str:
    """Which level of which variable has one answer only."""
    for name in data.select_dtypes("category"):
        for code, answers in pd.Series(y).groupby(data[name], observed=True):
            if answers.eq(only := answers.iloc[0]).all():
                return (
                    f"模型没有有限的解：{name} 为 {code} 的 {len(answers)} 行，{response} 全为 {only:g}"
                    "（完全分离）。请合并类别，或去掉这个自变量。"
                )
    return f"模型没有有限的解：自变量（或其组合）把 {response} 的取值完全分开（完全分离）。请去掉自变量。"


def _coefficients(names: list[str], beta: Floats, v: Floats, df: float, level: float) -> pd.DataFrame:
    parts = [[re.match(r"^(.*?)(?:\[(?:T\.)?(.*)\])?$", part) for part in name.split(":")] for name in names]
    term = [":".join(match.group(1) for match in matches if match) for matches in parts]
    levels = ["×".join(match.group(2) for match in matches if match and match.group(2)) for matches in parts]
    table = pd.DataFrame({"coefficient": names, "term": term, "level": levels})
    return table.assign(**tested(beta, np.sqrt(np.diag(v)), df, level))


def _tests(spec: ModelSpec, beta: Floats, v: Floats, df: float) -> pd.DataFrame:
    """Wald's F of each term: that all its coefficients are 0."""
    rows = []
    for term, places in spec.term_indices.items():
        if str(term) != "1":
            f = float(beta[places] @ np.linalg.solve(v[np.ix_(places, places)], beta[places])) / len(places)
            rows.append((str(term), f, float(len(places)), df, float(special.fdtrc(len(places), df, f))))
    return pd.DataFrame(rows, columns=["term", "statistic", "df", "df_denominator", "p_value"])


def _effects(
    spec: ModelSpec, data: pd.DataFrame, x: Floats, beta: Floats, v: Floats, weight: Floats,
    kind: Family, df: float, level: float,
) -> pd.DataFrame:
    part, parts = weight / weight.sum(), []

    def matrix(name: str, values: Any) -> Floats:
        return np.asarray(spec.get_model_matrix(data.assign(**{name: values}), context={}), dtype=float)

    def margin(at: Floats) -> tuple[float, Floats]:
        eta = at @ beta
        return float(part @ kind.mean(eta)), at.T @ (part * kind.slope(eta))

    def spread(gradients: Floats) -> Floats:
        return np.asarray(np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", gradients, v, gradients), 0)))

    for name, column in data.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes = column.cat.categories
            everybody = [pd.Categorical([code] * len(x), dtype=column.dtype) for code in codes]
            means, gradients = zip(*(margin(matrix(str(name), alike)) for alike in everybody), strict=True)
            moved = np.array(gradients) - gradients[0]
            fields = {"level": codes.astype(object), "reference": codes[0], "predicted": means}
            fields |= {"n": column.value_counts().reindex(codes), "predicted_se": spread(np.array(gradients))}
            effect = np.array(means) - means[0]
        else:
            step, eta = float(column.std()) * SLOPE_STEP, x @ beta
            d = (matrix(str(name), column + step) - matrix(str(name), column - step)) / (2 * step)
            rate = d @ beta
            effect = np.array([part @ (kind.slope(eta) * rate)])
            moved = (x.T @ (part * kind.curve(eta) * rate) + d.T @ (part * kind.slope(eta)))[None, :]
            fields = {"level": "", "reference": "", "predicted": np.nan, "n": len(x), "predicted_se": np.nan}
        parts.append(pd.DataFrame({"variable": name, **fields, **tested(effect, spread(moved), df, level)}))
    order = ["variable", "level", "reference", "n", "predicted", "predicted_se", *parts[0].columns[-7:]]
    return pd.concat(parts, ignore_index=True)[order]
