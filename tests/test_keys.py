import stat
import sys

import pytest

from bangfu_analysis.errors import BangfuError
from bangfu_analysis.keys import key_file, load_key, pseudonym


def test_the_key_is_made_once_outside_the_data(tmp_path, monkeypatch):
    monkeypatch.setenv("BANGFU_KEY_FILE", str(tmp_path / "设置" / "k"))
    first = load_key()
    assert load_key() == first
    assert len(first) == 32
    if sys.platform != "win32":
        assert stat.S_IMODE(key_file().stat().st_mode) == 0o600


def test_pseudonyms_depend_on_identity_and_key_alone():
    one, other = b"1" * 32, b"2" * 32
    assert pseudonym("id:99010219650312001X", one) == pseudonym("id:99010219650312001X", one)
    assert pseudonym("id:99010219650312001X", one) != pseudonym("id:99010219650312001X", other)
    assert pseudonym("a", one)[0] == "p"
    assert len(pseudonym("a", one)) == 17


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "文件是空的"),
        (b"\xef\xbb\xbf" + b"3f" * 32, "带有 BOM"),
        (b"3f0a" * 8, "只有 16 个字节"),
        (b"00" * 32, "密钥过弱"),
        (b"xyz", "内容不是十六进制"),
    ],
)
def test_a_key_that_protects_nothing_is_refused_and_stays(tmp_path, monkeypatch, content, why):
    place = tmp_path / "k"
    place.write_bytes(content)
    monkeypatch.setenv("BANGFU_KEY_FILE", str(place))
    with pytest.raises(BangfuError, match=why):
        load_key()
    assert place.read_bytes() == content
