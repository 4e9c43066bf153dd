"""All charts by name: each takes a result frame and the codebook, and returns a matplotlib Figure."""

from bangfu_analysis.pages.charts import (
    age_by_sex,
    age_pyramid,
    bar_of_shares,
    cause_bars,
    interval_dots,
    level_split,
    mean_bars,
    ordered_bars,
    unit_rates,
)
from bangfu_analysis.pages.charts_compare import cause_heatmap, causes_by_group, trend_lines
from bangfu_analysis.pages.charts_flows import alluvial
from bangfu_analysis.pages.charts_waves import decomposition_bars, pyramids, slope, wave_heatmap
from bangfu_analysis.pages.mechanism_charts import amount_bars, rate_bars, running_line
from bangfu_analysis.pages.survey_charts import diverging_bars, funnel_bars, multiple_bars, wave_multiples

__all__ = [
    "age_by_sex", "age_pyramid", "alluvial", "amount_bars", "bar_of_shares", "cause_bars", "cause_heatmap",
    "causes_by_group", "decomposition_bars", "diverging_bars", "funnel_bars", "interval_dots", "level_split",
    "mean_bars", "multiple_bars", "ordered_bars", "pyramids", "rate_bars", "running_line", "slope", "trend_lines",
    "unit_rates", "wave_heatmap", "wave_multiples",
]
