"""A heading of a questionnaire taken apart: its number or code, its words, the option or row that it names,
and how it may split.

`6、兴趣爱好` is a question; `第6题(运动)`, `6、(运动)` an option or row of one; `9、(1)类别` one blank of
several; `G01Q02[SQ001]. 题干 [甲]` bears a code. What a platform heads its own columns with has a role.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bangfu_analysis.text import halfwidth, squeeze

_NUMBER = re.compile(
    r"第(?P<old>\d+)题[、.．:：]?|(?P<list>\d+(?:\.\d+)*)(?:[、:：\t]|[.．](?!\d))|(?P<own>\d+(?:\.\d+)+)\s+"
    r"|[Qq](?P<q>\d+)(?:[、.．:：|_]|\s+|$|(?=[\u4e00-\u9fff]))"
)
_CODE = re.compile(r"(?![Qq]\d+\.)([A-Za-z]\w*(?:\[\w+\])*)\.\s+(?=\S)", re.ASCII)
_BARE_CODE = re.compile(r"[A-Za-z]\w*?(?:[_.]\w+|\[\w+\])+|[A-Za-z]+\d+", re.ASCII)
_BLANK_OF = re.compile(r"[(（]\d+[)）](.+)", re.DOTALL)
_INDEXED = re.compile(r"(.+?)[_.\[](?:SQ|[rc])?\d+\]?(?:_TEXT)?", re.ASCII)
_OPENS = {")": "(（", "）": "(（", "]": "[［", "］": "[［", "】": "【"}
_PARTING = re.compile(r"(?<!—)—(?!—)|\s[-–]\s|[-–_/:：|]|->|(?<=\D)\.(?=\D)")
META = {
    "row": """序号 编号 seq id 答卷编号 答卷id 作答id 答题序号 答题编号 提交序号 样本编号 答复id 答复编号 _id _index responseid response_id
        respondentid""",
    "number": "总分 lastpage 最后一页 progress",
    "time": """提交答卷时间 提交时间 开始答题时间 结束答题时间 答题时间 start finish 时间戳记 时间戳 timestamp 开始时间 完成时间 结束时间 填写时间
        修改时间 更新时间 作答时间 开始作答时间 结束作答时间 作答开始时间 作答结束时间 开始填写时间 提交日期 submitdate startdate enddate
        datestamp recordeddate starttime completiontime lastmodifiedtime 上次修改时间 end today _submission_time datecreated
        datemodified""",
    "seconds": """所用时间 答题时长 time_used 作答时长 作答总时长 填写时长 填写用时 答题用时 用时 总用时 duration duration(inseconds)
        interviewtime""",
    "ip": "来自ip ip ip地址 ipaddr ipaddress 填写ip",
    "words": """来源 来源详情 语言 清洗数据 用户类型 自定义字段 source ip_province ip_city browser os 浏览器 操作系统 填写设备 设备类型 答题设备
        language userlanguage startlanguage 起始语言 status distributionchannel finished 审核状态 答卷状态 渠道 __version__ _status
        _validation_status""",
    "private": """用户标识 昵称 ua referrer 微信昵称 微信头像 微信openid openid 用户id 提交人 答题人 填写人 作答者 电子邮件 电子邮件地址 名称
        name email emailaddress username 用户名 recipientlastname recipientfirstname recipientemail externalreference
        externaldatareference locationlatitude locationlongitude token seed refurl _uuid uuid _submitted_by deviceid simserial
        phonenumber subscriberid instanceid instancename _notes _tags""",
}
META_ROLE = {name: role for role, names in META.items() for name in names.split()}
# Headings that only an export of an online questionnaire has.
TELLING = {
    *["提交答卷时间", "提交时间", "开始答题时间", "结束答题时间", "答题时间", "时间戳记", "所用时间", "答题时长", "作答时长", "作答总时长", "time_used", "来自ip", "来源详情", "清洗数据", "用户标识", "ip_province", "submitdate", "startlanguage", "起始语言", "填写设备", "_submission_time", "开始作答时间", "结束作答时间", "recordeddate", "duration(inseconds)", "distributionchannel", "completiontime", "作答id"]
}
# A name is private whatever the answers look like; an account or a contact unless it is a choice.
NAMED = re.compile(
    r"姓\s*名|名字|称呼|叫什么|(?:填[表写报]|联系|经办|负责|提交|答题|调查)人|签[名字]|\bname\b|护照|passport", re.IGNORECASE
)
PRIVATE = re.compile(
    rf"{NAMED.pattern}|身份证|证件号|手\s*机|电\s*话|联系方式|银行卡|卡号|[账帐]号|微信|昵称|QQ|邮箱|邮件|地址|住址|门牌|openid|unionid|工号|学号"
    r"|(?:职工|员工|会员)(?:编?号|代码)|车牌|设备(?:号|id|编号|标识)|imei|\bmac\b|\bdevice|e-?mail|\bphone|\bmobile|\btel\b|wechat"
    r"|\baddress",
    re.IGNORECASE,
)
# Kinds that a heading states itself, as 【多选题】 or （可多选）.
HINT = re.compile(
    r"[\[【(（][^\])】）]*?(多选|不定项|单选|排序|填空|简答)|[\[【(（](?:最多|至多|限|请?选择?)[^\])】）]{0,4}?[选择]?[^\])】）]{0,2}项"
    r"|select all|choose all|all that apply|check all",
    re.IGNORECASE,
)
OPEN_WORDS = re.compile(r"补充|建议|意见[:：?？。]?$|意见[或和与]|请说明|请填写|请写|留言|还想|其他想|具体是")
ASKING = re.compile(r"[?？您]|你[的们认觉是有对在会想]|可多选|多选|单选|排序题|\b(?:do|did|are|how|what|which|would) you\b|\byour\b", re.I)
OPEN_PART = re.compile(r"其他|其它|other|文本|text|请注明|补充", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,80}>|&nbsp;")
_TEXT_OF = re.compile(r"\s*[-—–_]?\s*(?:文本|text)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """A heading taken apart: printed number, text without it, or the `part` (option, row, blank) that it
    names.

    `code`: the variable's name where the export gives one. `role`: "" for a question, else that of a meta
    column. `is_open`: the part is text beside an option.
    """

    raw: str
    number: str = ""
    text: str = ""
    part: str = ""
    is_open: bool = False
    is_blank: bool = False
    role: str = ""
    code: str = ""


def read_heading(raw: object, code: str = "") -> Heading:
    """One heading taken apart; what bears no number and no code is all text."""
    words = _TAG.sub("", str(raw)).strip()
    if found := None if code else _CODE.match(words):
        code, words = found.group(1), words[found.end() :]
    key = squeeze(words).lower()
    role = "words" if key.startswith("地理位置") else META_ROLE.get(key) or META_ROLE.get(squeeze(code).lower(), "")
    number = None if role or _BARE_CODE.fullmatch(words) else _NUMBER.match(words)
    if number is None:
        return Heading(words, text=words, role=role, code=code or (words if _BARE_CODE.fullmatch(words) else ""))
    label, rest = next(n for n in number.groups() if n), words[number.end() :].strip()
    if number["q"] and re.match(r"A\d+", rest):
        part, _, extra = rest.partition("|")
        return Heading(words, label, part=part, is_open=extra == "open", code=code)
    bare = rest.rstrip(":：")
    if (whole := _tail(bare)) and not whole[0]:
        part = whole[1].strip()
        is_open = part.endswith((":", "：")) or bare != rest
        return Heading(words, label, part=part.rstrip(":："), is_open=is_open, code=code)
    if blank := _BLANK_OF.fullmatch(rest):
        return Heading(words, label, text=rest, part=blank.group(1).strip(), is_blank=True, code=code)
    return Heading(words, label, text=rest, code=code)


@lru_cache(maxsize=4096)
def splits_of(heading: Heading) -> dict[tuple[str, str], str]:
    """(mark, stem) -> part: every way in which the heading may name a question and a part of it, the code's
    way last.
    """
    found: dict[tuple[str, str], str] = {}
    text = _TEXT_OF.sub("", heading.text)
    if tail := _tail(text.rstrip(":：")):
        found |= {("[]", tail[0]): tail[1]} if tail[0] else {}
    for mark in _PARTING.finditer(text):
        stem, part = text[: mark.start()].strip(), text[mark.end() :].strip()
        if stem and part:
            found[mark.group().strip(), stem] = part
    if (indexed := _INDEXED.fullmatch(heading.code)) and heading.text != heading.code:
        found["code", indexed[1]] = text
    return found


def _tail(text: str) -> tuple[str, str] | None:
    """The text before the bracket that closes it, and what stands within; None where none does."""
    if not text or text[-1] not in _OPENS:
        return None
    opens, depth = _OPENS[text[-1]], 0
    for i in range(len(text) - 1, -1, -1):
        depth += (text[i] in _OPENS and _OPENS[text[i]] == opens) - (text[i] in opens)
        if depth == 0:
            return text[:i].strip(), text[i + 1 : -1].strip()
    return None


def names_person(text: str) -> bool:
    """True where a heading asks for a name, an account or a contact."""
    return PRIVATE.search(halfwidth(text)) is not None
