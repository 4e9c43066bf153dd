import io
import zipfile

import pandas as pd
import pytest
from PIL import Image, PngImagePlugin

from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.errors import Withdrawn
from bangfu_analysis.release.scanner import Search, codes_of, scan, withdraw

ID = "99010219650312001" + check_character("99010219650312001")


def in_text(path, said):
    path.write_text(f"<p>联系 {said}</p>", encoding="utf-8")


def in_entities(path, said):
    path.write_text("".join(f"&#{ord(c)};" for c in said), encoding="utf-8")


def in_escapes(path, said):
    path.write_text('"' + "".join(f"\\u{ord(c):04x}" for c in said) + '"', encoding="utf-8")


def in_runs(path, said):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as package:
        package.writestr("a.xml", f"<w:t>{said[:4]}</w:t><w:t>{said[4:]}</w:t>")
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("embedded.xlsx", inner.getvalue())


def in_picture(path, said):
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Title", said, zip=True)
    Image.new("L", (1, 1)).save(path, "PNG", pnginfo=text)


def in_parquet(path, said):
    pd.DataFrame({"x": [said]}).to_parquet(path)


PLACES = [in_text, in_entities, in_escapes, in_runs, in_parquet, in_picture]


SAID = [(ID, "身份证号"), ("13912345678", "手机号"), ("黑A7B3H2", "车牌号")]


@pytest.mark.parametrize("put", PLACES, ids=lambda put: put.__name__)
@pytest.mark.parametrize(("said", "kind"), SAID)
def test_what_belongs_to_a_person_is_found_wherever_it_stands(tmp_path, put, said, kind):
    put(path := tmp_path / "f", said)
    assert scan([path]) == {path: [kind]}


def test_other_numbers_are_none(tmp_path):
    path = tmp_path / "f"
    wrong = "1" if ID[17] == "0" else "0"
    path.write_text(f"3.13912345678 p13912345678abcdef {ID[:17]}{wrong}", encoding="utf-8")
    assert scan([path]) == {}


def test_the_place_of_a_chart_on_its_sheet_is_no_number(tmp_path):
    tags = "".join(f"<xdr:col>{n}</xdr:col>" for n in (4, 0, 2, 0, 11, 571503, 8, 152400))
    (tmp_path / "drawing.xml").write_text(tags)
    assert scan([tmp_path / "drawing.xml"]) == {}


def test_names_count_as_whole_tokens(tmp_path):
    path = tmp_path / "f"
    path.write_text("<t>郑逸尘</t>", encoding="utf-8")
    codes = codes_of(["郑 逸尘", "高兴"], b"key")
    assert scan([path], Search(frozenset(codes), b"key")) == {path: ["姓名"]}
    path.write_text("<t>郑逸尘村</t><t>高兴</t>", encoding="utf-8")
    assert scan([path], Search(frozenset(codes), b"key", known=frozenset({"高兴"}))) == {}
    assert "郑" not in "".join(codes)


def test_what_is_found_is_taken_away_and_named_without_quoting(tmp_path):
    in_text(path := tmp_path / "report.html", ID)
    with pytest.raises(Withdrawn, match=r"report.html（身份证号）") as told:
        withdraw(scan([path]))
    assert not path.exists() and ID not in str(told.value)
    withdraw({})
