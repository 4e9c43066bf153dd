"""Rosters of workers in hardship, from the workbooks units send to the report a union prints.

The public verbs in the order of the flow. Each is loaded when it is first used, so that importing the package is quick.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "wave": ["load_wave"],
    "codebook": ["load_codebook"],
    "folders": ["find_wave"],
    "study": ["why", "wave_changes", "inspect", "clean_wave", "wave_frames", "wave_codebook", "study_frames", "link_waves", "draft_questionnaire", "questionnaire_book", "query_units", "report_wave", "save_figures"],
    "reading.inspection": ["describe", "proposed_mapping"],
    "tidy.proposals": ["proposed_values"],
    "pages.html": ["inspect_html"],
    "tidy.questionnaires": ["wide_answers", "coded_answers", "write_statistics"],
    "tidy.questionnaire_book": ["with_concepts", "item_scores"],
    "tidy.screening": ["ScreeningRules", "screen", "replay"],
    "tidy.derive": ["add_bands", "income_per_head", "hardship_by_income"],
    "tidy.waves": ["stack_waves"],
    "analysis.tabulate": ["tabulate", "hardship_rate", "cause_table"],
    "analysis.change": ["trend", "change"],
    "analysis.flows": ["movements", "flows", "flow_accounts", "transitions", "spells", "life_table"],
    "analysis.compare": ["standardized", "decomposition"],
    "analysis.disclosure": ["suppress"],
    "survey.change": ["panel_change", "estimate_change"],
    "survey.design": ["SurveyDesign"],
    "survey.estimate": ["estimate_mean", "estimate_total", "estimate_ratio", "estimate_share", "estimate_difference"],
    "survey.quantiles": ["estimate_quantile"],
    "survey.association": ["test_independence"],
    "survey.models": ["fit_model"],
    "survey.crosstab": ["estimate_table", "estimate_profile", "estimate_multiple", "reliability"],
    "survey.weighting": ["rake", "post_stratify", "weighting_report", "weighting_effect"],
    "analysis": ["rates", "questionnaires", "scales"],
    "survey": ["poverty"],
    "exhibits.tables": ["display_table"],
    "pages": ["charts", "charts_compare", "charts_flows", "charts_waves", "survey_charts"],
    "exhibits": ["sentences"],
    "linkage.links": ["link"],
    "outline_data": ["with_unit"],
    "checking.report": ["check_report"],
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = [*_HOME_OF]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"{__name__}.{_HOME_OF[name]}")
    return getattr(home, name) if hasattr(home, name) else import_module(f"{home.__name__}.{name}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
