"""Every test has a pseudonym key of its own; nothing is written into the clone."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_key(tmp_path_factory):
    import os

    place = tmp_path_factory.mktemp("key") / "pseudonym.key"
    os.environ["BANGFU_KEY_FILE"] = str(place)
    yield
    del os.environ["BANGFU_KEY_FILE"]
