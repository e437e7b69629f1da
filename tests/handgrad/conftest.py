"""The profile of Hypothesis for `make mutation`: the same examples, none of them made smaller."""

from hypothesis import Phase, settings

settings.register_profile("mutation", phases=[Phase.explicit, Phase.generate])
