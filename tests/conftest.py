"""Every test has a pseudonym key of its own; nothing is written into the clone."""

import pytest
from hypothesis import settings

# Time is measured in benchmarks/, not here: a busy machine must not fail a property.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def own_key(tmp_path_factory):
    import os

    place = tmp_path_factory.mktemp("key") / "pseudonym.key"
    os.environ["BANGFU_KEY_FILE"] = str(place)
    yield
    del os.environ["BANGFU_KEY_FILE"]
