"""How much the properties are tried: HYPOTHESIS_PROFILE=thorough for more than the everyday."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "everyday",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=3,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile(
    "thorough", deadline=None, max_examples=100, print_blob=True, suppress_health_check=list(HealthCheck)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "everyday"))
